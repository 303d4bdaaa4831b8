#include "ir/type.h"

#include <algorithm>
#include <array>
#include <limits>
#include <utility>

#include "support/units.h"

namespace allot::ir {
namespace {

struct ElementInfo {
  ElementType type;
  int bits;
  const char* mlir;
  const char* dtype;
};

// In the order of the enumeration: the row of a type is found by its number.
constexpr std::array<ElementInfo, 27> kElements = {{
    {ElementType::kUndefined, 0, "!onnx.undefined", "undefined"},
    {ElementType::kFloat, 32, "f32", "float32"},
    {ElementType::kUint8, 8, "ui8", "uint8"},
    {ElementType::kInt8, 8, "i8", "int8"},
    {ElementType::kUint16, 16, "ui16", "uint16"},
    {ElementType::kInt16, 16, "i16", "int16"},
    {ElementType::kInt32, 32, "i32", "int32"},
    {ElementType::kInt64, 64, "i64", "int64"},
    {ElementType::kString, 0, "!onnx.string", "string"},
    {ElementType::kBool, 8, "i1", "bool"},
    {ElementType::kFloat16, 16, "f16", "float16"},
    {ElementType::kDouble, 64, "f64", "float64"},
    {ElementType::kUint32, 32, "ui32", "uint32"},
    {ElementType::kUint64, 64, "ui64", "uint64"},
    {ElementType::kComplex64, 64, "complex<f32>", "complex64"},
    {ElementType::kComplex128, 128, "complex<f64>", "complex128"},
    {ElementType::kBfloat16, 16, "bf16", "bfloat16"},
    {ElementType::kFloat8E4M3FN, 8, "f8E4M3FN", "float8e4m3fn"},
    {ElementType::kFloat8E4M3FNUZ, 8, "f8E4M3FNUZ", "float8e4m3fnuz"},
    {ElementType::kFloat8E5M2, 8, "f8E5M2", "float8e5m2"},
    {ElementType::kFloat8E5M2FNUZ, 8, "f8E5M2FNUZ", "float8e5m2fnuz"},
    {ElementType::kUint4, 4, "ui4", "uint4"},
    {ElementType::kInt4, 4, "i4", "int4"},
    {ElementType::kFloat4E2M1, 4, "!onnx.f4E2M1", "float4e2m1"},
    {ElementType::kFloat8E8M0, 8, "!onnx.f8E8M0", "float8e8m0"},
    {ElementType::kUint2, 2, "ui2", "uint2"},
    {ElementType::kInt2, 2, "i2", "int2"},
}};

// The row of a type, that of kUndefined for numbers that ONNX has not given out yet.
const ElementInfo& Info(ElementType type) {
  const auto number = static_cast<int32_t>(type);
  const bool known = number >= 0 && static_cast<size_t>(number) < kElements.size();
  return kElements[known ? static_cast<size_t>(number) : 0];
}

// A string guessed at: what std::string itself occupies at the least.
constexpr int64_t kStringBytes = 16;

std::optional<Dim> MeetDims(const Dim& a, const Dim& b) {
  if (a.known() && b.known() && a.size != b.size) return std::nullopt;
  Dim met = a;
  if (b.known()) {
    met.size = b.size;
    met.symbol.clear();
  } else if (!a.known() && a.symbol.empty()) {
    met.symbol = b.symbol;
  }
  if (met.denotation.empty()) met.denotation = b.denotation;
  if (met.known()) {
    met.hint = -1;
  } else if (met.hint < 0) {
    met.hint = b.hint;
  }
  return met;
}

}  // namespace

int BitWidth(ElementType type) { return Info(type).bits; }

absl::string_view MlirName(ElementType type) { return Info(type).mlir; }

std::optional<ElementType> ElementTypeFromMlirName(absl::string_view name) {
  for (const ElementInfo& info : kElements) {
    if (name == info.mlir) return info.type;
  }
  return std::nullopt;
}

absl::string_view DtypeName(ElementType type) { return Info(type).dtype; }

std::optional<ElementType> ElementTypeFromDtypeName(absl::string_view name) {
  for (const ElementInfo& info : kElements) {
    if (name == info.dtype) return info.type;
  }
  return std::nullopt;
}

int64_t PackedBytes(ElementType type, int64_t count) {
  if (type == ElementType::kString) return SaturatingMultiply(count, kStringBytes);
  const Int128 bits = static_cast<Int128>(count) * BitWidth(type);
  const Int128 bytes = (bits + 7) / 8;
  constexpr int64_t kMost = std::numeric_limits<int64_t>::max();
  return bytes > kMost ? kMost : static_cast<int64_t>(bytes);
}

std::optional<int64_t> NumElements(const Shape& shape) {
  int64_t count = 1;
  // A zero anywhere makes the tensor empty, also where the other sizes alone would overflow.
  bool empty = false;
  for (const Dim& dim : shape) {
    if (!dim.known()) return std::nullopt;
    empty = empty || dim.size == 0;
    count = SaturatingMultiply(count, dim.size);
  }
  return empty ? 0 : count;
}

Type Type::Tensor(ElementType element, std::optional<Shape> shape) {
  Type type;
  type.kind = Kind::kTensor;
  type.element = element;
  type.shape = std::move(shape);
  return type;
}

Type Type::Sequence(Type element) {
  Type type;
  type.kind = Kind::kSequence;
  type.parameters.push_back(std::move(element));
  return type;
}

Type Type::Optional(Type element) {
  Type type;
  type.kind = Kind::kOptional;
  type.parameters.push_back(std::move(element));
  return type;
}

std::optional<Type> Meet(const Type& a, const Type& b) {
  if (a.kind == Type::Kind::kUnknown || b.kind == Type::Kind::kUnknown) {
    Type met = a.kind == Type::Kind::kUnknown ? b : a;
    if (met.denotation.empty()) met.denotation = a.denotation.empty() ? b.denotation : a.denotation;
    return met;
  }
  if (a.kind != b.kind || a.opaque != b.opaque || a.parameters.size() != b.parameters.size()) {
    return std::nullopt;
  }
  Type met = a;
  if (a.element == ElementType::kUndefined) met.element = b.element;
  if (b.element != ElementType::kUndefined && met.element != b.element) return std::nullopt;
  if (met.denotation.empty()) met.denotation = b.denotation;
  if (!a.shape.has_value()) met.shape = b.shape;
  if (a.shape.has_value() && b.shape.has_value()) {
    if (a.shape->size() != b.shape->size()) return std::nullopt;
    for (size_t i = 0; i < a.shape->size(); ++i) {
      std::optional<Dim> dim = MeetDims((*a.shape)[i], (*b.shape)[i]);
      if (!dim.has_value()) return std::nullopt;
      (*met.shape)[i] = *std::move(dim);
    }
  }
  for (size_t i = 0; i < a.parameters.size(); ++i) {
    std::optional<Type> parameter = Meet(a.parameters[i], b.parameters[i]);
    if (!parameter.has_value()) return std::nullopt;
    met.parameters[i] = *std::move(parameter);
  }
  return met;
}

}  // namespace allot::ir
