#include "passes/sparsity/weight_pieces.h"

#include <algorithm>
#include <memory>
#include <utility>
#include <variant>

#include "absl/strings/str_cat.h"

#include "ir/constant_view.h"
#include "passes/sparsity/tensor_bytes.h"
#include "support/status.h"

namespace allot {
namespace {

using StepKind = Weights::Step::Kind;

constexpr int64_t kMostVector = int64_t{1} << 30;

bool Moves(const Weights::Step& step) {
  return step.kind == StepKind::kTranspose || step.kind == StepKind::kReshape;
}

// Neighbours as one run.
std::vector<ir::IndexRun> RunsOf(const std::vector<int64_t>& indexes) {
  std::vector<ir::IndexRun> runs;
  for (const int64_t index : indexes) {
    if (!runs.empty() && runs.back().end == index) {
      ++runs.back().end;
    } else {
      runs.push_back({index, index + 1});
    }
  }
  return runs;
}

absl::StatusOr<ir::Constant> Slice(const ir::Constant& constant, size_t axis,
                                   const std::vector<int64_t>& indexes) {
  const std::vector<ir::IndexRun> runs = RunsOf(indexes);
  const bool all = runs.size() == 1 && runs[0] == ir::IndexRun{0, constant.dims[axis]};
  if (all) return constant;
  return ir::SliceConstant(constant, axis, runs);
}

// The elements in memory, in these dimensions.
absl::StatusOr<ir::Constant> InMemory(const ir::Module& module, const Weights& weights,
                                      std::vector<int64_t> dims, int64_t most) {
  ir::Constant constant;
  constant.element = module.constants[weights.constant].element;
  constant.dims = std::move(dims);
  ALLOT_ASSIGN_OR_RETURN(std::string bytes, ElementsOf(module, weights, most));
  constant.storage = ir::InlineBytes{std::make_shared<const std::string>(std::move(bytes))};
  return constant;
}

// A matrix in memory, turned.
void Turn(ir::Constant& matrix) {
  const std::string& from = *std::get<ir::InlineBytes>(matrix.storage).bytes;
  const auto width = static_cast<size_t>(ir::BitWidth(matrix.element)) / 8;
  const auto rows = static_cast<size_t>(matrix.dims[0]);
  const auto columns = static_cast<size_t>(matrix.dims[1]);
  std::string to(from.size(), '\0');
  for (size_t row = 0; row < rows; ++row) {
    for (size_t column = 0; column < columns; ++column) {
      std::copy_n(from.data() + (row * columns + column) * width, width,
                  to.data() + (column * rows + row) * width);
    }
  }
  std::swap(matrix.dims[0], matrix.dims[1]);
  matrix.storage = ir::InlineBytes{std::make_shared<const std::string>(std::move(to))};
}

// Elements `chosen` (none: all) of a vector, or the one there is.
absl::StatusOr<ir::ValueId> WriteVector(const ir::Module& module, GraphWriter& writer,
                                        const std::string& name, ir::ConstantId id,
                                        const std::vector<int64_t>& chosen) {
  const ir::Constant& constant = module.constants[id];
  if (chosen.empty()) return writer.Constant(name, constant);
  int64_t elements = 1;
  for (const int64_t dim : constant.dims) elements *= dim;
  if (elements == 1) {
    ir::Constant scalar = constant;
    if (std::holds_alternative<ir::OpaqueTensor>(constant.storage)) {
      return absl::UnimplementedError("scales of no plain elements");
    }
    if (!constant.dims.empty()) {
      ALLOT_ASSIGN_OR_RETURN(std::string bytes, ReadElements(module, constant, kMostVector));
      scalar.dims = {};
      scalar.storage = ir::InlineBytes{std::make_shared<const std::string>(std::move(bytes))};
    }
    return writer.Constant(name, std::move(scalar));
  }
  ALLOT_ASSIGN_OR_RETURN(ir::Constant piece, Slice(constant, 0, chosen));
  return writer.Constant(name, std::move(piece));
}

}  // namespace

bool GemmTurns(const ir::Module& module, ir::ElementType element) {
  using enum ir::ElementType;
  constexpr int64_t kOptionalSum = 11;  // the version since when it needs no third operand
  return (element == kFloat || element == kDouble || element == kFloat16) &&
         module.OpsetVersion("") >= kOptionalSum;
}

absl::StatusOr<WeightPieces> WeightPieces::Make(const ir::Module& module, const Weights& weights,
                                                bool neurons_first, bool turn, int64_t most) {
  WeightPieces made;
  made.weights_ = weights;
  made.neurons_first_ = neurons_first;
  const ir::Constant& constant = module.constants[weights.constant];
  const auto& steps = weights.steps;
  const bool matrix = constant.dims.size() == 2;
  bool stays = !std::holds_alternative<ir::OpaqueTensor>(constant.storage);
  bool first = neurons_first;  // neurons, in the constant
  for (const Weights::Step& step : steps) {
    if (!Moves(step)) continue;
    stays &= matrix && step.kind == StepKind::kTranspose;
    if (stays && step.numbers[0] == 1) first = !first;
  }
  stays &= first || (matrix && GemmTurns(module, weights.element));
  if (stays && (first || !turn)) {
    made.whole_ = constant;
    made.pieces_neurons_first_ = first;
    return made;
  }
  ALLOT_ASSIGN_OR_RETURN(made.whole_, InMemory(module, weights, weights.dims, most));
  if (!neurons_first) Turn(made.whole_);
  return made;
}

absl::StatusOr<WeightPieces> WeightPieces::OfOperand(const ir::Module& module,
                                                     const Weights& operand, int axis,
                                                     bool as_columns) {
  WeightPieces made;
  std::vector<int64_t> dims(operand.dims.begin() + axis, operand.dims.end());
  if (as_columns) dims.push_back(1);
  ALLOT_ASSIGN_OR_RETURN(made.whole_, InMemory(module, operand, std::move(dims), kMostVector));
  made.weights_ = operand;
  made.weights_.steps.clear();  // what moves elements is done to them already
  for (const Weights::Step& step : operand.steps) {
    if (Moves(step)) continue;
    made.weights_.steps.push_back(step);
    made.weights_.steps.back().axis = 0;
  }
  return made;
}

absl::StatusOr<ir::ValueId> WeightPieces::Write(const ir::Module& module, GraphWriter& writer,
                                                const std::string& name,
                                                const std::vector<int64_t>& rows,
                                                const std::vector<int64_t>& columns) const {
  const size_t axis = pieces_neurons_first_ ? 0 : 1;
  ALLOT_ASSIGN_OR_RETURN(ir::Constant piece, Slice(whole_, axis, rows));
  if (!columns.empty()) {
    ALLOT_ASSIGN_OR_RETURN(piece, Slice(piece, 1 - axis, columns));
  }
  ir::ValueId value = writer.Constant(name, std::move(piece));
  for (size_t i = 0; i < weights_.steps.size(); ++i) {
    const Weights::Step& step = weights_.steps[i];
    if (step.kind == StepKind::kCast) {
      value = writer.Node("Cast", name + ".cast", {value},
                          {{"to", {.value = static_cast<int64_t>(step.element)}}});
    }
    if (step.kind != StepKind::kDequantize) continue;
    ALLOT_ASSIGN_OR_RETURN(value, Dequantized(module, writer, name, i, value, rows, columns));
  }
  return value;
}

// With the scales of step `index` that are the piece's.
absl::StatusOr<ir::ValueId> WeightPieces::Dequantized(const ir::Module& module, GraphWriter& writer,
                                                      const std::string& name, size_t index,
                                                      ir::ValueId value,
                                                      const std::vector<int64_t>& rows,
                                                      const std::vector<int64_t>& columns) const {
  const Weights::Step& step = weights_.steps[index];
  const std::vector<int64_t>& scales = module.constants[step.scale].dims;
  const bool each = !scales.empty() && scales[0] > 1;
  // The axis in what is used: later transpositions exchange the two of a matrix.
  int64_t axis = step.axis;
  for (size_t later = index + 1; later < weights_.steps.size(); ++later) {
    const Weights::Step& other = weights_.steps[later];
    if (other.kind == StepKind::kReshape && each) {
      return absl::UnimplementedError("weights are reshaped after scales of an axis");
    }
    if (other.kind != StepKind::kTranspose) continue;
    const auto at = std::find(other.numbers.begin(), other.numbers.end(), axis);
    if (at != other.numbers.end()) axis = at - other.numbers.begin();
  }
  if (each && axis > 1) return absl::UnimplementedError("scales are of positions in a kernel");
  const bool by_neuron = (axis == 0) == neurons_first_;
  ALLOT_ASSIGN_OR_RETURN(
      const ir::ValueId scale,
      WriteVector(module, writer, name + ".scale", step.scale, by_neuron ? rows : columns));
  std::vector<ir::ValueId> operands = {value, scale};
  if (step.zero_point.valid()) {
    ALLOT_ASSIGN_OR_RETURN(
        operands.emplace_back(),
        WriteVector(module, writer, name + ".zero", step.zero_point, by_neuron ? rows : columns));
  }
  ir::AttributeMap attributes;
  if (module.OpsetVersion("") >= 13) {
    attributes = {{"axis", {.value = int64_t{by_neuron == pieces_neurons_first_ ? 0 : 1}}}};
  }
  return writer.Node("DequantizeLinear", name + ".dequantized", std::move(operands),
                     std::move(attributes));
}

}  // namespace allot
