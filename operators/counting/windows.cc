// Windows, searches and transforms: work that depends on more than the number of elements.
#include <algorithm>
#include <set>

#include "operators/counting/work_rules.h"

namespace allot::work {
namespace {

// The smallest n with 2^n >= count; 0 for counts below 2.
int64_t CeilLog2(int64_t count) {
  int64_t log = 0;
  while (log < 62 && (int64_t{1} << log) < count) ++log;
  return log;
}

OpWork Operations(int64_t count) {
  OpWork work;
  work.other_operations = count;
  return work;
}

// Interpolation between 2 (linear) or 4 (cubic) neighbours per axis that changes; images change
// two.
OpWork InterpolationWork(const OpView& view) {
  const std::string mode = view.String("mode", "nearest");
  const int64_t per_element = mode == "cubic" ? 40 : mode == "nearest" ? 0 : 8;
  return Operations(SaturatingMultiply(per_element, view.ResultElements(0)));
}

// A heap of the k best: every element is compared log2(k) times, at least once.
OpWork HeapWork(const OpView& view) {
  const int64_t k = DimAt(view.ResultDims(0), view.Int("axis", -1));
  return Operations(SaturatingMultiply(view.OperandElements(0), 1 + CeilLog2(k)));
}

// `operations` n log2(n) for each transform of length n (Cooley and Tukey, 1965).
OpWork FourierWork(const OpView& view, int64_t operations) {
  const std::vector<int64_t> dims = view.ResultDims(0);
  // Up to opset 19 an attribute, then an operand whose default is the axis before the last.
  const std::vector<int64_t> operand = view.OperandIntegers(2);
  const bool by_attribute = view.FindAttribute("axis") != nullptr;
  const int64_t axis = !operand.empty() ? operand[0] : by_attribute ? view.Int("axis", 1) : -2;
  const int64_t length = DimAt(dims, axis);
  // Real and imaginary parts stand side by side in the last dimension.
  const int64_t last = std::max<int64_t>(1, DimAt(dims, -1));
  const int64_t points = std::max(view.OperandElements(0), view.ResultElements(0)) / last;
  return Operations(Product({operations, points, CeilLog2(length)}));
}

// [batch, frames, bins, 2] from frames of 2 (bins - 1) samples.
OpWork FourierFramesWork(const OpView& view, int64_t operations) {
  const std::vector<int64_t> dims = view.ResultDims(0);
  if (dims.size() != 4) return {};
  const bool one_sided = view.Int("onesided", 1) != 0;
  const int64_t length =
      one_sided ? SaturatingMultiply(2, std::max<int64_t>(0, dims[2] - 1)) : dims[2];
  return Operations(Product({operations, dims[0], dims[1], length, CeilLog2(length)}));
}

// Each row descends each tree; a tree of n nodes is taken to be balanced.
OpWork TreesWork(const OpView& view) {
  const std::vector<int64_t> input = view.OperandDims(0);
  const int64_t rows = input.size() >= 2 ? input[0] : 1;
  int64_t trees = view.ListLength("tree_roots");
  int64_t nodes = view.ListLength("nodes_featureids");
  if (trees == 0) {
    const std::vector<int64_t> ids = view.Ints("nodes_treeids");
    trees = static_cast<int64_t>(std::set<int64_t>(ids.begin(), ids.end()).size());
    nodes = static_cast<int64_t>(ids.size());
  }
  if (trees == 0) return {};
  return Operations(Product({rows, trees, 1 + CeilLog2(nodes / trees)}));
}

}  // namespace

WorkRule Window(int64_t operations) {
  return [operations](const OpView& view) {
    int64_t window = 1;
    for (const int64_t size : view.Ints("kernel_shape")) {
      window = SaturatingMultiply(window, std::max<int64_t>(0, size));
    }
    OpWork work = Operations(Product({operations, window, view.ResultElements(0)}));
    work.window = window;
    return work;
  };
}

WorkRule LocalResponse(int64_t operations) {
  return [operations](const OpView& view) {
    const int64_t size = std::max<int64_t>(0, view.Int("size", 1));
    OpWork work = Operations(SaturatingMultiply(
        SaturatingAdd(operations, SaturatingMultiply(2, size)), view.ResultElements(0)));
    work.window = size;
    return work;
  };
}

WorkRule Interpolation() { return InterpolationWork; }

WorkRule HeapOfBest() { return HeapWork; }

WorkRule Sort() {
  return [](const OpView& view) {
    const int64_t elements = view.OperandElements(0);
    return Operations(SaturatingMultiply(elements, std::max<int64_t>(1, CeilLog2(elements))));
  };
}

WorkRule FourierTransform(int64_t operations) {
  return [operations](const OpView& view) { return FourierWork(view, operations); };
}

WorkRule FourierFrames(int64_t operations) {
  return [operations](const OpView& view) { return FourierFramesWork(view, operations); };
}

WorkRule DecisionTrees() { return TreesWork; }

}  // namespace allot::work
