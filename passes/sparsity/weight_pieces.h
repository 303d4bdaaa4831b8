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

// Weights of which pieces are made, neurons in the first dimension and inputs in the second.
class WeightPieces {
 public:
  // Weights in a file that have this order there stay there: pieces are views. Sparse ones, and
  // those that must be turned, are held in memory, once. Errors: those of the data; more than
  // `most` bytes to hold.
  static absl::StatusOr<WeightPieces> Make(const ir::Module& module, const Weights& weights,
                                           bool neurons_first, int64_t most);
  // An operand with neurons along dimension `axis`, before which all have one index, as weights of
  // no inputs. `as_columns`: as a matrix of one column.
  static absl::StatusOr<WeightPieces> OfOperand(const ir::Module& module, const Weights& operand,
                                                int axis, bool as_columns);

  // Neurons `rows` and inputs `columns` (none: all), in these orders, with what is done to weights
  // before they are used (casts, dequantization with the piece's scales) done to it.
  absl::StatusOr<ir::ValueId> Write(const ir::Module& module, GraphWriter& writer,
                                    const std::string& name, const std::vector<int64_t>& rows,
                                    const std::vector<int64_t>& columns) const;

 private:
  absl::StatusOr<ir::ValueId> Dequantized(const ir::Module& module, GraphWriter& writer,
                                          const std::string& name, size_t step, ir::ValueId value,
                                          const std::vector<int64_t>& rows,
                                          const std::vector<int64_t>& columns) const;

  ir::Constant whole_;
  Weights weights_;
  bool neurons_first_ = true;  // in weights_
};

}  // namespace allot
