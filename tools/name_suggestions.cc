#include "tools/name_suggestions.h"

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "placement/solver.h"
#include "target/builtin_targets.h"

namespace allot {

std::vector<std::string> SolversOfItems(const Registry<PlacementSolver>& solvers) {
  PlacementProblem problem;
  problem.devices.Add({.name = "device"});
  PlacementProblem::Item item;
  item.name = "item";
  item.time.resize(1);
  item.time[DeviceId(0)] = 1;
  problem.items.Add(std::move(item));
  const ProblemGraph graph = BuildGraph(problem);
  std::vector<std::string> names;
  for (const Entry<PlacementSolver>& entry : solvers.entries()) {
    const absl::StatusOr<std::unique_ptr<PlacementSolver>> solver = entry.make("");
    if (!solver.ok()) continue;
    const SolveInput input{problem, graph, {1, 1, 1}, nullptr, {}};
    if ((*solver)->features().calls && !Solve(**solver, entry.name, input).ok()) continue;
    names.push_back(entry.name);
  }
  return names;
}

void SuggestNames(CommandLine& line, const Registries& registries) {
  std::vector<std::string> targets = BuiltinTargetNames();
  targets.push_back("host");
  line.Suggest("target", std::move(targets));
  line.Suggest("solver", SolversOfItems(registries.solvers));
  line.Suggest("cost-model", registries.cost_models.names());
  line.Suggest("emit", registries.emitters.names());
  std::vector<std::string> passes = registries.passes.graph_passes.names();
  for (std::string& name : registries.passes.plan_passes.names()) passes.push_back(std::move(name));
  line.Suggest("print-ir-before", passes);
  line.Suggest("print-ir-after", std::move(passes));
}

}  // namespace allot
