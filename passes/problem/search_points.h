// How the passes that search note what they have reached.
#pragma once

#include "ir/plan.h"

namespace allot {

// Notes in the summary that after `work` in all the best value known is `value` and the best bound
// proven is `bound` (0: none). What was known before at the same work is forgotten, and while
// nothing changes the last of equal points moves on, so that there are few.
void AddSearchPoint(int64_t work, Picos value, Picos bound, ir::Summary& summary);

// What the search has spent so far.
inline int64_t SearchWork(const ir::Summary& summary) {
  return summary.search.empty() ? 0 : summary.search.back().work;
}

}  // namespace allot
