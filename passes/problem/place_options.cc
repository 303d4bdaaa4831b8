#include "passes/problem/place_options.h"

#include <utility>

#include "absl/strings/str_cat.h"

#include "passes/problem/cluster_problem.h"
#include "support/status.h"

namespace allot {

OptionSchema<PlaceOptions> PlaceOptionSchema() {
  return OptionSchema<PlaceOptions>()
      .Add("solver", &PlaceOptions::solver, "what searches; allot --help lists the solvers")
      .Add("solver-options", &PlaceOptions::solver_options,
           "options of the solver itself, as {key=value key=value}")
      .Add("work", &PlaceOptions::work,
           "effort of the search, about one cluster evaluation each; 0: by objective")
      .Add("baselines", &PlaceOptions::baselines,
           "also try each device alone, ranges, greedy and HEFT, and adopt the best of all")
      .Add("replicas", &PlaceOptions::replicas,
           "a stream may be served by several placements that take turns")
      .Add("latency-limit-us", &PlaceOptions::latency_limit_us,
           "of one inference in a stream, in microseconds; 0: none")
      .Add("max-parts", &PlaceOptions::max_parts, "of all placements together; 0: any")
      .Add("migration-cost", &PlaceOptions::migration_cost,
           "thousandths of the value of the plan started from that moving all must gain")
      .Add("contiguous", &PlaceOptions::contiguous,
           "devices can be put in an order in which nothing leads back; no placements in turn")
      .Add("part-price", &PlaceOptions::part_price,
           "of placements that take turns: thousandths of the period that twice as many parts "
           "must save");
}

absl::Status CheckOptions(const PlaceOptions& options) {
  for (const auto& [name, value] :
       {std::pair("work", options.work), std::pair("latency-limit-us", options.latency_limit_us),
        std::pair("max-parts", options.max_parts), std::pair("part-price", options.part_price),
        std::pair("migration-cost", options.migration_cost)}) {
    if (value < 0) return InputError(name, "=", value, " is negative");
  }
  return absl::OkStatus();
}

bool AsksForNothing(const PlaceOptions& options) {
  return options.baselines && options.max_parts == 0 && options.latency_limit_us == 0 &&
         options.solver == PlaceOptions().solver;
}

bool KeepsLimits(const PlaceOptions& options, const PlacementProblem& problem, const Lanes& lanes) {
  const bool several = lanes.lanes.size() > 1;
  if (several && (!options.replicas || problem.contiguous)) return false;
  const LanesScore score = problem.objective == PlacementObjective::kThroughput
                               ? CombineScores(problem, lanes)
                               : LanesScore();
  const size_t num_parts = several ? score.num_parts : lanes.lanes[0].parts.num_parts;
  return (options.max_parts == 0 || num_parts <= static_cast<size_t>(options.max_parts)) &&
         (options.latency_limit_us == 0 ||
          score.slowest <= options.latency_limit_us * kPicosPerMicro);
}

absl::Status NothingWithin(const PlaceOptions& options, const PartedSolution& best) {
  const bool parts = options.max_parts > 0, time = options.latency_limit_us > 0;
  return InputError(
      "nothing was found with ", parts ? absl::StrCat("at most ", options.max_parts, " parts") : "",
      parts && time ? " and " : "",
      time ? absl::StrCat("an inference within ", options.latency_limit_us, " us") : "",
      "; the best without such limits has ", best.parts.num_parts, " parts",
      time ? absl::StrCat(", and an inference takes ", TimeText(best.score.makespan)) : "");
}

}  // namespace allot
