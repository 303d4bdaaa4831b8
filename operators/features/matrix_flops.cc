// Products: convolutions, matrix products, recurrent cells, experts, classic linear models.
#include <algorithm>

#include "operators/features/op_flops.h"

namespace allot {
namespace {

// Elements of a kernel per element of its first dimension: of [M, C/groups, k...] what one result
// element multiplies, of [C, M/groups, k...] (transposed) what one operand element does. Neither
// depends on how the data are laid out, nor on groups.
int64_t KernelSlice(const OpView& view, size_t kernel) {
  const std::vector<int64_t> dims = view.OperandDims(kernel);
  const int64_t first = DimAt(dims, 0);
  return first <= 0 ? 0 : view.OperandElements(kernel) / first;
}

int64_t ConvFlops(const OpEntry& op, const OpView& view) {
  const size_t kernel = static_cast<size_t>(op.amount);
  const int64_t results = view.ResultElements(0);
  const int64_t products = Product({2, results, KernelSlice(view, kernel)});
  // Of a plain convolution the bias stands behind the kernel.
  const bool bias = kernel == 1 && !op.int8 && view.HasOperand(2);
  return bias && products > 0 ? SaturatingAdd(products, results) : products;
}

int64_t ConvTransposeFlops(const OpEntry& op, const OpView& view) {
  return Product({2, view.OperandElements(0), KernelSlice(view, static_cast<size_t>(op.amount))});
}

// A convolution, and bilinear samples of 8 operations for each input channel and kernel element at
// each place.
int64_t DeformConvFlops(const OpEntry& op, const OpView& view) {
  const std::vector<int64_t> input = view.OperandDims(0), kernel = view.OperandDims(1);
  const std::vector<int64_t> result = view.ResultDims(0);
  if (input.size() < 3 || kernel.size() < 3 || result.size() < 3) return 0;
  int64_t samples = Product({8, input[0], input[1]});
  for (size_t i = 2; i < kernel.size(); ++i) samples = SaturatingMultiply(samples, kernel[i]);
  for (size_t i = 2; i < result.size(); ++i) samples = SaturatingMultiply(samples, result[i]);
  return SaturatingAdd(ConvFlops(op, view), samples);
}

// What a result element sums over: the last dimension of the first operand, or the one before if
// that operand is transposed.
int64_t Depth(const OpView& view) {
  const std::vector<int64_t> a = view.OperandDims(0);
  const bool transposed = view.Int("transA", 0) != 0 && a.size() >= 2;
  return DimAt(a, transposed ? -2 : -1);
}

int64_t GemmFlops(const OpEntry& op, const OpView& view) {
  const int64_t results = view.ResultElements(0);
  const int64_t products = Product({op.amount, results, Depth(view)});
  return !op.int8 && view.HasOperand(2) ? SaturatingAdd(products, results) : products;
}

// X [steps, batch, inputs], W [directions, gates, inputs], R [directions, gates, hidden]: each step
// multiplies with all of W and R. Sequences count at full length.
int64_t RecurrentFlops(const OpEntry& op, const OpView& view) {
  const std::vector<int64_t> x = view.OperandDims(0), w = view.OperandDims(1);
  const std::vector<int64_t> r = view.OperandDims(2);
  if (x.size() != 3 || w.size() != 3 || r.size() != 3) return 0;
  const int64_t steps = Product({x[0], x[1]});
  const int64_t weights = SaturatingAdd(view.OperandElements(1), view.OperandElements(2));
  // W may be stored transposed; a gate's rows are what its elements leave of the inputs.
  const int64_t gates = x[2] <= 0 ? 0 : view.OperandElements(1) / x[2];
  return SaturatingMultiply(
      steps, SaturatingAdd(SaturatingMultiply(2, weights), SaturatingMultiply(op.amount, gates)));
}

// LU decomposition of each matrix: 2/3 n^3; the inverse takes 2 n^3.
int64_t DecompositionFlops(const OpView& view, bool inverse) {
  const int64_t n = DimAt(view.OperandDims(0), -1);
  const int64_t cubes = Product({2, view.OperandElements(0), n});
  return inverse ? cubes : cubes / 3;
}

// Of `experts` weight matrices, every row of the input meets `k`.
int64_t ExpertsFlops(const OpView& view) {
  const std::vector<int64_t> input = view.OperandDims(0);
  const int64_t hidden = DimAt(input, -1);
  if (hidden <= 0) return 0;
  const int64_t rows = view.OperandElements(0) / hidden;
  const bool packed = view.node().op_type == "QMoE";
  // Weights of fc1, fc2 and fc3: each with a bias behind, and with scales between if quantized.
  const size_t stride = packed ? 3 : 2;
  int64_t per_row = 0;
  for (size_t i = 2; i <= 2 + 2 * stride; i += stride) {
    const std::vector<int64_t> weights = view.OperandDims(i);
    if (weights.size() != 3 || weights[0] <= 0) continue;
    int64_t elements = view.OperandElements(i) / weights[0];
    if (packed && view.Int("expert_weight_bits", 4) == 4) {
      elements = SaturatingMultiply(elements, 2);
    }
    per_row = SaturatingAdd(per_row, elements);
  }
  return Product({2, rows, std::max<int64_t>(1, view.Int("k", 1)), per_row});
}

int64_t Rows(const OpView& view) {
  const std::vector<int64_t> input = view.OperandDims(0);
  return input.size() >= 2 ? input[0] : 1;
}

}  // namespace

int64_t MatrixFlops(const OpEntry& op, const OpView& view) {
  switch (op.rule) {
    case WorkRule::kConv:
      return ConvFlops(op, view);
    case WorkRule::kConvTranspose:
      return ConvTransposeFlops(op, view);
    case WorkRule::kDeformConv:
      return DeformConvFlops(op, view);
    case WorkRule::kGemm:
      return GemmFlops(op, view);
    case WorkRule::kMatMul:
      return Product({op.amount, view.ResultElements(0), Depth(view)});
    case WorkRule::kEinsum: {
      std::vector<std::vector<int64_t>> dims;
      for (size_t i = 0; i < view.node().operands.size(); ++i) {
        // A scalar has no dimensions either; one of unknown shape makes the equation malformed.
        if (!view.OperandType(i).is_static()) return 0;
        dims.push_back(view.OperandDims(i));
      }
      return EinsumFlops(view.String("equation", ""), dims);
    }
    case WorkRule::kRecurrent:
      return RecurrentFlops(op, view);
    case WorkRule::kDeterminant:
      return DecompositionFlops(view, /*inverse=*/false);
    case WorkRule::kInverse:
      return DecompositionFlops(view, /*inverse=*/true);
    case WorkRule::kExperts:
      return ExpertsFlops(view);
    case WorkRule::kLinearModel:
      return Product({2, Rows(view), view.ListLength("coefficients")});
    case WorkRule::kSupportVectors:
      return Product(
          {2, Rows(view),
           SaturatingAdd(view.ListLength("support_vectors"), view.ListLength("coefficients"))});
    default:
      return 0;
  }
}

}  // namespace allot
