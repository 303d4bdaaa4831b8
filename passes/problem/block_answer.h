// The plan by blocks of a model that is a chain of them, and when it is the answer.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "ir/plan.h"
#include "passes/coarsening/chain_of_blocks.h"
#include "placement/blocks/plan_by_blocks.h"

namespace allot {

// Ranges of blocks, one for each device, or the whole on one device, which is a range, too.
class BlockAnswer {
 public:
  // `simplify`: thousandths of the value that may be given away for fewer parts. Without an answer
  // where the model is no chain, and where nothing fits.
  BlockAnswer(const PlacementProblem& problem, const ChainOfBlocks& blocks,
              BlockPlanOptions options, int64_t simplify);

  // The chain has been made; else there are no counts.
  bool is_chain() const { return num_blocks_ > 0; }
  int64_t num_blocks() const { return num_blocks_; }
  int64_t num_distinct() const { return num_distinct_; }
  const std::optional<BlockPlan>& plan() const { return plan_; }
  // What it is worth with cuts between blocks only; nullopt: none fits.
  std::optional<Picos> whole_value() const;
  size_t num_parts() const { return num_parts_; }

  // No answer, where a single device is as good as what divides the model, or copies of the whole
  // are if placements may take `turns`.
  void YieldTo(const std::vector<ir::Baseline>& baselines, bool turns);
  // Whether it is as good as a value, or a bound, but for what a plan by blocks may be slower.
  bool Suffices(Picos value) const;
  // Whether it is to be preferred to an answer in so many parts if Suffices() holds. Equal devices
  // share out whole blocks, in however many parts.
  bool IsSimpler(size_t num_parts) const;

 private:
  std::optional<BlockPlan> plan_;
  size_t num_parts_ = 0;
  int64_t num_blocks_ = 0, num_distinct_ = 0, simplify_ = 0, slack_permille_ = 0;
  bool one_kind_ = false;
};

// How much better, in thousandths, what takes the place of a placement must be where it is of
// ranges of blocks; else 0.
int64_t SlackOfRanges(const PlacementProblem& problem, const ChainOfBlocks& blocks,
                      const PartedSolution& solution, int64_t simplify);

}  // namespace allot
