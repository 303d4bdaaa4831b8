#include "placement/kinds/stages/search/feasible_period.h"

#include <algorithm>
#include <cstddef>
#include <numeric>

#include "placement/kinds/stages/value/period_bound.h"
#include "support/units.h"

namespace allot {
namespace {

// Comparing two downsets is so much cheaper than adding up a layer.
constexpr int64_t kLooksPerWork = 8;
constexpr int64_t kLooksPerStop = 1 << 16;

}  // namespace

PeriodTest::PeriodTest(const StagesProblem& problem, const CompiledStages& stages,
                       const BlockGraph& blocks, const Downsets& sets, StagePricer& pricer)
    : problem_(problem),
      stages_(stages),
      blocks_(blocks),
      sets_(sets),
      pricer_(pricer),
      counts_replicas_(problem.has_memory ||
                       (stages.limits_sum && stages.max_sum < problem.devices)),
      order_(sets.size()) {
  size_of_ = sets.SumUp(int64_t{0}, [](int64_t& size, int32_t, int64_t sign) { size += sign; });
}

bool PeriodTest::Prepare(int64_t period) {
  const std::vector<int64_t> least = LeastDeviceTicks(problem_, stages_, blocks_, period);
  if (least.empty()) return false;
  int64_t all = 0;
  for (const int64_t each : least) all = SaturatingAdd(all, each);
  if (Needed(all, period) > problem_.devices) return false;
  ticks_ = sets_.SumUp(int64_t{0}, [&](int64_t& sum, int32_t block, int64_t sign) {
    sum += sign * least[static_cast<size_t>(block)];
  });
  std::iota(order_.begin(), order_.end(), size_t{0});
  std::sort(order_.begin(), order_.end(), [&](size_t a, size_t b) {
    if (ticks_[a] != ticks_[b]) return ticks_[a] < ticks_[b];
    return size_of_[a] != size_of_[b] ? size_of_[a] < size_of_[b] : a < b;
  });
  sorted_ticks_.clear();
  for (const size_t set : order_) sorted_ticks_.push_back(ticks_[set]);
  tails_.assign(sets_.size(), {});
  all_tails_.clear();
  vague_ = false;
  return true;
}

void PeriodTest::Add(size_t set, const Tail& tail) {
  std::vector<int32_t>& tails = tails_[set];
  const auto devices = [&](int32_t t) { return all_tails_[static_cast<size_t>(t)].devices; };
  const auto replicas = [&](int32_t t) { return all_tails_[static_cast<size_t>(t)].replicas; };
  auto at = std::upper_bound(tails.begin(), tails.end(), tail.devices,
                             [&](int64_t value, int32_t t) { return value < devices(t); });
  // The one before has no more devices: replicas fall, so it has the fewest of those.
  if (at != tails.begin() && replicas(*(at - 1)) <= tail.replicas) return;
  if (at != tails.begin() && devices(*(at - 1)) == tail.devices) --at;
  auto end = at;
  while (end != tails.end() && replicas(*end) >= tail.replicas) ++end;
  at = tails.erase(at, end);
  tails.insert(at, static_cast<int32_t>(all_tails_.size()));
  all_tails_.push_back(tail);
}

void PeriodTest::Stages(size_t from, size_t to, const std::vector<int32_t>& tails, int64_t period,
                        int64_t before, StageWork& work) {
  // Tails have ever more devices and ever fewer replicas.
  const int64_t most =
      problem_.devices - before - all_tails_[static_cast<size_t>(tails[0])].devices;
  const int64_t behind = all_tails_[static_cast<size_t>(tails.back())].replicas;
  if (!pricer_.MayKeep(from, to, period, most, behind)) return;
  const int64_t priced = pricer_.work();
  const std::vector<StageSums>& sums = pricer_.Sums(from, to);
  work.spent += 1 + pricer_.work() - priced;
  for (size_t w = 0; w < stages_.widths.size(); ++w) {
    const StageSums sum = sums[w];
    if (!sum.possible) continue;
    const int64_t width = stages_.widths[w];
    // The load is no less than time / replicas, and no less than with the fastest variants.
    const int64_t fewest = std::max<int64_t>(1, Needed(sum.time, period));
    const auto first = std::lower_bound(stages_.replicas.begin(), stages_.replicas.end(), fewest);
    for (const int32_t t : tails) {
      const Tail tail = all_tails_[static_cast<size_t>(t)];
      const int64_t left = problem_.devices - tail.devices - before;
      for (auto r = first; r != stages_.replicas.end() && *r * width <= left; ++r) {
        if (stages_.limits_sum && tail.replicas + *r > stages_.max_sum) break;
        ++work.spent;
        if (LoadOf(WeightsOf(problem_.rule, *r), sum.time, sum.update) > period) continue;
        const int64_t in_flight = (tail.replicas + 2 * *r - 1) / *r;
        const int64_t knapsacks = pricer_.work();
        const LoadRange load = pricer_.Load(from, to, w, *r, in_flight, sum, period);
        work.spent += pricer_.work() - knapsacks;
        if ((relaxed_ ? load.lower : load.upper) > period) {
          if (load.lower <= period) vague_ = true;
          continue;
        }
        Tail longer;
        longer.devices = tail.devices + *r * width;
        longer.replicas = counts_replicas_ ? tail.replicas + *r : 0;
        longer.next = t;
        longer.first = {from, to, w, *r, in_flight};
        Add(from, longer);
        break;  // more replicas are more devices, and no fewer behind
      }
    }
  }
}

// All stages that end where the set at `at` does. False: out of work.
bool PeriodTest::Extend(size_t at, int64_t period, StageWork& work) {
  const size_t to = order_[at];
  std::vector<int32_t> tails;
  for (const int32_t t : tails_[to]) {
    const bool enough =
        all_tails_[static_cast<size_t>(t)].devices + Needed(ticks_[to], period) <= problem_.devices;
    if (enough) tails.push_back(t);
  }
  if (tails.empty()) return true;
  const int64_t left = problem_.devices - all_tails_[static_cast<size_t>(tails[0])].devices;
  int64_t looks = 0;
  // The more blocks, the longer a look.
  const auto cost = static_cast<int64_t>(1 + sets_.num_blocks() / 1024);
  for (size_t i = at; i-- > 0;) {
    if (++looks % kLooksPerStop == 0 && work.stop != nullptr && work.stop()) work.stopped = true;
    if (looks % kLooksPerStop == 0 && work.spent + looks * cost / kLooksPerWork >= work.limit)
      break;
    if (work.stopped) break;
    const int64_t before = Needed(sorted_ticks_[i], period);
    const int64_t own = Needed(ticks_[to] - sorted_ticks_[i], period);
    if (before + own > left) {
      // A shorter front leaves more for the stage, by a device at a time.
      if (before == 0) break;
      const auto next = std::upper_bound(sorted_ticks_.begin(),
                                         sorted_ticks_.begin() + static_cast<std::ptrdiff_t>(i),
                                         (before - 1) * period);
      i = static_cast<size_t>(next - sorted_ticks_.begin());
      continue;
    }
    const size_t from = order_[i];
    if (size_of_[from] >= size_of_[to] || !sets_.Within(from, to)) continue;
    Stages(from, to, tails, period, before, work);
  }
  work.spent += looks * cost / kLooksPerWork;
  if (work.spent >= work.limit) work.stopped = true;
  return !work.stopped;
}

PeriodAnswer PeriodTest::Run(int64_t period, bool relaxed, StageWork& work,
                             std::vector<StageCut>& cuts) {
  relaxed_ = relaxed;
  work.spent += static_cast<int64_t>(sets_.size());
  if (!Prepare(period)) return PeriodAnswer::kFitsNot;
  // The full set is last: it needs most and is largest. The empty one is first.
  all_tails_.push_back({});
  tails_[order_.back()].push_back(0);
  for (size_t at = order_.size(); at-- > 1;) {
    if (!Extend(at, period, work)) return PeriodAnswer::kOutOfWork;
  }
  const std::vector<int32_t>& ways = tails_[order_[0]];
  if (ways.empty()) return vague_ ? PeriodAnswer::kMayFit : PeriodAnswer::kFitsNot;
  cuts.clear();
  for (int32_t t = ways[0]; all_tails_[static_cast<size_t>(t)].next >= 0;
       t = all_tails_[static_cast<size_t>(t)].next) {
    cuts.push_back(all_tails_[static_cast<size_t>(t)].first);
  }
  return PeriodAnswer::kFits;
}

}  // namespace allot
