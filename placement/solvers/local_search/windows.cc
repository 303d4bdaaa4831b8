#include "placement/solvers/local_search/windows.h"

#include <algorithm>
#include <bit>
#include <utility>

#include "placement/problem/allowed_times.h"
#include "placement/sequences/sequence_search.h"

namespace allot {
namespace {

class Windows {
 public:
  Windows(const PlacementProblem& problem, const ProblemGraph& graph, const PathCosts& costs,
          Evaluator& evaluator, const Solution& solution, int64_t work)
      : problem_(problem),
        graph_(graph),
        costs_(costs),
        evaluator_(evaluator),
        n_(problem.items.size()),
        num_devices_(problem.devices.size()),
        work_(work) {
    for (const DeviceId device : solution.device_of) device_.push_back(device.index());
    for (const ItemId item : solution.order) order_.push_back(item.index());
    value_ = evaluator_.Value(device_.data(), order_.data());
    group_of_.assign(n_, -1);
    for (size_t g = 0; g < evaluator.groups().size(); ++g) {
      for (const int32_t item : evaluator.groups()[g]) {
        group_of_[static_cast<size_t>(item)] = static_cast<int32_t>(g);
      }
    }
    where_.assign(n_, 0);
    number_.assign(n_, -1);
    end_.assign(n_, 0);
    rest_.assign(n_, 0);
    Bytes total = 0;
    for (const PlacementProblem::Item& item : problem.items) {
      total = SaturatingAdd(total, item.memory);
    }
    for (const auto& device : problem.devices) binds_ = binds_ || total > device.memory;
  }

  void Run(const std::vector<int32_t>& module_of, size_t window) {
    bool changed = true;
    while (changed && spent_ < work_) {
      changed = false;
      for (const std::vector<int32_t>& items : ModuleWindows(module_of, window)) {
        if (spent_ >= work_) return;
        changed = Resolve(items) || changed;
      }
      const size_t step = std::max<size_t>(1, window / 2);
      for (size_t at = 0; at < n_; at += step) {
        if (spent_ >= work_) return;
        // The order changes under way: what starts together is looked up each time.
        if (at % (step * 16) == 0) SortByStart();
        const size_t last = std::min(n_, at + window);
        changed = Resolve({order_.begin() + static_cast<std::ptrdiff_t>(at),
                           order_.begin() + static_cast<std::ptrdiff_t>(last)}) ||
                  changed;
      }
    }
  }

  Solution Result() const {
    Solution solution;
    for (const int32_t d : device_) solution.device_of.Add(DeviceId(d));
    for (const int32_t item : order_) solution.order.push_back(ItemId(item));
    return solution;
  }
  int64_t spent() const { return spent_; }

 private:
  static size_t Size(int32_t i) { return static_cast<size_t>(i); }

  // Pairs of adjacent modules in pieces of at most `window` items, in topological order.
  std::vector<std::vector<int32_t>> ModuleWindows(const std::vector<int32_t>& module_of,
                                                  size_t window) const {
    std::vector<std::vector<int32_t>> windows;
    if (module_of.size() != n_) return windows;
    int32_t count = 0;
    for (const int32_t module : module_of) count = std::max(count, module + 1);
    std::vector<std::vector<int32_t>> modules(Size(count));
    for (const ItemId item : graph_.topological) {
      modules[Size(module_of[Size(item.index())])].push_back(item.index());
    }
    for (size_t m = 0; m < modules.size(); ++m) {
      std::vector<int32_t> items = modules[m];
      if (m + 1 < modules.size()) {
        items.insert(items.end(), modules[m + 1].begin(), modules[m + 1].end());
      }
      for (size_t at = 0; at < items.size(); at += window) {
        const size_t last = std::min(items.size(), at + window);
        windows.emplace_back(items.begin() + static_cast<std::ptrdiff_t>(at),
                             items.begin() + static_cast<std::ptrdiff_t>(last));
      }
    }
    return windows;
  }

  void SortByStart() {
    evaluator_.Simulate(device_.data(), order_.data());
    const std::vector<Picos>& start = evaluator_.simulation().start();
    const std::vector<Picos>& end = evaluator_.simulation().end();
    // Stable: what takes no time keeps its place.
    std::stable_sort(order_.begin(), order_.end(), [&](int32_t a, int32_t b) {
      return std::pair(start[Size(a)], end[Size(a)]) < std::pair(start[Size(b)], end[Size(b)]);
    });
    spent_ += static_cast<int64_t>(n_);
  }

