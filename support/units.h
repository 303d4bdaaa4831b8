// The two quantities everything is counted in. Integers: sums are exact, do not depend on the order
// of addition, and print the same everywhere.
#pragma once

#include <cstdint>
#include <limits>

namespace allot {

// Durations and instants in picoseconds: fine enough for one small operator on a fast device, and
// wide enough for 106 days.
using Picos = int64_t;
using Bytes = int64_t;

// For products and proofs that need more than 64 bits.
__extension__ typedef __int128 Int128;

inline constexpr Picos kPicosPerNano = 1'000;
inline constexpr Picos kPicosPerMicro = 1'000'000;
inline constexpr Picos kPicosPerMilli = 1'000'000'000;
inline constexpr Picos kPicosPerSecond = 1'000'000'000'000;

// The largest duration a single cost may have; sums of a million of them still fit.
inline constexpr Picos kMaxPicos = std::numeric_limits<Picos>::max() / 1'000'000;

inline constexpr double ToMicros(Picos time) {
  return static_cast<double>(time) / static_cast<double>(kPicosPerMicro);
}
inline constexpr double ToMillis(Picos time) {
  return static_cast<double>(time) / static_cast<double>(kPicosPerMilli);
}

// The time to move or process `amount` units at `per_second` units per second, rounded up and
// clamped to kMaxPicos. `per_second` must be positive.
inline constexpr Picos DurationAtRate(int64_t amount, int64_t per_second) {
  const Int128 scaled = static_cast<Int128>(amount) * kPicosPerSecond;
  const Int128 time = (scaled + per_second - 1) / per_second;
  return time > kMaxPicos ? kMaxPicos : static_cast<Picos>(time);
}

// a + b and a * b for non-negative counts, clamped to the largest value instead of wrapping.
inline constexpr int64_t SaturatingAdd(int64_t a, int64_t b) {
  int64_t sum = 0;
  return __builtin_add_overflow(a, b, &sum) ? std::numeric_limits<int64_t>::max() : sum;
}
inline constexpr int64_t SaturatingMultiply(int64_t a, int64_t b) {
  int64_t product = 0;
  return __builtin_mul_overflow(a, b, &product) ? std::numeric_limits<int64_t>::max() : product;
}

}  // namespace allot
