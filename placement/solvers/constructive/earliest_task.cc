#include "placement/solvers/constructive/earliest_task.h"

#include <algorithm>
#include <functional>
#include <limits>
#include <queue>
#include <tuple>
#include <utility>

#include "placement/solvers/constructive/list_schedule.h"
#include "placement/solvers/constructive/partial_schedule.h"
#include "support/status.h"

namespace allot {
namespace {

using Spot = PartialSchedule::Spot;

class EarliestTask {
 public:
  EarliestTask(const PlacementProblem& problem, const ProblemGraph& graph,
               const Evaluator& evaluator, DeviceRule rule,
               const std::vector<int32_t>& favourite_child, const std::vector<Bytes>& capacity)
      : problem_(problem),
        graph_(graph),
        evaluator_(evaluator),
        rule_(rule),
        num_devices_(evaluator.table().num_devices()),
        favourite_child_(favourite_child),
        schedule_(problem, graph, evaluator, capacity, Gaps::kLeave),
        by_rank_(RankOrder(graph, UpwardRanks(problem, graph, evaluator.table(), RankBy::kMean))),
        position_(by_rank_.size()),
        missing_(by_rank_.size()),
        queues_(by_rank_.size()),
        postponed_(by_rank_.size()),
        urgent_(by_rank_.size()),
        done_(by_rank_.size()),
        favourite_parent_(by_rank_.size(), -1),
        lanes_(num_devices_) {
    for (size_t i = 0; i < by_rank_.size(); ++i) {
      position_[by_rank_[i].index()] = static_cast<int32_t>(i);
    }
    for (size_t i = 0; i < favourite_child.size(); ++i) {
      if (favourite_child[i] >= 0) favourite_parent_[favourite_child[i]] = static_cast<int32_t>(i);
    }
    Int128 work = 0;
    for (const PlacementProblem::Item& item : problem.items) {
      Picos best = std::numeric_limits<Picos>::max();
      for (const std::optional<Picos>& time : item.time) best = std::min(best, time.value_or(best));
      work += best;
    }
    even_share_ = static_cast<Picos>(work / std::max(num_devices_, 1));
  }

  Solution Run() {
    for (const ItemId item : by_rank_) {
      missing_[item.index()] = static_cast<int32_t>(graph_.predecessors[item].size());
      if (missing_[item.index()] == 0) Release(item.index());
    }
    for (size_t i = 0; i < by_rank_.size(); ++i) Commit(Next());
    return schedule_.Take();
  }

 private:
  static constexpr int kMostPostponed = 4;

  using Arrival = std::pair<Picos, int32_t>;  // when, position
  template <typename T>
  using MinQueue = std::priority_queue<T, std::vector<T>, std::greater<>>;

  // A device and the items that wait for it, by position in by_rank_.
  struct Lane {
    MinQueue<int32_t> arrived;
    MinQueue<Arrival> coming;
    // The favourite child of the last item, while it is not placed; others start at `hold` or
    // later.
    int32_t favourite = -1;
    Picos hold = 0;
    Picos favourite_start = -1;  // -1: not ready yet
  };

  // Smaller is next.
  struct Candidate {
    Picos start = 0;
    int32_t position = 0;
    int32_t lane = -1;
    enum { kArrived, kComing, kFavourite } from = kArrived;
    friend bool operator<(const Candidate& a, const Candidate& b) {
      return std::tie(a.start, a.position, a.lane) < std::tie(b.start, b.position, b.lane);
    }
  };

  // Queues an item, whose predecessors are all placed, where it can run.
  void Release(int32_t item) {
    for (int32_t d = 0; d < num_devices_; ++d) {
      if (schedule_.device(item) >= 0 && schedule_.device(item) != d) continue;
      const Spot spot = schedule_.Try(item, d);
      if (spot.obstacles > 0) continue;
      ++queues_[item];
      urgent_[item] = std::max(urgent_[item], spot.start);
      lanes_[d].coming.emplace(spot.start, position_[item]);
      if (lanes_[d].favourite == item) lanes_[d].favourite_start = spot.start;
    }
    if (queues_[item] == 0) stranded_.push(position_[item]);
  }

  // Whether the first of a queue no longer belongs there: it is placed, or its group went
  // elsewhere, or memory has run out.
  bool Gone(int32_t item, int32_t d) {
    if (done_[item]) return true;
    const int32_t device = schedule_.device(item);
    if (device == d || (device < 0 && schedule_.ledger().Fits(item, d))) return false;
    if (--queues_[item] == 0) stranded_.push(position_[item]);
    return true;
  }

  void Offer(const Candidate& candidate, Candidate& best) const {
    if (best.lane < 0 || candidate < best) best = candidate;
  }

  void Look(int32_t d, Candidate& best) {
    Lane& lane = lanes_[d];
    const Picos free = schedule_.free(d);
    while (!lane.coming.empty()) {
      const auto [arrival, position] = lane.coming.top();
      if (arrival > free && !Gone(by_rank_[position].index(), d)) break;
      if (arrival <= free) lane.arrived.push(position);
      lane.coming.pop();
    }
    while (!lane.arrived.empty() && Gone(by_rank_[lane.arrived.top()].index(), d)) {
      lane.arrived.pop();
    }
    if (!lane.arrived.empty()) {
      const int32_t position = lane.arrived.top();
      Offer({Start(position, d, free), position, d, Candidate::kArrived}, best);
    }
    if (!lane.coming.empty()) {
      const auto [arrival, position] = lane.coming.top();
      Offer({Start(position, d, arrival), position, d, Candidate::kComing}, best);
    }
    if (lane.favourite >= 0 && lane.favourite_start >= 0) {
      Offer({std::max(free, lane.favourite_start), position_[lane.favourite], d,
             Candidate::kFavourite},
            best);
    }
  }

