// Predicts one inference of the parts as they will be run: when each part and node runs, what is
// moved when, what each device holds. Checked by code that shares nothing with the simulation.
#include <algorithm>
#include <tuple>
#include <utility>

#include "absl/strings/str_cat.h"

#include "passes/nodes/kernel_costs.h"
#include "passes/pipeline/pass.h"
#include "passes/problem/chip_module.h"
#include "passes/problem/cluster_problem.h"
#include "passes/problem/forced_answer.h"
#include "passes/problem/requirements.h"
#include "passes/problem/search_points.h"
#include "placement/exact/exact_parts.h"
#include "placement/lanes/steady_state.h"
#include "placement/proofs/lower_bounds.h"
#include "placement/verify/verify.h"
#include "support/status.h"

namespace allot {
namespace {

struct ScheduleOptions {
  int64_t bound_work = 0;
  bool chips = false;
  bool replicas = true;
};

// The parts as a problem of their own, and their solution.
struct PartLevel {
  PlacementProblem problem;
  ProblemGraph graph;
  Solution solution;
  IdVector<FlowId, ir::ValueId> values;
};

PartLevel BuildPartLevel(const BuiltProblem& built, const ir::Plan& plan) {
  PartLevel parts;
  const Partition partition = PlannedParts(plan);
  parts.problem =
      Contract(built.problem, partition.part_of, partition.num_parts, Launch::kPerGroup);
  parts.graph = BuildGraph(parts.problem);
  for (const ir::Part& part : plan.parts) parts.solution.device_of.Add(part.device);
  for (const ItemId part : parts.problem.items.ids()) parts.solution.order.push_back(part);
  // Contract() keeps the order of flows and drops those that stay inside a part.
  for (const FlowId flow : built.problem.flows.ids()) {
    const PlacementProblem::Flow& before = built.problem.flows[flow];
    const ItemId from = partition.part_of[before.from];
    const bool crosses = std::any_of(before.to.begin(), before.to.end(),
                                     [&](ItemId to) { return partition.part_of[to] != from; });
    if (crosses) parts.values.Add(built.values[flow]);
  }
  ALLOT_CHECK(parts.values.size() == parts.problem.flows.size());
  return parts;
}

class SchedulePass final : public PlanPass {
 public:
  explicit SchedulePass(ScheduleOptions options) : options_(options) {}

  ir::PlanStage writes() const override { return ir::PlanStage::kSchedule; }

  absl::Status Run(const ir::Module& module, ir::Plan& plan, PassContext& context) const override {
    if (options_.bound_work < 0)
      return InputError("bound-work=", options_.bound_work, " is negative");
    ALLOT_ASSIGN_OR_RETURN(const auto clusters, Analysis<ClusterProblem>(module, plan, context));
    const BuiltProblem& built = *clusters;
    ALLOT_RETURN_IF_ERROR(RequireStage(module, plan, context, ir::PlanStage::kPlacement));
    ALLOT_RETURN_IF_ERROR(RequireStage(module, plan, context, ir::PlanStage::kParts));
    if (!plan.summary.has_value()) plan.summary = ir::Summary();
    ir::Summary& summary = *plan.summary;
    summary.objective = context.objective;
    summary.latency = 0;
    summary.devices = IdVector<DeviceId, ir::DeviceUse>(context.target->devices.size());
    plan.transfers.clear();
    plan.node_time = IdVector<ir::NodeId, ir::Interval>(module.graph.node_id_bound());
    if (built.problem.items.empty()) return absl::OkStatus();

    Score score;
    ALLOT_RETURN_IF_ERROR(ScheduleLane(module, built, context, plan, score));
    if (plan.training.has_value()) {
      StoreTraining(score, plan);
      context.statistics->Add("parts", static_cast<int64_t>(plan.parts.size()));
      return absl::OkStatus();
    }
    if (plan.lanes.empty()) {
      summary.value = score.objective;
      summary.cluster_value = Evaluate(built.problem, built.graph, PlannedSolution(plan)).objective;
      summary.cut_bytes = score.moved;
      for (const DeviceId device : summary.devices.ids()) {
        summary.devices[device] = {score.load[device], score.resident[device], score.peak[device]};
      }
    } else {
      ALLOT_RETURN_IF_ERROR(ScheduleFurtherLanes(module, built, context, std::move(score), plan));
    }
    ALLOT_RETURN_IF_ERROR(StoreBound(module, plan, context));
    context.statistics->Add("parts", static_cast<int64_t>(plan.parts.size()));
    context.statistics->Add("transfers", static_cast<int64_t>(plan.transfers.size()));
    if (!plan.lanes.empty()) {
      context.statistics->Add("lanes", static_cast<int64_t>(plan.num_lanes()));
    }
    return absl::OkStatus();
  }

