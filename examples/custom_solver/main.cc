// A solver of one's own: deals items to devices in turn. Allot checks, verifies and scores the
// answer.

#include <cstdio>
#include <string>

#include "placement/solver.h"
#include "support/status.h"

namespace {

class RoundRobin final : public allot::PlacementSolver {
 public:
  absl::StatusOr<allot::SolveResult> Solve(const allot::SolveInput& input) const override {
    const allot::PlacementProblem& problem = input.problem;
    allot::Solution solution;
    solution.device_of.resize(problem.items.size());
    solution.order = input.graph.topological;
    int32_t next = 0;
    const auto num_devices = static_cast<int32_t>(problem.devices.size());
    for (const allot::ItemId item : problem.items.ids()) {
      allot::DeviceId device(next++ % num_devices);
      while (!problem.items[item].time[device].has_value()) {
        device = allot::DeviceId((device.index() + 1) % num_devices);
      }
      solution.device_of[item] = device;
    }
    allot::SolveResult result;
    result.termination = allot::Termination::kFeasible;
    result.best = solution;
    return result;
  }
};

// Two devices, a chain of four items, the second device twice as fast.
allot::PlacementProblem Chain() {
  allot::PlacementProblem problem;
  problem.devices.Add({.name = "slow", .memory = 1 << 30, .part_cost = 0});
  problem.devices.Add({.name = "fast", .memory = 1 << 30, .part_cost = 0});
  problem.num_channels = 1;
  const allot::Route route{{{allot::kPicosPerMicro, 1'000'000'000}}, {allot::ChannelId(0)}};
  problem.routes.resize(2);
  for (const allot::DeviceId from : problem.devices.ids()) {
    problem.routes[from].resize(2, route);
    problem.routes[from][from] = allot::Route();
  }
  for (int i = 0; i < 4; ++i) {
    allot::PlacementProblem::Item item;
    item.name = "item" + std::to_string(i);
    item.time.Add(10 * allot::kPicosPerMicro);
    item.time.Add(5 * allot::kPicosPerMicro);
    problem.items.Add(item);
    if (i > 0)
      problem.flows.Add({.from = allot::ItemId(i - 1), .to = {allot::ItemId(i)}, .bytes = 4096});
  }
  return problem;
}

absl::Status Run() {
  const allot::PlacementProblem problem = Chain();
  const allot::ProblemGraph graph = allot::BuildGraph(problem);
  const allot::SolveLimits limits;
  const allot::SolveInput input{.problem = problem, .graph = graph, .limits = limits};
  ALLOT_ASSIGN_OR_RETURN(const allot::SolveResult mine,
                         allot::Solve(RoundRobin(), "round-robin", input));
  std::printf("round-robin: %.1f us\n", allot::ToMicros(mine.score.objective));
  const allot::Registry<allot::PlacementSolver> solvers = allot::BuiltinSolvers();
  ALLOT_ASSIGN_OR_RETURN(const auto heft, solvers.Find("heft")->make(""));
  ALLOT_ASSIGN_OR_RETURN(const allot::SolveResult other, allot::Solve(*heft, "heft", input));
  std::printf("heft: %.1f us\n", allot::ToMicros(other.score.objective));
  if (other.score.objective >= mine.score.objective)
    return allot::InputError("heft should win on a chain");
  return absl::OkStatus();
}

}  // namespace

int main() {
  const absl::Status status = Run();
  if (!status.ok()) std::fprintf(stderr, "%s\n", std::string(status.message()).c_str());
  return status.ok() ? 0 : 1;
}
