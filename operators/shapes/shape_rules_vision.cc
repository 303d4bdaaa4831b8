// Images: resizing, regions, sampling.
#include <cmath>

#include "operators/rules/shape_arithmetic.h"
#include "operators/shapes/shape_rules.h"
#include "support/status.h"

namespace allot {
namespace {

using ir::Dim;
using ir::ElementType;
using ir::Shape;

// floor(size * scale). Runtimes multiply in single precision, others in double: no claim where that
// makes a difference.
Dim Scaled(const Dim& dim, const Scalar& scale) {
  if (!scale.is_real()) return Dim::Unknown();
  if (scale.real() == 1.0) return dim;
  const float factor = static_cast<float>(scale.real());
  if (!dim.known() || !(factor > 0)) return Dim::Unknown();
  const double size = std::floor(static_cast<double>(dim.size) * static_cast<double>(factor));
  const double rounded = std::floor(static_cast<float>(dim.size) * factor);
  if (!(size < 9e15) || size != rounded) return Dim::Unknown();
  return Dim::Known(static_cast<int64_t>(size));
}

// "not_larger" and "not_smaller" (opset 18): one scale for all axes, the smallest or largest of
// what the sizes ask for; sizes round half up.
void KeepAspectRatio(const Shape& x, const std::vector<size_t>& axes, bool smallest, Shape& shape) {
  double scale = 0;
  bool exact_scale = true;
  for (size_t i = 0; i < axes.size(); ++i) {
    const Dim& from = x[axes[i]];
    const Dim& to = shape[axes[i]];
    if (!from.known() || !to.known() || from.size == 0) {
      for (const size_t axis : axes) shape[axis] = Dim::Unknown();
      return;
    }
    const double ratio = static_cast<double>(to.size) / static_cast<double>(from.size);
    scale = i == 0 ? ratio : smallest ? std::fmin(scale, ratio) : std::fmax(scale, ratio);
    exact_scale = exact_scale && ratio == static_cast<double>(static_cast<float>(ratio)) &&
                  ratio * static_cast<double>(from.size) == static_cast<double>(to.size);
  }
  for (const size_t axis : axes) {
    const double exact = scale * static_cast<double>(x[axis].size);
    const double rounded = std::floor(exact + 0.5);
    // Runtimes round in single precision: no claim near the middle between two sizes, unless all
    // numbers on the way there are exact.
    const bool certain = (exact_scale && exact == static_cast<double>(static_cast<float>(exact))) ||
                         std::fabs(exact + 0.5 - std::round(exact + 0.5)) > 1e-3;
    shape[axis] = certain && rounded >= 1 && rounded < 1e15
                      ? Dim::Known(static_cast<int64_t>(rounded))
                      : Dim::Unknown();
  }
}

// The axes that scales and sizes speak of; nullopt if unclear.
std::optional<std::vector<size_t>> ResizedAxes(const RuleContext& context, size_t rank) {
  std::vector<size_t> axes;
  if (const std::optional<std::vector<int64_t>> given = context.Ints("axes")) {
    for (const int64_t axis : *given) {
      const std::optional<size_t> resolved = ResolveAxis(axis, rank);
      if (!resolved) return std::nullopt;
      axes.push_back(*resolved);
    }
    return axes;
  }
  for (size_t i = 0; i < rank; ++i) axes.push_back(i);
  return axes;
}

bool IsEmptyTensor(const Shape* shape) {
  return shape != nullptr && shape->size() == 1 && (*shape)[0].size == 0;
}

absl::Status Resize(RuleContext& context) {
  const Shape* x = context.shape(0);
  context.Set(0, context.element(0), std::nullopt);
  if (x == nullptr) return absl::OkStatus();
  // Opset 10 and Upsample: (x, scales). From opset 11: (x, roi, scales, sizes).
  const bool old = context.node().op_type == "Upsample" || context.opset() < 11;
  const size_t scales_at = old ? 1 : 2, sizes_at = 3;
  const bool by_sizes = !old && context.Has(sizes_at) && !IsEmptyTensor(context.shape(sizes_at));
  Shape shape = *x;
  const std::optional<std::vector<size_t>> axes = ResizedAxes(context, x->size());
  if (!axes) {
    context.Set(0, context.element(0), UnknownShape(x->size()));
    return absl::OkStatus();
  }
  for (const size_t axis : *axes) shape[axis] = Dim::Unknown();
  if (by_sizes) {
    const PartialValue* sizes = context.value(sizes_at);
    if (sizes != nullptr && sizes->elements.size() == axes->size()) {
      for (size_t i = 0; i < axes->size(); ++i) {
        shape[(*axes)[i]] = DimOfScalar(sizes->elements[i], context.symbols());
      }
      const std::string policy = context.String("keep_aspect_ratio_policy", "stretch");
      if (policy != "stretch") KeepAspectRatio(*x, *axes, policy == "not_larger", shape);
    }
  } else {
    std::vector<Scalar> scales;
    if (const PartialValue* value = context.value(scales_at)) scales = value->elements;
    if (const std::optional<std::vector<float>> listed = context.Floats("scales")) {  // Upsample-7
      for (const float scale : *listed) scales.push_back(Scalar::Real(scale));
    }
    // Cropping scales the region, not the whole.
    const bool crops =
        context.String("coordinate_transformation_mode", "half_pixel") == "tf_crop_and_resize";
    if (scales.size() == axes->size() && !crops) {
      for (size_t i = 0; i < axes->size(); ++i) {
        shape[(*axes)[i]] = Scaled((*x)[(*axes)[i]], scales[i]);
      }
    }
  }
  context.Set(0, context.element(0), std::move(shape));
  return absl::OkStatus();
}

absl::Status RoiAlign(RuleContext& context) {
  const Shape* x = context.shape(0);
  const Shape* regions = context.shape(1);
  Shape shape = UnknownShape(4);
  if (regions != nullptr && regions->size() == 2) shape[0] = (*regions)[0];
  if (x != nullptr && x->size() == 4) shape[1] = (*x)[1];
  const int64_t height = context.Int("output_height", 1);
  const int64_t width = context.Int("output_width", 1);
  if (height >= 0) shape[2] = Dim::Known(height);
  if (width >= 0) shape[3] = Dim::Known(width);
  context.Set(0, context.element(0), std::move(shape));
  return absl::OkStatus();
}

absl::Status MaxRoiPool(RuleContext& context) {
  const Shape* x = context.shape(0);
  const Shape* regions = context.shape(1);
  Shape shape = UnknownShape(4);
  if (regions != nullptr && regions->size() == 2) shape[0] = (*regions)[0];
  if (x != nullptr && x->size() == 4) shape[1] = (*x)[1];
  const std::optional<std::vector<int64_t>> pooled = context.Ints("pooled_shape");
  if (pooled && pooled->size() == 2) {
    const Shape sizes = KnownShape(*pooled);
    shape[2] = sizes[0];
    shape[3] = sizes[1];
  }
  context.Set(0, context.element(0), std::move(shape));
  return absl::OkStatus();
}

absl::Status NonMaxSuppression(RuleContext& context) {
  context.Set(0, ElementType::kInt64, Shape{Dim::Unknown(), Dim::Known(3)});
  return absl::OkStatus();
}

absl::Status GridSample(RuleContext& context) {
  const Shape* x = context.shape(0);
  const Shape* grid = context.shape(1);
  context.Set(0, context.element(0), std::nullopt);
  if (x == nullptr || x->size() < 3) return absl::OkStatus();
  Shape shape = UnknownShape(x->size());
  shape[0] = (*x)[0];
  shape[1] = (*x)[1];
  if (grid != nullptr && grid->size() == x->size()) {
    for (size_t i = 2; i < x->size(); ++i) shape[i] = (*grid)[i - 1];
  }
  context.Set(0, context.element(0), std::move(shape));
  return absl::OkStatus();
}

// theta (N, 2, 3) and a size of 4 give (N, H, W, 2); (N, 3, 4) and 5 give (N, D, H, W, 3). The rank
// follows from the length of the size, or from theta.
absl::Status AffineGrid(RuleContext& context) {
  context.Set(0, context.element(0), std::nullopt);
  const Shape* theta = context.shape(0);
  const Shape* length = context.shape(1);
  const bool given = theta != nullptr && theta->size() == 3;
  const PartialValue* size = context.value(1);
  Dim rank;
  if (length != nullptr && length->size() == 1) rank = (*length)[0];
  if (!rank.known() && given) rank = AddDims((*theta)[1], Dim::Known(2));
  if (rank.size != 4 && rank.size != 5) return absl::OkStatus();
  if (size != nullptr && static_cast<int64_t>(size->elements.size()) != rank.size) size = nullptr;
  const auto entry = [&](size_t i) {
    return size == nullptr ? Dim::Unknown() : DimOfScalar(size->elements[i], context.symbols());
  };
  Dim batch = given ? (*theta)[0] : Dim::Unknown();
  ALLOT_ASSIGN_OR_RETURN(batch, UnifyDims(batch, entry(0)));
  Shape shape = {batch};
  for (size_t i = 2; i < static_cast<size_t>(rank.size); ++i) shape.push_back(entry(i));
  shape.push_back(Dim::Known(rank.size - 2));
  context.Set(0, context.element(0), std::move(shape));
  return absl::OkStatus();
}

absl::Status CenterCropPad(RuleContext& context) {
  const Shape* x = context.shape(0);
  context.Set(0, context.element(0), std::nullopt);
  if (x == nullptr) return absl::OkStatus();
  const std::optional<std::vector<size_t>> axes = ResizedAxes(context, x->size());
  Shape shape = axes ? *x : UnknownShape(x->size());
  const PartialValue* sizes = context.value(1);
  for (size_t i = 0; axes && i < axes->size(); ++i) {
    shape[(*axes)[i]] = sizes != nullptr && sizes->elements.size() == axes->size()
                            ? DimOfScalar(sizes->elements[i], context.symbols())
                            : Dim::Unknown();
  }
  context.Set(0, context.element(0), std::move(shape));
  return absl::OkStatus();
}

absl::Status ImageDecoder(RuleContext& context) {
  Shape shape = UnknownShape(3);
  shape[2] = Dim::Known(context.String("pixel_format", "RGB") == "Grayscale" ? 1 : 3);
  context.Set(0, ElementType::kUint8, std::move(shape));
  return absl::OkStatus();
}

constexpr ShapeRuleEntry kRules[] = {
    {"AffineGrid", AffineGrid}, {"CenterCropPad", CenterCropPad},
    {"GridSample", GridSample}, {"ImageDecoder", ImageDecoder},
    {"MaxRoiPool", MaxRoiPool}, {"NonMaxSuppression", NonMaxSuppression},
    {"Resize", Resize},         {"RoiAlign", RoiAlign},
    {"Upsample", Resize},
};

}  // namespace

absl::Span<const ShapeRuleEntry> VisionShapeRules() { return kRules; }

}  // namespace allot
