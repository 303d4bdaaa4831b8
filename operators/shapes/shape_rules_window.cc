// Operators that slide a window: convolutions and pooling.
//
// With auto_pad=NOTSET a spatial size is floor((in + pads - window) / stride) + 1, with window =
// (kernel - 1) * dilation + 1; ceil_mode rounds up, but no window may start in the padding at the
// end (ONNX 1.16's clarification, which ONNX Runtime follows).
#include <algorithm>

#include "operators/rules/shape_arithmetic.h"
#include "operators/shapes/shape_rules.h"
#include "support/status.h"

namespace allot {
namespace {

using ir::Dim;
using ir::ElementType;
using ir::Shape;

// Larger sizes are left alone: no tensor has them, and sums with them could overflow.
constexpr int64_t kLargeSize = int64_t{1} << 31;

// What the attributes say of one spatial axis.
struct Window {
  int64_t kernel = 1, stride = 1, dilation = 1, pad_begin = 0, pad_end = 0;
  bool sane() const {
    // So that no sum or product of these and a size overflows.
    constexpr int64_t kMost = int64_t{1} << 30;
    const auto in_range = [](int64_t value, int64_t low) { return value >= low && value <= kMost; };
    return in_range(kernel, 1) && in_range(stride, 1) && in_range(dilation, 1) &&
           in_range(pad_begin, -kMost) && in_range(pad_end, -kMost);
  }
  int64_t size() const { return (kernel - 1) * dilation + 1; }
};

// One entry per spatial axis, defaults filled in; nullopt if a list has another length.
std::optional<std::vector<Window>> Windows(const RuleContext& context,
                                           const std::vector<int64_t>& kernel) {
  const size_t rank = kernel.size();
  const std::vector<int64_t> strides =
      context.Ints("strides").value_or(std::vector<int64_t>(rank, 1));
  const std::vector<int64_t> dilations =
      context.Ints("dilations").value_or(std::vector<int64_t>(rank, 1));
  const std::vector<int64_t> pads =
      context.Ints("pads").value_or(std::vector<int64_t>(2 * rank, 0));
  if (strides.size() != rank || dilations.size() != rank || pads.size() != 2 * rank) {
    return std::nullopt;
  }
  std::vector<Window> windows(rank);
  for (size_t i = 0; i < rank; ++i) {
    windows[i] = {kernel[i], strides[i], dilations[i], pads[i], pads[rank + i]};
    if (!windows[i].sane()) return std::nullopt;
  }
  return windows;
}

Dim SlidingSize(const Dim& in, const Window& window, const std::string& auto_pad, bool ceil_mode) {
  if (auto_pad == "SAME_UPPER" || auto_pad == "SAME_LOWER") {
    if (window.stride == 1) return in;
    return in.known() && in.size < kLargeSize
               ? Dim::Known((in.size + window.stride - 1) / window.stride)
               : Dim::Unknown();
  }
  const bool valid = auto_pad == "VALID";
  const int64_t pad_begin = valid ? 0 : window.pad_begin;
  const int64_t pads = valid ? 0 : window.pad_begin + window.pad_end;
  if (window.stride == 1 && pads == window.size() - 1) return in;
  if (!in.known() || in.size > kLargeSize) return Dim::Unknown();
  const int64_t room = in.size + pads - window.size();
  // The window does not fit: runtimes disagree on what that means.
  if (room < 0) return Dim::Unknown();
  int64_t size = room / window.stride + 1;
  if (ceil_mode && room % window.stride != 0 && size * window.stride < in.size + pad_begin) ++size;
  return Dim::Known(size);
}

// The kernel: the attribute, or the spatial part of the weight's shape.
std::optional<std::vector<int64_t>> Kernel(const RuleContext& context, const Shape* weight,
                                           size_t spatial) {
  std::optional<std::vector<int64_t>> kernel = context.Ints("kernel_shape");
  if (!kernel && weight != nullptr) {
    kernel.emplace();
    for (size_t i = 2; i < weight->size(); ++i) {
      if (!(*weight)[i].known()) return std::nullopt;
      kernel->push_back((*weight)[i].size);
    }
  }
  if (!kernel || kernel->size() != spatial) return std::nullopt;
  return kernel;
}

// Batch and channels given, spatial sizes unknown.
Shape WithUnknownSpatial(const Dim& batch, const Dim& channels, size_t rank) {
  Shape shape = UnknownShape(rank);
  shape[0] = batch;
  shape[1] = channels;
  return shape;
}

absl::Status Convolve(RuleContext& context) {
  ALLOT_ASSIGN_OR_RETURN(std::optional<Shape> shape,
                         ConvolutionShape(context, context.shape(0), context.shape(1)));
  context.Set(0, context.element(0), std::move(shape));
  return absl::OkStatus();
}

absl::Status DeformConvolve(RuleContext& context) { return Convolve(context); }

absl::Status TransposedConvolve(RuleContext& context) {
  const Shape* x = context.shape(0);
  const Shape* weight = context.shape(1);
  context.Set(0, context.element(0), std::nullopt);
  if (x == nullptr || weight == nullptr || x->size() < 3 || weight->size() != x->size()) {
    return absl::OkStatus();
  }
  const absl::StatusOr<Dim> channels = UnifyDims((*x)[1], (*weight)[0]);
  if (!channels.ok()) {
    return InputError("the data have ", DimText((*x)[1]), " channels, the weight takes ",
                      DimText((*weight)[0]));
  }
  Shape shape =
      WithUnknownSpatial((*x)[0], MultiplyDim((*weight)[1], context.Int("group", 1)), x->size());
  const size_t spatial = x->size() - 2;
  const std::optional<std::vector<int64_t>> kernel = Kernel(context, weight, spatial);
  const std::optional<std::vector<Window>> windows =
      kernel ? Windows(context, *kernel) : std::nullopt;
  const std::optional<std::vector<int64_t>> wanted = context.Ints("output_shape");
  const std::vector<int64_t> extra =
      context.Ints("output_padding").value_or(std::vector<int64_t>(spatial, 0));
  const std::string auto_pad = context.String("auto_pad", "NOTSET");
  for (size_t i = 0; i < spatial; ++i) {
    if (wanted) {
      // Some exporters state all dimensions instead of the spatial ones.
      const size_t offset = wanted->size() == x->size() ? 2 : 0;
      if (wanted->size() == spatial + offset && (*wanted)[i + offset] >= 0) {
        shape[i + 2] = Dim::Known((*wanted)[i + offset]);
      }
      continue;
    }
    if (!windows || extra.size() != spatial || extra[i] < 0 || extra[i] > kLargeSize) continue;
    const Window& window = (*windows)[i];
    const Dim& in = (*x)[i + 2];
    if (auto_pad == "SAME_UPPER" || auto_pad == "SAME_LOWER") {
      // Below, padding would have to be negative: runtimes differ.
      if (window.size() >= window.stride && extra[i] == 0) {
        shape[i + 2] = MultiplyDim(in, window.stride);
      }
      continue;
    }
    const int64_t pads = auto_pad == "VALID" ? 0 : window.pad_begin + window.pad_end;
    const int64_t added = extra[i] + window.size() - pads - window.stride;
    if (added == 0) {
      shape[i + 2] = MultiplyDim(in, window.stride);
    } else if (in.known() && in.size > 0 && in.size < kLargeSize) {
      const int64_t size = in.size * window.stride + added;
      if (size > 0) shape[i + 2] = Dim::Known(size);
    }
  }
  context.Set(0, context.element(0), std::move(shape));
  return absl::OkStatus();
}

absl::Status Pool(RuleContext& context) {
  const Shape* x = context.shape(0);
  context.Set(0, context.element(0), std::nullopt);
  context.Set(1, ElementType::kInt64, std::nullopt);
  if (x == nullptr || x->size() < 2) return absl::OkStatus();
  Shape shape = WithUnknownSpatial((*x)[0], (*x)[1], x->size());
  const size_t spatial = x->size() - 2;
  const std::optional<std::vector<int64_t>> kernel = Kernel(context, nullptr, spatial);
  const std::optional<std::vector<Window>> windows =
      kernel ? Windows(context, *kernel) : std::nullopt;
  if (windows) {
    const std::string auto_pad = context.String("auto_pad", "NOTSET");
    const bool ceil_mode = context.Int("ceil_mode", 0) != 0;
    for (size_t i = 0; i < spatial; ++i) {
      shape[i + 2] = SlidingSize((*x)[i + 2], (*windows)[i], auto_pad, ceil_mode);
    }
  }
  context.Set(1, ElementType::kInt64, shape);
  context.Set(0, context.element(0), std::move(shape));
  return absl::OkStatus();
}

absl::Status GlobalPool(RuleContext& context) {
  const Shape* x = context.shape(0);
  if (x == nullptr || x->size() < 2) {
    context.Set(0, context.element(0), std::nullopt);
    return absl::OkStatus();
  }
  Shape shape(x->size(), Dim::Known(1));
  shape[0] = (*x)[0];
  shape[1] = (*x)[1];
  context.Set(0, context.element(0), std::move(shape));
  return absl::OkStatus();
}

absl::Status MaxUnpool(RuleContext& context) {
  const Shape* x = context.shape(0);
  context.Set(0, context.element(0), std::nullopt);
  if (context.Has(2)) {
    if (const PartialValue* sizes = context.value(2)) {
      Shape shape;
      for (const Scalar& size : sizes->elements) {
        shape.push_back(DimOfScalar(size, context.symbols()));
      }
      context.Set(0, context.element(0), std::move(shape));
    }
    return absl::OkStatus();
  }
  if (x == nullptr || x->size() < 3) return absl::OkStatus();
  Shape shape = WithUnknownSpatial((*x)[0], (*x)[1], x->size());
  const std::optional<std::vector<int64_t>> kernel = Kernel(context, nullptr, x->size() - 2);
  const std::optional<std::vector<Window>> windows =
      kernel ? Windows(context, *kernel) : std::nullopt;
  for (size_t i = 2; windows && i < x->size(); ++i) {
    const Window& window = (*windows)[i - 2];
    const Dim& in = (*x)[i];
    if (!in.known() || in.size == 0 || in.size > kLargeSize) continue;
    const int64_t size =
        (in.size - 1) * window.stride - window.pad_begin - window.pad_end + window.kernel;
    if (size > 0) shape[i] = Dim::Known(size);
  }
  context.Set(0, context.element(0), std::move(shape));
  return absl::OkStatus();
}

absl::Status Col2Im(RuleContext& context) {
  const Shape* x = context.shape(0);
  context.Set(0, context.element(0), std::nullopt);
  const PartialValue* image = context.value(1);
  if (x != nullptr && x->size() != 3) return absl::OkStatus();
  // As many sizes as the image and the block have entries.
  Dim spatial;
  for (const size_t list : {1, 2}) {
    const Shape* entries = context.shape(list);
    if (entries == nullptr || entries->size() != 1) continue;
    ALLOT_ASSIGN_OR_RETURN(spatial, UnifyDims(spatial, (*entries)[0]));
  }
  const std::pair<const char*, size_t> attributes[] = {
      {"strides", 1}, {"dilations", 1}, {"pads", 2}};
  for (const auto& [name, per_axis] : attributes) {
    const std::optional<std::vector<int64_t>> listed = context.Ints(name);
    if (!listed || spatial.known()) continue;
    spatial = Dim::Known(static_cast<int64_t>(listed->size() / per_axis));
  }
  constexpr int64_t kMostSpatial = 64;
  if (!spatial.known() || spatial.size > kMostSpatial) return absl::OkStatus();
  Shape shape = UnknownShape(static_cast<size_t>(spatial.size) + 2);
  if (x != nullptr) shape[0] = (*x)[0];
  if (const std::optional<std::vector<int64_t>> block = context.Integers(2)) {
    Dim window = Dim::Known(1);
    for (const int64_t size : *block) window = MultiplyDim(window, size);
    if (window.known() && x != nullptr) shape[1] = DivideDim((*x)[1], window.size);
  }
  for (size_t i = 2; image != nullptr && i < shape.size(); ++i) {
    if (i - 2 < image->elements.size()) {
      shape[i] = DimOfScalar(image->elements[i - 2], context.symbols());
    }
  }
  context.Set(0, context.element(0), std::move(shape));
  return absl::OkStatus();
}

absl::Status ConvolveInteger(RuleContext& context) {
  ALLOT_ASSIGN_OR_RETURN(std::optional<Shape> shape,
                         ConvolutionShape(context, context.shape(0), context.shape(1)));
  context.Set(0, ElementType::kInt32, std::move(shape));
  return absl::OkStatus();
}

constexpr ShapeRuleEntry kRules[] = {
    {"AveragePool", Pool},
    {"Col2Im", Col2Im},
    {"Conv", Convolve},
    {"ConvInteger", ConvolveInteger},
    {"ConvTranspose", TransposedConvolve},
    {"DeformConv", DeformConvolve},
    {"GlobalAveragePool", GlobalPool},
    {"GlobalLpPool", GlobalPool},
    {"GlobalMaxPool", GlobalPool},
    {"LpPool", Pool},
    {"MaxPool", Pool},
    {"MaxUnpool", MaxUnpool},
};

}  // namespace

absl::StatusOr<std::optional<Shape>> ConvolutionShape(const RuleContext& context, const Shape* x,
                                                      const Shape* weight) {
  if (x == nullptr || weight == nullptr || x->size() < 2 || weight->size() != x->size()) {
    return std::optional<Shape>();
  }
  const int64_t group = context.Int("group", 1);
  const Dim taken = MultiplyDim((*weight)[1], group);
  if ((*x)[1].known() && taken.known() && (*x)[1].size != taken.size) {
    return InputError("the data have ", (*x)[1].size, " channels, the weight takes ", taken.size);
  }
  Shape shape = WithUnknownSpatial((*x)[0], (*weight)[0], x->size());
  const std::optional<std::vector<int64_t>> kernel = Kernel(context, weight, x->size() - 2);
  const std::optional<std::vector<Window>> windows =
      kernel ? Windows(context, *kernel) : std::nullopt;
  if (windows) {
    const std::string auto_pad = context.String("auto_pad", "NOTSET");
    for (size_t i = 2; i < x->size(); ++i) {
      shape[i] = SlidingSize((*x)[i], (*windows)[i - 2], auto_pad, false);
    }
  }
  return std::optional<Shape>(std::move(shape));
}

absl::Span<const ShapeRuleEntry> WindowShapeRules() { return kRules; }

}  // namespace allot
