#include "placement/blocks/plan_by_blocks.h"

#include <algorithm>
#include <numeric>
#include <set>
#include <utility>
#include <vector>

#include "placement/blocks/chain_search.h"

namespace allot {
namespace {

// What a chain may lose for fewer cuts within blocks and cheaper ones: a two-hundredth.
constexpr int64_t kCutSlackPermille = 5;

// Tensors need room besides what is resident: where a chain does not fit, less is given away.
constexpr int64_t kRooms[] = {1000, 990, 970, 940, 900, 800};

class BlockPlanning {
 public:
  BlockPlanning(const PlacementProblem& problem, const BlockChain& chain,
                const BlockPlanOptions& options)
      : problem_(problem), chain_(chain), options_(options), by_speed_(chain.kinds().size()) {
    std::iota(by_speed_.begin(), by_speed_.end(), size_t{0});
    // What cannot run all of it comes last.
    const auto slowness = [&](size_t kind) {
      return chain.Time(kind, 0, chain.size()).value_or(kMaxPicos);
    };
    std::stable_sort(by_speed_.begin(), by_speed_.end(),
                     [&](size_t a, size_t b) { return slowness(a) < slowness(b); });
  }

  std::optional<BlockPlan> Run() {
    if (problem_.objective == PlacementObjective::kLatency) {
      OfferFirstThrough();
    } else {
      // From what is simple on: further kinds, and cuts within blocks, have to bring something.
      const size_t kinds = chain_.kinds().size();
      for (const bool whole : {true, false}) {
        if (!whole && kinds == 1) break;
        for (size_t use = 1; use <= kinds; ++use) OfferGroups(use, whole);
      }
    }
    if (best_.has_value()) best_->plan.whole_value = whole_value_;
    return best_.has_value() ? std::optional(std::move(best_->plan)) : std::nullopt;
  }

 private:
  struct Offered {
    BlockPlan plan;
    size_t kinds = 0;  // of devices that were to be used
  };

  // Of the `use` fastest kinds.
  std::vector<size_t> Counts(size_t groups, size_t use) const {
    std::vector<size_t> counts(chain_.kinds().size(), 0);
    for (size_t i = 0; i < use; ++i)
      counts[by_speed_[i]] = chain_.kinds()[by_speed_[i]].size() / groups;
    return counts;
  }

  void OfferFirstThrough() {
    for (const int64_t room : kRooms) {
      const std::optional<std::vector<ChainRange>> ranges =
          LeastLatencyChain(problem_, chain_, {Counts(1, by_speed_.size()), true, room});
      if (!ranges.has_value()) return;
      if (Offer(*ranges, 1, Counts(1, by_speed_.size()), 0, 1)) return;
    }
  }

  // As many groups as there may be, with the devices of each kind divided equally.
  void OfferGroups(size_t use, bool whole) {
    size_t most = 1;
    if (options_.turns) {
      for (const size_t count : Counts(1, use)) most = std::max(most, count);
    }
    most = std::min(most, static_cast<size_t>(kMaxLaneCycle));
    std::vector<size_t> before;
    for (size_t groups = most; groups >= 1; --groups) {
      std::vector<size_t> counts = Counts(groups, use);
      if (counts == before) continue;  // more groups of the same
      before = counts;
      for (const int64_t room : kRooms) {
        const std::optional<PeriodChain> found =
            LeastPeriodChain(problem_, chain_, {counts, whole, room}, kCutSlackPermille);
        if (!found.has_value() || Offer(found->ranges, groups, counts, found->inner_cuts, use))
          break;
      }
    }
  }

