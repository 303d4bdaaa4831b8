// What blocks take whose operators were divided into slices: each slice on a device of its own.
#pragma once

#include <cstddef>
#include <map>
#include <optional>
#include <vector>

#include "placement/problem/problem.h"

namespace allot {

// Of a block on several devices. What is whole is on the first of them, with slice 0.
struct DividedCost {
  // What the first device carries, and the most of the others: their items, and the launches that
  // come from waiting for each other; one launch less on the first, which goes on with the next
  // block.
  Picos first = 0, others = 0;
  Picos latency = 0;  // of one inference from end to end, likewise
  Bytes first_memory = 0, other_memory = 0;
};

class DividedBlocks {
 public:
  // Keeps a reference to the problem. `items`: by block, ascending; `slice_of`: by item, negative:
  // it is whole. `parts_for`: what blocks are formed into parts for: the fewest launches of a
  // stream, or one inference that waits for none. O(items + flows).
  DividedBlocks(const PlacementProblem& problem, std::vector<std::vector<ItemId>> items,
                const IdVector<ItemId, int32_t>& slice_of, PlacementObjective parts_for);

  size_t num_blocks() const { return items_.size(); }
  // Into how many slices a block is divided; 1: it is whole.
  size_t num_slices(size_t block) const { return num_slices_[block]; }

  // A block by itself, formed into parts (parts.h), on devices that are at least as many as it has
  // slices. Blocks that are alike are measured once for devices that are `alike`, as the caller
  // numbers them. nullopt where something of it cannot run.
  std::optional<DividedCost> Measure(size_t block, const std::vector<DeviceId>& devices,
                                     size_t alike);

 private:
  // The block as a problem of its own, in which everything has room.
  PlacementProblem Inside(size_t block) const;
  DividedCost Evaluate(size_t block, const PlacementProblem& inside,
                       const std::vector<DeviceId>& devices) const;
  void AddMemory(size_t block, DividedCost& cost) const;

  const PlacementProblem& problem_;
  const std::vector<std::vector<ItemId>> items_;
  const IdVector<ItemId, int32_t>& slice_of_;
  const PlacementObjective parts_for_;
  IdVector<ItemId, size_t> block_of_, local_;
  std::vector<size_t> num_slices_;
  std::vector<std::vector<FlowId>> flows_;   // by block of the producer
  std::vector<std::vector<size_t>> shared_;  // by block: those with items in it
  std::map<std::vector<int64_t>, std::optional<DividedCost>> known_;
};

}  // namespace allot
