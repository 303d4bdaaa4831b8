// Where known elements come from: constants, shapes, ranges.
#include <algorithm>

#include "operators/rules/shape_arithmetic.h"
#include "operators/rules/tensor_index.h"
#include "operators/values/value_rules.h"

namespace allot {
namespace {

using ir::ElementType;
using Index = std::vector<int64_t>;

void Constant(RuleContext& context) {
  if (const ir::Constant* constant = context.Tensor("value")) {
    if (std::optional<PartialValue> value = ValueOfConstant(*constant)) {
      context.SetValue(0, *std::move(value));
    }
    return;
  }
  if (!TrackedDims(context)) return;
  if (const std::optional<int64_t> integer = context.FindInt("value_int")) {
    context.SetValue(0, PartialValue::Scalar0(Scalar::Integer(*integer)));
  } else if (const auto integers = context.Ints("value_ints")) {
    std::vector<Scalar> elements;
    for (const int64_t one : *integers) elements.push_back(Scalar::Integer(one));
    context.SetValue(0, PartialValue::Vector(std::move(elements)));
  } else if (const auto reals = context.Floats("value_floats")) {
    std::vector<Scalar> elements;
    for (const float one : *reals) elements.push_back(Scalar::Real(static_cast<double>(one)));
    context.SetValue(0, PartialValue::Vector(std::move(elements)));
  } else if (context.HasAttribute("value_float")) {
    const double real = static_cast<double>(context.Float("value_float", 0));
    context.SetValue(0, PartialValue::Scalar0(Scalar::Real(real)));
  }
}

void ShapeOf(RuleContext& context) {
  const ir::Shape* shape = context.shape(0);
  const std::optional<Index> dims = TrackedDims(context);
  if (shape == nullptr || !dims || dims->size() != 1) return;
  const int64_t rank = static_cast<int64_t>(shape->size());
  const int64_t given = context.Int("start", 0);
  const int64_t start = std::min(given < 0 ? std::max<int64_t>(given, -rank) + rank : given, rank);
  if (start + (*dims)[0] > rank) return;
  std::vector<Scalar> elements;
  for (int64_t i = 0; i < (*dims)[0]; ++i) {
    elements.push_back(ScalarOfDim((*shape)[static_cast<size_t>(start + i)], context.symbols()));
  }
  context.SetValue(0, PartialValue::Vector(std::move(elements)));
}

void SizeOf(RuleContext& context) {
  const ir::Shape* shape = context.shape(0);
  if (shape == nullptr) return;
  context.SetValue(0, PartialValue::Scalar0(ScalarOfDim(ProductOfDims(*shape), context.symbols())));
}

void ConstantOfShape(RuleContext& context) {
  const std::optional<Index> dims = TrackedDims(context);
  if (!dims) return;
  Scalar fill = Scalar::Real(0);
  if (const ir::Constant* constant = context.Tensor("value")) {
    const std::optional<PartialValue> value = ValueOfConstant(*constant);
    if (!value || value->elements.size() != 1) return;
    fill = value->elements[0];
  }
  PartialValue result = PartialValue::Unknown(*dims);
  for (Scalar& element : result.elements) element = fill;
  context.SetValue(0, std::move(result));
}

// Integers only: runtimes differ in how they accumulate real ones.
void Range(RuleContext& context) {
  const std::optional<Index> dims = TrackedDims(context);
  const std::optional<int64_t> start = context.Integer(0);
  const std::optional<int64_t> delta = context.Integer(2);
  if (!dims || dims->size() != 1 || !start || !delta) return;
  std::vector<Scalar> elements;
  int64_t next = *start;
  for (int64_t i = 0; i < (*dims)[0]; ++i) {
    elements.push_back(IntegerAs(context.results()[0].element, next));
    if (__builtin_add_overflow(next, *delta, &next)) next = *start;  // only after the last one
  }
  context.SetValue(0, PartialValue::Vector(std::move(elements)));
}

void NonZero(RuleContext& context) {
  const PartialValue* operand = context.value(0);
  const std::optional<Index> dims = TrackedDims(context);
  if (operand == nullptr || !dims || dims->size() != 2 || operand->dims.empty()) return;
  const std::optional<std::vector<int64_t>> elements = operand->Integers();
  if (!elements) return;
  PartialValue result = PartialValue::Unknown(*dims);
  const size_t count = static_cast<size_t>((*dims)[1]);
  Index index(operand->dims.size(), 0);
  size_t column = 0;
  for (const int64_t element : *elements) {
    if (element != 0 && column < count) {
      for (size_t row = 0; row < index.size(); ++row) {
        result.elements[row * count + column] = Scalar::Integer(index[row]);
      }
      ++column;
    }
    NextIndex(operand->dims, index);
  }
  if (column == count) context.SetValue(0, std::move(result));
}

constexpr ValueRuleEntry kRules[] = {
    {"Constant", Constant}, {"ConstantOfShape", ConstantOfShape},
    {"NonZero", NonZero},   {"Range", Range},
    {"Shape", ShapeOf},     {"Size", SizeOf},
};

}  // namespace

absl::Span<const ValueRuleEntry> SourceValueRules() { return kRules; }

}  // namespace allot
