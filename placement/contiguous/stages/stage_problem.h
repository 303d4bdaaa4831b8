// Contiguous placement as the division of a DAG of blocks into stages.
//
// A block is what a contiguous placement cannot tear apart (placement/problem/contiguity.h). A
// stage is a set of blocks between two downsets, on a device of some class. Its load is
//   launch + sum of times + cost of each flow made inside that is read outside
//          + cost of each flow made outside that is read inside,
// which depends on nothing but the set and the class.
#pragma once

#include <cstdint>
#include <vector>

#include "absl/status/statusor.h"

#include "placement/problem/problem.h"

namespace allot {

struct StageProblem {
  struct Class {  // devices that may be exchanged
    std::vector<DeviceId> devices;
    Bytes memory = 0;
    Picos launch = 0;  // of a stage with any block
  };
  struct Block {
    std::vector<ItemId> items;
    std::vector<Picos> time;  // by class; kNotAllowed where it cannot be
    Bytes memory = 0;
  };
  struct Flow {
    int32_t from = 0;
    std::vector<int32_t> to;  // ascending, not empty, without `from`
    std::vector<Picos> cost;  // by class
    friend bool operator==(const Flow&, const Flow&) = default;
  };
  struct Shared {  // bytes held once by a stage with any of these
    Bytes bytes = 0;
    std::vector<int32_t> blocks;  // ascending, two or more
  };
  std::vector<Class> classes;
  std::vector<Block> blocks;  // in a topological order of `order`
  std::vector<Flow> flows;
  std::vector<Shared> shared;
  std::vector<std::pair<int32_t, int32_t>> order;  // (before, after), distinct

  int32_t num_blocks() const { return static_cast<int32_t>(blocks.size()); }
  int32_t num_classes() const { return static_cast<int32_t>(classes.size()); }
};

// Unimplemented as ContiguousOptimum() says. `device_classes`: DeviceClasses().
absl::StatusOr<StageProblem> BuildStageProblem(const PlacementProblem& problem,
                                               const std::vector<int32_t>& device_classes);

// The problem whose blocks are sets of blocks: group_of[b] in 0 .. num_groups - 1. The quotient
// must be acyclic; the new blocks are numbered topologically. Flows with the same ends become one.
StageProblem MergeBlocks(const StageProblem& problem, const std::vector<int32_t>& group_of,
                         int32_t num_groups);

}  // namespace allot
