#include "passes/sparsity/row_network.h"

#include <algorithm>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>

#include "support/units.h"

namespace allot {
namespace {

class Finder {
 public:
  Finder(const ir::Module& module, const std::function<bool(const RowTensor&)>& take)
      : graph_(module.graph), module_(module), take_(take) {}

  RowNetwork Find() {
    for (const ir::NodeId id : graph_.nodes()) {
      if (taken_.count(id) > 0) continue;
      if (std::optional<RowTensor> layer = Layer(id)) {
        layer->input = TensorOf(graph_.node(id).operands[0]);
        taken_.insert(id);
        AddWithTail(*std::move(layer));
      } else if (std::optional<RowTensor> follower = Follower(id)) {
        AddWithTail(*std::move(follower));
      } else if (std::optional<RowTensor> joined = Joined(id)) {
        for (const ir::ValueId operand : graph_.node(id).operands) {
          joined->joined.push_back(TensorOf(operand));
        }
        joined->input = joined->joined[0];
        taken_.insert(id);
        AddWithTail(*std::move(joined));
      }
    }
    return std::move(network_);
  }

 private:
  bool HasOnly(const ir::Node& node, const std::string& name, float usual) const {
    const auto* const number = FindAttribute<float>(node.attributes, name);
    return number == nullptr || *number == usual;
  }

  int64_t Integer(const ir::Node& node, const std::string& name, int64_t usual) const {
    const auto* const number = FindAttribute<int64_t>(node.attributes, name);
    return number == nullptr ? usual : *number;
  }

  // The product as a layer without input and tail, if it is one.
  std::optional<RowTensor> Layer(ir::NodeId id) const {
    const ir::Node& node = graph_.node(id);
    const bool conv = node.Is("Conv"), gemm = node.Is("Gemm");
    if (!conv && !gemm && !node.Is("MatMul")) return std::nullopt;
    if (node.operands.size() < 2 || node.results.size() != 1 || !node.regions.empty()) {
      return std::nullopt;
    }
    RowTensor layer;
    layer.product = id;
    layer.value = node.results[0];
    layer.neurons_first = conv;
    if (conv) layer.groups = Integer(node, "group", 1);
    if (gemm) {
      if (Integer(node, "transA", 0) != 0) return std::nullopt;
      if (!HasOnly(node, "alpha", 1) || !HasOnly(node, "beta", 1)) return std::nullopt;
      layer.neurons_first = Integer(node, "transB", 0) != 0;
    }
    if (node.operands.size() > 2) layer.bias = node.operands[2];
    const std::optional<Weights> weights = FindWeights(module_, node.operands[1]);
    if (!weights.has_value() || weights->dims.size() != Rank(layer.value)) return std::nullopt;
    if (weights->dims.size() < 2) return std::nullopt;
    layer.weights = *weights;
    layer.neurons = weights->dims[layer.neurons_first ? 0 : 1];
    if (!FindForms(node.operands[0], layer) || !BiasFits(layer)) return std::nullopt;
    if (FindWeights(module_, node.operands[0]).has_value()) return std::nullopt;
    if (const int32_t input = IndexOf(node.operands[0]); input >= 0 && IsComputed(input)) {
      layer.input = input;
    }
    return take_(layer) ? std::optional(layer) : std::nullopt;
  }

  size_t Rank(ir::ValueId value) const {
    const ir::Type& type = graph_.value(value).type;
    return type.is_ranked_tensor() ? type.shape->size() : 0;
  }

  // Whether what is read and what comes out are neurons in forms that are known and fit the
  // weights.
  bool FindForms(ir::ValueId read, RowTensor& layer) const {
    const std::vector<int64_t>& dims = layer.weights.dims;
    if (layer.groups < 1 || layer.neurons < 1 || layer.neurons % layer.groups != 0) return false;
    const int64_t elements = SaturatingMultiply(dims[layer.neurons_first ? 1 : 0], layer.groups);
    if (elements < 1) return false;
    // One map from one map each: a step of a tail.
    if (layer.groups > 1 && layer.groups == elements && layer.groups == layer.neurons) return false;
    const auto form = FormOf(graph_.value(layer.value).type, layer.neurons);
    if (!form.has_value() || form->maps != (dims.size() > 2)) return false;
    layer.product_form = layer.form = *form;
    const std::optional<int64_t> columns = NeuronsOf(graph_.value(read).type);
    if (columns != elements || Rank(read) != dims.size()) return false;
    for (size_t axis = 2; axis < dims.size(); ++axis) {
      layer.kernel = SaturatingMultiply(layer.kernel, dims[axis]);
    }
    return layer.kernel > 0 && std::max(elements, layer.neurons) <= INT32_MAX;
  }

  bool BiasFits(const RowTensor& layer) const {
    if (!layer.bias.valid()) return true;
    const std::optional<Weights> bias = FindWeights(module_, layer.bias);
    if (!bias.has_value()) return false;
    if (layer.product_form.maps) return bias->dims == std::vector<int64_t>{layer.neurons};
    return NeuronAxis(bias->dims, 2, layer.neurons).has_value();
  }

