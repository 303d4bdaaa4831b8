#include "tools/name_suggestions.h"

#include <string>
#include <utility>
#include <vector>

#include "placement/kinds/kind.h"
#include "target/builtin_targets.h"

namespace allot {

std::vector<std::string> SolversOfItems(const Registry<PlacementSolver>& solvers) {
  return FindKind(BuiltinKinds(), kItemsKind)->SolverNames(solvers);
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
