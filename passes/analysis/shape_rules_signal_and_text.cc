// Fourier transforms and strings.
#include <algorithm>

#include "passes/analysis/shape_arithmetic.h"
#include "passes/analysis/shape_rules.h"
#include "support/status.h"

namespace allot {
namespace {

using ir::Dim;
using ir::ElementType;
using ir::Shape;

std::optional<Shape> ShapeOfFirst(const RuleContext& context) {
  const Shape* x = context.shape(0);
  return x == nullptr ? std::nullopt : std::optional<Shape>(*x);
}

// The axis is an attribute (default 1) in opset 17 and an operand (default -2) from opset 20.
absl::Status Dft(RuleContext& context) {
  const Shape* x = context.shape(0);
  context.Set(0, context.element(0), std::nullopt);
  if (x == nullptr || x->size() < 2) return absl::OkStatus();
  std::optional<int64_t> given;
  if (context.opset() < 20) {
    given = context.Int("axis", 1);
  } else {
    given = context.Has(2) ? context.Integer(2) : std::optional<int64_t>(-2);
  }
  const bool onesided = context.Int("onesided", 0) != 0;
  const bool inverse = context.Int("inverse", 0) != 0;
  const std::optional<size_t> axis = given ? ResolveAxis(*given, x->size()) : std::nullopt;
  Shape shape = axis ? *x : UnknownShape(x->size());
  // An inverse one-sided transform gives real numbers in newer versions only.
  shape.back() = onesided && inverse ? Dim::Unknown() : Dim::Known(2);
  if (axis && *axis + 1 < x->size()) {
    Dim& length = shape[*axis];
    if (context.Has(1)) {
      const PartialValue* value = context.value(1);
      length = value != nullptr && value->elements.size() == 1
                   ? DimOfScalar(value->elements[0], context.symbols())
                   : Dim::Unknown();
    }
    if (onesided) {
      length = length.known() && !inverse ? Dim::Known(length.size / 2 + 1) : Dim::Unknown();
    }
  } else {
    shape = UnknownShape(x->size());
  }
  context.Set(0, context.element(0), std::move(shape));
  return absl::OkStatus();
}

absl::Status StringConcat(RuleContext& context) {
  ALLOT_ASSIGN_OR_RETURN(std::optional<Shape> shape, BroadcastOf(context, 0, 2));
  context.Set(0, ElementType::kString, std::move(shape));
  return absl::OkStatus();
}

absl::Status RegexFullMatch(RuleContext& context) {
  context.Set(0, ElementType::kBool, ShapeOfFirst(context));
  return absl::OkStatus();
}

absl::Status StringSplit(RuleContext& context) {
  context.Set(0, ElementType::kString, std::nullopt);
  context.Set(1, ElementType::kInt64, ShapeOfFirst(context));
  if (const Shape* x = context.shape(0)) {
    Shape shape = *x;
    shape.push_back(Dim::Unknown());
    context.Set(0, ElementType::kString, std::move(shape));
  }
  return absl::OkStatus();
}

// Stop words vanish from the last axis.
absl::Status StringNormalizer(RuleContext& context) {
  std::optional<Shape> shape = ShapeOfFirst(context);
  const std::optional<std::vector<std::string>> stop_words = context.Strings("stopwords");
  if (shape && !shape->empty() &&
      (context.HasAttribute("stopwords") && (!stop_words || !stop_words->empty()))) {
    shape->back() = Dim::Unknown();
  }
  context.Set(0, ElementType::kString, std::move(shape));
  return absl::OkStatus();
}

// One number per entry of the vocabulary.
absl::Status TfIdfVectorizer(RuleContext& context) {
  const Shape* x = context.shape(0);
  context.Set(0, ElementType::kFloat, std::nullopt);
  if (x == nullptr || x->empty() || x->size() > 2) return absl::OkStatus();
  Dim size = Dim::Unknown();
  if (const std::optional<std::vector<int64_t>> indexes = context.Ints("ngram_indexes");
      indexes && !indexes->empty()) {
    const int64_t largest = *std::max_element(indexes->begin(), indexes->end());
    if (largest >= 0 && largest < (int64_t{1} << 40)) size = Dim::Known(largest + 1);
  }
  Shape shape = *x;
  shape.back() = size;
  context.Set(0, ElementType::kFloat, std::move(shape));
  return absl::OkStatus();
}

constexpr ShapeRuleEntry kRules[] = {
    {"DFT", Dft},
    {"RegexFullMatch", RegexFullMatch},
    {"StringConcat", StringConcat},
    {"StringNormalizer", StringNormalizer},
    {"StringSplit", StringSplit},
    {"TfIdfVectorizer", TfIdfVectorizer},
};

}  // namespace

absl::Span<const ShapeRuleEntry> SignalAndTextShapeRules() { return kRules; }

}  // namespace allot
