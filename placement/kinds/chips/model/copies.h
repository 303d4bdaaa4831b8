// Which nodes are copied to the chips that read them.
#pragma once

#include "placement/kinds/chips/model/problem.h"

namespace allot::chips {

struct CopyLimits {
  // What a node may take with all that it depends on.
  Picos work = 0;
  Bytes weights = 0;
  friend bool operator==(const CopyLimits&, const CopyLimits&) = default;
};

// A hundredth of a chip's share of all work, and a 64th of its memory.
CopyLimits UsualCopyLimits(const Problem& problem);

// Marks every node that is read, depends on marked nodes alone, and stays with them within the
// limits; and those that do no work, depend on nothing, and have one reader: they are never better
// elsewhere. Linear but for cones of many nodes.
void MarkCopies(const CopyLimits& limits, Problem& problem);

}  // namespace allot::chips
