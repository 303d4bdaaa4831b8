// Operators that work element by element.
#include "operators/rules/shape_arithmetic.h"
#include "operators/shapes/shape_rules.h"
#include "support/status.h"

namespace allot {

using ir::ElementType;
using ir::Shape;

absl::Status SameAsFirst(RuleContext& context) {
  if (context.Has(0)) context.SetType(0, context.type(0));
  return absl::OkStatus();
}

absl::StatusOr<std::optional<Shape>> BroadcastOf(const RuleContext& context, size_t first,
                                                 size_t last) {
  Shape shape;
  for (size_t i = first; i < last; ++i) {
    const Shape* operand = context.shape(i);
    if (operand == nullptr) return std::optional<Shape>();
    ALLOT_ASSIGN_OR_RETURN(shape, BroadcastShapes(shape, *operand));
  }
  return std::optional<Shape>(std::move(shape));
}

namespace {

// Before opset 7, `b` was brought to the shape of `a`, with attributes that say where.
constexpr int64_t kFirstBroadcastingOpset = 7;

absl::Status BroadcastAs(RuleContext& context, ElementType element, size_t first) {
  if (context.num_operands() <= first) return absl::OkStatus();
  if (context.opset() < kFirstBroadcastingOpset && context.node().domain.empty()) {
    const Shape* shape = context.shape(0);
    context.Set(0, element, shape == nullptr ? std::nullopt : std::optional<Shape>(*shape));
    return absl::OkStatus();
  }
  ALLOT_ASSIGN_OR_RETURN(std::optional<Shape> shape,
                         BroadcastOf(context, first, context.num_operands()));
  context.Set(0, element, std::move(shape));
  return absl::OkStatus();
}

ElementType FirstElement(const RuleContext& context, size_t first) {
  for (size_t i = first; i < context.num_operands(); ++i) {
    if (context.element(i) != ElementType::kUndefined) return context.element(i);
  }
  return ElementType::kUndefined;
}

absl::Status Compare(RuleContext& context) { return BroadcastAs(context, ElementType::kBool, 0); }

// The exponent may be of another type.
absl::Status Power(RuleContext& context) { return BroadcastAs(context, context.element(0), 0); }

absl::Status Test(RuleContext& context) {
  if (!context.Has(0)) return absl::OkStatus();
  const Shape* shape = context.shape(0);
  context.Set(0, ElementType::kBool,
              shape == nullptr ? std::nullopt : std::optional<Shape>(*shape));
  return absl::OkStatus();
}

absl::Status Select(RuleContext& context) {
  ALLOT_ASSIGN_OR_RETURN(std::optional<Shape> shape, BroadcastOf(context, 0, 3));
  context.Set(0, FirstElement(context, 1), std::move(shape));
  return absl::OkStatus();
}

absl::Status Cast(RuleContext& context) {
  const Shape* shape = context.shape(0);
  context.Set(0, context.ElementAttribute("to", ElementType::kUndefined),
              shape == nullptr ? std::nullopt : std::optional<Shape>(*shape));
  return absl::OkStatus();
}

// The same bytes as another type of as many bits.
absl::Status BitCast(RuleContext& context) {
  const ElementType to = context.ElementAttribute("to", ElementType::kUndefined);
  const bool known = to != ElementType::kUndefined && context.element(0) != ElementType::kUndefined;
  if (known && ir::BitWidth(to) != ir::BitWidth(context.element(0))) return absl::OkStatus();
  return Cast(context);
}

// A gate and what it lets through: of one shape, without broadcasting.
absl::Status GatedLinear(RuleContext& context) {
  const Shape *gate = context.shape(0), *value = context.shape(1);
  std::optional<Shape> shape;
  if (gate != nullptr && value != nullptr && gate->size() == value->size()) {
    ALLOT_ASSIGN_OR_RETURN(shape, UnifyShapes(*gate, *value));
  } else if (gate == nullptr || value == nullptr) {
    if (const Shape* known = gate != nullptr ? gate : value) shape = *known;
  }
  const ElementType element =
      context.element(0) != ElementType::kUndefined ? context.element(0) : context.element(1);
  context.Set(0, element, std::move(shape));
  return absl::OkStatus();
}

absl::Status CastLike(RuleContext& context) {
  const Shape* shape = context.shape(0);
  context.Set(0, context.element(1),
              shape == nullptr ? std::nullopt : std::optional<Shape>(*shape));
  return absl::OkStatus();
}

// The mask was of the data's type before opset 10.
absl::Status Dropout(RuleContext& context) {
  if (!context.Has(0)) return absl::OkStatus();
  context.SetType(0, context.type(0));
  const Shape* shape = context.shape(0);
  context.Set(1, context.opset() >= 10 ? ElementType::kBool : context.element(0),
              shape == nullptr ? std::nullopt : std::optional<Shape>(*shape));
  return absl::OkStatus();
}

constexpr ShapeRuleEntry kRules[] = {
    {"Abs", SameAsFirst},
    {"Acos", SameAsFirst},
    {"Acosh", SameAsFirst},
    {"Add", BroadcastOperands},
    {"And", Compare},
    {"Asin", SameAsFirst},
    {"Asinh", SameAsFirst},
    {"Atan", SameAsFirst},
    {"Atanh", SameAsFirst},
    {"BitCast", BitCast},
    {"BitShift", BroadcastOperands},
    {"BitwiseAnd", BroadcastOperands},
    {"BitwiseNot", SameAsFirst},
    {"BitwiseOr", BroadcastOperands},
    {"BitwiseXor", BroadcastOperands},
    {"Cast", Cast},
    {"CastLike", CastLike},
    {"Ceil", SameAsFirst},
    {"Celu", SameAsFirst},
    {"Clip", SameAsFirst},
    {"Cos", SameAsFirst},
    {"Cosh", SameAsFirst},
    {"Div", BroadcastOperands},
    {"Dropout", Dropout},
    {"Elu", SameAsFirst},
    {"Equal", Compare},
    {"Erf", SameAsFirst},
    {"Exp", SameAsFirst},
    {"Floor", SameAsFirst},
    {"Gelu", SameAsFirst},
    {"Greater", Compare},
    {"GreaterOrEqual", Compare},
    {"HardSigmoid", SameAsFirst},
    {"HardSwish", SameAsFirst},
    {"Identity", SameAsFirst},
    {"IsInf", Test},
    {"IsNaN", Test},
    {"LeakyRelu", SameAsFirst},
    {"Less", Compare},
    {"LessOrEqual", Compare},
    {"Log", SameAsFirst},
    {"Max", BroadcastOperands},
    {"Mean", BroadcastOperands},
    {"Min", BroadcastOperands},
    {"Mish", SameAsFirst},
    {"Mod", BroadcastOperands},
    {"Mul", BroadcastOperands},
    {"Neg", SameAsFirst},
    {"Not", Test},
    {"Or", Compare},
    {"PRelu", SameAsFirst},  // the slope broadcasts to the data, never the other way round
    {"Pow", Power},
    {"Reciprocal", SameAsFirst},
    {"Relu", SameAsFirst},
    {"Round", SameAsFirst},
    {"Selu", SameAsFirst},
    {"Shrink", SameAsFirst},
    {"Sigmoid", SameAsFirst},
    {"Sign", SameAsFirst},
    {"Sin", SameAsFirst},
    {"Sinh", SameAsFirst},
    {"Softplus", SameAsFirst},
    {"Softsign", SameAsFirst},
    {"Sqrt", SameAsFirst},
    {"Sub", BroadcastOperands},
    {"Sum", BroadcastOperands},
    {"SwiGLU", GatedLinear},
    {"Swish", SameAsFirst},
    {"Tan", SameAsFirst},
    {"Tanh", SameAsFirst},
    {"ThresholdedRelu", SameAsFirst},
    {"Where", Select},
    {"Xor", Compare},
};

}  // namespace

absl::Status BroadcastOperands(RuleContext& context) {
  return BroadcastAs(context, FirstElement(context, 0), 0);
}

absl::Span<const ShapeRuleEntry> ElementwiseShapeRules() { return kRules; }

}  // namespace allot
