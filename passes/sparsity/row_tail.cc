#include "passes/sparsity/row_tail.h"

#include <algorithm>
#include <iterator>
#include <string>

#include "passes/sparsity/weights.h"
#include "support/units.h"

namespace allot {
namespace {

// Operators of one operand that is no constant, element by element.
constexpr absl::string_view kElementwise[] = {"Abs",
                                              "Add",
                                              "Cast",
                                              "Ceil",
                                              "Celu",
                                              "Clip",
                                              "DequantizeLinear",
                                              "Div",
                                              "Dropout",
                                              "Elu",
                                              "Erf",
                                              "Exp",
                                              "Floor",
                                              "Gelu",
                                              "HardSigmoid",
                                              "HardSwish",
                                              "Identity",
                                              "LeakyRelu",
                                              "Log",
                                              "Max",
                                              "Min",
                                              "Mish",
                                              "Mul",
                                              "Neg",
                                              "PRelu",
                                              "Pow",
                                              "QuantizeLinear",
                                              "Reciprocal",
                                              "Relu",
                                              "Round",
                                              "Selu",
                                              "Sigmoid",
                                              "Sign",
                                              "Softplus",
                                              "Softsign",
                                              "Sqrt",
                                              "Sub",
                                              "Tanh",
                                              "ThresholdedRelu"};

constexpr int64_t kMostPositions = 1'000'000'000;

// Over each map by itself, to one number.
constexpr absl::string_view kReductions[] = {
    "ReduceL1", "ReduceL2", "ReduceMax", "ReduceMean", "ReduceMin", "ReduceSum", "ReduceSumSquare"};

// Over each map by itself.
constexpr absl::string_view kPooling[] = {
    "AveragePool", "GlobalAveragePool", "GlobalLpPool", "GlobalMaxPool", "LpPool", "MaxPool"};

template <size_t N>
bool IsOneOf(const ir::Node& node, const absl::string_view (&names)[N]) {
  return node.domain.empty() &&
         std::find(std::begin(names), std::end(names), node.op_type) != std::end(names);
}

int64_t Integer(const ir::Node& node, const std::string& name, int64_t usual) {
  const auto* const found = FindAttribute<int64_t>(node.attributes, name);
  return found == nullptr ? usual : *found;
}

std::optional<std::vector<int64_t>> ConstantDims(const ir::Module& module, ir::ValueId value) {
  const std::optional<Weights> constant = FindWeights(module, value);
  if (!constant.has_value()) return std::nullopt;
  return constant->dims;
}

int64_t NumElementsOf(const std::vector<int64_t>& dims) {
  int64_t elements = 1;
  for (const int64_t dim : dims) elements = SaturatingMultiply(elements, dim);
  return elements;
}

class StepFinder {
 public:
  StepFinder(const ir::Module& module, ir::NodeId id, ir::ValueId value, int64_t neurons,
             const NeuronForm& form, const std::function<int32_t(ir::ValueId)>& tensor_of)
      : module_(module),
        node_(module.graph.node(id)),
        value_(value),
        neurons_(neurons),
        form_(form),
        tensor_of_(tensor_of) {
    step_.node = id;
  }

  std::optional<TailStep> Find() {
    if (node_.results.size() != 1 || !node_.regions.empty() || !FindOperand()) return std::nullopt;
    if (IsFlatten()) {
      step_.kind = TailStep::Kind::kFlatten;
      step_.spread = form_.positions;
      return step_;
    }
    const auto form = FormOf(module_.graph.value(node_.results[0]).type, neurons_);
    if (!form.has_value()) return std::nullopt;
    step_.form = *form;
    if (IsReduction()) {
      step_.kind = step_.form.maps ? TailStep::Kind::kReduce : TailStep::Kind::kReduceAway;
    } else if (IsByNeuron()) {
      step_.kind = TailStep::Kind::kByNeuron;
    } else if (AddsTensor()) {
      step_.kind = TailStep::Kind::kTensors;
    } else if (!IsElementwise()) {
      return std::nullopt;
    }
    return step_;
  }

