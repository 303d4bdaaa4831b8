// Products: the gradient of each factor is a product of the result's gradient with the other one,
// which is kept for it. So does the estimator of `allot design` count (design/model/tasks.h).
#include "operators/backward/backward_rules.h"

namespace allot {
namespace {

// Operand 0 with operand `second`; operands behind it that are floating point are added to the
// result. `activation`: something is computed of the result in the same kernel, for whose gradient
// the result is kept.
BackwardRule ProductOf(size_t second, bool activation = false) {
  return [=](const OpView& view, const std::vector<bool>& wanted, const OpWork& forward) {
    std::vector<size_t> operands = {0, second};
    for (size_t i = second + 1; i < wanted.size(); ++i) operands.push_back(i);
    Backward backward = GradientsOf(view, wanted, operands);
    if (!backward.any()) return backward;
    const bool of_first = backward.gradients[0];
    const bool of_second = second < wanted.size() && backward.gradients[second];
    for (const Extents& product : forward.products) {
      if (of_first) backward.work.products.push_back(GradientOfFirst(product));
      if (of_second) backward.work.products.push_back(GradientOfSecond(product));
    }
    backward.work.window = forward.window;
    // What is added to the result has the sum of its gradient.
    backward.work.other_operations = forward.other_operations;
    backward.keeps_operands[0] = of_second;
    if (second < wanted.size()) backward.keeps_operands[second] = of_first;
    if (activation && !backward.keeps_results.empty()) backward.keeps_results[0] = true;
    return backward;
  };
}

// Products one after the other, or step by step, of operands that are all kept, with what lies
// between them: projected queries, scores, gates. The last product is the result.
Backward SeveralProducts(const OpView& view, const std::vector<bool>& wanted,
                         const OpWork& forward) {
  std::vector<size_t> operands;
  for (size_t i = 0; i < wanted.size(); ++i) operands.push_back(i);
  Backward backward = GradientsOf(view, wanted, operands);
  if (!backward.any()) return backward;
  for (const Extents& product : forward.products) {
    backward.work.products.push_back(GradientOfFirst(product));
    backward.work.products.push_back(GradientOfSecond(product));
  }
  backward.work.other_operations = SaturatingMultiply(2, forward.other_operations);
  backward.keeps_operands.assign(wanted.size(), true);
  for (size_t i = 0; i + 1 < forward.products.size(); ++i) {
    const Extents& product = forward.products[i];
    backward.keeps_more = SaturatingAdd(
        backward.keeps_more, BytesLikeResult(view, Product({product.batch, product.m, product.n})));
  }
  return backward;
}

}  // namespace

std::vector<BackwardRuleEntry> ProductBackwardRules() {
  std::vector<BackwardRuleEntry> rules = {
      {"", "Conv", ProductOf(1)},
      {"", "ConvTranspose", ProductOf(1)},
      {"", "Gemm", ProductOf(1)},
      {"", "MatMul", ProductOf(1)},
      {"", "CausalConvWithState", ProductOf(1)},
      {"com.microsoft", "FusedConv", ProductOf(1, true)},
      {"com.microsoft", "NhwcConv", ProductOf(1)},
      {"com.microsoft", "NhwcFusedConv", ProductOf(1, true)},
      {"com.ms.internal.nhwc", "Conv", ProductOf(1)},
      {"com.ms.internal.nhwc", "ConvTranspose", ProductOf(1)},
      {"com.ms.internal.nhwc", "FusedConv", ProductOf(1, true)},
      {"com.microsoft.nchwc", "Conv", ProductOf(1)},
      {"com.microsoft", "ConvTransposeWithDynamicPads", ProductOf(1)},
      {"com.microsoft", "FusedGemm", ProductOf(1, true)},
      {"com.microsoft", "GemmFastGelu", ProductOf(1, true)},
      {"com.microsoft", "FusedMatMul", ProductOf(1)},
      {"com.microsoft", "FusedMatMulActivation", ProductOf(1, true)},
      {"com.microsoft", "TransposeMatMul", ProductOf(1)}};
  for (const char* op_type :
       {"Einsum", "RNN", "GRU", "LSTM", "Attention", "LinearAttention", "DeformConv", "Det"}) {
    rules.push_back({"", op_type, SeveralProducts});
  }
  rules.push_back({"ai.onnx.preview", "FlexAttention", SeveralProducts});
  for (const char* op_type :
       {"MoE", "Attention", "LongformerAttention", "MultiHeadAttention", "GroupQueryAttention",
        "SparseAttention", "PackedMultiHeadAttention", "CDist", "Inverse"}) {
    rules.push_back({"com.microsoft", op_type, SeveralProducts});
  }
  // Quantized weights are frozen: what they are multiplied with gets a gradient.
  for (const char* op_type : {"MatMulNBits", "MatMulBnb4", "MatMulFpQ4"}) {
    rules.push_back({"com.microsoft", op_type, ProductOf(1)});
  }
  // Products of integers have none.
  for (const char* op_type : {"ConvInteger", "QLinearConv", "MatMulInteger", "QLinearMatMul"}) {
    rules.push_back({"", op_type, NoGradient});
  }
  for (const char* op_type : {"QGemm", "MatMulIntegerToFloat", "DynamicQuantizeMatMul",
                              "QAttention", "DynamicQuantizeLSTM", "QMoE"}) {
    rules.push_back({"com.microsoft", op_type, NoGradient});
  }
  return rules;
}

}  // namespace allot
