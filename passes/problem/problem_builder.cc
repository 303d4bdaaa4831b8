#include "passes/problem/problem_builder.h"

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"

#include "operators/features/constant_work.h"
#include "operators/features/training_roles.h"
#include "passes/coarsening/node_groups.h"
#include "passes/coarsening/uncuttable.h"
#include "passes/nodes/constant_uses.h"
#include "passes/nodes/device_constraints.h"
#include "passes/nodes/kernel_costs.h"
#include "passes/nodes/travellers.h"
#include "passes/pipeline/analyses.h"
#include "passes/problem/blame_rules.h"
#include "passes/problem/requirements.h"
#include "support/status.h"

namespace allot {
namespace {

class ProblemBuilder {
 public:
  ProblemBuilder(const ir::Module& module, const ir::Plan& plan,
                 const IdVector<ir::NodeId, ItemId>& group_of, size_t num_groups,
                 const PassContext& context, const DeviceConstraints& constraints,
                 const std::vector<WeightedWork>& scenarios)
      : module_(module),
        graph_(module.graph),
        plan_(plan),
        work_(FindConstantWork(module)),
        group_of_(group_of),
        target_(*context.target),
        constraints_(constraints),
        objective_(context.objective),
        scenarios_(scenarios),
        costs_(module.graph, plan, *context.cost_model, *context.target, scenarios) {
    built_.nodes = NodeGrouping{group_of, num_groups}.Members();
    built_.problem.objective = context.objective == ir::Objective::kLatency
                                   ? PlacementObjective::kLatency
                                   : PlacementObjective::kThroughput;
  }

  absl::StatusOr<BuiltProblem> Build() {
    ALLOT_RETURN_IF_ERROR(CheckScenarios());
    AddMachine();
    for (const ItemId item : built_.nodes.ids()) ALLOT_RETURN_IF_ERROR(AddItem(item));
    AddFlows();
    AddWeights();
    AddGroups();
    AddPasses();
    // Sizes out of range, or groups that need each other.
    ALLOT_RETURN_IF_ERROR(Check(built_.problem), "cannot be placed: ");
    built_.graph = BuildGraph(built_.problem);
    return std::move(built_);
  }

 private:
  void AddMachine() {
    PlacementProblem& problem = built_.problem;
    for (const Device& device : target_.devices) {
      problem.devices.Add(
          {.name = device.name,
           .memory = device.memory,
           .part_cost = std::min(
               kMaxPicos, SaturatingMultiply(device.part_cost, InferencesOfRound(scenarios_))),
           .max_parts = device.max_parts});
    }
    problem.num_channels = target_.channels.size();
    problem.routes = target_.routes;
    if (CopiesCount()) problem.communication = Communication::kBlocking;
  }

  // In a steady stream devices that copy tensors themselves have no time to compute meanwhile. For
  // one inference that makes no difference: whoever waits for a tensor has nothing else to do.
  bool CopiesCount() const {
    if (objective_ != ir::Objective::kThroughput || target_.devices.size() < 2) return false;
    for (const DeviceId from : target_.devices.ids()) {
      if (!target_.devices[from].copies) return false;
      for (const DeviceId to : target_.devices.ids()) {
        if (!target_.routes[from][to].has_value()) return false;
      }
    }
    return true;
  }

  // What a tensor costs the devices that copy it: half a transfer to write it, half to read it.
  IdVector<DeviceId, Picos> CopyTimes(Bytes bytes) const {
    IdVector<DeviceId, Picos> times(target_.devices.size(), Picos{0});
    for (const DeviceId from : target_.devices.ids()) {
      for (const DeviceId to : target_.devices.ids()) {
        if (from == to) continue;
        const Picos half = target_.routes[from][to]->Time(bytes) / 2;
        times[from] = std::max(times[from], half);
        times[to] = std::max(times[to], half);
      }
    }
    return times;
  }

