#include "placement/refinement/search_groups.h"

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <utility>

#include "placement/parts/ordered_cuts.h"
#include "placement/problem/device_symmetry.h"

namespace allot {
namespace {

// The devices of the first group, where they are more than one.
std::vector<DeviceId> FirstGroup(const std::map<int32_t, std::vector<DeviceId>>& classes,
                                 size_t groups) {
  std::vector<DeviceId> group;
  for (const auto& [like, members] : classes) {
    const auto count = static_cast<std::ptrdiff_t>(members.size() / groups);
    group.insert(group.end(), members.begin(), members.begin() + count);
  }
  return group;
}

// The same problem for these devices only.
PlacementProblem Restricted(const PlacementProblem& problem, const std::vector<DeviceId>& devices) {
  const std::set<DeviceId> use(devices.begin(), devices.end());
  PlacementProblem restricted = problem;
  for (PlacementProblem::Item& item : restricted.items) {
    for (const DeviceId device : restricted.devices.ids()) {
      if (!use.contains(device)) item.time[device] = std::nullopt;
    }
  }
  return restricted;
}

}  // namespace

std::vector<PartedSolution> SearchGroups(const PlacementProblem& problem, const ProblemGraph& graph,
                                         const PartSearchOptions& options, int64_t& work) {
  std::map<int32_t, std::vector<DeviceId>> classes;
  const std::vector<int32_t> like = DevicesAlike(problem);
  for (const DeviceId d : problem.devices.ids()) {
    classes[like[static_cast<size_t>(d.index())]].push_back(d);
  }
  size_t most = 0;
  for (const auto& [first, members] : classes) most = std::max(most, members.size());
  std::vector<PartedSolution> found;
  // Of divisions that give groups alike, the one into most groups leaves fewest devices out.
  std::vector<DeviceId> before;
  for (size_t groups = most / 2; groups >= 2; --groups) {
    std::vector<DeviceId> group = FirstGroup(classes, groups);
    if (group.size() < 2 || group == before) continue;
    before = group;
    const PlacementProblem restricted = Restricted(problem, group);
    std::optional<PartedSolution> start = BestRanges(restricted, graph);
    if (!start.has_value()) continue;
    PartSearchResult result = SearchParts(restricted, graph, *start, options);
    work += result.work;
    for (PartedSolution* solution : {&result.best, &result.simple}) {
      solution->score = EvaluateParts(problem, solution->items, solution->parts);
      found.push_back(std::move(*solution));
    }
  }
  return found;
}

}  // namespace allot
