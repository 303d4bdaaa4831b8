// The passes and named pipelines that exist.
#pragma once

#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

#include "passes/pipeline/pass.h"
#include "support/options.h"
#include "support/registry.h"
#include "support/status.h"

namespace allot {

struct NamedPipeline {
  std::string name, summary;
  std::string text;          // in the pipeline grammar, without the anchor; with default options
  OptionSchemaView options;  // of the pipeline as a whole
  // The text that `options` ask for; absent: it takes none.
  std::function<absl::StatusOr<std::string>(absl::string_view options)> expand;
};

// A pipeline with options like a pass: `text` makes them a pipeline.
template <typename Options>
NamedPipeline MakePipeline(std::string name, std::string summary, OptionSchema<Options> schema,
                           std::string (*text)(const Options&)) {
  NamedPipeline pipeline;
  pipeline.name = std::move(name);
  pipeline.summary = std::move(summary);
  pipeline.text = text(Options());
  pipeline.options = schema.View();
  pipeline.expand = [schema, text](absl::string_view given) -> absl::StatusOr<std::string> {
    ALLOT_ASSIGN_OR_RETURN(const Options options, schema.Parse(given));
    return text(options);
  };
  return pipeline;
}

struct PassRegistry {
  Registry<GraphPass> graph_passes;
  Registry<PlanPass> plan_passes;
  std::vector<NamedPipeline> pipelines;
};

// Built from passes/pipeline/registry.def.
PassRegistry BuiltinPasses();

}  // namespace allot
