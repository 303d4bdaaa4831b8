// What a Slice node takes of each axis, whatever the opset states it with.
#pragma once

#include <optional>
#include <vector>

#include "operators/rules/rule_context.h"

namespace allot {

// The part of one axis, as the node states it: ends may be far outside of the axis.
struct AxisSlice {
  size_t axis = 0;
  Scalar start, end, step;
};

// One entry per sliced axis; nullopt if it is not known which axes those are.
std::optional<std::vector<AxisSlice>> SlicesOf(const RuleContext& context, size_t rank);

// Start and end of a slice of `size` elements with the sign of `step`, cut to the axis.
struct SliceRange {
  int64_t start = 0, step = 1, count = 0;
};
// nullopt if step is 0.
std::optional<SliceRange> CutToAxis(int64_t start, int64_t end, int64_t step, int64_t size);

}  // namespace allot
