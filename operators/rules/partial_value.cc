#include "operators/rules/partial_value.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <utility>

namespace allot {
namespace {

using ir::ElementType;

// The i-th element of packed little-endian data. Every supported host is little endian.
template <typename T>
T ElementAt(const std::string& bytes, size_t i) {
  T value;
  std::memcpy(&value, bytes.data() + i * sizeof(T), sizeof(T));
  return value;
}

template <typename T>
void ReadIntegers(const std::string& bytes, std::vector<Scalar>& elements) {
  for (size_t i = 0; i < elements.size(); ++i) {
    elements[i] = Scalar::Integer(static_cast<int64_t>(ElementAt<T>(bytes, i)));
  }
}

template <typename T>
void ReadReals(const std::string& bytes, std::vector<Scalar>& elements) {
  for (size_t i = 0; i < elements.size(); ++i) {
    elements[i] = Scalar::Real(static_cast<double>(ElementAt<T>(bytes, i)));
  }
}

}  // namespace

int32_t SymbolTable::Number(const std::string& name) {
  const auto [found, added] = numbers_.emplace(name, static_cast<int32_t>(names_.size()));
  if (added) names_.push_back(name);
  return found->second;
}

bool Scalar::SameAs(const Scalar& other) const {
  if (kind_ != other.kind_ || kind_ == Kind::kUnknown) return false;
  return kind_ == Kind::kReal ? real_ == other.real_ : integer_ == other.integer_;
}

PartialValue PartialValue::Unknown(std::vector<int64_t> dims) {
  int64_t count = 1;
  for (const int64_t dim : dims) count *= dim;
  PartialValue value;
  value.dims = std::move(dims);
  value.elements.resize(static_cast<size_t>(count));
  return value;
}

PartialValue PartialValue::Vector(std::vector<Scalar> elements) {
  PartialValue value;
  value.dims = {static_cast<int64_t>(elements.size())};
  value.elements = std::move(elements);
  return value;
}

bool PartialValue::AnyKnown() const {
  return elements.empty() || std::any_of(elements.begin(), elements.end(),
                                         [](const Scalar& element) { return element.known(); });
}

std::optional<std::vector<int64_t>> PartialValue::Integers() const {
  std::vector<int64_t> integers;
  integers.reserve(elements.size());
  for (const Scalar& element : elements) {
    if (!element.is_integer()) return std::nullopt;
    integers.push_back(element.integer());
  }
  return integers;
}

std::optional<std::vector<int64_t>> TrackableDims(const ir::Shape& shape) {
  std::vector<int64_t> dims;
  dims.reserve(shape.size());
  int64_t product = 1;
  for (const ir::Dim& dim : shape) {
    if (!dim.known() || dim.size > kMaxTrackedElements) return std::nullopt;
    product *= std::max<int64_t>(dim.size, 1);
    if (product > kMaxTrackedElements) return std::nullopt;
    dims.push_back(dim.size);
  }
  return dims;
}

std::optional<IntegerRange> RangeOf(ElementType element) {
  switch (element) {
    case ElementType::kBool:
      return IntegerRange{0, 1};
    case ElementType::kInt8:
      return IntegerRange{-128, 127};
    case ElementType::kUint8:
      return IntegerRange{0, 255};
    case ElementType::kInt16:
      return IntegerRange{-32768, 32767};
    case ElementType::kUint16:
      return IntegerRange{0, 65535};
    case ElementType::kInt32:
      return IntegerRange{std::numeric_limits<int32_t>::min(), std::numeric_limits<int32_t>::max()};
    case ElementType::kUint32:
      return IntegerRange{0, std::numeric_limits<uint32_t>::max()};
    case ElementType::kInt64:
      return IntegerRange{std::numeric_limits<int64_t>::min(), std::numeric_limits<int64_t>::max()};
    case ElementType::kUint64:
      return IntegerRange{0, std::numeric_limits<int64_t>::max()};
    default:
      return std::nullopt;
  }
}

bool IsTracked(ElementType element) {
  return element == ElementType::kFloat || element == ElementType::kDouble ||
         RangeOf(element).has_value();
}

Scalar IntegerAs(ElementType element, int64_t value) {
  const std::optional<IntegerRange> range = RangeOf(element);
  if (!range || value < range->low || value > range->high) return Scalar();
  return Scalar::Integer(value);
}

Scalar RealAs(ElementType element, double value) {
  if (element == ElementType::kDouble) return Scalar::Real(value);
  if (element != ElementType::kFloat) return Scalar();
  if (std::isfinite(value) && std::fabs(value) > std::numeric_limits<float>::max()) return Scalar();
  return Scalar::Real(static_cast<double>(static_cast<float>(value)));
}

std::optional<PartialValue> ValueOfConstant(const ir::Constant& constant) {
  const auto* stored = std::get_if<ir::InlineBytes>(&constant.storage);
  if (stored == nullptr || !IsTracked(constant.element)) return std::nullopt;
  ir::Shape shape;
  for (const int64_t dim : constant.dims) {
    shape.push_back(dim < 0 ? ir::Dim::Unknown() : ir::Dim::Known(dim));
  }
  if (!TrackableDims(shape)) return std::nullopt;
  const int64_t count = ir::NumElements(shape).value_or(0);
  const std::string empty;
  const std::string& bytes = stored->bytes == nullptr ? empty : *stored->bytes;
  if (static_cast<int64_t>(bytes.size()) != ir::PackedBytes(constant.element, count)) {
    return std::nullopt;
  }
  PartialValue value = PartialValue::Unknown(constant.dims);
  switch (constant.element) {
    case ElementType::kBool:
    case ElementType::kUint8:
      ReadIntegers<uint8_t>(bytes, value.elements);
      break;
    case ElementType::kInt8:
      ReadIntegers<int8_t>(bytes, value.elements);
      break;
    case ElementType::kInt16:
      ReadIntegers<int16_t>(bytes, value.elements);
      break;
    case ElementType::kUint16:
      ReadIntegers<uint16_t>(bytes, value.elements);
      break;
    case ElementType::kInt32:
      ReadIntegers<int32_t>(bytes, value.elements);
      break;
    case ElementType::kUint32:
      ReadIntegers<uint32_t>(bytes, value.elements);
      break;
    case ElementType::kInt64:
      ReadIntegers<int64_t>(bytes, value.elements);
      break;
    case ElementType::kUint64:
      for (size_t i = 0; i < value.elements.size(); ++i) {
        const uint64_t element = ElementAt<uint64_t>(bytes, i);
        if (element <= static_cast<uint64_t>(std::numeric_limits<int64_t>::max())) {
          value.elements[i] = Scalar::Integer(static_cast<int64_t>(element));
        }
      }
      break;
    case ElementType::kFloat:
      ReadReals<float>(bytes, value.elements);
      break;
    case ElementType::kDouble:
      ReadReals<double>(bytes, value.elements);
      break;
    default:
      return std::nullopt;
  }
  if (constant.element == ElementType::kBool) {
    for (Scalar& element : value.elements) element = Scalar::Integer(element.Is(0) ? 0 : 1);
  }
  return value;
}

Scalar ScalarOfDim(const ir::Dim& dim, SymbolTable& symbols) {
  if (dim.known()) return Scalar::Integer(dim.size);
  if (!dim.symbol.empty()) return Scalar::Symbol(symbols.Number(dim.symbol));
  return Scalar();
}

ir::Dim DimOfScalar(const Scalar& scalar, const SymbolTable& symbols) {
  if (scalar.is_integer() && scalar.integer() >= 0) return ir::Dim::Known(scalar.integer());
  if (scalar.is_symbol()) return ir::Dim::Symbol(symbols.name(scalar.symbol()));
  return ir::Dim::Unknown();
}

std::optional<PartialValue> JoinValues(const PartialValue& a, const PartialValue& b) {
  if (a.dims != b.dims) return std::nullopt;
  PartialValue joined = a;
  for (size_t i = 0; i < joined.elements.size(); ++i) {
    if (!a.elements[i].SameAs(b.elements[i])) joined.elements[i] = Scalar();
  }
  if (!joined.AnyKnown()) return std::nullopt;
  return joined;
}

}  // namespace allot
