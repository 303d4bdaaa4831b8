#include "tests/models/random_stages.h"

#include "absl/strings/str_cat.h"

#include "support/random.h"

namespace allot::testing {
namespace {

LayerVariant RandomVariant(Random& random, const RandomStagesOptions& options, int64_t width,
                           Millibytes parameters) {
  LayerVariant variant;
  variant.time = random.Below(8) == 0 ? 0 : random.Between(1, 900) * 1000 / width;
  variant.parameters = options.updates_differ ? random.Between(0, 60) * 1000 : parameters;
  variant.per_in_flight = random.Between(0, 30) * 1000 + random.Below(1000);
  variant.resident = random.Between(0, 60) * 1000;
  return variant;
}

}  // namespace

StagesProblem RandomStages(uint64_t seed, const RandomStagesOptions& options) {
  Random random(seed * 977 + 13);
  const bool piper = options.rule == CostRule::kPiper;
  StagesProblem problem;
  problem.rule = options.rule;
  problem.devices = options.devices;
  problem.has_memory = options.memory;
  problem.memory = options.memory ? random.Between(100, 500) * 1000 : 0;
  problem.bandwidth = random.Between(1, 5);
  problem.samples = piper ? random.Between(1, 12) : 1;
  problem.ticks_per_second = 1000;
  for (int32_t v = 0; v < options.layers; ++v) {
    for (int32_t u = 0; u < v; ++u) {
      if (random.Below(2) == 0) problem.edges.push_back({u, v, random.Between(0, 90) * 1000});
    }
  }
  const bool gathers = piper && random.Below(2) == 0;
  const bool wide = piper && random.Below(2) == 0;
  for (int32_t v = 0; v < options.layers; ++v) {
    StageLayer layer{absl::StrCat("layer", v), {}};
    const bool free = random.Below(4) == 0;
    for (const int64_t width : {1, 2}) {
      const bool has = width == 1 ? random.Below(10) != 0 || !wide : wide && random.Below(4) != 0;
      if (!has && (width == 1 || !layer.widths.empty())) continue;
      LayerWidth& ways = layer.widths.emplace_back();
      ways.devices = width;
      const Millibytes parameters = random.Between(0, 60) * 1000;
      const int64_t variants = piper ? random.Between(1, 3) : 1;
      for (int64_t i = 0; i < variants; ++i) {
        LayerVariant& variant =
            ways.variants.emplace_back(RandomVariant(random, options, width, parameters));
        variant.name = absl::StrCat("way", i);
        // A free layer now and then, as views are.
        if (free) {
          variant = {.name = variant.name};
          continue;
        }
        for (const LayerEdge& edge : problem.edges) {
          const int64_t bytes = random.Between(0, 20) * 1000;
          if (!gathers || random.Below(2) == 0) continue;
          if (edge.to == v) variant.before.push_back({edge.from, bytes});
          if (edge.from == v) variant.after.push_back({edge.to, bytes});
        }
      }
    }
    problem.layers.push_back(std::move(layer));
  }
  if (options.together && options.layers > 2) {
    problem.together = {{0, static_cast<int32_t>(random.Between(1, options.layers - 1))}};
  }
  return problem;
}

}  // namespace allot::testing
