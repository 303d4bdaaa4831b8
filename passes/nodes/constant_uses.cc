#include "passes/nodes/constant_uses.h"

#include <algorithm>
#include <optional>

#include "ir/called_function.h"

namespace allot {
namespace {

// Functions that call functions that call ...: readers refuse recursion; this bounds what is left.
constexpr int kMaxDepth = 100;

class ConstantCollector {
 public:
  ConstantCollector(const ir::Module& module, const IdVector<ir::NodeId, ItemId>& group_of)
      : module_(module),
        group_of_(group_of),
        functions_(module),
        function_constants_(module.functions.size()) {}

  std::vector<std::pair<ir::ConstantId, ItemId>> Collect() {
    const ir::Graph& graph = module_.graph;
    travelling_.resize(graph.node_id_bound());
    for (const ir::NodeId id : graph.nodes()) {  // operands before users
      const ir::Node& node = graph.node(id);
      std::vector<ir::ConstantId> constants;
      for (const std::vector<ir::ValueId>* values : {&node.operands, &node.captures}) {
        for (const ir::ValueId value : *values) {
          if (value.valid()) AddValue(graph.value(value), constants);
        }
      }
      AddInner(node, constants, 0);
      if (!group_of_[id].valid()) {
        std::sort(constants.begin(), constants.end());
        constants.erase(std::unique(constants.begin(), constants.end()), constants.end());
        travelling_[id] = std::move(constants);
        continue;
      }
      for (const ir::ConstantId constant : constants) uses_.emplace_back(constant, group_of_[id]);
    }
    AddGivenOut();
    return std::move(uses_);
  }

 private:
  // A constant that is only given out lies where the first node is, whose part gives it.
  void AddGivenOut() {
    const ir::Graph& graph = module_.graph;
    const std::vector<ir::NodeId> nodes = graph.nodes();
    const auto first = std::find_if(nodes.begin(), nodes.end(),
                                    [this](ir::NodeId id) { return group_of_[id].valid(); });
    if (first == nodes.end()) return;
    for (const ir::ValueId id : graph.outputs()) {
      const ir::ConstantId constant = graph.value(id).constant;
      if (!constant.valid() || !graph.users(id).empty()) continue;
      uses_.emplace_back(constant, group_of_[*first]);
    }
  }

  void AddValue(const ir::Value& value, std::vector<ir::ConstantId>& constants) {
    if (value.constant.valid()) constants.push_back(value.constant);
    if (!value.producer.valid() || group_of_[value.producer].valid()) return;
    const std::vector<ir::ConstantId>& theirs = travelling_[value.producer];
    constants.insert(constants.end(), theirs.begin(), theirs.end());
  }

  // Attributes, bodies and the function called.
  void AddInner(const ir::Node& node, std::vector<ir::ConstantId>& constants, int depth) {
    for (const auto& [name, attribute] : node.attributes) {
      if (const auto* constant = attribute.If<ir::ConstantId>()) constants.push_back(*constant);
    }
    if (depth > kMaxDepth) return;
    for (const ir::Graph& body : node.regions) AddGraph(body, constants, depth + 1);
    const int32_t called = functions_.Find(node);
    if (called < 0) return;
    std::optional<std::vector<ir::ConstantId>>& known =
        function_constants_[static_cast<size_t>(called)];
    if (!known.has_value()) {
      std::vector<ir::ConstantId> inside;
      AddGraph(module_.functions[static_cast<size_t>(called)].body, inside, depth + 1);
      std::sort(inside.begin(), inside.end());
      inside.erase(std::unique(inside.begin(), inside.end()), inside.end());
      known = std::move(inside);
    }
    constants.insert(constants.end(), known->begin(), known->end());
  }

  void AddGraph(const ir::Graph& graph, std::vector<ir::ConstantId>& constants, int depth) {
    for (const ir::ValueId value : graph.initializers()) {
      if (graph.value(value).constant.valid()) constants.push_back(graph.value(value).constant);
    }
    for (const ir::NodeId id : graph.nodes()) AddInner(graph.node(id), constants, depth);
  }

  const ir::Module& module_;
  const IdVector<ir::NodeId, ItemId>& group_of_;
  IdVector<ir::NodeId, std::vector<ir::ConstantId>> travelling_;  // of nodes without a group
  const CalledFunctions functions_;
  std::vector<std::optional<std::vector<ir::ConstantId>>> function_constants_;
  std::vector<std::pair<ir::ConstantId, ItemId>> uses_;
};

}  // namespace

std::vector<std::pair<ir::ConstantId, std::vector<ItemId>>> ConstantUses(
    const ir::Module& module, const IdVector<ir::NodeId, ItemId>& group_of) {
  std::vector<std::pair<ir::ConstantId, ItemId>> uses =
      ConstantCollector(module, group_of).Collect();
  std::sort(uses.begin(), uses.end());
  uses.erase(std::unique(uses.begin(), uses.end()), uses.end());
  std::vector<std::pair<ir::ConstantId, std::vector<ItemId>>> grouped;
  for (const auto& [constant, item] : uses) {
    if (grouped.empty() || grouped.back().first != constant) grouped.push_back({constant, {}});
    grouped.back().second.push_back(item);
  }
  return grouped;
}

}  // namespace allot
