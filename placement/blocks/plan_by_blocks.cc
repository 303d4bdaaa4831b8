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

// To form a lane of divided blocks into parts: so many visits of items and flows, and evaluations.
constexpr int64_t kPartVisits = 2'000'000, kFewestTries = 20, kMostTries = 1000;

// Tensors need room besides what is resident: where a chain does not fit, less is given away.
constexpr int64_t kRooms[] = {1000, 990, 970, 940, 900, 800};

class BlockPlanning {
 public:
  BlockPlanning(const PlacementProblem& problem, const BlockChain& chain,
                const BlockPlanOptions& options)
      : problem_(problem), chain_(chain), options_(options), by_speed_(KindsBySpeed(chain)) {}

  std::optional<BlockPlan> Run() {
    if (problem_.objective == PlacementObjective::kLatency) {
      OfferFirstThrough();
    } else {
      // From what is simple on: further kinds, and cuts within blocks, have to bring something.
      const size_t kinds = chain_.kinds().size();
      for (const bool whole : {true, false}) {
        if (!whole && kinds == 1) break;
        for (size_t use = 1; use <= kinds; ++use) {
          // Wide ranges are there for one inference that must not take long.
          for (const size_t least : chain_.Widths()) {
            if (least == 1 || options_.latency_limit > 0) OfferGroups(use, whole, least);
          }
        }
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
  void OfferGroups(size_t use, bool whole, size_t least) {
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
            LeastPeriodChain(problem_, chain_, {counts, whole, room, least}, kCutSlackPermille);
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
      const PartedSolution* first = group > 0 ? &plan.lanes.lanes[0] : nullptr;
      plan.lanes.lanes.push_back(LaneOf(ranges, group, counts, first));
      plan.lanes.shares.push_back(1);
      if (!plan.lanes.lanes.back().score.feasible) return false;
    }
    const auto parts = static_cast<int64_t>(groups * plan.lanes.lanes[0].parts.num_parts);
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
  // `first`: the lane of the first group, which is formed into parts as this one is.
  PartedSolution LaneOf(const std::vector<ChainRange>& ranges, size_t group,
                        const std::vector<size_t>& counts, const PartedSolution* first) {
    PartedSolution lane;
    lane.items.order = chain_.order();
    lane.items.device_of = Placement(chain_.size(), DeviceId(0));
    lane.parts.part_of = IdVector<ItemId, ItemId>(chain_.size(), ItemId(0));
    lane.parts.num_parts = ranges.size();
    const std::vector<size_t> members = FirstMembers(ranges, counts.size());
    bool divided = false;
    for (size_t part = 0; part < ranges.size(); ++part) {
      const ChainRange& range = ranges[part];
      const size_t member = group * counts[range.kind] + members[part];
      divided = divided || range.width > 1;
      for (size_t i = range.begin; i < range.end; ++i) {
        const ItemId item = chain_.order()[i];
        const size_t slice = range.width > 1 ? chain_.SliceOf(item) : 0;
        lane.items.device_of[item] = chain_.kinds()[range.kind][member + slice];
        lane.parts.part_of[item] = ItemId(part);
      }
    }
    if (divided && first == nullptr) return FormedLane(lane.items);
    if (divided) lane.parts = first->parts;
    if (divided) lane.items.order = first->items.order;
    lane.score = EvaluateParts(problem_, lane.items, lane.parts);
    return lane;
  }

  PartedSolution FormedLane(const Solution& items) {
    if (!graph_.has_value()) {
      graph_ = BuildGraph(problem_);
      forming_ = problem_;
      forming_.objective = PartsFor(problem_, options_);
    }
    const auto size = static_cast<int64_t>(problem_.items.size() + problem_.flows.size() + 1);
    PartedSolution lane =
        FormParts(forming_, *graph_, items,
                  std::clamp<int64_t>(kPartVisits / size, kFewestTries, kMostTries));
    lane.score = EvaluateParts(problem_, lane.items, lane.parts);
    return lane;
  }

  // By range, the first of its devices among those of its kind. Wide ones come first: they have to
  // be near each other.
  static std::vector<size_t> FirstMembers(const std::vector<ChainRange>& ranges, size_t num_kinds) {
    std::vector<size_t> by_width(ranges.size()), members(ranges.size()), used(num_kinds, 0);
    std::iota(by_width.begin(), by_width.end(), size_t{0});
    std::stable_sort(by_width.begin(), by_width.end(),
                     [&](size_t a, size_t b) { return ranges[a].width > ranges[b].width; });
    for (const size_t range : by_width) {
      members[range] = used[ranges[range].kind];
      used[ranges[range].kind] += ranges[range].width;
    }
    return members;
  }

  const PlacementProblem& problem_;
  const BlockChain& chain_;
  const BlockPlanOptions& options_;
  const std::vector<size_t> by_speed_;  // kinds
  // Once something is divided: of the problem, and that for which parts are formed.
  std::optional<ProblemGraph> graph_;
  PlacementProblem forming_;
  std::optional<Offered> best_;
  Picos whole_value_ = 0;
};

}  // namespace

std::vector<size_t> KindsBySpeed(const BlockChain& chain) {
  std::vector<size_t> kinds(chain.kinds().size());
  std::iota(kinds.begin(), kinds.end(), size_t{0});
  const auto slowness = [&](size_t kind) {
    return chain.Time(kind, 0, chain.size()).value_or(kMaxPicos);
  };
  std::stable_sort(kinds.begin(), kinds.end(),
                   [&](size_t a, size_t b) { return slowness(a) < slowness(b); });
  return kinds;
}

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