  IdVector<DeviceId, Picos> CopyTimesOfRound(ir::ValueId value) const {
    if (scenarios_.empty()) return CopyTimes(plan_.value_bytes[value]);
    IdVector<DeviceId, Picos> sums(target_.devices.size(), Picos{0});
    for (const auto& [work, weight] : scenarios_) {
      const IdVector<DeviceId, Picos> times = CopyTimes(work.value_bytes[value]);
      for (const DeviceId d : sums.ids()) AddTimes(times[d], weight, sums[d]);
    }
    return sums;
  }

  // Of all scenarios together; every two devices have a route.
  IdVector<DeviceId, IdVector<DeviceId, Picos>> TransferTimesOfRound(ir::ValueId value) const {
    const IdVector<DeviceId, Picos> none(target_.devices.size(), Picos{0});
    IdVector<DeviceId, IdVector<DeviceId, Picos>> sums(target_.devices.size(), none);
    for (const auto& [work, weight] : scenarios_) {
      for (const DeviceId from : target_.devices.ids()) {
        for (const DeviceId to : target_.devices.ids()) {
          if (from == to) continue;
          const Picos time = target_.routes[from][to]->Time(work.value_bytes[value]);
          AddTimes(time, weight, sums[from][to]);
        }
      }
    }
    return sums;
  }
  static void AddTimes(Picos time, int64_t weight, Picos& sum) {
    sum = std::min(kMaxPicos, SaturatingAdd(sum, SaturatingMultiply(time, weight)));
  }

  // Their times could not be told from those of routes.
  absl::Status CheckScenarios() const {
    if (scenarios_.empty()) return absl::OkStatus();
    for (const DeviceId from : target_.devices.ids()) {
      for (const DeviceId to : target_.devices.ids()) {
        if (target_.routes[from][to].has_value()) continue;
        return InputError("scenarios need a path between any two devices, and none joins ",
                          target_.devices[from].name, " and ", target_.devices[to].name,
                          ": add a link, or plan without --scenario");
      }
    }
    return absl::OkStatus();
  }

  absl::Status AddItem(ItemId id) {
    const std::vector<ir::NodeId>& nodes = built_.nodes[id];
    std::vector<DeviceId> allowed;
    for (const DeviceId device : target_.devices.ids()) {
      const bool runs = std::all_of(nodes.begin(), nodes.end(), [&](ir::NodeId node) {
        return constraints_.Allowed(node, device);
      });
      if (runs) allowed.push_back(device);
    }
    if (allowed.empty()) return Infeasible(nodes);
    ALLOT_RETURN_IF_ERROR(CheckTravellers(nodes, allowed));
    PlacementProblem::Item item;
    item.time.resize(target_.devices.size());
    for (const DeviceId device : allowed) item.time[device] = 0;
    for (const KernelNodes& kernel : costs_.Kernels(nodes)) {
      ALLOT_ASSIGN_OR_RETURN(const std::vector<Picos> times, costs_.Times(kernel, allowed));
      for (size_t i = 0; i < allowed.size(); ++i) {
        std::optional<Picos>& sum = item.time[allowed[i]];
        sum = std::min(kMaxPicos, SaturatingAdd(*sum, times[i]));
      }
    }
    item.name = Name(nodes);
    item.workspace = Workspace(id);
    built_.problem.items.Add(std::move(item));
    return absl::OkStatus();
  }

  // What travels was chosen under the rules that held then.
  absl::Status CheckTravellers(const std::vector<ir::NodeId>& nodes,
                               const std::vector<DeviceId>& allowed) const {
    for (const ir::NodeId traveller : TravellersOf(graph_, plan_, nodes)) {
      for (const DeviceId device : allowed) {
        const std::optional<std::string> why = constraints_.WhyNot(traveller, device);
        if (!why.has_value()) continue;
        return InputError("node '", plan_.features[traveller].name, "' travels with its user '",
                          plan_.features[nodes.front()].name, "', but cannot be on ",
                          target_.devices[device].name, ": ", *why, "; run coarsen again");
      }
    }
    return absl::OkStatus();
  }

