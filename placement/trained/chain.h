// A chain of operators that is trained: what each does with a microbatch forward and backward on
// each device, what it holds, and what crosses from one to the next. A plan gives every device a
// range of them, with its backward pass on the same device.
//
// Numbers only; knows no graph. What tensors skip over ranges goes from device to device with all
// else, as in pipelines of layers.
#pragma once

#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"

#include "placement/problem/machine.h"
#include "support/units.h"

namespace allot {

// Whether a stage keeps only what it is given and runs forward again before it runs backward.
enum class Recompute {
  kNo,
  kYes,
  kAuto,  // stages that do not fit otherwise
};

struct TrainedChain : Machine {
  struct Cell {
    std::string name;
    // Of one microbatch; nullopt: it cannot run there. Both or none.
    IdVector<DeviceId, std::optional<Picos>> forward, backward;
    Bytes working = 0;  // what lives only while it runs, forward or backward
  };
  // Weights, resident wherever one of `cells` (ascending) is. What is frozen has neither gradient
  // nor state.
  struct Parameter {
    Bytes weights = 0;
    Bytes gradient = 0;
    Bytes state = 0;    // the optimizer's
    Bytes updated = 0;  // read and written by an update
    std::vector<int32_t> cells;
  };
  // A tensor that backward passes of `cells` (ascending) read again, for each microbatch that has
  // gone forward on their device and not yet backward.
  struct Kept {
    Bytes bytes = 0;
    std::vector<int32_t> cells;
  };
  // What goes over the cut before a cell: activations forward, their gradients backward.
  struct Cut {
    bool allowed = true;
    Bytes forward = 0, backward = 0;
  };

  int64_t microbatches = 1;
  Recompute recompute = Recompute::kAuto;
  // Devices copy tensors themselves: half a transfer at each end, instead of on channels.
  bool copies = false;
  IdVector<DeviceId, int64_t> memory_bandwidth;  // bytes per second; 0: updates take no time
  std::vector<Cell> cells;
  std::vector<Cut> cuts;  // by cell; that before the first one is what the model is given
  std::vector<Parameter> parameters;
  std::vector<Kept> kept;
};

inline constexpr int64_t kMostMicrobatches = 4096;
// What all cells may take, one after the other on their slowest devices, in an iteration: 13 days.
inline constexpr Picos kLongestIteration = std::numeric_limits<Picos>::max() / 8;

// Sizes agree, nothing is negative, all sums that a plan can have fit. One error.
absl::Status CheckTrained(const TrainedChain& chain);

// Cells [begin, end) on a device.
struct TrainedStage {
  DeviceId device;
  int32_t begin = 0, end = 0;
  bool recomputes = false;

  friend bool operator==(const TrainedStage&, const TrainedStage&) = default;
};
using TrainedPlan = std::vector<TrainedStage>;  // in the order of the chain; a device at most once

// How many microbatches a stage keeps at most at a time: one forward, one backward, and one more
// for each stage behind it (Narayanan et al., PipeDream, SOSP 2019).
int64_t InFlight(int64_t microbatches, size_t stage, size_t num_stages);

// What a stage takes and holds.
struct StageFacts {
  Picos forward = 0;   // of a microbatch, with launch, and with copies if devices copy
  Picos backward = 0;  // likewise, and with the forward pass that is run again
  Picos update = 0;    // of its parameters, once an iteration
  Bytes weights = 0, gradients = 0, state = 0;
  Bytes kept = 0;     // for a microbatch, by the backward pass
  Bytes inputs = 0;   // of a microbatch
  Bytes working = 0;  // while something runs
  int64_t in_flight = 1;
  bool recomputes = false;

  Bytes Activations() const;  // of all microbatches in flight
  Bytes Memory() const;
};

// Of each stage. The plan must keep the rules but for memory (verify.h). O(all that the chain has).
std::vector<StageFacts> FactsOfStages(const TrainedChain& chain, const TrainedPlan& plan);

// What a device spends on a transfer between it and any other that it copies itself: half of the
// slowest.
Picos CopyTime(const Machine& machine, DeviceId device, Bytes bytes);

}  // namespace allot
