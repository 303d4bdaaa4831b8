// Why a configuration is as fast as it is on a model: what its time is bound by.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "design/search/search.h"

namespace allot::design {

// A part of the time of all layers, forward and backward, for each thing that binds; what operators
// on single cores hide behind each other is shared in proportion.
struct TimeShare {
  Bottleneck bound = Bottleneck::kTensorCores;
  double part = 0;
};

struct Why {
  std::vector<TimeShare> shares;  // the largest first
  std::vector<PlannedStage> stages;
  double transfer_seconds = 0;  // of the slowest stage, for a microbatch
  double update_part = 0;       // of the time of a batch
  double fill_part = 0;         // of a batch in which some stage has nothing to do
};

Why Explain(const HardwareSearch& search, size_t model, size_t configuration,
            const PlanChoice& plan);

// One sentence.
std::string Sentence(const Why& why, const PlanChoice& plan);

}  // namespace allot::design
