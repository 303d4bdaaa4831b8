#include "operators/rules/shape_arithmetic.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "support/status.h"

namespace allot {

using ir::Dim;
using ir::Shape;
using ir::Type;

Dim AddDims(const Dim& a, const Dim& b) {
  if (a.known() && b.known()) {
    int64_t sum = 0;
    return __builtin_add_overflow(a.size, b.size, &sum) ? Dim::Unknown() : Dim::Known(sum);
  }
  if (a.size == 0) return b;
  if (b.size == 0) return a;
  return Dim::Unknown();
}

Dim MultiplyDims(const Dim& a, const Dim& b) {
  if (a.known() && b.known()) {
    int64_t product = 0;
    return __builtin_mul_overflow(a.size, b.size, &product) ? Dim::Unknown() : Dim::Known(product);
  }
  if (a.size == 0 || b.size == 0) return Dim::Known(0);
  if (a.size == 1) return b;
  if (b.size == 1) return a;
  return Dim::Unknown();
}

Dim MultiplyDim(const Dim& a, int64_t factor) {
  return factor < 0 ? Dim::Unknown() : MultiplyDims(a, Dim::Known(factor));
}

Dim DivideDim(const Dim& a, int64_t divisor) {
  if (divisor == 1) return a;
  if (!a.known() || divisor <= 0 || a.size % divisor != 0) return Dim::Unknown();
  return Dim::Known(a.size / divisor);
}

Dim ProductOfDims(absl::Span<const Dim> dims) {
  // Zeros first: they decide whatever the others are.
  for (const Dim& dim : dims) {
    if (dim.size == 0) return Dim::Known(0);
  }
  Dim product = Dim::Known(1);
  for (const Dim& dim : dims) {
    product = MultiplyDims(product, dim);
    if (!product.known() && product.symbol.empty()) break;
  }
  return product;
}

bool CertainlyEqual(const Dim& a, const Dim& b) {
  if (a.known() || b.known()) return a.size == b.size;
  return !a.symbol.empty() && a.symbol == b.symbol;
}

absl::StatusOr<Dim> UnifyDims(const Dim& a, const Dim& b) {
  if (a.known() && b.known() && a.size != b.size) {
    return InputError("dimensions ", a.size, " and ", b.size, " differ");
  }
  if (a.known()) return a;
  if (b.known()) return b;
  return a.symbol.empty() ? b : a;
}

absl::StatusOr<Shape> UnifyShapes(const Shape& a, const Shape& b) {
  if (a.size() != b.size()) return InputError("ranks ", a.size(), " and ", b.size(), " differ");
  Shape shape(a.size());
  for (size_t i = 0; i < a.size(); ++i) {
    ALLOT_ASSIGN_OR_RETURN(shape[i], UnifyDims(a[i], b[i]));
  }
  return shape;
}

absl::StatusOr<Dim> BroadcastDims(const Dim& a, const Dim& b) {
  if (a.size == 1) return b;
  if (b.size == 1) return a;
  if (a.known() && b.known() && a.size != b.size) {
    return InputError("dimensions ", a.size, " and ", b.size, " do not broadcast");
  }
  if (a.known()) return a;
  if (b.known()) return b;
  return CertainlyEqual(a, b) ? a : Dim::Unknown();
}

absl::StatusOr<Shape> BroadcastShapes(const Shape& a, const Shape& b) {
  const Shape& longer = a.size() >= b.size() ? a : b;
  const Shape& shorter = a.size() >= b.size() ? b : a;
  Shape shape = longer;
  const size_t offset = longer.size() - shorter.size();
  for (size_t i = 0; i < shorter.size(); ++i) {
    ALLOT_ASSIGN_OR_RETURN(shape[offset + i], BroadcastDims(longer[offset + i], shorter[i]));
  }
  return shape;
}

Dim JoinDims(const Dim& a, const Dim& b) { return CertainlyEqual(a, b) ? a : Dim::Unknown(); }

Type JoinTypes(const Type& a, const Type& b) {
  if (a.kind != b.kind) return Type::Unknown();
  Type joined = a;
  if (a.element != b.element) joined.element = ir::ElementType::kUndefined;
  if (a.shape && b.shape && a.shape->size() == b.shape->size()) {
    for (size_t i = 0; i < a.shape->size(); ++i) {
      (*joined.shape)[i] = JoinDims((*a.shape)[i], (*b.shape)[i]);
    }
  } else {
    joined.shape = std::nullopt;
  }
  if (a.parameters.size() != b.parameters.size() || a.opaque != b.opaque) return Type::Unknown();
  for (size_t i = 0; i < a.parameters.size(); ++i) {
    joined.parameters[i] = JoinTypes(a.parameters[i], b.parameters[i]);
  }
  return joined;
}

std::optional<size_t> ResolveAxis(int64_t axis, size_t rank) {
  const int64_t signed_rank = static_cast<int64_t>(rank);
  if (axis < -signed_rank || axis >= signed_rank) return std::nullopt;
  return static_cast<size_t>(axis < 0 ? axis + signed_rank : axis);
}

Shape KnownShape(absl::Span<const int64_t> dims) {
  Shape shape;
  shape.reserve(dims.size());
  for (const int64_t dim : dims) shape.push_back(dim < 0 ? Dim::Unknown() : Dim::Known(dim));
  return shape;
}

Shape UnknownShape(size_t rank) { return Shape(rank); }

std::string DimText(const Dim& dim) {
  if (dim.known()) return absl::StrCat(dim.size);
  return dim.symbol.empty() ? "?" : dim.symbol;
}

std::string ShapeText(const Shape& shape) {
  std::string text = "[";
  for (size_t i = 0; i < shape.size(); ++i) {
    absl::StrAppend(&text, i == 0 ? "" : ", ", DimText(shape[i]));
  }
  return text + "]";
}

}  // namespace allot
