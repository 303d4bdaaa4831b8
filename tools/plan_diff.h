// What changed between two plans. Nodes are matched by name, those of one name in their order.
#pragma once

#include <string>
#include <vector>

#include "lowering/plan_file.h"

namespace allot {

struct PlanDiff {
  // One thing that the plans were made from, or a value of theirs, as text.
  struct Change {
    std::string what, before, after;
  };
  // A node that both have, by index into `nodes` of each.
  struct Pair {
    size_t before = 0, after = 0;
  };
  // Nodes that went from one device to another.
  struct Move {
    std::string from, to;
    std::vector<Pair> nodes;  // in the order of the plan before; never empty
  };

  // The plans themselves are the same: devices, parts, order and predicted times. What they were
  // made from may differ all the same.
  bool equal = true;
  std::vector<Change> inputs;  // model, target, options, pipeline; the tool's version last
  std::vector<Move> moves;     // by first node
  std::vector<size_t> only_before, only_after;  // nodes
  std::vector<Pair> other_part;                 // on the same device, in another part
  std::vector<Pair> other_time;                 // at the same place, at other times
  bool other_parts = false;                     // their devices or times differ
  bool other_order = false;
  bool other_lanes = false;   // shares, or what takes turns with the parts above
  bool other_values = false;  // predicted value, cut bytes, or use of devices
};

PlanDiff ComparePlans(const PlanFile& before, const PlanFile& after);

}  // namespace allot
