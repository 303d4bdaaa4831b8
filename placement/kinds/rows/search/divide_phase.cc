#include "placement/kinds/rows/search/divide_phase.h"

#include <algorithm>
#include <limits>
#include <numeric>
#include <utility>

#include "placement/kinds/rows/model/limits.h"
#include "placement/kinds/rows/search/coarsen.h"
#include "support/units.h"

namespace allot::rows {
namespace {

int64_t TotalWeight(const Phase& phase) {
  return std::accumulate(phase.weights.begin(), phase.weights.end(), int64_t{0});
}

// Heaviest first, in a random order among equals, each into the part with room that it costs least
// to enter, of equals the emptiest for its limit; where there is no room, into the emptiest.
std::vector<int32_t> Greedy(const Phase& phase, Random& random, WorkMeter& work) {
  std::vector<std::pair<uint64_t, int32_t>> order;
  for (size_t v = 0; v < phase.num_vertices(); ++v) {
    order.emplace_back(random.Next(), static_cast<int32_t>(v));
  }
  std::sort(order.begin(), order.end(), [&](const auto& a, const auto& b) {
    const int64_t left = phase.weights[static_cast<size_t>(a.second)];
    const int64_t right = phase.weights[static_cast<size_t>(b.second)];
    return left != right ? left > right : a < b;
  });
  PhaseState state(phase, std::vector<int32_t>(phase.num_vertices(), -1));
  std::vector<int64_t> enter;
  const auto emptier = [&](int32_t a, int32_t b) {
    return static_cast<Int128>(state.load(a)) * phase.limits[static_cast<size_t>(b)] <
           static_cast<Int128>(state.load(b)) * phase.limits[static_cast<size_t>(a)];
  };
  for (const auto& [key, vertex] : order) {
    const auto v = static_cast<size_t>(vertex);
    state.EnterAll(v, enter);
    work.Spend(phase, v);
    int32_t best = -1, emptiest = 0;
    for (int32_t p = 0; p < phase.parts; ++p) {
      if (emptier(p, emptiest)) emptiest = p;
      if (!state.Fits(v, p)) continue;
      const int64_t least = best < 0 ? 0 : enter[static_cast<size_t>(best)];
      const int64_t cost = enter[static_cast<size_t>(p)];
      if (best < 0 || cost < least || (cost == least && emptier(p, best))) best = p;
    }
    state.Move(v, best < 0 ? emptiest : best);
  }
  return state.part_of();
}

// What a search at one level does with a division of it.
void Improve(PhaseState& state, const Effort& effort, int64_t hot, bool anneal, Random& random,
             WorkMeter& work) {
  Repair(state, work);
  const auto vertices = static_cast<int64_t>(state.phase().num_vertices());
  if (anneal && vertices <= effort.most_annealed) {
    Anneal(state, effort.steps * vertices, hot, random, work);
  }
  Refine(state, static_cast<int32_t>(effort.passes), random, work);
}

// A temperature in words: of the order of what a vertex pays.
int64_t Hot(const PhaseState& state) {
  return std::max<int64_t>(1, state.cost() / static_cast<int64_t>(state.phase().num_vertices()));
}

std::pair<int64_t, int64_t> Quality(const PhaseState& state) {
  return {state.Excess(), state.cost()};
}

// Rows of which most are like others: what annealing of their clusters is for. Rows that have
// nothing in common have divisions that are all about as good.
bool HasCopies(const Phase& rows, const Coarsened& merged) {
  return merged.phase.num_vertices() * 2 <= rows.num_vertices();
}

constexpr size_t kMany = 128;  // rows, of which chance makes no good division

// Whether the division costs more than so many thousandths of one at random.
bool IsHardlyBetterThanRandom(const Phase& phase, const std::vector<int32_t>& part_of,
                              int64_t thousandths, Random& random) {
  if (phase.num_vertices() < kMany) return false;
  std::vector<int32_t> drawn(part_of.size());
  for (int32_t& part : drawn) part = static_cast<int32_t>(random.Below(phase.parts));
  return PhaseState(phase, part_of).cost() * 1000 >
         PhaseState(phase, std::move(drawn)).cost() * thousandths;
}

// Rows that are no copies of others, and that one quick search divides no better than chance:
// clusters of them would be clusters of nothing.
bool IsHopeless(const Phase& rows, const Coarsened& merged, Random& random, WorkMeter& work) {
  constexpr int64_t kHardly = 999;
  if (HasCopies(rows, merged) || merged.phase.num_vertices() < kMany) return false;
  PhaseState state(merged.phase, Greedy(merged.phase, random, work));
  Refine(state, 1, random, work);
  return IsHardlyBetterThanRandom(merged.phase, state.part_of(), kHardly, random);
}

}  // namespace

std::vector<int32_t> DividePhase(const Phase& rows, const Effort& effort, Random& random,
                                 WorkMeter& work) {
  if (rows.parts == 1) return std::vector<int32_t>(rows.num_vertices(), 0);
  const int64_t share = std::max<int64_t>(TotalWeight(rows) / rows.parts, 1);
  std::vector<Coarsened> levels;
  levels.push_back(MergeKinds(rows, share, {}));
  const auto enough = static_cast<size_t>(6 * rows.parts);
  const bool hopeless = IsHopeless(rows, levels[0], random, work);
  while (!hopeless && levels.back().phase.num_vertices() > enough) {
    Coarsened next = MatchPairs(levels.back().phase, std::max<int64_t>(share / 3, 1));
    const bool gained = next.phase.num_vertices() * 10 < levels.back().phase.num_vertices() * 9;
    if (!gained) break;
    levels.push_back(std::move(next));
  }
  std::vector<int32_t> part_of;
  std::pair<int64_t, int64_t> best = {std::numeric_limits<int64_t>::max(), 0};
  for (int64_t start = 0; start < effort.starts && (start == 0 || !work.Done()); ++start) {
    PhaseState state(levels.back().phase, Greedy(levels.back().phase, random, work));
    Improve(state, effort, 0, false, random, work);
    if (Quality(state) < best) best = Quality(state), part_of = state.part_of();
    if (hopeless) break;
    if (start == 1 && HasNothingInCommon(levels.back().phase, part_of, random)) break;
  }
  for (size_t level = levels.size(); level-- > 0;) {
    PhaseState state(levels[level].phase, std::move(part_of));
    Improve(state, effort, Hot(state), level == 0 && HasCopies(rows, levels[0]), random, work);
    part_of.assign(levels[level].cluster_of.size(), 0);
    for (size_t v = 0; v < part_of.size(); ++v) {
      part_of[v] = state.part_of()[static_cast<size_t>(levels[level].cluster_of[v])];
    }
  }
  PhaseState state(rows, std::move(part_of));
  Improve(state, effort, 0, false, random, work);
  return state.part_of();
}

bool HasNothingInCommon(const Phase& rows, const std::vector<int32_t>& part_of, Random& random) {
  constexpr int64_t kWorth = 800;
  return IsHardlyBetterThanRandom(rows, part_of, kWorth, random);
}

std::vector<int32_t> ImprovePhase(const Phase& rows, std::vector<int32_t> part_of,
                                  const Effort& effort, Random& random, WorkMeter& work) {
  if (rows.parts == 1) return part_of;
  const int64_t share = std::max<int64_t>(TotalWeight(rows) / rows.parts, 1);
  const Coarsened bundles = MergeKinds(rows, share, part_of);
  std::vector<int32_t> part_of_bundle(bundles.phase.num_vertices());
  for (size_t v = 0; v < part_of.size(); ++v) {
    part_of_bundle[static_cast<size_t>(bundles.cluster_of[v])] = part_of[v];
  }
  PhaseState coarse(bundles.phase, std::move(part_of_bundle));
  Improve(coarse, effort, std::max<int64_t>(Hot(coarse) / 4, 1), HasCopies(rows, bundles), random,
          work);
  for (size_t v = 0; v < part_of.size(); ++v) {
    part_of[v] = coarse.part_of()[static_cast<size_t>(bundles.cluster_of[v])];
  }
  PhaseState state(rows, std::move(part_of));
  Improve(state, effort, 0, false, random, work);
  return state.part_of();
}

void KeepLimits(const Phase& phase, std::vector<int32_t>& part_of, Random& random,
                WorkMeter& work) {
  PhaseState state(phase, std::move(part_of));
  if (state.Excess() == 0 || Repair(state, work)) {
    part_of = state.part_of();
    return;
  }
  PhaseState packed(phase, PackRows(phase.weights, phase.limits));
  Refine(packed, 6, random, work);
  part_of = packed.part_of();
}

}  // namespace allot::rows
