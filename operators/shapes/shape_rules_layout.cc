// Operators that rearrange, repeat or join elements without choosing among them.
#include <algorithm>

#include "operators/rules/shape_arithmetic.h"
#include "operators/shapes/shape_rules.h"
#include "support/status.h"

namespace allot {
namespace {

using ir::Dim;
using ir::ElementType;
using ir::Shape;

absl::Status Transpose(RuleContext& context) {
  const Shape* x = context.shape(0);
  context.Set(0, context.element(0), std::nullopt);
  if (x == nullptr) return absl::OkStatus();
  const std::optional<std::vector<int64_t>> order = context.Ints("perm");
  Shape shape;
  if (!order) {
    shape.assign(x->rbegin(), x->rend());
  } else {
    if (order->size() != x->size()) return absl::OkStatus();
    for (const int64_t axis : *order) {
      const std::optional<size_t> resolved = ResolveAxis(axis, x->size());
      if (!resolved) return absl::OkStatus();
      shape.push_back((*x)[*resolved]);
    }
  }
  context.Set(0, context.element(0), std::move(shape));
  return absl::OkStatus();
}

absl::Status Concat(RuleContext& context) {
  ElementType element = ElementType::kUndefined;
  for (size_t i = 0; i < context.num_operands(); ++i) {
    if (element == ElementType::kUndefined) element = context.element(i);
  }
  context.Set(0, element, std::nullopt);
  if (context.num_operands() == 0 || context.shape(0) == nullptr) return absl::OkStatus();
  const std::optional<size_t> axis =
      ResolveAxis(context.Int("axis", context.opset() < 4 ? 1 : 0), context.shape(0)->size());
  if (!axis) return absl::OkStatus();
  Shape shape = *context.shape(0);
  bool sum_known = true;
  for (size_t i = 1; i < context.num_operands(); ++i) {
    const Shape* operand = context.shape(i);
    if (operand == nullptr) {
      // The rank and the other dimensions are those of the operands seen.
      sum_known = false;
      continue;
    }
    if (operand->size() != shape.size()) {
      return InputError("ranks ", shape.size(), " and ", operand->size(), " differ");
    }
    for (size_t j = 0; j < shape.size(); ++j) {
      if (j == *axis) {
        // An unknown part stays unknown even if a zero follows.
        shape[j] = AddDims(shape[j], (*operand)[j]);
      } else {
        ALLOT_ASSIGN_OR_RETURN(shape[j], UnifyDims(shape[j], (*operand)[j]), "axis ", j, ": ");
      }
    }
  }
  if (!sum_known) shape[*axis] = Dim::Unknown();
  context.Set(0, element, std::move(shape));
  return absl::OkStatus();
}

absl::Status Expand(RuleContext& context) {
  const Shape* x = context.shape(0);
  context.Set(0, context.element(0), std::nullopt);
  if (x == nullptr) return absl::OkStatus();
  Shape target;
  if (const PartialValue* sizes = context.value(1)) {
    for (const Scalar& size : sizes->elements) {
      target.push_back(DimOfScalar(size, context.symbols()));
    }
  } else {
    const Shape* list = context.shape(1);
    if (list == nullptr || list->size() != 1 || !(*list)[0].known() || (*list)[0].size > 64) {
      return absl::OkStatus();
    }
    target = UnknownShape(static_cast<size_t>((*list)[0].size));
  }
  ALLOT_ASSIGN_OR_RETURN(Shape shape, BroadcastShapes(*x, target));
  context.Set(0, context.element(0), std::move(shape));
  return absl::OkStatus();
}

absl::Status Tile(RuleContext& context) {
  const Shape* x = context.shape(0);
  context.Set(0, context.element(0), std::nullopt);
  if (x == nullptr) return absl::OkStatus();
  if (context.opset() < 6) {  // tiles and axis are operands
    context.Set(0, context.element(0), UnknownShape(x->size()));
    return absl::OkStatus();
  }
  Shape shape = UnknownShape(x->size());
  const PartialValue* repeats = context.value(1);
  if (repeats != nullptr && repeats->elements.size() == x->size()) {
    for (size_t i = 0; i < x->size(); ++i) {
      shape[i] = MultiplyDims((*x)[i], DimOfScalar(repeats->elements[i], context.symbols()));
    }
  }
  context.Set(0, context.element(0), std::move(shape));
  return absl::OkStatus();
}

absl::Status Pad(RuleContext& context) {
  const Shape* x = context.shape(0);
  context.Set(0, context.element(0), std::nullopt);
  if (x == nullptr) return absl::OkStatus();
  const size_t rank = x->size();
  std::vector<size_t> axes;
  bool axes_known = true;
  if (context.Has(3)) {
    const std::optional<std::vector<int64_t>> listed = context.Integers(3);
    axes_known = listed.has_value();
    for (const int64_t axis : listed.value_or(std::vector<int64_t>())) {
      const std::optional<size_t> resolved = ResolveAxis(axis, rank);
      if (!resolved) axes_known = false;
      axes.push_back(resolved.value_or(0));
    }
  } else {
    for (size_t i = 0; i < rank; ++i) axes.push_back(i);
  }
  std::vector<Scalar> pads;
  if (context.Has(1)) {
    if (const PartialValue* value = context.value(1)) pads = value->elements;
  } else {
    const std::optional<std::vector<int64_t>> listed =
        context.Ints(context.HasAttribute("paddings") ? "paddings" : "pads");
    for (const int64_t pad : listed.value_or(std::vector<int64_t>())) {
      pads.push_back(Scalar::Integer(pad));
    }
  }
  Shape shape = *x;
  if (!axes_known) {
    shape = UnknownShape(rank);
  } else if (pads.size() != 2 * axes.size()) {
    for (const size_t axis : axes) shape[axis] = Dim::Unknown();
  } else {
    for (size_t i = 0; i < axes.size(); ++i) {
      const Scalar& begin = pads[i];
      const Scalar& end = pads[axes.size() + i];
      Dim& dim = shape[axes[i]];
      int64_t added = 0, size = 0;
      if (!begin.is_integer() || !end.is_integer() ||
          __builtin_add_overflow(begin.integer(), end.integer(), &added)) {
        dim = Dim::Unknown();
      } else if (added != 0) {
        // Negative pads crop.
        const bool certain = dim.known() && !__builtin_add_overflow(dim.size, added, &size);
        dim = certain && size >= 0 ? Dim::Known(size) : Dim::Unknown();
      }
    }
  }
  context.Set(0, context.element(0), std::move(shape));
  return absl::OkStatus();
}

absl::Status DepthToSpace(RuleContext& context) {
  const Shape* x = context.shape(0);
  const int64_t block = context.Int("blocksize", 0);
  context.Set(0, context.element(0), UnknownShape(4));
  if (x == nullptr || x->size() != 4 || block < 1 || block > 65536) return absl::OkStatus();
  context.Set(0, context.element(0),
              Shape{(*x)[0], DivideDim((*x)[1], block * block), MultiplyDim((*x)[2], block),
                    MultiplyDim((*x)[3], block)});
  return absl::OkStatus();
}

absl::Status SpaceToDepth(RuleContext& context) {
  const Shape* x = context.shape(0);
  const int64_t block = context.Int("blocksize", 0);
  context.Set(0, context.element(0), UnknownShape(4));
  if (x == nullptr || x->size() != 4 || block < 1 || block > 65536) return absl::OkStatus();
  context.Set(0, context.element(0),
              Shape{(*x)[0], MultiplyDim((*x)[1], block * block), DivideDim((*x)[2], block),
                    DivideDim((*x)[3], block)});
  return absl::OkStatus();
}

// The sizes of the parts are an attribute (before opset 13), an operand, or equal: with
// "num_outputs" (opset 18) the last part is the smaller one.
absl::Status Split(RuleContext& context) {
  const Shape* x = context.shape(0);
  const size_t parts = context.num_results();
  for (size_t i = 0; i < parts; ++i) context.Set(i, context.element(0), std::nullopt);
  if (x == nullptr || parts == 0) return absl::OkStatus();
  const std::optional<size_t> axis = ResolveAxis(context.Int("axis", 0), x->size());
  if (!axis) return absl::OkStatus();
  const RuleContext::List sizes = context.AttributeOrOperand("split", 1);
  const Dim& whole = (*x)[*axis];
  std::vector<Dim> part(parts);
  if (const PartialValue* value = context.value(1);
      value != nullptr && value->elements.size() == parts) {
    for (size_t i = 0; i < parts; ++i) {
      part[i] = DimOfScalar(value->elements[i], context.symbols());
    }
  } else if (sizes.state == RuleContext::ListState::kKnown) {
    if (sizes.values.size() == parts) part = KnownShape(sizes.values);
  } else if (sizes.state == RuleContext::ListState::kAbsent) {
    const int64_t count = static_cast<int64_t>(parts);
    const bool chunked = context.HasAttribute("num_outputs");
    constexpr int64_t kMost = int64_t{1} << 61;  // no sum below overflows
    if (whole.known() && whole.size < kMost && (chunked || whole.size % count == 0)) {
      const int64_t chunk = (whole.size + count - 1) / count;
      for (int64_t i = 0; i < count; ++i) {
        const int64_t left = whole.size - i * chunk;
        // More parts than elements: not defined.
        if (left < 0) return absl::OkStatus();
        part[static_cast<size_t>(i)] = Dim::Known(std::min(chunk, left));
      }
    } else if (count == 1) {
      part[0] = whole;
    }
  }
  for (size_t i = 0; i < parts; ++i) {
    Shape shape = *x;
    shape[*axis] = part[i];
    context.Set(i, context.element(0), std::move(shape));
  }
  return absl::OkStatus();
}

constexpr ShapeRuleEntry kRules[] = {
    {"Concat", Concat},
    {"DepthToSpace", DepthToSpace},
    {"Expand", Expand},
    {"Pad", Pad},
    {"ReverseSequence", SameAsFirst},
    {"SpaceToDepth", SpaceToDepth},
    {"Split", Split},
    {"Tile", Tile},
    {"Transpose", Transpose},
    {"Trilu", SameAsFirst},
};

}  // namespace

absl::Span<const ShapeRuleEntry> LayoutShapeRules() { return kRules; }

}  // namespace allot
