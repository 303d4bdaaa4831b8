// Reductions, normalisations, windows and losses.
#include "operators/backward/backward_rules.h"

namespace allot {
namespace {

// Of operand 0. `operand`, `result`: what of them is kept.
BackwardRule Reduction(bool operand, bool result) {
  return [=](const OpView& view, const std::vector<bool>& wanted, const OpWork& forward) {
    Backward backward = GradientsOf(view, wanted, {0});
    if (!backward.any()) return backward;
    backward.work.other_operations = OperationsBackward(view, forward);
    backward.keeps_operands[0] = operand;
    backward.keeps_results[0] = result;
    return backward;
  };
}

// x, a scale and perhaps a shift over the axes from `axis` on: keeps x, and `statistics` numbers of
// 32 bits for each row.
BackwardRule Normalized(int64_t usual_axis, int64_t statistics, size_t last_parameter) {
  return [=](const OpView& view, const std::vector<bool>& wanted, const OpWork& forward) {
    std::vector<size_t> operands = {0};
    for (size_t i = 1; i <= last_parameter; ++i) operands.push_back(i);
    Backward backward = GradientsOf(view, wanted, operands);
    if (!backward.any()) return backward;
    backward.work.other_operations = OperationsBackward(view, forward);
    backward.keeps_operands[0] = true;
    if (wanted.size() > 1) backward.keeps_operands[1] = true;
    const std::vector<int64_t> dims = view.OperandDims(0);
    const auto rank = static_cast<int64_t>(dims.size());
    int64_t axis = view.Int("axis", usual_axis);
    if (axis < 0) axis += rank;
    int64_t rows = 1;
    for (int64_t i = 0; i < axis && i < rank; ++i) {
      rows = SaturatingMultiply(rows, dims[static_cast<size_t>(i)]);
    }
    if (!dims.empty()) backward.keeps_more = Product({4, statistics, rows});
    return backward;
  };
}

// x and what is added to it (operand 1), then the norm of the sum: the sum is kept.
BackwardRule SkipNormalized(int64_t statistics, size_t first_parameter) {
  return [=](const OpView& view, const std::vector<bool>& wanted, const OpWork& forward) {
    std::vector<size_t> operands = {0, 1};
    for (size_t i = first_parameter; i < wanted.size(); ++i) operands.push_back(i);
    Backward backward = GradientsOf(view, wanted, operands);
    if (!backward.any()) return backward;
    backward.work.other_operations = OperationsBackward(view, forward);
    if (first_parameter < wanted.size()) backward.keeps_operands[first_parameter] = true;
    const std::vector<int64_t> dims = view.OperandDims(0);
    const int64_t rows =
        dims.empty() || dims.back() == 0 ? 0 : view.OperandElements(0) / dims.back();
    backward.keeps_more = SaturatingAdd(BytesLikeResult(view, view.OperandElements(0)),
                                        Product({4, statistics, rows}));
    return backward;
  };
}

// Over samples and places, channel by channel: in training by the batch's own mean and variance,
// which it keeps. The running ones (operands 3 and 4) are no parameters.
Backward BatchNorm(const OpView& view, const std::vector<bool>& wanted, const OpWork& forward) {
  Backward backward = GradientsOf(view, wanted, {0, 1, 2});
  if (!backward.any()) return backward;
  backward.work.other_operations = OperationsBackward(view, forward);
  backward.keeps_operands[0] = true;
  if (wanted.size() > 1) backward.keeps_operands[1] = true;
  backward.keeps_more = Product({4, 2, view.OperandElements(1)});
  return backward;
}

// The largest of a window: where it was, an index of 64 bits for each result.
Backward MaxPool(const OpView& view, const std::vector<bool>& wanted, const OpWork& /*forward*/) {
  Backward backward = GradientsOf(view, wanted, {0});
  if (!backward.any()) return backward;
  backward.work.other_operations = view.ResultElements(0);
  backward.keeps_more = SaturatingMultiply(8, view.ResultElements(0));
  return backward;
}

// The mean of a window, or an interpolation: as much work back, nothing is kept.
Backward Spread(const OpView& view, const std::vector<bool>& wanted, const OpWork& forward) {
  Backward backward = GradientsOf(view, wanted, {0});
  if (!backward.any()) return backward;
  backward.work.other_operations = forward.other_operations;
  return backward;
}

// Scores and labels: the probabilities, as large as the scores, and the labels are kept.
Backward CrossEntropy(const OpView& view, const std::vector<bool>& wanted, const OpWork& forward) {
  Backward backward = GradientsOf(view, wanted, {0});
  if (!backward.any()) return backward;
  backward.work.other_operations = OperationsBackward(view, forward);
  for (size_t i = 1; i < wanted.size(); ++i) backward.keeps_operands[i] = true;
  backward.keeps_more = ir::PackedBytes(view.OperandType(0).element, view.OperandElements(0));
  return backward;
}

}  // namespace

std::vector<BackwardRuleEntry> ReductionBackwardRules() {
  std::vector<BackwardRuleEntry> rules;
  for (const char* op_type : {"ReduceSum", "ReduceMean", "CumSum", "GlobalAveragePool", "Col2Im"}) {
    rules.push_back({"", op_type, Reduction(false, false)});
  }
  for (const char* op_type :
       {"ReduceMax", "ReduceMin", "ReduceProd", "ReduceL2", "ReduceLogSum", "ReduceLogSumExp",
        "GlobalMaxPool", "GlobalLpPool", "LpNormalization", "CumProd", "LRN", "LpPool"}) {
    rules.push_back({"", op_type, Reduction(true, true)});
  }
  for (const char* op_type :
       {"ReduceL1", "ReduceSumSquare", "MeanVarianceNormalization", "GridSample", "RoiAlign"}) {
    rules.push_back({"", op_type, Reduction(true, false)});
  }
  for (const char* op_type : {"Softmax", "LogSoftmax"}) {
    rules.push_back({"", op_type, Reduction(false, true)});
  }
  rules.push_back({"com.microsoft", "BiasSoftmax", Reduction(false, true)});
  rules.push_back({"", "LayerNormalization", Normalized(-1, 2, 2)});
  rules.push_back({"com.microsoft", "LayerNormalization", Normalized(-1, 2, 2)});
  rules.push_back({"", "RMSNormalization", Normalized(-1, 1, 1)});
  rules.push_back({"", "SimplifiedLayerNormalization", Normalized(-1, 1, 1)});
  rules.push_back({"com.microsoft", "SimplifiedLayerNormalization", Normalized(-1, 1, 1)});
  rules.push_back({"com.microsoft", "SkipLayerNormalization", SkipNormalized(2, 2)});
  rules.push_back({"com.microsoft", "SkipSimplifiedLayerNormalization", SkipNormalized(1, 2)});
  rules.push_back({"", "GroupNormalization", Normalized(2, 2, 2)});
  rules.push_back({"", "InstanceNormalization", Normalized(2, 2, 2)});
  rules.push_back({"com.microsoft", "GroupNorm", Normalized(2, 2, 2)});
  rules.push_back({"", "BatchNormalization", BatchNorm});
  rules.push_back({"", "MaxPool", MaxPool});
  rules.push_back({"com.microsoft.nchwc", "MaxPool", MaxPool});
  rules.push_back({"com.ms.internal.nhwc", "MaxPool", MaxPool});
  for (const char* op_type : {"AveragePool", "Resize", "Upsample"}) {
    rules.push_back({"", op_type, Spread});
  }
  for (const char* domain : {"com.microsoft.nchwc", "com.ms.internal.nhwc"}) {
    rules.push_back({domain, "AveragePool", Spread});
    rules.push_back({domain, "GlobalAveragePool", Reduction(false, false)});
  }
  rules.push_back({"", "SoftmaxCrossEntropyLoss", CrossEntropy});
  rules.push_back({"", "NegativeLogLikelihoodLoss", FirstBesideKept});
  for (const char* op_type : {"ArgMax", "ArgMin", "Hardmax", "NonZero", "NonMaxSuppression",
                              "Multinomial", "DynamicQuantizeLinear", "Unique"}) {
    rules.push_back({"", op_type, NoGradient});
  }
  return rules;
}

}  // namespace allot
