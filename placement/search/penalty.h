// What breaking the rules costs a search.
#pragma once

#include <algorithm>
#include <cstdint>
#include <limits>

#include "placement/value/evaluator.h"
#include "support/units.h"

namespace allot {

// Lets a search cross what is infeasible and still end where it is feasible: the price rises while
// it stays outside and falls while it stays inside (strategic oscillation; Glover and Hao, 2011).
class Penalty {
 public:
  // `scale`: the order of the objectives to be compared.
  Penalty(const PlacementProblem& problem, Picos scale) : scale_(std::max<Picos>(scale, 1)) {
    Bytes all = 0;
    for (const PlacementProblem::Item& item : problem.items) all += item.memory + item.workspace;
    for (const PlacementProblem::Flow& flow : problem.flows) all += flow.bytes;
    for (const PlacementProblem::SharedMemory& shared : problem.shared) {
      all = SaturatingAdd(all, shared.bytes);
    }
    unit_ = std::max<Bytes>(all / static_cast<Bytes>(problem.devices.size()), 1);
  }

  Picos Of(const SearchValue& value) const {
    if (value.feasible()) return 0;
    const Int128 faults = (static_cast<Int128>(value.violations) << 10) / 4 +
                          (static_cast<Int128>(value.excess) << 10) / unit_;
    const Int128 price = (faults * scale_ >> 10) * weight_ >> 10;
    constexpr Picos kMost = std::numeric_limits<Picos>::max() / 4;
    return price > kMost ? kMost : static_cast<Picos>(price);
  }

  // Once per step, with where the search stands.
  void Observe(const SearchValue& now) {
    outside_ += now.feasible() ? -1 : 1;
    if (outside_ >= kPatience) {
      weight_ = std::min<int64_t>(weight_ + weight_ / 4 + 1, int64_t{1} << 30);
      outside_ = 0;
    } else if (outside_ <= -kPatience) {
      weight_ = std::max<int64_t>(weight_ - weight_ / 4, 64);
      outside_ = 0;
    }
  }

 private:
  static constexpr int kPatience = 32;

  Picos scale_;
  Bytes unit_ = 1;
  int64_t weight_ = 1024;  // 10 bits behind the point
  int outside_ = 0;
};

}  // namespace allot
