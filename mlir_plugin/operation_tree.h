// Operations of MLIR as the tree that Allot reads texts into.
#pragma once

#include <vector>

#include "mlir/IR/Operation.h"

#include "ir/text/syntax.h"

namespace allot {

struct OperationTree {
  ir::text::Document document;
  // What the offsets of the tree's ops mean: 0 is the root.
  std::vector<mlir::Operation*> operations;
};

// `root` and all in it. Elements of large constants stay where they are: nothing that plans looks
// at them. Linear.
OperationTree TreeOf(mlir::Operation* root);

}  // namespace allot
