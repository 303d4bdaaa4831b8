// Exact search for the fastest sequence of steps. A step is one item, or a set of items that run
// together as one part. Transfers delay their consumers and occupy nothing: with channels that
// serve one transfer at a time this is a relaxation, whose sequences are then judged one by one.
//
// Steps are appended in the order of their starts, so only those sequences are visited whose starts
// do not fall. A state is dominated by one that has run the same items, with its live outputs on
// the same devices, and is nowhere later (counting nothing before the last start, since nothing
// will start there any more). That loses no optimum: among the optimal schedules take the one whose
// starts, sorted from the last to the first, are lexicographically least. If a state on its way is
// dominated, the rest of it can follow the dominating state at the same instants; no start of that
// rest can then move forward, or the schedule would not have been least, so the rest is found there
// too.
#pragma once

#include <cstdint>
#include <functional>
#include <vector>

#include "placement/bounds/path_bounds.h"
#include "placement/problem/allowed_times.h"
#include "placement/problem/problem.h"
#include "placement/value/problem_facts.h"
#include "support/id_table.h"

namespace allot {

enum class StepSize { kOne, kAny };

// At most 64 items (16 if steps are sets), numbered in topological order.
struct SequenceInstance {
  using Times = IdTable<int32_t, DeviceId, Picos>;
  static constexpr int32_t kMaxItems = 64, kMaxItemsOfSets = 16;
  struct Flow {
    int32_t from = 0;
    uint64_t to = 0;  // consumers, one bit each
    // [from][to]: what lies between end and start; kNever: no way.
    IdTable<DeviceId, DeviceId, Picos> crossing;
    int32_t id = -1;  // the problem's flow
  };
  struct Shared {
    Bytes bytes = 0;
    uint64_t items = 0;
  };
  StepSize size = StepSize::kOne;
  int32_t num_items = 0, num_devices = 0;
  Times time;     // [item][device], kNotAllowed where it cannot be
  Times release;  // [item][device]: no earlier start; empty: none
  Times follow;   // [item][device]: what follows its end outside; empty: nothing
  // [item][device]: known to lie between its end and the end of everything, of whatever sequence:
  // no rule, but something proven (nested_bounds.h). Empty: nothing.
  Times after;
  std::vector<Picos> ready;      // [device]: free from then on; empty: from the start
  std::vector<Picos> step_cost;  // [device]; empty: steps are free
  std::vector<Flow> flows;
  std::vector<uint64_t> groups;  // must share a device
  std::vector<Bytes> memory;     // by item; empty: memory cannot bind
  std::vector<Bytes> capacity;   // by device
  std::vector<Shared> shared;
  std::vector<int32_t> classes;  // DeviceClasses; empty: all devices differ
  std::vector<ItemId> item_of;   // the problem's item
};

// The instance of a whole problem; numbering follows graph.topological. kAny: part costs are those
// of steps; kOne: launch_on_arrival is charged.
SequenceInstance MakeSequenceInstance(const ProblemFacts& facts, StepSize size);

// The instance with time running backwards, of single items in steps that cost nothing: items are
// numbered from the other end. Its schedules are those of the instance, read backwards.
SequenceInstance Reversed(const SequenceInstance& instance);

struct Step {
  uint64_t items = 0;
  int32_t device = 0;
};

struct SequenceSearchLimits {
  Picos upper = kNever;      // only what is smaller is looked for
  Picos goal = 0;            // a proven bound: what reaches it ends the search
  int64_t work = 1'000'000;  // steps tried
  // Judges a sequence of steps; kNever if it is not allowed. Never less than the search's own
  // value. Turns dominance off: what is dominated may still be judged better.
  std::function<Picos(const std::vector<Step>&)> judge;
};

struct SequenceSearchResult {
  bool complete = false;  // nothing smaller than `value` (or than upper, if nothing was found)
  bool found = false;
  Picos value = 0;  // as judged
  Picos lower = 0;  // proven before anything was tried
  std::vector<Step> steps;
  int64_t work = 0;
};

SequenceSearchResult SearchSequences(const SequenceInstance& instance,
                                     const SequenceSearchLimits& limits);

}  // namespace allot
