// Operators that make tensors from nothing, from a shape, or from another tensor's shape.
#include <algorithm>
#include <cmath>
#include <limits>

#include "operators/rules/shape_arithmetic.h"
#include "operators/shapes/shape_rules.h"

namespace allot {
namespace {

using ir::Dim;
using ir::ElementType;
using ir::Shape;

absl::Status Constant(RuleContext& context) {
  for (const char* name : {"value", "sparse_value"}) {
    if (const ir::Constant* constant = context.Tensor(name)) {
      // A sparse constant is stored sparsely; the result is an ordinary tensor.
      context.Set(0, constant->element, KnownShape(constant->dims));
      return absl::OkStatus();
    }
  }
  const auto list = [&context](ElementType element, size_t size) {
    context.Set(0, element, Shape{Dim::Known(static_cast<int64_t>(size))});
  };
  if (const auto ints = context.Ints("value_ints")) list(ElementType::kInt64, ints->size());
  if (const auto floats = context.Floats("value_floats")) list(ElementType::kFloat, floats->size());
  if (const auto texts = context.Strings("value_strings")) {
    list(ElementType::kString, texts->size());
  }
  if (context.FindInt("value_int")) context.Set(0, ElementType::kInt64, Shape{});
  if (context.HasAttribute("value_float")) context.Set(0, ElementType::kFloat, Shape{});
  if (context.HasAttribute("value_string")) context.Set(0, ElementType::kString, Shape{});
  return absl::OkStatus();
}

// The shape that operand `i` holds the sizes of.
std::optional<Shape> ShapeInOperand(const RuleContext& context, size_t i) {
  if (const PartialValue* sizes = context.value(i)) {
    Shape shape;
    for (const Scalar& size : sizes->elements) {
      shape.push_back(DimOfScalar(size, context.symbols()));
    }
    return shape;
  }
  constexpr int64_t kMostRank = 64;
  const Shape* list = context.shape(i);
  if (list == nullptr || list->size() != 1 || !(*list)[0].known() || (*list)[0].size > kMostRank) {
    return std::nullopt;
  }
  return UnknownShape(static_cast<size_t>((*list)[0].size));
}

absl::Status ConstantOfShape(RuleContext& context) {
  const ir::Constant* value = context.Tensor("value");
  context.Set(0, value == nullptr ? ElementType::kFloat : value->element,
              ShapeInOperand(context, 0));
  return absl::OkStatus();
}

absl::Status ShapeOf(RuleContext& context) {
  const Shape* x = context.shape(0);
  if (x == nullptr) {
    context.Set(0, ElementType::kInt64, UnknownShape(1));
    return absl::OkStatus();
  }
  const int64_t rank = static_cast<int64_t>(x->size());
  const auto place = [rank](int64_t at) {
    const int64_t from_front = at < 0 ? std::max<int64_t>(at, -rank) + rank : at;
    return std::min(from_front, rank);
  };
  const int64_t start = place(context.Int("start", 0));
  const int64_t end = place(context.Int("end", rank));
  context.Set(0, ElementType::kInt64, Shape{Dim::Known(std::max<int64_t>(end - start, 0))});
  return absl::OkStatus();
}

absl::Status SizeOf(RuleContext& context) {
  context.Set(0, ElementType::kInt64, Shape{});
  return absl::OkStatus();
}

// max(ceil((limit - start) / delta), 0) elements.
absl::Status Range(RuleContext& context) {
  context.Set(0, context.element(0), UnknownShape(1));
  const PartialValue* operands[3] = {context.value(0), context.value(1), context.value(2)};
  Scalar scalars[3];
  for (int i = 0; i < 3; ++i) {
    if (operands[i] == nullptr || operands[i]->elements.size() != 1) return absl::OkStatus();
    scalars[i] = operands[i]->elements[0];
  }
  const Scalar &start = scalars[0], &limit = scalars[1], &delta = scalars[2];
  if (start.Is(0) && delta.Is(1) && limit.is_symbol()) {
    context.Set(0, context.element(0), Shape{DimOfScalar(limit, context.symbols())});
    return absl::OkStatus();
  }
  int64_t count = 0;
  if (start.is_integer() && limit.is_integer() && delta.is_integer()) {
    int64_t distance = 0;
    if (delta.integer() == 0 ||
        __builtin_sub_overflow(limit.integer(), start.integer(), &distance)) {
      return absl::OkStatus();
    }
    const int64_t step = delta.integer();
    if ((distance > 0) == (step > 0) && distance != 0) {
      // Magnitudes: the smallest integer has no positive counterpart.
      const auto magnitude = [](int64_t value) {
        return value < 0 ? ~static_cast<uint64_t>(value) + 1 : static_cast<uint64_t>(value);
      };
      const uint64_t steps = (magnitude(distance) - 1) / magnitude(step) + 1;
      if (steps > static_cast<uint64_t>(std::numeric_limits<int64_t>::max())) {
        return absl::OkStatus();
      }
      count = static_cast<int64_t>(steps);
    }
  } else if (start.is_real() && limit.is_real() && delta.is_real()) {
    const double distance = limit.real() - start.real();
    const double steps = std::ceil(distance / delta.real());
    if (!(std::fabs(steps) < 1e15)) return absl::OkStatus();
    // Runtimes subtract in the tensor's type: no claim where that rounding decides.
    const double rounded = static_cast<double>(static_cast<float>(distance));
    if (std::ceil(rounded / delta.real()) != steps) return absl::OkStatus();
    count = steps > 0 ? static_cast<int64_t>(steps) : 0;
  } else {
    return absl::OkStatus();
  }
  context.Set(0, context.element(0), Shape{Dim::Known(count)});
  return absl::OkStatus();
}

std::optional<Shape> ShapeOfFirst(const RuleContext& context) {
  const Shape* x = context.shape(0);
  return x == nullptr ? std::nullopt : std::optional<Shape>(*x);
}

// EyeLike, RandomNormalLike, RandomUniformLike, Bernoulli: the operand's shape, and its type unless
// "dtype" says another.
absl::Status Like(RuleContext& context) {
  if (!context.Has(0)) return absl::OkStatus();
  context.Set(0, context.ElementAttribute("dtype", context.element(0)), ShapeOfFirst(context));
  return absl::OkStatus();
}

absl::Status Random(RuleContext& context) {
  const std::optional<std::vector<int64_t>> sizes = context.Ints("shape");
  context.Set(0, context.ElementAttribute("dtype", ElementType::kFloat),
              sizes ? std::optional<Shape>(KnownShape(*sizes)) : std::nullopt);
  return absl::OkStatus();
}

absl::Status Multinomial(RuleContext& context) {
  const Shape* x = context.shape(0);
  const int64_t samples = context.Int("sample_size", 1);
  Shape shape = UnknownShape(2);
  if (x != nullptr && x->size() == 2) shape[0] = (*x)[0];
  if (samples >= 0) shape[1] = Dim::Known(samples);
  context.Set(0, context.ElementAttribute("dtype", ElementType::kInt32), std::move(shape));
  return absl::OkStatus();
}

// HannWindow, HammingWindow, BlackmanWindow: as long as the operand says.
absl::Status SignalWindow(RuleContext& context) {
  Shape shape = UnknownShape(1);
  if (const PartialValue* size = context.value(0); size != nullptr && size->elements.size() == 1) {
    shape[0] = DimOfScalar(size->elements[0], context.symbols());
  }
  context.Set(0, context.ElementAttribute("output_datatype", ElementType::kFloat),
              std::move(shape));
  return absl::OkStatus();
}

constexpr ShapeRuleEntry kRules[] = {
    {"Bernoulli", Like},
    {"BlackmanWindow", SignalWindow},
    {"Constant", Constant},
    {"ConstantOfShape", ConstantOfShape},
    {"EyeLike", Like},
    {"HammingWindow", SignalWindow},
    {"HannWindow", SignalWindow},
    {"Multinomial", Multinomial},
    {"RandomNormal", Random},
    {"RandomNormalLike", Like},
    {"RandomUniform", Random},
    {"RandomUniformLike", Like},
    {"Range", Range},
    {"Shape", ShapeOf},
    {"Size", SizeOf},
};

}  // namespace

absl::Span<const ShapeRuleEntry> CreationShapeRules() { return kRules; }

}  // namespace allot