  // Marks each item: 0 before the window, 1 in it, 2 after it.
  void Divide(const std::vector<int32_t>& items) {
    std::fill(where_.begin(), where_.end(), -1);
    for (const int32_t item : items) where_[Size(item)] = 1;
    // What must be after: descendants, along the order. What must be before: ancestors.
    for (const int32_t item : order_) {
      if (where_[Size(item)] != -1) continue;
      for (const ItemId before : graph_.predecessors[ItemId(item)]) {
        const int32_t mark = where_[Size(before.index())];
        if (mark == 1 || mark == 2) where_[Size(item)] = 2;
      }
    }
    for (auto it = order_.rbegin(); it != order_.rend(); ++it) {
      if (where_[Size(*it)] != -1) continue;
      for (const ItemId after : graph_.successors[ItemId(*it)]) {
        const int32_t mark = where_[Size(after.index())];
        if (mark == 1 || mark == 0) where_[Size(*it)] = 0;
      }
    }
    // The rest by where it stands, split in the middle of the window.
    size_t seen = 0;
    for (const int32_t item : order_) {
      if (where_[Size(item)] == 1) ++seen;
      if (where_[Size(item)] == -1) where_[Size(item)] = seen * 2 < items.size() ? 0 : 2;
    }
  }

  // Whether a window can be made of these items: nothing outside lies between two of them.
  bool Convex() const {
    for (const int32_t item : order_) {
      if (where_[Size(item)] != 2) continue;
      for (const ItemId after : graph_.successors[ItemId(item)]) {
        if (where_[Size(after.index())] != 2) return false;
      }
    }
    return true;
  }

  bool Resolve(const std::vector<int32_t>& items) {
    if (items.size() < 2) return false;
    spent_ += 3 * static_cast<int64_t>(n_);
    Divide(items);
    if (!Convex()) return false;
    SequenceInstance instance;
    if (!MakeInstance(instance)) return false;
    SequenceSearchLimits limits;
    limits.upper = value_.objective + 1;
    limits.work = 3000;
    const SequenceSearchResult found = SearchSequences(instance, limits);
    spent_ += found.work;
    if (!found.found) return false;
    std::vector<int32_t> device = device_, order;
    order.reserve(n_);
    for (const int32_t item : order_) {
      if (where_[Size(item)] == 0) order.push_back(item);
    }
    for (const Step& step : found.steps) {
      const int32_t item = instance.item_of[Size(std::countr_zero(step.items))].index();
      device[Size(item)] = step.device;
      order.push_back(item);
    }
    for (const int32_t item : order_) {
      if (where_[Size(item)] == 2) order.push_back(item);
    }
    const SearchValue value = evaluator_.Value(device.data(), order.data());
    if (!(value < value_)) return false;
    value_ = value;
    device_ = std::move(device);
    order_ = std::move(order);
    return true;
  }

  // The window with everything else fixed. False if something outside it cannot be met.
  bool MakeInstance(SequenceInstance& instance) {
    instance.num_devices = static_cast<int32_t>(num_devices_);
    for (const int32_t item : order_) {
      if (where_[Size(item)] != 1) continue;
      number_[Size(item)] = static_cast<int32_t>(instance.item_of.size());
      instance.item_of.push_back(ItemId(item));
    }
    instance.num_items = static_cast<int32_t>(instance.item_of.size());
    // What runs before: when each device is free, with transfers that only delay.
    instance.ready.assign(num_devices_, 0);
    for (const int32_t item : order_) {
      if (where_[Size(item)] != 0) continue;
      const int32_t d = device_[Size(item)];
      Picos start = instance.ready[Size(d)];
      for (const FlowId flow : graph_.inputs[ItemId(item)]) {
        const int32_t from = costs_.producer[Size(flow.index())];
        const Picos crossing = costs_.Crossing(flow.index(), device_[Size(from)], d);
        if (crossing >= kNever) return false;
        start = std::max(start, end_[Size(from)] + crossing);
      }
      const Picos time = evaluator_.Time(item, d);
      if (time < 0) return false;
      instance.ready[Size(d)] = end_[Size(item)] = start + time;
    }
    // What runs after: how long it takes from the start of each item to the end of everything.
    std::vector<Picos> next(num_devices_, 0);  // by device: from the start of its first item
    for (auto it = order_.rbegin(); it != order_.rend(); ++it) {
      if (where_[Size(*it)] != 2) continue;
      const int32_t d = device_[Size(*it)];
      const Picos time = evaluator_.Time(*it, d);
      if (time < 0) return false;
      Picos after = next[Size(d)];
      for (const FlowId flow : graph_.outputs[ItemId(*it)]) {
        for (const int32_t to : costs_.consumers[Size(flow.index())]) {
          const Picos crossing = costs_.Crossing(flow.index(), d, device_[Size(to)]);
          if (crossing >= kNever) return false;
          after = std::max(after, crossing + rest_[Size(to)]);
        }
      }
      next[Size(d)] = rest_[Size(*it)] = after + time;
    }
    FillTimes(instance, next);
    FillFlows(instance);
    if (binds_) FillMemory(instance);
    return true;
  }

