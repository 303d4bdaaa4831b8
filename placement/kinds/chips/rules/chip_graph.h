// Which chips feed which, and which could without breaking the triangle rule, while edges are
// added: a row of 64 bits for each chip.
#pragma once

#include <array>
#include <cstdint>

#include "placement/kinds/chips/model/problem.h"

namespace allot::chips {

// Edges lead from smaller to larger numbers, and no edge has another path between its ends: the
// graph is its own transitive reduction. Copied to keep a state.
class ChipGraph {
 public:
  // Of so many chips.
  explicit ChipGraph(int32_t chips);

  bool Has(int32_t from, int32_t to) const { return (next_[Index(from)] >> to & 1) != 0; }
  // Whether an edge from < to is there or could be: one that has no path yet, and of which no edge
  // would become a shortcut.
  bool Allows(int32_t from, int32_t to) const { return (allowed_out_[Index(from)] >> to & 1) != 0; }
  // Adds an edge that is allowed. O(chips^2) words at worst.
  void Add(int32_t from, int32_t to);

  // The chips that a node may be on whose neighbour is on `chip`: itself too.
  uint64_t AfterOf(int32_t chip) const { return allowed_out_[Index(chip)] | uint64_t{1} << chip; }
  uint64_t BeforeOf(int32_t chip) const { return allowed_in_[Index(chip)] | uint64_t{1} << chip; }

 private:
  static size_t Index(int32_t chip) { return static_cast<size_t>(chip); }

  size_t chips_;
  using Rows = std::array<uint64_t, kMaxChips>;
  Rows next_{};             // edges
  Rows below_{}, above_{};  // reached from a chip, and reaching it; with itself
  Rows allowed_out_{}, allowed_in_{};
};

}  // namespace allot::chips
