// EvaluateParts() for searches: what parts are worth, without building the contracted problem.
#pragma once

#include <vector>

#include "placement/parts/parts.h"
#include "placement/value/evaluator.h"
#include "support/bits.h"

namespace allot {

// Parts as a search keeps them, by plain index.
struct PartTable {
  const int32_t* device = nullptr;   // by item
  const int32_t* part_of = nullptr;  // by item
  int32_t num_parts = 0;
  const int32_t* part_device = nullptr;  // by part
  const Picos* part_time = nullptr;      // by part: of its items, without its launch
  const Bits& leaving;                   // flows with a consumer in another part, or with none
};

class PartEvaluator {
 public:
  // Keeps references to both.
  PartEvaluator(const PlacementProblem& problem, const ProblemGraph& graph);

  // By plain index: the device and the part of each item. Parts are numbered in launch order: no
  // flow leads to a smaller part. All items of a part are on one device. Each part beyond what its
  // device may have is a violation. The secondary value is the number of parts. O(items + flows);
  // where memory may bind, a sort of lifetimes on top.
  SearchValue Value(const int32_t* device, const int32_t* part_of, int32_t num_parts);
  // The same where all of the table is known. O(items + flows between parts).
  SearchValue Value(const PartTable& parts);

  // For throughput: how far all loads at the last Value() are from none, the larger ones most
  // (ResourceLoads::Eighths()); zero for latency. The unit is the largest load of the first Value()
  // until RescaleLoads() makes it that of the last; false for latency.
  Picos smooth_load() const { return smooth_load_; }
  bool RescaleLoads();

  // Tensors between parts and the parts that read them, at the last Value().
  int64_t crossing_ends() const {
    const int32_t slots = quotient_.slot_begin.back();
    return int64_t{slots} + quotient_.consumer_begin[slots];
  }

  // For latency: when a part ends, at the last Value().
  Picos EndOf(int32_t part) const { return simulation_.end()[part]; }

  // Numbers parts in launch order: replaces the labels in `part_of` (below `num_labels`, each used)
  // by their places in a topological order of the quotient, smallest `rank` first among the ready.
  // False, leaving `part_of` alone, if the quotient has a cycle.
  bool NumberParts(const std::vector<int64_t>& rank, int32_t num_labels, int32_t* part_of);

  // Whether a flow has a consumer with another label than its producer, or no consumer (results
  // leave, too). `label`: by item.
  bool Leaves(int32_t flow, const int32_t* label) const {
    const int32_t from = label[flow_from_[flow]];
    const int32_t begin = flow_begin_[flow], end = flow_begin_[flow + 1];
    int32_t c = begin;
    while (c < end && label[flow_to_[c]] == from) ++c;
    return c < end || begin == end;
  }

  Evaluator& items() { return items_; }
  const Evaluator& items() const { return items_; }

 private:
  int64_t PartsTooMany(const PartTable& parts);
  void FindLeaving(const int32_t* part_of);
  void BuildQuotient(const int32_t* part_of, int32_t num_parts, const Bits& leaving);
  void FindWorkspaces(const int32_t* part_of, int32_t num_parts, const Bits& leaving);
  Picos Simulate(const PartTable& parts, std::vector<FlatTransfer>* transfers);

  const PlacementProblem& problem_;
  const ProblemGraph& graph_;
  Evaluator items_;
  TransferTable table_;
  MemoryModel memory_;
  Simulation simulation_;
  std::vector<Picos> part_cost_;     // by device
  std::vector<int64_t> parts_left_;  // by device, if any limits their number: scratch
  std::vector<int32_t> flow_from_;   // by flow
  std::vector<int32_t> flow_begin_;  // by flow, and one past the last
  std::vector<int32_t> flow_to_;

  // Scratch. Of the quotient, rows of slots and consumers may be longer than what is in use.
  FlatGraph quotient_;
  Bits leaving_;
  std::vector<int32_t> part_device_, order_, stamp_, fill_;
  std::vector<Picos> part_time_;
  ResourceLoads loads_;
  Picos smooth_load_ = 0;
  Picos load_unit_ = 0;  // the first largest load; 0: none yet
  PeakSweep sweep_;
  std::vector<FlatTransfer> transfers_;
  std::vector<int32_t> uses_;            // by flow: of one inside a part, consumers still to come
  std::vector<Bytes> live_, workspace_;  // by part
  std::vector<Picos> duration_;
  std::vector<std::pair<int64_t, int32_t>> ready_;
  std::vector<int32_t> number_;
};

// The answer in full: parts as numbered, items in launch order of their parts and, within one, as
// they stand in `order`.
PartedSolution MakeParted(const PlacementProblem& problem, const std::vector<int32_t>& device,
                          const std::vector<int32_t>& part_of, int32_t num_parts,
                          const std::vector<ItemId>& order);

}  // namespace allot
