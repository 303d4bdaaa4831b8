#include "passes/pipeline/place_default.h"

#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"

#include "passes/pipeline/registry.h"
#include "support/options.h"

namespace allot {

std::string PlaceDefaultText(const PlaceDefaultOptions& options) {
  const PlaceDefaultOptions usual;
  std::vector<std::string> place = {absl::StrCat("solver=", PrintOption(options.solver))};
  std::vector<std::string> refine;
  if (options.work > 0) {
    // What the search of clusters is worth is found soon; the rest is for that of parts, whose
    // rounds build on each other.
    constexpr int64_t kEnoughForClusters = 2'000'000;
    if (options.work < kEnoughForClusters) place.push_back(absl::StrCat("work=", options.work));
    refine.push_back(absl::StrCat("work=", options.work));
  }
  if (!options.replicas) place.push_back("replicas=false");
  if (options.latency_limit_us > 0) {
    place.push_back(absl::StrCat("latency-limit-us=", options.latency_limit_us));
  }
  if (options.max_parts > 0) {
    for (std::vector<std::string>* pass : {&place, &refine}) {
      pass->push_back(absl::StrCat("max-parts=", options.max_parts));
    }
  }
  if (options.simplify != usual.simplify) {
    // In a stream twice as many parts must save five times as much.
    place.push_back(absl::StrCat("part-price=", 5 * options.simplify));
    refine.push_back(absl::StrCat("simplify=", options.simplify));
  }
  if (options.contiguous) {
    place.push_back("contiguous=true");
    refine.push_back("contiguous=true");
  }
  if (options.migration_cost > 0) {
    for (std::vector<std::string>* pass : {&place, &refine}) {
      pass->push_back(absl::StrCat("migration-cost=", options.migration_cost));
    }
  }
  if (options.min_gain > 0) refine.push_back(absl::StrCat("min-gain=", options.min_gain));
  if (options.min_gain > 0 && !options.replicas) refine.push_back("replicas=false");
  if (options.latency_limit_us > 0) refine.push_back("limited=true");
  const bool turns = options.replicas && !options.contiguous;
  const std::string shapes =
      absl::StrCat("infer-shapes", options.strict_shapes ? "{strict=true}" : "");
  // What holds it all may be calls in branches of calls. What a fixed input decides is decided
  // before anything is placed, also where it holds little.
  const std::string open = "inline-functions{needed=true},fold-conditions{needed=true},";
  const std::string graph =
      options.fixed.empty() ? absl::StrCat(open, shapes)
                            : absl::StrCat("fix-inputs{values=", PrintOption(options.fixed), "},",
                                           open, "fold-conditions,", shapes, ",dead-nodes");
  // Parts of rows are nodes like any other to what follows.
  const std::string rows = options.sparse.empty() ? ""
                                                  : absl::StrCat("divide-rows{", options.sparse,
                                                                 "},infer-shapes,dead-nodes,");
  const std::string state =
      options.state == usual.state
          ? "find-state"
          : absl::StrCat("find-state{pairs=", PrintOption(options.state), "}");
  std::string split;  // it keeps states in step
  if (!options.split.empty() || options.tensor_width != 1 || !options.split_widths.empty()) {
    // Shapes that are known are changed with what they shape.
    split = ",fold-shapes,split-operators{";
    if (!options.split.empty()) {
      absl::StrAppend(&split, "split=", PrintOption(options.split), " ");
    }
    if (options.split_widths.empty()) {
      absl::StrAppend(&split, "width=", options.tensor_width);
    } else {
      absl::StrAppend(&split, "widths=", PrintOption(options.split_widths));
    }
    absl::StrAppend(&split, options.split_state ? " split-state=true}" : "}");
  }
  return absl::StrCat(graph, ",", rows, state, split,
                      ",estimate-cost,coarsen,split-modularity,place{", absl::StrJoin(place, " "),
                      "},refine",
                      refine.empty() ? "" : absl::StrCat("{", absl::StrJoin(refine, " "), "}"),
                      ",form-parts,schedule", turns ? "" : "{replicas=false}", ",explain");
}

NamedPipeline PlaceDefaultPipeline() {
  return MakePipeline(
      "place-default",
      "decide where everything runs; of the graph, only types change, and what holds it all is "
      "opened",
      OptionSchema<PlaceDefaultOptions>()
          .Add("solver", &PlaceDefaultOptions::solver, "who places; see solvers")
          .Add("work", &PlaceDefaultOptions::work,
               "work limit of place and refine; 0: their defaults")
          .Add("replicas", &PlaceDefaultOptions::replicas, "placements may take turns in a stream")
          .Add("latency-limit-us", &PlaceDefaultOptions::latency_limit_us,
               "of one inference in a stream, in microseconds; 0: none")
          .Add("max-parts", &PlaceDefaultOptions::max_parts,
               "of all placements together; 0: any number")
          .Add("simplify", &PlaceDefaultOptions::simplify,
               "thousandths of the value to give away for fewer parts")
          .Add("min-gain", &PlaceDefaultOptions::min_gain,
               "thousandths that a plan must gain over the model as a whole")
          .Add("migration-cost", &PlaceDefaultOptions::migration_cost,
               "thousandths of the value of the plan started from that moving all must gain")
          .Add("contiguous", &PlaceDefaultOptions::contiguous,
               "devices can be put in an order in which nothing leads back")
          .Add("fixed", &PlaceDefaultOptions::fixed,
               "inputs that have one value for ever, NAME=VALUE;NAME=VALUE")
          .Add("state", &PlaceDefaultOptions::state,
               "what one inference hands on to the next, as of find-state")
          .Add("sparse", &PlaceDefaultOptions::sparse,
               "options of divide-rows, which is run if there are any")
          .Add("split", &PlaceDefaultOptions::split, "operators to divide, as of split-operators")
          .Add("tensor-width", &PlaceDefaultOptions::tensor_width,
               "slices of all pairs of products, as of split-operators")
          .Add("split-widths", &PlaceDefaultOptions::split_widths,
               "slices by ranges of nodes, as widths of split-operators")
          .Add("split-state", &PlaceDefaultOptions::split_state, "as of split-operators")
          .Add("strict-shapes", &PlaceDefaultOptions::strict_shapes,
               "values that stay untyped are an error"),
      PlaceDefaultText);
}

}  // namespace allot
