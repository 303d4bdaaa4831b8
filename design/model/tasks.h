// What a block has to do for a microbatch, forward or backward, on a device of a tensor width.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "design/model/operation.h"
#include "target/hardware/units.h"

namespace allot::design {

// So many elements on the vector cores, each for so many cycles of a lane.
struct VectorWork {
  int64_t elements = 0;
  double cycles = 0;

  friend bool operator==(const VectorWork&, const VectorWork&) = default;
};

// Products run on tensor cores, vector work on vector cores. With both it is a product with what
// follows it, element by element, and occupies both.
struct Task {
  std::string name;
  std::vector<Extents> products;
  std::vector<VectorWork> vectors;
  hardware::Words moved;      // read and written by vector work that follows no product
  hardware::Words exchanged;  // added up over the devices of the width; then it is nothing else
  int64_t elements = 0;       // of the result
  bool Collective() const { return exchanged > hardware::Words(0); }
};

struct TaskGraph {
  std::vector<Task> tasks;
  std::vector<std::vector<int32_t>> before;  // by task, ascending; all smaller than it
};

enum class Direction { kForward, kBackward };

// How a block is run.
struct Share {
  int64_t microbatch = 1;  // samples
  int64_t tensor = 1;      // devices that share it
};

// Backward, a product [m, k] x [k, n] becomes [m, n] x [n, k] for its first operand and
// [k, m] x [m, n] for its second, and vector work takes its backward cycles. Each collective stands
// behind the rows of a split forward, before its columns backward. Vector work that is the only
// user of a product is fused with it. O(n^2).
TaskGraph MakeTasks(const Block& block, Direction direction, const Share& share);

// What a device keeps of a block: elements of weights, and of results for a microbatch.
struct BlockMemory {
  hardware::Words weights, results;
};
BlockMemory MemoryOf(const Block& block, const Share& share);

}  // namespace allot::design