  void FillTimes(SequenceInstance& instance, const std::vector<Picos>& next) {
    const size_t count = instance.item_of.size();
    instance.time.Assign(count, num_devices_, kNotAllowed);
    instance.release.Assign(count, num_devices_, 0);
    instance.follow.Assign(count, num_devices_, 0);
    for (int32_t i = 0; i < instance.num_items; ++i) {
      const ItemId item = instance.item_of[Size(i)];
      const int32_t group = group_of_[Size(item.index())];
      int32_t fixed = -1;
      if (group >= 0) {
        for (const int32_t other : evaluator_.groups()[Size(group)]) {
          if (where_[Size(other)] != 1) fixed = device_[Size(other)];
        }
      }
      for (int32_t d = 0; d < costs_.num_devices; ++d) {
        Picos release = 0, follow = next[Size(d)];
        for (const FlowId flow : graph_.inputs[item]) {
          const int32_t from = costs_.producer[Size(flow.index())];
          if (where_[Size(from)] != 0) continue;
          const Picos crossing = costs_.Crossing(flow.index(), device_[Size(from)], d);
          release = crossing >= kNever ? kNever : std::max(release, end_[Size(from)] + crossing);
          if (release >= kNever) break;
        }
        for (const FlowId flow : graph_.outputs[item]) {
          for (const int32_t to : costs_.consumers[Size(flow.index())]) {
            if (where_[Size(to)] != 2) continue;
            const Picos crossing = costs_.Crossing(flow.index(), d, device_[Size(to)]);
            follow = crossing >= kNever ? kNever : std::max(follow, crossing + rest_[Size(to)]);
            if (follow >= kNever) break;
          }
          if (follow >= kNever) break;
        }
        if (release >= kNever || follow >= kNever || (fixed >= 0 && fixed != d)) continue;
        const DeviceId device(d);
        instance.time(i, device) = costs_.times(item, device);
        instance.release(i, device) = release;
        instance.follow(i, device) = follow;
      }
    }
  }

  void FillFlows(SequenceInstance& instance) {
    for (const ItemId item : instance.item_of) {
      for (const FlowId id : graph_.outputs[item]) {
        uint64_t to = 0;
        for (const int32_t consumer : costs_.consumers[Size(id.index())]) {
          if (where_[Size(consumer)] == 1) to |= uint64_t{1} << number_[Size(consumer)];
        }
        if (to == 0) continue;
        SequenceInstance::Flow& flow = instance.flows.emplace_back();
        flow.from = number_[Size(item.index())];
        flow.to = to;
        flow.id = id.index();
        flow.crossing.Assign(num_devices_, num_devices_, kNever);
        for (const DeviceId k : problem_.devices.ids()) {
          for (const DeviceId l : problem_.devices.ids()) {
            flow.crossing(k, l) = costs_.Crossing(id.index(), k.index(), l.index());
          }
        }
      }
    }
    for (const std::vector<int32_t>& group : evaluator_.groups()) {
      uint64_t mask = 0;
      for (const int32_t item : group) {
        if (where_[Size(item)] == 1) mask |= uint64_t{1} << number_[Size(item)];
      }
      if (std::popcount(mask) > 1) instance.groups.push_back(mask);
    }
  }

  // Residents of items alone: shared weights and live tensors are left to the evaluator.
  void FillMemory(SequenceInstance& instance) const {
    for (const auto& device : problem_.devices) instance.capacity.push_back(device.memory);
    for (size_t i = 0; i < n_; ++i) {
      if (where_[i] == 1) continue;
      Bytes& room = instance.capacity[Size(device_[i])];
      room = std::max<Bytes>(0, room - problem_.items[ItemId(i)].memory);
    }
    for (const ItemId item : instance.item_of) {
      instance.memory.push_back(problem_.items[item].memory);
    }
  }

  const PlacementProblem& problem_;
  const ProblemGraph& graph_;
  const PathCosts& costs_;
  Evaluator& evaluator_;
  const size_t n_, num_devices_;
  const int64_t work_;
  int64_t spent_ = 0;
  bool binds_ = false;
  std::vector<int32_t> device_, order_;
  SearchValue value_;
  std::vector<int32_t> group_of_, where_, number_;
  std::vector<Picos> end_, rest_;
};

}  // namespace

Solution ImproveWindows(const PlacementProblem& problem, const ProblemGraph& graph,
                        const PathCosts& costs, Evaluator& evaluator, const Solution& solution,
                        const std::vector<int32_t>& module_of, int64_t window, int64_t work,
                        int64_t& spent) {
  Windows windows(problem, graph, costs, evaluator, solution, work);
  windows.Run(module_of, static_cast<size_t>(std::clamp<int64_t>(window, 2, 32)));
  spent += windows.spent();
  return windows.Result();
}

}  // namespace allot
