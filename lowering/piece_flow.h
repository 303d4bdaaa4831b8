// What passes between pieces, in terms of the whole graph.
#pragma once

#include <vector>

#include "ir/module.h"
#include "ir/plan.h"
#include "lowering/bundle.h"

namespace allot {

// One tensor that a piece gives to others, on any device.
struct PieceFlow {
  ir::ValueId value;
  size_t from = 0;         // index into Bundle::pieces
  std::vector<size_t> to;  // ascending
  Bytes bytes = 0;
};

// By value. O(n log n) in the number of boundary tensors.
std::vector<PieceFlow> PieceFlows(const ir::Module& module, const ir::Plan& plan,
                                  const Bundle& bundle);

// The bytes of a value under the plan's sizes of open dimensions; 0 if not known.
Bytes ValueBytes(const ir::Graph& graph, const ir::Plan& plan, ir::ValueId value);

}  // namespace allot
