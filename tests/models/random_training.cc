#include "tests/models/random_training.h"

#include "absl/strings/str_cat.h"

#include "support/random.h"

namespace allot::testing {
namespace {

void AddLayers(Random& random, int64_t layers, TrainingProblem& problem) {
  for (int64_t l = 0; l < layers; ++l) {
    problem.layers.push_back(
        {random.Between(1, 40) * 1'000'000, random.Between(0, 40) * 10'000'000});
  }
  for (const int64_t width : {1, 2}) {
    TrainingProblem::Footprint footprint{width, {}, {}};
    for (const TrainingProblem::Layer& layer : problem.layers) {
      footprint.parameters.push_back(layer.parameters / 4 / width);
      footprint.activations.push_back(random.Between(0, 50) * 10'000'000 / width);
    }
    problem.footprints.push_back(std::move(footprint));
  }
}

void AddGpu(Random& random, int64_t layers, TrainingProblem& problem) {
  TrainingProblem::Gpu gpu{absl::StrCat("gpu", problem.gpus.size()), 0, {}};
  gpu.memory = 3'000'000'000 + random.Between(1, 60) * 1'000'000'000;
  const int64_t speed = random.Between(1, 4);
  for (const int64_t size : {1, 2, 4}) {
    for (const int64_t width : {1, 2}) {
      if (random.Below(6) == 0) continue;
      TrainingProblem::Profile profile{size, width, {}};
      for (int64_t l = 0; l < layers; ++l) {
        const Picos time = random.Between(1, 9) * speed * size * 1'000'000'000 / width;
        profile.layers.push_back(
            {time, 2 * time + random.Below(1000), random.Below(1'000'000'000)});
      }
      gpu.profiles.push_back(std::move(profile));
    }
  }
  problem.gpus.push_back(std::move(gpu));
}

}  // namespace

TrainingProblem RandomTraining(uint64_t seed) {
  Random random(seed);
  TrainingProblem problem;
  problem.model = absl::StrCat("random", seed);
  problem.cost = random.Below(2) == 0 ? TrainingCost::kSailor : TrainingCost::kOwn;
  problem.global_batch = random.Between(1, 24);
  const int64_t layers = random.Between(1, 4), pools = random.Between(1, 3);
  AddLayers(random, layers, problem);
  const int64_t gpus = random.Between(1, 2);
  for (int64_t g = 0; g < gpus; ++g) AddGpu(random, layers, problem);
  for (int64_t p = 0; p < pools; ++p) {
    const int64_t per_machine = random.Between(1, 2);
    problem.pools.push_back({random.Below(gpus), absl::StrCat("zone", p),
                             per_machine * random.Between(1, 2), per_machine});
  }
  for (int64_t a = 0; a < pools; ++a) {
    for (int64_t b = 0; b < pools; ++b) {
      for (const int64_t width_a : {1, 2}) {
        for (const int64_t width_b : {1, 2}) {
          if (random.Below(20) == 0) continue;
          problem.links.push_back(
              {a,
               width_a,
               b,
               width_b,
               {random.Unit() / 100 - 0.005, random.Unit() / 5, 0.5 + 2 * random.Unit()}});
        }
      }
    }
  }
  return problem;
}

}  // namespace allot::testing
