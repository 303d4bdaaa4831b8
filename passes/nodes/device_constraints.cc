#include "passes/nodes/device_constraints.h"

#include <algorithm>
#include <iterator>
#include <map>
#include <set>
#include <tuple>
#include <utility>

#include "absl/strings/str_cat.h"

#include "support/graph/topo_order.h"
#include "support/status.h"
#include "target/cost_model.h"

namespace allot {
namespace {

// Bodies within bodies are looked into this deep; readers refuse deeper ones.
constexpr int kMaxDepth = 100;

bool HasStaticType(const ir::Value& value) {
  // A result without name is an optional output that nobody asked for.
  return value.name.empty() || value.type.is_static();
}

// Enough of a node inside a body to look it up in a device's lists. The work of bodies is counted
// at the node that owns them, so nothing else is known of it.
OpFeatures Lookup(const ir::Graph& graph, const ir::Node& node) {
  OpFeatures features;
  features.op_type = node.op_type;
  features.domain = node.domain;
  for (const std::vector<ir::ValueId>* values : {&node.operands, &node.results}) {
    for (const ir::ValueId value : *values) {
      if (!value.valid()) continue;
      const ir::Type& type = graph.value(value).type;
      if (!type.is_tensor() || type.element == ir::ElementType::kUndefined) continue;
      features.dtype = std::string(ir::DtypeName(type.element));
      return features;
    }
  }
  return features;
}

}  // namespace

absl::StatusOr<DeviceConstraints> DeviceConstraints::Make(
    const ir::Module& module, const IdVector<ir::NodeId, OpFeatures>& features,
    const Target& target) {
  ALLOT_ASSIGN_OR_RETURN(RuleMatcher rules, RuleMatcher::Make(target.rules));
  DeviceConstraints constraints(module, features, target, std::move(rules));
  constraints.FindMatches();
  constraints.class_of_.resize(module.graph.node_id_bound(), -1);
  std::vector<bool> allowed(target.devices.size());
  for (const ir::NodeId node : module.graph.nodes()) {
    for (const DeviceId device : target.devices.ids()) {
      allowed[static_cast<size_t>(device.index())] =
          !constraints.WhyNotAlone(node, device).has_value();
    }
    constraints.class_of_[node] = constraints.ClassFor(allowed);
  }
  constraints.NarrowGroups();
  constraints.KeepStates();
  return constraints;
}

int32_t DeviceConstraints::ClassFor(const std::vector<bool>& allowed) {
  const auto [entry, is_new] =
      known_classes_.try_emplace(allowed, static_cast<int32_t>(classes_.size()));
  if (is_new) classes_.push_back(allowed);
  return entry->second;
}

void DeviceConstraints::FindMatches() {
  const ir::Graph& graph = module_->graph;
  const std::vector<Rule>& rules = rules_.rules();
  selected_.resize(rules.size());
  together_.resize(rules.size());
  for (size_t rule = 0; rule < rules.size(); ++rule) {
    IdVector<ir::NodeId, bool>& selected = selected_[rule];
    for (const bool backwards : {true, false}) {
      if ((backwards ? rules[rule].before_regex : rules[rule].after_regex).empty()) continue;
      std::vector<ir::NodeId> seeds;
      for (const ir::NodeId node : graph.nodes()) {
        const std::string& name = (*features_)[node].name;
        const bool is_seed =
            backwards ? rules_.MatchesBefore(rule, name) : rules_.MatchesAfter(rule, name);
        if (is_seed) seeds.push_back(node);
      }
      const IdVector<ir::NodeId, bool> reached = Reached(seeds, backwards);
      if (selected.empty()) selected.resize(graph.node_id_bound(), true);
      for (const ir::NodeId node : selected.ids()) {
        selected[node] = selected[node] && reached[node];
      }
    }
    if (rules[rule].effect != Rule::Effect::kTogether) continue;
    for (const ir::NodeId node : graph.nodes()) {
      // Constants are wherever their users are.
      if (!graph.node(node).Is("Constant") && RuleMatches(rule, node)) {
        together_[rule].push_back(node);
      }
    }
  }
}

IdVector<ir::NodeId, bool> DeviceConstraints::Reached(const std::vector<ir::NodeId>& seeds,
                                                      bool backwards) const {
  const ir::Graph& graph = module_->graph;
  IdVector<ir::NodeId, bool> reached(graph.node_id_bound(), false);
  std::vector<ir::NodeId> open;
  const auto reach = [&](ir::NodeId node) {
    if (!node.valid() || reached[node]) return;
    reached[node] = true;
    open.push_back(node);
  };
  for (const ir::NodeId seed : seeds) reach(seed);
  while (!open.empty()) {
    const ir::Node& node = graph.node(open.back());
    open.pop_back();
    if (!backwards) {
      for (const ir::ValueId result : node.results) {
        for (const ir::NodeId user : graph.users(result)) reach(user);
      }
      continue;
    }
    for (const std::vector<ir::ValueId>* used : {&node.operands, &node.captures}) {
      for (const ir::ValueId value : *used) {
        if (value.valid()) reach(graph.value(value).producer);
      }
    }
  }
  return reached;
}

void DeviceConstraints::KeepStates() {
  const ir::Graph& graph = module_->graph;
  std::map<std::string, ir::ValueId> inputs, outputs;
  if (module_->state.empty()) return;
  for (const ir::ValueId input : graph.inputs()) inputs[graph.value(input).name] = input;
  for (const ir::ValueId output : graph.outputs()) outputs[graph.value(output).name] = output;
  for (const auto& pair : module_->state) {
    const auto input = inputs.find(pair.first), output = outputs.find(pair.second);
    if (input == inputs.end() || output == outputs.end()) continue;
    std::set<ir::NodeId> group;
    if (const ir::NodeId maker = graph.value(output->second).producer; maker.valid()) {
      group.insert(maker);
    }
    for (const ir::NodeId reader : graph.users(input->second)) {
      // Its size is known without it.
      if (!graph.node(reader).Is("Shape") && !graph.node(reader).Is("Size")) group.insert(reader);
    }
    if (group.size() < 2) continue;
    // All that rules and other states keep with it.
    std::vector<size_t> all;
    for (size_t rule = 0; rule < rules().size(); ++rule) all.push_back(rule);
    std::vector<bool> common(target_->devices.size(), true);
    for (const ir::NodeId node : BoundUnder(all, {group.begin(), group.end()})) {
      const std::vector<bool>& allowed = Devices(node);
      for (size_t d = 0; d < common.size(); ++d) common[d] = common[d] && allowed[d];
    }
    if (std::find(common.begin(), common.end(), true) == common.end()) {
      torn_.push_back(pair);
      continue;
    }
    states_.push_back(absl::StrCat("state '", pair.first, "', made as '", pair.second, "'"));
    together_.emplace_back(group.begin(), group.end());
    NarrowGroups();
  }
}

void DeviceConstraints::NarrowGroups() {
  // A few rounds at most, as rules that share nodes pass on what they know.
  for (bool changed = true; changed;) {
    changed = false;
    for (const std::vector<ir::NodeId>& group : together_) {
      if (group.empty()) continue;
      std::vector<bool> all = Devices(group.front());
      for (const ir::NodeId node : group) {
        const std::vector<bool>& allowed = Devices(node);
        for (size_t d = 0; d < all.size(); ++d) all[d] = all[d] && allowed[d];
      }
      const int32_t narrowed = ClassFor(all);
      for (const ir::NodeId node : group) {
        changed = changed || class_of_[node] != narrowed;
        class_of_[node] = narrowed;
      }
    }
  }
}

DeviceId DeviceConstraints::OnlyDevice(ir::NodeId node) const {
  DeviceId only;
  for (const DeviceId device : target_->devices.ids()) {
    if (!Allowed(node, device)) continue;
    if (only.valid()) return DeviceId();
    only = device;
  }
  return only;
}

const Rule* DeviceConstraints::PinOf(ir::NodeId id) const {
  for (size_t rule = 0; rule < rules().size(); ++rule) {
    // The first pin decides.
    if (rules()[rule].effect == Rule::Effect::kPin && RuleMatches(rule, id)) return &rules()[rule];
  }
  return nullptr;
}

bool DeviceConstraints::RuleMatches(size_t rule, ir::NodeId id) const {
  if (!selected_[rule].empty() && !selected_[rule][id]) return false;
  const ir::Node& node = module_->graph.node(id);
  return rules_.Matches(rule, (*features_)[id].name, node.domain, node.op_type);
}

bool DeviceConstraints::IsKeptTogether(ir::NodeId node) const {
  return std::any_of(together_.begin(), together_.end(), [&](const auto& group) {
    return std::binary_search(group.begin(), group.end(), node);
  });
}

bool DeviceConstraints::AllowedUnder(const std::vector<size_t>& kept, ir::NodeId node,
                                     DeviceId device) const {
  bool pinned = false;
  for (const size_t index : kept) {
    const Rule& rule = rules()[index];
    if (rule.effect == Rule::Effect::kTogether) continue;
    const bool pin = rule.effect == Rule::Effect::kPin;
    // The first pin decides; every rule that forbids counts.
    if ((pin && pinned) || !RuleMatches(index, node)) continue;
    pinned = pinned || pin;
    if ((rule.device == device) != pin) return false;
  }
  return !WhyUnsupportedOn(node, device).has_value();
}

std::vector<ir::NodeId> DeviceConstraints::BoundUnder(const std::vector<size_t>& kept,
                                                      const std::vector<ir::NodeId>& nodes) const {
  std::set<ir::NodeId> bound(nodes.begin(), nodes.end());
  std::set<size_t> rest(kept.begin(), kept.end());
  for (size_t state = rules().size(); state < together_.size(); ++state) rest.insert(state);
  for (bool grown = true; grown;) {
    grown = false;
    for (auto rule = rest.begin(); rule != rest.end();) {
      const std::vector<ir::NodeId>& group = together_[*rule];
      const bool touches = std::any_of(group.begin(), group.end(),
                                       [&](ir::NodeId node) { return bound.count(node) > 0; });
      if (touches) bound.insert(group.begin(), group.end());
      grown = grown || touches;
      rule = touches ? rest.erase(rule) : std::next(rule);
    }
  }
  return {bound.begin(), bound.end()};
}

std::optional<std::string> DeviceConstraints::WhyNot(ir::NodeId id, DeviceId device) const {
  std::optional<std::string> why = WhyNotAlone(id, device);
  if (why.has_value() || Allowed(id, device)) return why;
  std::vector<size_t> all;
  for (size_t rule = 0; rule < rules().size(); ++rule) all.push_back(rule);
  for (const ir::NodeId other : BoundUnder(all, {id})) {
    why = WhyNotAlone(other, device);
    if (!why.has_value()) continue;
    return absl::StrCat("has to be with '", (*features_)[other].name, "' by ", Keeper(other), ": ",
                        *why);
  }
  return std::nullopt;
}

std::string DeviceConstraints::Keeper(ir::NodeId node) const {
  for (size_t rule = 0; rule < together_.size(); ++rule) {
    if (!std::binary_search(together_[rule].begin(), together_[rule].end(), node)) continue;
    return rule < rules().size() ? rules()[rule].text : states_[rule - rules().size()];
  }
  return "";
}

std::optional<std::string> DeviceConstraints::WhyNotAlone(ir::NodeId id, DeviceId device) const {
  for (size_t rule = 0; rule < rules().size(); ++rule) {
    if (rules()[rule].effect == Rule::Effect::kForbid && rules()[rule].device == device &&
        RuleMatches(rule, id)) {
      return absl::StrCat("forbidden by ", rules()[rule].text);
    }
  }
  if (const Rule* pin = PinOf(id); pin != nullptr && pin->device != device) {
    return absl::StrCat("pinned to ", target_->devices[pin->device].name, " by ", pin->text);
  }
  return WhyUnsupportedOn(id, device);
}

std::optional<std::string> DeviceConstraints::WhyUnsupportedOn(ir::NodeId node,
                                                               DeviceId device) const {
  if (folded_[node]) return std::nullopt;
  return WhyUnsupportedHere(module_->graph.node(node), (*features_)[node],
                            target_->devices[device]);
}

std::optional<std::string> DeviceConstraints::WhyUnsupportedHere(const ir::Node& node,
                                                                 const OpFeatures& features,
                                                                 const Device& device) const {
  if (std::optional<std::string> why = WhyOpUnsupported(node, features, device, 0)) return why;
  if (!device.dynamic_shapes && !HasStaticShapes(module_->graph, node)) {
    return absl::StrCat(device.name,
                        " needs shapes that are fully known (see infer-shapes and --dim)");
  }
  return std::nullopt;
}

std::optional<std::string> DeviceConstraints::WhyOpUnsupported(const ir::Node& node,
                                                               const OpFeatures& features,
                                                               const Device& device,
                                                               int depth) const {
  if (depth > kMaxDepth) return absl::StrCat(device.name, " cannot run bodies nested so deep");
  std::optional<std::string> why = WhyUnsupported(features, device);
  if (const int32_t called = functions_.Find(node); called >= 0) {
    // A device that names the function knows it; any other runs its body if it can.
    if (!device.supported_ops.empty() && !why.has_value()) return std::nullopt;
    if (device.supported_ops.empty() && why.has_value()) return why;
    why = WhyFunctionUnsupported(static_cast<size_t>(called), device);
    if (why.has_value() && depth == 0) *why += ", which its body uses";
    return why;
  }
  if (why.has_value()) return why;
  for (const ir::Graph& body : node.regions) {
    if ((why = WhyGraphUnsupported(body, device, depth + 1))) {
      if (depth == 0) *why += ", which its body uses";
      return why;
    }
  }
  return std::nullopt;
}

std::optional<std::string> DeviceConstraints::WhyFunctionUnsupported(size_t function,
                                                                     const Device& device) const {
  if (heights_[function] > kMaxDepth) {
    return absl::StrCat(device.name, " cannot run functions that call each other so deep");
  }
  const auto known = known_.find({function, &device});
  if (known != known_.end()) return known->second;
  std::optional<std::string> why =
      WhyGraphUnsupported(module_->functions[function].body, device, 1);
  known_.emplace(std::pair(function, &device), why);
  return why;
}

std::vector<int> DeviceConstraints::CallHeights(const ir::Module& module,
                                                const CalledFunctions& functions) {
  const size_t count = module.functions.size();
  std::vector<std::vector<size_t>> callers(count);
  for (size_t caller = 0; caller < count; ++caller) {
    std::set<size_t> called;
    std::vector<const ir::Graph*> open = {&module.functions[caller].body};
    while (!open.empty()) {
      const ir::Graph& graph = *open.back();
      open.pop_back();
      for (const ir::NodeId id : graph.nodes()) {
        const ir::Node& node = graph.node(id);
        for (const ir::Graph& body : node.regions) open.push_back(&body);
        if (const int32_t callee = functions.Find(node); callee >= 0) {
          called.insert(static_cast<size_t>(callee));
        }
      }
    }
    for (const size_t callee : called) callers[callee].push_back(caller);
  }
  // From those that call none; the rest call themselves.
  std::vector<int> heights(count, kMaxDepth + 1), reached(count, 1);
  for (const size_t function : SortTopologically(count, SuccessorsIn(callers)).order) {
    heights[function] = std::min(reached[function], kMaxDepth + 1);
    for (const size_t caller : callers[function]) {
      reached[caller] = std::max(reached[caller], heights[function] + 1);
    }
  }
  return heights;
}

std::optional<std::string> DeviceConstraints::WhyGraphUnsupported(const ir::Graph& graph,
                                                                  const Device& device,
                                                                  int depth) const {
  for (const ir::NodeId id : graph.nodes()) {
    const ir::Node& node = graph.node(id);
    if (node.Is("Constant")) continue;
    std::optional<std::string> why = WhyOpUnsupported(node, Lookup(graph, node), device, depth);
    if (why.has_value()) return why;
  }
  return std::nullopt;
}

bool DeviceConstraints::HasStaticShapes(const ir::Graph& graph, const ir::Node& node) const {
  for (const std::vector<ir::ValueId>* values : {&node.operands, &node.results, &node.captures}) {
    for (const ir::ValueId value : *values) {
      if (value.valid() && !HasStaticType(graph.value(value))) return false;
    }
  }
  for (const ir::Graph& body : node.regions) {
    for (const ir::NodeId inner : body.nodes()) {
      if (!HasStaticShapes(body, body.node(inner))) return false;
    }
  }
  return true;
}

}  // namespace allot