 private:
  // Fills the times of the plan's first lane.
  static absl::Status ScheduleLane(const ir::Module& module, const BuiltProblem& built,
                                   const PassContext& context, ir::Plan& plan, Score& score) {
    const PartLevel parts = BuildPartLevel(built, plan);
    score = EvaluateParts(built.problem, PlannedSolution(plan), PlannedParts(plan));
    if (!score.feasible) return MisplacedError();
    const Schedule schedule = Simulate(parts.problem, parts.graph, parts.solution);
    ALLOT_RETURN_IF_ERROR(Confirm(parts, schedule, score.objective));
    StoreTimes(parts, schedule, plan);
    return StoreNodeTimes(module, context, plan);
  }

  // Of a plan that trains, times of parts and nodes are those of one microbatch on its way forward;
  // what counts is the iteration, which place-training has worked out and verified.
  static void StoreTraining(const Score& score, ir::Plan& plan) {
    const ir::Training& training = *plan.training;
    ir::Summary& summary = *plan.summary;
    summary.value = summary.cluster_value = training.iteration;
    const bool proved = training.iteration_bound > 0;
    summary.lower_bound = proved ? training.iteration_bound : training.any_iteration_bound;
    summary.bound_name = proved ? "ranges" : "load";
    summary.cut_bytes = score.moved;
    for (const ir::TrainingStage& stage : training.stages) {
      const Picos of_microbatch = SaturatingAdd(stage.forward, stage.backward);
      Bytes resident = SaturatingAdd(stage.weights, stage.gradients);
      resident = SaturatingAdd(resident, stage.optimizer);
      summary.devices[stage.device] = {
          SaturatingAdd(SaturatingMultiply(of_microbatch, training.microbatches), stage.update),
          resident, stage.Memory()};
    }
  }

  // Each further lane is scheduled as if it were alone; what they are worth is worth it together.
  static absl::Status ScheduleFurtherLanes(const ir::Module& module, const BuiltProblem& built,
                                           const PassContext& context, Score first,
                                           ir::Plan& plan) {
    if (context.objective != ir::Objective::kThroughput) {
      return InputError("the plan has ", plan.num_lanes(),
                        " lanes, which take turns in a stream: the objective must be throughput");
    }
    Lanes lanes = PlannedLanes(plan);
    lanes.lanes[0].score = std::move(first);
    for (size_t i = 1; i < plan.num_lanes(); ++i) {
      ir::Plan view = ir::LaneView(plan, i);
      view.transfers.clear();
      view.node_time = IdVector<ir::NodeId, ir::Interval>(module.graph.node_id_bound());
      ALLOT_RETURN_IF_ERROR(ScheduleLane(module, built, context, view, lanes.lanes[i].score),
                            "lane ", i, ": ");
      ir::Lane& lane = plan.lanes[i - 1];
      lane.parts = std::move(view.parts);
      lane.node_time = std::move(view.node_time);
      lane.transfers = std::move(view.transfers);
    }
    const LanesScore score = CombineScores(built.problem, lanes);
    if (!score.feasible) return CrowdedError(*context.target, built.problem, score);
    const absl::Status verified = VerifyLanes(built.problem, lanes, score.period);
    if (!verified.ok()) {
      return absl::InternalError(absl::StrCat("the lanes do not hold: ", verified.message(),
                                              "; this is a bug, please report it"));
    }
    ir::Summary& summary = *plan.summary;
    summary.value = score.period;
    summary.latency = score.slowest;
    const int64_t cycle = lanes.cycle();
    summary.cut_bytes = score.moved / cycle + (score.moved % cycle != 0 ? 1 : 0);
    for (const DeviceId device : summary.devices.ids()) {
      summary.devices[device] = {score.load[device], score.resident[device], score.peak[device]};
    }
    ReplicatedPlacement items;
    for (PartedSolution& lane : lanes.lanes) items.placements.push_back(std::move(lane.items));
    items.shares = lanes.shares;
    summary.cluster_value = Evaluate(built.problem, built.graph, items).period;
    return absl::OkStatus();
  }

