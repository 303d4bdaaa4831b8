// Which devices may run a node, and why the others may not: operator and type support, rules of the
// target or the command line, and shapes that are not fully known.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"

#include "ir/called_function.h"
#include "ir/module.h"
#include "ir/plan_stages.h"
#include "operators/features/constant_work.h"
#include "passes/pipeline/pass.h"
#include "support/id.h"
#include "target/op_features.h"
#include "target/rule.h"
#include "target/target.h"

namespace allot {

class DeviceConstraints {
 public:
  // The arguments must outlive the result; `features` are those of the main graph's nodes. An error
  // is a rule whose pattern cannot be read. Linear in the graph for each rule about where nodes
  // stand.
  static absl::StatusOr<DeviceConstraints> Make(const ir::Module& module,
                                                const IdVector<ir::NodeId, OpFeatures>& features,
                                                const Target& target);

  bool Allowed(ir::NodeId node, DeviceId device) const {
    return classes_[static_cast<size_t>(class_of_[node])][static_cast<size_t>(device.index())];
  }
  // The reason in words, or nullopt if the device may run the node. What rules keep together may
  // run where all of it may.
  std::optional<std::string> WhyNot(ir::NodeId node, DeviceId device) const;
  // The part of it that is no rule's doing: the operator, its type, its shapes. Nothing of what a
  // runtime folds when it loads a model: no device runs that.
  std::optional<std::string> WhyUnsupportedOn(ir::NodeId node, DeviceId device) const;
  // The rule that pins the node, or nullptr.
  const Rule* PinOf(ir::NodeId node) const;
  const std::vector<Rule>& rules() const { return rules_.rules(); }
  bool RuleMatches(size_t rule, ir::NodeId node) const;
  // The nodes that a rule keeps together, ascending; empty for rules of another effect. Behind the
  // rules come the states of the model: what makes one with what reads it, where one device can
  // run all of it.
  const std::vector<ir::NodeId>& KeptTogether(size_t rule) const { return together_[rule]; }
  size_t num_kept_together() const { return together_.size(); }
  // Inputs whose state has to change devices, with what makes it.
  const std::vector<std::pair<std::string, std::string>>& torn_states() const { return torn_; }
  bool IsKeptTogether(ir::NodeId node) const;
  // What the answers would be with none but some of the rules, by ascending index: whether the
  // device may run the node, whatever that is kept together with, and all that must be with
  // `nodes`.
  bool AllowedUnder(const std::vector<size_t>& kept, ir::NodeId node, DeviceId device) const;
  std::vector<ir::NodeId> BoundUnder(const std::vector<size_t>& kept,
                                     const std::vector<ir::NodeId>& nodes) const;
  // The one device that may run the node; invalid if there are several or none.
  DeviceId OnlyDevice(ir::NodeId node) const;

  // Nodes of one class may run on the same devices.
  int32_t ClassOf(ir::NodeId node) const { return class_of_[node]; }
  // By device index: whether it may run the node.
  const std::vector<bool>& Devices(ir::NodeId node) const {
    return classes_[static_cast<size_t>(class_of_[node])];
  }

 private:
  DeviceConstraints(const ir::Module& module, const IdVector<ir::NodeId, OpFeatures>& features,
                    const Target& target, RuleMatcher rules)
      : module_(&module),
        features_(&features),
        target_(&target),
        rules_(std::move(rules)),
        functions_(module),
        heights_(CallHeights(module, functions_)),
        folded_(FindConstantWork(module).folded) {}

  static std::vector<int> CallHeights(const ir::Module& module, const CalledFunctions& functions);
  // Fills selected_ and together_.
  void FindMatches();
  // Nodes to which something leads from `seeds`, or with `backwards` from which it leads there.
  IdVector<ir::NodeId, bool> Reached(const std::vector<ir::NodeId>& seeds, bool backwards) const;
  // Behind the rules: what makes and what reads each state.
  void KeepStates();
  // What each node may run on is narrowed down to what all that are kept with it may.
  void NarrowGroups();
  // The class of nodes that may run on these devices, by device.
  int32_t ClassFor(const std::vector<bool>& allowed);
  // How the first rule that keeps the node together with others is written.
  std::string Keeper(ir::NodeId node) const;
  // The reason why the device may not run the node, by itself.
  std::optional<std::string> WhyNotAlone(ir::NodeId node, DeviceId device) const;
  std::optional<std::string> WhyUnsupportedHere(const ir::Node& node, const OpFeatures& features,
                                                const Device& device) const;
  std::optional<std::string> WhyGraphUnsupported(const ir::Graph& graph, const Device& device,
                                                 int depth) const;
  std::optional<std::string> WhyOpUnsupported(const ir::Node& node, const OpFeatures& features,
                                              const Device& device, int depth) const;
  // Of the body of a function, from the second time on from memory: functions that call functions
  // twice would take exponentially long.
  std::optional<std::string> WhyFunctionUnsupported(size_t function, const Device& device) const;
  bool HasStaticShapes(const ir::Graph& graph, const ir::Node& node) const;

  const ir::Module* module_;
  const IdVector<ir::NodeId, OpFeatures>* features_;
  const Target* target_;
  RuleMatcher rules_;
  // By rule: which nodes stand where it says; empty if it says nothing of that.
  std::vector<IdVector<ir::NodeId, bool>> selected_;
  std::vector<std::vector<ir::NodeId>> together_;  // by rule, then by state
  std::vector<std::string> states_;                // behind the rules: what is kept, in words
  std::vector<std::pair<std::string, std::string>> torn_;
  CalledFunctions functions_;
  // By function: how deep calls go below it, itself counted; more than kMaxDepth is that much.
  std::vector<int> heights_;
  // By function and device. One thread asks at a time.
  mutable std::map<std::pair<size_t, const Device*>, std::optional<std::string>> known_;
  IdVector<ir::NodeId, bool> folded_;
  IdVector<ir::NodeId, int32_t> class_of_;
  std::vector<std::vector<bool>> classes_;  // by class, by device
  std::map<std::vector<bool>, int32_t> known_classes_;
};

// Those of the plan's operators on the target.
struct PlanConstraints {
  using Result = DeviceConstraints;
  static constexpr ir::PlanStage kReads = ir::PlanStage::kCosts;
  static absl::StatusOr<DeviceConstraints> Make(const ir::Module& module, const ir::Plan& plan,
                                                const PassContext& context) {
    const ScopedStep step(context, "DeviceConstraints");
    return DeviceConstraints::Make(module, plan.features, *context.target);
  }
};

}  // namespace allot
