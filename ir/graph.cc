#include "ir/graph.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "absl/container/flat_hash_set.h"
#include "absl/strings/str_cat.h"

#include "support/graph/topo_order.h"

namespace allot::ir {
namespace {

bool Uses(const Node& node, ValueId value) {
  return std::find(node.operands.begin(), node.operands.end(), value) != node.operands.end() ||
         std::find(node.captures.begin(), node.captures.end(), value) != node.captures.end();
}

// Calls visit(producer) for the producer of every operand and capture, with repeats.
template <typename Visit>
void ForEachProducer(const Graph& graph, const Node& node, Visit visit) {
  for (const std::vector<ValueId>* used : {&node.operands, &node.captures}) {
    for (const ValueId value : *used) {
      if (!value.valid()) continue;
      const NodeId producer = graph.value(value).producer;
      if (producer.valid()) visit(producer);
    }
  }
}

bool IsSorted(const Graph& graph, const std::vector<NodeId>& nodes) {
  return std::all_of(nodes.begin(), nodes.end(), [&](NodeId node) {
    bool after = true;
    ForEachProducer(graph, graph.node(node),
                    [&](NodeId producer) { after = after && producer < node; });
    return after;
  });
}

// The live nodes with operands before users, smallest old id first, or nullopt if there is a cycle.
// O(E log V).
std::optional<std::vector<NodeId>> TopologicalOrder(const Graph& graph) {
  const std::vector<NodeId> nodes = graph.nodes();
  if (IsSorted(graph, nodes)) return nodes;
  IdVector<NodeId, std::vector<NodeId>> successors(graph.node_id_bound());
  for (const NodeId node : nodes) {
    ForEachProducer(graph, graph.node(node),
                    [&](NodeId producer) { successors[producer].push_back(node); });
  }
  std::vector<NodeId> order =
      SortTopologically(nodes, successors.size(), SuccessorsIn(successors)).order;
  if (order.size() != nodes.size()) return std::nullopt;
  return order;
}

bool IsAcyclic(const Graph& graph) {
  if (!TopologicalOrder(graph).has_value()) return false;
  for (const NodeId node : graph.nodes()) {
    const std::vector<Graph>& bodies = graph.node(node).regions;
    if (!std::all_of(bodies.begin(), bodies.end(), IsAcyclic)) return false;
  }
  return true;
}

}  // namespace

Node::Node() = default;
Node::Node(const Node&) = default;
Node::Node(Node&&) noexcept = default;
Node& Node::operator=(const Node&) = default;
Node& Node::operator=(Node&&) noexcept = default;
Node::~Node() = default;

std::vector<NodeId> Graph::nodes() const {
  std::vector<NodeId> live;
  live.reserve(num_live_);
  for (const NodeId node : nodes_.ids()) {
    if (live_[node]) live.push_back(node);
  }
  return live;
}

void Graph::Reserve(size_t nodes, size_t values) {
  nodes_.reserve(nodes);
  live_.reserve(nodes);
  values_.reserve(values);
  users_.reserve(values);
  output_uses_.reserve(values);
}

ValueId Graph::AddValue(Value value) {
  users_.Add({});
  output_uses_.Add(0);
  return values_.Add(std::move(value));
}

ValueId Graph::AddInput(std::string value_name, Type type, ConstantId default_value) {
  Value value;
  value.name = std::move(value_name);
  value.type = std::move(type);
  value.origin = Value::Origin::kInput;
  value.constant = default_value;
  inputs_.push_back(AddValue(std::move(value)));
  return inputs_.back();
}

ValueId Graph::AddCapture(std::string value_name, Type type) {
  Value value;
  value.name = std::move(value_name);
  value.type = std::move(type);
  value.origin = Value::Origin::kCapture;
  captures_.push_back(AddValue(std::move(value)));
  return captures_.back();
}

ValueId Graph::AddInitializer(std::string value_name, Type type, ConstantId constant) {
  Value value;
  value.name = std::move(value_name);
  value.type = std::move(type);
  value.origin = Value::Origin::kInitializer;
  value.constant = constant;
  initializers_.push_back(AddValue(std::move(value)));
  return initializers_.back();
}

NodeId Graph::AddNode(Node node, absl::Span<const Result> results) {
  node.results.clear();
  const NodeId id = nodes_.Add(std::move(node));
  live_.Add(true);
  ++num_live_;
  for (const ValueId operand : nodes_[id].operands) {
    if (operand.valid()) AddUse(operand, id);
  }
  for (const ValueId capture : nodes_[id].captures) {
    if (capture.valid()) AddUse(capture, id);
  }
  for (const Result& result : results) AddResult(id, result);
  return id;
}

ValueId Graph::AddResult(NodeId node, Result result) {
  Value value;
  value.name = std::move(result.name);
  value.type = std::move(result.type);
  value.producer = node;
  value.result_index = static_cast<int32_t>(nodes_[node].results.size());
  const ValueId id = AddValue(std::move(value));
  nodes_[node].results.push_back(id);
  return id;
}

void Graph::SetOutputs(std::vector<ValueId> outputs) {
  for (const ValueId output : outputs_) --output_uses_[output];
  outputs_ = std::move(outputs);
  for (const ValueId output : outputs_) ++output_uses_[output];
}

void Graph::SetOperand(NodeId node, size_t index, ValueId value) {
  ALLOT_CHECK(live_[node] && index < nodes_[node].operands.size());
  const ValueId old = std::exchange(nodes_[node].operands[index], value);
  if (old.valid() && !Uses(nodes_[node], old)) DropUse(old, node);
  if (value.valid()) AddUse(value, node);
}

void Graph::ReplaceUses(ValueId of, ValueId with) {
  if (of == with) return;
  const std::vector<NodeId> moved = std::exchange(users_[of], {});
  for (const NodeId user : moved) {
    Node& node = nodes_[user];
    std::replace(node.operands.begin(), node.operands.end(), of, with);
    const auto captured = std::find(node.captures.begin(), node.captures.end(), of);
    if (captured == node.captures.end()) continue;
    const auto twin = std::find(node.captures.begin(), node.captures.end(), with);
    const auto index = static_cast<size_t>(captured - node.captures.begin());
    if (twin != node.captures.end()) {
      MergeCaptures(user, index, static_cast<size_t>(twin - node.captures.begin()));
      continue;
    }
    *captured = with;
    for (Graph& body : node.regions) body.RenameCapture(index, values_[with].name);
  }
  std::vector<NodeId> merged;
  merged.reserve(moved.size() + users_[with].size());
  std::set_union(moved.begin(), moved.end(), users_[with].begin(), users_[with].end(),
                 std::back_inserter(merged));
  users_[with] = std::move(merged);
  std::replace(outputs_.begin(), outputs_.end(), of, with);
  output_uses_[with] += std::exchange(output_uses_[of], 0);
}

void Graph::MergeCaptures(NodeId node, size_t from, size_t into) {
  std::vector<ValueId>& captures = nodes_[node].captures;
  captures.erase(captures.begin() + static_cast<std::ptrdiff_t>(from));
  for (Graph& body : nodes_[node].regions) {
    body.ReplaceUses(body.captures_[from], body.captures_[into]);
    body.captures_.erase(body.captures_.begin() + static_cast<std::ptrdiff_t>(from));
  }
}

void Graph::Rename(ValueId value, const std::string& new_name) {
  values_[value].name = new_name;
  for (const NodeId user : users_[value]) {
    Node& node = nodes_[user];
    for (size_t i = 0; i < node.captures.size(); ++i) {
      if (node.captures[i] != value) continue;
      for (Graph& body : node.regions) body.RenameCapture(i, new_name);
    }
  }
}

void Graph::RenameCapture(size_t index, const std::string& new_name) {
  const ValueId capture = captures_[index];
  // What the body names so itself hides the outer value: it gets another name, as nobody outside
  // knows it by that.
  for (const ValueId value : values_.ids()) {
    if (value != capture && values_[value].name == new_name) Rename(value, FreshName(new_name));
  }
  Rename(capture, new_name);
}

std::string Graph::FreshName(absl::string_view stem) const {
  absl::flat_hash_set<absl::string_view> names;
  for (const Value& each : values_) names.insert(each.name);
  for (int i = 1;; ++i) {
    std::string fresh = absl::StrCat(stem, "_", i);
    if (!names.contains(fresh)) return fresh;
  }
}

void Graph::Erase(NodeId node) {
  ALLOT_CHECK(live_[node]);
  for (const ValueId result : nodes_[node].results) {
    ALLOT_CHECK(users_[result].empty() && !IsOutput(result));
  }
  const Node erased = std::exchange(nodes_[node], Node());
  for (const std::vector<ValueId>* used : {&erased.operands, &erased.captures}) {
    for (const ValueId value : *used) {
      if (value.valid()) DropUse(value, node);
    }
  }
  live_[node] = false;
  --num_live_;
}

void Graph::EraseInput(ValueId input) {
  ALLOT_CHECK(users_[input].empty() && !IsOutput(input));
  const auto at = std::find(inputs_.begin(), inputs_.end(), input);
  ALLOT_CHECK(at != inputs_.end());
  inputs_.erase(at);
}

// Use lists are sorted vectors: new nodes have the largest id, so building appends; a removal costs
// a binary search and a short memmove even where a value has tens of thousands of users.
void Graph::AddUse(ValueId value, NodeId user) {
  std::vector<NodeId>& users = users_[value];
  if (users.empty() || users.back() < user) {
    users.push_back(user);
    return;
  }
  const auto at = std::lower_bound(users.begin(), users.end(), user);
  if (at == users.end() || *at != user) users.insert(at, user);
}

void Graph::DropUse(ValueId value, NodeId user) {
  std::vector<NodeId>& users = users_[value];
  const auto at = std::lower_bound(users.begin(), users.end(), user);
  if (at != users.end() && *at == user) users.erase(at);
}

bool Graph::Compact() {
  if (!IsAcyclic(*this)) return false;
  Renumber(*TopologicalOrder(*this));
  return true;
}

bool Graph::Compact(const IdVector<NodeId, int64_t>& rank) {
  if (!IsAcyclic(*this)) return false;
  IdVector<NodeId, std::vector<NodeId>> successors(node_id_bound());
  for (const NodeId node : nodes()) {
    ForEachProducer(*this, nodes_[node],
                    [&](NodeId producer) { successors[producer].push_back(node); });
  }
  Renumber(SortTopologically(nodes(), successors.size(), SuccessorsIn(successors),
                             BySmallestKey<NodeId>([&rank](NodeId node) { return rank[node]; }))
               .order);
  return true;
}

bool Graph::IsNumbered(const std::vector<NodeId>& order) const {
  if (order.size() != nodes_.size()) return false;
  size_t next_node = 0, next_value = 0;
  const auto follows = [&](ValueId value) { return value == ValueId(next_value++); };
  const auto used = [this](ValueId value) { return !users_[value].empty() || IsOutput(value); };
  if (!std::all_of(inputs_.begin(), inputs_.end(), follows) ||
      !std::all_of(captures_.begin(), captures_.end(), follows) ||
      !std::all_of(initializers_.begin(), initializers_.end(), follows) ||
      !std::all_of(initializers_.begin(), initializers_.end(), used)) {
    return false;
  }
  for (const NodeId node : order) {
    const std::vector<ValueId>& results = nodes_[node].results;
    if (node != NodeId(next_node++) || !std::all_of(results.begin(), results.end(), follows)) {
      return false;
    }
  }
  return next_value == values_.size();
}

void Graph::Renumber(const std::vector<NodeId>& order) {
  // Large graphs come sorted most often; moving them all would need twice their memory.
  if (IsNumbered(order)) {
    for (Node& node : nodes_) {
      for (Graph& body : node.regions) body.Renumber(*TopologicalOrder(body));
    }
    return;
  }
  IdVector<ValueId, ValueId> renamed(values_.size());
  IdVector<ValueId, Value> values;
  values.reserve(values_.size());
  const auto keep = [&](ValueId old) {
    renamed[old] = values.Add(std::move(values_[old]));
    return renamed[old];
  };
  std::vector<ValueId> initializers;
  for (ValueId& input : inputs_) input = keep(input);
  for (ValueId& capture : captures_) capture = keep(capture);
  for (const ValueId old : initializers_) {
    if (!users_[old].empty() || IsOutput(old)) initializers.push_back(keep(old));
  }
  IdVector<NodeId, Node> nodes;
  nodes.reserve(order.size());
  for (const NodeId old : order) {
    const NodeId id = nodes.Add(std::move(nodes_[old]));
    for (ValueId& result : nodes[id].results) {
      result = keep(result);
      values[result].producer = id;
    }
  }
  for (const NodeId id : nodes.ids()) {
    for (std::vector<ValueId>* used : {&nodes[id].operands, &nodes[id].captures}) {
      for (ValueId& value : *used) {
        if (value.valid()) value = renamed[value];
      }
    }
    for (Graph& body : nodes[id].regions) body.Renumber(*TopologicalOrder(body));
  }
  for (ValueId& output : outputs_) output = renamed[output];

  initializers_ = std::move(initializers);
  nodes_ = std::move(nodes);
  values_ = std::move(values);
  live_ = IdVector<NodeId, bool>(nodes_.size(), true);
  num_live_ = nodes_.size();
  users_ = IdVector<ValueId, std::vector<NodeId>>(values_.size());
  for (const NodeId id : nodes_.ids()) {
    for (const std::vector<ValueId>* used : {&nodes_[id].operands, &nodes_[id].captures}) {
      for (const ValueId value : *used) {
        if (value.valid()) AddUse(value, id);
      }
    }
  }
  output_uses_ = IdVector<ValueId, int32_t>(values_.size(), 0);
  for (const ValueId output : outputs_) ++output_uses_[output];
}

}  // namespace allot::ir
