// A solver: every item goes where it runs fastest by itself, whatever it costs to carry tensors
// about. The program checks the problem before and the answer after, and scores it.
//
//   allot-solve problem.json --load-plugin=./fastest_device.so --solver=fastest-device
//   allot model.onnx --load-plugin=./fastest_device.so --solver=fastest-device
#include <optional>

#include "allot/api/plugin.h"

namespace {

struct Options {
  bool whole_memory = true;
};

class FastestDevice final : public allot::PlacementSolver {
 public:
  explicit FastestDevice(Options options) : options_(options) {}

  absl::StatusOr<allot::SolveResult> Solve(const allot::SolveInput& input) const override {
    const allot::PlacementProblem& problem = input.problem;
    // What is left of each device's memory.
    allot::IdVector<allot::DeviceId, allot::Bytes> free;
    for (const auto& device : problem.devices) {
      free.Add(options_.whole_memory ? device.memory : device.memory / 2);
    }
    allot::Solution solution;
    solution.order = input.graph.topological;
    solution.device_of.resize(problem.items.size());
    allot::SolveResult result;
    for (const allot::ItemId id : input.graph.topological) {
      const allot::PlacementProblem::Item& item = problem.items[id];
      // Ties go to the first device: the same problem must always get the same answer.
      std::optional<allot::DeviceId> best;
      for (const allot::DeviceId device : problem.devices.ids()) {
        if (!item.time[device].has_value() || item.memory > free[device]) continue;
        if (!best.has_value() || *item.time[device] < *item.time[*best]) best = device;
      }
      // Not a proof that there is no placement: others may still find one.
      if (!best.has_value()) return result;
      solution.device_of[id] = *best;
      free[*best] -= item.memory;
    }
    result.termination = allot::Termination::kFeasible;
    result.best = solution;
    result.work = static_cast<int64_t>(problem.items.size());
    return result;
  }

 private:
  const Options options_;
};

void Register(allot::Registries& registries) {
  registries.solvers.Add(allot::MakeEntry<allot::PlacementSolver, FastestDevice>(
      "fastest-device", "every item where it runs fastest by itself",
      allot::OptionSchema<Options>().Add("whole-memory", &Options::whole_memory,
                                         "false: leave half of every device's memory free")));
}

}  // namespace

AllotPluginInfo allotGetPluginInfo() {
  return {ALLOT_PLUGIN_API_VERSION, "fastest-device", "1.0", Register, ALLOT_PLUGIN_BUILD};
}
