// What today's runtimes do: devices in an order of preference, each item on the first that can run
// it (ONNX Runtime's execution providers, OpenVINO's HETERO) and still has memory for it.
#include <algorithm>
#include <limits>

#include "placement/solvers/constructive/list_schedule.h"

namespace allot {
namespace {

struct GreedyOptions {
  std::vector<std::string> priority;
};

OptionSchema<GreedyOptions> Schema() {
  return OptionSchema<GreedyOptions>().Add(
      "priority", &GreedyOptions::priority,
      "Devices by name, best first, others after them; empty: the fastest first");
}

// Devices by the time that all items would take there; one that cannot run an item is charged the
// item's slowest time plus one.
std::vector<int32_t> FastestFirst(const PlacementProblem& problem) {
  std::vector<Picos> total(problem.devices.size());
  for (const PlacementProblem::Item& item : problem.items) {
    Picos slowest = 0;
    for (const std::optional<Picos>& time : item.time)
      slowest = std::max(slowest, time.value_or(0));
    for (const DeviceId device : problem.devices.ids()) {
      total[device.index()] += item.time[device].value_or(slowest + 1);
    }
  }
  std::vector<int32_t> devices;
  for (const DeviceId device : problem.devices.ids()) devices.push_back(device.index());
  std::stable_sort(devices.begin(), devices.end(),
                   [&](int32_t a, int32_t b) { return total[a] < total[b]; });
  return devices;
}

Solution Place(const PlacementProblem& problem, const ProblemGraph& graph,
               const Evaluator& evaluator, const std::vector<int32_t>& priority,
               const std::vector<Bytes>& capacity) {
  MemoryLedger ledger(problem, evaluator.groups(), capacity);
  std::vector<int32_t> device(problem.items.size(), -1);
  for (const ItemId id : graph.topological) {
    const int32_t item = id.index();
    if (device[item] >= 0) continue;
    int32_t chosen = -1, fallback = priority[0];
    for (const int32_t d : priority) {
      if (!ledger.CanRun(item, d)) continue;
      fallback = d;
      if (chosen < 0 && ledger.Fits(item, d)) chosen = d;
    }
    if (chosen < 0) chosen = fallback;
    ledger.Place(item, chosen);
    for (const int32_t member : ledger.Unit(item)) device[member] = chosen;
  }
  Solution solution;
  for (const int32_t d : device) solution.device_of.Add(DeviceId(d));
  solution.order = graph.topological;
  return solution;
}

class Greedy : public PlacementSolver {
 public:
  explicit Greedy(GreedyOptions options) : options_(std::move(options)) {}

  // Transfers make no difference to it.
  ProblemFeatures features() const override { return {.staged = true}; }

  absl::StatusOr<SolveResult> Solve(const SolveInput& input) const override {
    const PlacementProblem& problem = input.problem;
    std::vector<int32_t> priority;
    for (const std::string& name : options_.priority) {
      int32_t found = -1;
      for (const DeviceId device : problem.devices.ids()) {
        if (problem.devices[device].name == name) found = device.index();
      }
      if (found < 0) return InputError("no device is called '", name, "'");
      priority.push_back(found);
    }
    for (const int32_t device : FastestFirst(problem)) {
      if (std::find(priority.begin(), priority.end(), device) == priority.end()) {
        priority.push_back(device);
      }
    }
    Evaluator evaluator(*input.facts);
    return BestWithinMemory(problem, evaluator, {[&](const std::vector<Bytes>& capacity) {
                              return Place(problem, input.graph, evaluator, priority, capacity);
                            }});
  }

 private:
  const GreedyOptions options_;
};

}  // namespace

Entry<PlacementSolver> GreedyEntry() {
  return MakeEntry<PlacementSolver, Greedy>(
      "greedy", "Puts each item on the first device, in an order of preference, that can run it.",
      Schema());
}

}  // namespace allot
