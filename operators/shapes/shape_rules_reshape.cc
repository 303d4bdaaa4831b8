// Operators that give the same elements another shape.
#include <map>

#include "operators/rules/shape_arithmetic.h"
#include "operators/shapes/shape_rules.h"
#include "support/status.h"

namespace allot {
namespace {

using ir::Dim;
using ir::Shape;

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

constexpr ShapeRuleEntry kRules[] = {
    {"Flatten", Flatten},
    {"Reshape", Reshape},
    {"Squeeze", Squeeze},
    {"Unsqueeze", Unsqueeze},
};

}  // namespace

absl::Span<const ShapeRuleEntry> ReshapeShapeRules() { return kRules; }

}  // namespace allot
