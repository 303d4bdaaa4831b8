#include "passes/device_constraints.h"

#include <map>
#include <tuple>
#include <utility>

#include "absl/strings/str_cat.h"

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

absl::StatusOr<DeviceConstraints> DeviceConstraints::Make(const ir::Module& module,
                                                          const ir::Plan& plan,
                                                          const Target& target) {
  ALLOT_ASSIGN_OR_RETURN(RuleMatcher rules, RuleMatcher::Make(target.rules));
  DeviceConstraints constraints(module, plan, target, std::move(rules));
  constraints.class_of_.resize(module.graph.node_id_bound(), -1);
  std::map<std::vector<bool>, int32_t> known;
  for (const ir::NodeId node : module.graph.nodes()) {
    std::vector<bool> allowed(target.devices.size());
    for (const DeviceId device : target.devices.ids()) {
      allowed[static_cast<size_t>(device.index())] = !constraints.WhyNot(node, device).has_value();
    }
    const auto [entry, is_new] =
        known.try_emplace(std::move(allowed), static_cast<int32_t>(constraints.classes_.size()));
    if (is_new) constraints.classes_.push_back(entry->first);
    constraints.class_of_[node] = entry->second;
  }
  return constraints;
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
  const ir::Node& node = module_->graph.node(id);
  const std::optional<size_t> pin = rules_.Pin(plan_->features[id].name, node.domain, node.op_type);
  return pin.has_value() ? &rules_.rules()[*pin] : nullptr;
}

bool DeviceConstraints::RuleMatches(size_t rule, ir::NodeId id) const {
  const ir::Node& node = module_->graph.node(id);
  return rules_.Matches(rule, plan_->features[id].name, node.domain, node.op_type);
}

bool DeviceConstraints::AllowedUnder(const std::vector<size_t>& kept, ir::NodeId node,
                                     DeviceId device) const {
  bool pinned = false;
  for (const size_t index : kept) {
    const Rule& rule = rules_.rules()[index];
    const bool pin = rule.effect == Rule::Effect::kPin;
    // The first pin decides; every rule that forbids counts.
    if ((pin && pinned) || !RuleMatches(index, node)) continue;
    pinned = pinned || pin;
    if ((rule.device == device) != pin) return false;
  }
  return !WhyUnsupportedOn(node, device).has_value();
}

std::optional<std::string> DeviceConstraints::WhyNot(ir::NodeId id, DeviceId device) const {
  const ir::Node& node = module_->graph.node(id);
  const OpFeatures& features = plan_->features[id];
  if (!rules_.rules().empty()) {
    if (const std::optional<size_t> forbidden =
            rules_.Forbidden(features.name, node.domain, node.op_type, device)) {
      return absl::StrCat("forbidden by ", rules_.rules()[*forbidden].text);
    }
    if (const Rule* pin = PinOf(id); pin != nullptr && pin->device != device) {
      return absl::StrCat("pinned to ", target_->devices[pin->device].name, " by ", pin->text);
    }
  }
  return WhyUnsupportedOn(id, device);
}

std::optional<std::string> DeviceConstraints::WhyUnsupportedOn(ir::NodeId node,
                                                               DeviceId device) const {
  if (folded_[node]) return std::nullopt;
  return WhyUnsupportedHere(module_->graph.node(node), plan_->features[node],
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
    return WhyGraphUnsupported(module_->functions[static_cast<size_t>(called)].body, device,
                               depth + 1);
  }
  if (why.has_value()) return why;
  for (const ir::Graph& body : node.regions) {
    if ((why = WhyGraphUnsupported(body, device, depth + 1))) return why;
  }
  return std::nullopt;
}

std::optional<std::string> DeviceConstraints::WhyGraphUnsupported(const ir::Graph& graph,
                                                                  const Device& device,
                                                                  int depth) const {
  for (const ir::NodeId id : graph.nodes()) {
    const ir::Node& node = graph.node(id);
    if (node.Is("Constant")) continue;
    std::optional<std::string> why = WhyOpUnsupported(node, Lookup(graph, node), device, depth);
    if (why.has_value()) return absl::StrCat(*why, depth == 1 ? ", which its body uses" : "");
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
