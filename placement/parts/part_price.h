// What parts cost those who deploy, watch and understand them.
#pragma once

#include <cstdint>

#include "support/units.h"

namespace allot {

// The binary logarithm of n >= 1 with ten bits behind the point, rounded down; digit by digit, as
// squaring doubles it. The same on every machine.
constexpr int64_t BinaryLog(uint64_t n) {
  int64_t whole = 0;
  while ((n >> whole) > 1) ++whole;
  // n / 2^whole in [1, 2), 31 bits behind the point.
  uint64_t x = whole <= 31 ? n << (31 - whole) : n >> (whole - 31);
  int64_t result = whole;
  for (int bit = 0; bit < 10; ++bit) {
    x = (x * x) >> 31;
    result *= 2;
    if (x >= uint64_t{1} << 32) {
      x >>= 1;
      result += 1;
    }
  }
  return result;
}

// value * (1 + price / 1000 * log2(parts)), times a constant: of two plans the one with less is
// preferred. Twice as many parts must save about `price` thousandths of the value.
constexpr Int128 PricedValue(Picos value, int64_t parts, int64_t price) {
  const int64_t doublings = parts > 0 ? BinaryLog(static_cast<uint64_t>(parts)) : 0;
  return static_cast<Int128>(value) * (1000 * 1024 + price * doublings);
}

}  // namespace allot
