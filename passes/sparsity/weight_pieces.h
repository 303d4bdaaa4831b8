// Rows and columns of weights as constants of their own: the one place that says how a piece of a
// constant is made.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"

#include "ir/module.h"
#include "passes/sparsity/graph_writer.h"
#include "passes/sparsity/weights.h"

namespace allot {

// A matrix of neurons `rows` and inputs `columns`, in these orders, with what is done to weights
// before they are used (casts, dequantization with the piece's scales) done to it. `elements` are
// ElementsOf(weights).
absl::StatusOr<ir::ValueId> WriteWeights(const ir::Module& module, GraphWriter& writer,
                                         const std::string& name, const Weights& weights,
                                         bool neurons_first, const std::string& elements,
                                         const std::vector<int64_t>& rows,
                                         const std::vector<int64_t>& columns);

// An element-wise constant operand for these neurons as rows: one element stays as it is, one for
// each neuron becomes a column.
absl::StatusOr<ir::ValueId> WriteOperand(const ir::Module& module, GraphWriter& writer,
                                         const std::string& name, ir::ValueId operand,
                                         const std::vector<int64_t>& rows);

}  // namespace allot
