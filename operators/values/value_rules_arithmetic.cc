// Arithmetic, comparison and logic on partly known elements.
#include <algorithm>
#include <cmath>
#include <limits>

#include "operators/rules/shape_arithmetic.h"
#include "operators/rules/tensor_index.h"
#include "operators/values/value_rules.h"

namespace allot {
namespace {

using ir::ElementType;

// What a rule on scalars may look at besides them.
struct Facts {
  ElementType element = ElementType::kUndefined;  // of the result
  bool c_remainder = false;                       // Mod: fmod=1
};
using Binary = Scalar (*)(const Scalar& a, const Scalar& b, const Facts& facts);
using Unary = Scalar (*)(const Scalar& a, const Facts& facts);

Scalar Truth(bool value) { return Scalar::Integer(value ? 1 : 0); }

bool BothIntegers(const Scalar& a, const Scalar& b) { return a.is_integer() && b.is_integer(); }
bool BothReals(const Scalar& a, const Scalar& b) { return a.is_real() && b.is_real(); }

// --- two operands --------------------------------------------------------------------------------

Scalar Add(const Scalar& a, const Scalar& b, const Facts& facts) {
  if (BothReals(a, b)) return RealAs(facts.element, a.real() + b.real());
  if (a.Is(0)) return b;
  if (b.Is(0)) return a;
  int64_t sum = 0;
  if (!BothIntegers(a, b) || __builtin_add_overflow(a.integer(), b.integer(), &sum)) return {};
  return IntegerAs(facts.element, sum);
}

Scalar Subtract(const Scalar& a, const Scalar& b, const Facts& facts) {
  if (BothReals(a, b)) return RealAs(facts.element, a.real() - b.real());
  if (b.Is(0)) return a;
  if (a.is_symbol() && a.SameAs(b)) return Scalar::Integer(0);
  int64_t difference = 0;
  if (!BothIntegers(a, b) || __builtin_sub_overflow(a.integer(), b.integer(), &difference)) {
    return {};
  }
  return IntegerAs(facts.element, difference);
}

Scalar Multiply(const Scalar& a, const Scalar& b, const Facts& facts) {
  if (BothReals(a, b)) return RealAs(facts.element, a.real() * b.real());
  if (a.Is(1)) return b;
  if (b.Is(1)) return a;
  if (a.Is(0) || b.Is(0)) return Scalar::Integer(0);
  int64_t product = 0;
  if (!BothIntegers(a, b) || __builtin_mul_overflow(a.integer(), b.integer(), &product)) return {};
  return IntegerAs(facts.element, product);
}

Scalar Divide(const Scalar& a, const Scalar& b, const Facts& facts) {
  if (BothReals(a, b)) return RealAs(facts.element, a.real() / b.real());
  if (b.Is(1)) return a;
  if (!BothIntegers(a, b) || b.integer() == 0 || b.integer() == -1) return {};
  // Rounding of negative quotients is not the same everywhere.
  if ((a.integer() < 0 || b.integer() < 0) && a.integer() % b.integer() != 0) return {};
  return IntegerAs(facts.element, a.integer() / b.integer());
}

Scalar Modulo(const Scalar& a, const Scalar& b, const Facts& facts) {
  if (BothReals(a, b)) {
    return facts.c_remainder ? RealAs(facts.element, std::fmod(a.real(), b.real())) : Scalar();
  }
  if (b.Is(1)) return Scalar::Integer(0);
  if (!BothIntegers(a, b) || b.integer() == 0 || b.integer() == -1) return {};
  int64_t remainder = a.integer() % b.integer();
  if (!facts.c_remainder && remainder != 0 && (remainder < 0) != (b.integer() < 0)) {
    remainder += b.integer();
  }
  return IntegerAs(facts.element, remainder);
}

// Runtimes may go through double precision: results beyond its integers are not claimed.
Scalar Power(const Scalar& a, const Scalar& b, const Facts& facts) {
  constexpr int64_t kMost = int64_t{1} << 53;
  if (!BothIntegers(a, b) || b.integer() < 0 || b.integer() > 64) return {};
  int64_t power = 1;
  for (int64_t i = 0; i < b.integer(); ++i) {
    if (__builtin_mul_overflow(power, a.integer(), &power) || power > kMost || power < -kMost) {
      return {};
    }
  }
  return IntegerAs(facts.element, power);
}

Scalar Larger(const Scalar& a, const Scalar& b, const Facts& facts) {
  if (BothIntegers(a, b)) return IntegerAs(facts.element, std::max(a.integer(), b.integer()));
  if (BothReals(a, b) && a.real() == a.real() && b.real() == b.real()) {
    return RealAs(facts.element, std::max(a.real(), b.real()));
  }
  if (a.is_symbol() && (a.SameAs(b) || (b.is_integer() && b.integer() <= 0))) return a;
  if (b.is_symbol() && a.is_integer() && a.integer() <= 0) return b;
  return {};
}

Scalar Smaller(const Scalar& a, const Scalar& b, const Facts& facts) {
  if (BothIntegers(a, b)) return IntegerAs(facts.element, std::min(a.integer(), b.integer()));
  if (BothReals(a, b) && a.real() == a.real() && b.real() == b.real()) {
    return RealAs(facts.element, std::min(a.real(), b.real()));
  }
  if (a.is_symbol() && a.SameAs(b)) return a;
  if (a.is_symbol() && b.is_integer() && b.integer() <= 0) return b;
  if (b.is_symbol() && a.is_integer() && a.integer() <= 0) return a;
  return {};
}

// -1, 0 or 1 if a is smaller than, equal to or larger than b for certain.
std::optional<int> Order(const Scalar& a, const Scalar& b) {
  if (BothIntegers(a, b)) {
    return a.integer() < b.integer() ? -1 : a.integer() > b.integer() ? 1 : 0;
  }
  if (BothReals(a, b) && a.real() == a.real() && b.real() == b.real()) {
    return a.real() < b.real() ? -1 : a.real() > b.real() ? 1 : 0;
  }
  if (a.is_symbol() && a.SameAs(b)) return 0;
  if (a.is_symbol() && b.is_integer() && b.integer() < 0) return 1;
  if (b.is_symbol() && a.is_integer() && a.integer() < 0) return -1;
  return std::nullopt;
}

Scalar Equal(const Scalar& a, const Scalar& b, const Facts&) {
  const std::optional<int> order = Order(a, b);
  return order ? Truth(*order == 0) : Scalar();
}

Scalar Less(const Scalar& a, const Scalar& b, const Facts&) {
  const std::optional<int> order = Order(a, b);
  if (order) return Truth(*order < 0);
  return a.is_symbol() && b.Is(0) ? Truth(false) : Scalar();
}

Scalar Greater(const Scalar& a, const Scalar& b, const Facts& facts) { return Less(b, a, facts); }

Scalar LessOrEqual(const Scalar& a, const Scalar& b, const Facts& facts) {
  const Scalar greater = Greater(a, b, facts);
  return greater.is_integer() ? Truth(greater.Is(0)) : Scalar();
}

Scalar GreaterOrEqual(const Scalar& a, const Scalar& b, const Facts& facts) {
  const Scalar less = Less(a, b, facts);
  return less.is_integer() ? Truth(less.Is(0)) : Scalar();
}

Scalar And(const Scalar& a, const Scalar& b, const Facts&) {
  if (a.Is(0) || b.Is(0)) return Truth(false);
  return BothIntegers(a, b) ? Truth(true) : Scalar();
}

Scalar Or(const Scalar& a, const Scalar& b, const Facts&) {
  if (a.Is(1) || b.Is(1)) return Truth(true);
  return BothIntegers(a, b) ? Truth(false) : Scalar();
}

Scalar Xor(const Scalar& a, const Scalar& b, const Facts&) {
  return BothIntegers(a, b) ? Truth(a.integer() != b.integer()) : Scalar();
}

// --- one operand ---------------------------------------------------------------------------------

Scalar Negate(const Scalar& a, const Facts& facts) {
  if (a.is_real()) return RealAs(facts.element, -a.real());
  if (!a.is_integer() || a.integer() == std::numeric_limits<int64_t>::min()) return {};
  return IntegerAs(facts.element, -a.integer());
}

Scalar Absolute(const Scalar& a, const Facts& facts) {
  if (a.is_real()) return RealAs(facts.element, std::fabs(a.real()));
  if (a.is_symbol()) return a;
  return a.is_integer() && a.integer() < 0 ? Negate(a, facts) : a;
}

Scalar Sign(const Scalar& a, const Facts& facts) {
  if (a.is_integer()) return Scalar::Integer(a.integer() < 0 ? -1 : a.integer() > 0 ? 1 : 0);
  if (!a.is_real() || a.real() != a.real()) return {};
  return RealAs(facts.element, a.real() < 0 ? -1 : a.real() > 0 ? 1 : 0);
}

Scalar Rectify(const Scalar& a, const Facts&) {
  if (a.is_integer()) return Scalar::Integer(std::max<int64_t>(a.integer(), 0));
  if (a.is_real() && a.real() == a.real()) return Scalar::Real(std::max(a.real(), 0.0));
  return a.is_symbol() ? a : Scalar();
}

Scalar Not(const Scalar& a, const Facts&) { return a.is_integer() ? Truth(a.Is(0)) : Scalar(); }

Scalar Floor(const Scalar& a, const Facts& facts) {
  return a.is_real() ? RealAs(facts.element, std::floor(a.real())) : Scalar();
}

Scalar Ceil(const Scalar& a, const Facts& facts) {
  return a.is_real() ? RealAs(facts.element, std::ceil(a.real())) : Scalar();
}

// Halves go to the even neighbour.
Scalar Round(const Scalar& a, const Facts& facts) {
  if (!a.is_real() || !std::isfinite(a.real())) return {};
  const double below = std::floor(a.real());
  const double part = a.real() - below;
  const bool up = part > 0.5 || (part == 0.5 && std::fmod(below, 2.0) != 0);
  return RealAs(facts.element, up ? below + 1 : below);
}

Scalar SquareRoot(const Scalar& a, const Facts& facts) {
  return a.is_real() && a.real() >= 0 ? RealAs(facts.element, std::sqrt(a.real())) : Scalar();
}

Scalar Reciprocal(const Scalar& a, const Facts& facts) {
  return a.is_real() && a.real() != 0 ? RealAs(facts.element, 1.0 / a.real()) : Scalar();
}

// Conversion to the element type of the result. Out of range, C++ and runtimes disagree.
Scalar Convert(const Scalar& a, const Facts& facts) {
  const bool to_real =
      facts.element == ElementType::kFloat || facts.element == ElementType::kDouble;
  if (facts.element == ElementType::kBool) {
    if (a.is_integer()) return Truth(a.integer() != 0);
    return a.is_real() ? Truth(a.real() != 0) : Scalar();
  }
  if (to_real) {
    if (a.is_real()) return RealAs(facts.element, a.real());
    // Beyond 2^53 the way through double would round twice.
    constexpr int64_t kExact = int64_t{1} << 53;
    if (!a.is_integer() || a.integer() > kExact || a.integer() < -kExact) return {};
    return RealAs(facts.element, static_cast<double>(a.integer()));
  }
  if (a.is_real()) {
    if (!(std::fabs(a.real()) < 9e18)) return {};
    return IntegerAs(facts.element, static_cast<int64_t>(a.real()));  // towards zero
  }
  if (a.is_symbol()) {
    const bool wide = facts.element == ElementType::kInt64 || facts.element == ElementType::kInt32;
    return wide ? a : Scalar();
  }
  return a.is_integer() ? IntegerAs(facts.element, a.integer()) : Scalar();
}

// --- over tensors --------------------------------------------------------------------------------

Facts FactsOf(RuleContext& context) {
  return {context.results()[0].element, context.Int("fmod", 0) != 0};
}

// Folds the operands from the left: right for binary operators and for Min, Max and Sum.
template <Binary kFunction>
void Fold(RuleContext& context) {
  const std::optional<std::vector<int64_t>> dims = TrackedDims(context);
  if (!dims || context.num_operands() == 0) return;
  bool any = false;
  for (size_t i = 0; i < context.num_operands(); ++i) any = any || context.value(i) != nullptr;
  if (!any) return;
  const Facts facts = FactsOf(context);
  PartialValue result = PartialValue::Unknown(*dims);
  for (size_t i = 0; i < context.num_operands(); ++i) {
    const std::optional<PartialValue> operand = context.ValueOrUnknown(i);
    if (!operand || operand->dims.size() > dims->size()) return;
    // Before opset 7 an attribute says where the second operand goes.
    if (context.opset() < 7 && operand->elements.size() != 1 && operand->dims != *dims) return;
    std::vector<int64_t> index(dims->size(), 0);
    for (Scalar& element : result.elements) {
      const int64_t offset = BroadcastOffset(operand->dims, index);
      if (offset >= static_cast<int64_t>(operand->elements.size())) return;
      const Scalar& other = operand->elements[static_cast<size_t>(offset)];
      element = i == 0 ? other : kFunction(element, other, facts);
      NextIndex(*dims, index);
    }
  }
  context.SetValue(0, std::move(result));
}

template <Unary kFunction>
void Map(RuleContext& context) {
  const PartialValue* operand = context.value(0);
  if (operand == nullptr || !TrackedDims(context)) return;
  const Facts facts = FactsOf(context);
  PartialValue result = *operand;
  for (Scalar& element : result.elements) element = kFunction(element, facts);
  context.SetValue(0, std::move(result));
}

// Bounds are operands from opset 11; an absent one does not bound.
void Clip(RuleContext& context) {
  const PartialValue* operand = context.value(0);
  if (operand == nullptr || context.opset() < 11 || !TrackedDims(context)) return;
  const Facts facts = FactsOf(context);
  PartialValue result = *operand;
  for (const size_t i : {size_t{1}, size_t{2}}) {
    if (!context.Has(i)) continue;
    const PartialValue* bound = context.value(i);
    if (bound == nullptr || bound->elements.size() != 1) return;
    for (Scalar& element : result.elements) {
      element = i == 1 ? Larger(element, bound->elements[0], facts)
                       : Smaller(element, bound->elements[0], facts);
    }
  }
  context.SetValue(0, std::move(result));
}

void Where(RuleContext& context) {
  const std::optional<std::vector<int64_t>> dims = TrackedDims(context);
  if (!dims) return;
  const std::optional<PartialValue> condition = context.ValueOrUnknown(0);
  const std::optional<PartialValue> yes = context.ValueOrUnknown(1);
  const std::optional<PartialValue> no = context.ValueOrUnknown(2);
  if (!condition || !yes || !no) return;
  PartialValue result = PartialValue::Unknown(*dims);
  std::vector<int64_t> index(dims->size(), 0);
  const auto at = [&index](const PartialValue& value) {
    if (value.dims.size() > index.size()) return Scalar();
    const size_t offset = static_cast<size_t>(BroadcastOffset(value.dims, index));
    return offset < value.elements.size() ? value.elements[offset] : Scalar();
  };
  for (Scalar& element : result.elements) {
    const Scalar chosen = at(*condition);
    if (chosen.is_integer()) {
      element = chosen.Is(0) ? at(*no) : at(*yes);
    } else if (at(*yes).SameAs(at(*no))) {
      element = at(*yes);
    }
    NextIndex(*dims, index);
  }
  context.SetValue(0, std::move(result));
}

// Reduction over axes, element by element in row-major order. Sums and products of real numbers
// depend on the order of evaluation: only their extrema are known.
template <Binary kFunction, bool kExactOnReals>
void Reduce(RuleContext& context) {
  const PartialValue* operand = context.value(0);
  const std::optional<std::vector<int64_t>> dims = TrackedDims(context);
  if (operand == nullptr || !dims || operand->elements.empty()) return;
  const ElementType element = context.results()[0].element;
  if (!kExactOnReals && !RangeOf(element)) return;
  const RuleContext::List axes = context.AttributeOrOperand("axes", 1);
  if (axes.state == RuleContext::ListState::kUnknown) return;
  const size_t rank = operand->dims.size();
  const bool none = axes.values.empty() && context.Int("noop_with_empty_axes", 0) != 0;
  std::vector<bool> gone(rank, axes.values.empty() && !none);
  for (const int64_t axis : axes.values) {
    const std::optional<size_t> resolved = ResolveAxis(axis, rank);
    if (!resolved) return;
    gone[*resolved] = true;
  }
  std::vector<int64_t> kept;  // the result's shape with reduced axes as 1
  for (size_t i = 0; i < rank; ++i) kept.push_back(gone[i] ? 1 : operand->dims[i]);
  PartialValue result = PartialValue::Unknown(*dims);
  if (CountElements(kept) != static_cast<int64_t>(result.elements.size())) return;
  std::vector<bool> started(result.elements.size(), false);
  std::vector<int64_t> index(rank, 0);
  const Facts facts = FactsOf(context);
  for (const Scalar& one : operand->elements) {
    const size_t offset = static_cast<size_t>(BroadcastOffset(kept, index));
    Scalar& sum = result.elements[offset];
    sum = started[offset] ? kFunction(sum, one, facts) : one;
    started[offset] = true;
    NextIndex(operand->dims, index);
  }
  context.SetValue(0, std::move(result));
}

void CumulativeSum(RuleContext& context) {
  const PartialValue* operand = context.value(0);
  if (operand == nullptr || !TrackedDims(context)) return;
  const ElementType element = context.results()[0].element;
  const std::optional<int64_t> given = context.Integer(1);
  if (!given || !RangeOf(element)) return;
  const std::optional<size_t> axis = ResolveAxis(*given, operand->dims.size());
  if (!axis) return;
  const bool exclusive = context.Int("exclusive", 0) != 0;
  const bool reverse = context.Int("reverse", 0) != 0;
  const int64_t length = operand->dims[*axis];
  const int64_t stride = RowMajorStrides(operand->dims)[*axis];
  const Facts facts = FactsOf(context);
  PartialValue result = *operand;
  for (size_t start = 0; start < operand->elements.size(); ++start) {
    if ((static_cast<int64_t>(start) / stride) % std::max<int64_t>(length, 1) != 0) continue;
    Scalar sum = Scalar::Integer(0);
    for (int64_t i = 0; i < length; ++i) {
      const int64_t place = reverse ? length - 1 - i : i;
      const size_t at = start + static_cast<size_t>(place * stride);
      const Scalar before = sum;
      sum = Add(sum, operand->elements[at], facts);
      result.elements[at] = exclusive ? before : sum;
    }
  }
  context.SetValue(0, std::move(result));
}

constexpr ValueRuleEntry kRules[] = {
    {"Abs", Map<Absolute>},
    {"Add", Fold<Add>},
    {"And", Fold<And>},
    {"Cast", Map<Convert>},
    {"CastLike", Map<Convert>},
    {"Ceil", Map<Ceil>},
    {"Clip", Clip},
    {"CumSum", CumulativeSum},
    {"Div", Fold<Divide>},
    {"Equal", Fold<Equal>},
    {"Floor", Map<Floor>},
    {"Greater", Fold<Greater>},
    {"GreaterOrEqual", Fold<GreaterOrEqual>},
    {"Less", Fold<Less>},
    {"LessOrEqual", Fold<LessOrEqual>},
    {"Max", Fold<Larger>},
    {"Min", Fold<Smaller>},
    {"Mod", Fold<Modulo>},
    {"Mul", Fold<Multiply>},
    {"Neg", Map<Negate>},
    {"Not", Map<Not>},
    {"Or", Fold<Or>},
    {"Pow", Fold<Power>},
    {"Reciprocal", Map<Reciprocal>},
    {"ReduceMax", Reduce<Larger, true>},
    {"ReduceMin", Reduce<Smaller, true>},
    {"ReduceProd", Reduce<Multiply, false>},
    {"ReduceSum", Reduce<Add, false>},
    {"Relu", Map<Rectify>},
    {"Round", Map<Round>},
    {"Sign", Map<Sign>},
    {"Sqrt", Map<SquareRoot>},
    {"Sub", Fold<Subtract>},
    {"Where", Where},
    {"Xor", Fold<Xor>},
};

}  // namespace

absl::Span<const ValueRuleEntry> ArithmeticValueRules() { return kRules; }

}  // namespace allot
