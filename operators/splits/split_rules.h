// Split rules of the built-in operators, by family.
#pragma once

#include <string>
#include <vector>

#include "operators/split_axis.h"

namespace allot {

struct SplitRuleEntry {
  std::string domain, op_type;
  SplitRule rule;
};

std::vector<SplitRuleEntry> ProductSplitRules();      // products of matrices, sums by labels
std::vector<SplitRuleEntry> ElementwiseSplitRules();  // element-wise ones, reductions, norms
std::vector<SplitRuleEntry> LayoutSplitRules();       // what only moves elements
std::vector<SplitRuleEntry> AttentionSplitRules();    // fused attention
std::vector<SplitRuleEntry> WindowSplitRules();  // convolutions, pooling, normalisation of maps

// The size of axis `axis` (from the end if negative) of a type; -1 if it is unknown or there is no
// such axis.
int64_t SizeOf(const ir::Type& type, int64_t axis);
// The rank; -1 if unknown.
int64_t RankOf(const ir::Type& type);

// Ways of one node under construction.
class SplitWays {
 public:
  explicit SplitWays(const OpView& view) : view_(view) {}

  // A way of `units` units; the pointer is valid until the next one. nullptr if the axis cannot be
  // divided: fewer than two units.
  SplitAxis* Add(SplitKind kind, int64_t units);
  // Shares of the way added last: axis `axis` of an operand or result, one segment of the axis.
  void Operand(size_t i, int64_t axis) { Share(way().operands[i], view_.OperandType(i), axis); }
  void Result(size_t i, int64_t axis) { Share(way().results[i], view_.ResultType(i), axis); }
  // Without those that types contradict, or whose sizes are not known.
  std::vector<SplitAxis> Take() &&;

 private:
  SplitAxis& way() { return ways_.back(); }
  static void Share(SplitShare& share, const ir::Type& type, int64_t axis);

  const OpView& view_;
  std::vector<SplitAxis> ways_;
};

// Adds a way for each axis of the first result along which operands with `broadcast` true divide:
// operand axes are paired with the result's from the last on, and one of size 1 stays whole. None
// for the axes in `except` (of the result, not negative) and for axes of unknown size.
void AddBroadcastWays(const OpView& view, const std::vector<bool>& broadcast,
                      const std::vector<int64_t>& except, SplitWays& ways);

}  // namespace allot
