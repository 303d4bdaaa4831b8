#include "tests/models/random_pipelines.h"

#include <algorithm>

#include "absl/strings/str_cat.h"

#include "placement/kinds/pipelines/model/verify.h"
#include "support/random.h"

namespace allot::testing {

using pipelines::Plan;
using pipelines::Problem;

Problem RandomPipelines(uint64_t seed, const RandomPipelinesOptions& options) {
  Random random(seed);
  Problem problem;
  problem.devices = random.Between(1, options.most_devices);
  problem.microbatches = random.Between(1, options.most_microbatches);
  problem.recompute = random.Below(2) == 0;
  problem.ticks_per_second = 1000;
  const auto layers = static_cast<int32_t>(random.Between(1, options.layers));
  problem.memory = random.Between(10, 30 + 15 * layers);
  for (int32_t i = 0; i < layers; ++i) {
    problem.names.push_back(absl::StrCat("l", i));
    if (i == 0) continue;
    const bool branch = random.Below(100) < options.percent_branches;
    const auto from = branch ? static_cast<int32_t>(random.Below(i)) : i - 1;
    problem.edges.emplace_back(from, i);
    if (from > 0 && random.Below(4) == 0) {
      problem.edges.emplace_back(static_cast<int32_t>(random.Below(from)), i);
    }
  }
  std::sort(problem.edges.begin(), problem.edges.end());
  for (const int64_t devices : {1, 2, 3}) {
    if (random.Below(2) == 0 && !(devices == 3 && problem.widths.empty())) continue;
    pipelines::Width& width = problem.widths.emplace_back();
    width.devices = devices;
    for (int32_t i = 0; i < layers; ++i) {
      width.layers.push_back({random.Below(20), random.Below(30), random.Below(12),
                              random.Below(15), random.Below(60),
                              devices > 1 && random.Below(3) > 0});
    }
    for (size_t e = 0; e < problem.edges.size(); ++e) {
      width.transfers.push_back({random.Below(25), random.Below(6)});
    }
  }
  return problem;
}

std::optional<int64_t> BestOfAllPlans(const Problem& problem) {
  const size_t layers = problem.names.size();
  std::optional<int64_t> best;
  std::vector<size_t> stage_of(layers);
  // Every way to number the layers with stages.
  for (bool more = true; more;) {
    const size_t stages = 1 + *std::max_element(stage_of.begin(), stage_of.end());
    for (const pipelines::Width& width : problem.widths) {
      Plan plan;
      plan.tensor = width.devices;
      plan.stages.resize(stages);
      for (size_t i = 0; i < layers; ++i) {
        pipelines::Stage& stage = plan.stages[stage_of[i]];
        stage.layers.push_back(static_cast<int32_t>(i));
        if (width.layers[i].split) stage.devices = width.devices;
      }
      for (plan.data = 1; plan.data <= problem.devices; ++plan.data) {
        const absl::StatusOr<int64_t> value = pipelines::Verify(problem, plan);
        if (!value.ok()) break;  // nor with more copies
        if (!best.has_value() || *value < *best) best = *value;
      }
    }
    size_t at = 0;
    while (at < layers && ++stage_of[at] == layers) stage_of[at++] = 0;
    more = at < layers;
  }
  return best;
}

}  // namespace allot::testing
