// The pipeline that `allot` runs unless it is told another one, with what of it users most often
// change as options.
#include <cstdint>
#include <string>

#include "absl/strings/str_cat.h"

#include "passes/registry.h"

namespace allot {
namespace {

struct Options {
  std::string solver = "auto";
  int64_t work = 0;
  bool strict_shapes = false;
};

std::string Text(const Options& options) {
  const std::string work = options.work > 0 ? absl::StrCat(" work=", options.work) : "";
  const std::string refine = options.work > 0 ? absl::StrCat("{work=", options.work, "}") : "";
  return absl::StrCat("infer-shapes", options.strict_shapes ? "{strict=true}" : "",
                      ",estimate-cost,coarsen,split-modularity,place{solver=", options.solver, work,
                      "},refine", refine, ",form-parts,schedule,explain");
}

}  // namespace

NamedPipeline PlaceDefaultPipeline() {
  return MakePipeline(
      "place-default",
      "decide where everything runs, without changing the graph but for inferred types",
      OptionSchema<Options>()
          .Add("solver", &Options::solver, "who places; see solvers")
          .Add("work", &Options::work, "work limit of place and refine; 0: their defaults")
          .Add("strict-shapes", &Options::strict_shapes, "values that stay untyped are an error"),
      Text);
}

}  // namespace allot
