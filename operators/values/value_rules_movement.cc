// Operators that move elements of partly known tensors: each result element is one operand element.
#include <algorithm>

#include "operators/rules/shape_arithmetic.h"
#include "operators/rules/slice_bounds.h"
#include "operators/rules/tensor_index.h"
#include "operators/values/value_rules.h"

namespace allot {
namespace {

using Index = std::vector<int64_t>;

int64_t Dot(const Index& index, const Index& strides) {
  int64_t offset = 0;
  for (size_t i = 0; i < index.size(); ++i) offset += index[i] * strides[i];
  return offset;
}

// Sets the result element by element: `source(index)` is the offset in operand 0, or -1.
template <typename Source>
void MoveElements(RuleContext& context, const PartialValue& operand, const Index& dims,
                  Source source) {
  PartialValue result = PartialValue::Unknown(dims);
  Index index(dims.size(), 0);
  for (Scalar& element : result.elements) {
    const int64_t offset = source(index);
    if (offset >= 0 && offset < static_cast<int64_t>(operand.elements.size())) {
      element = operand.elements[static_cast<size_t>(offset)];
    }
    NextIndex(dims, index);
  }
  context.SetValue(0, std::move(result));
}

// An index that may count from the end; -1 if outside or not known.
int64_t PlaceOf(const Scalar& index, int64_t size) {
  if (!index.is_integer() || index.integer() < -size || index.integer() >= size) return -1;
  return index.integer() < 0 ? index.integer() + size : index.integer();
}

// Reshape, Flatten, Squeeze, Unsqueeze, Identity: the same elements in the same order.
void Relabel(RuleContext& context) {
  const PartialValue* operand = context.value(0);
  const std::optional<Index> dims = TrackedDims(context);
  if (operand == nullptr || !dims) return;
  if (CountElements(*dims) != static_cast<int64_t>(operand->elements.size())) return;
  PartialValue result = *operand;
  result.dims = *dims;
  context.SetValue(0, std::move(result));
}

void Transpose(RuleContext& context) {
  const PartialValue* operand = context.value(0);
  const std::optional<Index> dims = TrackedDims(context);
  if (operand == nullptr || !dims || operand->dims.size() != dims->size()) return;
  const size_t rank = dims->size();
  const Index strides = RowMajorStrides(operand->dims);
  Index moved(rank);  // the stride in the operand of each axis of the result
  const std::optional<std::vector<int64_t>> order = context.Ints("perm");
  for (size_t i = 0; i < rank; ++i) {
    const std::optional<size_t> axis =
        order ? (order->size() == rank ? ResolveAxis((*order)[i], rank) : std::nullopt)
              : std::optional<size_t>(rank - 1 - i);
    if (!axis) return;
    moved[i] = strides[*axis];
  }
  MoveElements(context, *operand, *dims, [&](const Index& index) { return Dot(index, moved); });
}

void Slice(RuleContext& context) {
  const PartialValue* operand = context.value(0);
  const std::optional<Index> dims = TrackedDims(context);
  if (operand == nullptr || !dims || operand->dims.size() != dims->size()) return;
  const std::optional<std::vector<AxisSlice>> slices = SlicesOf(context, dims->size());
  if (!slices) return;
  Index start(dims->size(), 0), step(dims->size(), 1);
  for (const AxisSlice& slice : *slices) {
    if (!slice.start.is_integer() || !slice.end.is_integer() || !slice.step.is_integer()) {
      // Where the result is the whole axis, only a forward slice from its start is.
      const bool whole =
          slice.start.Is(0) && slice.step.Is(1) && (*dims)[slice.axis] == operand->dims[slice.axis];
      if (!whole) return;
      continue;
    }
    const std::optional<SliceRange> range =
        CutToAxis(slice.start.integer(), slice.end.integer(), slice.step.integer(),
                  operand->dims[slice.axis]);
    if (!range || range->count != (*dims)[slice.axis]) return;
    start[slice.axis] = range->start;
    step[slice.axis] = range->step;
  }
  const Index strides = RowMajorStrides(operand->dims);
  MoveElements(context, *operand, *dims, [&](const Index& index) {
    int64_t offset = 0;
    for (size_t i = 0; i < index.size(); ++i) {
      // Steps may be huge where only one element is taken.
      offset += (start[i] + (index[i] == 0 ? 0 : index[i] * step[i])) * strides[i];
    }
    return offset;
  });
}

void Gather(RuleContext& context) {
  const PartialValue* operand = context.value(0);
  const PartialValue* indices = context.value(1);
  const std::optional<Index> dims = TrackedDims(context);
  if (operand == nullptr || indices == nullptr || !dims) return;
  const std::optional<size_t> axis = ResolveAxis(context.Int("axis", 0), operand->dims.size());
  if (!axis || dims->size() + 1 != operand->dims.size() + indices->dims.size()) return;
  const Index strides = RowMajorStrides(operand->dims);
  const Index index_strides = RowMajorStrides(indices->dims);
  const size_t chosen_rank = indices->dims.size();
  MoveElements(context, *operand, *dims, [&](const Index& index) {
    int64_t at = 0, offset = 0;
    for (size_t i = 0; i < chosen_rank; ++i) at += index[*axis + i] * index_strides[i];
    const int64_t place = PlaceOf(indices->elements[static_cast<size_t>(at)], operand->dims[*axis]);
    if (place < 0) return int64_t{-1};
    for (size_t i = 0; i < operand->dims.size(); ++i) {
      offset += strides[i] * (i < *axis    ? index[i]
                              : i == *axis ? place
                                           : index[i + chosen_rank - 1]);
    }
    return offset;
  });
}

void GatherElements(RuleContext& context) {
  const PartialValue* operand = context.value(0);
  const PartialValue* indices = context.value(1);
  const std::optional<Index> dims = TrackedDims(context);
  if (operand == nullptr || indices == nullptr || !dims || indices->dims != *dims ||
      operand->dims.size() != dims->size()) {
    return;
  }
  const std::optional<size_t> axis = ResolveAxis(context.Int("axis", 0), dims->size());
  if (!axis) return;
  const Index strides = RowMajorStrides(operand->dims);
  size_t next = 0;
  MoveElements(context, *operand, *dims, [&](const Index& index) {
    const int64_t place = PlaceOf(indices->elements[next++], operand->dims[*axis]);
    if (place < 0) return int64_t{-1};
    return Dot(index, strides) + (place - index[*axis]) * strides[*axis];
  });
}

void Concat(RuleContext& context) {
  const std::optional<Index> dims = TrackedDims(context);
  if (!dims || dims->empty()) return;
  bool any = false;
  for (size_t i = 0; i < context.num_operands(); ++i) any = any || context.value(i) != nullptr;
  const std::optional<size_t> axis = ResolveAxis(context.Int("axis", 0), dims->size());
  if (!any || !axis) return;
  PartialValue result = PartialValue::Unknown(*dims);
  const Index strides = RowMajorStrides(*dims);
  int64_t start = 0;
  for (size_t i = 0; i < context.num_operands(); ++i) {
    const std::optional<PartialValue> part = context.ValueOrUnknown(i);
    if (!part || part->dims.size() != dims->size()) return;
    for (size_t j = 0; j < dims->size(); ++j) {
      if (j != *axis && part->dims[j] != (*dims)[j]) return;
    }
    if (start + part->dims[*axis] > (*dims)[*axis]) return;
    Index index(dims->size(), 0);
    for (const Scalar& element : part->elements) {
      const int64_t offset = Dot(index, strides) + start * strides[*axis];
      result.elements[static_cast<size_t>(offset)] = element;
      NextIndex(part->dims, index);
    }
    start += part->dims[*axis];
  }
  context.SetValue(0, std::move(result));
}

void Split(RuleContext& context) {
  const PartialValue* operand = context.value(0);
  if (operand == nullptr) return;
  const std::optional<size_t> axis = ResolveAxis(context.Int("axis", 0), operand->dims.size());
  if (!axis) return;
  const Index strides = RowMajorStrides(operand->dims);
  int64_t start = 0;
  for (size_t part = 0; part < context.num_results(); ++part) {
    const std::optional<Index> dims = TrackedDims(context, part);
    if (!dims || dims->size() != operand->dims.size()) return;
    for (size_t j = 0; j < dims->size(); ++j) {
      if (j != *axis && (*dims)[j] != operand->dims[j]) return;
    }
    if (start + (*dims)[*axis] > operand->dims[*axis]) return;
    PartialValue result = PartialValue::Unknown(*dims);
    Index index(dims->size(), 0);
    for (Scalar& element : result.elements) {
      const int64_t offset = Dot(index, strides) + start * strides[*axis];
      element = operand->elements[static_cast<size_t>(offset)];
      NextIndex(*dims, index);
    }
    context.SetValue(part, std::move(result));
    start += (*dims)[*axis];
  }
}

void Expand(RuleContext& context) {
  const PartialValue* operand = context.value(0);
  const std::optional<Index> dims = TrackedDims(context);
  if (operand == nullptr || !dims || operand->dims.size() > dims->size()) return;
  MoveElements(context, *operand, *dims,
               [&](const Index& index) { return BroadcastOffset(operand->dims, index); });
}

void Tile(RuleContext& context) {
  const PartialValue* operand = context.value(0);
  const std::optional<Index> dims = TrackedDims(context);
  if (operand == nullptr || !dims || operand->dims.size() != dims->size()) return;
  const Index strides = RowMajorStrides(operand->dims);
  MoveElements(context, *operand, *dims, [&](const Index& index) {
    int64_t offset = 0;
    for (size_t i = 0; i < index.size(); ++i) {
      offset += index[i] % operand->dims[i] * strides[i];
    }
    return offset;
  });
}

// Pads with a constant; other modes are not used on shapes. Negative pads crop.
void Pad(RuleContext& context) {
  const PartialValue* operand = context.value(0);
  const std::optional<Index> dims = TrackedDims(context);
  if (operand == nullptr || !dims || context.String("mode", "constant") != "constant" ||
      !context.Has(1) || context.Has(3)) {
    return;
  }
  const std::optional<std::vector<int64_t>> pads = context.Integers(1);
  const size_t rank = dims->size();
  if (!pads || pads->size() != 2 * rank || operand->dims.size() != rank) return;
  for (const int64_t pad : *pads) {
    if (pad > kMaxTrackedElements || pad < -kMaxTrackedElements) return;
  }
  Scalar fill = RangeOf(context.results()[0].element) ? Scalar::Integer(0) : Scalar::Real(0);
  if (context.Has(2)) {
    const PartialValue* value = context.value(2);
    fill = value != nullptr && value->elements.size() == 1 ? value->elements[0] : Scalar();
  }
  const Index strides = RowMajorStrides(operand->dims);
  PartialValue result = PartialValue::Unknown(*dims);
  Index index(rank, 0);
  for (Scalar& element : result.elements) {
    int64_t offset = 0;
    for (size_t i = 0; i < rank && offset >= 0; ++i) {
      const int64_t at = index[i] - (*pads)[i];
      offset = at < 0 || at >= operand->dims[i] ? -1 : offset + at * strides[i];
    }
    element = offset < 0 ? fill : operand->elements[static_cast<size_t>(offset)];
    NextIndex(*dims, index);
  }
  context.SetValue(0, std::move(result));
}

// ScatterElements without reduction. An update at an unknown place could be anywhere.
void ScatterElements(RuleContext& context) {
  const std::optional<Index> dims = TrackedDims(context);
  const std::optional<PartialValue> data = context.ValueOrUnknown(0);
  const PartialValue* indices = context.value(1);
  const std::optional<PartialValue> updates = context.ValueOrUnknown(2);
  if (!dims || !data || data->dims != *dims || indices == nullptr || !updates ||
      updates->dims != indices->dims || indices->dims.size() != dims->size() ||
      context.String("reduction", "none") != "none") {
    return;
  }
  const std::optional<size_t> axis = ResolveAxis(context.Int("axis", 0), dims->size());
  if (!axis) return;
  PartialValue result = *data;
  const Index strides = RowMajorStrides(*dims);
  Index index(dims->size(), 0);
  for (size_t i = 0; i < updates->elements.size(); ++i) {
    Index place = index;
    place[*axis] = PlaceOf(indices->elements[i], (*dims)[*axis]);
    if (place[*axis] < 0) return;
    const int64_t offset = Dot(place, strides);
    if (offset >= static_cast<int64_t>(result.elements.size())) return;
    result.elements[static_cast<size_t>(offset)] = updates->elements[i];
    NextIndex(indices->dims, index);
  }
  context.SetValue(0, std::move(result));
}

// ScatterND without reduction.
void ScatterNd(RuleContext& context) {
  const std::optional<Index> dims = TrackedDims(context);
  const std::optional<PartialValue> data = context.ValueOrUnknown(0);
  const PartialValue* indices = context.value(1);
  const std::optional<PartialValue> updates = context.ValueOrUnknown(2);
  if (!dims || !data || data->dims != *dims || indices == nullptr || indices->dims.empty() ||
      !updates || context.String("reduction", "none") != "none") {
    return;
  }
  const size_t depth = static_cast<size_t>(indices->dims.back());
  if (depth == 0 || depth > dims->size()) return;
  const Index strides = RowMajorStrides(*dims);
  const int64_t block = strides[depth - 1];
  const int64_t count = static_cast<int64_t>(indices->elements.size()) / indices->dims.back();
  if (static_cast<int64_t>(updates->elements.size()) != count * block) return;
  PartialValue result = *data;
  for (int64_t i = 0; i < count; ++i) {
    int64_t offset = 0;
    for (size_t j = 0; j < depth; ++j) {
      const Scalar& at = indices->elements[static_cast<size_t>(i) * depth + j];
      const int64_t place = PlaceOf(at, (*dims)[j]);
      if (place < 0) return;
      offset += place * strides[j];
    }
    for (int64_t j = 0; j < block; ++j) {
      result.elements[static_cast<size_t>(offset + j)] =
          updates->elements[static_cast<size_t>(i * block + j)];
    }
  }
  context.SetValue(0, std::move(result));
}

constexpr ValueRuleEntry kRules[] = {
    {"Concat", Concat},
    {"Expand", Expand},
    {"Flatten", Relabel},
    {"Gather", Gather},
    {"GatherElements", GatherElements},
    {"Identity", Relabel},
    {"Pad", Pad},
    {"Reshape", Relabel},
    {"ScatterElements", ScatterElements},
    {"ScatterND", ScatterNd},
    {"Slice", Slice},
    {"Split", Split},
    {"Squeeze", Relabel},
    {"Tile", Tile},
    {"Transpose", Transpose},
    {"Unsqueeze", Relabel},
};

}  // namespace

absl::Span<const ValueRuleEntry> MovementValueRules() { return kRules; }

}  // namespace allot
