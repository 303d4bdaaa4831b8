// Fourier transforms and strings.
#include <algorithm>

#include "operators/rules/shape_arithmetic.h"
#include "operators/shapes/shape_rules.h"
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

// The scalar in operand `i` as a dimension; unknown unless something is known of it.
Dim DimInOperand(const RuleContext& context, size_t i) {
  const PartialValue* value = context.value(i);
  return value != nullptr && value->elements.size() == 1
             ? DimOfScalar(value->elements[0], context.symbols())
             : Dim::Unknown();
}

// What is left of `length` frequencies of a real signal.
Dim OneSided(const Dim& length) {
  return length.known() ? Dim::Known(length.size / 2 + 1) : Dim::Unknown();
}

// The axis is an attribute (default 1) in opset 17 and an operand (default -2) from opset 20. An
// inverse one-sided transform takes half a spectrum to real numbers, 2 * (n - 1) of them unless
// dft_length says how many.
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
  if (given && (!axis || *axis + 1 >= x->size())) {
    context.Set(0, context.element(0), UnknownShape(x->size()));
    return absl::OkStatus();
  }
  // A transform of as many points as there are keeps the shape, whatever the axis.
  if (!axis && !onesided && !context.Has(1)) shape = *x;
  shape.back() = Dim::Known(onesided && inverse ? 1 : 2);
  if (axis) {
    Dim& length = shape[*axis];
    if (context.Has(1)) {
      length = DimInOperand(context, 1);
    } else if (onesided && inverse) {
      constexpr int64_t kMost = int64_t{1} << 60;
      length = length.known() && length.size > 1 && length.size < kMost
                   ? Dim::Known(2 * (length.size - 1))
                   : Dim::Unknown();
    }
    if (onesided && !inverse) length = OneSided(length);
  }
  context.Set(0, context.element(0), std::move(shape));
  return absl::OkStatus();
}

// (signal, frame_step, window, frame_length): batch, frames, frequencies, 2. A frame is as long as
// frame_length says, else as the window, else as the signal.
absl::Status ShortTimeDft(RuleContext& context) {
  const Shape* signal = context.shape(0);
  const Shape* window = context.shape(2);
  context.Set(0, context.element(0), UnknownShape(4));
  Dim batch, length;
  if (signal != nullptr) {
    if (signal->size() != 2 && signal->size() != 3) return absl::OkStatus();
    batch = (*signal)[0];
    length = (*signal)[1];
  }
  Dim frame;
  if (context.Has(3)) frame = DimInOperand(context, 3);
  if (!frame.known() && context.Has(2)) {
    if (window != nullptr && window->size() == 1) frame = (*window)[0];
  } else if (!context.Has(2) && !context.Has(3)) {
    frame = length;
  }
  const Dim step = DimInOperand(context, 1);
  Dim frames;
  if (CertainlyEqual(frame, length)) {
    frames = Dim::Known(1);
  } else if (frame.known() && length.known() && step.known() && step.size > 0 &&
             frame.size <= length.size) {
    frames = Dim::Known((length.size - frame.size) / step.size + 1);
  }
  // Of a complex signal no half says it all.
  const bool complex = signal != nullptr && signal->size() == 3 && (*signal)[2].size == 2;
  const bool onesided = context.Int("onesided", 1) != 0;
  const Dim bins = !onesided ? frame : complex ? Dim::Unknown() : OneSided(frame);
  context.Set(0, context.element(0), Shape{batch, frames, bins, Dim::Known(2)});
  return absl::OkStatus();
}

// (num_mel_bins, dft_length, ...): one row for each frequency of the one-sided transform.
absl::Status MelWeightMatrix(RuleContext& context) {
  context.Set(0, context.ElementAttribute("output_datatype", ElementType::kFloat),
              Shape{OneSided(DimInOperand(context, 1)), DimInOperand(context, 0)});
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
    {"MelWeightMatrix", MelWeightMatrix},
    {"RegexFullMatch", RegexFullMatch},
    {"STFT", ShortTimeDft},
    {"StringConcat", StringConcat},
    {"StringNormalizer", StringNormalizer},
    {"StringSplit", StringSplit},
    {"TfIdfVectorizer", TfIdfVectorizer},
};

}  // namespace

absl::Span<const ShapeRuleEntry> SignalAndTextShapeRules() { return kRules; }

}  // namespace allot
