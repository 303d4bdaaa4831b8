#include "placement/refinement/combine_parts.h"

#include <algorithm>
#include <limits>
#include <vector>

#include "placement/refinement/part_state.h"

namespace allot {
namespace {

class Combiner {
 public:
  Combiner(const PlacementProblem& problem, const ProblemGraph& graph, const PartedSolution& best,
           const PartedSolution& other, int64_t work, const Migration* migration, int64_t max_parts)
      : work_(work),
        state_(problem, graph, best, migration, max_parts),
        donor_(problem, graph, other, migration, max_parts) {
    for (const ItemId item : graph.topological) topological_.push_back(item.index());
    ChooseCuts(problem);
  }

  // True if anything was put in.
  bool Run() {
    value_ = Evaluate();
    bool any = false;
    for (bool improved = true; improved && spent_ < work_;) {
      improved = false;
      for (size_t length = cuts_.size() - 1; length >= 1; --length) {
        for (size_t from = 0; from + length < cuts_.size() && spent_ < work_; ++from) {
          if (PutIn(cuts_[from], cuts_[from + length])) improved = any = true;
        }
      }
    }
    return any;
  }

  PartedSolution Solution() const { return state_.Solution(state_.Save()); }

 private:
  SearchValue Evaluate() {
    const SearchValue value = state_.Evaluate();
    spent_ += state_.evaluation_work();
    return value;
  }

  // Near the ends of stretches of equally many items, where the fewest tensors cross.
  void ChooseCuts(const PlacementProblem& problem) {
    constexpr int64_t kStretches = 32;
    const auto n = static_cast<int64_t>(topological_.size());
    const std::vector<int64_t> crossing = Crossing(problem);
    const int64_t stretches = std::min(n, kStretches);
    const int64_t half = n / (2 * stretches);
    cuts_.push_back(0);
    for (int64_t s = 1; s < stretches; ++s) {
      const int64_t middle = n * s / stretches;
      const int64_t first = std::max<int64_t>(middle - half, cuts_.back() + 1);
      const int64_t last = std::min(middle + half, n - 1);
      if (first > last) continue;
      const auto least = std::min_element(crossing.begin() + first, crossing.begin() + last + 1);
      cuts_.push_back(static_cast<int32_t>(least - crossing.begin()));
    }
    cuts_.push_back(static_cast<int32_t>(n));
  }

  // By position in the topological order: tensors from before it to it or behind.
  std::vector<int64_t> Crossing(const PlacementProblem& problem) const {
    std::vector<int32_t> at(topological_.size());
    for (size_t i = 0; i < at.size(); ++i) at[topological_[i]] = static_cast<int32_t>(i);
    std::vector<int64_t> crossing(topological_.size() + 1);
    for (const PlacementProblem::Flow& flow : problem.flows) {
      const int32_t begin = at[flow.from.index()] + 1;
      int32_t end = begin;
      for (const ItemId to : flow.to) end = std::max(end, at[to.index()] + 1);
      ++crossing[begin];
      --crossing[end];
    }
    for (size_t i = 1; i < crossing.size(); ++i) crossing[i] += crossing[i - 1];
    return crossing;
  }

  // The items from position `from` to before `to` as the donor has them, if that is better. Their
  // stages follow those of what precedes, and those of what follows theirs; where the same device
  // goes on, its parts become one.
  bool PutIn(int32_t from, int32_t to) {
    const auto n = static_cast<int32_t>(topological_.size());
    constexpr int32_t kLate = std::numeric_limits<int32_t>::max();
    int32_t before = 0, low = kLate, high = 0, after = kLate;
    for (int32_t i = 0; i < n; ++i) {
      const int32_t item = topological_[i];
      if (i < from) {
        before = std::max(before, state_.stage(item));
      } else if (i < to) {
        low = std::min(low, donor_.stage(item));
        high = std::max(high, donor_.stage(item));
      } else {
        after = std::min(after, state_.stage(item));
      }
    }
    const int32_t shift = before - low;
    for (int32_t i = from; i < to; ++i) {
      const int32_t item = topological_[i];
      state_.Send(item, donor_.device(item), donor_.stage(item) + shift);
    }
    for (int32_t i = to; i < n; ++i) {
      const int32_t item = topological_[i];
      state_.Ask(item, state_.stage(item) + high + shift - after);
    }
    if (!state_.Decode()) {
      spent_ += state_.evaluation_work() / 4 + 1;
      return false;
    }
    const SearchValue next = Evaluate();
    if (!(next < value_)) {
      state_.Reject();
      return false;
    }
    value_ = next;
    state_.Accept();
    return true;
  }

  const int64_t work_;
  int64_t spent_ = 0;
  PartState state_, donor_;
  std::vector<int32_t> topological_, cuts_;  // items; positions
  SearchValue value_;
};

}  // namespace

PartedSolution CombineParts(const PlacementProblem& problem, const ProblemGraph& graph,
                            const PartedSolution& best, const PartedSolution& other, int64_t work,
                            const Migration* migration, int64_t max_parts) {
  if (problem.items.empty()) return best;
  Combiner combiner(problem, graph, best, other, work, migration, max_parts);
  return combiner.Run() ? combiner.Solution() : best;
}

}  // namespace allot
