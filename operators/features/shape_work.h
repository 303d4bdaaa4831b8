// Which nodes compute shapes: a few integers that a host reads to size tensors.
#pragma once

#include "ir/module.h"
#include "operators/op_view.h"
#include "operators/operators.h"
#include "support/id.h"

namespace allot {

// A value that depends on nothing but shapes and constants is larger than this: it is data.
inline constexpr int64_t kMaxShapeElements = 64;

// By node: true for Shape and Size, and for arithmetic and movement whose results have at most
// kMaxShapeElements elements and whose operands are results of such nodes, at least one of them,
// and constants. Floating point counts on the way (Resize takes its scales from Shape, Cast and
// Div), but a tensor filled with numbers by a shape (ConstantOfShape, Expand, ...) is data. Linear.
// Nodes must be in topological order; one that is not gets false.
IdVector<ir::NodeId, bool> FindShapeWork(const ir::Module& module, const ir::Graph& graph,
                                         const ValueTypes* types, const Operators& operators);

}  // namespace allot
