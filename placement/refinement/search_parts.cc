#include "placement/refinement/search_parts.h"

#include <algorithm>
#include <functional>
#include <optional>
#include <thread>
#include <utility>

#include "placement/parts/part_price.h"
#include "placement/refinement/combine_parts.h"
#include "placement/refinement/refine_parts.h"
#include "placement/refinement/simplify_parts.h"

namespace allot {
namespace {

Picos WithSlack(Picos value, int64_t permille) {
  return value + static_cast<Picos>(static_cast<Int128>(value) * permille / 1000);
}

class PartSearch {
 public:
  PartSearch(const PlacementProblem& problem, const ProblemGraph& graph,
             const PartedSolution& start, const PartSearchOptions& options,
             const ProgressHook& progress)
      : problem_(problem), graph_(graph), start_(start), options_(options), progress_(progress) {}

  PartSearchResult Run() {
    result_.best = start_;
    result_.simple = start_;
    start_cost_ = Cost(start_);
    start_feasible_ = start_.score.feasible && Holds(start_);
    Simplify(0, 0);
    int64_t round = std::max<int64_t>(options_.first_round, 1);
    for (uint64_t number = 0; result_.work < Limit(); ++number) {
      if (options_.stop && options_.stop()) break;
      const bool first = number == 0;
      if (number >= 2) round *= 2;
      if (!first && spent_on_rounds_ + round > Limit()) break;
      const int64_t work = std::min(round, Limit());
      RunRound(work, number);
      Simplify(WorkForFewer(work), options_.seed + (4 * number + 2) * kSeeds + 1);
    }
    return std::move(result_);
  }

 private:
  int64_t Limit() const {
    const bool enough =
        result_.best.score.feasible && result_.best.score.objective <= options_.enough;
    return enough ? options_.work : std::max(options_.work, options_.more_work);
  }

  // Two runs side by side: one from the best; and several short ones from the start, as a graph
  // with few arrangements to settle on leads most runs, however long, to the same. Then two,
  // cooler, that improve the better answer.
  void RunRound(int64_t work, uint64_t number) {
    constexpr int64_t kCooler = 8;
    const uint64_t seed = options_.seed + 4 * number * kSeeds;
    const int64_t later = work / 4;
    const int64_t first = work - later - WorkForFewer(work);
    const RefinePartsOptions afresh = Options(first / 2, seed + kSeeds, /*smoothing=*/32, 1);
    RunTwo(Options(first / 2, seed, /*smoothing=*/16, /*cooler=*/1),
           [&] { return Afresh(number == 0 ? result_.best : start_, afresh); });
    const RefinePartsOptions cooler =
        Options(later / 2, seed + 3 * kSeeds, /*smoothing=*/16, kCooler);
    RunTwo(Options(later / 2, seed + 2 * kSeeds, /*smoothing=*/8, kCooler),
           [&] { return RefineParts(problem_, graph_, result_.best, cooler); });
    result_.work += work - WorkForFewer(work);
    spent_on_rounds_ += work;
  }

  // Of a round: what the search for fewer parts may take. For latency parts are what makes devices
  // help each other, and fewer of them are seldom within the slack.
  int64_t WorkForFewer(int64_t round) const {
    if (options_.part_price == 0) return 0;
    return problem_.objective == PlacementObjective::kLatency ? round / 16 : round / 8;
  }

  // Of short runs what they have found together; of all of them as much as `options` says.
  PartedSolution Afresh(const PartedSolution& start, RefinePartsOptions options) const {
    constexpr int kRuns = 4;
    options.work /= kRuns;
    PartedSolution best = RefineParts(problem_, graph_, start, options);
    for (int run = 1; run < kRuns; ++run) {
      options.seed += kRunSeeds;
      const PartedSolution& from = run % 2 == 1 ? Other(start) : start;
      best = Combined(std::move(best), RefineParts(problem_, graph_, from, options), options.work);
    }
    return best;
  }

  // What one would do by hand lies elsewhere than what a search of a stream has led to.
  const PartedSolution& Other(const PartedSolution& start) const {
    if (problem_.objective == PlacementObjective::kLatency) return start;
    for (const PartedSolution& known : options_.by_hand) {
      if (known.score.feasible) return known;
    }
    return start;
  }

  // The better one with what is better in the other, for a small share of the work of a run.
  PartedSolution Combined(PartedSolution one, PartedSolution other, int64_t run) const {
    if (Preferred(other, one)) std::swap(one, other);
    return CombineParts(problem_, graph_, one, other, run / 16, options_.migration,
                        options_.max_parts);
  }

  RefinePartsOptions Options(int64_t work, uint64_t seed, int64_t smoothing, int64_t cooler) const {
    RefinePartsOptions options;
    options.work = work;
    options.seed = seed;
    options.smoothing = smoothing;
    options.cooler = cooler;
    options.migration = options_.migration;
    options.max_parts = options_.max_parts;
    options.stop = options_.stop;
    return options;
  }

  bool Holds(const PartedSolution& solution) const {
    return options_.max_parts == 0 ||
           solution.parts.num_parts <= static_cast<size_t>(options_.max_parts);
  }

  // What is searched for: the objective and what moving costs.
  Picos Cost(const PartedSolution& solution) const {
    const Migration* migration = options_.migration;
    return solution.score.objective +
           (migration != nullptr ? migration->Price(solution.items.device_of) : 0);
  }

