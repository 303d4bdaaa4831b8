// Element by element: what is kept follows from the derivative. Of some it is a function of the
// result (sigmoid, tanh, exponential), of others of the operand, of sums nothing.
#include "operators/backward/backward_rules.h"

namespace allot {
namespace {

enum class Keeps { kNothing, kOperand, kResult };

// Of operand 0; the others, if there are any, are parameters without a gradient.
BackwardRule Of(Keeps keeps) {
  return [keeps](const OpView& view, const std::vector<bool>& wanted, const OpWork& forward) {
    Backward backward = GradientsOf(view, wanted, {0});
    if (!backward.any()) return backward;
    backward.work.other_operations = OperationsBackward(view, forward);
    backward.keeps_operands[0] = keeps == Keeps::kOperand;
    backward.keeps_results[0] = keeps == Keeps::kResult;
    return backward;
  };
}

std::vector<size_t> All(const std::vector<bool>& wanted) {
  std::vector<size_t> all;
  for (size_t i = 0; i < wanted.size(); ++i) all.push_back(i);
  return all;
}

// Sums: the gradient is handed on, summed where an operand was repeated.
Backward Sum(const OpView& view, const std::vector<bool>& wanted, const OpWork& /*forward*/) {
  Backward backward = GradientsOf(view, wanted, All(wanted));
  if (!backward.any()) return backward;
  for (size_t i = 0; i < wanted.size(); ++i) {
    const bool repeated = backward.gradients[i] && view.OperandElements(i) < view.ResultElements(0);
    if (repeated) {
      backward.work.other_operations =
          SaturatingAdd(backward.work.other_operations, view.ResultElements(0));
    }
  }
  return backward;
}

// Products and quotients of two: each needs the other.
Backward Mul(const OpView& view, const std::vector<bool>& wanted, const OpWork& forward) {
  Backward backward = GradientsOf(view, wanted, {0, 1});
  if (!backward.any()) return backward;
  backward.work.other_operations = OperationsBackward(view, forward);
  backward.keeps_operands[0] = backward.gradients[1];
  backward.keeps_operands[1] = backward.gradients[0];
  return backward;
}

Backward Pow(const OpView& view, const std::vector<bool>& wanted, const OpWork& forward) {
  Backward backward = GradientsOf(view, wanted, {0, 1});
  if (!backward.any()) return backward;
  backward.work.other_operations = OperationsBackward(view, forward);
  backward.keeps_operands[0] = true;
  backward.keeps_operands[1] = true;
  backward.keeps_results[0] = backward.gradients[1];
  return backward;
}

// Which of several it was: compared anew.
Backward Largest(const OpView& view, const std::vector<bool>& wanted, const OpWork& forward) {
  Backward backward = GradientsOf(view, wanted, All(wanted));
  if (!backward.any()) return backward;
  backward.work.other_operations = OperationsBackward(view, forward);
  backward.keeps_operands.assign(wanted.size(), true);
  return backward;
}

// The condition says where a gradient goes.
Backward Where(const OpView& view, const std::vector<bool>& wanted, const OpWork& forward) {
  Backward backward = GradientsOf(view, wanted, {1, 2});
  if (!backward.any()) return backward;
  backward.work.other_operations = OperationsBackward(view, forward);
  backward.keeps_operands[0] = true;
  return backward;
}

// x and a bias, then something of the sum.
Backward BiasThenActivation(const OpView& view, const std::vector<bool>& wanted,
                            const OpWork& forward) {
  Backward backward = GradientsOf(view, wanted, {0, 1});
  if (!backward.any()) return backward;
  backward.work.other_operations = OperationsBackward(view, forward);
  backward.keeps_operands[0] = true;
  backward.keeps_operands[1] = true;
  return backward;
}

}  // namespace

std::vector<BackwardRuleEntry> ElementwiseBackwardRules() {
  std::vector<BackwardRuleEntry> rules;
  for (const char* op_type : {"Add", "Sub", "Sum", "Mean"}) rules.push_back({"", op_type, Sum});
  rules.push_back({"com.microsoft", "BiasAdd", Sum});
  for (const char* op_type : {"Mul", "Div", "PRelu"}) rules.push_back({"", op_type, Mul});
  for (const char* op_type : {"Max", "Min"}) rules.push_back({"", op_type, Largest});
  rules.push_back({"", "Pow", Pow});
  rules.push_back({"", "Where", Where});
  for (const char* op_type : {"Neg", "Cast", "CastLike", "Affine", "Scale", "ImageScaler"}) {
    rules.push_back({"", op_type, Of(Keeps::kNothing)});
  }
  for (const char* op_type : {"Relu", "LeakyRelu", "Sigmoid", "HardSigmoid", "Tanh", "Exp", "Sqrt",
                              "Elu", "Selu", "Reciprocal", "ScaledTanh"}) {
    rules.push_back({"", op_type, Of(Keeps::kResult)});
  }
  for (const char* op_type : {"Abs",
                              "Log",
                              "Erf",
                              "Sin",
                              "Cos",
                              "Tan",
                              "Asin",
                              "Acos",
                              "Atan",
                              "Sinh",
                              "Cosh",
                              "Asinh",
                              "Acosh",
                              "Atanh",
                              "Clip",
                              "ThresholdedRelu",
                              "Shrink",
                              "HardSwish",
                              "Swish",
                              "Celu",
                              "Softplus",
                              "Softsign",
                              "Mish",
                              "Gelu",
                              "ParametricSoftplus",
                              "SwiGLU"}) {
    rules.push_back({"", op_type, Of(Keeps::kOperand)});
  }
  for (const char* op_type : {"Gelu", "QuickGelu", "ThresholdedRelu", "ParametricSoftplus"}) {
    rules.push_back({"com.microsoft", op_type, Of(Keeps::kOperand)});
  }
  for (const char* op_type : {"FastGelu", "BiasGelu", "BiasSplitGelu"}) {
    rules.push_back({"com.microsoft", op_type, BiasThenActivation});
  }
  rules.push_back({"", "RotaryEmbedding", FirstBesideKept});
  rules.push_back({"com.microsoft", "RotaryEmbedding", FirstBesideKept});
  // Steps, and what is drawn: flat wherever they are not broken.
  for (const char* op_type :
       {"Ceil", "Floor", "Round", "Sign", "Mod", "IsInf", "IsNaN", "QuantizeLinear",
        "DequantizeLinear", "Bernoulli", "RandomUniform", "RandomUniformLike", "RandomNormal",
        "RandomNormalLike", "HannWindow", "HammingWindow", "BlackmanWindow", "MelWeightMatrix"}) {
    rules.push_back({"", op_type, NoGradient});
  }
  return rules;
}

}  // namespace allot