  // A step on a tensor that others read too, or that has neurons of its own.
  std::optional<RowTensor> Follower(ir::NodeId id) const {
    for (const ir::ValueId operand : graph_.node(id).operands) {
      const int32_t tensor = IndexOf(operand);
      if (tensor < 0) continue;
      const RowTensor& of = network_.tensors[static_cast<size_t>(tensor)];
      RowTensor follower;
      follower.value = operand;
      follower.neurons = of.neurons;
      follower.form = follower.product_form = of.form;
      follower.input = tensor;
      const std::optional<TailStep> step = Step(id, follower);
      if (!step.has_value()) continue;
      follower.spread = step->spread;
      follower.neurons *= step->spread;
      if (follower.neurons > INT32_MAX) continue;
      Extend(*step, follower);
      return follower;
    }
    return std::nullopt;
  }

  // Neurons one tensor behind the other, without the numbers of these. What no layer here computes
  // is as good as an input.
  std::optional<RowTensor> Joined(ir::NodeId id) const {
    const ir::Node& node = graph_.node(id);
    if (!node.Is("Concat") || node.results.size() != 1) return std::nullopt;
    const auto rank = static_cast<int64_t>(Rank(node.results[0]));
    const int64_t axis = Integer(node, "axis", rank);
    if (rank < 2 || (axis < 0 ? axis + rank : axis) != 1) return std::nullopt;
    RowTensor joined;
    joined.value = node.results[0];
    joined.concat = id;
    const std::optional<int64_t> neurons = NeuronsOf(graph_.value(joined.value).type);
    if (!neurons.has_value() || *neurons > INT32_MAX) return std::nullopt;
    joined.neurons = *neurons;
    joined.form = joined.product_form = *FormOf(graph_.value(joined.value).type, *neurons);
    bool computed = false;
    int64_t found = 0;
    for (const ir::ValueId operand : node.operands) {
      if (!operand.valid() || FindWeights(module_, operand).has_value()) return std::nullopt;
      const ir::Type& type = graph_.value(operand).type;
      const std::optional<int64_t> of = NeuronsOf(type);
      if (!of.has_value() || FormOf(type, *of) != joined.form) return std::nullopt;
      found = SaturatingAdd(found, *of);
      const int32_t tensor = IndexOf(operand);
      computed |= tensor >= 0 && IsComputed(tensor);
    }
    return computed && found == joined.neurons ? std::optional(joined) : std::nullopt;
  }

  bool IsComputed(int32_t tensor) const {
    return !network_.tensors[static_cast<size_t>(tensor)].is_input();
  }

  std::optional<TailStep> Step(ir::NodeId id, const RowTensor& tensor) const {
    const auto tensor_of = [&](ir::ValueId value) -> int32_t {
      const int32_t other = IndexOf(value);
      const bool fits =
          other >= 0 && network_.tensors[static_cast<size_t>(other)].neurons == tensor.neurons;
      return fits ? other : -1;
    };
    return StepOf(module_, id, tensor.value, tensor.neurons, tensor.form, tensor_of);
  }

  void Extend(const TailStep& step, RowTensor& tensor) const {
    tensor.tail.push_back(step);
    tensor.form = step.form;
    tensor.value = graph_.node(step.node).results[0];
  }

  int32_t IndexOf(ir::ValueId value) const {
    const auto found = value.valid() ? index_.find(value) : index_.end();
    return found == index_.end() ? -1 : found->second;
  }

  int32_t TensorOf(ir::ValueId value) {
    if (const int32_t known = IndexOf(value); known >= 0) return known;
    RowTensor input;
    input.value = value;
    input.neurons = *NeuronsOf(graph_.value(value).type);
    input.form = *FormOf(graph_.value(value).type, input.neurons);
    return Add(std::move(input));
  }

  int32_t Add(RowTensor tensor) {
    const auto index = static_cast<int32_t>(network_.tensors.size());
    index_[tensor.value] = index;
    network_.tensors.push_back(std::move(tensor));
    return index;
  }

  // With all that follows as long as nobody else reads it.
  void AddWithTail(RowTensor tensor) {
    while (!graph_.IsOutput(tensor.value) && graph_.users(tensor.value).size() == 1) {
      const std::optional<TailStep> step = Step(graph_.users(tensor.value)[0], tensor);
      if (!step.has_value() || step->spread > 1) break;
      Extend(*step, tensor);
    }
    for (const TailStep& step : tensor.tail) taken_.insert(step.node);
    Add(std::move(tensor));
  }

  const ir::Graph& graph_;
  const ir::Module& module_;
  const std::function<bool(const RowTensor&)>& take_;
  RowNetwork network_;
  std::map<ir::ValueId, int32_t> index_;  // of tensors by their values
  std::set<ir::NodeId> taken_;            // products and steps of tails
};

}  // namespace

size_t RowNetwork::num_layers() const {
  return static_cast<size_t>(std::count_if(tensors.begin(), tensors.end(),
                                           [](const RowTensor& t) { return t.product.valid(); }));
}

RowNetwork FindRowNetwork(const ir::Module& module,
                          const std::function<bool(const RowTensor&)>& take) {
  return Finder(module, take).Find();
}

}  // namespace allot
