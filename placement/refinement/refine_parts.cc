#include "placement/refinement/refine_parts.h"

#include <algorithm>
#include <limits>

#include "placement/parts/part_price.h"
#include "placement/refinement/part_moves.h"
#include "placement/refinement/part_state.h"
#include "placement/search/cooling.h"
#include "placement/search/penalty.h"
#include "support/random.h"

namespace allot {
namespace {

class Refiner {
 public:
  Refiner(const PlacementProblem& problem, const ProblemGraph& graph, const PartedSolution& start,
          const RefinePartsOptions& options, const ProgressHook& progress)
      : problem_(problem),
        start_(start),
        options_(options),
        progress_(progress),
        random_(options.seed),
        state_(problem, graph, start, options.migration, options.max_parts),
        moves_(state_, random_) {}

  PartedSolution Run() {
    value_ = Evaluate();
    Keep();
    const int64_t work = options_.work;
    const int64_t merging =
        std::min<int64_t>(work / 8, 8 * state_.evaluation_work() * value_.secondary);
    // While nothing feasible is known, shorter runs from shaken starts.
    for (int round = 0; round < 3 && !best_.feasible(); ++round) {
      if (round > 0) Shake();
      Anneal(spent_ + (work - merging - spent_) / 4);
      Restore();
    }
    Anneal(work - merging);
    Restore();
    MergeAll();
    Report();
    PartedSolution refined = state_.Solution(kept_);
    if (!best_.feasible() && start_.score.feasible) return start_;  // too many parts in all
    const bool start_holds = options_.max_parts == 0 ||
                             start_.parts.num_parts <= static_cast<size_t>(options_.max_parts);
    return start_holds && StartIsBetter(refined) ? start_ : refined;
  }

 private:
  SearchValue Evaluate() {
    SearchValue value = state_.Evaluate();
    spent_ += state_.evaluation_work();
    if (options_.part_price > 0) value.objective = Priced(value.objective, value.secondary);
    return value;
  }

  // In the units of the objective.
  Picos Priced(Picos objective, int64_t num_parts) const {
    constexpr int64_t kUnit = 1000 * 1024;  // as PricedValue() counts
    Int128 value = objective;
    if (options_.ceiling > 0 && objective > options_.ceiling) {
      value += static_cast<Int128>(objective - options_.ceiling) * 7;
    }
    const Int128 price = PricedValue(objective, num_parts, options_.part_price) / kUnit - objective;
    constexpr Int128 kMost = std::numeric_limits<Picos>::max() / 4;
    return static_cast<Picos>(std::min(value + price, kMost));
  }

  bool StartIsBetter(const PartedSolution& refined) const {
    if (options_.part_price == 0) return BetterWith(options_.migration, start_, refined);
    if (start_.score.feasible != refined.score.feasible) return start_.score.feasible;
    const auto priced = [&](const PartedSolution& solution) {
      const Migration* migration = options_.migration;
      const Picos moved =
          migration != nullptr ? migration->Price(solution.items.device_of) : Picos{0};
      return Priced(solution.score.objective + moved,
                    static_cast<int64_t>(solution.parts.num_parts));
    };
    return priced(start_) < priced(refined);
  }

  void Keep() {
    const bool better =
        value_.feasible() && (!best_.feasible() || value_.objective < best_.objective);
    best_ = value_;
    kept_ = state_.Save();
    if (options_.migration != nullptr) {
      best_price_ = options_.migration->Price(kept_.device.data());
    }
    if (better) Report();
  }

  void Report() const {
    if (progress_ && best_.feasible()) progress_(best_.objective - best_price_, 0, spent_);
  }

  void Restore() {
    state_.Restore(kept_);
    value_ = Evaluate();
  }

  void Shake() {
    moves_.Shake();
    if (!state_.Decode()) return;
    value_ = Evaluate();
    state_.Accept();
    if (value_ < best_) Keep();
  }

  // What the smooth part of the objective counts, in sixteenths.
  int64_t SmoothWeight(bool late) const {
    if (problem_.objective == PlacementObjective::kThroughput)
      return options_.smoothing * (late ? 1 : 5) / 4;
    return late ? options_.smoothing / 2 : options_.smoothing * 4;
  }