  // As many parts as there may be, then the value.
  bool Preferred(const PartedSolution& a, const PartedSolution& b) const {
    if (Holds(a) != Holds(b)) return Holds(a);
    return BetterWith(options_.migration, a, b);
  }

  // From the best, and another run.
  void RunTwo(const RefinePartsOptions& one, const std::function<PartedSolution()>& another) {
    const Picos known = result_.best.score.objective;
    const bool feasible = result_.best.score.feasible;
    const ProgressHook note = [&](Picos value, Picos bound, int64_t spent) {
      if (!feasible || value < known) Note(value, bound, result_.work + spent);
    };
    PartedSolution found, other;
    const auto run = [&] { found = RefineParts(problem_, graph_, result_.best, one, note); };
    if (options_.threads > 1) {
      std::thread second([&] { other = another(); });
      run();
      second.join();
    } else {
      run();
      other = another();
    }
    found = Combined(std::move(found), std::move(other), one.work);
    if (Holds(found) && Preferred(found, result_.best)) result_.best = std::move(found);
    if (result_.best.score.feasible) Note(result_.best.score.objective, 0, result_.work);
  }

  // Runs of a round count as they go; what they found together is not told as if it came earlier.
  void Note(Picos value, Picos bound, int64_t work) {
    noted_ = std::max(noted_, work);
    if (progress_) progress_(value, bound, noted_);
  }

  // What is given away is measured from the best, and never makes worse what was the answer before.
  // With `work`, what is merged is searched from, too, for the priced value.
  void Simplify(int64_t work, uint64_t seed) {
    PartedSolution& simple = result_.simple;
    const PartedSolution& best = result_.best;
    if (!best.score.feasible) return;
    const Picos limit = WithSlack(Cost(best), options_.slack_permille);
    Picos given = limit;
    if (start_feasible_) {
      given = std::min(given, Cost(best) + (CostByHand() - Cost(best)) / 4);
      if (options_.keep_start) given = std::min(given, start_cost_);
    }
    if (simple.score.feasible && answered_ && Holds(simple)) given = std::min(given, Cost(simple));
    answered_ = true;
    int64_t spent = 0;
    PartedSolution next = SimplifyParts(problem_, graph_, best, given, spent, options_.migration,
                                        options_.part_price);
    // Where launches weigh, fewer parts may even be faster.
    if (BetterWith(options_.migration, next, best)) result_.best = next;
    if (work > 0) {
      constexpr int64_t kCooler = 8;
      RefinePartsOptions fewer = Options(work, seed, /*smoothing=*/16, kCooler);
      fewer.part_price = options_.part_price;
      fewer.ceiling = given;
      const PartedSolution found = RefineParts(problem_, graph_, next, fewer);
      result_.work += work;
      if (Holds(found) && BetterWith(options_.migration, found, best)) result_.best = found;
      if (Cost(found) <= given && PreferredAnswer(found, limit)) simple = found;
    }
    if (Cost(next) <= given && PreferredAnswer(next, limit)) simple = std::move(next);
    // As the best falls, fewer of these are within its slack, so that the answer falls with it.
    for (const PartedSolution& known : options_.by_hand) {
      const bool as_good = known.score.feasible && Holds(known) && Cost(known) <= limit;
      if (as_good && PreferredAnswer(known, limit)) simple = known;
    }
  }

  // What gains are counted from: the start, unless what one would do by hand is worse.
  Picos CostByHand() const {
    std::optional<Picos> least;
    for (const PartedSolution& known : options_.by_hand) {
      if (!known.score.feasible || !Holds(known)) continue;
      least = std::min(least.value_or(Cost(known)), Cost(known));
    }
    return std::max(least.value_or(start_cost_), start_cost_);
  }

  // Whether an answer is preferred to the one there is; its value is within the limit.
  bool PreferredAnswer(const PartedSolution& next, Picos limit) const {
    const PartedSolution& simple = result_.simple;
    if (!simple.score.feasible || (Holds(next) && !Holds(simple))) return true;
    if (Cost(simple) > limit) return true;
    if (options_.part_price > 0) return Priced(next) < Priced(simple);
    return std::pair(next.parts.num_parts, Cost(next)) <
           std::pair(simple.parts.num_parts, Cost(simple));
  }

  Int128 Priced(const PartedSolution& solution) const {
    return PricedValue(Cost(solution), static_cast<int64_t>(solution.parts.num_parts),
                       options_.part_price);
  }

  // Apart from what others count from the same seed.
  static constexpr uint64_t kSeeds = 1'000'003, kRunSeeds = 7'919;

  const PlacementProblem& problem_;
  const ProblemGraph& graph_;
  const PartedSolution& start_;
  const PartSearchOptions& options_;
  const ProgressHook& progress_;
  PartSearchResult result_;
  int64_t spent_on_rounds_ = 0;
  int64_t noted_ = 0;  // the most work that progress was told of
  bool answered_ = false, start_feasible_ = false;
  Picos start_cost_ = 0;
};

}  // namespace

PartSearchResult SearchParts(const PlacementProblem& problem, const ProblemGraph& graph,
                             const PartedSolution& start, const PartSearchOptions& options,
                             const ProgressHook& progress) {
  if (problem.items.empty()) return {start, start, 0};
  return PartSearch(problem, graph, start, options, progress).Run();
}

}  // namespace allot
