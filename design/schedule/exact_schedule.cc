// Branch and bound over active schedules: tasks are placed one after another, each as early as it
// can be, on one core or on all; every order in which they can be placed leads to one.
#include <algorithm>

#include "design/schedule/block_schedule.h"

namespace allot::design {
namespace {

class ExactSearch {
 public:
  ExactSearch(const TaskOrder& order, const std::vector<TaskLatency>& latencies, CoreCount count,
              BlockSchedule best, int64_t nodes)
      : order_(order),
        latencies_(latencies),
        count_(count),
        best_(std::move(best)),
        most_nodes_(nodes),
        placed_(order.size()),
        missing_(order.size()) {
    tails_.assign(order.size(), 0);
    for (size_t i = order.size(); i-- > 0;) {
      for (const int32_t user : order.after[i]) {
        tails_[i] = std::max(tails_[i], tails_[static_cast<size_t>(user)]);
      }
      tails_[i] += Least(i);
      missing_[i] = order.before[i].size();
    }
    now_.on_all.assign(order.size(), false);
    now_.start.assign(order.size(), 0);
  }

  ExactBlockSchedule Run() {
    bound_ = ScheduleBound(order_, latencies_, count_);
    Extend(0, 0, {}, {});
    return {std::move(best_), nodes_ <= most_nodes_, nodes_};
  }

 private:
  Ticks Least(size_t task) const { return std::min(latencies_[task].one, latencies_[task].all); }
  Ticks EndOf(size_t task) const {
    return now_.start[task] + (now_.on_all[task] ? latencies_[task].all : latencies_[task].one);
  }

  // `tensor` and `vector`: when busy cores become free, ascending.
  void Extend(size_t depth, Ticks barrier, const std::vector<Ticks>& tensor,
              const std::vector<Ticks>& vector) {
    if (best_.length <= bound_ || ++nodes_ > most_nodes_) return;
    if (depth == order_.size()) {
      if (now_.length < best_.length) best_ = now_;
      return;
    }
    for (size_t task = 0; task < order_.size(); ++task) {
      if (placed_[task] || missing_[task] > 0) continue;
      for (const bool on_all : {true, false}) {
        const TaskLatency& latency = latencies_[task];
        // What is no longer alone than on one core gains nothing by that.
        if (on_all && latency.one <= latency.all) continue;
        Place(task, on_all, depth, barrier, tensor, vector);
      }
    }
  }

  static Ticks Earliest(const std::vector<Ticks>& busy, int64_t cores, Ticks from) {
    const auto count = static_cast<int64_t>(busy.size());
    return count < cores ? from : std::max(from, busy[static_cast<size_t>(count - cores)]);
  }
  static std::vector<Ticks> With(const std::vector<Ticks>& busy, Ticks end) {
    std::vector<Ticks> more = busy;
    more.insert(std::upper_bound(more.begin(), more.end(), end), end);
    return more;
  }

  void Place(size_t task, bool on_all, size_t depth, Ticks barrier,
             const std::vector<Ticks>& tensor, const std::vector<Ticks>& vector) {
    Ticks start = barrier;
    for (const int32_t source : order_.before[task]) {
      start = std::max(start, EndOf(static_cast<size_t>(source)));
    }
    const TaskCores cores = order_.cores[task];
    if (on_all) start = std::max(start, now_.length);
    if (!on_all && cores.tensor) start = Earliest(tensor, count_.tensor, start);
    if (!on_all && cores.vector) start = Earliest(vector, count_.vector, start);
    if (start + tails_[task] >= best_.length) return;
    const Ticks length = now_.length;
    now_.start[task] = start;
    now_.on_all[task] = on_all;
    const Ticks end = EndOf(task);
    if (end < best_.length) {
      now_.length = std::max(length, end);
      placed_[task] = true;
      for (const int32_t user : order_.after[task]) --missing_[static_cast<size_t>(user)];
      Extend(depth + 1, on_all ? end : barrier,
             on_all         ? std::vector<Ticks>()
             : cores.tensor ? With(tensor, end)
                            : tensor,
             on_all         ? std::vector<Ticks>()
             : cores.vector ? With(vector, end)
                            : vector);
      for (const int32_t user : order_.after[task]) ++missing_[static_cast<size_t>(user)];
      placed_[task] = false;
    }
    now_.length = length;
  }

  const TaskOrder& order_;
  const std::vector<TaskLatency>& latencies_;
  const CoreCount count_;
  BlockSchedule best_, now_;
  const int64_t most_nodes_;
  int64_t nodes_ = 0;
  Ticks bound_ = 0;
  std::vector<bool> placed_;
  std::vector<size_t> missing_;
  std::vector<Ticks> tails_;
};

}  // namespace

ExactBlockSchedule ScheduleBlockExactly(const TaskOrder& order,
                                        const std::vector<TaskLatency>& latencies, CoreCount count,
                                        int64_t nodes) {
  constexpr int kRestarts = 30;
  return ExactSearch(order, latencies, count, ScheduleBlock(order, latencies, count, kRestarts),
                     nodes)
      .Run();
}

}  // namespace allot::design
