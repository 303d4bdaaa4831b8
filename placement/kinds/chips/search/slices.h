// The best assignment whose chips are slices of an order, exact for the order.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "placement/kinds/chips/model/compiled.h"

namespace allot::chips {

struct Cutting {
  Assignment chips;  // by compiled node
  Picos value = 0;
};

// Cuts orders of one problem, keeping what it allocates.
class Slicer {
 public:
  explicit Slicer(const Compiled& problem);

  // The slices with the smallest bottleneck below `limit`, if there are any. A slice keeps the
  // rules where no edge jumps over it; then every output crosses one link, and consecutive chips
  // are neighbours in any topology. A smallest number of slices by dynamic programming for each
  // bottleneck that bisection tries, down to `bound`: O(n w log limit), where w nodes fit one chip.
  std::optional<Cutting> Cut(const std::vector<int32_t>& order, Picos limit, Picos bound);

  int64_t steps() const { return steps_; }  // slices looked at

 private:
  void SetOrder(const std::vector<int32_t>& order);
  bool Fits(size_t begin, size_t end) const;
  std::optional<Assignment> Within(Picos most);

  const Compiled& problem_;
  std::vector<int32_t> order_;
  std::vector<Picos> crossing_;    // by cut: what passes it
  std::vector<int32_t> farthest_;  // by cut: the last place that something before it is read
  std::vector<int32_t> slices_, from_, copy_seen_;
  mutable std::vector<bool> inside_;
  int64_t steps_ = 0;
};

}  // namespace allot::chips
