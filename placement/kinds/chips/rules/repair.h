// Valid assignments from probabilities (sample) and from candidates (fix), as the constraint solver
// of Xie et al. (arXiv 2112.04041) gives them, built anew: one node at a time is decided, the rules
// narrow the others, conflicts take decisions back, and a search that stalls starts again in an
// order that puts first the nodes that failed.
#pragma once

#include <cstdint>
#include <utility>
#include <vector>

#include "placement/kinds/chips/rules/domains.h"
#include "support/random.h"

namespace allot::chips {

// Weights of chips by node, row by row: [v * chips + chip]. Not negative; a row of zeros is as one
// of ones.
using ChipWeights = std::vector<double>;

struct RepairCounts {
  int64_t answers = 0, failures = 0, restarts = 0;
  int64_t sliced = 0;  // searches that gave up: the answer is slices of an order
};

class Repair {
 public:
  // `rules` must outlive this.
  explicit Repair(const RuleGraph& rules);

  // Draws the chip of each node among those that it may still be on, in a random order. Every valid
  // assignment whose weights are positive can come.
  Assignment Sample(const ChipWeights& weights, Random& random);
  // Decides as the candidate says where that is possible, then the rest as near to it as possible.
  // A valid candidate is returned as it is.
  Assignment Fix(const Assignment& candidate, Random& random);

  const RepairCounts& counts() const { return counts_; }
  int64_t steps() const { return domains_.steps(); }

 private:
  template <typename Choose>
  bool Search(const std::vector<int32_t>& order, const Choose& choose, int64_t most_retreats);
  bool Retreat();
  std::vector<int32_t> Order(Random& random);
  void TakeBackAll();
  Assignment Finish();
  Assignment Slices(const Assignment& candidate);

  const RuleGraph& rules_;
  Domains domains_;
  std::vector<std::pair<int32_t, int32_t>> decided_;  // node and chip, by level
  bool infeasible_ = false;        // no assignment keeps the rules: the weights do not fit
  std::vector<int64_t> failures_;  // by node, in the search at hand
  RepairCounts counts_;
};

}  // namespace allot::chips