  // False if it does not fit into memory. `kinds`: how many may be used.
  bool Offer(const std::vector<ChainRange>& ranges, size_t groups,
             const std::vector<size_t>& counts, size_t inner_cuts, size_t kinds) {
    BlockPlan plan;
    plan.inner_cuts = inner_cuts;
    for (size_t group = 0; group < groups; ++group) {
      plan.lanes.lanes.push_back(LaneOf(ranges, group, counts));
      plan.lanes.shares.push_back(1);
      if (!plan.lanes.lanes.back().score.feasible) return false;
    }
    const auto parts = static_cast<int64_t>(groups * ranges.size());
    if (options_.max_parts > 0 && parts > options_.max_parts) return true;
    Picos slowest = plan.lanes.lanes[0].score.makespan;
    plan.value = plan.lanes.lanes[0].score.objective;
    if (groups > 1) {
      const LanesScore score = CombineScores(problem_, plan.lanes);
      if (!score.feasible) return false;
      slowest = score.slowest;
      plan.value = score.period;
    }
    if (options_.latency_limit > 0 && slowest > options_.latency_limit) return true;
    if (inner_cuts == 0 && (whole_value_ == 0 || plan.value < whole_value_)) {
      whole_value_ = plan.value;
    }
    if (!best_.has_value() || plan.value < Least(inner_cuts, kinds)) {
      best_ = Offered{std::move(plan), kinds};
    }
    return true;
  }

  // What a plan must be below to be better than the best so far.
  Picos Least(size_t inner_cuts, size_t kinds) const {
    const Picos value = best_->plan.value;
    const bool as_simple = kinds <= best_->kinds && (inner_cuts == 0 || best_->plan.inner_cuts > 0);
    return as_simple ? value : value - (WithBlockSlack(value, options_.slack_permille) - value);
  }

  // Neighbours in the chain are neighbours as numbered, so that a group stays in few servers.
  PartedSolution LaneOf(const std::vector<ChainRange>& ranges, size_t group,
                        const std::vector<size_t>& counts) const {
    PartedSolution lane;
    lane.items.order = chain_.order();
    lane.items.device_of = Placement(chain_.size(), DeviceId(0));
    lane.parts.part_of = IdVector<ItemId, ItemId>(chain_.size(), ItemId(0));
    lane.parts.num_parts = ranges.size();
    std::vector<size_t> used(counts.size(), 0);
    for (size_t part = 0; part < ranges.size(); ++part) {
      const ChainRange& range = ranges[part];
      const size_t member = group * counts[range.kind] + used[range.kind]++;
      const DeviceId device = chain_.kinds()[range.kind][member];
      for (size_t i = range.begin; i < range.end; ++i) {
        lane.items.device_of[chain_.order()[i]] = device;
        lane.parts.part_of[chain_.order()[i]] = ItemId(part);
      }
    }
    lane.score = EvaluateParts(problem_, lane.items, lane.parts);
    return lane;
  }

  const PlacementProblem& problem_;
  const BlockChain& chain_;
  const BlockPlanOptions& options_;
  std::vector<size_t> by_speed_;  // kinds
  std::optional<Offered> best_;
  Picos whole_value_ = 0;
};

}  // namespace

std::optional<BlockPlan> PlanByBlocks(const PlacementProblem& problem, const BlockChain& chain,
                                      const BlockPlanOptions& options) {
  if (chain.size() == 0) return std::nullopt;
  return BlockPlanning(problem, chain, options).Run();
}

int64_t BlockSlackPermille(const BlockChain& chain, size_t num_parts, int64_t simplify) {
  return SaturatingMultiply(chain.kinds().size() == 1 && num_parts > 1 ? 20 : 3, simplify);
}

Picos WithBlockSlack(Picos value, int64_t permille) {
  const Int128 with = static_cast<Int128>(value) * (1000 + static_cast<Int128>(permille)) / 1000;
  return with > kMaxPicos ? std::max(value, kMaxPicos) : static_cast<Picos>(with);
}

bool IsOfRanges(const BlockChain& chain, const PartedSolution& solution) {
  std::set<ItemId> parts;
  std::set<DeviceId> devices;
  ItemId last;
  for (const ItemId item : chain.order()) {
    const ItemId part = solution.parts.part_of[item];
    if (part == last) continue;
    last = part;
    const bool is_new = parts.insert(part).second;
    if (!is_new || !devices.insert(solution.items.device_of[item]).second) return false;
  }
  return true;
}

}  // namespace allot
