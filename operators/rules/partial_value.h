// Small integer (and real) tensors of which something is known at compile time: the arithmetic on
// shapes that models carry. Each element is a number, equal to a symbolic dimension, or unknown.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "ir/constant.h"
#include "ir/type.h"

namespace allot {

// Tensors with more elements are never tracked: no shape computation needs them.
inline constexpr int64_t kMaxTrackedElements = 1024;

// The names of symbolic dimensions, numbered so that elements stay small.
class SymbolTable {
 public:
  int32_t Number(const std::string& name);
  const std::string& name(int32_t number) const { return names_[static_cast<size_t>(number)]; }

 private:
  std::vector<std::string> names_;
  std::unordered_map<std::string, int32_t> numbers_;
};

// One element.
class Scalar {
 public:
  enum class Kind : uint8_t {
    kUnknown,
    kInteger,  // of integer tensors; truth values are 0 and 1
    kSymbol,   // of integer tensors: a dimension, hence not negative
    kReal,     // of floating point tensors
  };
  Scalar() = default;
  static Scalar Integer(int64_t value) { return Scalar(Kind::kInteger, value, 0); }
  static Scalar Symbol(int32_t symbol) { return Scalar(Kind::kSymbol, symbol, 0); }
  static Scalar Real(double value) { return Scalar(Kind::kReal, 0, value); }

  Kind kind() const { return kind_; }
  bool known() const { return kind_ != Kind::kUnknown; }
  bool is_integer() const { return kind_ == Kind::kInteger; }
  bool is_symbol() const { return kind_ == Kind::kSymbol; }
  bool is_real() const { return kind_ == Kind::kReal; }
  bool Is(int64_t value) const { return is_integer() && integer_ == value; }
  int64_t integer() const { return integer_; }
  int32_t symbol() const { return static_cast<int32_t>(integer_); }
  double real() const { return real_; }
  // The same element for certain; unknown elements are equal to nothing.
  bool SameAs(const Scalar& other) const;

 private:
  Scalar(Kind kind, int64_t integer, double real) : kind_(kind), integer_(integer), real_(real) {}

  Kind kind_ = Kind::kUnknown;
  int64_t integer_ = 0;
  double real_ = 0;
};

struct PartialValue {
  std::vector<int64_t> dims;
  std::vector<Scalar> elements;  // row major, as many as dims say

  static PartialValue Unknown(std::vector<int64_t> dims);
  static PartialValue Scalar0(Scalar element) { return {{}, {element}}; }
  static PartialValue Vector(std::vector<Scalar> elements);
  bool AnyKnown() const;
  // All elements if each is a known integer.
  std::optional<std::vector<int64_t>> Integers() const;
};

// The dimensions of a shape that is known and small. Also with zeros in it the other dimensions
// must be small, so that products over any of them are.
std::optional<std::vector<int64_t>> TrackableDims(const ir::Shape& shape);

// Whether elements of the type are tracked: integers, truth values, float32 and float64. Narrower
// floating point rounds differently on different devices.
bool IsTracked(ir::ElementType element);
// The range of an integer type; nullopt for others. uint64 stops at the largest int64.
struct IntegerRange {
  int64_t low = 0, high = 0;
};
std::optional<IntegerRange> RangeOf(ir::ElementType element);
// `value` as an element of the type, or unknown if it does not fit: overflow is never guessed at.
Scalar IntegerAs(ir::ElementType element, int64_t value);
// `value` rounded to the type.
Scalar RealAs(ir::ElementType element, double value);

// The elements of a constant held in memory, if small and of a tracked type.
std::optional<PartialValue> ValueOfConstant(const ir::Constant& constant);

// A dimension as an element and back. An element below zero is no dimension: unknown.
Scalar ScalarOfDim(const ir::Dim& dim, SymbolTable& symbols);
ir::Dim DimOfScalar(const Scalar& scalar, const SymbolTable& symbols);

// The elements on which both agree; nullopt if the shapes differ or nothing is left.
std::optional<PartialValue> JoinValues(const PartialValue& a, const PartialValue& b);

}  // namespace allot
