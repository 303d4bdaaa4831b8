#include "placement/kinds/chips/rules/repair.h"

#include <algorithm>
#include <cstdlib>
#include <numeric>
#include <utility>

#include "support/graph/topo_order.h"

namespace allot::chips {
namespace {

// Decisions that are taken back before a search starts again: so many times what Luby's sequence
// says. That a node may not be on a chip, which shows as soon as it is decided, takes nothing back.
constexpr int64_t kRetreatsOfTurn = 50;
constexpr int64_t kMostTurns = 6;

// 1 1 2 1 1 2 4 ... (Luby, Sinclair and Zuckerman, Optimal speedup of Las Vegas algorithms, 1993).
int64_t Luby(int64_t i) {
  for (int64_t power = 1;; ++power) {
    if (i == (int64_t{1} << power) - 1) return int64_t{1} << (power - 1);
    if (i < (int64_t{1} << power) - 1) return Luby(i - (int64_t{1} << (power - 1)) + 1);
  }
}

int32_t Nearest(uint64_t domain, int32_t chip) {
  int32_t best = -1;
  for (; domain != 0; domain &= domain - 1) {
    const int32_t other = __builtin_ctzll(domain);
    if (best < 0 || std::abs(other - chip) < std::abs(best - chip)) best = other;
  }
  return best;
}

}  // namespace

Repair::Repair(const RuleGraph& rules)
    : rules_(rules), domains_(rules), failures_(static_cast<size_t>(rules.size())) {}

// A topological order: nodes that failed as soon as they may come, then at random.
std::vector<int32_t> Repair::Order(Random& random) {
  std::vector<uint64_t> draw(failures_.size());
  for (uint64_t& each : draw) each = random.Next();
  // What leads to a node that failed is as urgent as that.
  std::vector<int64_t> urgency = failures_;
  for (int32_t v = rules_.size() - 1; v >= 0; --v) {
    for (const int32_t u : rules_.graph().predecessors(v)) {
      int64_t& of = urgency[static_cast<size_t>(u)];
      of = std::max(of, urgency[static_cast<size_t>(v)]);
    }
  }
  const auto successors = [&](int32_t v, const auto& visit) {
    for (const int32_t w : rules_.graph().successors(v)) visit(w);
  };
  return SortTopologically(rules_.size(), successors, BySmallestKey<int32_t>([&](int32_t v) {
                             const auto i = static_cast<size_t>(v);
                             return std::pair(-urgency[i], draw[i]);
                           }))
      .order;
}

// Takes back the last decision and excludes it; again where that cannot be. false: no level is
// left.
bool Repair::Retreat() {
  while (!decided_.empty()) {
    const auto [v, chip] = decided_.back();
    domains_.Undo();
    decided_.pop_back();
    if (domains_.Exclude(v, chip)) return true;
    ++counts_.failures;
  }
  infeasible_ = true;
  return false;
}

// Decides all nodes as choose(v, domain) says, -1 leaving a node for later: it is not asked again
// before all others. false: too many decisions were taken back.
template <typename Choose>
bool Repair::Search(const std::vector<int32_t>& order, const Choose& choose,
                    int64_t most_retreats) {
  int64_t retreats = 0;
  for (const bool last : {false, true}) {
    size_t i = 0;
    while (i < order.size()) {
      const int32_t v = order[i];
      if (domains_.IsDecided(v)) {
        ++i;
        continue;
      }
      const int32_t chip = choose(v, domains_.of(v), last);
      if (chip < 0) {
        ++i;
        continue;
      }
      decided_.emplace_back(v, chip);
      if (domains_.Decide(v, chip)) {
        ++i;
        continue;
      }
      ++counts_.failures;
      ++failures_[static_cast<size_t>(domains_.failed() >= 0 ? domains_.failed() : v)];
      domains_.Undo();
      decided_.pop_back();
      const size_t level = decided_.size();
      bool open = domains_.Exclude(v, chip);
      if (!open) {
        ++counts_.failures;
        open = Retreat();
        ++retreats;
      }
      if (!open || retreats > most_retreats) return false;
      if (decided_.size() < level) i = 0;  // nodes behind the retreat are open again
    }
  }
  return true;
}

void Repair::TakeBackAll() {
  while (domains_.level() > 0) domains_.Undo();
  decided_.clear();
}

Assignment Repair::Finish() {
  Assignment chips = domains_.Decided();
  TakeBackAll();
  ++counts_.answers;
  return chips;
}

// Slices of an order that follows the candidate: a new chip begins where the candidate has a later
// one than is reached and no edge would jump over a slice. Always possible: one slice is.
Assignment Repair::Slices(const Assignment& candidate) {
  ++counts_.answers;
  ++counts_.sliced;
  const auto successors = [&](int32_t v, const auto& visit) {
    for (const int32_t w : rules_.graph().successors(v)) visit(w);
  };
  const std::vector<int32_t> order =
      SortTopologically(rules_.size(), successors, BySmallestKey<int32_t>([&](int32_t v) {
                          return candidate[static_cast<size_t>(v)];
                        }))
          .order;
  const std::vector<int32_t> position = Positions(order);
  Assignment chips(order.size());
  int32_t chip = 0, farthest = -1, reached = -1;  // heads of edges from before this slice, and all
  for (size_t i = 0; i < order.size(); ++i) {
    const int32_t v = order[i];
    // The slice that ends here has every head of what came before it.
    if (i > 0 && candidate[static_cast<size_t>(v)] > chip && chip + 1 < rules_.chips() &&
        farthest < static_cast<int32_t>(i)) {
      ++chip;
      farthest = reached;
    }
    chips[static_cast<size_t>(v)] = chip;
    for (const int32_t w : rules_.graph().successors(v)) {
      reached = std::max(reached, position[static_cast<size_t>(w)]);
    }
  }
  return chips;
}

Assignment Repair::Sample(const ChipWeights& weights, Random& random) {
  const auto chips = static_cast<size_t>(rules_.chips());
  const auto choose = [&](int32_t v, uint64_t domain, bool) {
    const double* const row = weights.data() + static_cast<size_t>(v) * chips;
    double total = 0;
    for (uint64_t rest = domain; rest != 0; rest &= rest - 1) total += row[__builtin_ctzll(rest)];
    const bool even = !(total > 0);
    double at = random.Unit() * (even ? static_cast<double>(__builtin_popcountll(domain)) : total);
    int32_t chosen = -1;
    for (uint64_t rest = domain; rest != 0; rest &= rest - 1) {
      const int32_t chip = __builtin_ctzll(rest);
      const double weight = even ? 1 : row[chip];
      if (weight > 0) chosen = chip;
      if ((at -= weight) < 0) break;
    }
    return chosen;
  };
  std::fill(failures_.begin(), failures_.end(), 0);
  for (int64_t turn = 1; turn <= kMostTurns && !infeasible_; ++turn) {
    if (Search(Order(random), choose, kRetreatsOfTurn * Luby(turn))) return Finish();
    ++counts_.restarts;
    TakeBackAll();
  }
  if (infeasible_) return Slices(Assignment(static_cast<size_t>(rules_.size())));
  Assignment drawn(static_cast<size_t>(rules_.size()));
  for (int32_t v = 0; v < rules_.size(); ++v) {
    drawn[static_cast<size_t>(v)] = choose(v, domains_.of(v), true);
  }
  return Slices(drawn);
}

Assignment Repair::Fix(const Assignment& candidate, Random& random) {
  const auto choose = [&](int32_t v, uint64_t domain, bool last) {
    const int32_t chip = candidate[static_cast<size_t>(v)];
    if ((domain >> chip & 1) != 0) return chip;
    return last ? Nearest(domain, chip) : -1;
  };
  std::fill(failures_.begin(), failures_.end(), 0);
  for (int64_t turn = 1; turn <= kMostTurns && !infeasible_; ++turn) {
    if (Search(Order(random), choose, kRetreatsOfTurn * Luby(turn))) return Finish();
    ++counts_.restarts;
    TakeBackAll();
  }
  return Slices(candidate);
}

}  // namespace allot::chips
