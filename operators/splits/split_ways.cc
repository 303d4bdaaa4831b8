#include <algorithm>

#include "operators/splits/split_rules.h"

namespace allot {

int64_t RankOf(const ir::Type& type) {
  return type.shape.has_value() ? static_cast<int64_t>(type.shape->size()) : -1;
}

int64_t SizeOf(const ir::Type& type, int64_t axis) {
  const int64_t rank = RankOf(type);
  if (axis < 0) axis += rank;
  if (axis < 0 || axis >= rank) return -1;
  const ir::Dim& dim = (*type.shape)[static_cast<size_t>(axis)];
  return dim.known() ? dim.size : -1;
}

SplitAxis* SplitWays::Add(SplitKind kind, int64_t units) {
  if (units < 2) return nullptr;
  SplitAxis& added = ways_.emplace_back();
  added.kind = kind;
  added.units = units;
  added.operands.resize(view_.node().operands.size());
  added.results.resize(view_.node().results.size());
  return &added;
}

void SplitWays::Share(SplitShare& share, const ir::Type& type, int64_t axis) {
  share.axis = static_cast<int32_t>(axis < 0 ? axis + RankOf(type) : axis);
  share.segments = {SizeOf(type, axis)};
}

std::vector<SplitAxis> SplitWays::Take() && {
  std::erase_if(ways_, [](const SplitAxis& way) {
    const auto contradicts = [&](const SplitShare& share) {
      return std::any_of(share.segments.begin(), share.segments.end(),
                         [&](int64_t segment) { return segment < 1 || segment % way.units != 0; });
    };
    return std::any_of(way.operands.begin(), way.operands.end(), contradicts) ||
           std::any_of(way.results.begin(), way.results.end(), contradicts);
  });
  return std::move(ways_);
}

void AddBroadcastWays(const OpView& view, const std::vector<bool>& broadcast,
                      const std::vector<int64_t>& except, SplitWays& ways) {
  const int64_t rank = RankOf(view.ResultType(0));
  for (int64_t axis = 0; axis < rank; ++axis) {
    const int64_t size = SizeOf(view.ResultType(0), axis);
    if (size < 2 || std::count(except.begin(), except.end(), axis) > 0) continue;
    std::vector<std::pair<size_t, int64_t>> divided;
    bool holds = true;
    for (size_t i = 0; i < view.node().operands.size(); ++i) {
      if (!view.HasOperand(i) || i >= broadcast.size() || !broadcast[i]) continue;
      const int64_t own_rank = RankOf(view.OperandType(i));
      const int64_t own = axis - rank + own_rank;
      if (own_rank >= 0 && own < 0) continue;
      const int64_t own_size = SizeOf(view.OperandType(i), own);
      if (own_rank >= 0 && own_size == 1) continue;
      holds = holds && own_rank >= 0 && own_size == size;
      divided.emplace_back(i, own);
    }
    if (!holds || divided.empty()) continue;
    ways.Add(SplitKind::kElements, size);
    for (const auto& [operand, own] : divided) ways.Operand(operand, own);
    for (size_t i = 0; i < view.node().results.size(); ++i) {
      if (RankOf(view.ResultType(i)) == rank) ways.Result(i, axis);
    }
  }
}

}  // namespace allot
