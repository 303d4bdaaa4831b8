// The types of values: tensors with symbolic dimensions, and ONNX's containers.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"

namespace allot::ir {

// Numbered as ONNX's TensorProto.DataType, so that types newer than the installed ONNX are carried.
enum class ElementType : int32_t {
  kUndefined = 0,
  kFloat = 1,
  kUint8 = 2,
  kInt8 = 3,
  kUint16 = 4,
  kInt16 = 5,
  kInt32 = 6,
  kInt64 = 7,
  kString = 8,
  kBool = 9,
  kFloat16 = 10,
  kDouble = 11,
  kUint32 = 12,
  kUint64 = 13,
  kComplex64 = 14,
  kComplex128 = 15,
  kBfloat16 = 16,
  kFloat8E4M3FN = 17,
  kFloat8E4M3FNUZ = 18,
  kFloat8E5M2 = 19,
  kFloat8E5M2FNUZ = 20,
  kUint4 = 21,
  kInt4 = 22,
  kFloat4E2M1 = 23,
  kFloat8E8M0 = 24,
  kUint2 = 25,
  kInt2 = 26,
};

// Bits of one element; 0 for strings and undefined.
int BitWidth(ElementType type);
// MLIR's spelling: "f32", "i64", "ui8", "i1", "!onnx.string", ...; kUndefined is "!onnx.undefined".
absl::string_view MlirName(ElementType type);
std::optional<ElementType> ElementTypeFromMlirName(absl::string_view name);
// The short name that targets, cost tables and manifests use: "float32", "float16", "int8", ...
absl::string_view DtypeName(ElementType type);
std::optional<ElementType> ElementTypeFromDtypeName(absl::string_view name);
// The bytes that `count` elements occupy when packed (4-bit types: two a byte). Strings count 16
// bytes each, a guess used for costs only. Saturates.
int64_t PackedBytes(ElementType type, int64_t count);

// One dimension: a number, a symbol shared by name within the model, or unknown.
struct Dim {
  int64_t size = -1;       // >= 0 iff known
  std::string symbol;      // only if size < 0; empty: unknown
  std::string denotation;  // ONNX's Dimension.denotation, carried
  // Only if size < 0: the size that the model states where nothing computes it; -1: none. A guess
  // that costs may use. Never written into a file, as a run may well have another size.
  int64_t hint = -1;

  static Dim Known(int64_t size) { return {size, {}, {}}; }
  static Dim Symbol(std::string name) { return {-1, std::move(name), {}}; }
  static Dim Unknown() { return {}; }
  bool known() const { return size >= 0; }
  friend bool operator==(const Dim&, const Dim&) = default;
};
using Shape = std::vector<Dim>;

// The number of elements, or nullopt unless every dimension is known. Saturates.
std::optional<int64_t> NumElements(const Shape& shape);

struct Type {
  enum class Kind { kUnknown, kTensor, kSparseTensor, kSequence, kOptional, kMap, kOpaque };
  Kind kind = Kind::kUnknown;
  ElementType element = ElementType::kUndefined;  // tensors; the key type of maps
  std::optional<Shape> shape;                     // tensors; nullopt: the rank is unknown
  std::vector<Type> parameters;                   // sequence, optional: 1; map: the value type
  std::string denotation;                         // ONNX's TypeProto.denotation, carried
  std::string opaque;                             // kOpaque: the serialized TypeProto, carried

  static Type Unknown() { return {}; }
  static Type Tensor(ElementType element, std::optional<Shape> shape);
  static Type Sequence(Type element);
  static Type Optional(Type element);

  bool is_tensor() const { return kind == Kind::kTensor; }
  // A tensor of known element type and rank: what may cross a file boundary.
  bool is_ranked_tensor() const {
    return is_tensor() && element != ElementType::kUndefined && shape.has_value();
  }
  bool is_static() const { return is_ranked_tensor() && NumElements(*shape).has_value(); }
  friend bool operator==(const Type&, const Type&) = default;
};

// What both types agree on and either knows: known dimensions win over symbols, symbols over
// unknowns. nullopt if they contradict each other.
std::optional<Type> Meet(const Type& a, const Type& b);

}  // namespace allot::ir
