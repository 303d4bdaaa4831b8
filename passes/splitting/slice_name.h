// What slices are called. Rules that users write, and what places slices, know them by name:
// "layer.3/mlp/up/block7/slice0" is slice 0 of that node, of the block 7 whose operators are
// divided together. All nodes of one block and slice belong on one device.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "absl/strings/string_view.h"

namespace allot {

struct SliceOf {
  int64_t block = 0, slice = 0;
  friend auto operator<=>(const SliceOf&, const SliceOf&) = default;
};

std::string SliceName(absl::string_view name, SliceOf of);

// nullopt if it is no name of a slice.
std::optional<SliceOf> ParseSliceName(absl::string_view name);

// A regular expression that the names of these slices match, and no others that are well formed.
std::string SlicePattern(SliceOf of);

}  // namespace allot
