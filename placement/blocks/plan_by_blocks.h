// What one would draw by hand for a model of repeated blocks: a range of blocks for each device,
// for a stream also equal groups of devices that take turns with a chain each.
#pragma once

#include <optional>

#include "placement/blocks/block_chain.h"
#include "placement/lanes/lanes.h"

namespace allot {

struct BlockPlan {
  Lanes lanes;      // of equal shares; one: a plain placement
  Picos value = 0;  // for the problem's objective
  // The best of those that are cut between blocks only; 0: none fits. Equal to `value` if this is
  // one of them.
  Picos whole_value = 0;
  size_t inner_cuts = 0;  // of one lane: cuts within blocks
};

struct BlockPlanOptions {
  bool turns = true;  // several placements may take turns
  // A plan that is cut within blocks, or uses further kinds of devices, the fastest first, must be
  // better by so many thousandths. Devices of one kind share out whole blocks.
  int64_t slack_permille = 0;
  Picos latency_limit = 0;  // of one inference; 0: none
  int64_t max_parts = 0;    // of all lanes; 0: any number
};

// The best of them, by value, then the fewest lanes; nullopt where nothing fits. For throughput:
// for each number of equal groups the chain with the least period (chain_search.h). Chains have at
// most one part on each device, or divide ranges of blocks among several (BlockChain::AddSlices),
// and every answer is worth what EvaluateParts() and CombineScores()
// say. Requires a problem in items.
std::optional<BlockPlan> PlanByBlocks(const PlacementProblem& problem, const BlockChain& chain,
                                      const BlockPlanOptions& options);

// The kinds of a chain's devices, those that run all of it fastest first; what cannot run all of it
// comes last.
std::vector<size_t> KindsBySpeed(const BlockChain& chain);

// What parts of divided blocks are formed for: one inference, where it must not take long.
inline PlacementObjective PartsFor(const PlacementProblem& problem,
                                   const BlockPlanOptions& options) {
  return options.latency_limit > 0 ? PlacementObjective::kLatency : problem.objective;
}

// How many thousandths slower a plan by blocks may be than any other, where `simplify` is what may
// be given away for fewer parts: three times as much, since such a plan is easy to understand;
// twenty times where it divides a model among devices of one kind, which share out whole blocks.
int64_t BlockSlackPermille(const BlockChain& chain, size_t num_parts, int64_t simplify);
// A value with so much on top.
Picos WithBlockSlack(Picos value, int64_t permille);

// Whether a placement is one of ranges along the chain: no more parts than devices that run any,
// each of which holds consecutive positions.
bool IsOfRanges(const BlockChain& chain, const PartedSolution& solution);

}  // namespace allot
