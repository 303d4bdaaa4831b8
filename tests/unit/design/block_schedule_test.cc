// Schedules of blocks: rules, bounds, and the optimum of small ones.
#include "design/schedule/block_schedule.h"

#include <algorithm>

#include <gtest/gtest.h>

#include "support/random.h"

namespace allot::design {
namespace {

struct Instance {
  TaskOrder order;
  std::vector<TaskLatency> latencies;
  CoreCount count;
};

// Some tasks after others, longer on one core than on all.
Instance RandomInstance(uint64_t seed, int64_t tasks) {
  Random random(seed);
  TaskGraph graph;
  Instance instance;
  instance.count = {random.Between(1, 3), random.Between(1, 3)};
  for (int64_t i = 0; i < tasks; ++i) {
    Task task;
    const int64_t kind = random.Below(3);
    if (kind != 1) task.products.push_back({1, 2, 3, 4});
    if (kind != 0) task.vectors.push_back({5, 1});
    graph.tasks.push_back(task);
    std::vector<int32_t>& before = graph.before.emplace_back();
    for (int64_t j = 0; j < i; ++j) {
      if (random.Below(100) < 30) before.push_back(static_cast<int32_t>(j));
    }
    TaskLatency latency;
    latency.all = random.Between(1, 10);
    latency.one = latency.all + random.Below(2 * latency.all + 1);
    instance.latencies.push_back(latency);
  }
  instance.order = MakeTaskOrder(graph);
  return instance;
}

// The shortest schedule by the integer programme's own terms: for each choice of cores, every order
// in which tasks may start, each at the earliest integer time that keeps the rules. Tries start
// times one by one, so that it shares nothing with what is tested.
class TimeByTime {
 public:
  explicit TimeByTime(const Instance& instance) : instance_(instance) {}

  Ticks Shortest() {
    const size_t n = instance_.order.size();
    for (const TaskLatency& latency : instance_.latencies) best_ += latency.all;
    for (uint32_t mask = 0; mask < (1u << n); ++mask) {
      schedule_.on_all.assign(n, false);
      for (size_t i = 0; i < n; ++i) schedule_.on_all[i] = (mask >> i & 1) != 0;
      schedule_.start.assign(n, 0);
      Place(0);
    }
    return best_;
  }

 private:
  Ticks EndOf(size_t i) const {
    const TaskLatency& latency = instance_.latencies[i];
    return schedule_.start[i] + (schedule_.on_all[i] ? latency.all : latency.one);
  }

  // All start times of task i, whose sources have smaller numbers.
  void Place(size_t i) {
    if (i == instance_.order.size()) {
      schedule_.length = 0;
      for (size_t j = 0; j < i; ++j) schedule_.length = std::max(schedule_.length, EndOf(j));
      if (schedule_.length < best_ &&
          IsValid(instance_.order, instance_.latencies, instance_.count, schedule_)) {
        best_ = schedule_.length;
      }
      return;
    }
    Ticks earliest = 0;
    for (const int32_t source : instance_.order.before[i]) {
      earliest = std::max(earliest, EndOf(static_cast<size_t>(source)));
    }
    for (Ticks start = earliest; start < best_; ++start) {
      schedule_.start[i] = start;
      if (EndOf(i) >= best_) break;
      Place(i + 1);
    }
  }

  const Instance& instance_;
  BlockSchedule schedule_;
  Ticks best_ = 0;
};

TEST(BlockSchedule, TheExactSearchFindsTheOptimumAndBoundsHold) {
  int shorter_than_alone = 0;
  for (uint64_t seed = 0; seed < 150; ++seed) {
    SCOPED_TRACE(seed);
    const Instance instance = RandomInstance(seed, 4);
    const Ticks optimum = TimeByTime(instance).Shortest();
    const ExactBlockSchedule exact =
        ScheduleBlockExactly(instance.order, instance.latencies, instance.count, 1'000'000);
    EXPECT_TRUE(exact.proved);
    EXPECT_EQ(exact.schedule.length, optimum);
    EXPECT_TRUE(IsValid(instance.order, instance.latencies, instance.count, exact.schedule));
    EXPECT_LE(ScheduleBound(instance.order, instance.latencies, instance.count), optimum);
    Ticks alone = 0;
    for (const TaskLatency& latency : instance.latencies) alone += latency.all;
    shorter_than_alone += optimum < alone;
  }
  EXPECT_GT(shorter_than_alone, 40);
}

TEST(BlockSchedule, ListsAreValidAndNearTheOptimum) {
  double sum = 0;
  const int count = 200;
  for (uint64_t seed = 0; seed < count; ++seed) {
    SCOPED_TRACE(seed);
    const Instance instance = RandomInstance(1000 + seed, 9);
    const BlockSchedule listed = ScheduleBlock(instance.order, instance.latencies, instance.count);
    EXPECT_TRUE(IsValid(instance.order, instance.latencies, instance.count, listed));
    const Ticks bound = ScheduleBound(instance.order, instance.latencies, instance.count);
    EXPECT_LE(bound, listed.length);
    Ticks alone = 0;
    for (const TaskLatency& latency : instance.latencies) alone += latency.all;
    EXPECT_LE(listed.length, alone);
    const ExactBlockSchedule exact =
        ScheduleBlockExactly(instance.order, instance.latencies, instance.count, 200'000);
    EXPECT_LE(exact.schedule.length, listed.length);
    EXPECT_LE(bound, exact.schedule.length);
    sum += static_cast<double>(listed.length) / static_cast<double>(exact.schedule.length);
  }
  EXPECT_LT(sum / count, 1.06);
}

TEST(BlockSchedule, BrokenSchedulesAreNotValid) {
  const Instance instance = RandomInstance(3, 6);
  const BlockSchedule good = ScheduleBlock(instance.order, instance.latencies, instance.count);
  BlockSchedule longer = good;
  ++longer.length;
  EXPECT_FALSE(IsValid(instance.order, instance.latencies, instance.count, longer));
  // All at once: some rule is broken.
  BlockSchedule at_once = good;
  std::fill(at_once.start.begin(), at_once.start.end(), 0);
  at_once.length = 0;
  for (size_t i = 0; i < instance.order.size(); ++i) {
    at_once.length = std::max(
        at_once.length, good.on_all[i] ? instance.latencies[i].all : instance.latencies[i].one);
  }
  EXPECT_FALSE(IsValid(instance.order, instance.latencies, instance.count, at_once));
}

}  // namespace
}  // namespace allot::design