  // The first node with the most arithmetic stands for all.
  std::string Name(const std::vector<ir::NodeId>& nodes) const {
    if (nodes.empty()) return "empty";
    ir::NodeId best = nodes.front();
    for (const ir::NodeId node : nodes) {
      if (plan_.features[node].flops > plan_.features[best].flops) best = node;
    }
    const std::string& name = plan_.features[best].name;
    return nodes.size() == 1 ? name : absl::StrCat(name, " +", nodes.size() - 1);
  }

  // The largest sum of the tensors that live only inside the item, at any time while it runs its
  // nodes in order. What a kernel keeps to itself is never in memory.
  Bytes Workspace(ItemId id) const {
    std::vector<std::pair<ir::NodeId, Bytes>> ends;  // last user, bytes
    Bytes live = 0, peak = 0;
    size_t done = 0;
    std::vector<std::pair<ir::NodeId, std::pair<ir::NodeId, Bytes>>> spans;  // producer, end
    for (const ir::NodeId node : built_.nodes[id]) {
      for (const ir::ValueId result : graph_.node(node).results) {
        const absl::Span<const ir::NodeId> users = graph_.users(result);
        if (users.empty() || graph_.IsOutput(result) || plan_.value_bytes[result] == 0) continue;
        bool inside = true, in_kernel = true;
        for (const ir::NodeId user : users) {
          inside = inside && group_of_[user] == id;
          in_kernel = in_kernel && plan_.kernel_of[user] == plan_.kernel_of[node];
        }
        if (inside && !in_kernel) {
          spans.push_back({node, {users.back(), plan_.value_bytes[result]}});
          ends.push_back({users.back(), plan_.value_bytes[result]});
        }
      }
    }
    std::sort(ends.begin(), ends.end());
    for (const auto& [producer, end] : spans) {  // producers ascend
      while (done < ends.size() && ends[done].first < producer) live -= ends[done++].second;
      live += end.second;
      peak = std::max(peak, live);
    }
    return peak;
  }

  // An error about nodes that must be together, with the rules that forbid it in front if any do.
  absl::Status Blamed(const std::vector<ir::NodeId>& nodes, const std::string& error) const {
    const std::optional<RuleClash> clash = ClashAt(constraints_, target_, nodes);
    if (!clash.has_value()) return InputError(error);
    return InputError("no placement: ", Describe(*clash, target_.rules), "; ", Remedy(*clash), " (",
                      error, ")");
  }

  absl::Status Infeasible(const std::vector<ir::NodeId>& nodes) const {
    // A single node that nothing can run says it best.
    for (const ir::NodeId node : nodes) {
      std::vector<std::string> reasons;
      bool runs_somewhere = false;
      for (const DeviceId device : target_.devices.ids()) {
        std::optional<std::string> why = constraints_.WhyNot(node, device);
        runs_somewhere = runs_somewhere || !why.has_value();
        if (why.has_value()) {
          reasons.push_back(absl::StrCat(target_.devices[device].name, ": ", *why));
        }
      }
      if (runs_somewhere) continue;
      return Blamed({node}, absl::StrCat("node '", plan_.features[node].name, "' (",
                                         graph_.node(node).op_type,
                                         ") can run nowhere: ", absl::StrJoin(reasons, "; ")));
    }
    std::vector<std::string> reasons;
    for (const DeviceId device : target_.devices.ids()) {
      for (const ir::NodeId node : nodes) {
        const std::optional<std::string> why = constraints_.WhyNot(node, device);
        if (!why.has_value()) continue;
        reasons.push_back(absl::StrCat(target_.devices[device].name, ": node '",
                                       plan_.features[node].name, "': ", *why));
        break;
      }
    }
    std::string error = absl::StrCat(
        "nodes '", plan_.features[nodes.front()].name, "' to '", plan_.features[nodes.back()].name,
        "' (", nodes.size(),
        ") must run on one device, and no device can run them all: ", absl::StrJoin(reasons, "; "));
    if (const ir::ValueId value = FirstUncuttable(graph_, nodes); value.valid()) {
      absl::StrAppend(&error, "; they must, since ", WhyUncuttable(graph_.value(value)),
                      " and cannot cross between files: ", RemedyFor(graph_.value(value).type));
    }
    return Blamed(nodes, error);
  }

