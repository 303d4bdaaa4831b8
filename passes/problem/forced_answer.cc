#include "passes/problem/forced_answer.h"

#include <algorithm>
#include <optional>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"

#include "passes/problem/cluster_problem.h"
#include "passes/problem/search_points.h"
#include "placement/problem/allowed_times.h"

namespace allot {
namespace {

// From so many items times devices on the search for the only placement takes longer than all else.
constexpr size_t kManyTimes = 4000;

// By the longest path that leads to an item, then as they were.
std::vector<ItemId> ByDepth(const ProblemGraph& graph) {
  IdVector<ItemId, int32_t> depth(graph.successors.size(), 0);
  for (const ItemId item : graph.topological) {
    for (const ItemId to : graph.successors[item]) {
      depth[to] = std::max(depth[to], depth[item] + 1);
    }
  }
  std::vector<ItemId> order = graph.topological;
  std::stable_sort(order.begin(), order.end(),
                   [&](ItemId a, ItemId b) { return depth[a] < depth[b]; });
  return order;
}

}  // namespace

bool IsForced(const PlacementProblem& problem) {
  return problem.items.size() * problem.devices.size() >= kManyTimes && !problem.contiguous &&
         ForcedPlacement(problem).has_value();
}

std::optional<PartedSolution> ForcedParts(const PlacementProblem& problem,
                                          const ProblemGraph& graph, ir::Summary& summary) {
  const Placement placement = *ForcedPlacement(problem);
  const int64_t effort = EffortFor(problem, 4'000'000, 20, 4000);
  std::optional<PartedSolution> best;
  for (std::vector<ItemId> order : {graph.topological, ByDepth(graph)}) {
    PartedSolution parts = FormParts(problem, graph, {placement, std::move(order)}, effort);
    if (!parts.score.feasible) continue;
    if (!best.has_value() || Better(parts.score, best->score)) best = std::move(parts);
  }
  if (!best.has_value()) return best;
  for (const DeviceId device : problem.devices.ids()) {
    const bool alone = std::all_of(placement.begin(), placement.end(),
                                   [&](DeviceId other) { return other == device; });
    summary.baselines.push_back({absl::StrCat("single:", problem.devices[device].name),
                                 alone ? std::optional(best->score.objective) : std::nullopt});
  }
  summary.value = best->score.objective;
  summary.solver = "pins";
  AddSearchPoint(0, summary.value, 0, summary);
  return best;
}

}  // namespace allot
