// What an assignment is worth, as searches count it.
#pragma once

#include <cstdint>
#include <vector>

#include "placement/kinds/chips/model/compiled.h"

namespace allot::chips {

struct Loads {
  std::vector<Picos> chips;  // of computing, with copies
  std::vector<Picos> links;  // each output once on each link that it passes
};

// `compiled`: by compiled node. O(n + m + what is shared).
Loads LoadsOf(const Compiled& problem, const Assignment& compiled);

// The largest of them: the time between two inputs of a pipeline whose chips and links all work at
// once.
Picos Bottleneck(const Compiled& problem, const Assignment& compiled);

// What each chip holds at most while it runs its nodes in their order. An output that its chip made
// is held from then until its last reader there is done, and to the end of the run if another chip
// reads it; one that came from another chip, from its first reader to its last. O(n + m).
std::vector<Bytes> PeakMemory(const Compiled& problem, const Assignment& compiled);
// The same of the one chip that holds these compiled nodes, ascending. `inside` has a true for each
// of them and nothing else.
Bytes PeakMemoryOf(const Compiled& problem, const std::vector<int32_t>& nodes,
                   const std::vector<bool>& inside);

// Whether it fits all chips.
bool FitsMemory(const Compiled& problem, const Assignment& compiled);

}  // namespace allot::chips
