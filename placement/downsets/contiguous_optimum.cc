#include "placement/downsets/contiguous_optimum.h"

#include <algorithm>
#include <limits>
#include <utility>

#include "placement/downsets/stage_search.h"
#include "support/status.h"

namespace allot {
namespace {

constexpr uint64_t kSeed = 1;
constexpr int kPatience = 8;  // random orders without progress

}  // namespace

absl::StatusOr<ContiguousResult> ContiguousOptimum(const PlacementProblem& problem,
                                                   const ProblemGraph& graph, int64_t work,
                                                   Picos upper) {
  ALLOT_ASSIGN_OR_RETURN(const StageProblem stages, BuildStageProblem(problem));
  ContiguousResult result;
  const StageIndex index(stages);
  std::optional<StageChain> best =
      SearchChains(index, upper, kSeed, kPatience, work / 4, result.work);
  if (best.has_value()) upper = best->value;
  StageSearch search(index);
  result.lower = search.remaining().LowerBound(search.remaining().All());
  while (result.lower < upper) {
    StageSearch::Answer answer = search.Find(upper, work - result.work);
    if (!answer.complete) break;
    if (!answer.chain.has_value()) {
      result.lower = upper;
      break;
    }
    upper = answer.chain->value;
    best = std::move(answer.chain);
  }
  result.lower = std::min(result.lower, upper);
  result.complete = result.lower >= upper;
  result.work += search.work();
  result.downsets = search.num_downsets();
  if (best.has_value()) {
    result.value = best->value;
    result.solution = ToSolution(stages, *best, graph);
  }
  return result;
}

}  // namespace allot
