#include "ir/constant_view.h"

#include <algorithm>
#include <memory>
#include <utility>

#include "absl/strings/str_cat.h"

#include "support/status.h"
#include "support/units.h"

namespace allot::ir {
namespace {

int64_t LengthOf(const std::vector<IndexRun>& runs) {
  int64_t length = 0;
  for (const IndexRun& run : runs) length = SaturatingAdd(length, run.end - run.begin);
  return length;
}

// `inner` as runs of what `outer` is runs of. Runs that touch become one.
std::vector<IndexRun> Compose(const std::vector<IndexRun>& outer,
                              const std::vector<IndexRun>& inner) {
  std::vector<IndexRun> composed;
  for (const IndexRun& run : inner) {
    int64_t begin = 0;  // of the outer run, in the outer slice
    for (const IndexRun& from : outer) {
      const int64_t end = begin + from.end - from.begin;
      const int64_t first = std::max(run.begin, begin), last = std::min(run.end, end);
      if (first < last) {
        const IndexRun part = {from.begin + first - begin, from.begin + last - begin};
        if (!composed.empty() && composed.back().end == part.begin) {
          composed.back().end = part.end;
        } else {
          composed.push_back(part);
        }
      }
      begin = end;
    }
  }
  return composed;
}

// The last axis of which not all is kept.
size_t LastCut(const FileView& view) {
  size_t last = 0;
  for (size_t axis = 0; axis < view.kept.size(); ++axis) {
    if (!view.kept[axis].empty()) last = axis;
  }
  return last;
}

int64_t Product(const std::vector<int64_t>& dims, size_t begin, size_t end) {
  int64_t product = 1;
  for (size_t axis = begin; axis < end; ++axis) product = SaturatingMultiply(product, dims[axis]);
  return product;
}

}  // namespace

std::string FaultOfView(const FileView& view, const Constant& constant) {
  const size_t rank = view.whole_dims.size();
  if (rank == 0 || view.kept.size() != rank || constant.dims.size() != rank) {
    return "is a view of another number of dimensions than its own";
  }
  const int64_t bits = BitWidth(constant.element);
  if (bits == 0) return "is a view of elements whose size nobody knows";
  for (const int64_t dim : view.whole_dims) {
    if (dim < 0) return absl::StrCat("is a view of a tensor with a dimension of ", dim);
  }
  // Every number below stays small if the whole does.
  constexpr int64_t kMostElements = int64_t{1} << 56;
  if (Product(view.whole_dims, 0, rank) > kMostElements) return "is a view of too large a tensor";
  for (size_t axis = 0; axis < rank; ++axis) {
    const std::vector<IndexRun>& runs = view.kept[axis];
    for (const IndexRun& run : runs) {
      if (run.begin < 0 || run.end <= run.begin || run.end > view.whole_dims[axis]) {
        return absl::StrCat("is a view of ", run.begin, " to ", run.end, " of a dimension of ",
                            view.whole_dims[axis]);
      }
    }
    const int64_t length = runs.empty() ? view.whole_dims[axis] : LengthOf(runs);
    if (length != constant.dims[axis]) {
      return absl::StrCat("has a dimension of ", constant.dims[axis], " but is a view of ", length);
    }
  }
  const size_t last = LastCut(view);
  const int64_t inner = Product(view.whole_dims, last + 1, rank) * bits;
  bool whole_bytes = inner * view.whole_dims[last] % 8 == 0;
  for (const IndexRun& run : view.kept[last]) {
    whole_bytes = whole_bytes && run.begin * inner % 8 == 0 && run.end * inner % 8 == 0;
  }
  return whole_bytes ? "" : "is a view that begins or ends within a byte";
}

void VisitBytes(const FileView& view, ElementType element,
                const std::function<void(const ByteRanges&)>& visit) {
  const size_t rank = view.whole_dims.size();
  const size_t last = LastCut(view);
  const int64_t bits = BitWidth(element);
  const auto bytes = [&](size_t axis) {  // of one index along the axis
    return Product(view.whole_dims, axis + 1, rank) * bits / 8;
  };
  std::vector<IndexRun> runs = view.kept[last];
  if (runs.empty()) runs = {{0, view.whole_dims[last]}};
  // Whole axes right in front of the last cut are walked by a stride.
  size_t outer = last;
  while (outer > 0 && view.kept[outer - 1].empty()) --outer;
  const int64_t inner_bits = Product(view.whole_dims, last + 1, rank) * bits;
  const int64_t count = Product(view.whole_dims, outer, last);
  const int64_t stride = inner_bits * view.whole_dims[last] / 8;
  // Offsets and lengths are of runs of the last axis.
  ByteRanges ranges = {0, LengthOf(runs) * inner_bits / 8, count, stride, nullptr};
  if (runs.size() > 1) {
    std::vector<BytePick> picks;
    for (const IndexRun& run : runs) {
      picks.push_back({run.begin * inner_bits / 8, (run.end - run.begin) * inner_bits / 8});
    }
    ranges.picks = std::make_shared<const std::vector<BytePick>>(std::move(picks));
  }
  const int64_t first = runs.size() > 1 ? 0 : runs[0].begin * inner_bits / 8;
  const auto visit_rows = [&](int64_t base) {
    ranges.offset = base + first;
    visit(ranges);
  };
  const std::function<void(size_t, int64_t)> walk = [&](size_t axis, int64_t base) {
    if (axis == outer) return visit_rows(base);
    const std::vector<IndexRun> all = {{0, view.whole_dims[axis]}};
    for (const IndexRun& run : view.kept[axis].empty() ? all : view.kept[axis]) {
      for (int64_t i = run.begin; i < run.end; ++i) walk(axis + 1, base + i * bytes(axis));
    }
  };
  if (count > 0) walk(0, 0);
}

absl::StatusOr<Constant> SliceConstant(const Constant& constant, size_t axis,
                                       const std::vector<IndexRun>& runs) {
  if (std::holds_alternative<OpaqueTensor>(constant.storage)) {
    return InputError("it is no dense tensor of numbers");
  }
  if (axis >= constant.dims.size()) return InputError("it has no axis ", axis);
  FileView view;
  Constant slice;
  slice.element = constant.element;
  slice.dims = constant.dims;
  if (const auto* sliced = std::get_if<FileView>(&constant.storage)) {
    view = *sliced;
  } else {
    view.whole_dims = constant.dims;
    view.kept.resize(constant.dims.size());
    if (const auto* file = std::get_if<FileBytes>(&constant.storage)) view.whole = *file;
  }
  if (runs.empty()) return InputError("a slice keeps at least one index");
  for (const IndexRun& run : runs) {
    if (run.begin < 0 || run.end <= run.begin || run.end > constant.dims[axis]) {
      return InputError(run.begin, " to ", run.end, " is no run of its ", constant.dims[axis],
                        " indexes");
    }
  }
  std::vector<IndexRun>& kept = view.kept[axis];
  kept = kept.empty() ? runs : Compose(kept, runs);
  slice.dims[axis] = LengthOf(kept);
  if (const std::string fault = FaultOfView(view, slice); !fault.empty()) {
    return InputError("the slice ", fault);
  }
  const auto* inlined = std::get_if<InlineBytes>(&constant.storage);
  if (inlined == nullptr) {
    slice.storage = std::move(view);
    return slice;
  }
  const absl::string_view all =
      inlined->bytes == nullptr ? absl::string_view() : absl::string_view(*inlined->bytes);
  if (static_cast<int64_t>(all.size()) != constant.bytes()) {
    return InputError("it has ", all.size(), " bytes but needs ", constant.bytes());
  }
  std::string bytes;
  bytes.reserve(static_cast<size_t>(slice.bytes()));
  VisitBytes(view, slice.element, [&](const ByteRanges& ranges) {
    for (int64_t i = 0; i < ranges.count; ++i) {
      const char* const range = all.data() + ranges.offset + i * ranges.stride;
      if (ranges.picks == nullptr) bytes.append(range, static_cast<size_t>(ranges.length));
      if (ranges.picks == nullptr) continue;
      for (const BytePick& pick : *ranges.picks) {
        bytes.append(range + pick.offset, static_cast<size_t>(pick.length));
      }
    }
  });
  slice.storage = InlineBytes{std::make_shared<const std::string>(std::move(bytes))};
  return slice;
}

}  // namespace allot::ir
