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

// Whether Gemm can multiply elements of this type, turned, and add nothing to it.
bool GemmTurns(const ir::Module& module, ir::ElementType element);

// Weights of which pieces are made.
class WeightPieces {
 public:
  // Weights in a file stay there: pieces are views. Their first dimension is that of neurons if it
  // is so in the file (neurons_first()), else, of matrices, that of inputs, which Gemm can turn as
  // it multiplies. Held in memory, once, are those with inputs first if `turn`, sparse ones, those
  // that are reshaped or have more dimensions and are turned, and those that GemmTurns() not; these
  // have neurons first. Errors: those of the data; more than `most` bytes to hold.
  static absl::StatusOr<WeightPieces> Make(const ir::Module& module, const Weights& weights,
                                           bool neurons_first, bool turn, int64_t most);
  // An operand with neurons along dimension `axis`, before which all have one index, as weights of
  // no inputs. `as_columns`: as a matrix of one column.
  static absl::StatusOr<WeightPieces> OfOperand(const ir::Module& module, const Weights& operand,
                                                int axis, bool as_columns);

  // Whether the pieces' first dimension is that of neurons.
  bool neurons_first() const { return pieces_neurons_first_; }

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
  bool neurons_first_ = true;         // in weights_
  bool pieces_neurons_first_ = true;  // in whole_
};

}  // namespace allot
