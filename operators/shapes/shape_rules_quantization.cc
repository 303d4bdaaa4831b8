// Quantized arithmetic.
#include "operators/rules/shape_arithmetic.h"
#include "operators/shapes/shape_rules.h"
#include "support/status.h"

namespace allot {
namespace {

using ir::ElementType;
using ir::Shape;

std::optional<Shape> ShapeOfFirst(const RuleContext& context) {
  const Shape* x = context.shape(0);
  return x == nullptr ? std::nullopt : std::optional<Shape>(*x);
}

// The type is that of the zero point, else "output_dtype" (opset 21), else uint8.
absl::Status Quantize(RuleContext& context) {
  ElementType element = ElementType::kUint8;
  if (context.Int("output_dtype", 0) != 0) {
    element = context.ElementAttribute("output_dtype", element);
  }
  if (context.Has(2)) element = context.element(2);
  context.Set(0, element, ShapeOfFirst(context));
  return absl::OkStatus();
}

// The type is that of the scale, unless "output_dtype" (opset 23) says another.
absl::Status Dequantize(RuleContext& context) {
  ElementType element = context.element(1);
  if (context.Int("output_dtype", 0) != 0) {
    element = context.ElementAttribute("output_dtype", element);
  }
  context.Set(0, element, ShapeOfFirst(context));
  return absl::OkStatus();
}

absl::Status DynamicQuantize(RuleContext& context) {
  context.Set(0, ElementType::kUint8, ShapeOfFirst(context));
  context.Set(1, ElementType::kFloat, Shape{});
  context.Set(2, ElementType::kUint8, Shape{});
  return absl::OkStatus();
}

// Operands: x, its scale and zero point, w, its scale and zero point, scale and zero point of the
// result.
absl::Status QuantizedConvolve(RuleContext& context) {
  ALLOT_ASSIGN_OR_RETURN(std::optional<Shape> shape,
                         ConvolutionShape(context, context.shape(0), context.shape(3)));
  context.Set(0, context.element(7), std::move(shape));
  return absl::OkStatus();
}

absl::Status QuantizedMatMul(RuleContext& context) {
  ALLOT_ASSIGN_OR_RETURN(std::optional<Shape> shape,
                         MatrixProductShape(context.shape(0), context.shape(3)));
  context.Set(0, context.element(7), std::move(shape));
  return absl::OkStatus();
}

constexpr ShapeRuleEntry kRules[] = {
    {"DequantizeLinear", Dequantize},   {"DynamicQuantizeLinear", DynamicQuantize},
    {"QLinearConv", QuantizedConvolve}, {"QLinearMatMul", QuantizedMatMul},
    {"QuantizeLinear", Quantize},
};

}  // namespace

absl::Span<const ShapeRuleEntry> QuantizationShapeRules() { return kRules; }

}  // namespace allot
