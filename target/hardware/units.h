// Physical quantities that cannot be mixed: seconds and cycles, bytes and words are types of their
// own, and only meaningful products and quotients exist. Costs of hardware that is not built yet
// are estimates, so that these are floating point, unlike Picos and Bytes.
#pragma once

#include <algorithm>
#include <compare>

namespace allot::hardware {

template <typename Unit>
class Quantity {
 public:
  constexpr Quantity() = default;
  constexpr explicit Quantity(double value) : value_(value) {}
  constexpr double value() const { return value_; }

  friend constexpr Quantity operator+(Quantity a, Quantity b) {
    return Quantity(a.value_ + b.value_);
  }
  friend constexpr Quantity operator-(Quantity a, Quantity b) {
    return Quantity(a.value_ - b.value_);
  }
  friend constexpr Quantity operator*(Quantity a, double b) { return Quantity(a.value_ * b); }
  friend constexpr Quantity operator*(double a, Quantity b) { return Quantity(a * b.value_); }
  friend constexpr Quantity operator/(Quantity a, double b) { return Quantity(a.value_ / b); }
  friend constexpr double operator/(Quantity a, Quantity b) { return a.value_ / b.value_; }
  Quantity& operator+=(Quantity other) {
    value_ += other.value_;
    return *this;
  }
  friend constexpr auto operator<=>(Quantity a, Quantity b) = default;

 private:
  double value_ = 0;
};

using Seconds = Quantity<struct SecondsUnit>;
using Cycles = Quantity<struct CyclesUnit>;
using Words = Quantity<struct WordsUnit>;     // of the arithmetic: numbers
using ByteCount = Quantity<struct ByteUnit>;  // that may be fractions, of a part of something
using Area = Quantity<struct AreaUnit>;       // square micrometres
using Watts = Quantity<struct WattsUnit>;
using Joules = Quantity<struct JoulesUnit>;
using CyclesPerSecond = Quantity<struct CyclesPerSecondUnit>;
using BytesPerSecond = Quantity<struct BytesPerSecondUnit>;
using WordsPerCycle = Quantity<struct WordsPerCycleUnit>;
using BytesPerWord = Quantity<struct BytesPerWordUnit>;

constexpr Seconds operator/(Cycles cycles, CyclesPerSecond rate) {
  return Seconds(cycles.value() / rate.value());
}
constexpr Seconds operator/(ByteCount bytes, BytesPerSecond rate) {
  return Seconds(bytes.value() / rate.value());
}
constexpr Cycles operator/(Words words, WordsPerCycle rate) {
  return Cycles(words.value() / rate.value());
}
constexpr Words operator/(ByteCount bytes, BytesPerWord size) {
  return Words(bytes.value() / size.value());
}
constexpr ByteCount operator*(Words words, BytesPerWord size) {
  return ByteCount(words.value() * size.value());
}
constexpr Watts operator/(Joules energy, Seconds time) {
  return Watts(energy.value() / time.value());
}

}  // namespace allot::hardware