  // Loads differ by pieces of any size, so a stream is searched hotter the more often each item can
  // be moved.
  Picos Hot(int64_t moves) const {
    const Picos hot = Cooling::Hot(value_.objective, state_.num_items());
    if (problem_.objective == PlacementObjective::kLatency) return hot;
    constexpr int64_t kUsualMoves = 128, kHottest = 8;  // usual: of each item
    return hot * std::clamp<int64_t>(moves / (kUsualMoves * state_.num_items()), 1, kHottest);
  }

  void Anneal(int64_t until) {
    const int64_t from = spent_;
    value_ = Evaluate();
    const int64_t evaluation = state_.evaluation_work();
    // Below a few hundredths of a per mille of the objective nothing is worth telling apart, so
    // fewer temperatures than an annealing of small numbers needs.
    constexpr int64_t kLevels = 48;
    const int64_t moves = std::max<int64_t>((until - from) / std::max<int64_t>(evaluation, 1), 1);
    Cooling cooling(Hot(moves) / options_.cooler, moves, kLevels);
    Penalty penalty(problem_, value_.objective);
    Picos smooth = state_.Smooth();
    int64_t idle = 0;
    constexpr int kBetweenQuestions = 256;
    for (int move = 1; spent_ < until && idle < 1000; ++move) {
      if (options_.stop && move % kBetweenQuestions == 0 && options_.stop()) return;
      moves_.Propose();
      // Many moves ask for what is so already, which costs a fraction of an evaluation.
      if (!state_.Decode()) {
        spent_ += evaluation / 4 + 1;
        ++idle;
        continue;
      }
      idle = 0;
      const SearchValue next = Evaluate();
      const Picos next_smooth = state_.Smooth();
      const int64_t weight = SmoothWeight(spent_ - from > (until - from) / 4 * 3);
      const Picos loss = next.objective - value_.objective + penalty.Of(next) - penalty.Of(value_) +
                         (next_smooth - smooth) * weight / 16;
      const bool accept = cooling.Accept(loss, random_);
      penalty.Observe(accept ? next : value_);
      if (!accept) {
        state_.Reject();
        continue;
      }
      value_ = next;
      smooth = next_smooth;
      state_.Accept();
      if (value_ < best_) {
        Keep();
        if (state_.Rescale()) smooth = state_.Smooth();
      }
    }
  }

  // Merges neighbours on a device while nothing gets worse.
  void MergeAll() {
    bool merged = true;
    while (merged && spent_ < options_.work) {
      merged = false;
      for (int32_t part = 0; part < state_.num_parts() && spent_ < options_.work; ++part) {
        int32_t next = part + 1;
        while (next < state_.num_parts() && state_.part_device(next) != state_.part_device(part)) {
          ++next;
        }
        if (next == state_.num_parts()) continue;
        // The later joins the earlier, or the other way round.
        if (TryMerge(next, state_.part_stage(part)) || TryMerge(part, state_.part_stage(next))) {
          merged = true;
        }
      }
    }
  }

  bool TryMerge(int32_t part, int32_t stage) {
    const int32_t before = state_.num_parts();
    for (const int32_t item : state_.members(part)) state_.Ask(item, stage);
    if (!state_.Decode()) return false;
    const SearchValue next = Evaluate();
    if (state_.num_parts() >= before || value_ < next) {
      state_.Reject();
      return false;
    }
    value_ = next;
    state_.Accept();
    if (value_ < best_) Keep();
    return true;
  }

  const PlacementProblem& problem_;
  const PartedSolution& start_;
  const RefinePartsOptions options_;
  const ProgressHook& progress_;
  int64_t spent_ = 0;
  Random random_;
  PartState state_;
  PartMoves moves_;
  SearchValue value_, best_;
  Picos best_price_ = 0;  // of moving, in the objective of the best
  PartState::Snapshot kept_;
};

}  // namespace

PartedSolution RefineParts(const PlacementProblem& problem, const ProblemGraph& graph,
                           const PartedSolution& start, const RefinePartsOptions& options,
                           const ProgressHook& progress) {
  if (problem.items.empty()) return start;
  return Refiner(problem, graph, start, options, progress).Run();
}

}  // namespace allot