  void AddFlows() {
    const bool copies_count = CopiesCount();
    for (const ir::NodeId node : group_of_.ids()) {
      const ItemId from = group_of_[node];
      if (!from.valid()) continue;
      for (const ir::ValueId result : graph_.node(node).results) {
        std::vector<ItemId> to;
        for (const ir::NodeId user : graph_.users(result)) {
          const ItemId item = group_of_[user];
          if (item.valid() && item != from) to.push_back(item);
        }
        if (to.empty()) continue;
        std::sort(to.begin(), to.end());
        to.erase(std::unique(to.begin(), to.end()), to.end());
        const Bytes bytes = plan_.value_bytes[result];
        PlacementProblem::Flow flow{from, std::move(to), bytes, {}};
        if (copies_count) flow.staging = CopyTimesOfRound(result);
        if (!copies_count && !scenarios_.empty()) flow.time = TransferTimesOfRound(result);
        built_.problem.flows.Add(std::move(flow));
        built_.values.Add(result);
      }
    }
  }

  // Each constant is resident once on every device that uses it. Constants with the same users
  // count as one.
  void AddWeights() {
    std::map<std::vector<ItemId>, Bytes> bytes_of;
    for (auto& [constant, items] : ConstantUses(module_, group_of_)) {
      Keep(module_.constants[constant].bytes(), items, bytes_of);
    }
    AddTravellingResults(bytes_of);
    AddStates(bytes_of);
    for (auto& [items, bytes] : bytes_of) built_.problem.shared.push_back({bytes, items});
  }

  // What travelling nodes compute is there wherever it is used, like a weight, whether a runtime
  // folds them or computes them anew.
  void AddTravellingResults(std::map<std::vector<ItemId>, Bytes>& bytes_of) {
    IdVector<ir::NodeId, std::vector<ItemId>> items_of(graph_.node_id_bound());
    for (const ItemId item : built_.nodes.ids()) {
      for (const ir::NodeId traveller : TravellersOf(graph_, plan_, built_.nodes[item])) {
        items_of[traveller].push_back(item);
      }
    }
    for (const ir::NodeId node : items_of.ids()) {
      if (items_of[node].empty()) continue;
      Bytes bytes = 0;
      for (const ir::ValueId result : graph_.node(node).results) {
        if (!OnlyFolded(node, result)) bytes = SaturatingAdd(bytes, plan_.value_bytes[result]);
      }
      Keep(bytes, items_of[node], bytes_of);
    }
  }

  // What is fed back lies, between two runs and while others run, where it is read and made: of a
  // decoder the caches of all layers at once.
  void AddStates(std::map<std::vector<ItemId>, Bytes>& bytes_of) {
    if (module_.state.empty()) return;
    const std::map<std::string, std::string> made_as(module_.state.begin(), module_.state.end());
    std::map<std::string, ir::ValueId> outputs;
    for (const ir::ValueId output : graph_.outputs()) outputs[graph_.value(output).name] = output;
    for (const ir::ValueId input : graph_.inputs()) {
      const auto made = made_as.find(graph_.value(input).name);
      if (made == made_as.end()) continue;
      std::set<ItemId> items;
      const auto add = [&](ir::NodeId node) {
        if (node.valid() && group_of_[node].valid()) items.insert(group_of_[node]);
      };
      for (const ir::NodeId user : graph_.users(input)) {
        if (!graph_.node(user).Is("Shape") && !graph_.node(user).Is("Size")) add(user);
      }
      if (const auto output = outputs.find(made->second); output != outputs.end()) {
        add(graph_.value(output->second).producer);
      }
      if (items.empty()) continue;
      Keep(plan_.value_bytes[input], {items.begin(), items.end()}, bytes_of);
    }
  }

