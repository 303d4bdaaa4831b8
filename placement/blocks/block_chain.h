// A workload as a chain of blocks: what ranges of it take on each kind of device.
//
// Blocks follow each other along all flows: an embedding, layer after layer, a head. Most of them
// are alike, so what a block takes is worked out once for each kind of device and for each distinct
// block, and a range is a difference of two sums, whatever the size of the model and the number of
// devices.
#pragma once

#include <optional>
#include <vector>

#include "placement/problem/problem.h"
#include "support/id_table.h"

namespace allot {

class BlockChain {
 public:
  // Keeps a reference. `block_of`: by item, from 0 to num_blocks - 1, never falling along a flow.
  // O(items * kinds + flows * kinds of route + devices * kinds * items).
  BlockChain(const PlacementProblem& problem, const IdVector<ItemId, int32_t>& block_of,
             int32_t num_blocks);

  // Items block by block, each by number: a topological order.
  const std::vector<ItemId>& order() const { return order_; }
  size_t size() const { return order_.size(); }
  size_t num_blocks() const { return starts_.size() - 1; }
  // Blocks that differ in what their items take, hold or hand on.
  size_t num_distinct() const { return num_distinct_; }
  // The position of a block's first item; num_blocks(): size().
  size_t StartOf(size_t block) const { return starts_[block]; }
  bool IsStart(size_t position) const { return is_start_[position]; }

  const std::vector<std::vector<DeviceId>>& kinds() const { return kinds_; }
  // One part that runs positions [begin, end) on a device of the kind, with its launch; nullopt
  // where one of them cannot run there.
  std::optional<Picos> Time(size_t kind, size_t begin, size_t end) const;
  // What is resident of them: weights and state, with all that is shared between blocks.
  Bytes Memory(size_t begin, size_t end) const {
    return SaturatingAdd(memory_[end] - memory_[begin], shared_);
  }
  // Whether a range may end before the position: nothing that must stay together lies on both
  // sides, and all that crosses can be sent from any device to any other.
  bool MayCut(size_t position) const { return crossing_[position] >= 0; }
  // Of all that crosses, over the slowest route. Only where MayCut().
  Picos Crossing(size_t position) const { return crossing_[position]; }
  // What of it each end spends itself: nothing where devices compute while they copy.
  Picos Copying(size_t position) const { return copying_[position]; }

 private:
  void SortItems(const IdVector<ItemId, int32_t>& block_of, int32_t num_blocks);
  void SumTimes();
  void SumMemory();
  void SumCrossings();

  const PlacementProblem& problem_;
  std::vector<ItemId> order_;
  std::vector<size_t> starts_;
  std::vector<char> is_start_;
  size_t num_distinct_ = 0;
  std::vector<std::vector<DeviceId>> kinds_;
  IdTable<size_t, size_t, Picos> time_;      // [kind][end of prefix]
  IdTable<size_t, size_t, int32_t> cannot_;  // likewise: items that cannot run there
  std::vector<Bytes> memory_;                // by end of prefix
  Bytes shared_ = 0;                         // of what items of several blocks use
  std::vector<Picos> crossing_, copying_;    // by position; crossing -1: cannot be cut
};

}  // namespace allot
