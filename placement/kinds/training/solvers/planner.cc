// The planner: what is known to be impossible is left out, and the rest is searched in the order of
// what is promised. Sizes of micro-batches, numbers of them (and with these the fewest replicas
// that train the batch), and zones are enumerated; stages are a search over labels
// (stage_search.h).
#include <algorithm>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "placement/kinds/training/bounds/bound.h"
#include "placement/kinds/training/bounds/cases.h"
#include "placement/kinds/training/bounds/sorts.h"
#include "placement/kinds/training/model/costs.h"
#include "placement/kinds/training/model/evaluate.h"
#include "placement/kinds/training/solvers/solvers.h"
#include "placement/kinds/training/solvers/stage_search.h"
#include "placement/kinds/training/solvers/zones.h"

namespace allot {
namespace {

// Labels that a state keeps, in rounds; what is proved to be no better is searched no more.
constexpr int64_t kRounds[] = {8, 48, 256, 1024, 4096};
constexpr int64_t kStepsPerWork = 32, kMostRaising = 20'000'000, kSlice = 100'000;

class Planner {
 public:
  Planner(const TrainingProblem& problem, const SolveLimits& limits)
      : tables_(problem), limits_(limits), zones_(ZonesByTies(tables_)) {}

  ResultOf<TrainingPlan> Run() {
    TrainingCases cases(tables_);
    StartUniform();
    result_.bound_name = "prices";
    Raise(cases);
    for (const int64_t keep : kRounds) {
      for (const auto& [size, turns] : InOrder(cases)) {
        for (size_t zones = zones_.size(); zones > 0 && !Over(); --zones) {
          Search(size, turns, keep, zones);
        }
      }
      Raise(cases);
      if (cases.bound() >= best_ || Over()) break;
    }
    result_.bound = std::min(result_.bound, best_);
    if (cases.empty()) result_.termination = Termination::kInfeasible;
    if (result_.best.has_value()) result_.termination = Termination::kFeasible;
    return std::move(result_);
  }

 private:
  bool Over() const { return result_.work >= limits_.work || (limits_.stop && limits_.stop()); }

  // Half of the work that is left, and no more than there is to do in a few seconds.
  void Raise(TrainingCases& cases) {
    int64_t work = std::min(limits_.work - result_.work, kMostRaising) / 2;
    while (work > 0 && !Over()) {
      // A step of a bound is a fraction of one of a search.
      const int64_t slice = std::min(work, kSlice);
      const int64_t steps = cases.Raise(best_, slice * kStepsPerWork);
      const int64_t spent = (steps + kStepsPerWork - 1) / kStepsPerWork;
      result_.work += spent, work -= spent;
      if (steps < slice * kStepsPerWork) break;
    }
    result_.bound = std::max(result_.bound, std::min(cases.bound(), best_));
    if (limits_.progress && result_.best.has_value()) {
      limits_.progress(best_, result_.bound, result_.work);
    }
  }

  // Sizes and numbers of micro-batches, by the least bound of any number of stages.
  std::vector<std::pair<int64_t, int64_t>> InOrder(const TrainingCases& cases) const {
    std::vector<std::pair<int64_t, int64_t>> pairs;
    for (const TrainingCase& each : cases.all()) {
      if (each.bound >= best_) break;
      const std::pair pair(each.micro_batch, each.micro_batches);
      if (std::find(pairs.begin(), pairs.end(), pair) == pairs.end()) pairs.push_back(pair);
    }
    return pairs;
  }

  void StartUniform() {
    SolveLimits limits = limits_;
    limits.progress = nullptr;
    limits.work = std::max<int64_t>(1, limits_.work / 8);
    const auto solver = UniformTrainingEntry().make("");
    if (!solver.ok()) return;
    const auto uniform = (*solver)->Solve(tables_.problem(), limits);
    if (!uniform.ok()) return;
    result_.work += uniform->work;
    if (uniform->best.has_value()) Take(*uniform->best);
  }

  void Take(const TrainingPlan& plan) {
    const Picos value = tables_.Times(plan).total;
    if (value >= best_) return;
    best_ = value;
    result_.best = plan;
    if (limits_.progress) limits_.progress(best_, std::min(result_.bound, best_), result_.work);
  }

  // In the zones that are tied best, so many of them.
  void Search(int64_t size, int64_t turns, int64_t keep, size_t zones) {
    const std::vector<std::string> allowed(zones_.begin(),
                                           zones_.begin() + static_cast<std::ptrdiff_t>(zones));
    const std::vector<TrainingSort> sorts = SortsOf(tables_.problem(), allowed);
    TrainingBound bound(tables_, sorts);
    StageQuestion question;
    question.micro_batch = size;
    question.replicas = (tables_.problem().global_batch + size * turns - 1) / (size * turns);
    const int64_t most = bound.MostStages(question.replicas);
    Picos least = kNeverPicos;
    for (int64_t stages = 1; stages <= most; ++stages) {
      std::vector<double> shares;
      const Picos value = bound.Of(size, turns, stages, &shares);
      if (value < least) least = value, question.shares = std::move(shares);
    }
    if (least >= best_) return;
    question.keep = keep;
    question.stop = limits_.stop;
    // Where zones are to choose, the search cannot know what all-reduces take: it takes both ways.
    for (const bool hopeful : {false, true}) {
      if (hopeful && (zones == 1 || Over())) break;
      question.hopeful = hopeful;
      question.below = best_;
      question.work = limits_.work - result_.work;
      const StagesFound found = SearchStages(tables_, sorts, question);
      result_.work += found.work;
      for (const SortPlan& plan : found.plans) {
        const TrainingPlan placed = PlaceInZones(tables_, sorts, allowed, size, plan);
        if (!placed.stages.empty()) Take(placed);
      }
    }
  }

  const TrainingTables tables_;
  const SolveLimits& limits_;
  const std::vector<std::string> zones_;
  Picos best_ = kNeverPicos;
  ResultOf<TrainingPlan> result_;
};

class Planning final : public TrainingSolver {
 public:
  explicit Planning(NoTrainingOptions) {}
  std::vector<absl::string_view> kinds() const override { return {kTrainingKind}; }
  absl::StatusOr<ResultOf<TrainingPlan>> Solve(const TrainingProblem& problem,
                                               const SolveLimits& limits) const override {
    return Planner(problem, limits).Run();
  }
};

}  // namespace

Entry<TrainingSolver> PlannerTrainingEntry() {
  return MakeEntry<TrainingSolver, Planning>(
      "planner", "stages over unlike GPUs and zones, by labels, with a bound by prices",
      OptionSchema<NoTrainingOptions>());
}

}  // namespace allot
