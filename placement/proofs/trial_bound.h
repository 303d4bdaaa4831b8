// Latency bounds by contradiction ("destructive improvement"; Klein and Scholl, Computing lower
// bounds by destructive improvement, European Journal of Operational Research 112, 1999).
//
// Suppose that everything ends within T. Then an item cannot be on a device where the least that
// lies before it, its time and the least that follows add up to more. What is left of the devices
// makes paths and intervals longer, which rules out more, until an item can be nowhere or the
// windows of the devices (device_windows.h) have no room for what they must serve: then T was too
// short. Where that shows nothing, an item is supposed on each of its devices in turn.
#pragma once

#include <cstdint>
#include <vector>

#include "placement/bounds/path_bounds.h"

namespace allot {

struct TrialInput {
  const PathCosts& costs;
  std::vector<std::vector<ItemId>> groups;  // must share a device
  std::vector<Picos> launch;                // by device, carried once if in use; may be empty
  std::vector<int64_t> lambda;              // by device, weights as of BoundLoad()
  ItemTimes ends;                           // as IntervalChain() proves
  Picos known = 0;                          // a bound already proven
};

// At least `known`. T is searched for by halving, up to the best single device. Spends about
// `work`.
Picos BoundByTrials(const TrialInput& input, int64_t work);

}  // namespace allot