  // Adds `bytes` that are resident once wherever any of `items` is.
  void Keep(Bytes bytes, const std::vector<ItemId>& items,
            std::map<std::vector<ItemId>, Bytes>& bytes_of) {
    if (bytes == 0) return;
    Bytes& sum = items.size() == 1 ? built_.problem.items[items[0]].memory : bytes_of[items];
    sum = SaturatingAdd(sum, bytes);
  }

  // Whether the value exists only while a runtime folds what uses it.
  bool OnlyFolded(ir::NodeId producer, ir::ValueId value) const {
    const absl::Span<const ir::NodeId> users = graph_.users(value);
    return work_.folded[producer] && !graph_.IsOutput(value) &&
           std::all_of(users.begin(), users.end(),
                       [this](ir::NodeId user) { return work_.folded[user]; });
  }

  // What rules and states keep together.
  void AddGroups() {
    for (size_t rule = 0; rule < constraints_.num_kept_together(); ++rule) {
      std::vector<ItemId> group;
      for (const ir::NodeId node : constraints_.KeptTogether(rule)) {
        if (group_of_[node].valid()) group.push_back(group_of_[node]);
      }
      std::sort(group.begin(), group.end());
      group.erase(std::unique(group.begin(), group.end()), group.end());
      if (group.size() > 1) built_.problem.together.push_back(std::move(group));
    }
  }

  // Of a graph that carries its backward pass: each operator's is on its device, and so is what
  // updates its weights.
  void AddPasses() {
    const TrainingRoles roles = FindTrainingRoles(graph_);
    if (!roles.trains()) return;
    std::map<ItemId, std::set<ItemId>> of_forward;
    for (const ItemId item : built_.nodes.ids()) {
      const std::vector<ir::NodeId>& nodes = built_.nodes[item];
      built_.problem.items[item].backward =
          !nodes.empty() && std::all_of(nodes.begin(), nodes.end(), [&](ir::NodeId node) {
            return roles.role[node] != TrainingRole::kForward;
          });
      for (const ir::NodeId node : nodes) {
        const ir::NodeId forward = roles.forward_of[node];
        if (!forward.valid() || !group_of_[forward].valid()) continue;
        if (group_of_[forward] != item) of_forward[group_of_[forward]].insert(item);
      }
    }
    for (auto& [forward, others] : of_forward) {
      others.insert(forward);
      built_.problem.together.emplace_back(others.begin(), others.end());
    }
  }

  const ir::Module& module_;
  const ir::Graph& graph_;
  const ir::Plan& plan_;
  const ConstantWork work_;
  const IdVector<ir::NodeId, ItemId>& group_of_;
  const Target& target_;
  const DeviceConstraints& constraints_;
  const ir::Objective objective_;
  const std::vector<WeightedWork>& scenarios_;
  const KernelCosts costs_;
  BuiltProblem built_;
};

}  // namespace

absl::StatusOr<BuiltProblem> BuildProblem(const ir::Module& module, const ir::Plan& plan,
                                          const IdVector<ir::NodeId, ItemId>& group_of,
                                          size_t num_groups, const PassContext& context) {
  ALLOT_RETURN_IF_ERROR(RequireMachine(context));
  ALLOT_RETURN_IF_ERROR(RequireStage(module, plan, context, ir::PlanStage::kCosts));
  ALLOT_CHECK(plan.kernel_of.size() == module.graph.node_id_bound());
  ALLOT_CHECK(group_of.size() == module.graph.node_id_bound());
  ALLOT_ASSIGN_OR_RETURN(const auto constraints, Analysis<PlanConstraints>(module, plan, context));
  ALLOT_ASSIGN_OR_RETURN(const auto scenarios, Analysis<ScenarioWorks>(module, context));
  return ProblemBuilder(module, plan, group_of, num_groups, context, *constraints, *scenarios)
      .Build();
}

}  // namespace allot
