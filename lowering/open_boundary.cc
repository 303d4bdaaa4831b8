#include "lowering/open_boundary.h"

#include <algorithm>
#include <map>
#include <utility>

namespace allot {
namespace {

// Whether the Loop makes a trip for certain: at least one by its count, with nothing to stop it
// before that.
bool MakesATrip(const ir::Module& module, const ir::Graph& graph, const ir::Node& node) {
  const auto elements = [&](size_t i) -> std::vector<int64_t> {
    const ir::Value& value = graph.value(node.operands[i]);
    // A caller may override an input.
    if (value.origin != ir::Value::Origin::kInitializer) return {};
    if (!module.constants.Contains(value.constant)) return {};
    return module.constants[value.constant].AsIntegers().value_or(std::vector<int64_t>());
  };
  if (node.operands.size() < 2 || !node.operands[0].valid()) return false;
  const std::vector<int64_t> trips = elements(0);
  if (trips.size() != 1 || trips[0] < 1) return false;
  if (!node.operands[1].valid()) return true;
  const std::vector<int64_t> condition = elements(1);
  return condition.size() == 1 && condition[0] != 0;
}

}  // namespace

IdleBodies::IdleBodies(const ir::Module& module) : module_(module), graph_(module.graph) {
  for (const ir::Function& function : module.functions) {
    functions_.emplace(function.domain, function.name, function.overload);
  }
  // From functions that have such a body to those that call them.
  std::map<Key, std::vector<Key>> callers;
  std::set<Key> idle_functions;
  std::vector<Key> pending;
  for (const ir::Function& function : module.functions) {
    const Key key(function.domain, function.name, function.overload);
    Contents contents;
    for (const ir::NodeId id : function.body.nodes()) {
      Collect(function.body, function.body.node(id), contents);
    }
    for (const Key& called : contents.calls) callers[called].push_back(key);
    if (contents.idle && idle_functions.insert(key).second) pending.push_back(key);
  }
  while (!pending.empty()) {
    const Key key = std::move(pending.back());
    pending.pop_back();
    for (const Key& caller : callers[key]) {
      if (idle_functions.insert(caller).second) pending.push_back(caller);
    }
  }
  idle_.resize(graph_.node_id_bound(), false);
  for (const ir::NodeId id : graph_.nodes()) {
    Contents contents;
    Collect(graph_, graph_.node(id), contents);
    idle_[id] = contents.idle || std::any_of(contents.calls.begin(), contents.calls.end(),
                                             [&idle_functions](const Key& called) {
                                               return idle_functions.count(called) > 0;
                                             });
  }
}

void IdleBodies::Collect(const ir::Graph& graph, const ir::Node& node, Contents& contents) const {
  if (!functions_.empty()) {
    Key key(node.domain, node.op_type, node.overload);
    if (functions_.count(key) > 0) contents.calls.insert(std::move(key));
  }
  if (node.regions.empty()) return;
  // A runtime wants something to scan; all other bodies may never run.
  const bool runs = node.Is("Scan") || (node.Is("Loop") && MakesATrip(module_, graph, node));
  contents.idle = contents.idle || !runs;
  for (const ir::Graph& body : node.regions) {
    for (const ir::NodeId id : body.nodes()) Collect(body, body.node(id), contents);
  }
}

std::set<ir::ValueId> IdleBodies::WhatTheyDependOn(const std::vector<ir::NodeId>& nodes) const {
  std::set<ir::ValueId> needed;
  for (auto it = nodes.rbegin(); it != nodes.rend(); ++it) {
    const ir::Node& node = graph_.node(*it);
    const bool leads_there = std::any_of(node.results.begin(), node.results.end(),
                                         [&](ir::ValueId id) { return needed.count(id) > 0; });
    if (!idle_[*it] && !leads_there) continue;
    for (const ir::ValueId id : node.operands) {
      if (id.valid()) needed.insert(id);
    }
    needed.insert(node.captures.begin(), node.captures.end());
  }
  return needed;
}

ir::Type WithOpenSizes(ir::Type type) {
  if (type.shape) {
    for (ir::Dim& dim : *type.shape) {
      if (dim.known()) dim = ir::Dim::Unknown();
    }
  }
  for (ir::Type& parameter : type.parameters) parameter = WithOpenSizes(std::move(parameter));
  return type;
}

}  // namespace allot
