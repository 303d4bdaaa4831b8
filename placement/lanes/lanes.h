// Lanes: placements, formed into parts, that take turns.
//
// Of every cycle() inferences lane i serves shares[i]. What is whole copies of a model, copies of a
// pipeline, or a slow device that takes every tenth inference is all the same here: each lane is a
// placement of the whole model and knows nothing of the others. A resource carries the mean of
// their loads, and the largest mean is the period of one inference. replication.h is the same
// before parts are formed; there launches are not counted.
//
// Memory: a device keeps what any of its lanes needs resident, once. A device runs one part at a
// time, but inferences of different lanes are under way together, and what one has computed waits
// in memory while another runs: so the live tensors of lanes add up, each at its peak. That may be
// more than ever lies there at once, never less than single inferences in every lane need.
//
// Where a device may have so many parts only, those of all lanes count; what two of them launch
// alike is one part.
#pragma once

#include <cstdint>
#include <vector>

#include "absl/status/status.h"

#include "placement/parts/parts.h"

namespace allot {

// The longest cycle that is looked for.
inline constexpr int64_t kMaxLaneCycle = 256;

struct Lanes {
  std::vector<PartedSolution> lanes;
  std::vector<int64_t> shares;  // by lane, positive

  int64_t cycle() const {
    int64_t sum = 0;
    for (const int64_t share : shares) sum += share;
    return sum;
  }
};

struct LanesScore {
  // Every lane is feasible by itself, and every device has memory for all of them.
  bool feasible = false;
  Int128 cycle_load = 0;  // the largest load of a resource over a cycle
  Picos period = 0;       // per inference: cycle_load over the cycle, rounded up
  Picos slowest = 0;      // the largest makespan of a lane: the time of one inference by itself
  // Per inference, means over the cycle, rounded up.
  IdVector<DeviceId, Picos> load;
  IdVector<ChannelId, Picos> channel_load;
  IdVector<DeviceId, Bytes> resident, peak;
  size_t num_parts = 0;  // of all lanes
  size_t transfers = 0;  // tensors on their way to devices, each lane once
  Bytes moved = 0;       // bytes over all transfers of a cycle
};

// What lanes are worth together, each by itself as `lane.score` says. Requires a throughput problem
// in single items and a cycle of at least 1; the lanes' ids must be in range. O(lanes * (items +
// flows)).
LanesScore CombineScores(const PlacementProblem& problem, const Lanes& lanes);

// The same from the placements and parts alone: `lane.score` is not looked at.
LanesScore EvaluateLanes(const PlacementProblem& problem, const Lanes& lanes);

// Checks an answer from the definitions, sharing no code with EvaluateLanes(): shares, parts
// (dense, of one device each, launched before what they feed), groups, devices, routes, resident
// bytes and loads with launches. One error that names what is wrong.
absl::Status VerifyLanes(const PlacementProblem& problem, const Lanes& lanes, Picos claimed_period);

// The whole problem as one part on one device; its score says whether that can be.
PartedSolution CopyOn(const PlacementProblem& problem, const ProblemGraph& graph, DeviceId device);

// The best mixture of whole copies: CopyOn() each device that can run and hold it,
// sharing out the inferences by speed. The cycle of at most kMaxLaneCycle with the least
// period, the shorter of equals; a device that gets nothing of it drops out. Lanes by falling
// share, then by device. Empty if no device can hold the whole, or without items.
Lanes CopiesOf(const PlacementProblem& problem, const ProblemGraph& graph);

}  // namespace allot
