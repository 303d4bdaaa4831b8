// ai.onnx.ml.
#include <algorithm>

#include "operators/rules/shape_arithmetic.h"
#include "operators/shapes/shape_rules.h"

namespace allot {
namespace {

using ir::Dim;
using ir::ElementType;
using ir::Shape;
using ir::Type;

std::optional<Shape> ShapeOfFirst(const RuleContext& context) {
  const Shape* x = context.shape(0);
  return x == nullptr ? std::nullopt : std::optional<Shape>(*x);
}

// Rows of the data: a vector is one row.
Dim Rows(const RuleContext& context) {
  const Shape* x = context.shape(0);
  if (x == nullptr || x->empty()) return Dim::Unknown();
  return x->size() == 1 ? Dim::Known(1) : (*x)[0];
}

absl::Status FloatOfSameShape(RuleContext& context) {
  context.Set(0, ElementType::kFloat, ShapeOfFirst(context));
  return absl::OkStatus();
}

// LabelEncoder: the type is that of the value list that is there.
absl::Status LabelEncoder(RuleContext& context) {
  ElementType element = ElementType::kUndefined;
  if (context.HasAttribute("values_strings")) element = ElementType::kString;
  if (context.HasAttribute("values_int64s")) element = ElementType::kInt64;
  if (context.HasAttribute("values_floats")) element = ElementType::kFloat;
  if (const ir::Constant* values = context.Tensor("values_tensor")) element = values->element;
  if (context.HasAttribute("classes_strings")) {  // version 1 maps both ways
    element = context.element(0) == ElementType::kString  ? ElementType::kInt64
              : context.element(0) == ElementType::kInt64 ? ElementType::kString
                                                          : ElementType::kUndefined;
  }
  context.Set(0, element, ShapeOfFirst(context));
  return absl::OkStatus();
}

absl::Status CategoryMapper(RuleContext& context) {
  const ElementType from = context.element(0);
  const ElementType to = from == ElementType::kString  ? ElementType::kInt64
                         : from == ElementType::kInt64 ? ElementType::kString
                                                       : ElementType::kUndefined;
  context.Set(0, to, ShapeOfFirst(context));
  return absl::OkStatus();
}

// Labels and scores; a binary classifier may give one or two scores a row.
absl::Status Classifier(RuleContext& context) {
  bool texts = false;
  for (const char* name : {"classlabels_strings", "classlabels_string"}) {
    const std::optional<std::vector<std::string>> labels = context.Strings(name);
    texts = texts || (labels && !labels->empty());
  }
  context.Set(0, texts ? ElementType::kString : ElementType::kInt64, Shape{Rows(context)});
  context.Set(1, ElementType::kFloat, Shape{Rows(context), Dim::Unknown()});
  return absl::OkStatus();
}

absl::Status Regressor(RuleContext& context) {
  const char* name = context.node().op_type == "LinearRegressor" ? "targets" : "n_targets";
  const int64_t targets = context.Int(name, 1);
  context.Set(0, ElementType::kFloat,
              Shape{Rows(context), targets > 0 ? Dim::Known(targets) : Dim::Unknown()});
  return absl::OkStatus();
}

absl::Status TreeEnsemble(RuleContext& context) {
  const int64_t targets = context.Int("n_targets", -1);
  context.Set(0, context.element(0),
              Shape{Rows(context), targets > 0 ? Dim::Known(targets) : Dim::Unknown()});
  return absl::OkStatus();
}

absl::Status ZipMap(RuleContext& context) {
  ElementType key = ElementType::kUndefined;
  if (context.HasAttribute("classlabels_strings")) key = ElementType::kString;
  if (context.HasAttribute("classlabels_int64s")) key = ElementType::kInt64;
  if (key == ElementType::kUndefined) return absl::OkStatus();
  Type map;
  map.kind = Type::Kind::kMap;
  map.element = key;
  map.parameters.push_back(Type::Tensor(ElementType::kFloat, Shape{}));
  context.SetType(0, Type::Sequence(std::move(map)));
  return absl::OkStatus();
}

absl::Status SupportVectorRegressor(RuleContext& context) {
  context.Set(0, ElementType::kFloat, Shape{Rows(context), Dim::Known(1)});
  return absl::OkStatus();
}

// The rank of what comes from a map differs between runtimes.
absl::Status CastMap(RuleContext& context) {
  const std::string to = context.String("cast_to", "TO_FLOAT");
  const ElementType element = to == "TO_FLOAT"    ? ElementType::kFloat
                              : to == "TO_INT64"  ? ElementType::kInt64
                              : to == "TO_STRING" ? ElementType::kString
                                                  : ElementType::kUndefined;
  context.Set(0, element, std::nullopt);
  return absl::OkStatus();
}

absl::Status DictVectorizer(RuleContext& context) {
  const Type& map = context.type(0);
  if (map.kind != Type::Kind::kMap || map.parameters.size() != 1) return absl::OkStatus();
  context.Set(0, map.parameters[0].element, std::nullopt);
  return absl::OkStatus();
}

// The chosen columns; a vector counts as one row.
absl::Status ArrayFeatureExtractor(RuleContext& context) {
  const Shape* x = context.shape(0);
  const Shape* indices = context.shape(1);
  context.Set(0, context.element(0), std::nullopt);
  if (x == nullptr || x->empty()) return absl::OkStatus();
  Shape shape = x->size() == 1 ? Shape{Dim::Known(1), Dim::Unknown()} : *x;
  shape.back() = indices == nullptr ? Dim::Unknown() : ProductOfDims(*indices);
  context.Set(0, context.element(0), std::move(shape));
  return absl::OkStatus();
}

absl::Status OneHotEncoder(RuleContext& context) {
  const Shape* x = context.shape(0);
  context.Set(0, ElementType::kFloat, std::nullopt);
  if (x == nullptr) return absl::OkStatus();
  Dim categories = Dim::Unknown();
  if (const auto integers = context.Ints("cats_int64s"); integers && !integers->empty()) {
    categories = Dim::Known(static_cast<int64_t>(integers->size()));
  } else if (const auto texts = context.Strings("cats_strings"); texts && !texts->empty()) {
    categories = Dim::Known(static_cast<int64_t>(texts->size()));
  }
  Shape shape = *x;
  shape.push_back(categories);
  context.Set(0, ElementType::kFloat, std::move(shape));
  return absl::OkStatus();
}

absl::Status FeatureVectorizer(RuleContext& context) {
  Dim columns = Dim::Known(0);
  const std::optional<std::vector<int64_t>> sizes = context.Ints("inputdimensions");
  if (!sizes) columns = Dim::Unknown();
  for (const int64_t size : sizes.value_or(std::vector<int64_t>())) {
    columns = size < 0 ? Dim::Unknown() : AddDims(columns, Dim::Known(size));
  }
  context.Set(0, ElementType::kFloat, Shape{Rows(context), columns});
  return absl::OkStatus();
}

constexpr ShapeRuleEntry kRules[] = {
    {"ArrayFeatureExtractor", ArrayFeatureExtractor},
    {"Binarizer", SameAsFirst},
    {"CastMap", CastMap},
    {"CategoryMapper", CategoryMapper},
    {"DictVectorizer", DictVectorizer},
    {"FeatureVectorizer", FeatureVectorizer},
    {"Imputer", SameAsFirst},
    {"LabelEncoder", LabelEncoder},
    {"LinearClassifier", Classifier},
    {"LinearRegressor", Regressor},
    {"Normalizer", FloatOfSameShape},
    {"OneHotEncoder", OneHotEncoder},
    {"SVMClassifier", Classifier},
    {"SVMRegressor", SupportVectorRegressor},
    {"Scaler", FloatOfSameShape},
    {"TreeEnsemble", TreeEnsemble},
    {"TreeEnsembleClassifier", Classifier},
    {"TreeEnsembleRegressor", Regressor},
    {"ZipMap", ZipMap},
};

}  // namespace

absl::Span<const ShapeRuleEntry> ClassicMlShapeRules() { return kRules; }

}  // namespace allot
