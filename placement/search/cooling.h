// Simulated annealing in whole numbers, so that it accepts the same moves on every machine.
#pragma once

#include <algorithm>
#include <cstdint>

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

}  // namespace allot
