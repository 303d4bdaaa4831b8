// What a hardware search is asked.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "design/estimate/latencies.h"
#include "design/model/operation.h"
#include "target/hardware/space.h"

namespace allot::design {

enum class Objective {
  kTraining,   // samples per second, forward and backward
  kInference,  // samples per second, forward alone
  kLatency,    // 1 / seconds of a microbatch from end to end
};

// Several models in one number.
enum class Combination { kMean, kWorst };
enum class PerUnit { kNothing, kArea, kWatt };

struct Question {
  hardware::Space space;
  std::vector<hardware::SizedConfiguration> configurations;
  std::vector<LayerGraph> models;
  std::vector<double> weights;  // of the models in the mean
  Objective objective = Objective::kTraining;
  Combination combination = Combination::kMean;
  PerUnit per = PerUnit::kNothing;
  int64_t devices = 1024;
  int64_t batch = 4096;                      // samples
  std::vector<int64_t> microbatches = {1};   // samples in each
  std::vector<int64_t> memories_gib = {80};  // of a device, ascending
  std::vector<bool> recompute = {false, true};
  std::vector<int64_t> tensor_widths = {1};
  bool adam = false;
  MeasuredLatencies measured;
  int64_t rank = 10;  // how many configurations are wanted
  int threads = 1;    // never changes the result
};

// How a model is placed on the devices.
struct PlanChoice {
  int64_t microbatch = 1, memory_gib = 0;
  bool recompute = false;
  int64_t tensor = 1, pipeline = 1, data = 1;
  double samples_per_s = 0;  // 0: nothing fits
  double seconds = 0;        // of a batch, or for kLatency of a microbatch

  friend bool operator==(const PlanChoice&, const PlanChoice&) = default;
};

}  // namespace allot::design
