#include "passes/pipeline/place_training.h"

#include "absl/strings/str_cat.h"

#include "passes/pipeline/registry.h"
#include "support/options.h"

namespace allot {

std::string PlaceTrainingText(const PlaceTrainingTextOptions& options) {
  const std::string fixed =
      options.fixed.empty()
          ? ""
          : absl::StrCat("fix-inputs{values=", PrintOption(options.fixed), "},fold-conditions,");
  std::string place = absl::StrCat("microbatches=", options.microbatches,
                                   " optimizer=", PrintOption(options.optimizer),
                                   " recompute=", PrintOption(options.recompute));
  if (!options.freeze.empty()) {
    absl::StrAppend(&place, " freeze=", PrintOption(options.freeze));
  }
  if (options.max_stages > 0) absl::StrAppend(&place, " max-stages=", options.max_stages);
  if (options.simplify != PlaceTrainingTextOptions().simplify) {
    absl::StrAppend(&place, " simplify=", options.simplify);
  }
  if (options.whole_layers) absl::StrAppend(&place, " whole-layers=true");
  return absl::StrCat(fixed, "inline-functions{needed=true},fold-conditions{needed=true},",
                      "infer-shapes", options.strict_shapes ? "{strict=true}" : "",
                      options.fixed.empty() ? "" : ",dead-nodes",
                      ",estimate-cost,coarsen,split-modularity,place-training{", place,
                      "},schedule{replicas=false},explain{work=0},explain-training");
}

NamedPipeline PlaceTrainingPipeline() {
  return MakePipeline(
      "place-for-training",
      "decide which range of the model each device trains, forward and backward",
      OptionSchema<PlaceTrainingTextOptions>()
          .Add("microbatches", &PlaceTrainingTextOptions::microbatches, "in a batch")
          .Add("optimizer", &PlaceTrainingTextOptions::optimizer, "adam or sgd")
          .Add("recompute", &PlaceTrainingTextOptions::recompute, "no, yes or auto")
          .Add("freeze", &PlaceTrainingTextOptions::freeze,
               "weights whose names match this pattern are not trained")
          .Add("max-stages", &PlaceTrainingTextOptions::max_stages,
               "devices to use at most; 0: all there are")
          .Add("whole-layers", &PlaceTrainingTextOptions::whole_layers,
               "cut between repeated layers only")
          .Add("simplify", &PlaceTrainingTextOptions::simplify,
               "thousandths of the iteration to give away for fewer stages")
          .Add("fixed", &PlaceTrainingTextOptions::fixed,
               "inputs that have one value for ever, NAME=VALUE;NAME=VALUE")
          .Add("strict-shapes", &PlaceTrainingTextOptions::strict_shapes,
               "values that stay untyped are an error"),
      PlaceTrainingText);
}

}  // namespace allot
