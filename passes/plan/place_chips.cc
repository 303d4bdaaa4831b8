// Decides the chip of every cluster on a module of chips (chip_module.h): by the finders of
// placement/kinds/chips/, whose answers keep the rules of such modules. Each chip in use is a part.
#include <algorithm>
#include <optional>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"

#include "passes/pipeline/pass.h"
#include "passes/problem/chip_module.h"
#include "passes/problem/cluster_problem.h"
#include "passes/problem/search_points.h"
#include "placement/kinds/chips/model/verify.h"
#include "placement/kinds/chips/search/chips_search.h"
#include "support/read_file.h"
#include "support/status.h"

namespace allot {
namespace {

struct PlaceChipsOptions {
  int64_t work = 0;
  std::string proposer;
  int64_t finetune = 0;
};

constexpr int64_t kUsualWork = 5'000'000;

// Items in the order of their chips.
PartedSolution ToParts(const BuiltProblem& built, const ChipsOfPlan& chips,
                       const chips::Assignment& assignment) {
  // Copied nodes are where their only reader is; readers come later.
  chips::Assignment chip_of = assignment;
  for (size_t v = chip_of.size(); v-- > 0;) {
    for (const int32_t from : chips.problem.nodes[v].reads) {
      if (chips.problem.nodes[static_cast<size_t>(from)].copied) {
        chip_of[static_cast<size_t>(from)] = chip_of[v];
      }
    }
  }
  PartedSolution solution;
  int32_t last = 0;
  for (const ItemId item : built.problem.items.ids()) {
    const int32_t chip = chip_of[static_cast<size_t>(chips.number[item])];
    solution.items.device_of.Add(DeviceId(static_cast<size_t>(chip)));
    solution.parts.part_of.Add(ItemId(static_cast<size_t>(chip)));
    last = std::max(last, chip);
  }
  solution.parts.num_parts = static_cast<size_t>(last) + 1;
  solution.items.order = built.graph.topological;
  std::stable_sort(
      solution.items.order.begin(), solution.items.order.end(), [&](ItemId a, ItemId b) {
        return solution.items.device_of[a].index() < solution.items.device_of[b].index();
      });
  solution.score = EvaluateParts(built.problem, solution.items, solution.parts);
  return solution;
}

class PlaceChips final : public PlanPass {
 public:
  explicit PlaceChips(PlaceChipsOptions options) : options_(std::move(options)) {}

  ir::PlanStage writes() const override { return ir::PlanStage::kPlacement; }

  absl::Status Run(const ir::Module& module, ir::Plan& plan, PassContext& context) const override {
    if (options_.work < 0) return InputError("work=", options_.work, " is negative");
    if (options_.finetune < 0) return InputError("finetune=", options_.finetune, " is negative");
    if (context.objective != ir::Objective::kThroughput) {
      return InputError("a module of chips is a pipeline for a stream; say --objective=throughput");
    }
    ALLOT_ASSIGN_OR_RETURN(const auto clusters, Analysis<ClusterProblem>(module, plan, context));
    if (!IsChipModule(*context.target)) {
      return InputError("target '", context.target->name, "' is no module: not all of its devices ",
                        "are of the kind '", kChipKind, "'");
    }
    BuiltProblem built = *clusters;
    built.problem.launch_on_arrival = true;
    plan.summary.emplace();
    plan.summary->objective = context.objective;
    plan.summary->devices.resize(context.target->devices.size());
    if (built.problem.items.empty()) {
      StoreSolution(PartedSolution(), plan);
      return absl::OkStatus();
    }
    ALLOT_ASSIGN_OR_RETURN(const ChipsOfPlan chips, MakeChipsOfPlan(built, *context.target));
    ALLOT_ASSIGN_OR_RETURN(const chips::ChipsFound found, Search(chips.problem, context));
    if (!found.best.has_value()) return DoesNotFit(chips.problem, found);
    const absl::StatusOr<Picos> verified = chips::Verify(chips.problem, *found.best);
    if (!verified.ok()) {
      return absl::InternalError(absl::StrCat("the chips of ", found.finder,
                                              " break a rule: ", verified.status().message()));
    }
    const PartedSolution solution = ToParts(built, chips, *found.best);
    if (!solution.score.feasible) {
      return absl::ResourceExhaustedError(
          "the chips do not hold what is placed on them, as the parts will be run; they need more "
          "memory");
    }
    StoreSolution(solution, plan);
    ir::Summary& summary = *plan.summary;
    summary.value = solution.score.objective;
    summary.solver = absl::StrCat("chips:", found.finder);
    AddBaselines(built, chips.problem, found, summary);
    AddSearchPoint(found.work, solution.score.objective, 0, summary);
    context.statistics->Add("work", found.work);
    context.statistics->Add("chips used", static_cast<int64_t>(plan.parts.size()));
    return absl::OkStatus();
  }

