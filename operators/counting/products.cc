// Matrix products, recurrent cells, experts, decompositions, classic linear models.
#include <algorithm>

#include "operators/counting/work_rules.h"

namespace allot::work {
namespace {

OpWork OneProduct(const Extents& product) {
  OpWork work;
  work.products.push_back(product);
  return work;
}

// What a result element sums over: the last dimension of the first operand, or the one before if
// that operand is transposed.
int64_t Depth(const OpView& view) {
  const std::vector<int64_t> a = view.OperandDims(0);
  const bool transposed = view.Int("transA", 0) != 0 && a.size() >= 2;
  return DimAt(a, transposed ? -2 : -1);
}

// One matrix stands behind all rows.
Extents RowsOf(const OpView& view, int64_t depth) {
  const int64_t results = view.ResultElements(0);
  const int64_t columns = FactorOf(results, DimAt(view.ResultDims(0), -1));
  return {.m = results / columns, .n = columns, .k = depth};
}

Extents ProductOf(const OpView& view, size_t second, int64_t depth) {
  const size_t rank_a = view.OperandDims(0).size(), rank_b = view.OperandDims(second).size();
  const int64_t results = view.ResultElements(0);
  if (rank_b == 1) return {.m = results, .k = depth};
  Extents product = RowsOf(view, depth);
  if (rank_b <= 2) return product;
  // A vector's one row is no dimension of the result.
  const int64_t rows = rank_a == 1 ? 1 : FactorOf(product.m, DimAt(view.ResultDims(0), -2));
  product.batch = product.m / rows;
  product.m = rows;
  return product;
}

// X [steps, batch, inputs], W [directions, gates, inputs], R [directions, gates, hidden], of which
// W and R may be stored transposed: each step multiplies with all of W and R, with R after the step
// before. Sequences count at full length.
OpWork RecurrenceWork(const OpView& view, int64_t operations) {
  OpWork work;
  const std::vector<int64_t> x = view.OperandDims(0), w = view.OperandDims(1);
  const std::vector<int64_t> r = view.OperandDims(2);
  if (x.size() != 3 || w.size() != 3 || r.size() != 3) return work;
  const int64_t of_w = Product({w[1], w[2]}), of_r = Product({r[1], r[2]});
  const int64_t inputs = FactorOf(of_w, x[2]), gates = of_w / inputs;
  const int64_t columns = FactorOf(of_r, gates);
  work.products.push_back({.batch = w[0], .m = Product({x[0], x[1]}), .n = gates, .k = inputs});
  work.products.push_back(
      {.batch = Product({r[0], x[0]}), .m = x[1], .n = columns, .k = of_r / columns});
  const int64_t elements = x[2] <= 0 ? 0 : view.OperandElements(1) / x[2];
  work.other_operations = Product({operations, x[0], x[1], elements});
  return work;
}

// LU decomposition of each matrix: 2/3 n^3; the inverse takes 2 n^3.
OpWork DecompositionWork(const OpView& view, bool inverse) {
  const int64_t n = DimAt(view.OperandDims(0), -1);
  const int64_t cubes = Product({2, view.OperandElements(0), n});
  OpWork work;
  work.other_operations = inverse ? cubes : cubes / 3;
  return work;
}

// Of `experts` weight matrices, every row of the input meets `k`.
OpWork ExpertsWork(const OpView& view) {
  OpWork work;
  const int64_t hidden = DimAt(view.OperandDims(0), -1);
  if (hidden <= 0) return work;
  const int64_t rows =
      Product({view.OperandElements(0) / hidden, std::max<int64_t>(1, view.Int("k", 1))});
  const bool packed = view.node().op_type == "QMoE";
  // Weights of fc1, fc2 and fc3: each with a bias behind, and with scales between if quantized.
  const size_t stride = packed ? 3 : 2;
  for (size_t i = 2; i <= 2 + 2 * stride; i += stride) {
    const std::vector<int64_t> weights = view.OperandDims(i);
    if (weights.size() != 3 || weights[0] <= 0) continue;
    int64_t elements = view.OperandElements(i) / weights[0];
    if (packed && view.Int("expert_weight_bits", 4) == 4) {
      elements = SaturatingMultiply(elements, 2);
    }
    // fc1 and fc3 lead from the hidden size to another, fc2 back.
    const int64_t at_hidden = FactorOf(elements, hidden), at_inner = elements / at_hidden;
    const bool back = i == 2 + stride;
    work.products.push_back(
        {.m = rows, .n = back ? at_hidden : at_inner, .k = back ? at_inner : at_hidden});
  }
  return work;
}

int64_t Rows(const OpView& view) {
  const std::vector<int64_t> input = view.OperandDims(0);
  return input.size() >= 2 ? input[0] : 1;
}

// Rows of the input with a list of numbers as a matrix.
Extents RowsTimes(const OpView& view, int64_t numbers) {
  const int64_t depth = FactorOf(numbers, DimAt(view.OperandDims(0), -1));
  return {.m = Rows(view), .n = numbers / depth, .k = depth};
}

}  // namespace

WorkRule MatrixProduct(size_t second) {
  return [second](const OpView& view) { return OneProduct(ProductOf(view, second, Depth(view))); };
}

WorkRule RowsTimesMatrix(size_t bias) {
  return [bias](const OpView& view) {
    OpWork work = OneProduct(RowsOf(view, Depth(view)));
    if (bias > 0 && view.HasOperand(bias)) work.other_operations = view.ResultElements(0);
    return work;
  };
}

WorkRule SquaredDistances() {
  return [](const OpView& view) {
    OpWork work = OneProduct(RowsOf(view, Depth(view)));
    work.other_operations = Product({view.ResultElements(0), Depth(view)});
    return work;
  };
}

WorkRule Einsum() {
  return [](const OpView& view) {
    std::vector<std::vector<int64_t>> dims;
    for (size_t i = 0; i < view.node().operands.size(); ++i) {
      // A scalar has no dimensions either; one of unknown shape makes the equation malformed.
      if (!view.OperandType(i).is_static()) return OpWork();
      dims.push_back(view.OperandDims(i));
    }
    return EinsumWork(view.String("equation", ""), dims);
  };
}

WorkRule Recurrence(int64_t operations) {
  return [operations](const OpView& view) { return RecurrenceWork(view, operations); };
}

WorkRule Determinant() {
  return [](const OpView& view) { return DecompositionWork(view, /*inverse=*/false); };
}

WorkRule Inverse() {
  return [](const OpView& view) { return DecompositionWork(view, /*inverse=*/true); };
}

WorkRule Experts() { return ExpertsWork; }

WorkRule LinearModel() {
  return [](const OpView& view) {
    return OneProduct(RowsTimes(view, view.ListLength("coefficients")));
  };
}

WorkRule SupportVectors() {
  return [](const OpView& view) {
    OpWork work = OneProduct(RowsTimes(view, view.ListLength("support_vectors")));
    work.products.push_back(RowsTimes(view, view.ListLength("coefficients")));
    return work;
  };
}

}  // namespace allot::work
