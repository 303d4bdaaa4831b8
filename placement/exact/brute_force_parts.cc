#include "placement/exact/brute_force_parts.h"

#include <algorithm>

#include "placement/problem/allowed_times.h"
#include "placement/value/call_evaluator.h"
#include "placement/value/evaluator.h"

namespace allot {
namespace {

class Enumeration {
 public:
  // `items_are_parts`: a device has at most max_parts of them.
  Enumeration(const PlacementProblem& problem, const ProblemGraph& graph, Picos cutoff,
              int64_t work, bool items_are_parts)
      : problem_(problem),
        graph_(graph),
        evaluator_(problem, graph),
        n_(static_cast<int32_t>(problem.items.size())),
        best_value_(cutoff),
        work_(work),
        items_are_parts_(items_are_parts),
        device_(n_, -1),
        missing_(n_),
        placed_(n_) {}

  void Run() {
    if (n_ == 0) {
      if (best_value_ > 0) best_ = Solution();
      return;
    }
    PlaceFrom(0);
  }

  std::optional<Solution> best_;
  int64_t spent_ = 0;
  bool complete_ = true;

 private:
  void PlaceFrom(int32_t item) {
    if (!complete_) return;
    if (item == n_) {
      Sequence();
      return;
    }
    for (const DeviceId d : problem_.devices.ids()) {
      if (!problem_.items[ItemId(item)].time[d].has_value()) continue;
      device_[item] = d.index();
      PlaceFrom(item + 1);
    }
  }

  bool TooManyParts() const {
    for (const DeviceId d : problem_.devices.ids()) {
      const int64_t most = problem_.devices[d].max_parts;
      if (most > 0 && std::count(device_.begin(), device_.end(), d.index()) > most) return true;
    }
    return false;
  }

  // All sequences for the placement at hand.
  void Sequence() {
    if (items_are_parts_ && TooManyParts()) return;
    spent_ += n_;
    if (spent_ > work_) {
      complete_ = false;
      return;
    }
    std::vector<int32_t> order;
    for (const ItemId item : graph_.topological) order.push_back(item.index());
    const SearchValue value = evaluator_.Value(device_.data(), order.data());
    if (value.violations > 0) return;
    if (problem_.objective == PlacementObjective::kThroughput) {
      if (value.objective >= best_value_) return;  // no order changes it
      if (value.feasible()) {
        Take(value.objective, order);
        return;
      }
    } else if (PathBound() >= best_value_) {
      return;
    }
    order_.clear();
    for (int32_t i = 0; i < n_; ++i) {
      missing_[i] = static_cast<int32_t>(graph_.predecessors[ItemId(i)].size());
    }
    OrderFrom();
  }

  // No order ends sooner than the longest path or the busiest device.
  Picos PathBound() const {
    std::vector<Picos> end(n_), load(problem_.devices.size());
    Picos bound = 0;
    for (const ItemId item : graph_.topological) {
      const int32_t i = item.index();
      Picos start = 0;
      for (const FlowId flow : graph_.inputs[item]) {
        const int32_t p = problem_.flows[flow].from.index();
        start =
            std::max(start, end[p] + evaluator_.table().Time(flow.index(), device_[p], device_[i]));
      }
      end[i] = start + evaluator_.Time(i, device_[i]);
      load[device_[i]] += evaluator_.Time(i, device_[i]);
      bound = std::max({bound, end[i], load[device_[i]]});
    }
    return bound;
  }

  void Take(Picos value, const std::vector<int32_t>& order) {
    best_value_ = value;
    best_ = Solution();
    for (int32_t i = 0; i < n_; ++i) {
      best_->device_of.Add(DeviceId(device_[i]));
      best_->order.push_back(ItemId(order[i]));
    }
  }

  // Two orders with the same sequence on each device give the same schedule. Of each such class
  // only the lexicographically first order is built: `item` may not come if it could as well stand
  // before a larger item that precedes it.
  bool Canonical(int32_t item) const {
    const std::vector<ItemId>& before = graph_.predecessors[ItemId(item)];
    for (auto it = order_.rbegin(); it != order_.rend(); ++it) {
      if (device_[*it] == device_[item]) return true;
      if (std::find(before.begin(), before.end(), ItemId(*it)) != before.end()) return true;
      if (*it > item) return false;
    }
    return true;
  }

  void OrderFrom() {
    if (!complete_) return;
    if (static_cast<int32_t>(order_.size()) == n_) {
      spent_ += n_;
      if (spent_ > work_) {
        complete_ = false;
        return;
      }
      const SearchValue value = evaluator_.Value(device_.data(), order_.data());
      if (value.feasible() && value.objective < best_value_) Take(value.objective, order_);
      return;
    }
    for (int32_t item = 0; item < n_; ++item) {
      if (placed_[item] || missing_[item] > 0 || !Canonical(item)) continue;
      placed_[item] = 1;
      order_.push_back(item);
      for (const ItemId next : graph_.successors[ItemId(item)]) --missing_[next.index()];
      OrderFrom();
      for (const ItemId next : graph_.successors[ItemId(item)]) ++missing_[next.index()];
      order_.pop_back();
      placed_[item] = 0;
    }
  }

