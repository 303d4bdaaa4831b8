#include "passes/problem/place_options.h"

#include <utility>

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

}  // namespace allot
