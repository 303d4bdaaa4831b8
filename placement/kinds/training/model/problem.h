// Training a model on unlike GPUs in several zones: the layers, what they take on each type of GPU,
// the machines, the network. A plan cuts the chain of layers into stages and says which GPUs train
// each of them, how wide its tensors are cut, and how many replicas share the batch.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"

#include "support/units.h"

namespace allot {

// Which model of costs rules the objective: the published one, or one that is closer to what was
// measured (costs.h).
enum class TrainingCost { kSailor, kOwn };
absl::string_view TrainingCostName(TrainingCost cost);

struct TrainingProblem {
  struct Layer {
    Bytes output = 0;      // of one sample, to the next stage; its gradient is as large
    Bytes parameters = 0;  // what an all-reduce sends, before a split of tensors
  };
  // What layers hold on each GPU when tensors are cut in `width` pieces.
  struct Footprint {
    int64_t width = 1;
    std::vector<int64_t> parameters;  // by layer: how many
    std::vector<Bytes> activations;   // by layer: of one sample that is under way
  };
  struct LayerTime {
    Picos forward = 0, backward = 0, update = 0;
    friend bool operator==(const LayerTime&, const LayerTime&) = default;
  };
  struct Profile {
    int64_t micro_batch = 1, width = 1;
    std::vector<LayerTime> layers;
  };
  struct Gpu {
    std::string name;
    Bytes memory = 0;
    std::vector<Profile> profiles;
  };
  // Machines of one type in one zone.
  struct Pool {
    int64_t gpu = 0;  // of gpus
    std::string zone;
    int64_t count = 0, per_machine = 1;  // GPUs; count is of whole machines
  };
  // Between replicas: `from_width` GPUs of a machine send to `to_width` of another. The polynomial
  // in log2(megabytes), highest power first, gives GB/s.
  struct Link {
    int64_t from = 0, from_width = 1, to = 0, to_width = 1;  // pools
    std::vector<double> coefficients;
  };

  std::string model;
  TrainingCost cost = TrainingCost::kSailor;
  int64_t global_batch = 1;          // samples per iteration
  int64_t bytes_per_parameter = 24;  // weights, gradients, the optimizer's state and copies
  std::vector<Layer> layers;
  std::vector<Footprint> footprints;
  std::vector<Gpu> gpus;
  std::vector<Pool> pools;
  std::vector<Link> links;
};

// One replica's tensors of a stage lie on `width` GPUs of one machine.
struct TrainingPlan {
  struct Group {
    int64_t pool = 0, width = 1, replicas = 1;
    friend bool operator==(const Group&, const Group&) = default;
  };
  struct Stage {
    int64_t first = 0, last = 0;  // layers, both in it
    std::vector<Group> groups;    // replicas in their order: replica j speaks to replica j
    friend bool operator==(const Stage&, const Stage&) = default;
  };
  int64_t micro_batch = 1;
  std::vector<Stage> stages;
};

// "A100-40@us-central1-a".
std::string PoolName(const TrainingProblem& problem, int64_t pool);

// The rules of a problem: what passes can be solved, printed and valued without an overflow.
absl::Status CheckTrainingProblem(const TrainingProblem& problem);

// Replicas of a stage: the sum over its groups.
int64_t ReplicasOf(const TrainingPlan::Stage& stage);

}  // namespace allot
