// How an operator can be divided: each way is an axis of its work, of which every part takes a
// share.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "operators/op_view.h"

namespace allot {

enum class SplitKind {
  kColumns,   // the columns of what a product makes: of its second factor
  kRows,      // the rows over which a product sums: each part makes a summand of the result
  kHeads,     // of attention
  kExperts,   // products whose second factors are weights of their own
  kBatch,     // samples, tokens, and whatever else does not meet
  kElements,  // an axis along which a follower divides as its operand does
};

// What parts take of an operand, or make of a result.
struct SplitShare {
  int32_t axis = -1;  // -1: all of it
  // The axis is so many blocks one behind the other, of each of which a part takes its share: one
  // for most, three where queries, keys and values lie in one matrix. Lengths are multiples of
  // SplitAxis::units, and add up to the size of the axis.
  std::vector<int64_t> segments;

  bool whole() const { return axis < 0; }
  friend bool operator==(const SplitShare&, const SplitShare&) = default;
};

// A number that states a size along the axis: a part states its share of it.
struct SplitSize {
  std::string attribute;  // an integer, or element `index` of a list of integers; empty:
  int32_t operand = -1;   // element `index` of this operand, which may also be computed, or be -1
                          // or 0 where the operator takes that for "what is left" or "as it is"
  int32_t index = 0;
  int64_t whole = 0;
};

struct SplitAxis {
  SplitKind kind = SplitKind::kElements;
  // The axis divides into so many equal units; a part takes a run of them. At least 2.
  int64_t units = 0;
  // As many as the node has operands, and results.
  std::vector<SplitShare> operands, results;
  // The parts' results have to be added; their shares are whole.
  bool sums = false;
  // With `sums`: the operand that only the first part gets (what a product is added to); -1: none.
  int32_t first_only = -1;
  std::vector<SplitSize> sizes;
};

// The ways in which the node divides; none: it stays whole. Types are those that are certain for
// every run; sizes that a way depends on are known or the way is not there. Words that a way costs
// follow from it: an operand that is not a weight has to be where the part is, whole or its share;
// what parts make of a result is brought together, whole if it has to be added.
using SplitRule = std::function<std::vector<SplitAxis>(const OpView& view)>;

// "columns", "rows", ...
absl::string_view SplitKindName(SplitKind kind);

}  // namespace allot
