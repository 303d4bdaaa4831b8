#include "passes/sparsity/row_network.h"

#include <algorithm>
#include <functional>
#include <map>
#include <utility>

#include "absl/strings/str_cat.h"

#include "ir/node_name.h"
#include "passes/sparsity/bit_matrix.h"
#include "support/status.h"

namespace allot {
namespace {

// Operators of one operand that is no constant, element by element.
constexpr absl::string_view kElementwise[] = {"Abs",
                                              "Add",
                                              "Ceil",
                                              "Celu",
                                              "Clip",
                                              "DequantizeLinear",
                                              "Div",
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

class Finder {
 public:
  // `take`: asked of every layer before it becomes one.
  Finder(const ir::Module& module, std::function<bool(const RowTensor&)> take)
      : graph_(module.graph), module_(module), take_(std::move(take)) {}

  RowNetwork Find() {
    for (const ir::NodeId id : graph_.nodes()) {
      if (std::optional<RowTensor> layer = Product(id)) AddLayer(*std::move(layer));
    }
    return std::move(network_);
  }

 private:
  // The elements of a second dimension; nullopt unless there are two.
  std::optional<int64_t> Neurons(ir::ValueId value) const {
    const ir::Type& type = graph_.value(value).type;
    if (!type.is_ranked_tensor() || type.shape->size() != 2) return std::nullopt;
    const ir::Dim& dim = (*type.shape)[1];
    return dim.known() ? std::optional(dim.size) : std::nullopt;
  }

  bool HasOnly(const ir::Node& node, absl::string_view name, float usual) const {
    const auto* const number = FindAttribute<float>(node.attributes, std::string(name));
    return number == nullptr || *number == usual;
  }

  // The product as a layer without input and tail, if it is one.
  std::optional<RowTensor> Product(ir::NodeId id) const {
    const ir::Node& node = graph_.node(id);
    const bool gemm = node.Is("Gemm");
    if ((!gemm && !node.Is("MatMul")) || node.operands.size() < 2 || !node.regions.empty()) {
      return std::nullopt;
    }
    RowTensor layer;
    layer.product = id;
    layer.value = node.results[0];
    if (gemm) {
      const auto* const trans_a = FindAttribute<int64_t>(node.attributes, "transA");
      const auto* const trans_b = FindAttribute<int64_t>(node.attributes, "transB");
      if (trans_a != nullptr && *trans_a != 0) return std::nullopt;
      if (!HasOnly(node, "alpha", 1) || !HasOnly(node, "beta", 1)) return std::nullopt;
      layer.neurons_first = trans_b != nullptr && *trans_b != 0;
      if (node.operands.size() > 2) layer.bias = node.operands[2];
    }
    const std::optional<Weights> weights = FindWeights(module_, node.operands[1]);
    if (!weights.has_value() || weights->dims.size() != 2) return std::nullopt;
    layer.weights = *weights;
    layer.neurons = weights->dims[layer.neurons_first ? 0 : 1];
    const int64_t inputs = weights->dims[layer.neurons_first ? 1 : 0];
    const std::optional<int64_t> read = Neurons(node.operands[0]);
    if (read != inputs || Neurons(layer.value) != layer.neurons || inputs < 1 ||
        layer.neurons < 1 || std::max(inputs, layer.neurons) > INT32_MAX) {
      return std::nullopt;
    }
    if (layer.bias.valid() && !FitsNeurons(layer.bias, layer.neurons)) return std::nullopt;
    if (FindWeights(module_, node.operands[0]).has_value()) return std::nullopt;
    return take_(layer) ? std::optional(layer) : std::nullopt;
  }

  // A constant of one element, or of one for each neuron in the last dimension.
  bool FitsNeurons(ir::ValueId value, int64_t neurons) const {
    const std::optional<Weights> constant = FindWeights(module_, value);
    if (!constant.has_value()) return false;
    int64_t elements = 1;
    for (const int64_t dim : constant->dims) elements *= dim;
    if (constant->dims.size() > 2) return false;
    if (elements == 1) return true;
    return elements == neurons && constant->dims.back() == neurons;
  }

  // Whether all operands but one are constants that fit; of quantization they are single numbers.
  std::optional<TailStep> Elementwise(ir::NodeId id, ir::ValueId value, int64_t neurons) const {
    const ir::Node& node = graph_.node(id);
    const bool known = node.domain.empty() &&
                       std::find(std::begin(kElementwise), std::end(kElementwise), node.op_type) !=
                           std::end(kElementwise);
    if (node.Is("Add") && node.operands.size() == 2) {
      const ir::ValueId other = node.operands[node.operands[0] == value ? 1 : 0];
      const auto tensor = index_.find(other);
      if (tensor != index_.end() && other != value &&
          network_.tensors[static_cast<size_t>(tensor->second)].neurons == neurons) {
        return TailStep{id, node.operands[0] == value ? 0u : 1u, tensor->second};
      }
    }
    if (!known || node.results.size() != 1) return std::nullopt;
    TailStep step;
    step.node = id;
    int uses = 0;
    const bool quantizes = node.Is("QuantizeLinear") || node.Is("DequantizeLinear");
    for (size_t i = 0; i < node.operands.size(); ++i) {
      if (node.operands[i] == value) {
        step.operand = i;
        ++uses;
      } else if (node.operands[i].valid() &&
                 !FitsNeurons(node.operands[i], quantizes ? 1 : neurons)) {
        return std::nullopt;
      }
    }
    if (uses != 1 || Neurons(node.results[0]) != neurons) return std::nullopt;
    return step;
  }

  int32_t TensorOf(ir::ValueId value) {
    const auto found = index_.find(value);
    if (found != index_.end()) return found->second;
    RowTensor input;
    input.value = value;
    input.neurons = *Neurons(value);
    return Add(std::move(input));
  }

  int32_t Add(RowTensor tensor) {
    const auto index = static_cast<int32_t>(network_.tensors.size());
    index_[tensor.value] = index;
    network_.tensors.push_back(std::move(tensor));
    return index;
  }

  void AddLayer(RowTensor layer) {
    layer.input = TensorOf(graph_.node(layer.product).operands[0]);
    while (!graph_.IsOutput(layer.value) && graph_.users(layer.value).size() == 1) {
      const ir::NodeId user = graph_.users(layer.value)[0];
      const std::optional<TailStep> step = Elementwise(user, layer.value, layer.neurons);
      if (!step.has_value()) break;
      layer.tail.push_back(*step);
      layer.value = graph_.node(user).results[0];
    }
    Add(std::move(layer));
  }

  const ir::Graph& graph_;
  const ir::Module& module_;
  const std::function<bool(const RowTensor&)> take_;
  RowNetwork network_;
  std::map<ir::ValueId, int32_t> index_;  // of tensors by their values
};

// The columns of each row, as a source of the kind.
rows::Source SourceOfBits(const BitMatrix& bits, int32_t input) {
  std::vector<int64_t> begin = {0};
  std::vector<int32_t> columns;
  for (int64_t row = 0; row < bits.rows(); ++row) {
    bits.ForEachInRow(row,
                      [&](int64_t column) { columns.push_back(static_cast<int32_t>(column)); });
    begin.push_back(static_cast<int64_t>(columns.size()));
  }
  return rows::SourceOfRows(input, begin, columns);
}

// Both of them, where a tensor is read twice.
void AddSource(rows::Tensor& tensor, rows::Source source) {
  for (rows::Source& other : tensor.sources) {
    if (other.input != source.input) continue;
    std::vector<int64_t> begin = {0};
    std::vector<int32_t> columns;
    for (size_t row = 0; row < other.pattern_of.size(); ++row) {
      const auto a = other.Row(row), b = source.Row(row);
      std::set_union(a.begin(), a.end(), b.begin(), b.end(), std::back_inserter(columns));
      begin.push_back(static_cast<int64_t>(columns.size()));
    }
    const int64_t work = std::max(other.work, source.work);
    other = rows::SourceOfRows(source.input, begin, columns);
    other.work = work;
    return;
  }
  tensor.sources.push_back(std::move(source));
}

rows::Source Identity(int64_t neurons, int32_t input) {
  std::vector<int64_t> begin = {0};
  std::vector<int32_t> columns;
  for (int64_t i = 0; i < neurons; ++i) {
    columns.push_back(static_cast<int32_t>(i));
    begin.push_back(i + 1);
  }
  rows::Source source = rows::SourceOfRows(input, begin, columns);
  source.work = 0;
  return source;
}

}  // namespace

size_t RowNetwork::num_layers() const {
  return static_cast<size_t>(std::count_if(tensors.begin(), tensors.end(),
                                           [](const RowTensor& t) { return t.product.valid(); }));
}

RowNetwork FindRowNetwork(const ir::Module& module) {
  return Finder(module, [](const RowTensor&) { return true; }).Find();
}

absl::StatusOr<RowProblem> ProblemOfRows(const ir::Module& module, double most_density) {
  std::map<ir::NodeId, rows::Source> source_of;  // of inputs yet to be numbered
  absl::Status status;
  const auto sparse_enough = [&](const RowTensor& layer) {
    if (!status.ok()) return false;
    absl::StatusOr<BitMatrix> bits = NonzerosOf(module, layer.weights);
    if (absl::IsUnimplemented(bits.status())) return false;
    if (!bits.ok()) {
      const ir::Node& node = module.graph.node(layer.product);
      status =
          WithContext(bits.status(), absl::StrCat("weights of '", ir::NameOrPlace(node), "': "));
      return false;
    }
    const double all = static_cast<double>(bits->rows()) * static_cast<double>(bits->columns());
    if (static_cast<double>(bits->Count()) > most_density * all) return false;
    source_of[layer.product] =
        SourceOfBits(layer.neurons_first ? *std::move(bits) : bits->Transposed(), -1);
    return true;
  };
  RowProblem result;
  result.network = Finder(module, sparse_enough).Find();
  ALLOT_RETURN_IF_ERROR(status);
  for (const RowTensor& tensor : result.network.tensors) {
    rows::Tensor& rows = result.problem.tensors.emplace_back();
    rows.name = module.graph.value(tensor.value).name;
    rows.neurons = static_cast<int32_t>(tensor.neurons);
    if (!tensor.product.valid()) continue;
    rows.sources.push_back(std::move(source_of[tensor.product]));
    rows.sources.back().input = tensor.input;
    // Balance is of the products; what is only added weighs nothing.
    for (const TailStep& step : tensor.tail) {
      if (step.added < 0) continue;
      if (rows.weights.empty()) rows.weights = rows::RowWeights(rows);
      AddSource(rows, Identity(tensor.neurons, step.added));
    }
  }
  return result;
}

}  // namespace allot
