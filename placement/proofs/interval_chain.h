// A latency bound from pivots: items that lie one before the other. What lies between two pivots
// runs after the one has ended and before the other ends, so the bounds of such intervals add up
// along a chain of pivots.
#pragma once

#include <cstdint>
#include <vector>

#include "placement/bounds/load_bound.h"
#include "placement/bounds/path_bounds.h"
#include "placement/problem/allowed_times.h"

namespace allot {

struct ChainBound {
  Picos value = 0;
  ItemTimes ends;  // no schedule ends the item there earlier
};

// The largest sum over chains of pivots, by a longest-path recursion that also knows the device of
// each pivot: for pivots u before v, end(v on l) >= min over k of end(u on k) + LB, where LB is
// the larger of the longest path from u on k to v on l and of what the interval loads some device
// with under the weights `dual`, and in regions worth it what RegionBound proves. With all items as
// pivots this costs about n * (n + flows * devices^2) for n items; when that exceeds 8 * `work`,
// pivots are the items that split the graph, then those that the fewest edges jump over, and
// intervals are short. At least LongestPaths() proves.
ChainBound IntervalChain(const PathCosts& costs, const PathBounds& paths, const LoadDual& dual,
                         int64_t work);

}  // namespace allot
