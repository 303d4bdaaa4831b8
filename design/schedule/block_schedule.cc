#include "design/schedule/block_schedule.h"

#include <algorithm>
#include <array>
#include <utility>

#include "support/random.h"

namespace allot::design {
namespace {

constexpr size_t kUsualTasks = 100;

enum class ListRule { kLongestFirst, kAllCoresFirst, kOneCoreFirst, kEarliestFirst };

// The cores of one kind, by when they become free.
class FreeCores {
 public:
  explicit FreeCores(int64_t count) : count_(static_cast<size_t>(count)) {}
  // When one is free for the first time from `from` on.
  Ticks EarliestFrom(Ticks from) const {
    if (busy_.size() < count_) return from;
    return std::max(from, busy_.front());
  }
  void Take(Ticks end) {
    if (busy_.size() == count_) {
      std::pop_heap(busy_.begin(), busy_.end(), std::greater<>());
      busy_.back() = end;
    } else {
      busy_.push_back(end);
    }
    std::push_heap(busy_.begin(), busy_.end(), std::greater<>());
  }
  void Clear() { busy_.clear(); }

 private:
  size_t count_;
  std::vector<Ticks> busy_;  // a heap, the first to become free in front
};

class Lister {
 public:
  Lister(const TaskOrder& order, const std::vector<TaskLatency>& latencies, CoreCount count)
      : order_(order), latencies_(latencies), tensor_(count.tensor), vector_(count.vector) {}

  Ticks LengthOf(size_t task, const std::vector<bool>& on_all) const {
    return on_all[task] ? latencies_[task].all : latencies_[task].one;
  }

  // Added to the tails that tasks are listed by.
  void SetBonus(std::vector<Ticks> bonus) { bonus_ = std::move(bonus); }

  BlockSchedule Best(const std::vector<bool>& on_all) {
    FindTails(on_all);
    BlockSchedule best;
    for (const ListRule rule : {ListRule::kLongestFirst, ListRule::kAllCoresFirst,
                                ListRule::kOneCoreFirst, ListRule::kEarliestFirst}) {
      BlockSchedule schedule = List(on_all, rule);
      if (best.start.empty() || schedule.length < best.length) best = std::move(schedule);
    }
    return best;
  }

 private:
  void FindTails(const std::vector<bool>& on_all) {
    tails_.assign(order_.size(), 0);
    for (size_t i = order_.size(); i-- > 0;) {
      Ticks behind = 0;
      for (const int32_t user : order_.after[i]) {
        behind = std::max(behind, tails_[static_cast<size_t>(user)]);
      }
      tails_[i] = behind + LengthOf(i, on_all);
    }
  }

  // Whether `a` is to be placed before `b`; both are ready.
  bool Before(size_t a, size_t b, const std::vector<bool>& on_all, ListRule rule) const {
    const bool by_cores = rule == ListRule::kAllCoresFirst || rule == ListRule::kOneCoreFirst;
    if (by_cores && on_all[a] != on_all[b]) {
      return on_all[a] == (rule == ListRule::kAllCoresFirst);
    }
    const Ticks of_a = tails_[a] + (bonus_.empty() ? 0 : bonus_[a]);
    const Ticks of_b = tails_[b] + (bonus_.empty() ? 0 : bonus_[b]);
    return of_a != of_b ? of_a > of_b : a < b;
  }

  // When a task can start whose sources have been placed.
  Ticks StartOf(size_t task, const BlockSchedule& schedule, Ticks barrier) const {
    Ticks start = barrier;
    for (const int32_t source : order_.before[task]) {
      const auto s = static_cast<size_t>(source);
      start = std::max(start, schedule.start[s] + LengthOf(s, schedule.on_all));
    }
    if (schedule.on_all[task]) return std::max(start, schedule.length);
    // Cores of both kinds: the later of the two.
    const TaskCores cores = order_.cores[task];
    if (cores.tensor) start = tensor_.EarliestFrom(start);
    if (cores.vector) start = vector_.EarliestFrom(start);
    return start;
  }