  // Lanes that hold by themselves and not together.
  static absl::Status CrowdedError(const Target& target, const PlacementProblem& problem,
                                   const LanesScore& score) {
    for (const DeviceId device : target.devices.ids()) {
      if (score.peak[device] <= problem.devices[device].memory) continue;
      return InputError("the lanes do not fit into memory together: ", target.devices[device].name,
                        " would have to hold ", score.peak[device], " of ",
                        problem.devices[device].memory, " bytes; run place again");
    }
    return MisplacedError();
  }

  static absl::Status Confirm(const PartLevel& parts, const Schedule& schedule, Picos claimed) {
    const absl::Status verified = Verify(parts.problem, parts.solution, schedule, claimed);
    if (verified.ok()) return verified;
    return absl::InternalError(absl::StrCat("the schedule does not hold: ", verified.message(),
                                            "; this is a bug, please report it"));
  }

  static void StoreTimes(const PartLevel& parts, const Schedule& schedule, ir::Plan& plan) {
    for (const ir::PartId part : plan.parts.ids()) {
      const ItemId item(part.index());
      plan.parts[part].time = {schedule.start[item], schedule.end[item]};
    }
    for (const ScheduledTransfer& transfer : schedule.transfers) {
      // A tensor that its sender writes to shared memory travels when its receivers read it.
      if (transfer.from == transfer.to) continue;
      plan.transfers.push_back({parts.values[transfer.flow],
                                transfer.from,
                                transfer.to,
                                parts.problem.flows[transfer.flow].bytes,
                                {transfer.start, transfer.end}});
    }
    std::sort(plan.transfers.begin(), plan.transfers.end(),
              [](const ir::Transfer& a, const ir::Transfer& b) {
                return std::tie(a.time.start, a.value, a.to) <
                       std::tie(b.time.start, b.value, b.to);
              });
  }

  // A part launches, then runs its kernels one after the other. The nodes of a kernel share its
  // time.
  static absl::Status StoreNodeTimes(const ir::Module& module, const PassContext& context,
                                     ir::Plan& plan) {
    ALLOT_ASSIGN_OR_RETURN(const auto scenarios, Analysis<ScenarioWorks>(module, context));
    const KernelCosts costs(module.graph, plan, *context.cost_model, *context.target, *scenarios);
    IdVector<ir::ClusterId, std::vector<ir::NodeId>> nodes(plan.num_clusters());
    for (const ir::NodeId node : plan.cluster_of.ids()) {
      if (plan.cluster_of[node].valid()) nodes[plan.cluster_of[node]].push_back(node);
    }
    IdVector<ir::PartId, std::vector<KernelNodes>> kernels(plan.parts.size());
    for (const ir::ClusterId cluster : nodes.ids()) {
      for (KernelNodes& kernel : costs.Kernels(nodes[cluster])) {
        kernels[plan.part_of[cluster]].push_back(std::move(kernel));
      }
    }
    for (const ir::PartId id : plan.parts.ids()) {
      const ir::Part& part = plan.parts[id];
      costs.SortToRun(kernels[id]);
      Picos now =
          std::min(part.time.end, part.time.start + context.target->devices[part.device].part_cost);
      for (const KernelNodes& kernel : kernels[id]) {
        ALLOT_ASSIGN_OR_RETURN(const std::vector<Picos> times, costs.Times(kernel, {part.device}));
        const Picos end = std::min(part.time.end, now + times.front());
        for (const ir::NodeId node : kernel) plan.node_time[node] = {now, end};
        now = end;
      }
    }
    return absl::OkStatus();
  }

  static constexpr int64_t kUsualWork = 2'000'000, kWideWork = 5'000'000, kLateWork = 250'000;

