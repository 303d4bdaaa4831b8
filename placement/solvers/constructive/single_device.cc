// Everything on one device: what no placement should be worse than.
#include "placement/solver.h"
#include "placement/value/evaluate.h"

namespace allot {
namespace {

struct SingleDeviceOptions {
  std::string device;
};

OptionSchema<SingleDeviceOptions> Schema() {
  return OptionSchema<SingleDeviceOptions>().Add("device", &SingleDeviceOptions::device,
                                                 "Device by name; empty: the best one");
}

class SingleDevice : public PlacementSolver {
 public:
  explicit SingleDevice(SingleDeviceOptions options) : options_(std::move(options)) {}

  std::vector<absl::string_view> kinds() const override { return {kItemsKind, kCallsKind}; }
  ProblemFeatures features() const override { return {.staged = true, .contiguous = true}; }

  absl::StatusOr<SolveResult> Solve(const SolveInput& input) const override {
    const PlacementProblem& problem = input.problem;
    SolveResult result;
    bool known = options_.device.empty();
    for (const DeviceId device : problem.devices.ids()) {
      if (!options_.device.empty() && problem.devices[device].name != options_.device) continue;
      known = true;
      Solution solution{Placement(problem.items.size(), device), input.graph.topological};
      Score score = Evaluate(*input.facts, solution);
      result.work += static_cast<int64_t>(problem.items.size());
      if (!score.feasible || (result.best.has_value() && !Better(score, result.score))) continue;
      result.score = std::move(score);
      result.best = std::move(solution);
      result.termination = Termination::kFeasible;
    }
    if (!known) return InputError("no device is called '", options_.device, "'");
    return result;
  }

 private:
  const SingleDeviceOptions options_;
};

}  // namespace

Entry<PlacementSolver> SingleDeviceEntry() {
  return MakeEntry<PlacementSolver, SingleDevice>(
      "single-device", "Puts everything on the one device that does best alone.", Schema());
}

}  // namespace allot
