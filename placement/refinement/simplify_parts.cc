#include "placement/refinement/simplify_parts.h"

#include <algorithm>
#include <limits>
#include <tuple>
#include <utility>

#include "placement/parts/part_price.h"
#include "placement/refinement/part_moves.h"
#include "placement/refinement/part_state.h"
#include "placement/refinement/refine_parts.h"

namespace allot {
namespace {

class Simplifier {
 public:
  Simplifier(const PlacementProblem& problem, const ProblemGraph& graph,
             const PartedSolution& start, Picos limit, int64_t& work, const Migration* migration,
             int64_t part_price)
      : start_(start),
        limit_(limit),
        work_(work),
        before_(work),
        migration_(migration),
        part_price_(part_price),
        state_(problem, graph, start, migration) {
    value_ = state_.Evaluate().objective;
    work_ += state_.evaluation_work();
  }

  // Until so many parts are left.
  PartedSolution RunTo(int64_t most_parts) {
    most_parts_ = most_parts;
    while (state_.num_parts() > most_parts && Step()) {
    }
    return state_.Solution(state_.Save());
  }

  PartedSolution Run() {
    PartState::Snapshot kept = state_.Save();
    Int128 least = Priced();
    while (Step()) {
      if (part_price_ > 0 && Priced() > least) continue;
      least = Priced();
      kept = state_.Save();
    }
    PartedSolution simple = state_.Solution(kept);
    const Picos price = migration_ != nullptr ? migration_->Price(simple.items.device_of) : 0;
    const bool holds = simple.score.feasible && simple.score.objective + price <= limit_ &&
                       simple.parts.num_parts < start_.parts.num_parts;
    return holds ? simple : start_;
  }

 private:
  struct Merge {
    int32_t part = -1, device = -1, with = -1;  // to `device`, or to the stage of part `with`
    int32_t num_parts = 0;
    Picos value = 0;
  };

  Int128 Priced() { return PricedValue(value_, state_.num_parts(), part_price_); }

  bool Step() {
    if (work_ - before_ > kMostWork) return false;
    Merge best;
    num_parts_ = state_.num_parts();
    for (int32_t part = 0; part < num_parts_; ++part) {
      int32_t next = part + 1;
      while (next < num_parts_ && state_.part_device(next) != state_.part_device(part)) ++next;
      if (next < num_parts_) {
        Try({part, -1, next}, best);
        Try({next, -1, part}, best);
      }
      for (int32_t d = 0; d < state_.num_devices(); ++d) {
        if (d != state_.part_device(part) && Touches(part, d)) Try({part, d, -1}, best);
      }
    }
    if (best.part < 0) return false;
    Ask(best);
    if (!state_.Decode()) return false;
    state_.Accept();
    value_ = best.value;
    return true;
  }

  bool Touches(int32_t part, int32_t device) const {
    const auto there = [&](ItemId item) { return state_.device(item.index()) == device; };
    for (const int32_t member : state_.members(part)) {
      const ItemId item(member);
      const std::vector<ItemId>& before = state_.graph().predecessors[item];
      const std::vector<ItemId>& after = state_.graph().successors[item];
      if (std::any_of(before.begin(), before.end(), there)) return true;
      if (std::any_of(after.begin(), after.end(), there)) return true;
    }
    return false;
  }

  void Ask(const Merge& step) {
    if (step.device >= 0) return TakeBack(state_, step.part, step.device);
    const int32_t stage = state_.part_stage(step.with);
    for (const int32_t item : state_.members(step.part)) state_.Ask(item, stage);
  }

  bool Better(const Merge& a, const Merge& b) const {
    if (most_parts_ == 0) return std::tie(a.num_parts, a.value) < std::tie(b.num_parts, b.value);
    // What each costs for a part.
    const Int128 one = static_cast<Int128>(a.value - value_) * (num_parts_ - b.num_parts);
    const Int128 other = static_cast<Int128>(b.value - value_) * (num_parts_ - a.num_parts);
    return one != other ? one < other : a.num_parts < b.num_parts;
  }

  void Try(Merge step, Merge& best) {
    Ask(step);
    work_ += state_.evaluation_work();
    const int32_t before = state_.num_parts();
    if (!state_.Decode()) return;
    step.num_parts = state_.num_parts();
    if (step.num_parts < before) {
      const SearchValue value = state_.Evaluate();
      step.value = value.objective;
      const bool holds = value.feasible() && value.objective <= limit_;
      if (holds && (best.part < 0 || Better(step, best))) best = step;
    }
    state_.Reject();
  }

  const PartedSolution& start_;
  const Picos limit_;
  int64_t& work_;
  const int64_t before_;  // of it
  static constexpr int64_t kMostWork = 64'000'000;
  const Migration* const migration_;
  const int64_t part_price_;
  int64_t most_parts_ = 0;  // 0: what saves most parts comes first
  int32_t num_parts_ = 0;   // before the step
  PartState state_;
  Picos value_ = 0;
};

// Merges until at most `most_parts` are left, or until there is nothing to merge.
PartedSolution MergeParts(const PlacementProblem& problem, const ProblemGraph& graph,
                          const PartedSolution& start, int64_t most_parts, int64_t& work) {
  if (problem.items.empty() || !start.score.feasible) return start;
  constexpr Picos kNoLimit = std::numeric_limits<Picos>::max();
  return Simplifier(problem, graph, start, kNoLimit, work, nullptr, 0).RunTo(most_parts);
}

}  // namespace

PartedSolution SimplifyParts(const PlacementProblem& problem, const ProblemGraph& graph,
                             const PartedSolution& start, Picos limit, int64_t& work,
                             const Migration* migration, int64_t part_price) {
  if (problem.items.empty() || !start.score.feasible) return start;
  return Simplifier(problem, graph, start, limit, work, migration, part_price).Run();
}

std::vector<PartedSolution> ThinParts(const PlacementProblem& problem, const ProblemGraph& graph,
                                      const PartedSolution& start, const ThinPartsOptions& options,
                                      int64_t& work) {
  std::vector<PartedSolution> found;
  PartedSolution now = start;
  int64_t most = static_cast<int64_t>(start.parts.num_parts);
  const int64_t fewest = std::max<int64_t>(options.fewest_parts, 1);
  for (bool first = true; now.score.feasible; first = false) {
    if (options.stop && options.stop()) break;
    most = first && options.most_parts > 0 ? std::min(most, options.most_parts) : most / 2;
    if (most < fewest) break;
    now = MergeParts(problem, graph, now, most, work);
    RefinePartsOptions search;
    search.work = options.work;
    search.seed = options.seed + static_cast<uint64_t>(most);
    search.max_parts = most;
    search.stop = options.stop;
    now = RefineParts(problem, graph, now, search);
    work += options.work;
    const bool holds = static_cast<int64_t>(now.parts.num_parts) <= most;
    if (now.score.feasible && holds) found.push_back(now);
  }
  return found;
}

}  // namespace allot