 private:
  size_t Rank() const { return module_.graph.value(value_).type.shape->size(); }

  // The value is one operand, once.
  bool FindOperand() {
    if (std::count(node_.operands.begin(), node_.operands.end(), value_) != 1) return false;
    step_.operand = static_cast<size_t>(
        std::find(node_.operands.begin(), node_.operands.end(), value_) - node_.operands.begin());
    return true;
  }

  // Maps to a matrix of the same elements: however that is written.
  bool IsFlatten() const {
    const bool moves = node_.Is("Flatten") || node_.Is("Reshape") || node_.Is("Squeeze");
    const auto elements = NeuronsOf(module_.graph.value(node_.results[0]).type);
    const bool matrix = module_.graph.value(node_.results[0]).type.is_ranked_tensor() &&
                        module_.graph.value(node_.results[0]).type.shape->size() == 2;
    return moves && step_.operand == 0 && form_.maps && matrix &&
           elements == SaturatingMultiply(neurons_, form_.positions) && SameSamples();
  }

  // Over axes of positions alone.
  bool IsReduction() const {
    if (!IsOneOf(node_, kReductions) || step_.operand != 0 || !form_.maps || !SameSamples()) {
      return false;
    }
    std::optional<std::vector<int64_t>> axes;
    if (const auto* const given = FindAttribute<std::vector<int64_t>>(node_.attributes, "axes")) {
      axes = *given;
    } else if (node_.operands.size() > 1) {
      const std::optional<Weights> constant = FindWeights(module_, node_.operands[1]);
      if (!constant.has_value() || !constant->steps.empty()) return false;
      axes = module_.constants[constant->constant].AsIntegers();
    }
    if (!axes.has_value() || axes->empty()) return false;  // all of them, neurons too
    const auto rank = static_cast<int64_t>(Rank());
    const auto is_position = [rank](int64_t axis) { return (axis < 0 ? axis + rank : axis) > 1; };
    if (!std::all_of(axes->begin(), axes->end(), is_position)) return false;
    return true;
  }

  bool SameSamples() const {
    const ir::Graph& graph = module_.graph;
    const ir::Dim& before = graph.value(value_).type.shape->front();
    const ir::Dim& after = graph.value(node_.results[0]).type.shape->front();
    // Of as many elements of a sample there are as many samples; sizes that contradict each other
    // would be an error of the model.
    return !before.known() || !after.known() || before.size == after.size;
  }

  bool IsByNeuron() const {
    if (step_.operand != 0 || step_.form.maps != form_.maps) return false;
    if (node_.Is("BatchNormalization")) {
      return Integer(node_, "training_mode", 0) == 0 && Integer(node_, "spatial", 1) != 0 &&
             step_.form == form_ && AreVectors(1, neurons_);
    }
    if (!form_.maps) return false;
    if (IsOneOf(node_, kPooling)) return node_.operands.size() == 1;
    if (node_.Is("InstanceNormalization")) return step_.form == form_ && AreVectors(1, neurons_);
    return IsDepthwise();
  }

  // A convolution that gives each neuron from itself.
  bool IsDepthwise() const {
    if (!node_.Is("Conv") || node_.operands.size() < 2) return false;
    if (Integer(node_, "group", 1) != neurons_) return false;
    const auto dims = ConstantDims(module_, node_.operands[1]);
    if (!dims.has_value() || dims->size() != Rank() || (*dims)[0] != neurons_ || (*dims)[1] != 1) {
      return false;
    }
    return node_.operands.size() == 2 || !node_.operands[2].valid() || AreVectors(2, neurons_);
  }

  // Operands from `first` on are constant vectors of so many elements.
  bool AreVectors(size_t first, int64_t elements) const {
    for (size_t i = first; i < node_.operands.size(); ++i) {
      if (!node_.operands[i].valid()) return false;
      const auto dims = ConstantDims(module_, node_.operands[i]);
      if (dims != std::vector<int64_t>{elements}) return false;
    }
    return true;
  }

