// Slices of constants. A slice of a tensor in a file refers to the file: planning a model split
// over many devices costs no more memory than planning it whole.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
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

// Bytes of a range, counted from its start.
struct BytePick {
  int64_t offset = 0, length = 0;
  friend bool operator==(const BytePick&, const BytePick&) = default;
};

// `count` ranges of `length` bytes, each `stride` bytes behind the one before. Of each, if there
// are picks, only these, in their order: `length` is then the sum of theirs.
struct ByteRanges {
  int64_t offset = 0, length = 0;
  int64_t count = 1, stride = 0;
  std::shared_ptr<const std::vector<BytePick>> picks = nullptr;
  friend bool operator==(const ByteRanges&, const ByteRanges&) = default;
};

// Calls `visit` with the bytes of the view, in the order of its elements, offsets counted from the
// start of the whole tensor. A slice of one run along one axis is one call; several runs along the
// last axis that is cut are picks, which all calls share. The view must be one that FaultOfView()
// finds nothing wrong with.
void VisitBytes(const FileView& view, ElementType element,
                const std::function<void(const ByteRanges&)>& visit);

// What is wrong with a constant that is a view, in words; empty: nothing. Sizes that do not match
// its dimensions, runs that lie outside or end within a byte.
std::string FaultOfView(const FileView& view, const Constant& constant);

}  // namespace allot::ir