  // `start`, or later while the device is kept for another; not from those whose inputs could be
  // anywhere by then.
  Picos Start(int32_t position, int32_t d, Picos start) const {
    const Lane& lane = lanes_[d];
    if (lane.favourite < 0 || lane.favourite == by_rank_[position].index()) return start;
    return std::max(start, std::min(lane.hold, urgent_[by_rank_[position].index()]));
  }

  int32_t Next() {
    for (;;) {
      Candidate best;
      for (int32_t d = 0; d < num_devices_; ++d) Look(d, best);
      // What no device has memory or a route for goes where that is least bad.
      while (!stranded_.empty()) {
        const int32_t item = by_rank_[stranded_.top()].index();
        stranded_.pop();
        if (!done_[item]) return item;
      }
      ALLOT_CHECK(best.lane >= 0);
      const int32_t item = by_rank_[best.position].index();
      const Picos start = schedule_.Try(item, best.lane).start;
      if (best.from == Candidate::kFavourite || postponed_[item] == kMostPostponed ||
          Start(best.position, best.lane, start) <= best.start) {
        return item;
      }
      ++postponed_[item];
      Lane& lane = lanes_[best.lane];
      best.from == Candidate::kArrived ? lane.arrived.pop() : lane.coming.pop();
      lane.coming.emplace(start, best.position);
    }
  }

  void Commit(int32_t item) {
    const int32_t parent = favourite_parent_[item];
    const int32_t home = parent < 0 ? -1 : schedule_.device(parent);
    const int32_t d = schedule_.Place(item, [&](int32_t device, const Spot& spot) {
      if (problem_.objective == PlacementObjective::kThroughput) {
        const Picos largest =
            home < 0 ? spot.largest_load : std::max(spot.largest_load, even_share_);
        return std::tuple<Picos, Picos, Picos>(largest, device != home, spot.own_load);
      }
      const Picos start = Start(position_[item], device, spot.start);
      const Picos end = start + (spot.end - spot.start);
      return rule_ == DeviceRule::kEarliestStart ? std::tuple<Picos, Picos, Picos>(start, end, 0)
                                                 : std::tuple<Picos, Picos, Picos>(end, start, 0);
    });
    done_[item] = 1;
    if (home >= 0 && lanes_[home].favourite == item) lanes_[home].favourite = -1;
    Hold(item, d);
    for (const ItemId next : graph_.successors[ItemId(item)]) {
      if (--missing_[next.index()] == 0) Release(next.index());
    }
  }

  // Keeps device d for the favourite child of the item that it has just got, for as long as a
  // transfer to the nearest other device would take. The method assumes that no transfer takes
  // longer than an item; one that does keeps the device only for as long as the child runs.
  void Hold(int32_t item, int32_t d) {
    Lane& lane = lanes_[d];
    lane.favourite = favourite_child_.empty() ? -1 : favourite_child_[item];
    lane.favourite_start = -1;
    if (lane.favourite < 0) return;
    Picos least = -1;
    for (const FlowId flow : graph_.outputs[ItemId(item)]) {
      const std::vector<ItemId>& to = problem_.flows[flow].to;
      if (!std::binary_search(to.begin(), to.end(), ItemId(lane.favourite))) continue;
      for (int32_t other = 0; other < num_devices_; ++other) {
        const Picos time = other == d ? -1 : evaluator_.table().Time(flow.index(), d, other);
        if (time >= 0 && (least < 0 || time < least)) least = time;
      }
    }
    const Picos time = evaluator_.Time(lane.favourite, d);
    lane.hold = schedule_.end(item) + std::max<Picos>(std::min(least, time), 0);
  }

  const PlacementProblem& problem_;
  const ProblemGraph& graph_;
  const Evaluator& evaluator_;
  const DeviceRule rule_;
  const int32_t num_devices_;
  const std::vector<int32_t>& favourite_child_;
  PartialSchedule schedule_;
  const std::vector<ItemId> by_rank_;
  std::vector<int32_t> position_;   // by item: in by_rank_
  std::vector<int32_t> missing_;    // by item: predecessors that are not placed
  std::vector<int32_t> queues_;     // by item: lanes that it waits in
  std::vector<int32_t> postponed_;  // by item: how often it has queued again
  std::vector<Picos> urgent_;       // by item: when it could start on any device
  std::vector<char> done_;
  std::vector<int32_t> favourite_parent_;
  std::vector<Lane> lanes_;
  MinQueue<int32_t> stranded_;  // positions of items that wait nowhere
  Picos even_share_ = 0;        // all work at its best, divided among the devices
};

}  // namespace

absl::StatusOr<std::vector<DeviceRule>> ParseDeviceRules(absl::string_view text) {
  if (text == "start") return std::vector<DeviceRule>{DeviceRule::kEarliestStart};
  if (text == "end") return std::vector<DeviceRule>{DeviceRule::kEarliestEnd};
  if (!text.empty()) return InputError("device must be start or end, not '", text, "'");
  return std::vector<DeviceRule>{DeviceRule::kEarliestEnd, DeviceRule::kEarliestStart};
}

Solution EarliestTaskFirst(const PlacementProblem& problem, const ProblemGraph& graph,
                           const Evaluator& evaluator, DeviceRule rule,
                           const std::vector<int32_t>& favourite_child,
                           const std::vector<Bytes>& capacity) {
  return EarliestTask(problem, graph, evaluator, rule, favourite_child, capacity).Run();
}

}  // namespace allot
