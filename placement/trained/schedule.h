// One iteration of a plan: microbatches go forward and backward through the stages, one forward and
// one backward in turn (1F1B: Narayanan et al., PipeDream, SOSP 2019; PipeDream-Flush, ICML 2021),
// then each stage updates its parameters.
#pragma once

#include <cstdint>
#include <utility>
#include <vector>

#include "placement/trained/chain.h"

namespace allot {

enum class TrainedStepKind { kForward, kBackward, kUpdate };

struct TrainedStep {
  int32_t stage = 0, microbatch = 0;  // an update is of no microbatch: 0
  TrainedStepKind kind = TrainedStepKind::kForward;
  Picos start = 0, end = 0;

  friend bool operator==(const TrainedStep&, const TrainedStep&) = default;
};

// Activations from a stage to the next, or gradients back.
struct TrainedTransfer {
  int32_t from = 0, to = 0, microbatch = 0;  // stages
  Picos start = 0, end = 0;

  friend bool operator==(const TrainedTransfer&, const TrainedTransfer&) = default;
};

struct TrainedSchedule {
  std::vector<StageFacts> stages;
  std::vector<TrainedStep> steps;          // by stage, in the order in which it runs them
  std::vector<TrainedTransfer> transfers;  // by start, then stage; none where devices copy
  Picos period = 0;     // of a microbatch in the steady state: the largest load of a device or
                        // channel
  Picos iteration = 0;  // from the first step's start to the last one's end
};

// The schedule in which everything starts as soon as it can, transfers on a channel first come,
// first served; of two that come at once the one of the earlier stage, then the earlier microbatch.
// Parameters on several stages are added up between them over the slowest of their routes when the
// last of these is through, 2(k-1)/k of their gradient for k stages. The plan must keep the rules
// but for memory; consecutive stages have routes. O(steps * (log + channels of a route)).
TrainedSchedule ScheduleIteration(const TrainedChain& chain, const TrainedPlan& plan);

// The order in which stage `stage` of `num_stages` runs: forward of the first microbatches, one for
// each stage behind it, then forward and backward in turn, then what is left backward.
std::vector<std::pair<TrainedStepKind, int32_t>> OrderOfStage(int64_t microbatches, size_t stage,
                                                              size_t num_stages);

}  // namespace allot
