#include "operators/rules/slice_bounds.h"

#include <algorithm>
#include <limits>

#include "operators/rules/shape_arithmetic.h"

namespace allot {
namespace {

// The elements that attribute `name` (before opset 10) or operand `i` gives; unknown ones if it is
// there but not known, none if absent.
std::vector<Scalar> Bounds(const RuleContext& context, absl::string_view name, size_t i,
                           size_t count) {
  if (context.Has(i)) {
    const PartialValue* value = context.value(i);
    return value != nullptr ? value->elements : std::vector<Scalar>(count);
  }
  std::vector<Scalar> bounds;
  for (const int64_t bound : context.Ints(name).value_or(std::vector<int64_t>())) {
    bounds.push_back(Scalar::Integer(bound));
  }
  return bounds;
}

// How many axes are sliced; nullopt if unknown.
std::optional<size_t> NumSlices(const RuleContext& context) {
  if (!context.Has(1)) {
    const std::optional<std::vector<int64_t>> starts = context.Ints("starts");
    return starts ? std::optional<size_t>(starts->size()) : std::nullopt;
  }
  for (const size_t i : {size_t{1}, size_t{2}, size_t{3}}) {
    const ir::Shape* shape = context.shape(i);
    if (shape != nullptr && shape->size() == 1 && (*shape)[0].known()) {
      return static_cast<size_t>((*shape)[0].size);
    }
  }
  return std::nullopt;
}

}  // namespace

std::optional<std::vector<AxisSlice>> SlicesOf(const RuleContext& context, size_t rank) {
  const std::optional<size_t> count = NumSlices(context);
  if (!count || *count > rank) return std::nullopt;
  const std::vector<Scalar> starts = Bounds(context, "starts", 1, *count);
  const std::vector<Scalar> ends = Bounds(context, "ends", 2, *count);
  const RuleContext::List axes = context.AttributeOrOperand("axes", 3);
  std::vector<Scalar> steps = Bounds(context, "steps", 4, *count);
  if (steps.empty()) steps.assign(*count, Scalar::Integer(1));
  if (starts.size() != *count || ends.size() != *count || steps.size() != *count ||
      axes.state == RuleContext::ListState::kUnknown ||
      (axes.state == RuleContext::ListState::kKnown && axes.values.size() != *count)) {
    return std::nullopt;
  }
  std::vector<AxisSlice> slices;
  for (size_t i = 0; i < *count; ++i) {
    const std::optional<size_t> axis = axes.state == RuleContext::ListState::kKnown
                                           ? ResolveAxis(axes.values[i], rank)
                                           : std::optional<size_t>(i);
    if (!axis) return std::nullopt;
    slices.push_back({*axis, starts[i], ends[i], steps[i]});
  }
  return slices;
}

std::optional<SliceRange> CutToAxis(int64_t start, int64_t end, int64_t step, int64_t size) {
  if (step == 0 || step == std::numeric_limits<int64_t>::min()) return std::nullopt;
  // Negative positions count from the end; the lowest ones must not wrap.
  const auto place = [size](int64_t at) { return at < 0 ? std::max(at, -size - 1) + size : at; };
  SliceRange range;
  range.step = step;
  if (step > 0) {
    range.start = std::clamp<int64_t>(place(start), 0, size);
    const int64_t stop = std::clamp<int64_t>(place(end), 0, size);
    if (stop > range.start) range.count = (stop - range.start - 1) / step + 1;
  } else {
    if (size == 0) return range;
    range.start = std::clamp<int64_t>(place(start), 0, size - 1);
    const int64_t stop = std::clamp<int64_t>(place(end), -1, size - 1);
    if (stop < range.start) range.count = (range.start - stop - 1) / -step + 1;
  }
  return range;
}

}  // namespace allot
