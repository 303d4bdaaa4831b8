// A solver: everything goes where it runs fastest by itself, whatever it costs to carry tensors
// about. The program checks the problem before and the answer after, and scores it.
//
//   allot-solve problem.json --load-plugin=./fastest_device.so --solver=fastest-device
//   allot model.onnx --load-plugin=./fastest_device.so --solver=fastest-device
#include <optional>
#include <vector>

#include "allot/api/plugin.h"

namespace {

using allot::DeviceId;
using allot::ItemId;

struct Options {
  int64_t reserve_percent = 10;
};

// Fills one placement.
class Placer {
 public:
  Placer(const allot::PlacementProblem& problem, int64_t reserve_percent) : problem_(problem) {
    device_of_.resize(problem.items.size());
    for (const auto& device : problem.devices) {
      free_.Add(device.memory - device.memory / 100 * reserve_percent);
    }
  }

  // False if no device can run all the items and has room for them.
  bool Place(const std::vector<ItemId>& items) {
    std::optional<DeviceId> best;
    allot::Picos least = 0;
    allot::Bytes memory = 0;
    for (const ItemId item : items) memory += problem_.items[item].memory;
    for (const DeviceId device : problem_.devices.ids()) {
      const std::optional<allot::Picos> time = TimeOf(items, device);
      // Ties go to the first device: the same problem must always get the same answer.
      if (!time.has_value() || memory > free_[device]) continue;
      if (best.has_value() && *time >= least) continue;
      best = device;
      least = *time;
    }
    if (!best.has_value()) return false;
    for (const ItemId item : items) device_of_[item] = *best;
    free_[*best] -= memory;
    return true;
  }

  const allot::Placement& device_of() const { return device_of_; }

 private:
  std::optional<allot::Picos> TimeOf(const std::vector<ItemId>& items, DeviceId device) const {
    allot::Picos sum = 0;
    for (const ItemId item : items) {
      const std::optional<allot::Picos> time = problem_.items[item].time[device];
      if (!time.has_value()) return std::nullopt;
      sum += *time;
    }
    return sum;
  }

  const allot::PlacementProblem& problem_;
  allot::Placement device_of_;
  allot::IdVector<DeviceId, allot::Bytes> free_;
};

// Whether every tensor can go from where it is made to where it is read.
bool AllHaveWays(const allot::PlacementProblem& problem, const allot::Placement& device_of) {
  for (const allot::FlowId flow : problem.flows.ids()) {
    const DeviceId from = device_of[problem.flows[flow].from];
    for (const ItemId to : problem.flows[flow].to) {
      if (!problem.TransferTime(flow, from, device_of[to]).has_value()) return false;
    }
  }
  return true;
}

class FastestDevice final : public allot::PlacementSolver {
 public:
  explicit FastestDevice(Options options) : options_(options) {}

  // Quick, and needs nothing to start from: `auto` runs it with its own constructions.
  std::optional<allot::PortfolioPart> portfolio() const override {
    return allot::PortfolioPart{.role = allot::SolverRole::kConstruct};
  }

  absl::StatusOr<allot::SolveResult> Solve(const allot::SolveInput& input) const override {
    if (options_.reserve_percent < 0 || options_.reserve_percent > 100) {
      return allot::InputError("reserve-percent is ", options_.reserve_percent,
                               "; expected 0 to 100");
    }
    allot::SolveResult result;
    Placer placer(input.problem, options_.reserve_percent);
    for (const std::vector<ItemId>& group : input.facts->groups()) {
      // "Nothing found" is a result and no proof: others may find a placement.
      if (!placer.Place(group)) return result;
    }
    for (const ItemId item : input.graph.topological) {
      if (!placer.device_of()[item].valid() && !placer.Place({item})) return result;
    }
    // Nor does it look for detours where a tensor has no way.
    if (!AllHaveWays(input.problem, placer.device_of())) return result;
    result.best = allot::Solution{placer.device_of(), input.graph.topological};
    result.termination = allot::Termination::kFeasible;
    result.work = static_cast<int64_t>(input.problem.items.size());
    return result;
  }

 private:
  const Options options_;
};

void Register(allot::Registries& registries) {
  registries.solvers.Add(allot::MakeEntry<allot::PlacementSolver, FastestDevice>(
      "fastest-device", "everything where it runs fastest by itself",
      allot::OptionSchema<Options>().Add(
          "reserve-percent", &Options::reserve_percent,
          "of each device's memory, for the tensors that items exchange")));
}

}  // namespace

AllotPluginInfo allotGetPluginInfo() {
  return {ALLOT_PLUGIN_API_VERSION, "fastest-device", "1.0", Register, ALLOT_PLUGIN_BUILD};
}
