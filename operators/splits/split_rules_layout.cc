// Operators that only move elements: an axis of the operand is one of the result, or a factor of
// one.
#include <algorithm>
#include <numeric>

#include "operators/splits/split_rules.h"

namespace allot {
namespace {

int64_t Positive(int64_t axis, int64_t rank) {
  if (axis < 0) axis += rank;
  return axis < 0 || axis >= rank ? -1 : axis;
}

// Axis `from` of operand 0 is axis `to` of all results.
void AddPair(const OpView& view, int64_t from, int64_t to, SplitWays& ways) {
  if (ways.Add(SplitKind::kElements, SizeOf(view.OperandType(0), from)) == nullptr) return;
  ways.Operand(0, from);
  for (size_t i = 0; i < view.node().results.size(); ++i) ways.Result(i, to);
}

std::vector<SplitAxis> Transpose(const OpView& view) {
  const int64_t rank = RankOf(view.OperandType(0));
  std::vector<int64_t> perm = view.Ints("perm");
  const bool reversed = perm.empty();
  for (int64_t axis = rank - 1; reversed && axis >= 0; --axis) perm.push_back(axis);
  if (static_cast<int64_t>(perm.size()) != rank) return {};
  SplitWays ways(view);
  for (int64_t to = 0; to < rank; ++to) AddPair(view, perm[static_cast<size_t>(to)], to, ways);
  return std::move(ways).Take();
}

// More blocks than that along an axis are no heads.
constexpr int64_t kMostSegments = 64;

// Axes [from_begin, from_end) of the operand and [to_begin, to_end) of the result hold the same
// elements. A way for each pair of axes, one of each, with the same number of blocks in front:
// every part takes its share of each block.
void AddGroup(const OpView& view, int64_t from_begin, int64_t from_end, int64_t to_begin,
              int64_t to_end, int32_t sizes_operand, SplitWays& ways) {
  const ir::Type& from = view.OperandType(0);
  const ir::Type& to = view.ResultType(0);
  int64_t outer_from = 1;
  for (int64_t a = from_begin; a < from_end; outer_from *= SizeOf(from, a++)) {
    int64_t outer_to = 1;
    for (int64_t b = to_begin; b < to_end; outer_to *= SizeOf(to, b++)) {
      const int64_t outer = std::max(outer_from, outer_to);
      if (outer % outer_from != 0 || outer % outer_to != 0) continue;
      const int64_t of_a = outer / outer_from, of_b = outer / outer_to;  // blocks along each
      const int64_t size_a = SizeOf(from, a), size_b = SizeOf(to, b);
      if (of_a > kMostSegments || of_b > kMostSegments || size_a % of_a != 0 ||
          size_b % of_b != 0) {
        continue;
      }
      SplitAxis* way = ways.Add(SplitKind::kElements, std::gcd(size_a / of_a, size_b / of_b));
      if (way == nullptr) continue;
      const auto index = static_cast<int32_t>(b);
      if (sizes_operand >= 0) {
        way->sizes.push_back({"", sizes_operand, index, size_b});
      } else if (!view.Ints("shape").empty()) {
        way->sizes.push_back({"shape", -1, index, size_b});
      }
      ways.Operand(0, a);
      ways.Result(0, b);
      way->operands[0].segments.assign(static_cast<size_t>(of_a), size_a / of_a);
      way->results[0].segments.assign(static_cast<size_t>(of_b), size_b / of_b);
    }
  }
}

// Sizes from the end on of both types, as far as they are known: axes whose products agree hold the
// same elements.
std::vector<SplitAxis> Regroup(const OpView& view, int32_t sizes_operand) {
  const ir::Type& from = view.OperandType(0);
  const ir::Type& to = view.ResultType(0);
  SplitWays ways(view);
  int64_t i = RankOf(from) - 1, j = RankOf(to) - 1;
  while (i >= 0 && j >= 0) {
    const int64_t from_end = i + 1, to_end = j + 1;
    int64_t in = SizeOf(from, i), out = SizeOf(to, j);
    while (in > 0 && out > 0 && in != out) {
      const bool grow_in = in < out;
      const int64_t more =
          grow_in ? (i > 0 ? SizeOf(from, i - 1) : -1) : (j > 0 ? SizeOf(to, j - 1) : -1);
      if (more <= 0) return std::move(ways).Take();
      int64_t& product = grow_in ? in : out;
      product = SaturatingMultiply(product, more);
      --(grow_in ? i : j);
    }
    // An unknown size is paired with one of the same name only.
    if (in <= 0 || out <= 0) {
      const ir::Dim& a = (*from.shape)[static_cast<size_t>(i)];
      const ir::Dim& b = (*to.shape)[static_cast<size_t>(j)];
      if (a.known() || b.known() || a.symbol.empty() || a.symbol != b.symbol) break;
    } else {
      AddGroup(view, i, from_end, j, to_end, sizes_operand, ways);
    }
    --i;
    --j;
  }
  return std::move(ways).Take();
}

std::vector<SplitAxis> Reshape(const OpView& view) {
  return Regroup(view, view.HasOperand(1) ? 1 : -1);
}

std::vector<SplitAxis> Regrouped(const OpView& view) { return Regroup(view, -1); }

// Only along axes that it does not join.
std::vector<SplitAxis> Concat(const OpView& view) {
  const int64_t rank = RankOf(view.ResultType(0));
  const int64_t joined = Positive(view.Int("axis", 0), rank);
  if (joined < 0) return {};
  SplitWays ways(view);
  for (int64_t axis = 0; axis < rank; ++axis) {
    const int64_t size = SizeOf(view.ResultType(0), axis);
    bool holds = axis != joined && size >= 2;
    for (size_t i = 0; i < view.node().operands.size(); ++i) {
      holds = holds && SizeOf(view.OperandType(i), axis) == size;
    }
    if (!holds) continue;
    ways.Add(SplitKind::kElements, size);
    for (size_t i = 0; i < view.node().operands.size(); ++i) ways.Operand(i, axis);
    ways.Result(0, axis);
  }
  return std::move(ways).Take();
}

// Along the other axes, and along its own where every part gets its share of each result.
std::vector<SplitAxis> Split(const OpView& view) {
  const int64_t rank = RankOf(view.OperandType(0));
  const int64_t own = Positive(view.Int("axis", 0), rank);
  if (own < 0) return {};
  SplitWays ways(view);
  for (int64_t axis = 0; axis < rank; ++axis) {
    if (axis != own) AddPair(view, axis, axis, ways);
  }
  std::vector<int64_t> segments;
  int64_t units = 0;
  for (size_t i = 0; i < view.node().results.size(); ++i) {
    const int64_t size = SizeOf(view.ResultType(i), own);
    if (size < 1) return std::move(ways).Take();
    segments.push_back(size);
    units = std::gcd(units, size);
  }
  SplitAxis* way = ways.Add(SplitKind::kElements, units);
  if (way == nullptr) return std::move(ways).Take();
  for (size_t i = 0; i < segments.size(); ++i) {
    const auto index = static_cast<int32_t>(i);
    if (view.HasOperand(1)) way->sizes.push_back({"", 1, index, segments[i]});
    if (!view.Ints("split").empty()) way->sizes.push_back({"split", -1, index, segments[i]});
    ways.Result(i, own);
  }
  ways.Operand(0, own);
  way->operands[0].segments = std::move(segments);
  return std::move(ways).Take();
}

// Along axes that it takes all of.
std::vector<SplitAxis> Slice(const OpView& view) {
  const int64_t rank = RankOf(view.OperandType(0));
  std::vector<int64_t> axes = view.Ints("axes");
  if (view.HasOperand(3)) axes = view.OperandIntegers(3);
  if (rank < 0 || axes.empty()) return {};
  for (int64_t& axis : axes) axis = Positive(axis, rank);
  SplitWays ways(view);
  for (int64_t axis = 0; axis < rank; ++axis) {
    if (std::count(axes.begin(), axes.end(), axis) == 0) AddPair(view, axis, axis, ways);
  }
  return std::move(ways).Take();
}

// Axes of what is looked up are the result's; so are those of the indexes, in place of the axis.
std::vector<SplitAxis> Gather(const OpView& view) {
  const int64_t rank = RankOf(view.OperandType(0)), indexes = RankOf(view.OperandType(1));
  const int64_t own = Positive(view.Int("axis", 0), rank);
  if (own < 0 || indexes < 0) return {};
  SplitWays ways(view);
  for (int64_t axis = 0; axis < rank; ++axis) {
    if (axis != own) AddPair(view, axis, axis < own ? axis : axis - 1 + indexes, ways);
  }
  for (int64_t axis = 0; axis < indexes; ++axis) {
    if (ways.Add(SplitKind::kBatch, SizeOf(view.OperandType(1), axis)) == nullptr) continue;
    ways.Operand(1, axis);
    ways.Result(0, own + axis);
  }
  return std::move(ways).Take();
}

// Along axes that it does not stretch.
std::vector<SplitAxis> Expand(const OpView& view) {
  SplitWays ways(view);
  AddBroadcastWays(view, {true}, {}, ways);
  std::vector<SplitAxis> all = std::move(ways).Take();
  for (SplitAxis& way : all) {
    const SplitShare& share = way.results[0];
    way.sizes.push_back({"", 1, share.axis, share.segments[0]});
  }
  // The shape counts from the result's last axis on, and may have fewer.
  const int64_t sizes = SizeOf(view.OperandType(1), 0);
  return sizes == RankOf(view.ResultType(0)) ? all : std::vector<SplitAxis>();
}

}  // namespace

std::vector<SplitRuleEntry> LayoutSplitRules() {
  return {{"", "Transpose", Transpose}, {"", "Reshape", Reshape},     {"", "Flatten", Regrouped},
          {"", "Squeeze", Regrouped},   {"", "Unsqueeze", Regrouped}, {"", "Concat", Concat},
          {"", "Split", Split},         {"", "Slice", Slice},         {"", "Gather", Gather},
          {"", "Expand", Expand}};
}

}  // namespace allot
