// A small generator whose numbers are the same on every machine and standard library
// (SplitMix64; Steele, Lea and Flood, OOPSLA 2014).
#pragma once

#include <cstdint>

namespace allot {

class Random {
 public:
  explicit Random(uint64_t seed) : state_(seed) {}

  uint64_t Next() {
    uint64_t z = (state_ += 0x9e3779b97f4a7c15u);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
  }
  // Uniform in [0, bound); bound must be positive.
  int64_t Below(int64_t bound) {
    __extension__ typedef unsigned __int128 Uint128;
    return static_cast<int64_t>((static_cast<Uint128>(Next()) * static_cast<uint64_t>(bound)) >>
                                64);
  }
  // Uniform in [low, high].
  int64_t Between(int64_t low, int64_t high) { return low + Below(high - low + 1); }
  // Uniform in [0, 1) with 53 bits.
  double Unit() { return static_cast<double>(Next() >> 11) * 0x1.0p-53; }

 private:
  uint64_t state_;
};

}  // namespace allot
