// The search for the best parts of one placement, in rounds that build on each other.
#pragma once

#include <cstdint>
#include <functional>
#include <vector>

#include "placement/lanes/migration.h"
#include "placement/parts/parts.h"
#include "placement/search/progress.h"

namespace allot {

struct PartSearchOptions {
  // Of the first round, in item evaluations; the second takes as much, each further one twice as
  // much as the one before it. Rounds do not depend on what is left for others.
  int64_t first_round = 0;
  int64_t work = 0;  // of all rounds together; less than a round is not spent
  // While the best is worth more than `enough`, rounds go on up to so much.
  int64_t more_work = 0;
  Picos enough = 0;
  uint64_t seed = 1;
  int threads = 1;  // two of them do the same in half of the time
  // The answer has the fewest parts known within so many thousandths of the best value; but what
  // was gained over what one would do by hand is not given away for them by more than a quarter,
  // unless for `start` itself.
  int64_t slack_permille = 0;
  // Nothing is given away that `start` has.
  bool keep_start = false;
  // As of PricedValue(), which then decides instead of the number of parts; an eighth of each
  // round, for latency half as much, searches for it.
  int64_t part_price = 0;
  // Whose price counts as part of the objective, of `start` and all others; nullptr: moving costs
  // nothing.
  const Migration* migration = nullptr;
  // What one would do by hand: the answer where it has fewer parts within the slack. Empty: `start`
  // stands for it.
  std::vector<PartedSolution> by_hand = {};
  // Of the answer; 0: any number. Where `start` has more the answer may be worse than it, and where
  // nothing with so few is found it has more.
  int64_t max_parts = 0;
  // Asked now and then; true ends the search. nullptr: never.
  std::function<bool()> stop = nullptr;
};

struct PartSearchResult {
  PartedSolution best;    // what was found without regard to the number of parts
  PartedSolution simple;  // the answer
  int64_t work = 0;       // spent
};

// Never worse than `start`, nor, where rounds are added, than with fewer: of the same seed, an
// answer with more work has at most the value of one with less, since each round begins with the
// answers of the rounds before it, and what is given away for fewer parts is never more than
// before. A round anneals from the best, with less weight on what is not critical; for as long
// again in short runs from the start, with more; and twice from the better answer, cooler. Answers
// of independent runs are combined. Where `work` is less than one round, one round of that much.
PartSearchResult SearchParts(const PlacementProblem& problem, const ProblemGraph& graph,
                             const PartedSolution& start, const PartSearchOptions& options,
                             const ProgressHook& progress = nullptr);

}  // namespace allot
