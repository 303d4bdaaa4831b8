// The placements that `place` meets: whoever finds one offers it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "placement/lanes/lanes.h"
#include "placement/lanes/migration.h"
#include "placement/parts/parts.h"
#include "placement/value/evaluate.h"

namespace allot {

struct Candidate {
  std::string name;  // who has found it
  PartedSolution solution;
};
struct NamedSolution {
  std::string name;
  Solution solution;
};

// Every item where it is fastest, whether that fits or not. Requires a device for each.
Solution EachFastest(const PlacementProblem& problem, const ProblemGraph& graph);

// Not thread-safe. Keeps references to the problem and its graph.
class Candidates {
 public:
  // `part_effort` as of FormParts(). What has more than `most_parts` (0: any number) is not the
  // best.
  Candidates(const PlacementProblem& problem, const ProblemGraph& graph, int64_t part_effort,
             int64_t most_parts)
      : problem_(problem), graph_(graph), part_effort_(part_effort), most_parts_(most_parts) {}

  // Whose price counts from now on; must outlive this.
  void SetMigration(const Migration* migration) { migration_ = migration; }

  // Forms parts. Returns their value, or nullopt if it does not fit.
  std::optional<Picos> Offer(const std::string& name, const Solution& solution);
  // The best by value; on equal values that with fewer parts, then what was found last: by the
  // solver that was asked for.
  void Offer(const std::string& name, PartedSolution parted);
  // Of several that take turns none is the best by itself.
  void Offer(const std::string& name, const Lanes& lanes);
  // Makes it the best, whatever its value.
  void Adopt(PartedSolution parted);

  const std::optional<Candidate>& best() const { return best_; }
  // That with the fewest parts of those that have too many.
  const std::optional<Candidate>& crowded() const { return crowded_; }
  // The first two dozen that differ.
  const std::vector<Candidate>& all() const { return all_; }
  // The best before parts were formed, as solvers see it.
  const std::optional<NamedSolution>& best_in_items() const { return best_in_items_; }
  // Who has found it; "ranges" if nobody has.
  std::string NameOf(const PartedSolution& solution) const;

 private:
  static constexpr size_t kMost = 24;

  static bool IsSame(const PartedSolution& a, const PartedSolution& b) {
    return a.items.device_of == b.items.device_of && a.parts.part_of == b.parts.part_of;
  }

  void Remember(const std::string& name, PartedSolution parted);

  const PlacementProblem& problem_;
  const ProblemGraph& graph_;
  const int64_t part_effort_, most_parts_;
  const Migration* migration_ = nullptr;
  std::optional<Candidate> best_, crowded_;
  std::vector<Candidate> all_;
  std::optional<NamedSolution> best_in_items_;
  Score best_score_in_items_;
};

}  // namespace allot
