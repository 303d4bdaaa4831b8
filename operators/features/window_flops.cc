// Windows, searches and transforms: work that depends on more than the number of elements.
#include <algorithm>
#include <set>

#include "operators/features/op_flops.h"

namespace allot {
namespace {

int64_t PoolFlops(const OpEntry& op, const OpView& view) {
  int64_t window = op.amount;
  for (int64_t size : view.Ints("kernel_shape")) {
    window = SaturatingMultiply(window, std::max<int64_t>(0, size));
  }
  return SaturatingMultiply(window, view.ResultElements(0));
}

// Interpolation between 2 (linear) or 4 (cubic) neighbours per axis that changes; images change
// two.
int64_t ResizeFlops(const OpView& view) {
  const std::string mode = view.String("mode", "nearest");
  const int64_t per_element = mode == "cubic" ? 40 : mode == "nearest" ? 0 : 8;
  return SaturatingMultiply(per_element, view.ResultElements(0));
}

// A heap of the k best: every element is compared log2(k) times, at least once.
int64_t TopKFlops(const OpView& view) {
  const int64_t k = DimAt(view.ResultDims(0), view.Int("axis", -1));
  return SaturatingMultiply(view.OperandElements(0), 1 + CeilLog2(k));
}

// `amount` n log2(n) for each transform of length n (Cooley and Tukey, 1965).
int64_t FourierFlops(const OpEntry& op, const OpView& view) {
  const std::vector<int64_t> dims = view.ResultDims(0);
  // Up to opset 19 an attribute, then an operand whose default is the axis before the last.
  const std::vector<int64_t> operand = view.OperandIntegers(2);
  const bool by_attribute = view.FindAttribute("axis") != nullptr;
  const int64_t axis = !operand.empty() ? operand[0] : by_attribute ? view.Int("axis", 1) : -2;
  const int64_t length = DimAt(dims, axis);
  // Real and imaginary parts stand side by side in the last dimension.
  const int64_t last = std::max<int64_t>(1, DimAt(dims, -1));
  const int64_t points = std::max(view.OperandElements(0), view.ResultElements(0)) / last;
  return Product({op.amount, points, CeilLog2(length)});
}

// [batch, frames, bins, 2] from frames of 2 (bins - 1) samples.
int64_t FourierFramesFlops(const OpEntry& op, const OpView& view) {
  const std::vector<int64_t> dims = view.ResultDims(0);
  if (dims.size() != 4) return 0;
  const bool one_sided = view.Int("onesided", 1) != 0;
  const int64_t length =
      one_sided ? SaturatingMultiply(2, std::max<int64_t>(0, dims[2] - 1)) : dims[2];
  return Product({op.amount, dims[0], dims[1], length, CeilLog2(length)});
}

// Each row descends each tree; a tree of n nodes is taken to be balanced.
int64_t TreeFlops(const OpView& view) {
  const std::vector<int64_t> input = view.OperandDims(0);
  const int64_t rows = input.size() >= 2 ? input[0] : 1;
  int64_t trees = view.ListLength("tree_roots");
  int64_t nodes = view.ListLength("nodes_featureids");
  if (trees == 0) {
    const std::vector<int64_t> ids = view.Ints("nodes_treeids");
    trees = static_cast<int64_t>(std::set<int64_t>(ids.begin(), ids.end()).size());
    nodes = static_cast<int64_t>(ids.size());
  }
  if (trees == 0) return 0;
  return Product({rows, trees, 1 + CeilLog2(nodes / trees)});
}

}  // namespace

int64_t WindowFlops(const OpEntry& op, const OpView& view) {
  switch (op.rule) {
    case WorkRule::kWindow:
      return PoolFlops(op, view);
    case WorkRule::kLocalResponse:
      return SaturatingMultiply(
          SaturatingAdd(op.amount,
                        SaturatingMultiply(2, std::max<int64_t>(0, view.Int("size", 1)))),
          view.ResultElements(0));
    case WorkRule::kResize:
      return ResizeFlops(view);
    case WorkRule::kTopK:
      return TopKFlops(view);
    case WorkRule::kSort:
      return SaturatingMultiply(view.OperandElements(0),
                                std::max<int64_t>(1, CeilLog2(view.OperandElements(0))));
    case WorkRule::kFourier:
      return FourierFlops(op, view);
    case WorkRule::kFourierFrames:
      return FourierFramesFlops(op, view);
    case WorkRule::kTrees:
      return TreeFlops(view);
    default:
      return 0;
  }
}

}  // namespace allot
