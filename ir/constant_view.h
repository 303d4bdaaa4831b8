// Slices of constants. A slice of a tensor in a file refers to the file: planning a model split
// over many devices costs no more memory than planning it whole.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"

#include "ir/constant.h"

namespace allot::ir {

// The elements of `constant` whose index along `axis` is in one of `runs`, in the order of the
// runs, without its name. A slice of a slice is one of the original. Elements in memory (small
// ones, and those that the model file packs otherwise than memory does) are copied. Errors say what
// does not hold: an axis or a run outside of the tensor, elements that no tensor of numbers has, a
// run that ends within a byte. O(runs), and for elements in memory O(bytes).
absl::StatusOr<Constant> SliceConstant(const Constant& constant, size_t axis,
                                       const std::vector<IndexRun>& runs);

// `count` ranges of `length` bytes, each `stride` bytes behind the one before.
struct ByteRanges {
  int64_t offset = 0, length = 0;
  int64_t count = 1, stride = 0;
  friend bool operator==(const ByteRanges&, const ByteRanges&) = default;
};

// Calls `visit` with the bytes of the view, in the order of its elements, offsets counted from the
// start of the whole tensor. A slice of one run along one axis is one call. The view must be one
// that FaultOfView() finds nothing wrong with.
void VisitBytes(const FileView& view, ElementType element,
                const std::function<void(const ByteRanges&)>& visit);

// What is wrong with a constant that is a view, in words; empty: nothing. Sizes that do not match
// its dimensions, runs that lie outside or end within a byte.
std::string FaultOfView(const FileView& view, const Constant& constant);

}  // namespace allot::ir
