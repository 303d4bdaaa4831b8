// A beam over a topological order, for execution in calls: the order is cut into segments that run
// as one call each and single steps that run on a pool. What a beam finds is only as good as its
// order, so it is run over many.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "placement/problem/contiguity.h"
#include "placement/value/evaluate.h"
#include "placement/value/problem_facts.h"
#include "support/id_table.h"

namespace allot {

class CallSegments {
 public:
  // Keeps references to the problem, which is one of calls, and its graph.
  explicit CallSegments(const ProblemFacts& facts);

  // What a segment is made of: blocks never part with their items.
  const ContiguityBlocks& blocks() const { return blocks_; }

  // How much a run looks at: the states that it keeps per length and number of calls, and how many
  // blocks of the order it takes as one.
  struct Effort {
    int32_t width = 4, grain = 1;
  };

  // The best solution of a value below `upper` that it finds; nullopt if there is none. `order` is
  // a topological order of the blocks. Takes what it spends from `work` (items appended to
  // segments) and gives up when that is gone. O(steps * calls * width * items that fit into a
  // call), for blocks / grain steps.
  std::optional<Solution> Run(const std::vector<int32_t>& order, const Effort& effort, Picos upper,
                              int64_t& work);

 private:
  // Where a state stands: among those of its length and number of calls.
  struct Place {
    int32_t length = 0, calls = 0, index = -1;
  };
  struct State {
    Picos estimate = 0;   // no rest of the order ends sooner
    Picos spread = 0;     // tells equals apart: the sum of the times at which live items are there
    Picos done = 0;       // the last end so far
    Place before;         // the state it came from
    int32_t device = -1;  // of the last segment
    std::vector<Picos> there;    // by live item of its length: when its outputs are there
    std::vector<Picos> free;     // by device; of devices that make several calls
    std::vector<Bytes> memory;   // by device, used
    std::vector<int32_t> calls;  // by device, made
  };
  // The states of one length and number of calls.
  using Bucket = std::vector<State>;

  // Where what follows a state goes: which states count, and the place of that state.
  struct Target {
    int32_t width;
    Picos upper;
    Place from;
  };

  void CutIntoSteps(const std::vector<int32_t>& order, int32_t grain);
  void Load(const State& state, size_t length);
  template <typename Change>
  void Offer(const State& after, size_t end, int32_t calls, Picos done, const Target& target,
             Change change);
  void RunOnPools(const State& state, size_t length, int32_t calls, const Target& target);
  void RunAsCalls(const State& state, size_t length, int32_t calls, const Target& target,
                  int64_t& work);
  bool SameDevice(const State& state, int32_t a, int32_t b) const;
  Solution Trace(size_t length, int32_t calls) const;

  const PlacementProblem& problem_;
  const ProblemGraph& graph_;
  ContiguityBlocks blocks_;
  std::vector<std::vector<ItemId>> members_;  // by block, in topological order
  std::vector<int32_t> classes_;              // of devices
  int32_t num_devices_, max_calls_ = 0;
  IdVector<ItemId, Picos> tail_;  // at least this follows its end

  // Scratch of one run. A step is what is appended at once.
  std::vector<std::vector<ItemId>> steps_;
  std::vector<std::vector<ItemId>> live_;     // by length: items with consumers behind it
  IdTable<size_t, int32_t, Bucket> buckets_;  // [length][calls]
  IdVector<ItemId, Picos> there_;
  IdVector<FlowId, int32_t> inside_;  // consumers of a flow within the segment
  IdVector<FlowId, char> loaded_;
};

}  // namespace allot
