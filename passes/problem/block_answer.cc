#include "passes/problem/block_answer.h"

#include <algorithm>
#include <utility>

#include "absl/strings/match.h"

namespace allot {
namespace {

bool IsDivided(const ChainOfBlocks& blocks) {
  return std::any_of(blocks.slice_of.begin(), blocks.slice_of.end(),
                     [](int32_t slice) { return slice > 0; });
}

}  // namespace

BlockAnswer::BlockAnswer(const PlacementProblem& problem, const ChainOfBlocks& blocks,
                         BlockPlanOptions options, int64_t simplify)
    : simplify_(simplify) {
  if (blocks.num_blocks == 0 || problem.items.empty()) return;
  BlockChain chain(problem, blocks.block_of, blocks.num_blocks);
  if (IsDivided(blocks)) {
    chain.AddSlices(blocks.slice_of, PartsFor(problem, options));
  }
  num_blocks_ = static_cast<int64_t>(chain.num_blocks());
  num_distinct_ = static_cast<int64_t>(chain.num_distinct());
  one_kind_ = chain.kinds().size() == 1;
  options.slack_permille = BlockSlackPermille(chain, /*num_parts=*/2, simplify);
  plan_ = PlanByBlocks(problem, chain, options);
  if (!plan_.has_value()) return;
  for (const PartedSolution& lane : plan_->lanes.lanes) num_parts_ += lane.parts.num_parts;
  slack_permille_ = BlockSlackPermille(chain, num_parts_, simplify);
}

std::optional<Picos> BlockAnswer::whole_value() const {
  if (!plan_.has_value() || plan_->whole_value == 0) return std::nullopt;
  return plan_->whole_value;
}

void BlockAnswer::YieldTo(const std::vector<ir::Baseline>& baselines, bool turns) {
  if (!plan_.has_value()) return;
  for (const ir::Baseline& known : baselines) {
    if (!known.value.has_value() || *known.value > plan_->value) continue;
    const bool is_single = absl::StartsWith(known.name, "single:");
    const bool is_whole = (turns && known.name == "copies") || (is_single && num_parts_ > 1);
    const bool is_better = known.name == "ranges" && !one_kind_ &&
                           plan_->value > WithBlockSlack(*known.value, simplify_);
    if (!is_whole && !is_better) continue;
    plan_.reset();
    return;
  }
}

bool BlockAnswer::Suffices(Picos value) const {
  return plan_.has_value() && plan_->value <= WithBlockSlack(value, slack_permille_);
}

bool BlockAnswer::IsSimpler(size_t num_parts) const {
  return num_parts_ < num_parts || (num_parts_ > 1 && (num_parts_ == num_parts || one_kind_));
}

int64_t SlackOfRanges(const PlacementProblem& problem, const ChainOfBlocks& blocks,
                      const PartedSolution& solution, int64_t simplify) {
  if (blocks.num_blocks == 0) return 0;
  const BlockChain chain(problem, blocks.block_of, blocks.num_blocks);
  if (!IsOfRanges(chain, solution)) return 0;
  return BlockSlackPermille(chain, solution.parts.num_parts, simplify);
}

}  // namespace allot
