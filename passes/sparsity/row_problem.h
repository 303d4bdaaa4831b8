// The rows of a network's layers as a problem of the kind rows.
#pragma once

#include "absl/status/statusor.h"

#include "passes/sparsity/row_network.h"
#include "placement/kinds/rows/model/problem.h"

namespace allot {

struct RowProblem {
  RowNetwork network;  // without what was left out
  rows::Problem problem;
};

// The network's rows as a problem, for one part. A channel is a neuron, read if any weight of its
// kernel is not zero; its word counts as many times as it has positions. Where maps become a
// matrix, each position is a neuron of its own, which reads its channel. A channel of a convolution
// in groups reads all of its group. A row weighs its weights
// that are not zero times the positions that it computes; what only follows, or is only added,
// weighs nothing. Reads the weights. Layers of which more than `most_density` of the weights are
// not zero are left out, with all that follows from that, but for convolutions in groups of what
// such layers give: they are divided however dense a group is. Errors are those of the data.
absl::StatusOr<RowProblem> ProblemOfRows(const ir::Module& module, double most_density);

}  // namespace allot
