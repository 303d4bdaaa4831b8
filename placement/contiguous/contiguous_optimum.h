// The best contiguous placement for throughput: the pipeline whose largest load is smallest, over
// all ways to cut the graph into stages and to give the stages to devices.
//
// A contiguous placement is a chain of downsets of the block order
// (placement/problem/contiguity.h). What a stage costs depends on its two downsets and its device
// alone, as long as transfers are staged or occupy nothing. The method is the dynamic programming
// over downsets of Tarnawski et al. (2020), turned into a question: is there a chain whose loads
// all stay below U? That lets most downsets go unvisited (stage_search.h) and is asked for smaller
// and smaller U until the answer is no.
#pragma once

#include <cstdint>
#include <optional>

#include "absl/status/statusor.h"

#include "placement/search/progress.h"
#include "placement/value/evaluate.h"
#include "placement/value/problem_facts.h"

namespace allot {

struct ContiguousResult {
  // The best chain found; set if there is one below the given upper value. Its peak of live tensors
  // is not looked at: Evaluate() decides whether it is feasible.
  std::optional<Solution> solution;
  Picos value = 0;  // of *solution
  // No contiguous placement has a smaller largest load.
  Picos lower = 0;
  // The search ended: `solution` is optimal, or if there is none, nothing is below `upper`.
  bool complete = false;
  int64_t work = 0;      // blocks decided
  int64_t downsets = 0;  // met by the search for proof
};

// Looks for what is below `upper` (exclusive; the largest Picos asks for anything) and spends about
// `work`. Takes the problem as contiguous whether it says so or not. Unimplemented for what is not
// throughput, and if the cost of a stage depends on where others are: direct transfers that occupy
// a device or a channel, or that not all pairs of devices can make. `progress`, if set, is told the
// value of each better chain (negative: none yet), the bound and the work spent.
absl::StatusOr<ContiguousResult> ContiguousOptimum(const ProblemFacts& facts, int64_t work,
                                                   Picos upper,
                                                   const ProgressHook& progress = nullptr);

}  // namespace allot
