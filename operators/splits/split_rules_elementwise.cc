// Operators that compute each element by itself, and those that sum or normalise along some axes:
// they divide along all others as their operands do.
#include <algorithm>

#include "operators/splits/split_rules.h"

namespace allot {
namespace {

// The axis from the start; -1 if there is none such.
int64_t Positive(int64_t axis, int64_t rank) {
  if (axis < 0) axis += rank;
  return axis < 0 || axis >= rank ? -1 : axis;
}

std::vector<SplitAxis> Elementwise(const OpView& view) {
  SplitWays ways(view);
  AddBroadcastWays(view, std::vector<bool>(view.node().operands.size(), true), {}, ways);
  return std::move(ways).Take();
}

// The first operand alone has the shape of the result; the others are single numbers.
std::vector<SplitAxis> FirstOperand(const OpView& view) {
  for (size_t i = 1; i < view.node().operands.size(); ++i) {
    if (view.HasOperand(i) && view.OperandElements(i) != 1) return {};
  }
  SplitWays ways(view);
  AddBroadcastWays(view, {true}, {}, ways);
  return std::move(ways).Take();
}

// Not along the axes from `axis` on (`one`: not along it alone).
SplitRule Normalised(int64_t usual_axis, bool one, size_t max_elementwise = 1) {
  return [=](const OpView& view) -> std::vector<SplitAxis> {
    const int64_t rank = RankOf(view.OperandType(0));
    const int64_t axis = Positive(view.Int("axis", usual_axis), rank);
    if (axis < 0) return {};
    std::vector<int64_t> except;
    for (int64_t i = axis; i < (one ? axis + 1 : rank); ++i) except.push_back(i);
    SplitWays ways(view);
    // Scales have the shape of what is normalised: whole.
    AddBroadcastWays(view, std::vector<bool>(max_elementwise, true), except, ways);
    return std::move(ways).Take();
  };
}

// Until opset 13 it was over all axes from `axis` on.
std::vector<SplitAxis> Softmax(const OpView& view) {
  const bool one = view.module().OpsetVersion("") >= 13;
  return Normalised(one ? -1 : 1, one)(view);
}

std::vector<SplitAxis> Reduce(const OpView& view) {
  const int64_t rank = RankOf(view.OperandType(0));
  std::vector<int64_t> axes = view.Ints("axes");
  if (view.HasOperand(1)) axes = view.OperandIntegers(1);
  if (rank < 0 || axes.empty()) return {};
  for (int64_t& axis : axes) axis = Positive(axis, rank);
  const bool keep = view.Int("keepdims", 1) != 0;
  SplitWays ways(view);
  int64_t left = 0;  // axes that stay, in front
  for (int64_t axis = 0; axis < rank; ++axis) {
    const bool gone = std::count(axes.begin(), axes.end(), axis) > 0;
    if (!gone && ways.Add(SplitKind::kElements, SizeOf(view.OperandType(0), axis)) != nullptr) {
      ways.Operand(0, axis);
      ways.Result(0, keep ? axis : left);
    }
    left += gone ? 0 : 1;
  }
  return std::move(ways).Take();
}

// x, scale, zero point: scales are one number, or one for each index along `axis`, or for each
// block of indexes along it.
std::vector<SplitAxis> Quantize(const OpView& view) {
  const ir::Type& x = view.OperandType(0);
  const ir::Type& scale = view.OperandType(1);
  const int64_t rank = RankOf(x);
  if (rank < 0 || RankOf(scale) < 0) return {};
  const bool one = view.OperandElements(1) == 1;
  const bool blocks = !one && RankOf(scale) == rank && rank > 1;
  const int64_t own = Positive(view.Int("axis", 1), rank);
  SplitWays ways(view);
  for (int64_t axis = 0; axis < rank; ++axis) {
    const int64_t size = SizeOf(x, axis);
    if (size < 2) continue;
    const int64_t of_scale = blocks ? SizeOf(scale, axis) : SizeOf(scale, 0);
    const bool scales = !one && (blocks || axis == own);
    if (scales && (of_scale < 1 || size % of_scale != 0)) continue;
    if (ways.Add(SplitKind::kElements, scales ? of_scale : size) == nullptr) continue;
    ways.Operand(0, axis);
    for (size_t i = 1; scales && i <= 2 && view.HasOperand(i); ++i) {
      ways.Operand(i, blocks ? axis : 0);
    }
    ways.Result(0, axis);
  }
  return std::move(ways).Take();
}

// x, skip, gamma, beta, bias: the sum of the first two, normalised along the last axis; its fourth
// result is the sum.
std::vector<SplitAxis> SkipNormalised(const OpView& view) {
  const int64_t rank = RankOf(view.ResultType(0));
  if (rank < 1) return {};
  SplitWays ways(view);
  AddBroadcastWays(view, {true, true}, {rank - 1}, ways);
  return std::move(ways).Take();
}

}  // namespace

std::vector<SplitRuleEntry> ElementwiseSplitRules() {
  std::vector<SplitRuleEntry> rules;
  for (const char* const op :
       {"Abs",         "Acos",        "Acosh",      "Add",   "And",      "Asin",
        "Asinh",       "Atan",        "Atanh",      "Cast",  "Ceil",     "Celu",
        "Clip",        "Cos",         "Cosh",       "Div",   "Elu",      "Equal",
        "Erf",         "Exp",         "Floor",      "Gelu",  "Greater",  "GreaterOrEqual",
        "HardSigmoid", "HardSwish",   "Identity",   "IsInf", "IsNaN",    "LeakyRelu",
        "Less",        "LessOrEqual", "Log",        "Max",   "Mean",     "Min",
        "Mish",        "Mod",         "Mul",        "Neg",   "Not",      "Or",
        "PRelu",       "Pow",         "Reciprocal", "Relu",  "Round",    "Selu",
        "Sigmoid",     "Sign",        "Sin",        "Sinh",  "Softplus", "Softsign",
        "Sqrt",        "Sub",         "Sum",        "Tan",   "Tanh",     "ThresholdedRelu",
        "Where",       "Xor",         "Swish"}) {
    rules.push_back({"", op, Elementwise});
  }
  for (const char* const op : {"BiasGelu", "FastGelu", "Gelu", "QuickGelu"}) {
    rules.push_back({"com.microsoft", op, Elementwise});
  }
  // Its ratio and mode are numbers.
  rules.push_back({"", "Dropout", FirstOperand});
  rules.push_back({"", "Softmax", Softmax});
  rules.push_back({"", "LogSoftmax", Softmax});
  rules.push_back({"", "LayerNormalization", Normalised(-1, false)});
  rules.push_back({"", "RMSNormalization", Normalised(-1, false)});
  rules.push_back({"", "SimplifiedLayerNormalization", Normalised(-1, false)});
  rules.push_back({"", "LpNormalization", Normalised(-1, true)});
  for (const char* const op : {"SkipLayerNormalization", "SkipSimplifiedLayerNormalization"}) {
    rules.push_back({"com.microsoft", op, SkipNormalised});
  }
  for (const char* const op :
       {"ReduceL1", "ReduceL2", "ReduceLogSum", "ReduceLogSumExp", "ReduceMax", "ReduceMean",
        "ReduceMin", "ReduceProd", "ReduceSum", "ReduceSumSquare"}) {
    rules.push_back({"", op, Reduce});
  }
  for (const char* const domain : {"", "com.microsoft"}) {
    rules.push_back({domain, "DequantizeLinear", Quantize});
    rules.push_back({domain, "QuantizeLinear", Quantize});
  }
  return rules;
}

}  // namespace allot
