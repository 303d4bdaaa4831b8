// Execution in calls (the latency problem of Tarnawski et al. 2020). A device that is no pool runs
// sets of items, each set as one call: it starts when every input from outside is in host memory
// and the call before it on the device has ended; it loads these inputs, runs its items one after
// the other, and stores what others read, each tensor once; what it made is there when it ends. An
// item on a pool starts as soon as its inputs are there, whatever else runs. A call that waits for
// itself, by way of others, is no schedule. Memory is that of the items of all calls of a device;
// tensors live in host memory.
#pragma once

#include <vector>

#include "placement/problem/problem.h"
#include "placement/value/evaluate.h"
#include "placement/value/evaluator.h"
#include "support/id_table.h"

namespace allot {

class CallEvaluator {
 public:
  // Keeps a reference to the problem, which is one of calls and passes Check().
  explicit CallEvaluator(const ProblemFacts& facts);
  CallEvaluator(const PlacementProblem& problem, const ProblemGraph& graph)
      : CallEvaluator(ProblemFacts(problem, graph)) {}

  // By plain index: the device and the call of each item (null: all zero). Calls that wait for
  // themselves count as violations, one for each item that never runs; so does a call number out of
  // range. The objective is the last end; the secondary value the sum of all calls' durations.
  // O(items + flow ends + devices * calls), without allocation.
  SearchValue Value(const int32_t* device, const int32_t* call);
  SearchValue Value(const Solution& solution);

  // Of the last Value(): by item, the start and end of its call, or its own on a pool.
  Picos start(int32_t item) const { return finish_[node_of_[item]] - duration_[node_of_[item]]; }
  Picos end(int32_t item) const { return finish_[node_of_[item]]; }

  Score FullScore(const Solution& solution);
  Schedule FullSchedule(const Solution& solution);

 private:
  void BuildNodes(const int32_t* device, const int32_t* call);
  // Calls visit(node, device) for each other node that reads the flow, once.
  template <typename Visit>
  void ForEachReader(int32_t flow, Visit visit);

  const PlacementProblem& problem_;
  MemoryModel memory_;
  int32_t num_items_, num_devices_, calls_, num_calls_;
  std::vector<char> pool_;                     // by device
  ItemTimes times_;                            // negative: cannot run there
  std::vector<int32_t> from_;                  // by flow
  std::vector<int32_t> flow_begin_, flow_to_;  // by flow, and one past the last; its consumers
  IdTable<FlowId, DeviceId, Picos> staging_;
  std::vector<int32_t> out_begin_, out_;  // by item, and one past the last; its flows
  std::vector<std::vector<int32_t>> groups_;

  // Scratch. A node is a call, or behind those an item on a pool.
  int64_t violations_ = 0;
  std::vector<int32_t> node_of_;                        // by item
  std::vector<Picos> duration_, start_, finish_;        // by node
  std::vector<int32_t> missing_, stamp_;                // by node
  std::vector<int32_t> size_, member_begin_, members_;  // by call; items by call
  std::vector<int32_t> ready_;
  int32_t now_ = 0;
};

}  // namespace allot
