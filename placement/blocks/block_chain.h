// A workload as a chain of blocks: what ranges of it take on each kind of device.
//
// Blocks follow each other along all flows: an embedding, layer after layer, a head. Most of them
// are alike, so what a block takes is worked out once for each kind of device and for each distinct
// block, and a range is a difference of two sums, whatever the size of the model and the number of
// devices. Whole blocks may also be divided among several near devices of a kind.
#pragma once

#include <algorithm>
#include <optional>
#include <vector>

#include "placement/blocks/divided_blocks.h"
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
  // The block that begins at a start.
  size_t BlockAt(size_t start) const { return block_at_[start]; }

  // The items of a block, ascending.
  std::vector<ItemId> ItemsOf(size_t block) const;
  // As `block_of` numbers it; blocks without items are left out here.
  int32_t NumberOf(size_t block) const { return number_[block]; }

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

  // Says what blocks take on `width` devices of a kind, by block; nullopt: it cannot be divided so.
  // Ignored where the kind's devices that are near each other (near_devices.h) cannot be dealt out
  // in such sets. From then on its devices stand in the order of nearness.
  void AddWidth(size_t kind, size_t width, const std::vector<std::optional<DividedCost>>& costs);
  // The same of a problem in which blocks are divided: for all numbers of slices that there are.
  // `slice_of`: by item, negative: it is whole. The items of a block are on as many devices as it
  // has slices, or all on one. `parts_for` as of DividedBlocks.
  void AddSlices(const IdVector<ItemId, int32_t>& slice_of, PlacementObjective parts_for);
  // The slice of an item; 0 for what is whole.
  size_t SliceOf(ItemId item) const {
    return slice_of_.empty() ? 0 : static_cast<size_t>(std::max(slice_of_[item], 0));
  }

  // On how many devices of a kind ranges of blocks may be: ascending, 1 first.
  std::vector<size_t> WidthsOf(size_t kind) const;
  // Of any kind.
  std::vector<size_t> Widths() const;
  // Positions [begin, end), starts of blocks unless width is 1, on so many devices: the most that
  // one of them carries; one inference from end to end; the most that is resident on one. nullopt
  // where they cannot be there.
  std::optional<Picos> Load(size_t kind, size_t width, size_t begin, size_t end) const;
  std::optional<Picos> Latency(size_t kind, size_t width, size_t begin, size_t end) const;
  Bytes Resident(size_t kind, size_t width, size_t begin, size_t end) const;

 private:
  // What a kind takes on so many devices, in sums up to the start of each block.
  struct WidthSums {
    size_t width = 1;
    std::vector<Picos> first = {0}, others = {0}, latency = {0};
    std::vector<Bytes> first_memory = {0}, other_memory = {0};
    std::vector<int32_t> cannot = {0};
  };
  const WidthSums* SumsOf(size_t kind, size_t width) const;

  void SortItems(const IdVector<ItemId, int32_t>& block_of, int32_t num_blocks);
  void SumTimes();
  void SumMemory();
  void SumCrossings();

  const PlacementProblem& problem_;
  std::vector<ItemId> order_;
  std::vector<size_t> starts_;
  std::vector<int32_t> number_;  // by block
  std::vector<char> is_start_;
  std::vector<size_t> block_at_;  // by position: of a start, which block it is
  size_t num_distinct_ = 0;
  std::vector<std::vector<DeviceId>> kinds_;
  IdTable<size_t, size_t, Picos> time_;       // [kind][end of prefix]
  IdTable<size_t, size_t, int32_t> cannot_;   // likewise: items that cannot run there
  std::vector<Bytes> memory_;                 // by end of prefix
  Bytes shared_ = 0;                          // of what items of several blocks use
  std::vector<Picos> crossing_, copying_;     // by position; crossing -1: cannot be cut
  std::vector<std::vector<WidthSums>> wide_;  // by kind, ascending
  IdVector<ItemId, int32_t> slice_of_;        // empty: nothing is divided
};

}  // namespace allot
