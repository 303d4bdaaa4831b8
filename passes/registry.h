// The passes and named pipelines that exist.
#pragma once

#include <string>
#include <vector>

#include "passes/pass.h"
#include "support/registry.h"

namespace allot {

struct NamedPipeline {
  std::string name, summary, text;  // text: in the pipeline grammar, without the anchor
};

struct PassRegistry {
  Registry<GraphPass> graph_passes;
  Registry<PlanPass> plan_passes;
  std::vector<NamedPipeline> pipelines;
};

// Built from passes/registry.def.
PassRegistry BuiltinPasses();

}  // namespace allot
