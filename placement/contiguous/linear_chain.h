// Chains of stages, and the best one whose stages are stretches of a given order of the blocks.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "placement/contiguous/stages/stage_index.h"
#include "placement/value/evaluate.h"

namespace allot {

struct StageChain {
  struct Stage {
    int32_t cls = 0;
    std::vector<int32_t> blocks;  // not empty
  };
  std::vector<Stage> stages;
  Picos value = 0;  // the largest load
};

// Stages of a class take its devices in turn.
Solution ToSolution(const StageProblem& problem, const StageChain& chain,
                    const ProblemGraph& graph);

// The chain along `order` (topological) whose largest load is smallest, if that is below `upper`.
// Cuts only after every `stride`-th block. Exact for that order with a stride of 1, if the classes
// of devices can be used in few different numbers (kMaxCounts); otherwise devices are taken in the
// order of their classes. `work` grows by the blocks added to stages. O(blocks^2 / stride * (flows
// of a block + classes * numbers)).
inline constexpr int64_t kMaxCounts = 256;
std::optional<StageChain> BestChainAlong(const StageIndex& index, const std::vector<int32_t>& order,
                                         int32_t stride, Picos upper, int64_t& work);

// The least stride with which one order takes no more than `work`, or one per block.
int32_t StrideWithin(int64_t work, int32_t num_blocks);

// The best chain along some orders: first the given numbering and a depth-first order, then random
// ones that keep the stages of the best chain so far, which therefore never gets worse. Stops after
// `patience` orders without progress, or when `spent` reaches `work`; the stride is what that
// allows.
std::optional<StageChain> SearchChains(const StageIndex& index, Picos upper, uint64_t seed,
                                       int patience, int64_t work, int64_t& spent);

}  // namespace allot
