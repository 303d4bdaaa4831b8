// Placement by GLPK: the general engine for what the searches do not reach, and a check of them.
#include "placement/glpk/add_milp_solver.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "placement/bounds/path_bounds.h"
#include "placement/glpk/glpk.h"
#include "placement/milp/assignment.h"
#include "placement/problem/allowed_times.h"
#include "placement/solver.h"
#include "support/status.h"

namespace allot {
namespace {

struct MilpOptions {
  int64_t nodes = 0;
  std::string formulation = "auto";
  int64_t max_rows = 6000;
};

OptionSchema<MilpOptions> Schema() {
  return OptionSchema<MilpOptions>()
      .Add("nodes", &MilpOptions::nodes,
           "Nodes of the search tree; 0: as many as the work allows at one unit per row and node, "
           "none if it does not allow one")
      .Add("formulation", &MilpOptions::formulation,
           "assignment (loads only), scheduling (latency only), or auto (what the objective needs)")
      .Add("max-rows", &MilpOptions::max_rows, "Refuse larger models");
}

class Milp : public PlacementSolver {
 public:
  explicit Milp(MilpOptions options) : options_(std::move(options)) {}

  absl::StatusOr<SolveResult> Solve(const SolveInput& input) const override {
    const PlacementProblem& problem = input.problem;
    const bool latency = problem.objective == PlacementObjective::kLatency;
    MilpForm form = latency ? MilpForm::kScheduling : MilpForm::kLoad;
    if (options_.formulation == "assignment") {
      form = MilpForm::kLoad;
    } else if (options_.formulation == "scheduling") {
      form = MilpForm::kScheduling;
    } else if (options_.formulation != "auto") {
      return InputError("formulation '", options_.formulation,
                        "' is none of auto, assignment, scheduling");
    }
    SolveResult result;
    if (problem.items.empty()) {
      result.best = Solution();
      result.termination = Termination::kOptimal;
      return result;
    }
    std::optional<Solution> start = Start(input);
    const Picos horizon =
        start.has_value() ? Evaluate(*input.facts, *start).objective : Serial(*input.facts);
    ALLOT_ASSIGN_OR_RETURN(const PlacementMilp milp,
                           BuildPlacementMilp(*input.facts, form, horizon, options_.max_rows));
    const auto rows = static_cast<int64_t>(milp.model.rows.size());
    const int64_t nodes = options_.nodes > 0 ? options_.nodes : input.limits.work / (rows + 1);
    if (nodes == 0) {  // not even the relaxation
      result.best = std::move(start);
      if (result.best.has_value()) result.termination = Termination::kFeasible;
      return result;
    }
    std::vector<double> incumbent;
    if (start.has_value()) incumbent = WriteColumns(problem, input.graph, milp, *start);
    ALLOT_ASSIGN_OR_RETURN(
        const MilpResult solved,
        SolveWithGlpk(milp.model, start.has_value() ? &incumbent : nullptr, nodes));
    result.work = solved.nodes * rows;
    if (solved.status == MilpStatus::kInfeasible && !start.has_value()) {
      // With rows that leave things out (the peak of memory), infeasible is still infeasible.
      result.termination = Termination::kInfeasible;
      return result;
    }
    result.lower_bound = {SafeBound(milp, solved.bound), "milp"};
    std::optional<Solution> best = std::move(start);
    if (!solved.values.empty()) {
      Solution read = ReadColumns(problem, input.graph, milp, solved.values);
      const Score score = Evaluate(problem, input.graph, read);
      if (score.feasible &&
          (!best.has_value() || Better(score, Evaluate(problem, input.graph, *best)))) {
        best = std::move(read);
      }
    }
    if (!best.has_value()) return result;
    result.best = std::move(best);
    result.termination = Termination::kFeasible;  // the front sees when the bound is reached
    return result;
  }

 private:
  // The better of the incumbent and the best single device; nullopt if neither is feasible.
  static std::optional<Solution> Start(const SolveInput& input) {
    std::optional<Solution> best;
    Score best_score;
    const auto offer = [&](Solution solution) {
      const Score score = Evaluate(*input.facts, solution);
      if (!score.feasible || (best.has_value() && !Better(score, best_score))) return;
      best = std::move(solution);
      best_score = score;
    };
    if (input.incumbent != nullptr) offer(*input.incumbent);
    for (const DeviceId device : input.problem.devices.ids()) {
      offer({Placement(input.problem.items.size(), device), input.graph.topological});
    }
    return best;
  }

  // No objective is larger than everything one after the other.
  static Picos Serial(const ProblemFacts& facts) {
    const PlacementProblem& problem = facts.problem();
    const PathCosts costs(facts, Launch::kIgnore);
    Picos sum = 0;
    for (const PlacementProblem::Item& item : problem.items) {
      Picos longest = 0;
      for (const std::optional<Picos>& time : item.time) {
        longest = std::max(longest, time.value_or(0));
      }
      sum += longest;
    }
    for (const auto& device : problem.devices) {
      if (problem.launch_on_arrival) sum = SaturatingAdd(sum, device.part_cost);
    }
    for (const FlowId flow : problem.flows.ids()) {
      for (int32_t to = 0; to < costs.num_devices; ++to) {
        Picos longest = 0;
        for (int32_t from = 0; from < costs.num_devices; ++from) {
          const Picos crossing = costs.Crossing(flow.index(), from, to);
          if (crossing < kNever) longest = std::max(longest, crossing);
        }
        sum = SaturatingAdd(sum, longest);
      }
    }
    return sum;
  }

  const MilpOptions options_;
};

}  // namespace

void AddMilpSolver(Registry<PlacementSolver>& solvers) {
  solvers.Add(MakeEntry<PlacementSolver, Milp>(
      "milp", "Solves a mixed-integer linear program with GLPK (small problems, odd constraints).",
      Schema()));
}

}  // namespace allot
