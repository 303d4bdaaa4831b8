#include "passes/pipeline/place_module.h"

#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"

#include "passes/pipeline/registry.h"
#include "support/options.h"

namespace allot {

std::string PlaceModuleText(const PlaceModuleOptions& options) {
  std::vector<std::string> place;
  if (options.work > 0) place.push_back(absl::StrCat("work=", options.work));
  if (!options.proposer.empty()) {
    place.push_back(absl::StrCat("proposer=", PrintOption(options.proposer)));
  }
  if (options.finetune > 0) place.push_back(absl::StrCat("finetune=", options.finetune));
  return absl::StrCat(
      ModuleProblemText(options), ",place-chips",
      place.empty() ? "" : absl::StrCat("{", absl::StrJoin(place, " "), "}"),
      ",form-parts,schedule{replicas=false chips=true},explain{work=0},explain-chips");
}

std::string ModuleProblemText(const PlaceModuleOptions& options) {
  const std::string fixed =
      options.fixed.empty()
          ? ""
          : absl::StrCat("fix-inputs{values=", PrintOption(options.fixed), "},fold-conditions,");
  return absl::StrCat(fixed, "inline-functions{needed=true},fold-conditions{needed=true},",
                      "infer-shapes", options.strict_shapes ? "{strict=true}" : "",
                      options.fixed.empty() ? "" : ",dead-nodes",
                      ",copy-cones,estimate-cost,coarsen,split-modularity");
}

NamedPipeline PlaceModulePipeline() {
  return MakePipeline(
      "place-module", "decide what runs on which chip of a module; cheap nodes may be copied",
      OptionSchema<PlaceModuleOptions>()
          .Add("work", &PlaceModuleOptions::work, "work limit of place-chips; 0: its default")
          .Add("proposer", &PlaceModuleOptions::proposer,
               "a file of weights by allot train-proposer; empty: those that come with Allot")
          .Add("finetune", &PlaceModuleOptions::finetune,
               "proposals at most of what learns; 0: as the work allows")
          .Add("fixed", &PlaceModuleOptions::fixed,
               "inputs that have one value for ever, NAME=VALUE;NAME=VALUE")
          .Add("strict-shapes", &PlaceModuleOptions::strict_shapes,
               "values that stay untyped are an error"),
      PlaceModuleText);
}

}  // namespace allot
