// Checks an answer from scratch. Shares no code with evaluation or any solver.
#pragma once

#include "absl/status/status.h"

#include "placement/value/evaluate.h"

namespace allot {

// What needs no schedule: a device for every item, one that can run it; groups together; an order
// of all items that is topological; a way for every tensor to where it is read; call numbers from 0
// to below calls_per_device; what has to be contiguous is. What passes can be simulated. One error
// that names what is violated.
absl::Status VerifyPlacement(const PlacementProblem& problem, const Solution& solution);

// All of that, and: the schedule respects precedence and transfer times, no device or channel does
// two things at once, calls last what they must, memory holds, the objective is `claimed`. One
// error that names what is violated, memory after all other rules: an error of the code
// ResourceExhausted says that none of them is broken.
absl::Status Verify(const PlacementProblem& problem, const Solution& solution,
                    const Schedule& schedule, Picos claimed);

// What a device holds: always, and at most, with the tensors that are live; when it first does.
struct MemoryUse {
  Bytes resident = 0, peak = 0;
  Picos at = 0;
};
// By device, for a placement that has passed.
IdVector<DeviceId, MemoryUse> MeasureMemory(const PlacementProblem& problem,
                                            const Solution& solution, const Schedule& schedule);

}  // namespace allot