  BlockSchedule List(const std::vector<bool>& on_all, ListRule rule) {
    BlockSchedule schedule;
    schedule.on_all = on_all;
    schedule.start.assign(order_.size(), 0);
    tensor_.Clear(), vector_.Clear();
    missing_.clear(), ready_.clear();
    for (size_t i = 0; i < order_.size(); ++i) {
      missing_.push_back(order_.before[i].size());
      if (missing_[i] == 0) ready_.push_back(i);
    }
    Ticks barrier = 0;
    while (!ready_.empty()) {
      size_t pick = 0;
      Ticks earliest = 0;
      for (size_t r = 0; r < ready_.size(); ++r) {
        const bool by_start = rule == ListRule::kEarliestFirst;
        const Ticks start = by_start ? StartOf(ready_[r], schedule, barrier) : 0;
        const bool first = r == 0 || start < earliest;
        if (first || (start == earliest && Before(ready_[r], ready_[pick], on_all, rule))) {
          pick = r;
          earliest = start;
        }
      }
      const size_t task = ready_[pick];
      ready_[pick] = ready_.back();
      ready_.pop_back();
      const Ticks start = StartOf(task, schedule, barrier);
      const TaskCores cores = order_.cores[task];
      if (on_all[task]) {
        barrier = start + LengthOf(task, on_all);
        tensor_.Clear(), vector_.Clear();
      } else {
        const Ticks end = start + LengthOf(task, on_all);
        if (cores.tensor) tensor_.Take(end);
        if (cores.vector) vector_.Take(end);
      }
      schedule.start[task] = start;
      schedule.length = std::max(schedule.length, start + LengthOf(task, on_all));
      for (const int32_t user : order_.after[task]) {
        if (--missing_[static_cast<size_t>(user)] == 0) ready_.push_back(static_cast<size_t>(user));
      }
    }
    return schedule;
  }