  // The bound is proven on kernels, not on clusters: it holds whatever coarsening did.
  absl::Status StoreBound(const ir::Module& module, ir::Plan& plan, PassContext& context) const {
    const ScopedStep step(context, "LowerBound");
    ALLOT_ASSIGN_OR_RETURN(const auto finest, Analysis<KernelProblem>(module, plan, context));
    const BuiltProblem& kernels = *finest;
    // Once time is up, what is quick.
    const auto late = [&context] { return context.stop && context.stop(); };
    // Where nothing has a choice loads are known, and nothing else comes near them.
    const bool forced = IsForced(kernels.problem);
    int64_t work = late() || forced ? kLateWork : kUsualWork;
    if (options_.bound_work > 0) work = options_.bound_work;
    ir::Summary& summary = *plan.summary;
    summary.lower_bound = 0;
    summary.bound_name = "none";
    const bool stream = summary.objective == ir::Objective::kThroughput;
    if (!plan.lanes.empty() || (stream && options_.replicas)) {
      // All other bounds are those of single placements; several in turn may do better.
      const Picos bound = BoundSteadyState(kernels.problem, work, Launch::kPerGroup);
      if (bound > 0) {
        summary.lower_bound = bound;
        summary.bound_name = "steady-state";
      }
      return KeepBound(summary);
    }
    for (;; work = kWideWork) {
      const std::vector<LowerBound> bounds =
          LowerBounds(kernels.problem, kernels.graph, Launch::kPerGroup, work, summary.value);
      if (!bounds.empty() && bounds.front().value > summary.lower_bound) {
        summary.lower_bound = bounds.front().value;
        summary.bound_name = bounds.front().name;
      }
      // Wide graphs are looked at twice, unless they are so large that it takes too long.
      constexpr size_t kMostWide = 4000;
      const bool wide = LeavesWideGap(summary.value, summary.lower_bound) &&
                        kernels.problem.items.size() <= kMostWide;
      if (!wide || stream || options_.bound_work > 0 || work >= kWideWork || late() || forced)
        break;
    }
    if (summary.lower_bound < summary.value && kernels.problem.items.size() <= kMaxExactPartItems) {
      const std::optional<PartedSolution> known = PlanOnKernels(kernels, plan);
      const std::optional<PartedSolution> best =
          ExactParts(kernels.problem, kernels.graph, known ? &*known : nullptr, work);
      if (best.has_value() && best->score.objective > summary.lower_bound) {
        summary.lower_bound = best->score.objective;
        summary.bound_name = "exact";
      }
    }
    return FinishBound(kernels, context, summary);
  }

  absl::Status FinishBound(const BuiltProblem& kernels, const PassContext& context,
                           ir::Summary& summary) const {
    if (options_.chips) {
      ALLOT_ASSIGN_OR_RETURN(const chips::ChipsBound bound,
                             BoundOfModule(kernels, *context.target));
      if (bound.value > summary.lower_bound) {
        summary.lower_bound = bound.value;
        summary.bound_name = bound.name;
      }
    }
    return KeepBound(summary);
  }

  static absl::Status KeepBound(ir::Summary& summary) {
    if (summary.lower_bound > summary.value) {
      return absl::InternalError(absl::StrCat(
          "the lower bound ", summary.bound_name, " of ", summary.lower_bound,
          " ps exceeds the value of ", summary.value, " ps; this is a bug, please report it"));
    }
    AddSearchPoint(SearchWork(summary), summary.value, summary.lower_bound, summary);
    return absl::OkStatus();
  }

  ScheduleOptions options_;
};

}  // namespace

Entry<PlanPass> ScheduleEntry() {
  return MakeEntry<PlanPass, SchedulePass>(
      "schedule", "predict when every part, node and transfer runs, and how good that can get",
      OptionSchema<ScheduleOptions>()
          .Add("bound-work", &ScheduleOptions::bound_work,
               "effort spent on the lower bound; 0: the default")
          .Add("replicas", &ScheduleOptions::replicas,
               "the bound of a stream holds for placements that take turns, too")
          .Add("chips", &ScheduleOptions::chips,
               "the bound is of plans that keep the rules of a module of chips"));
}

}  // namespace allot
