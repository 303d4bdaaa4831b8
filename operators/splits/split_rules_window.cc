// Convolutions, pooling and what normalises maps: samples and channels. Bands of rows overlap,
// which shares of an axis do not.
#include <algorithm>

#include "operators/splits/split_rules.h"

namespace allot {
namespace {

void AddSamples(const OpView& view, SplitWays& ways) {
  if (ways.Add(SplitKind::kBatch, SizeOf(view.OperandType(0), 0)) == nullptr) return;
  ways.Operand(0, 0);
  ways.Result(0, 0);
}

// x, weights, bias: columns are channels of the result, rows those of x.
std::vector<SplitAxis> Convolution(const OpView& view) {
  const int64_t groups = view.Int("group", 1);
  const int64_t made = SizeOf(view.OperandType(1), 0), read = SizeOf(view.OperandType(1), 1);
  if (RankOf(view.OperandType(1)) < 3 || groups < 1) return {};
  SplitWays ways(view);
  AddSamples(view, ways);
  if (groups == 1) {
    if (ways.Add(SplitKind::kColumns, made) != nullptr) {
      ways.Operand(1, 0);
      if (view.HasOperand(2)) ways.Operand(2, 0);
      ways.Result(0, 1);
    }
    if (SplitAxis* way = ways.Add(SplitKind::kRows, read)) {
      way->sums = true;
      way->first_only = view.HasOperand(2) ? 2 : -1;
      ways.Operand(0, 1);
      ways.Operand(1, 1);
    }
  } else if (SplitAxis* way = ways.Add(SplitKind::kElements, groups)) {
    way->sizes.push_back({"group", -1, 0, groups});
    ways.Operand(0, 1);
    ways.Operand(1, 0);
    if (view.HasOperand(2)) ways.Operand(2, 0);
    ways.Result(0, 1);
  }
  return std::move(ways).Take();
}

void AddChannels(const OpView& view, size_t num_scales, SplitWays& ways) {
  if (ways.Add(SplitKind::kElements, SizeOf(view.OperandType(0), 1)) == nullptr) return;
  ways.Operand(0, 1);
  for (size_t i = 1; i <= num_scales; ++i) {
    if (view.HasOperand(i)) ways.Operand(i, 0);
  }
  ways.Result(0, 1);
}

std::vector<SplitAxis> Pool(const OpView& view) {
  // Indexes of largest elements count over all of the map.
  if (view.node().results.size() > 1 || RankOf(view.OperandType(0)) < 3) return {};
  SplitWays ways(view);
  AddSamples(view, ways);
  AddChannels(view, 0, ways);
  return std::move(ways).Take();
}

std::vector<SplitAxis> BatchNormalization(const OpView& view) {
  if (view.node().results.size() > 1 || view.Int("training_mode", 0) != 0) return {};
  SplitWays ways(view);
  AddSamples(view, ways);
  AddChannels(view, 4, ways);
  return std::move(ways).Take();
}

std::vector<SplitAxis> InstanceNormalization(const OpView& view) {
  SplitWays ways(view);
  AddSamples(view, ways);
  AddChannels(view, 2, ways);
  return std::move(ways).Take();
}

}  // namespace

std::vector<SplitRuleEntry> WindowSplitRules() {
  std::vector<SplitRuleEntry> rules = {{"", "Conv", Convolution},
                                       {"", "BatchNormalization", BatchNormalization},
                                       {"", "InstanceNormalization", InstanceNormalization}};
  for (const char* const op :
       {"AveragePool", "MaxPool", "LpPool", "GlobalAveragePool", "GlobalMaxPool", "GlobalLpPool"}) {
    rules.push_back({"", op, Pool});
  }
  return rules;
}

}  // namespace allot
