#include "passes/sparsity/weight_pieces.h"

#include <utility>

#include "passes/sparsity/tensor_bytes.h"
#include "support/status.h"

namespace allot {
namespace {

constexpr int64_t kMostVector = int64_t{1} << 30;

size_t WidthOf(const ir::Constant& constant) {
  return static_cast<size_t>(ir::BitWidth(constant.element)) / 8;
}

// Elements `chosen` of a vector, or the one there is.
absl::StatusOr<ir::ValueId> WriteVector(const ir::Module& module, GraphWriter& writer,
                                        const std::string& name, ir::ConstantId id,
                                        const std::vector<int64_t>& chosen) {
  const ir::Constant& constant = module.constants[id];
  ALLOT_ASSIGN_OR_RETURN(std::string bytes, ReadElements(module, constant, kMostVector));
  const ir::ElementType element = constant.element;
  const size_t width = WidthOf(constant);
  if (width == 0) return absl::UnimplementedError("scales of less than a byte");
  if (bytes.size() == width) return writer.Constant(name, element, {}, std::move(bytes));
  std::string piece;
  for (const int64_t i : chosen) piece.append(bytes, static_cast<size_t>(i) * width, width);
  return writer.Constant(name, element, {static_cast<int64_t>(chosen.size())}, std::move(piece));
}

}  // namespace

absl::StatusOr<ir::ValueId> WriteWeights(const ir::Module& module, GraphWriter& writer,
                                         const std::string& name, const Weights& weights,
                                         bool neurons_first, const std::string& elements,
                                         const std::vector<int64_t>& rows,
                                         const std::vector<int64_t>& columns) {
  const ir::Constant& constant = module.constants[weights.constant];
  const size_t width = WidthOf(constant);
  const auto neurons = static_cast<size_t>(weights.dims[neurons_first ? 0 : 1]);
  const auto inputs = static_cast<size_t>(weights.dims[neurons_first ? 1 : 0]);
  const ir::ElementType element = constant.element;
  std::string piece;
  piece.reserve(rows.size() * columns.size() * width);
  for (const int64_t row : rows) {
    for (const int64_t column : columns) {
      const auto r = static_cast<size_t>(row), c = static_cast<size_t>(column);
      piece.append(elements, (neurons_first ? r * inputs + c : c * neurons + r) * width, width);
    }
  }
  ir::ValueId value = writer.Constant(
      name, element, {static_cast<int64_t>(rows.size()), static_cast<int64_t>(columns.size())},
      std::move(piece));
  for (size_t i = 0; i < weights.steps.size(); ++i) {
    const Weights::Step& step = weights.steps[i];
    if (step.kind == Weights::Step::Kind::kCast) {
      value = writer.Node("Cast", name + ".cast", {value},
                          {{"to", {.value = static_cast<int64_t>(step.element)}}});
    }
    if (step.kind != Weights::Step::Kind::kDequantize) continue;
    // The axis in the matrix that is used: later transpositions exchange the two.
    bool first = step.axis == 0;
    for (size_t later = i + 1; later < weights.steps.size(); ++later) {
      const Weights::Step& other = weights.steps[later];
      if (other.kind == Weights::Step::Kind::kTranspose && other.numbers[0] == 1) first = !first;
      if (other.kind == Weights::Step::Kind::kReshape && module.constants[step.scale].bytes() > 8) {
        return absl::UnimplementedError("weights are reshaped after scales of an axis");
      }
    }
    const bool by_neuron = first == neurons_first;
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
      attributes = {{"axis", {.value = int64_t{by_neuron ? 0 : 1}}}};
    }
    value = writer.Node("DequantizeLinear", name + ".dequantized", std::move(operands),
                        std::move(attributes));
  }
  return value;
}

absl::StatusOr<ir::ValueId> WriteOperand(const ir::Module& module, GraphWriter& writer,
                                         const std::string& name, ir::ValueId operand,
                                         const std::vector<int64_t>& rows) {
  const std::optional<Weights> constant = FindWeights(module, operand);
  if (!constant.has_value()) return InputError("an operand that must be constant is not");
  int64_t elements = 1;
  for (const int64_t dim : constant->dims) elements *= dim;
  if (elements == 1) return operand;
  // As a matrix of one input for each neuron.
  Weights column = *constant;
  column.dims = {elements, 1};
  ALLOT_ASSIGN_OR_RETURN(const std::string all, ElementsOf(module, *constant, kMostVector));
  column.steps.clear();  // what moves elements leaves those of a vector where they are
  for (const Weights::Step& step : constant->steps) {
    const bool moves =
        step.kind == Weights::Step::Kind::kTranspose || step.kind == Weights::Step::Kind::kReshape;
    if (moves) continue;
    column.steps.push_back(step);
    column.steps.back().axis = 0;
  }
  return WriteWeights(module, writer, name, column, /*neurons_first=*/true, all, rows, {0});
}

}  // namespace allot
