// Simulated annealing in whole numbers, so that it accepts the same moves on every machine.
#pragma once

#include <algorithm>
#include <cstdint>
#include <limits>

#include "placement/evaluator.h"
#include "support/random.h"
#include "support/units.h"

namespace allot {

// A temperature that falls geometrically from `hot` over `steps` steps, by an eighth at each level:
// to about hot / 16,000 unless told otherwise.
class Cooling {
 public:
  Cooling(Picos hot, int64_t steps, int64_t levels = kLevels)
      : temperature_(std::max<Picos>(hot, 1)), level_steps_(std::max<int64_t>(steps / levels, 1)) {}

  // A start for objectives of this order: the more items, the less a move of one changes.
  static Picos Hot(Picos objective, int32_t items) { return objective / std::clamp(items, 8, 48); }

  // Whether a move that costs `loss` more is accepted: with probability about 2^(-loss /
  // temperature). Gains always are. One step of cooling.
  bool Accept(Picos loss, Random& random) {
    if (++step_ >= level_steps_) {
      step_ = 0;
      temperature_ = std::max<Picos>(temperature_ - temperature_ / 8, 1);
    }
    if (loss <= 0) return true;
    // Minus the binary logarithm of a uniform number, piecewise linear, 16 bits behind the point.
    const uint64_t uniform = random.Next() | 1;
    const int zeros = __builtin_clzll(uniform);
    const uint64_t mantissa = zeros == 63 ? 0 : (uniform << (zeros + 1)) >> 48;
    const Int128 bits = (static_cast<Int128>(zeros + 1) << 16) - static_cast<int64_t>(mantissa);
    return static_cast<Int128>(loss) << 16 <= bits * temperature_;
  }

 private:
  static constexpr int64_t kLevels = 72;  // (7/8)^72 = 1/15,000

  Picos temperature_;
  int64_t level_steps_;
  int64_t step_ = 0;
};

// What breaking the rules costs a search, so that it can cross what is infeasible and still ends
// where it is feasible: the price rises while it stays outside and falls while it stays inside
// (strategic oscillation; Glover and Hao, 2011).
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
