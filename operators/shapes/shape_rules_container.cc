// Sequences and optionals.
#include "operators/rules/shape_arithmetic.h"
#include "operators/shapes/shape_rules.h"

namespace allot {
namespace {

using ir::Dim;
using ir::ElementType;
using ir::Shape;
using ir::Type;

// What the elements of the sequence in operand `i` have in common.
Type ElementOf(const RuleContext& context, size_t i) {
  const Type& sequence = context.type(i);
  return sequence.kind == Type::Kind::kSequence && sequence.parameters.size() == 1
             ? sequence.parameters[0]
             : Type::Unknown();
}

absl::Status SequenceConstruct(RuleContext& context) {
  if (context.num_operands() == 0) return absl::OkStatus();
  Type element = context.type(0);
  for (size_t i = 1; i < context.num_operands(); ++i) {
    element = JoinTypes(element, context.type(i));
  }
  context.SetType(0, Type::Sequence(std::move(element)));
  return absl::OkStatus();
}

absl::Status SequenceEmpty(RuleContext& context) {
  context.SetType(0, Type::Sequence(Type::Tensor(
                         context.ElementAttribute("dtype", ElementType::kFloat), std::nullopt)));
  return absl::OkStatus();
}

absl::Status SequenceAt(RuleContext& context) {
  context.SetType(0, ElementOf(context, 0));
  return absl::OkStatus();
}

absl::Status SequenceInsert(RuleContext& context) {
  if (context.type(0).kind != Type::Kind::kSequence) return absl::OkStatus();
  context.SetType(0, Type::Sequence(JoinTypes(ElementOf(context, 0), context.type(1))));
  return absl::OkStatus();
}

absl::Status SequenceLength(RuleContext& context) {
  context.Set(0, ElementType::kInt64, Shape{});
  return absl::OkStatus();
}

// Elements of one size each (default), of a given size, or of given sizes. What is not the same
// for all elements is unknown.
absl::Status SplitToSequence(RuleContext& context) {
  Type element = Type::Tensor(context.element(0), std::nullopt);
  const Shape* x = context.shape(0);
  const std::optional<size_t> axis =
      x == nullptr ? std::nullopt : ResolveAxis(context.Int("axis", 0), x->size());
  if (axis) {
    Shape shape = *x;
    shape[*axis] = Dim::Unknown();
    if (!context.Has(1)) {
      if (context.Int("keepdims", 1) != 0) {
        shape[*axis] = Dim::Known(1);
      } else {
        shape.erase(shape.begin() + static_cast<ptrdiff_t>(*axis));
      }
    } else if (const std::optional<std::vector<int64_t>> sizes = context.Integers(1)) {
      bool equal = !sizes->empty() && (*sizes)[0] > 0;
      for (const int64_t size : *sizes) equal = equal && size == (*sizes)[0];
      // A single size (a scalar) leaves a smaller last part unless it divides the whole.
      const bool scalar = context.value(1)->dims.empty();
      const Dim& whole = (*x)[*axis];
      if (equal && scalar && (!whole.known() || whole.size % (*sizes)[0] != 0)) equal = false;
      if (equal) shape[*axis] = Dim::Known((*sizes)[0]);
    }
    element.shape = std::move(shape);
  }
  context.SetType(0, Type::Sequence(std::move(element)));
  return absl::OkStatus();
}

absl::Status ConcatFromSequence(RuleContext& context) {
  const Type element = ElementOf(context, 0);
  context.Set(0, element.element, std::nullopt);
  const std::optional<int64_t> given = context.FindInt("axis");
  if (!element.shape || !given) return absl::OkStatus();
  Shape shape = *element.shape;
  const bool new_axis = context.Int("new_axis", 0) != 0;
  const std::optional<size_t> axis = ResolveAxis(*given, shape.size() + (new_axis ? 1 : 0));
  if (!axis) return absl::OkStatus();
  if (new_axis) {
    shape.insert(shape.begin() + static_cast<ptrdiff_t>(*axis), Dim::Unknown());
  } else {
    shape[*axis] = Dim::Unknown();
  }
  context.Set(0, element.element, std::move(shape));
  return absl::OkStatus();
}

// Without an operand the type is an attribute, which the schemas can read.
absl::Status MakeOptional(RuleContext& context) {
  if (!context.Has(0)) context.LeaveToSchemas();
  if (context.Has(0) && context.type(0).kind != Type::Kind::kUnknown) {
    context.SetType(0, Type::Optional(context.type(0)));
  }
  return absl::OkStatus();
}

// From opset 18 the operand may also be the plain value.
absl::Status OptionalGetElement(RuleContext& context) {
  const Type& optional = context.type(0);
  if (optional.kind != Type::Kind::kOptional) {
    context.SetType(0, optional);
  } else if (optional.parameters.size() == 1) {
    context.SetType(0, optional.parameters[0]);
  }
  return absl::OkStatus();
}

absl::Status OptionalHasElement(RuleContext& context) {
  context.Set(0, ElementType::kBool, Shape{});
  return absl::OkStatus();
}

constexpr ShapeRuleEntry kRules[] = {
    {"ConcatFromSequence", ConcatFromSequence},
    {"Optional", MakeOptional},
    {"OptionalGetElement", OptionalGetElement},
    {"OptionalHasElement", OptionalHasElement},
    {"SequenceAt", SequenceAt},
    {"SequenceConstruct", SequenceConstruct},
    {"SequenceEmpty", SequenceEmpty},
    {"SequenceErase", SameAsFirst},
    {"SequenceInsert", SequenceInsert},
    {"SequenceLength", SequenceLength},
    {"SplitToSequence", SplitToSequence},
};

}  // namespace

absl::Span<const ShapeRuleEntry> ContainerShapeRules() { return kRules; }

}  // namespace allot
