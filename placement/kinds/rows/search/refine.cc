#include "placement/kinds/rows/search/refine.h"

#include <algorithm>
#include <limits>
#include <numeric>
#include <utility>
#include <vector>

#include "placement/search/cooling.h"
#include "support/units.h"

namespace allot::rows {
namespace {

constexpr size_t kTargets = 3;    // parts to look for partners in
constexpr size_t kPartners = 48;  // looked at in each

// The parts by what entering costs, cheapest first, without the vertex's own; ties by number.
class Targets {
 public:
  // Those that cost less than `below`.
  void Find(const std::vector<int64_t>& enter, int32_t own, int64_t below) {
    found_.clear();
    for (size_t p = 0; p < enter.size(); ++p) {
      if (enter[p] >= below || static_cast<int32_t>(p) == own) continue;
      found_.emplace_back(enter[p], static_cast<int32_t>(p));
    }
    const size_t most = std::min(kTargets, found_.size());
    std::partial_sort(found_.begin(), found_.begin() + static_cast<std::ptrdiff_t>(most),
                      found_.end());
    found_.resize(most);
  }
  const std::vector<std::pair<int64_t, int32_t>>& found() const { return found_; }

 private:
  std::vector<std::pair<int64_t, int32_t>> found_;
};

std::vector<int32_t> Shuffled(size_t count, Random& random) {
  std::vector<int32_t> order(count);
  std::iota(order.begin(), order.end(), 0);
  for (size_t i = count; i > 1; --i) {
    std::swap(order[i - 1], order[static_cast<size_t>(random.Below(static_cast<int64_t>(i)))]);
  }
  return order;
}

// Changes places with the best partner in the target, if that saves anything.
bool Swap(PhaseState& state, size_t v, int32_t target, int64_t gain, Random& random,
          WorkMeter& work) {
  const std::vector<int32_t>& members = state.members(target);
  if (members.empty()) return false;
  const size_t count = std::min(kPartners, members.size());
  auto at = static_cast<size_t>(random.Below(static_cast<int64_t>(members.size())));
  int64_t best = 0;
  size_t partner = v;
  const int32_t own = state.part_of()[v];
  for (size_t i = 0; i < count; ++i, ++at) {
    if (at == members.size()) at = 0;
    const auto w = static_cast<size_t>(members[at]);
    if (!state.CanSwap(v, w)) continue;
    // What both save by themselves is exact but for nets that both are in: those stay as they are,
    // so the two together save no more than that. Nets cost nothing less than nothing to enter.
    const int64_t* const send = state.phase().Send(w);
    const int64_t saved = state.Leave(w) + gain;
    if ((send == nullptr ? 0 : send[own]) - saved >= best) continue;
    if (state.Enter(w, own) - saved >= best) continue;
    const int64_t cost = state.SwapCost(v, w);
    if (cost < best) best = cost, partner = w;
  }
  work.spent += static_cast<int64_t>(count * state.phase().Nets(v).size()) / 16;
  if (partner == v) return false;
  state.Move(v, target);
  state.Move(partner, own);
  return true;
}

}  // namespace

bool Repair(PhaseState& state, WorkMeter& work) {
  const Phase& phase = state.phase();
  std::vector<int64_t> enter;
  for (int32_t p = 0; p < phase.parts; ++p) {
    while (state.load(p) > phase.limits[static_cast<size_t>(p)]) {
      size_t best = phase.num_vertices();
      int32_t target = -1;
      int64_t best_cost = 0, best_weight = 1;
      for (const int32_t member : state.members(p)) {
        const auto v = static_cast<size_t>(member);
        const int64_t weight = phase.weights[v];
        if (weight == 0) continue;
        state.EnterAll(v, enter);
        work.Spend(phase, v);
        const int64_t leave = state.Leave(v);
        for (int32_t to = 0; to < phase.parts; ++to) {
          if (to == p || !state.Fits(v, to)) continue;
          const int64_t cost = enter[static_cast<size_t>(to)] - leave;
          const bool better = target < 0 || static_cast<Int128>(cost) * best_weight <
                                                static_cast<Int128>(best_cost) * weight;
          if (better) best = v, target = to, best_cost = cost, best_weight = weight;
        }
      }
      if (target < 0) break;
      state.Move(best, target);
    }
  }
  return state.Excess() == 0;
}

void Refine(PhaseState& state, int32_t passes, Random& random, WorkMeter& work) {
  const Phase& phase = state.phase();
  std::vector<int64_t> enter;
  Targets targets;
  for (int32_t pass = 0; pass < passes && !work.Done(); ++pass) {
    bool changed = false;
    for (const int32_t vertex : Shuffled(phase.num_vertices(), random)) {
      const auto v = static_cast<size_t>(vertex);
      const int64_t leave = state.Leave(v);
      state.EnterAll(v, enter);
      work.Spend(phase, v);
      const int32_t own = state.part_of()[v];
      int32_t target = -1;
      for (int32_t p = 0; p < phase.parts; ++p) {
        if (p == own || !state.Fits(v, p)) continue;
        const int64_t best = target < 0 ? leave : enter[static_cast<size_t>(target)];
        if (enter[static_cast<size_t>(p)] < best) target = p;
      }
      if (target >= 0) {
        state.Move(v, target);
        changed = true;
        continue;
      }
      targets.Find(enter, own, leave + 1);
      for (const auto& [cost, part] : targets.found()) {
        if (Swap(state, v, part, leave - cost, random, work)) {
          changed = true;
          break;
        }
      }
    }
    if (!changed) break;
  }
}

void Anneal(PhaseState& state, int64_t steps, int64_t hot, Random& random, WorkMeter& work) {
  constexpr int64_t kScale = 256;  // so that temperatures below a word exist
  const Phase& phase = state.phase();
  const auto vertices = static_cast<int64_t>(phase.num_vertices());
  if (vertices < 2 || phase.parts < 2) return;
  const std::vector<int32_t> start = state.part_of();
  const int64_t start_cost = state.cost();
  Cooling cooling(hot * kScale, steps, 36);
  std::vector<int64_t> enter;
  Targets targets;
  for (int64_t step = 0; step < steps && !work.Done(); ++step) {
    const auto v = static_cast<size_t>(random.Below(vertices));
    const int32_t own = state.part_of()[v];
    int32_t target = 0;
    work.Spend(phase, v);
    if (random.Below(4) == 0) {
      target = static_cast<int32_t>(random.Below(phase.parts - 1));
      if (target >= own) ++target;
    } else {
      state.EnterAll(v, enter);
      targets.Find(enter, own, std::numeric_limits<int64_t>::max());
      const auto pick = random.Below(static_cast<int64_t>(targets.found().size()));
      target = targets.found()[static_cast<size_t>(pick)].second;
    }
    if (state.Fits(v, target)) {
      const int64_t cost = state.Enter(v, target) - state.Leave(v);
      if (cooling.Accept(cost * kScale, random)) state.Move(v, target);
      continue;
    }
    const std::vector<int32_t>& members = state.members(target);
    if (members.empty()) continue;
    const auto w = static_cast<size_t>(
        members[static_cast<size_t>(random.Below(static_cast<int64_t>(members.size())))]);
    if (!state.CanSwap(v, w)) continue;
    const int64_t cost = state.SwapCost(v, w);
    if (!cooling.Accept(cost * kScale, random)) continue;
    state.Move(v, target);
    state.Move(w, own);
  }
  if (state.cost() <= start_cost) return;
  for (size_t v = 0; v < start.size(); ++v) state.Move(v, start[v]);
}

}  // namespace allot::rows
