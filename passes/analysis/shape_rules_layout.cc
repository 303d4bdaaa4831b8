// Operators that rearrange elements without choosing among them.
#include <algorithm>
#include <map>

#include "passes/analysis/shape_arithmetic.h"
#include "passes/analysis/shape_rules.h"
#include "support/status.h"

namespace allot {
namespace {

using ir::Dim;
using ir::ElementType;
using ir::Shape;

// --- Reshape -------------------------------------------------------------------------------------

// One requested dimension: kept from the data, a fixed size, or left open (-1, or an element of
// which nothing is known). Whatever it is, the number of elements stays.
struct Wanted {
  enum class Kind { kCopied, kFixed, kOpen } kind = Kind::kOpen;
  Dim dim;
};

// The size of the one open dimension: the elements of `data` over those of the other dimensions.
// Equal symbols cancel, as do dimensions that are copied. Unknown if anything is left.
absl::StatusOr<Dim> SolveOpen(const Shape& data, const std::vector<Wanted>& wanted) {
  Dim total = Dim::Known(1), fixed = Dim::Known(1);
  std::map<std::string, int> symbols;  // exponent in the quotient
  for (size_t i = 0; i < data.size(); ++i) {
    if (i < wanted.size() && wanted[i].kind == Wanted::Kind::kCopied) continue;
    if (data[i].known()) {
      total = MultiplyDims(total, data[i]);
    } else if (!data[i].symbol.empty()) {
      ++symbols[data[i].symbol];
    } else {
      return Dim::Unknown();
    }
  }
  for (const Wanted& one : wanted) {
    if (one.kind != Wanted::Kind::kFixed) continue;
    if (one.dim.known()) {
      fixed = MultiplyDims(fixed, one.dim);
    } else {
      --symbols[one.dim.symbol];
    }
  }
  if (!total.known() || !fixed.known() || fixed.size == 0) return Dim::Unknown();
  std::string left;
  for (const auto& [symbol, exponent] : symbols) {
    if (exponent == 0) continue;
    if (exponent != 1 || !left.empty()) return Dim::Unknown();
    left = symbol;
  }
  if (!left.empty()) {
    return total.size == fixed.size ? Dim::Symbol(left) : Dim::Unknown();
  }
  if (total.size % fixed.size != 0) {
    return InputError(total.size, " elements do not divide by ", fixed.size);
  }
  return Dim::Known(total.size / fixed.size);
}

absl::Status ReshapeTo(RuleContext& context, const std::vector<Scalar>& target) {
  const Shape* data = context.shape(0);
  const bool allow_zero = context.Int("allowzero", 0) != 0;
  std::vector<Wanted> wanted(target.size());
  std::optional<size_t> open;
  size_t num_open = 0;
  bool rank_error = false;
  for (size_t i = 0; i < target.size(); ++i) {
    Wanted& one = wanted[i];
    const Scalar& element = target[i];
    if (element.Is(0) && !allow_zero) {
      one.kind = Wanted::Kind::kCopied;
      if (data != nullptr && i < data->size()) {
        one.dim = (*data)[i];
      } else if (data != nullptr) {
        rank_error = true;
      }
    } else if ((element.is_integer() && element.integer() >= 0) || element.is_symbol()) {
      one = {Wanted::Kind::kFixed, DimOfScalar(element, context.symbols())};
    } else {
      one.kind = Wanted::Kind::kOpen;
      open = i;
      ++num_open;
    }
  }
  if (data != nullptr && !rank_error) {
    if (num_open == 1) {
      ALLOT_ASSIGN_OR_RETURN(wanted[*open].dim, SolveOpen(*data, wanted), "reshaping: ");
    } else if (num_open == 0) {
      Shape shape;
      for (const Wanted& one : wanted) shape.push_back(one.dim);
      const std::optional<int64_t> before = ir::NumElements(*data);
      const std::optional<int64_t> after = ir::NumElements(shape);
      if (before && after && *before != *after) {
        return InputError(*before, " elements cannot take the shape ", ShapeText(shape));
      }
    }
  }
  Shape shape;
  for (Wanted& one : wanted) shape.push_back(std::move(one.dim));
  context.Set(0, context.element(0), std::move(shape));
  return absl::OkStatus();
}

absl::Status Reshape(RuleContext& context) {
  context.Set(0, context.element(0), std::nullopt);
  if (!context.Has(1)) {  // opset 1
    const std::optional<std::vector<int64_t>> sizes = context.Ints("shape");
    if (!sizes) return absl::OkStatus();
    std::vector<Scalar> target;
    for (const int64_t size : *sizes) target.push_back(Scalar::Integer(size));
    return ReshapeTo(context, target);
  }
  if (const PartialValue* target = context.value(1)) return ReshapeTo(context, target->elements);
  // Without the elements, their number is the rank. The one size of a result of rank 1 is that of
  // the data.
  const Shape* list = context.shape(1);
  constexpr int64_t kMostRank = 64;
  if (list == nullptr || list->size() != 1 || !(*list)[0].known() || (*list)[0].size > kMostRank) {
    return absl::OkStatus();
  }
  return ReshapeTo(context, std::vector<Scalar>(static_cast<size_t>((*list)[0].size)));
}

// --- the others ----------------------------------------------------------------------------------

absl::Status Flatten(RuleContext& context) {
  const Shape* x = context.shape(0);
  context.Set(0, context.element(0), UnknownShape(2));
  if (x == nullptr) return absl::OkStatus();
  const int64_t given = context.Int("axis", 1);
  const int64_t rank = static_cast<int64_t>(x->size());
  const int64_t axis = given < 0 ? given + rank : given;  // the rank itself is allowed
  if (axis < 0 || axis > rank) return absl::OkStatus();
  const absl::Span<const Dim> dims = *x;
  context.Set(0, context.element(0),
              Shape{ProductOfDims(dims.subspan(0, static_cast<size_t>(axis))),
                    ProductOfDims(dims.subspan(static_cast<size_t>(axis)))});
  return absl::OkStatus();
}

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

absl::Status Squeeze(RuleContext& context) {
  const Shape* x = context.shape(0);
  context.Set(0, context.element(0), std::nullopt);
  if (x == nullptr) return absl::OkStatus();
  const RuleContext::List axes = context.AttributeOrOperand("axes", 1);
  std::vector<bool> gone(x->size(), false);
  switch (axes.state) {
    case RuleContext::ListState::kUnknown: {
      const Shape* list = context.shape(1);
      if (list != nullptr && list->size() == 1 && (*list)[0].known() &&
          (*list)[0].size <= static_cast<int64_t>(x->size())) {
        context.Set(0, context.element(0),
                    UnknownShape(x->size() - static_cast<size_t>((*list)[0].size)));
      }
      return absl::OkStatus();
    }
    case RuleContext::ListState::kAbsent:
      // All dimensions of size 1: the rank is known only if every size is.
      for (size_t i = 0; i < x->size(); ++i) {
        if (!(*x)[i].known()) return absl::OkStatus();
        gone[i] = (*x)[i].size == 1;
      }
      break;
    case RuleContext::ListState::kKnown:
      for (const int64_t axis : axes.values) {
        const std::optional<size_t> resolved = ResolveAxis(axis, x->size());
        if (!resolved) return absl::OkStatus();
        const Dim& dim = (*x)[*resolved];
        if (dim.known() && dim.size != 1) {
          return InputError("axis ", axis, " of size ", dim.size, " cannot be squeezed");
        }
        gone[*resolved] = true;
      }
      break;
  }
  Shape shape;
  for (size_t i = 0; i < x->size(); ++i) {
    if (!gone[i]) shape.push_back((*x)[i]);
  }
  context.Set(0, context.element(0), std::move(shape));
  return absl::OkStatus();
}

absl::Status Unsqueeze(RuleContext& context) {
  const Shape* x = context.shape(0);
  context.Set(0, context.element(0), std::nullopt);
  if (x == nullptr) return absl::OkStatus();
  const RuleContext::List axes = context.AttributeOrOperand("axes", 1);
  if (axes.state != RuleContext::ListState::kKnown) {
    const Shape* list = context.shape(1);
    if (list != nullptr && list->size() == 1 && (*list)[0].known() && (*list)[0].size < 64) {
      context.Set(0, context.element(0),
                  UnknownShape(x->size() + static_cast<size_t>((*list)[0].size)));
    }
    return absl::OkStatus();
  }
  const size_t rank = x->size() + axes.values.size();
  std::vector<bool> added(rank, false);
  for (const int64_t axis : axes.values) {
    const std::optional<size_t> resolved = ResolveAxis(axis, rank);
    if (!resolved || added[*resolved]) return absl::OkStatus();
    added[*resolved] = true;
  }
  Shape shape;
  size_t next = 0;
  for (size_t i = 0; i < rank; ++i) {
    shape.push_back(added[i] ? Dim::Known(1) : (*x)[next++]);
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
    {"Flatten", Flatten},
    {"Pad", Pad},
    {"Reshape", Reshape},
    {"ReverseSequence", SameAsFirst},
    {"SpaceToDepth", SpaceToDepth},
    {"Split", Split},
    {"Squeeze", Squeeze},
    {"Tile", Tile},
    {"Transpose", Transpose},
    {"Trilu", SameAsFirst},
    {"Unsqueeze", Unsqueeze},
};

}  // namespace

absl::Span<const ShapeRuleEntry> LayoutShapeRules() { return kRules; }

}  // namespace allot
