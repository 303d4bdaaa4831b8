// Says for every cluster why it is where it is: a rule, the only device that can, memory, or the
// objective; and what had to stay together with it.
#include <algorithm>
#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"

#include "passes/cluster_problem.h"
#include "passes/coarsening/uncuttable.h"
#include "passes/device_constraints.h"
#include "passes/pass.h"
#include "passes/requirements.h"
#include "placement/evaluator.h"
#include "support/status.h"

namespace allot {
namespace {

struct ExplainOptions {
  int64_t work = 4'000'000;
};

class Explaining {
 public:
  Explaining(const ir::Module& module, const ir::Plan& plan, const PassContext& context,
             const BuiltProblem& built, const DeviceConstraints& constraints, int64_t work)
      : graph_(module.graph),
        plan_(plan),
        target_(*context.target),
        objective_(ir::ObjectiveName(context.objective)),
        nodes_(built.nodes),
        problem_(built.problem),
        flow_graph_(BuildGraph(built.problem)),
        evaluator_(problem_, flow_graph_),
        constraints_(constraints),
        solution_(PlannedSolution(plan)),
        work_(work) {
    value_ = evaluator_.Value(solution_).objective;
  }

  std::string Reason(ItemId item) {
    const DeviceId device = solution_.device_of[item];
    std::vector<std::string> reasons;
    if (std::optional<std::string> pin = Pin(item)) {
      reasons.push_back(*std::move(pin));
    } else if (std::optional<std::string> only = OnlyDevice(item, device)) {
      reasons.push_back(*std::move(only));
    } else {
      reasons.push_back(Alternatives(item, device));
    }
    if (std::optional<std::string> held = HeldTogether(item)) reasons.push_back(*std::move(held));
    return absl::StrJoin(reasons, "; ");
  }

 private:
  const std::string& NodeName(ir::NodeId node) const { return plan_.features[node].name; }
  const std::string& DeviceName(DeviceId device) const { return target_.devices[device].name; }

  // " (its node 'x')" where the cluster has others too.
  std::string Which(ItemId item, ir::NodeId node) const {
    return nodes_[item].size() > 1 ? absl::StrCat(" (its node '", NodeName(node), "')") : "";
  }

  std::optional<std::string> Pin(ItemId item) const {
    for (const ir::NodeId node : nodes_[item]) {
      if (const Rule* pin = constraints_.PinOf(node); pin != nullptr) {
        return absl::StrCat("pinned by ", pin->text, Which(item, node));
      }
    }
    return std::nullopt;
  }

  std::optional<std::string> OnlyDevice(ItemId item, DeviceId device) const {
    std::vector<std::string> others;
    for (const DeviceId other : target_.devices.ids()) {
      if (other == device) continue;
      if (problem_.items[item].time[other].has_value()) return std::nullopt;
      for (const ir::NodeId node : nodes_[item]) {
        if (std::optional<std::string> why = constraints_.WhyNot(node, other)) {
          others.push_back(absl::StrCat(*why, Which(item, node)));
          break;
        }
      }
    }
    if (others.empty()) return absl::StrCat(DeviceName(device), " is the only device");
    return absl::StrCat("only ", DeviceName(device), " can run it: ", absl::StrJoin(others, "; "));
  }

  // What the objective would be with this one cluster on each other device.
  std::string Alternatives(ItemId item, DeviceId device) {
    const auto evaluation = static_cast<int64_t>(problem_.items.size() + problem_.flows.size());
    std::optional<std::pair<Picos, DeviceId>> next;
    std::vector<std::string> full;
    for (const DeviceId other : target_.devices.ids()) {
      if (other == device || !problem_.items[item].time[other].has_value()) continue;
      if (work_ < evaluation) {
        return absl::StrCat("objective: placed for the least ", objective_,
                            " (too large a model to try the alternatives one by one)");
      }
      work_ -= evaluation;
      solution_.device_of[item] = other;
      const Score score = evaluator_.FullScore(solution_);
      solution_.device_of[item] = device;
      if (!score.feasible) {
        full.push_back(
            absl::StrCat(DeviceName(other), score.peak[other] > problem_.devices[other].memory
                                                ? " has no memory left for it"
                                                : " cannot take it from or to its neighbours"));
        continue;
      }
      if (!next || score.objective < next->first) next = {score.objective, other};
    }
    std::vector<std::string> reasons;
    if (next) {
      const Picos change = next->first - value_;
      reasons.push_back(absl::StrCat(
          "objective: on ", DeviceName(next->second), " alone it would ",
          change == 0 ? absl::StrCat("not change the ", objective_)
                      : absl::StrCat("change the ", objective_, " by ", change > 0 ? "+" : "-",
                                     TimeText(std::abs(change))),
          " before launches"));
    }
    if (!full.empty()) reasons.push_back(absl::StrCat("memory: ", absl::StrJoin(full, ", ")));
    return absl::StrJoin(reasons, "; ");
  }

  // The first value inside the cluster that cannot cross between files.
  std::optional<std::string> HeldTogether(ItemId item) const {
    for (const ir::NodeId node : nodes_[item]) {
      for (const ir::ValueId result : graph_.node(node).results) {
        const ir::Value& value = graph_.value(result);
        if (graph_.users(result).empty() || !IsUncuttable(value.type)) continue;
        return absl::StrCat("uncuttable: '", value.name, "' from '", NodeName(node), "' to '",
                            NodeName(graph_.users(result)[0]),
                            "' is no tensor of known rank, so it cannot cross between files");
      }
    }
    return std::nullopt;
  }

  const ir::Graph& graph_;
  const ir::Plan& plan_;
  const Target& target_;
  const absl::string_view objective_;
  const IdVector<ItemId, std::vector<ir::NodeId>>& nodes_;
  const PlacementProblem& problem_;
  const ProblemGraph flow_graph_;
  Evaluator evaluator_;
  const DeviceConstraints& constraints_;
  Solution solution_;
  Picos value_ = 0;
  int64_t work_;
};

class Explain final : public PlanPass {
 public:
  explicit Explain(ExplainOptions options) : options_(options) {}

  absl::Status Run(const ir::Module& module, ir::Plan& plan, PassContext& context) const override {
    if (options_.work < 0) return InputError("work=", options_.work, " is negative");
    ALLOT_ASSIGN_OR_RETURN(BuiltProblem built, BuildClusterProblem(module, plan, context));
    ALLOT_RETURN_IF_ERROR(RequireStage(module, plan, context, PlanStage::kPlacement));
    ALLOT_ASSIGN_OR_RETURN(const DeviceConstraints constraints,
                           DeviceConstraints::Make(module, plan, *context.target));
    plan.reasons.clear();
    if (built.problem.items.empty()) return absl::OkStatus();
    Explaining explaining(module, plan, context, built, constraints, options_.work);
    for (const ItemId item : built.problem.items.ids()) {
      plan.reasons.Add(explaining.Reason(item));
    }
    return absl::OkStatus();
  }

 private:
  ExplainOptions options_;
};

}  // namespace

Entry<PlanPass> ExplainEntry() {
  return MakeEntry<PlanPass, Explain>(
      "explain", "say for every cluster why it is on its device",
      OptionSchema<ExplainOptions>().Add(
          "work", &ExplainOptions::work,
          "effort spent on alternatives, about one visit of a cluster each"));
}

}  // namespace allot
