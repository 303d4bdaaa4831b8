#include "operators/features/training_roles.h"

#include <algorithm>
#include <array>
#include <map>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/string_view.h"
#include "absl/strings/strip.h"

namespace allot {
namespace {

using ir::NodeId;
using ir::ValueId;

constexpr absl::string_view kPreview = "ai.onnx.preview.training";
constexpr absl::string_view kMicrosoft = "com.microsoft";

constexpr std::array<absl::string_view, 5> kOptimizers = {
    "AdamOptimizer", "AdamWOptimizer", "SGDOptimizer", "SGDOptimizerV2", "LambOptimizer"};
constexpr std::array<absl::string_view, 6> kGradients = {
    "InPlaceAccumulator",  "InPlaceAccumulatorV2",  "ZeroGradient",
    "MixedPrecisionScale", "BroadcastGradientArgs", "ReduceAllL2"};

template <size_t kSize>
bool IsOneOf(const std::array<absl::string_view, kSize>& names, absl::string_view name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

bool IsOptimizer(const ir::Node& node) {
  if (node.domain == kPreview) return node.op_type != "Gradient";
  return node.domain == kMicrosoft && IsOneOf(kOptimizers, node.op_type);
}

// "ReluGrad", "SoftmaxGrad_13", "BiasGeluGrad_dX".
bool IsGradientType(absl::string_view op_type) {
  const size_t at = op_type.rfind("Grad");
  if (at == op_type.npos || at == 0) return false;
  const absl::string_view rest = op_type.substr(at + 4);
  return rest.empty() || rest.front() == '_';
}

bool IsGradient(const ir::Node& node) {
  if (node.domain == kPreview) return node.op_type == "Gradient";
  if (node.domain != kMicrosoft) return false;
  return IsGradientType(node.op_type) || IsOneOf(kGradients, node.op_type);
}

// What "fc1/Gemm" is in "fc1/Gemm_Grad/Gemm_0"; empty if the name is no such name.
absl::string_view NamedAfter(absl::string_view name) {
  const size_t at = name.find("_Grad/");
  return at == name.npos ? absl::string_view() : name.substr(0, at);
}

class Finder {
 public:
  explicit Finder(const ir::Graph& graph) : graph_(graph) {
    roles_.role.resize(graph.node_id_bound());
    roles_.forward_of.resize(graph.node_id_bound());
  }

  TrainingRoles Find() {
    const std::vector<NodeId> nodes = graph_.nodes();
    for (const NodeId id : nodes) {
      const TrainingRole role = RoleOf(graph_.node(id));
      roles_.role[id] = role;
      ++(role == TrainingRole::kForward    ? roles_.forward
         : role == TrainingRole::kBackward ? roles_.backward
                                           : roles_.optimizer);
    }
    if (!roles_.trains()) return std::move(roles_);
    for (const NodeId id : nodes) {
      const std::string& name = graph_.node(id).name;
      if (roles_.role[id] == TrainingRole::kForward && !name.empty()) named_.emplace(name, id);
    }
    for (const NodeId id : nodes) {
      if (roles_.role[id] != TrainingRole::kForward) roles_.forward_of[id] = ForwardOf(id);
    }
    return std::move(roles_);
  }

 private:
  TrainingRole RoleOf(const ir::Node& node) const {
    if (IsOptimizer(node)) return TrainingRole::kOptimizer;
    TrainingRole role = IsGradient(node) || !NamedAfter(node.name).empty() ? TrainingRole::kBackward
                                                                           : TrainingRole::kForward;
    for (const std::vector<ValueId>* used : {&node.operands, &node.captures}) {
      for (const ValueId value : *used) {
        if (!value.valid()) continue;
        const NodeId producer = graph_.value(value).producer;
        if (producer.valid()) role = std::max(role, roles_.role[producer]);
      }
    }
    return role;
  }

  NodeId ForwardOf(NodeId id) const {
    const ir::Node& node = graph_.node(id);
    if (const absl::string_view name = NamedAfter(node.name); !name.empty()) {
      const auto found = named_.find(std::string(name));
      if (found != named_.end()) return found->second;
    }
    NodeId of_type, of_weights, last;
    std::map<NodeId, int> of_backward;
    for (const ValueId operand : node.operands) {
      if (!operand.valid()) continue;
      const ir::Value& value = graph_.value(operand);
      if (value.producer.valid() && roles_.role[value.producer] != TrainingRole::kForward) {
        const NodeId of = roles_.forward_of[value.producer];
        if (of.valid()) ++of_backward[of];
        continue;
      }
      std::vector<NodeId> near(graph_.users(operand).begin(), graph_.users(operand).end());
      if (value.producer.valid()) near.push_back(value.producer);
      for (const NodeId candidate : near) {
        if (roles_.role[candidate] != TrainingRole::kForward) continue;
        last = std::max(last, candidate);
        const std::string& type = graph_.node(candidate).op_type;
        if (IsGradientType(node.op_type) && absl::StartsWith(node.op_type, type)) {
          of_type = std::max(of_type, candidate);
        }
        if (!value.producer.valid()) of_weights = std::max(of_weights, candidate);
      }
    }
    for (const NodeId best : {of_type, of_weights, last}) {
      if (best.valid()) return best;
    }
    NodeId most;
    for (const auto& [forward, count] : of_backward) {
      if (!most.valid() || count > of_backward.at(most)) most = forward;
    }
    return most;
  }

  const ir::Graph& graph_;
  TrainingRoles roles_;
  std::map<std::string, NodeId> named_;
};

}  // namespace

TrainingRoles FindTrainingRoles(const ir::Graph& graph) { return Finder(graph).Find(); }

}  // namespace allot
