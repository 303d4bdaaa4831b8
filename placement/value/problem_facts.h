// What follows from a problem and is asked for again and again, by solvers, bounds and evaluation.
#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <vector>

#include "absl/status/status.h"

#include "placement/problem/problem.h"
#include "placement/value/simulation.h"

namespace allot {

// Each fact is made when it is first asked for, and kept. One value serves all that work on a
// problem, on any number of threads.
class ProblemFacts {
 public:
  // Keeps references to both; makes nothing yet.
  ProblemFacts(const PlacementProblem& problem, const ProblemGraph& graph);
  // The same, with a graph of its own.
  explicit ProblemFacts(const PlacementProblem& problem);
  ProblemFacts(const ProblemFacts&) = delete;
  ProblemFacts& operator=(const ProblemFacts&) = delete;

  const PlacementProblem& problem() const { return problem_; }
  const ProblemGraph& graph() const;
  absl::Status check() const;                              // Check()
  const std::vector<std::vector<ItemId>>& groups() const;  // JoinedGroups()
  const ItemTimes& allowed_times() const;                  // AllowedTimes()
  const std::vector<int32_t>& device_classes() const;      // DeviceClasses()
  std::shared_ptr<const TransferTable> transfers() const;  // with launches on arrival
  std::shared_ptr<const FlatGraph> flat_graph() const;     // BuildFlatGraph()

 private:
  template <typename T>
  class Once {
   public:
    template <typename Make>
    const T& Get(const Make& make) const {
      std::call_once(made_, [&] { value_.emplace(make()); });
      return *value_;
    }

   private:
    mutable std::once_flag made_;
    mutable std::optional<T> value_;
  };

  const PlacementProblem& problem_;
  const ProblemGraph* const given_graph_ = nullptr;
  Once<ProblemGraph> graph_;
  Once<absl::Status> check_;
  Once<std::vector<std::vector<ItemId>>> groups_;
  Once<ItemTimes> allowed_times_;
  Once<std::vector<int32_t>> device_classes_;
  Once<std::shared_ptr<const TransferTable>> transfers_;
  Once<std::shared_ptr<const FlatGraph>> flat_graph_;
};

}  // namespace allot