  bool AddsTensor() {
    const bool takes = node_.Is("Add") || node_.Is("Sub") || node_.Is("Mul");
    if (!takes || node_.operands.size() != 2) return false;
    const ir::ValueId other = node_.operands[1 - step_.operand];
    step_.other = tensor_of_(other);
    if (step_.other < 0) return false;
    const auto form = FormOf(module_.graph.value(other).type, neurons_);
    const bool fits = form.has_value() && form->maps == form_.maps &&
                      step_.form.maps == form_.maps &&
                      module_.graph.value(other).type.shape->size() == Rank();
    // One of the two may have a single position, which is for all of the other's.
    if (fits && step_.form.positions == std::max(form->positions, form_.positions)) return true;
    step_.other = -1;
    return false;
  }

  bool IsElementwise() const {
    if (!IsOneOf(node_, kElementwise) || step_.form != form_) return false;
    if (node_.Is("Dropout") && node_.operands.size() > 2) return false;  // it may be training
    const bool quantizes = node_.Is("QuantizeLinear") || node_.Is("DequantizeLinear");
    for (size_t i = 0; i < node_.operands.size(); ++i) {
      if (i == step_.operand || !node_.operands[i].valid()) continue;
      const auto dims = ConstantDims(module_, node_.operands[i]);
      if (!dims.has_value()) return false;
      if (quantizes ? NumElementsOf(*dims) != 1
                    : !NeuronAxis(*dims, Rank(), neurons_).has_value()) {
        return false;
      }
    }
    return true;
  }

  const ir::Module& module_;
  const ir::Node& node_;
  const ir::ValueId value_;
  const int64_t neurons_;
  const NeuronForm form_;
  const std::function<int32_t(ir::ValueId)>& tensor_of_;
  TailStep step_;
};

}  // namespace

std::optional<NeuronForm> FormOf(const ir::Type& type, int64_t neurons) {
  if (!type.is_ranked_tensor() || type.shape->size() < 2 || neurons < 1) return std::nullopt;
  NeuronForm form;
  form.maps = type.shape->size() > 2;
  for (size_t axis = 1; axis < type.shape->size(); ++axis) {
    const ir::Dim& dim = (*type.shape)[axis];
    if (!dim.known() || dim.size < 1) return std::nullopt;
    if (axis > 1) form.positions = SaturatingMultiply(form.positions, dim.size);
  }
  const bool fits = (*type.shape)[1].size == neurons && form.positions <= kMostPositions;
  return fits ? std::optional(form) : std::nullopt;
}

std::optional<int64_t> NeuronsOf(const ir::Type& type) {
  if (!type.is_ranked_tensor() || type.shape->size() < 2) return std::nullopt;
  const ir::Dim& dim = (*type.shape)[1];
  if (!dim.known() || !FormOf(type, dim.size).has_value()) return std::nullopt;
  return dim.size;
}

std::optional<int> NeuronAxis(const std::vector<int64_t>& dims, size_t rank, int64_t neurons) {
  if (dims.size() > rank) return std::nullopt;
  // Of the value's dimensions the second, counted from the last.
  const int axis = static_cast<int>(dims.size()) - static_cast<int>(rank) + 1;
  for (int before = 0; before < axis; ++before) {
    if (dims[static_cast<size_t>(before)] != 1) return std::nullopt;
  }
  if (axis < 0 || dims[static_cast<size_t>(axis)] == 1) return -1;
  return dims[static_cast<size_t>(axis)] == neurons ? std::optional(axis) : std::nullopt;
}

std::optional<TailStep> StepOf(const ir::Module& module, ir::NodeId node, ir::ValueId value,
                               int64_t neurons, const NeuronForm& form,
                               const std::function<int32_t(ir::ValueId)>& tensor_of) {
  return StepFinder(module, node, value, neurons, form, tensor_of).Find();
}

}  // namespace allot
