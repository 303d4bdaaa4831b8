// When the tasks of a block run on an accelerator: each on one core of its kind, or alone on all
// cores. By list scheduling and exchange of these, with a proved bound; the problem is that of
// PHAZE's integer programme (Wang et al., 2024, per layer and direction).
#pragma once

#include <cstdint>
#include <vector>

#include "design/estimate/latencies.h"
#include "support/units.h"

namespace allot::design {

struct CoreCount {
  int64_t tensor = 1, vector = 1;
};

// Which kinds of core a task occupies one of.
struct TaskCores {
  bool tensor = false, vector = false;
};

// What of the tasks does not depend on the accelerator; made once for all of them.
struct TaskOrder {
  std::vector<std::vector<int32_t>> before, after;
  std::vector<TaskCores> cores;
  std::vector<std::vector<int32_t>> beside;  // those that are neither before nor after a task
  // How many of these run at the same time at most, as chains of them: of all, and of those that
  // occupy each kind of core.
  struct Company {
    int64_t all = 0, tensor = 0, vector = 0;
  };
  std::vector<Company> company;

  size_t size() const { return before.size(); }
};
// O(tasks^2).
TaskOrder MakeTaskOrder(const TaskGraph& graph);

struct BlockSchedule {
  Ticks length = 0;
  std::vector<bool> on_all;  // by task
  std::vector<Ticks> start;
};

// No schedule is shorter. The longest path; and the least T for which the tasks that are longer
// than T on one core, one after another on all of them, and the rest end by T: spread over the
// cores, or each taking its part of the time in which it runs, of as many parts as tasks can run
// with it then (TaskOrder::company). O(tasks log tasks).
Ticks ScheduleBound(const TaskOrder& order, const std::vector<TaskLatency>& latencies,
                    CoreCount count);

// A schedule, as good as flipping one or two tasks at a time makes it, or one and all that may run
// beside it. Then `restarts` times some tasks are flipped and listed in another order by chance,
// always the same, and what comes of that is kept if it is better.
BlockSchedule ScheduleBlock(const TaskOrder& order, const std::vector<TaskLatency>& latencies,
                            CoreCount count, int restarts = 0);

// The same with restarts, then a search over all active schedules for `nodes` nodes at most;
// `proved` says whether that ended, so that nothing is shorter.
struct ExactBlockSchedule {
  BlockSchedule schedule;
  bool proved = false;
  int64_t nodes = 0;
};
ExactBlockSchedule ScheduleBlockExactly(const TaskOrder& order,
                                        const std::vector<TaskLatency>& latencies, CoreCount count,
                                        int64_t nodes);

// Whether a schedule keeps the rules, from the definitions; and its length is the last end.
bool IsValid(const TaskOrder& order, const std::vector<TaskLatency>& latencies, CoreCount count,
             const BlockSchedule& schedule);

}  // namespace allot::design
