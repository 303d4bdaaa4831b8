// The best plan of a chain that is trained: ranges of it, one for each device.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"

#include "placement/trained/chain.h"
#include "placement/trained/schedule.h"

namespace allot {

struct TrainedOptions {
  int64_t max_stages = 0;  // 0: as many as there are devices
  int64_t simplify = 0;    // thousandths of the iteration to give away for fewer stages
  // More prices of ranges than this are not looked at; then there are fewer places to cut at.
  int64_t work = 400'000'000;
};

// What one would do without a search.
struct TrainedBaseline {
  std::string name;  // "single:gpu0", "even": as many cells on each of the plan's devices
  std::optional<Picos> iteration;  // nullopt: it does not fit
};

struct TrainedAnswer {
  TrainedPlan plan;
  TrainedSchedule schedule;
  // No chain of ranges of cells on these devices has a smaller period, or a shorter iteration. 0:
  // not proved, where there were more devices or cells than could be looked at.
  Picos period_bound = 0, iteration_bound = 0;
  // No placement at all does, whether of ranges or not, if an operator and its backward pass share
  // a device; memory is not looked at.
  Picos any_period_bound = 0, any_iteration_bound = 0;
  // Ranges could begin wherever a cut is allowed; false: those were too many to look at, and these
  // are so many.
  bool all_places = true;
  size_t places = 0;
  std::vector<TrainedBaseline> baselines;
};

// By number of stages the chains with the least period and with the least bound of an iteration,
// improved cut by cut under the schedule itself; of these the shortest iteration, or one with fewer
// stages that is nearly as short. Errors: the chain breaks a rule; nothing fits, with what it
// lacks. Every answer is verified.
absl::StatusOr<TrainedAnswer> PlanTraining(const TrainedChain& chain,
                                           const TrainedOptions& options);

}  // namespace allot