  const PlacementProblem& problem_;
  const ProblemGraph& graph_;
  Evaluator evaluator_;
  const int32_t n_;
  Picos best_value_;
  const int64_t work_;
  const bool items_are_parts_;
  std::vector<int32_t> device_, order_, missing_;
  std::vector<char> placed_;
};

// Numbers groups in topological order of the quotient; false if it has a cycle.
bool NumberTopologically(const PlacementProblem& problem, size_t num_groups,
                         IdVector<ItemId, ItemId>& group_of) {
  std::vector<std::vector<char>> edge(num_groups, std::vector<char>(num_groups));
  for (const PlacementProblem::Flow& flow : problem.flows) {
    for (const ItemId to : flow.to) {
      if (group_of[flow.from] != group_of[to]) {
        edge[group_of[flow.from].index()][group_of[to].index()] = 1;
      }
    }
  }
  std::vector<ItemId> number(num_groups);
  for (size_t next = 0; next < num_groups; ++next) {
    size_t found = num_groups;
    for (size_t g = 0; g < num_groups && found == num_groups; ++g) {
      bool ready = !number[g].valid();
      for (size_t before = 0; before < num_groups; ++before) {
        ready = ready && (!edge[before][g] || number[before].valid());
      }
      if (ready) found = g;
    }
    if (found == num_groups) return false;
    number[found] = ItemId(next);
  }
  for (ItemId& group : group_of) group = number[group.index()];
  return true;
}

// Execution in calls: every device and call of every item. Exchanging the numbers of two calls is
// another try.
class CallEnumeration {
 public:
  CallEnumeration(const PlacementProblem& problem, const ProblemGraph& graph, Picos cutoff,
                  int64_t work)
      : problem_(problem),
        evaluator_(problem, graph),
        n_(problem.items.size()),
        best_value_(cutoff),
        work_(work),
        device_(n_),
        call_(n_) {
    solution_.order = graph.topological;
  }

  void Run() { PlaceFrom(0); }

  std::optional<Solution> best_;
  int64_t spent_ = 0;
  bool complete_ = true;

 private:
  void PlaceFrom(size_t item) {
    if (!complete_) return;
    if (item == n_) {
      Judge();
      return;
    }
    for (const DeviceId d : problem_.devices.ids()) {
      if (!problem_.items[ItemId(item)].time[d].has_value()) continue;
      device_[item] = d.index();
      const int32_t calls = problem_.devices[d].pool ? 1 : problem_.calls_per_device;
      for (call_[item] = 0; call_[item] < calls; ++call_[item]) PlaceFrom(item + 1);
    }
  }

  void Judge() {
    spent_ += static_cast<int64_t>(n_);
    if (spent_ > work_) {
      complete_ = false;
      return;
    }
    const SearchValue value = evaluator_.Value(device_.data(), call_.data());
    if (!value.feasible() || value.objective >= best_value_) return;
    best_value_ = value.objective;
    best_ = solution_;
    for (const int32_t d : device_) best_->device_of.Add(DeviceId(d));
    best_->call_of.raw() = call_;
  }

  const PlacementProblem& problem_;
  CallEvaluator evaluator_;
  const size_t n_;
  Picos best_value_;
  const int64_t work_;
  std::vector<int32_t> device_, call_;
  Solution solution_;
};

}  // namespace

std::optional<Solution> BestByEnumeration(const PlacementProblem& problem,
                                          const ProblemGraph& graph, Picos cutoff, int64_t work,
                                          int64_t& spent, bool& complete) {
  const auto run = [&](auto enumeration) {
    enumeration.Run();
    spent += enumeration.spent_;
    complete = enumeration.complete_;
    return std::move(enumeration.best_);
  };
  if (problem.execution == Execution::kCalls) {
    return run(CallEnumeration(problem, graph, cutoff, work));
  }
  return run(Enumeration(problem, graph, cutoff, work, /*items_are_parts=*/false));
}

std::optional<PartedSolution> BestParts(const PlacementProblem& problem,
                                        const ProblemGraph& graph) {
  const size_t n = problem.items.size();
  ALLOT_CHECK(n <= 8);
  std::optional<PartedSolution> best;
  Picos best_value = kNever;
  // Every partition once: groups are numbered by their first items.
  std::vector<int32_t> label(n, 0);
  while (true) {
    const size_t num_groups =
        n == 0 ? 0 : static_cast<size_t>(*std::max_element(label.begin(), label.end())) + 1;
    IdVector<ItemId, ItemId> group_of;
    for (const int32_t l : label) group_of.Add(ItemId(l));
    if (NumberTopologically(problem, num_groups, group_of)) {
      const PlacementProblem contracted =
          Contract(problem, group_of, num_groups, Launch::kPerGroup);
      const ProblemGraph quotient = BuildGraph(contracted);
      Enumeration parts(contracted, quotient, best_value, kNever, /*items_are_parts=*/true);
      parts.Run();
      if (const std::optional<Solution>& found = parts.best_) {
        // Parts are numbered in launch order.
        IdVector<ItemId, ItemId> place(num_groups);
        for (size_t i = 0; i < num_groups; ++i) place[found->order[i]] = ItemId(i);
        best = PartedSolution();
        best->parts.num_parts = num_groups;
        for (const ItemId item : problem.items.ids()) {
          best->parts.part_of.Add(place[group_of[item]]);
          best->items.device_of.Add(found->device_of[group_of[item]]);
        }
        best->items.order = graph.topological;
        std::stable_sort(
            best->items.order.begin(), best->items.order.end(),
            [&](ItemId a, ItemId b) { return best->parts.part_of[a] < best->parts.part_of[b]; });
        best->score = EvaluateParts(problem, best->items, best->parts);
        best_value = best->score.objective;
      }
    }
    // The next restricted growth string.
    size_t i = n;
    while (i > 1) {
      --i;
      const int32_t limit =
          *std::max_element(label.begin(), label.begin() + static_cast<long>(i)) + 1;
      if (label[i] < limit) break;
      if (i == 1) i = 0;
    }
    if (i == 0 || n < 2) return best;
    ++label[i];
    std::fill(label.begin() + static_cast<long>(i) + 1, label.end(), 0);
  }
}

}  // namespace allot
