#include "placement/refinement/simplify_parts.h"

#include <algorithm>
#include <tuple>

#include "placement/parts/part_price.h"
#include "placement/refinement/part_moves.h"
#include "placement/refinement/part_state.h"

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
    const int32_t num_parts = state_.num_parts();
    for (int32_t part = 0; part < num_parts; ++part) {
      int32_t next = part + 1;
      while (next < num_parts && state_.part_device(next) != state_.part_device(part)) ++next;
      if (next < num_parts) {
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

  void Try(Merge step, Merge& best) {
    Ask(step);
    work_ += state_.evaluation_work();
    const int32_t before = state_.num_parts();
    if (!state_.Decode()) return;
    step.num_parts = state_.num_parts();
    if (step.num_parts < before) {
      const SearchValue value = state_.Evaluate();
      step.value = value.objective;
      const bool better = best.part < 0 || std::tie(step.num_parts, step.value) <
                                               std::tie(best.num_parts, best.value);
      if (value.feasible() && value.objective <= limit_ && better) best = step;
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
  PartState state_;
  Picos value_ = 0;
};

}  // namespace

PartedSolution SimplifyParts(const PlacementProblem& problem, const ProblemGraph& graph,
                             const PartedSolution& start, Picos limit, int64_t& work,
                             const Migration* migration, int64_t part_price) {
  if (problem.items.empty() || !start.score.feasible) return start;
  return Simplifier(problem, graph, start, limit, work, migration, part_price).Run();
}

}  // namespace allot
