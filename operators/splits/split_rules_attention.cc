// Fused attention: heads are independent of each other. Where queries share keys and values, a unit
// is what belongs to one head of these.
#include <algorithm>

#include "operators/splits/split_rules.h"

namespace allot {
namespace {

// A way of attention under construction. Whatever it cannot say for certain ends it.
class HeadsWay {
 public:
  HeadsWay(const OpView& view, int64_t units) : view_(view), ways_(view) {
    way_ = ways_.Add(SplitKind::kHeads, units);
  }

  // Operand i has heads along `axis`, all of one block.
  void Operand(size_t i, int64_t axis) {
    if (view_.HasOperand(i)) Segments(i, axis, {SizeOf(view_.OperandType(i), axis)});
  }
  // One block for each of several matrices side by side.
  void Segments(size_t i, int64_t axis, std::vector<int64_t> segments) {
    if (way_ == nullptr || !view_.HasOperand(i)) return;
    int64_t size = 0;
    for (const int64_t segment : segments) {
      holds_ = holds_ && segment > 0 && segment % way_->units == 0;
      size = SaturatingAdd(size, segment);
    }
    holds_ = holds_ && size == SizeOf(view_.OperandType(i), axis);
    ways_.Operand(i, axis);
    way_->operands[i].segments = std::move(segments);
  }
  // An operand of rank 4 whose second axis is heads, or 1 for all of them.
  void Bias(size_t i) {
    if (!view_.HasOperand(i)) return;
    const ir::Type& type = view_.OperandType(i);
    if (RankOf(type) < 0) holds_ = false;
    const int64_t heads = SizeOf(type, -3);
    if (RankOf(type) < 3 || heads == 1) return;
    Operand(i, -3);
  }
  void Result(size_t i, int64_t axis) {
    if (way_ == nullptr || i >= way_->results.size()) return;
    if (view_.node().results.size() <= i || RankOf(view_.ResultType(i)) < 0) {
      // A result that nobody asks for has no type.
      const ir::ValueId result = view_.node().results[i];
      holds_ = holds_ && view_.graph().value(result).name.empty();
      return;
    }
    const int64_t size = SizeOf(view_.ResultType(i), axis);
    holds_ = holds_ && size > 0 && size % way_->units == 0;
    ways_.Result(i, axis);
  }
  void Size(const char* attribute, int32_t index, int64_t whole) {
    if (way_ != nullptr && whole > 0) way_->sizes.push_back({attribute, -1, index, whole});
  }
  // Operands that exist must be among those that were spoken of.
  void OnlyOperandsBelow(size_t end) {
    for (size_t i = end; i < view_.node().operands.size(); ++i) {
      holds_ = holds_ && !view_.HasOperand(i);
    }
  }
  std::vector<SplitAxis> Take() && {
    return way_ != nullptr && holds_ ? std::move(ways_).Take() : std::vector<SplitAxis>();
  }