 private:
  // One chip by itself, all being equal, and the slices of one order; each chip is launched once.
  static void AddBaselines(const BuiltProblem& built, const chips::Problem& problem,
                           const chips::ChipsFound& found, ir::Summary& summary) {
    const PlacementProblem::MachineDevice& first = built.problem.devices[DeviceId(0)];
    const absl::StatusOr<Picos> alone =
        chips::Verify(problem, chips::Assignment(problem.nodes.size()));
    const auto add = [&](std::string name, std::optional<Picos> value) {
      if (value.has_value()) *value += first.part_cost;
      summary.baselines.push_back({std::move(name), value});
    };
    add(absl::StrCat("single:", first.name),
        alone.ok() ? std::optional<Picos>(*alone) : std::nullopt);
    add("slice-dp", found.plain_slices);
  }

  absl::StatusOr<chips::ChipsFound> Search(const chips::Problem& problem,
                                           const PassContext& context) const {
    const ScopedStep step(context, "Search");
    SolveLimits limits;
    limits.work = options_.work > 0 ? options_.work : kUsualWork;
    limits.seed = context.seed;
    limits.stop = context.stop;
    limits.progress = context.progress;
    chips::ProposerWeights weights = chips::ShippedWeights();
    if (!options_.proposer.empty()) {
      ALLOT_ASSIGN_OR_RETURN(const std::string text, ReadTextFile(options_.proposer));
      ALLOT_ASSIGN_OR_RETURN(weights, chips::ReadProposerWeights(text, options_.proposer));
    }
    return chips::SearchChips(problem, limits, 0, chips::AllFinders(&weights, options_.finetune));
  }

  static absl::Status DoesNotFit(const chips::Problem& problem, const chips::ChipsFound& found) {
    Bytes weights = 0, largest = 0;
    std::string name;
    for (const chips::Node& node : problem.nodes) {
      weights = SaturatingAdd(weights, node.weights);
      if (node.weights <= largest) continue;
      largest = node.weights;
      name = node.name;
    }
    return absl::ResourceExhaustedError(absl::StrCat(
        "nothing was found that fits the chips", found.bound.infeasible ? ", and nothing can" : "",
        ": they hold ", problem.memory.value_or(0), " bytes each, ", problem.chips,
        " of them; all weights are ", weights, " bytes, the largest are the ", largest,
        " bytes of '", name, "'; more or larger chips, or smaller types, would help"));
  }

  PlaceChipsOptions options_;
};

}  // namespace

Entry<PlanPass> PlaceChipsEntry() {
  return MakeEntry<PlanPass, PlaceChips>(
      "place-chips", "decide the chip of every cluster on a module of equal chips in a ring",
      OptionSchema<PlaceChipsOptions>()
          .Add("work", &PlaceChipsOptions::work, "effort of the search; 0: 5000000")
          .Add("proposer", &PlaceChipsOptions::proposer,
               "a file of weights by allot train-proposer; empty: those that come with Allot")
          .Add("finetune", &PlaceChipsOptions::finetune,
               "proposals at most of what learns, on the model at hand; 0: as the work allows"));
}

}  // namespace allot
