// Products of matrices: columns and the axes of the first factor are independent of each other,
// rows that are summed over give summands.
#include <algorithm>
#include <map>

#include "operators/splits/split_rules.h"

namespace allot {
namespace {

// Axes in front of the last two: those of a stack of products.
void AddStackWays(const OpView& view, size_t a, size_t b, SplitWays& ways) {
  const ir::Type& first = view.OperandType(a);
  const ir::Type& second = view.OperandType(b);
  const int64_t rank = RankOf(view.ResultType(0));
  for (int64_t from_end = 3; from_end <= rank; ++from_end) {
    const int64_t size = SizeOf(view.ResultType(0), -from_end);
    if (size < 2) continue;
    const bool has_a = RankOf(first) >= from_end, has_b = RankOf(second) >= from_end;
    const int64_t of_a = has_a ? SizeOf(first, -from_end) : 1;
    const int64_t of_b = has_b ? SizeOf(second, -from_end) : 1;
    if ((of_a != size && of_a != 1) || (of_b != size && of_b != 1)) continue;
    const bool weights = of_b == size && view.ConstantOf(view.node().operands[b]).valid();
    ways.Add(weights ? SplitKind::kExperts : SplitKind::kBatch, size);
    if (of_a == size) ways.Operand(a, -from_end);
    if (of_b == size) ways.Operand(b, -from_end);
    ways.Result(0, -from_end);
  }
}

// operands[a] x operands[b], with scales and zero points of one element or one for each column of b
// among `per_column`.
std::vector<SplitAxis> Product(const OpView& view, size_t a, size_t b,
                               const std::vector<size_t>& per_column, bool sums) {
  SplitWays ways(view);
  const ir::Type& first = view.OperandType(a);
  const ir::Type& second = view.OperandType(b);
  if (RankOf(first) < 1 || RankOf(second) < 1) return {};
  const int64_t columns = SizeOf(second, -1);
  if (RankOf(second) >= 2 && ways.Add(SplitKind::kColumns, columns) != nullptr) {
    ways.Operand(b, -1);
    ways.Result(0, -1);
    for (const size_t i : per_column) {
      if (view.HasOperand(i) && RankOf(view.OperandType(i)) > 0 &&
          SizeOf(view.OperandType(i), -1) != 1) {
        ways.Operand(i, -1);
      }
    }
  }
  const int64_t rows_axis = RankOf(second) == 1 ? -1 : -2;
  const int64_t rows = SizeOf(second, rows_axis);
  if (sums && rows == SizeOf(first, -1)) {
    if (SplitAxis* way = ways.Add(SplitKind::kRows, rows)) {
      way->sums = true;
      ways.Operand(a, -1);
      ways.Operand(b, rows_axis);
    }
  }
  if (RankOf(first) >= 2 && RankOf(second) >= 2 &&
      ways.Add(SplitKind::kBatch, SizeOf(first, -2)) != nullptr) {
    ways.Operand(a, -2);
    ways.Result(0, -2);
  }
  AddStackWays(view, a, b, ways);
  return std::move(ways).Take();
}

SplitRule MatrixProduct() {
  return [](const OpView& view) { return Product(view, 0, 1, {}, true); };
}

// Summands in 32-bit integers are exact; zero points are one number or one for each column.
SplitRule IntegerProduct() {
  return [](const OpView& view) {
    // A zero point for each row of the first factor would be divided with it.
    if (view.HasOperand(2) && view.OperandElements(2) != 1) return std::vector<SplitAxis>();
    return Product(view, 0, 1, {3}, true);
  };
}

// Its result is rounded, so summands are not there.
SplitRule RoundedProduct() {
  return [](const OpView& view) { return Product(view, 0, 3, {4, 5, 6, 7}, false); };
}

std::vector<SplitAxis> Gemm(const OpView& view) {
  const bool trans_a = view.Int("transA", 0) != 0, trans_b = view.Int("transB", 0) != 0;
  const ir::Type& a = view.OperandType(0);
  const ir::Type& b = view.OperandType(1);
  const ir::Type& c = view.OperandType(2);
  if (RankOf(a) != 2 || RankOf(b) != 2) return {};
  SplitWays ways(view);
  const int64_t columns = SizeOf(b, trans_b ? 0 : 1), rows = SizeOf(b, trans_b ? 1 : 0);
  const int64_t samples = SizeOf(a, trans_a ? 1 : 0);
  const bool has_c = view.HasOperand(2);
  const bool c_known = !has_c || RankOf(c) >= 0;
  const auto divided = [&](int64_t axis, int64_t size) {  // whether c has an axis of that size
    return has_c && RankOf(c) >= -axis && SizeOf(c, axis) == size;
  };
  const auto fits = [&](int64_t axis, int64_t size) {
    return !has_c || RankOf(c) < -axis || SizeOf(c, axis) == 1 || SizeOf(c, axis) == size;
  };
  if (c_known && fits(-1, columns) && ways.Add(SplitKind::kColumns, columns) != nullptr) {
    ways.Operand(1, trans_b ? 0 : 1);
    if (divided(-1, columns)) ways.Operand(2, -1);
    ways.Result(0, 1);
  }
  if (rows == SizeOf(a, trans_a ? 0 : 1)) {
    if (SplitAxis* way = ways.Add(SplitKind::kRows, rows)) {
      way->sums = true;
      way->first_only = has_c ? 2 : -1;
      ways.Operand(0, trans_a ? 0 : 1);
      ways.Operand(1, trans_b ? 1 : 0);
    }
  }
  if (c_known && fits(-2, samples) && ways.Add(SplitKind::kBatch, samples) != nullptr) {
    ways.Operand(0, trans_a ? 1 : 0);
    if (divided(-2, samples)) ways.Operand(2, -2);
    ways.Result(0, 0);
  }
  return std::move(ways).Take();
}

// "bij,bjk->bik": each label is an axis; those that the result lacks are summed over.
std::vector<SplitAxis> Einsum(const OpView& view) {
  std::string equation = view.String("equation", "");
  equation.erase(std::remove(equation.begin(), equation.end(), ' '), equation.end());
  const size_t arrow = equation.find("->");
  if (arrow == equation.npos || equation.find('.') != equation.npos) return {};
  std::vector<std::string> terms = {""};
  for (const char c : equation.substr(0, arrow)) {
    if (c == ',') {
      terms.emplace_back();
    } else {
      terms.back() += c;
    }
  }
  const std::string result = equation.substr(arrow + 2);
  if (terms.size() != view.node().operands.size()) return {};
  std::map<char, int64_t> sizes;
  for (size_t i = 0; i < terms.size(); ++i) {
    if (RankOf(view.OperandType(i)) != static_cast<int64_t>(terms[i].size())) return {};
    for (size_t axis = 0; axis < terms[i].size(); ++axis) {
      const char label = terms[i][axis];
      // A label twice in a term is a diagonal.
      if (terms[i].find(label, axis + 1) != std::string::npos) return {};
      const int64_t size = SizeOf(view.OperandType(i), static_cast<int64_t>(axis));
      const auto [known, is_new] = sizes.emplace(label, size);
      if (!is_new && known->second != size) known->second = -1;
    }
  }
  SplitWays ways(view);
  for (const auto& [label, size] : sizes) {
    const size_t at = result.find(label);
    const bool first = terms[0].find(label) != std::string::npos;
    const bool last = terms.back().find(label) != std::string::npos;
    const SplitKind kind = at == result.npos ? SplitKind::kRows
                           : first           ? SplitKind::kBatch
                           : last            ? SplitKind::kColumns
                                             : SplitKind::kBatch;
    SplitAxis* way = ways.Add(kind, size);
    if (way == nullptr) continue;
    way->sums = at == result.npos;
    for (size_t i = 0; i < terms.size(); ++i) {
      const size_t axis = terms[i].find(label);
      if (axis != std::string::npos) ways.Operand(i, static_cast<int64_t>(axis));
    }
    if (!way->sums) ways.Result(0, static_cast<int64_t>(at));
  }
  return std::move(ways).Take();
}

}  // namespace

std::vector<SplitRuleEntry> ProductSplitRules() {
  return {{"", "MatMul", MatrixProduct()},
          {"", "MatMulInteger", IntegerProduct()},
          {"", "QLinearMatMul", RoundedProduct()},
          {"", "Gemm", Gemm},
          {"", "Einsum", Einsum}};
}

}  // namespace allot