 private:
  const OpView& view_;
  SplitWays ways_;
  SplitAxis* way_ = nullptr;
  bool holds_ = true;
};

// input, weights, bias, mask, past, bias of the scores: queries, keys and values come from one
// product with the weights.
std::vector<SplitAxis> ProjectedAttention(const OpView& view) {
  std::vector<int64_t> widths = view.Ints("qkv_hidden_sizes");
  const int64_t all = SizeOf(view.OperandType(1), 1);
  if (all < 3) return {};
  const bool stated = widths.size() == 3;
  if (!stated) widths = {all / 3, all / 3, all / 3};
  HeadsWay way(view, view.Int("num_heads", 0));
  way.Segments(1, 1, widths);
  way.Segments(2, 0, widths);
  way.Operand(4, 2);
  way.Bias(5);
  way.OnlyOperandsBelow(6);
  way.Size("num_heads", 0, view.Int("num_heads", 0));
  for (int32_t i = 0; stated && i < 3; ++i) {
    way.Size("qkv_hidden_sizes", i, widths[static_cast<size_t>(i)]);
  }
  way.Result(0, 2);
  way.Result(1, 2);
  return std::move(way).Take();
}

// query, key, value, bias, padding mask, bias of the scores, past keys and values. Any of the first
// three may have heads as an axis of its own; packed ones have it third.
std::vector<SplitAxis> MultiHeadAttention(const OpView& view) {
  HeadsWay way(view, view.Int("num_heads", 0));
  for (size_t i = 0; i < 3; ++i) {
    const int64_t rank = RankOf(view.OperandType(i));
    if (view.HasOperand(i) && rank < 3) return {};
    way.Operand(i, rank == 4 ? 1 : 2);
  }
  if (view.HasOperand(3)) {
    const int64_t width = SizeOf(view.ResultType(0), -1), all = SizeOf(view.OperandType(3), 0);
    way.Segments(3, 0, {(all - width) / 2, (all - width) / 2, width});
  }
  way.Bias(5);
  way.Operand(6, 1);
  way.Operand(7, 1);
  way.OnlyOperandsBelow(8);
  way.Size("num_heads", 0, view.Int("num_heads", 0));
  way.Result(0, 2);
  way.Result(1, 1);
  way.Result(2, 1);
  if (view.node().results.size() > 3) return {};
  return std::move(way).Take();
}

// query, key, value, past keys and values, lengths, tables of rotations. Without key, the query
// holds all three.
std::vector<SplitAxis> GroupQueryAttention(const OpView& view) {
  const int64_t heads = view.Int("num_heads", 0), cached = view.Int("kv_num_heads", 0);
  if (cached < 1 || heads % cached != 0) return {};
  HeadsWay way(view, cached);
  if (view.HasOperand(1)) {
    for (size_t i = 0; i < 3; ++i) way.Operand(i, 2);
  } else {
    const int64_t width = SizeOf(view.OperandType(0), 2) / (heads + 2 * cached);
    way.Segments(0, 2, {heads * width, cached * width, cached * width});
  }
  way.Operand(3, 1);
  way.Operand(4, 1);
  way.Bias(10);
  way.OnlyOperandsBelow(11);
  way.Size("num_heads", 0, heads);
  way.Size("kv_num_heads", 0, cached);
  way.Result(0, 2);
  way.Result(1, 1);
  way.Result(2, 1);
  if (view.node().results.size() > 3) return {};
  return std::move(way).Take();
}

// Q, K, V, mask, past keys and values, each with heads as an axis or all of them in the last one.
std::vector<SplitAxis> Attention(const OpView& view) {
  const int64_t rank = RankOf(view.OperandType(0));
  if (rank != 3 && rank != 4) return {};
  const int64_t axis = rank == 4 ? 1 : 2;
  const int64_t heads = rank == 4 ? SizeOf(view.OperandType(0), 1) : view.Int("q_num_heads", 0);
  const int64_t cached = rank == 4 ? SizeOf(view.OperandType(1), 1) : view.Int("kv_num_heads", 0);
  if (cached < 1 || heads % cached != 0) return {};
  HeadsWay way(view, cached);
  for (size_t i = 0; i < 3; ++i) way.Operand(i, axis);
  way.Bias(3);
  way.Operand(4, 1);
  way.Operand(5, 1);
  way.OnlyOperandsBelow(7);
  if (rank == 3) {
    way.Size("q_num_heads", 0, heads);
    way.Size("kv_num_heads", 0, cached);
  }
  way.Result(0, axis);
  for (size_t i = 1; i < view.node().results.size(); ++i) way.Result(i, 1);
  return std::move(way).Take();
}

// Turns each head; `table` is the operand with cosines, half a head wide.
SplitRule Rotary(size_t table) {
  return [table](const OpView& view) -> std::vector<SplitAxis> {
    const int64_t rank = RankOf(view.OperandType(0));
    if (rank == 4) {
      HeadsWay way(view, SizeOf(view.OperandType(0), 1));
      way.Operand(0, 1);
      way.Result(0, 1);
      return std::move(way).Take();
    }
    const int64_t stated = view.Int("num_heads", 0);
    const int64_t half = SizeOf(view.OperandType(table), -1);
    const int64_t width = SizeOf(view.OperandType(0), 2);
    if (rank != 3 || width < 1 || (stated < 1 && half < 1)) return {};
    HeadsWay way(view, stated > 0 ? stated : width / (2 * half));
    way.Operand(0, 2);
    way.Size("num_heads", 0, stated);
    way.Result(0, 2);
    return std::move(way).Take();
  };
}

}  // namespace

std::vector<SplitRuleEntry> AttentionSplitRules() {
  return {{"com.microsoft", "Attention", ProjectedAttention},
          {"com.microsoft", "MultiHeadAttention", MultiHeadAttention},
          {"com.microsoft", "GroupQueryAttention", GroupQueryAttention},
          {"com.microsoft", "RotaryEmbedding", Rotary(2)},
          {"", "RotaryEmbedding", Rotary(1)},
          {"", "Attention", Attention}};
}

}  // namespace allot
