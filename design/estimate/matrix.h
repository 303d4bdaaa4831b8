// What a product takes on tensor cores: an analytical model, not a measurement.
//
// An array of width x depth multipliers works through tiles: two of the dimensions m, n, k lie over
// the array, the third streams, a step a cycle. Which lie there, and which way round, are the loop
// orders that are tried. Tiles are spread over the cores in a grid, whose rows and columns share
// what they read, but only so many cores at a time: thousands of small cores read it again. Beside
// the arithmetic three things can bind: what moves between the shared buffer and the cores, what
// moves between memory and the shared buffer, and starting the cores, one at a time. The largest of
// these is the time, since they overlap.
#pragma once

#include <cstdint>

#include "operators/op_work.h"
#include "target/hardware/space.h"

namespace allot::design {

// The largest is what binds.
struct MatrixCycles {
  hardware::Cycles compute, buffer, memory, dispatch;
  hardware::Cycles total() const;
};

struct TensorCores {
  int64_t cores = 1;
  int64_t width = 1, depth = 1;
  hardware::Words core_buffer;    // of one
  hardware::Words shared_buffer;  // of all
};

// The best of the loop orders. O(log cores).
MatrixCycles EstimateProduct(const Extents& product, const TensorCores& on,
                             const hardware::Rates& rates);

// Words between memory and the shared buffer: the least of keeping rows of the first operand,
// columns of the second, or a block of the result, while the rest streams by.
hardware::Words MemoryTraffic(const Extents& product, hardware::Words shared_buffer);

}  // namespace allot::design
