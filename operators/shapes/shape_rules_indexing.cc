// Operators that choose elements: slices, gathers, scatters and searches.
#include <algorithm>
#include <limits>

#include "operators/rules/shape_arithmetic.h"
#include "operators/rules/slice_bounds.h"
#include "operators/shapes/shape_rules.h"
#include "support/status.h"

namespace allot {
namespace {

using ir::Dim;
using ir::ElementType;
using ir::Shape;

Dim SlicedDim(const Dim& dim, const AxisSlice& slice, SymbolTable& symbols) {
  // Exporters write "to the end" as the largest 32-bit or 64-bit integer, and the other way round.
  constexpr int64_t kFar = std::numeric_limits<int32_t>::max();
  const bool integers =
      slice.start.is_integer() && slice.end.is_integer() && slice.step.is_integer();
  if (dim.known() && integers) {
    const std::optional<SliceRange> range =
        CutToAxis(slice.start.integer(), slice.end.integer(), slice.step.integer(), dim.size);
    return range ? Dim::Known(range->count) : Dim::Unknown();
  }
  if (slice.step.Is(1) && slice.start.Is(0)) {
    if (slice.end.is_integer() && slice.end.integer() >= kFar) return dim;
    if (slice.end.is_symbol() && slice.end.SameAs(ScalarOfDim(dim, symbols))) return dim;
  }
  const bool from_last =
      slice.start.Is(-1) || (slice.start.is_integer() && slice.start.integer() >= kFar);
  if (slice.step.Is(-1) && from_last && slice.end.is_integer() && slice.end.integer() <= -kFar) {
    return dim;
  }
  return Dim::Unknown();
}

absl::Status Slice(RuleContext& context) {
  const Shape* x = context.shape(0);
  context.Set(0, context.element(0), std::nullopt);
  if (x == nullptr) return absl::OkStatus();
  const std::optional<std::vector<AxisSlice>> slices = SlicesOf(context, x->size());
  Shape shape = slices ? *x : UnknownShape(x->size());
  if (slices) {
    for (const AxisSlice& slice : *slices) {
      shape[slice.axis] = SlicedDim(shape[slice.axis], slice, context.symbols());
    }
  }
  context.Set(0, context.element(0), std::move(shape));
  return absl::OkStatus();
}

absl::Status Gather(RuleContext& context) {
  const Shape* data = context.shape(0);
  const Shape* indices = context.shape(1);
  context.Set(0, context.element(0), std::nullopt);
  if (data == nullptr || indices == nullptr) return absl::OkStatus();
  const std::optional<size_t> axis = ResolveAxis(context.Int("axis", 0), data->size());
  if (!axis) return absl::OkStatus();
  Shape shape(data->begin(), data->begin() + static_cast<ptrdiff_t>(*axis));
  shape.insert(shape.end(), indices->begin(), indices->end());
  shape.insert(shape.end(), data->begin() + static_cast<ptrdiff_t>(*axis) + 1, data->end());
  context.Set(0, context.element(0), std::move(shape));
  return absl::OkStatus();
}

absl::Status GatherElements(RuleContext& context) {
  const Shape* indices = context.shape(1);
  const Shape* data = context.shape(0);
  context.Set(0, context.element(0),
              indices != nullptr ? std::optional<Shape>(*indices)
              : data != nullptr  ? std::optional<Shape>(UnknownShape(data->size()))
                                 : std::nullopt);
  return absl::OkStatus();
}

absl::Status GatherNd(RuleContext& context) {
  const Shape* data = context.shape(0);
  const Shape* indices = context.shape(1);
  context.Set(0, context.element(0), std::nullopt);
  if (data == nullptr || indices == nullptr || indices->empty()) return absl::OkStatus();
  const int64_t batch = context.Int("batch_dims", 0);
  const Dim& depth = indices->back();
  const int64_t rank = static_cast<int64_t>(data->size());
  if (!depth.known() || batch < 0 || batch >= rank || depth.size > rank - batch) {
    return absl::OkStatus();
  }
  Shape shape(indices->begin(), indices->end() - 1);
  shape.insert(shape.end(), data->begin() + batch + depth.size, data->end());
  context.Set(0, context.element(0), std::move(shape));
  return absl::OkStatus();
}

absl::Status TopK(RuleContext& context) {
  const Shape* x = context.shape(0);
  context.Set(0, context.element(0), std::nullopt);
  context.Set(1, ElementType::kInt64, std::nullopt);
  if (x == nullptr) return absl::OkStatus();
  const std::optional<size_t> axis = ResolveAxis(context.Int("axis", -1), x->size());
  if (!axis) return absl::OkStatus();
  Shape shape = *x;
  shape[*axis] = Dim::Unknown();
  if (context.opset() < 10) {
    const int64_t k = context.Int("k", -1);
    if (k >= 0) shape[*axis] = Dim::Known(k);
  } else if (const PartialValue* k = context.value(1); k != nullptr && k->elements.size() == 1) {
    shape[*axis] = DimOfScalar(k->elements[0], context.symbols());
  }
  context.Set(1, ElementType::kInt64, shape);
  context.Set(0, context.element(0), std::move(shape));
  return absl::OkStatus();
}

// How many are chosen depends on the data, unless the data are known.
absl::Status NonZero(RuleContext& context) {
  const Shape* x = context.shape(0);
  Shape shape = UnknownShape(2);
  if (x != nullptr) shape[0] = Dim::Known(static_cast<int64_t>(x->size()));
  if (const std::optional<std::vector<int64_t>> elements = context.Integers(0)) {
    const auto zeros = std::count(elements->begin(), elements->end(), 0);
    shape[1] = Dim::Known(static_cast<int64_t>(elements->size()) - zeros);
  }
  context.Set(0, ElementType::kInt64, std::move(shape));
  return absl::OkStatus();
}

absl::Status Compress(RuleContext& context) {
  const Shape* x = context.shape(0);
  Dim chosen = Dim::Unknown();
  if (const std::optional<std::vector<int64_t>> condition = context.Integers(1)) {
    const auto zeros = std::count(condition->begin(), condition->end(), 0);
    chosen = Dim::Known(static_cast<int64_t>(condition->size()) - zeros);
  }
  const std::optional<int64_t> given = context.FindInt("axis");
  if (!given) {
    context.Set(0, context.element(0), Shape{chosen});
    return absl::OkStatus();
  }
  context.Set(0, context.element(0), std::nullopt);
  if (x == nullptr) return absl::OkStatus();
  const std::optional<size_t> axis = ResolveAxis(*given, x->size());
  if (!axis) return absl::OkStatus();
  Shape shape = *x;
  shape[*axis] = chosen;
  context.Set(0, context.element(0), std::move(shape));
  return absl::OkStatus();
}

absl::Status Unique(RuleContext& context) {
  const Shape* x = context.shape(0);
  context.Set(0, context.element(0), std::nullopt);
  for (size_t i = 1; i < 4; ++i) context.Set(i, ElementType::kInt64, UnknownShape(1));
  const std::optional<int64_t> given = context.FindInt("axis");
  if (!given) {
    context.Set(0, context.element(0), UnknownShape(1));
    if (x != nullptr) context.Set(2, ElementType::kInt64, Shape{ProductOfDims(*x)});
    return absl::OkStatus();
  }
  if (x == nullptr) return absl::OkStatus();
  const std::optional<size_t> axis = ResolveAxis(*given, x->size());
  if (!axis) return absl::OkStatus();
  Shape shape = *x;
  shape[*axis] = Dim::Unknown();
  context.Set(2, ElementType::kInt64, Shape{(*x)[*axis]});
  context.Set(0, context.element(0), std::move(shape));
  return absl::OkStatus();
}

absl::Status OneHot(RuleContext& context) {
  const Shape* indices = context.shape(0);
  context.Set(0, context.element(2), std::nullopt);
  if (indices == nullptr) return absl::OkStatus();
  const std::optional<size_t> axis = ResolveAxis(context.Int("axis", -1), indices->size() + 1);
  if (!axis) return absl::OkStatus();
  Dim depth = Dim::Unknown();
  if (const PartialValue* value = context.value(1);
      value != nullptr && value->elements.size() == 1) {
    const Scalar& element = value->elements[0];
    // The depth may be a real number.
    depth = element.is_real() && element.real() >= 0 && element.real() < 1e15
                ? Dim::Known(static_cast<int64_t>(element.real()))
                : DimOfScalar(element, context.symbols());
  }
  Shape shape = *indices;
  shape.insert(shape.begin() + static_cast<ptrdiff_t>(*axis), depth);
  context.Set(0, context.element(2), std::move(shape));
  return absl::OkStatus();
}

constexpr ShapeRuleEntry kRules[] = {
    {"Compress", Compress},
    {"Gather", Gather},
    {"GatherElements", GatherElements},
    {"GatherND", GatherNd},
    {"NonZero", NonZero},
    {"OneHot", OneHot},
    {"Scatter", SameAsFirst},
    {"ScatterElements", SameAsFirst},
    {"ScatterND", SameAsFirst},
    {"Slice", Slice},
    {"TensorScatter", SameAsFirst},
    {"TopK", TopK},
    {"Unique", Unique},
};

}  // namespace

absl::Span<const ShapeRuleEntry> IndexingShapeRules() { return kRules; }

}  // namespace allot
