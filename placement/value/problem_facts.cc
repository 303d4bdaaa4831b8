#include "placement/value/problem_facts.h"

#include "placement/problem/allowed_times.h"
#include "placement/problem/device_symmetry.h"

namespace allot {

ProblemFacts::ProblemFacts(const PlacementProblem& problem, const ProblemGraph& graph)
    : problem_(problem), given_graph_(&graph) {}

ProblemFacts::ProblemFacts(const PlacementProblem& problem) : problem_(problem) {}

const ProblemGraph& ProblemFacts::graph() const {
  if (given_graph_ != nullptr) return *given_graph_;
  return graph_.Get([this] { return BuildGraph(problem_); });
}

absl::Status ProblemFacts::check() const {
  return check_.Get([this] { return Check(problem_); });
}

const std::vector<std::vector<ItemId>>& ProblemFacts::groups() const {
  return groups_.Get([this] { return JoinedGroups(problem_); });
}

const ItemTimes& ProblemFacts::allowed_times() const {
  return allowed_times_.Get([this] { return AllowedTimes(problem_, groups()); });
}

const std::vector<int32_t>& ProblemFacts::device_classes() const {
  return device_classes_.Get([this] { return DeviceClasses(problem_); });
}

std::shared_ptr<const TransferTable> ProblemFacts::transfers() const {
  return transfers_.Get([this] { return std::make_shared<const TransferTable>(problem_); });
}

std::shared_ptr<const FlatGraph> ProblemFacts::flat_graph() const {
  return flat_graph_.Get(
      [this] { return std::make_shared<const FlatGraph>(BuildFlatGraph(problem_, graph())); });
}

}  // namespace allot