  const TaskOrder& order_;
  const std::vector<TaskLatency>& latencies_;
  FreeCores tensor_, vector_;
  std::vector<Ticks> tails_, bonus_;
  std::vector<size_t> missing_, ready_;
};

}  // namespace

namespace {

using Behind = std::vector<std::vector<bool>>;  // [i][j]: task j is before task i

// Of tasks, ascending, no more than so many are independent of each other (Dilworth): chains, each
// task behind the last of the first chain that it is behind.
template <typename Takes>
int64_t CountChains(const std::vector<int32_t>& tasks, const Behind& behind, const Takes& takes) {
  std::vector<size_t> last;
  for (const int32_t each : tasks) {
    const auto task = static_cast<size_t>(each);
    if (!takes(task)) continue;
    const auto chain =
        std::find_if(last.begin(), last.end(), [&](size_t end) { return behind[task][end]; });
    if (chain == last.end()) {
      last.push_back(task);
    } else {
      *chain = task;
    }
  }
  return static_cast<int64_t>(last.size());
}

// How many tasks run at most while this one does, on one core each.
int64_t MostAtOnce(const TaskOrder& order, size_t task, CoreCount count) {
  const TaskOrder::Company& company = order.company[task];
  const int64_t tensor = std::max<int64_t>(count.tensor - (order.cores[task].tensor ? 1 : 0), 0);
  const int64_t vector = std::max<int64_t>(count.vector - (order.cores[task].vector ? 1 : 0), 0);
  return 1 +
         std::min(company.all, std::min(company.tensor, tensor) + std::min(company.vector, vector));
}

}  // namespace

TaskOrder MakeTaskOrder(const TaskGraph& graph) {
  const size_t count = graph.tasks.size();
  TaskOrder order;
  order.before = graph.before;
  order.after.resize(count);
  order.beside.resize(count);
  Behind behind(count, std::vector<bool>(count));
  for (size_t i = 0; i < count; ++i) {
    const Task& task = graph.tasks[i];
    // As published, a collective occupies a vector core.
    order.cores.push_back({!task.products.empty(), task.products.empty() || !task.vectors.empty()});
    for (const int32_t source : graph.before[i]) {
      const auto s = static_cast<size_t>(source);
      order.after[s].push_back(static_cast<int32_t>(i));
      behind[i][s] = true;
      for (size_t j = 0; j < s; ++j) behind[i][j] = behind[i][j] || behind[s][j];
    }
  }
  for (size_t i = 0; i < count; ++i) {
    for (size_t j = 0; j < count; ++j) {
      if (i != j && !behind[i][j] && !behind[j][i]) {
        order.beside[i].push_back(static_cast<int32_t>(j));
      }
    }
    const std::vector<TaskCores>& cores = order.cores;
    order.company.push_back(
        {CountChains(order.beside[i], behind, [](size_t) { return true; }),
         CountChains(order.beside[i], behind, [&](size_t task) { return cores[task].tensor; }),
         CountChains(order.beside[i], behind, [&](size_t task) { return cores[task].vector; })});
  }
  return order;
}

Ticks ScheduleBound(const TaskOrder& order, const std::vector<TaskLatency>& latencies,
                    CoreCount count) {
  Ticks path = 0;
  std::vector<Ticks> ends(order.size());
  for (size_t i = 0; i < order.size(); ++i) {
    Ticks start = 0;
    for (const int32_t source : order.before[i]) {
      start = std::max(start, ends[static_cast<size_t>(source)]);
    }
    ends[i] = start + std::min(latencies[i].one, latencies[i].all);
    path = std::max(path, ends[i]);
  }
  // With a limit T, tasks that take longer on one core must run on all of them, alone.
  std::vector<size_t> by_length(order.size());
  for (size_t i = 0; i < by_length.size(); ++i) by_length[i] = i;
  std::sort(by_length.begin(), by_length.end(), [&](size_t a, size_t b) {
    return std::pair(latencies[a].one, a) < std::pair(latencies[b].one, b);
  });
  Ticks alone = 0;
  for (const TaskLatency& latency : latencies) alone += latency.all;
  // Tasks 0 to i - 1 of that order may run on one core if T is at least the time of the last of
  // them. Then they take their share of the cores, or all cores, whichever is less.
  Ticks least = alone;
  // While a task runs on one core, each that runs then takes a part of that time.
  Int128 tensor = 0, vector = 0, parts = 0;
  for (size_t i = 0; i < by_length.size(); ++i) {
    const size_t task = by_length[i];
    const TaskLatency& latency = latencies[task];
    alone -= latency.all;
    const TaskCores cores = order.cores[task];
    if (cores.tensor) {
      tensor += std::min<Int128>(latency.one, static_cast<Int128>(latency.all) * count.tensor);
    }
    if (cores.vector) {
      vector += std::min<Int128>(latency.one, static_cast<Int128>(latency.all) * count.vector);
    }
    parts += std::min(latency.all, latency.one / MostAtOnce(order, task, count));
    const auto shares =
        static_cast<Ticks>(std::max({(tensor + count.tensor - 1) / count.tensor,
                                     (vector + count.vector - 1) / count.vector, parts}));
    least = std::min(least, std::max(latency.one, alone + shares));
  }
  return std::max(path, least);
}

BlockSchedule ScheduleBlock(const TaskOrder& order, const std::vector<TaskLatency>& latencies,
                            CoreCount count, int restarts) {
  Lister lister(order, latencies, count);
  std::vector<bool> on_all(order.size());
  // A task for which one core is as good is better off there, where it stops nobody.
  for (size_t i = 0; i < order.size(); ++i) on_all[i] = latencies[i].all < latencies[i].one;
  BlockSchedule best = lister.Best(on_all);
  const Ticks bound = ScheduleBound(order, latencies, count);
  if (best.length <= bound) return best;
  // One core pays only if others hide behind it.
  std::vector<size_t> may_flip;
  for (size_t i = 0; i < order.size(); ++i) {
    Ticks hidden = latencies[i].all;
    for (const int32_t other : order.beside[i]) {
      const TaskLatency& beside = latencies[static_cast<size_t>(other)];
      hidden += std::min(beside.one, beside.all);
    }
    if (on_all[i] && hidden > latencies[i].one) may_flip.push_back(i);
  }
  // Blocks have some dozens of tasks; of larger ones only the first flips are tried.
  constexpr size_t kMostPlaced = 400'000;
  size_t attempts = 1 + kMostPlaced / (order.size() * order.size() + 1);
  if (order.size() <= kUsualTasks) attempts = kMostPlaced;
  const auto attempt = [&](const std::vector<bool>& on_all_then) {
    if (attempts == 0) return false;
    --attempts;
    BlockSchedule schedule = lister.Best(on_all_then);
    if (schedule.length >= best.length) return false;
    best = std::move(schedule);
    return true;
  };
  const auto flip = [&](std::initializer_list<size_t> tasks) {
    std::vector<bool> flipped = best.on_all;
    for (const size_t task : tasks) flipped[task] = !flipped[task];
    return attempt(flipped);
  };
  constexpr int kMostRounds = 8;
  bool better = !may_flip.empty();
  for (int round = 0; better && best.length > bound && round < kMostRounds; ++round) {
    better = false;
    for (const size_t task : may_flip) better = flip({task}) || better;
    // One long task on a core, and behind it many that may run beside it: of the other kind of
    // core, or all.
    for (const size_t task : may_flip) {
      std::vector<bool> others = best.on_all, all = best.on_all;
      others[task] = all[task] = false;
      for (const int32_t beside : order.beside[task]) {
        const auto other = static_cast<size_t>(beside);
        if (latencies[other].one > latencies[task].one) continue;
        all[other] = false;
        if (order.cores[other].tensor != order.cores[task].tensor) others[other] = false;
      }
      better = attempt(others) || better;
      better = attempt(all) || better;
    }
    for (const size_t a : may_flip) {
      for (const int32_t other : order.beside[a]) {
        const auto b = static_cast<size_t>(other);
        if (b <= a || !std::binary_search(may_flip.begin(), may_flip.end(), b)) continue;
        better = flip({a, b}) || better;
      }
    }
  }
  Random random(1);
  for (int restart = 0; restart < restarts && best.length > bound && !may_flip.empty(); ++restart) {
    const BlockSchedule kept = best;
    std::vector<bool> flipped = kept.on_all;
    for (int64_t flips = random.Between(2, 5); flips > 0; --flips) {
      const auto at = static_cast<size_t>(random.Below(static_cast<int64_t>(may_flip.size())));
      flipped[may_flip[at]] = !flipped[may_flip[at]];
    }
    std::vector<Ticks> bonus(order.size());
    for (Ticks& each : bonus) each = random.Below(kept.length / 4 + 1);
    lister.SetBonus(std::move(bonus));
    best = lister.Best(flipped);
    for (bool again = true; again;) {
      again = false;
      for (const size_t task : may_flip) again = flip({task}) || again;
    }
    if (best.length >= kept.length) best = kept;
  }
  return best;
}

bool IsValid(const TaskOrder& order, const std::vector<TaskLatency>& latencies, CoreCount count,
             const BlockSchedule& schedule) {
  const auto end_of = [&](size_t task) {
    return schedule.start[task] +
           (schedule.on_all[task] ? latencies[task].all : latencies[task].one);
  };
  Ticks last = 0;
  for (size_t i = 0; i < order.size(); ++i) {
    last = std::max(last, end_of(i));
    for (const int32_t source : order.before[i]) {
      if (end_of(static_cast<size_t>(source)) > schedule.start[i]) return false;
    }
    // Whoever runs when it starts.
    std::array<int64_t, 2> running = {order.cores[i].tensor ? 1 : 0, order.cores[i].vector ? 1 : 0};
    if (end_of(i) == schedule.start[i]) continue;  // takes no time
    for (size_t j = 0; j < order.size(); ++j) {
      const bool overlap =
          j != i && schedule.start[j] <= schedule.start[i] && schedule.start[i] < end_of(j);
      if (!overlap) continue;
      if (schedule.on_all[i] || schedule.on_all[j]) return false;
      running[0] += order.cores[j].tensor ? 1 : 0;
      running[1] += order.cores[j].vector ? 1 : 0;
    }
    if (running[0] > count.tensor && order.cores[i].tensor) return false;
    if (running[1] > count.vector && order.cores[i].vector) return false;
  }
  return last == schedule.length;
}

}  // namespace allot::design
