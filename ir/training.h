// How a plan trains: microbatches go through its stages forward and backward, one forward and one
// backward in turn. A part of the plan is what runs forward of a stage; its backward pass is on the
// same device.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"

#include "support/diagnostics.h"
#include "support/units.h"
#include "target/target.h"

namespace allot::ir {

// What a stage takes for a microbatch, and what its device holds at the fullest moment.
struct TrainingStage {
  DeviceId device;
  Picos forward = 0;
  Picos backward = 0;  // with the forward pass that is run again, if any is
  Picos update = 0;    // once an iteration
  Bytes weights = 0, gradients = 0, optimizer = 0;
  Bytes kept = 0;         // by the backward pass, for a microbatch
  Bytes activations = 0;  // of all microbatches in flight
  Bytes working = 0;      // what lives while a single operator runs
  int64_t in_flight = 1;  // microbatches
  bool recomputes = false;

  Bytes Memory() const;
  friend bool operator==(const TrainingStage&, const TrainingStage&) = default;
};

struct TrainingStep {
  enum class Kind {
    kForward,
    kBackward,
    kUpdate,
    kActivation,  // on its way to the next stage
    kGradient,    // on its way to the stage before
  };
  Kind kind = Kind::kForward;
  int64_t stage = 0;  // of what is on its way: from where
  int64_t microbatch = 0;
  Picos start = 0, end = 0;

  friend bool operator==(const TrainingStep&, const TrainingStep&) = default;
};
absl::string_view TrainingStepName(TrainingStep::Kind kind);

struct Training {
  std::string optimizer;  // "adam", "sgd"
  std::string recompute;  // as it was asked for: "no", "yes", "auto"
  int64_t microbatches = 1;
  int64_t parameters = 0;  // numbers that are trained
  Picos period = 0;        // of a microbatch in the steady state
  Picos iteration = 0;     // from the first step to the last one's end
  // No chain of ranges of operators on these devices has a smaller one; 0: not proved.
  Picos period_bound = 0, iteration_bound = 0;
  // No placement that keeps operators with their backward pass has a smaller one.
  Picos any_period_bound = 0, any_iteration_bound = 0;
  std::vector<TrainingStage> stages;  // part i of the plan is stage i
  std::vector<TrainingStep> steps;    // by stage, in the order of running; then what is sent

  // The share of an iteration, in thousandths, that devices of stages stand idle, on average.
  int64_t BubblePermille() const;
  friend bool operator==(const Training&, const Training&) = default;
};

// That stages are those of the plan's parts, one on each device, that numbers are none below zero,
// steps in time and of stages that there are. `devices_of_parts`: by part.
void VerifyTraining(const Training& training, const std::vector<DeviceId>& devices_of_parts,
                    Diagnostics& diagnostics);

}  // namespace allot::ir
