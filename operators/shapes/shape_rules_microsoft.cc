// com.microsoft: ONNX Runtime's fused operators, as its optimizer and model builders write them.
#include "operators/rules/shape_arithmetic.h"
#include "operators/shapes/shape_rules.h"
#include "support/status.h"

namespace allot {
namespace {

using ir::Dim;
using ir::ElementType;
using ir::Shape;

// --- matrix products -----------------------------------------------------------------------------

// transA and transB swap the last two dimensions; transBatchA and transBatchB rotate the batch, of
// which only the rank is used.
absl::Status FusedMatMul(RuleContext& context) {
  const auto turned = [&context](size_t i, const char* name) -> std::optional<Shape> {
    const Shape* shape = context.shape(i);
    if (shape == nullptr) return std::nullopt;
    Shape copy = *shape;
    if (context.Int(name, 0) != 0 && copy.size() > 1) {
      std::swap(copy[copy.size() - 1], copy[copy.size() - 2]);
    }
    return copy;
  };
  context.Set(0, context.element(0), std::nullopt);
  if (context.Int("transBatchA", 0) != 0 || context.Int("transBatchB", 0) != 0) {
    if (const Shape* a = context.shape(0)) {
      context.Set(0, context.element(0), UnknownShape(a->size()));
    }
    return absl::OkStatus();
  }
  const std::optional<Shape> a = turned(0, "transA"), b = turned(1, "transB");
  if (!a || !b) return absl::OkStatus();
  ALLOT_ASSIGN_OR_RETURN(std::optional<Shape> shape, MatrixProductShape(&*a, &*b));
  context.Set(0, context.element(0), std::move(shape));
  return absl::OkStatus();
}

// The weight is packed: its real shape is (K, N) of the attributes.
absl::Status PackedMatMul(RuleContext& context) {
  const Shape* a = context.shape(0);
  const int64_t columns = context.Int("N", -1);
  context.Set(0, context.element(0), std::nullopt);
  if (a == nullptr || a->empty()) return absl::OkStatus();
  Shape shape = *a;
  shape.back() = columns >= 0 ? Dim::Known(columns) : Dim::Unknown();
  context.Set(0, context.element(0), std::move(shape));
  return absl::OkStatus();
}

// (a, b, scale of a, ...): the result is of the scale's type.
absl::Status MatMulIntegerToFloat(RuleContext& context) {
  ALLOT_ASSIGN_OR_RETURN(std::optional<Shape> shape,
                         MatrixProductShape(context.shape(0), context.shape(1)));
  context.Set(0, context.element(2), std::move(shape));
  return absl::OkStatus();
}

absl::Status DynamicQuantizeMatMul(RuleContext& context) {
  ALLOT_ASSIGN_OR_RETURN(std::optional<Shape> shape,
                         MatrixProductShape(context.shape(0), context.shape(1)));
  context.Set(0, context.element(0), std::move(shape));
  return absl::OkStatus();
}

// (A, scale, zero point, B, scale, zero point, C, scale and zero point of the result)
absl::Status QuantizedGemm(RuleContext& context) {
  const Shape* a = context.shape(0);
  const Shape* b = context.shape(3);
  Shape shape = UnknownShape(2);
  if (a != nullptr && a->size() == 2) shape[0] = (*a)[context.Int("transA", 0) != 0 ? 1 : 0];
  if (b != nullptr && b->size() == 2) shape[1] = (*b)[context.Int("transB", 0) != 0 ? 0 : 1];
  context.Set(0, context.Has(8) ? context.element(8) : ElementType::kFloat, std::move(shape));
  return absl::OkStatus();
}

// --- quantized element by element ----------------------------------------------------------------

// (A, scale, zero point, B, scale, zero point, ...)
absl::Status QuantizedBinary(RuleContext& context) {
  const Shape* a = context.shape(0);
  const Shape* b = context.shape(3);
  context.Set(0, context.element(0), std::nullopt);
  if (a == nullptr || b == nullptr) return absl::OkStatus();
  ALLOT_ASSIGN_OR_RETURN(Shape shape, BroadcastShapes(*a, *b));
  context.Set(0, context.element(0), std::move(shape));
  return absl::OkStatus();
}

// (scale and zero point of the result, then data, scale, zero point of each operand)
absl::Status QuantizedConcat(RuleContext& context) {
  const ElementType element = context.element(1);
  context.Set(0, element, std::nullopt);
  const Shape* first = context.shape(2);
  if (first == nullptr) return absl::OkStatus();
  const std::optional<size_t> axis = ResolveAxis(context.Int("axis", 0), first->size());
  if (!axis) return absl::OkStatus();
  Shape shape = *first;
  for (size_t i = 5; i < context.num_operands(); i += 3) {
    const Shape* operand = context.shape(i);
    const bool fits = operand != nullptr && operand->size() == shape.size();
    shape[*axis] = fits ? AddDims(shape[*axis], (*operand)[*axis]) : Dim::Unknown();
    if (!fits) break;
  }
  context.Set(0, element, std::move(shape));
  return absl::OkStatus();
}

absl::Status QuantizedGlobalAveragePool(RuleContext& context) {
  const Shape* x = context.shape(0);
  context.Set(0, context.element(0), std::nullopt);
  if (x == nullptr || x->size() < 2) return absl::OkStatus();
  Shape shape(x->size(), Dim::Known(1));
  const size_t channels = context.Int("channels_last", 0) != 0 ? x->size() - 1 : 1;
  shape[0] = (*x)[0];
  shape[channels] = (*x)[channels];
  context.Set(0, context.element(0), std::move(shape));
  return absl::OkStatus();
}

// --- normalization and embedding -----------------------------------------------------------------

// output, mean, inverse deviation, sum of input, skip and bias
absl::Status SkipNormalization(RuleContext& context) {
  if (!context.Has(0)) return absl::OkStatus();
  context.SetType(0, context.type(0));
  context.SetType(3, context.type(0));
  std::optional<Shape> statistics;
  if (const Shape* x = context.shape(0); x != nullptr && !x->empty()) {
    statistics = *x;
    statistics->back() = Dim::Known(1);
  }
  context.Set(1, ElementType::kFloat, statistics);
  context.Set(2, ElementType::kFloat, statistics);
  return absl::OkStatus();
}

absl::Status SkipGroupNorm(RuleContext& context) {
  if (!context.Has(0)) return absl::OkStatus();
  context.SetType(0, context.type(0));
  context.SetType(1, context.type(0));
  return absl::OkStatus();
}

// (ids, segment ids, word embedding, ...): embeddings, mask index, sum of embeddings
absl::Status EmbedNormalization(RuleContext& context) {
  const Shape* ids = context.shape(0);
  const Shape* words = context.shape(2);
  Shape shape = UnknownShape(3);
  if (ids != nullptr && ids->size() == 2) {
    shape[0] = (*ids)[0];
    shape[1] = (*ids)[1];
  }
  if (words != nullptr && words->size() == 2) shape[2] = (*words)[1];
  context.Set(0, context.element(2), shape);
  context.Set(1, ElementType::kInt32, UnknownShape(1));
  context.Set(2, context.element(2), std::move(shape));
  return absl::OkStatus();
}

// Half of the last axis gates the other half.
absl::Status BiasSplitGelu(RuleContext& context) {
  const Shape* x = context.shape(0);
  context.Set(0, context.element(0), std::nullopt);
  if (x == nullptr || x->empty()) return absl::OkStatus();
  Shape shape = *x;
  shape.back() = DivideDim(shape.back(), 2);
  context.Set(0, context.element(0), std::move(shape));
  return absl::OkStatus();
}

// --- attention -----------------------------------------------------------------------------------

// (input, packed weights, bias, mask, past (2, batch, heads, sequence, size), ...)
absl::Status PackedAttention(RuleContext& context) {
  const Shape* input = context.shape(0);
  const Shape* weights = context.shape(1);
  const Shape* bias = context.shape(2);
  Dim hidden = Dim::Unknown();
  if (const auto sizes = context.Ints("qkv_hidden_sizes"); sizes && sizes->size() == 3) {
    if ((*sizes)[2] > 0) hidden = Dim::Known((*sizes)[2]);
  } else if (weights != nullptr && weights->size() == 2) {
    hidden = DivideDim((*weights)[1], 3);
  } else if (bias != nullptr && bias->size() == 1) {
    hidden = DivideDim((*bias)[0], 3);
  }
  Shape shape = UnknownShape(3);
  Shape present = UnknownShape(5);
  present[0] = Dim::Known(2);
  const int64_t heads = context.Int("num_heads", 0);
  if (input != nullptr && input->size() == 3) {
    shape[0] = present[1] = (*input)[0];
    shape[1] = (*input)[1];
  }
  shape[2] = hidden;
  if (heads > 0) {
    present[2] = Dim::Known(heads);
    present[4] = DivideDim(hidden, heads);
  }
  const Shape* past = context.shape(4);
  const bool shared = context.Int("past_present_share_buffer", 0) != 0;
  if (past != nullptr && past->size() == 5 && !shared) {
    present[3] = AddDims((*past)[3], shape[1]);
  } else if (!context.Has(4)) {
    present[3] = shape[1];
  }
  context.Set(0, context.element(0), std::move(shape));
  context.Set(1, context.element(0), std::move(present));
  return absl::OkStatus();
}

// (query, key, value, ...): (batch, sequence, hidden size of the values). Present keys and values
// keep what the sequence length does not touch.
absl::Status MultiHeadAttention(RuleContext& context) {
  const Shape* query = context.shape(0);
  const Shape* key = context.shape(1);
  const Shape* value = context.shape(2);
  const int64_t heads = context.Int("num_heads", 0);
  for (size_t i = 0; i < 3; ++i) context.Set(i, context.element(0), UnknownShape(i == 0 ? 3 : 4));
  if (query == nullptr || query->size() < 3) return absl::OkStatus();
  Dim hidden = Dim::Unknown(), key_hidden = Dim::Unknown(), kv_sequence = Dim::Unknown();
  if (query->size() == 5) {  // packed (batch, sequence, heads, 3, size)
    hidden = key_hidden = MultiplyDims((*query)[2], (*query)[4]);
    kv_sequence = (*query)[1];
  } else if (value != nullptr && value->size() == 3) {
    hidden = (*value)[2];
    kv_sequence = (*value)[1];
    if (key != nullptr && key->size() == 3) key_hidden = (*key)[2];
  } else if (value != nullptr && value->size() == 4) {
    hidden = MultiplyDims((*value)[1], (*value)[3]);
    kv_sequence = (*value)[2];
    key_hidden = query->size() == 3 ? (*query)[2] : Dim::Unknown();
  } else if (key != nullptr && key->size() == 5) {  // packed (batch, sequence, heads, 2, size)
    hidden = key_hidden = MultiplyDims((*key)[2], (*key)[4]);
    kv_sequence = (*key)[1];
  }
  context.Set(0, context.element(0), Shape{(*query)[0], (*query)[1], hidden});
  if (heads < 1) return absl::OkStatus();
  const Shape* past = context.shape(6);
  Dim total = Dim::Unknown();
  // Cross attention hands keys over as they are; a shared buffer is longer than what is in it.
  if (!context.Has(6)) {
    total = kv_sequence;
  } else if (past != nullptr && past->size() == 4 && context.num_operands() <= 8) {
    total = AddDims((*past)[2], kv_sequence);
  }
  const Dim num_heads = Dim::Known(heads);
  context.Set(1, context.element(0),
              Shape{(*query)[0], num_heads, total, DivideDim(key_hidden, heads)});
  context.Set(2, context.element(0),
              Shape{(*query)[0], num_heads, total, DivideDim(hidden, heads)});
  return absl::OkStatus();
}

// (query, key, value, past key, past value, ...); the query may carry keys and values packed. The
// length of present depends on whether it shares past's buffer.
absl::Status GroupQueryAttention(RuleContext& context) {
  const Shape* query = context.shape(0);
  const int64_t heads = context.Int("num_heads", 0);
  const int64_t kv_heads = context.Int("kv_num_heads", 0);
  for (size_t i = 0; i < 3; ++i) context.Set(i, context.element(0), UnknownShape(i == 0 ? 3 : 4));
  if (query == nullptr || query->size() != 3 || heads < 1 || kv_heads < 1 || heads > 65536 ||
      kv_heads > 65536) {
    return absl::OkStatus();
  }
  const bool packed = !context.Has(1);
  const Dim size = DivideDim((*query)[2], packed ? heads + 2 * kv_heads : heads);
  const Dim hidden = packed ? MultiplyDim(size, heads) : (*query)[2];
  context.Set(0, context.element(0), Shape{(*query)[0], (*query)[1], hidden});
  for (size_t i = 1; i < 3; ++i) {
    const ElementType element = context.Has(i + 2) ? context.element(i + 2) : context.element(0);
    // Quantized caches pack several elements into one.
    const Dim cached = element == context.element(0) ? size : Dim::Unknown();
    context.Set(i, element, Shape{(*query)[0], Dim::Known(kv_heads), Dim::Unknown(), cached});
  }
  return absl::OkStatus();
}

absl::Status QuantizedAttention(RuleContext& context) {
  const Shape* input = context.shape(0);
  const Shape* weights = context.shape(1);
  Shape shape = UnknownShape(3);
  if (input != nullptr && input->size() == 3) {
    shape[0] = (*input)[0];
    shape[1] = (*input)[1];
  }
  if (weights != nullptr && weights->size() == 2) shape[2] = DivideDim((*weights)[1], 3);
  context.Set(0, context.element(3), std::move(shape));
  context.Set(1, context.element(3), UnknownShape(5));
  return absl::OkStatus();
}

// Rows of `a` against rows of `b`.
absl::Status PairwiseDistance(RuleContext& context) {
  const Shape* a = context.shape(0);
  const Shape* b = context.shape(1);
  Shape shape = UnknownShape(2);
  if (a != nullptr && a->size() == 2) shape[0] = (*a)[0];
  if (b != nullptr && b->size() == 2) shape[1] = (*b)[0];
  context.Set(0, context.element(0), std::move(shape));
  return absl::OkStatus();
}

constexpr ShapeRuleEntry kRules[] = {
    {"Attention", PackedAttention},
    {"BiasAdd", SameAsFirst},
    {"BiasGelu", SameAsFirst},
    {"BiasSoftmax", SameAsFirst},
    {"BiasSplitGelu", BiasSplitGelu},
    {"CDist", PairwiseDistance},
    {"DynamicQuantizeMatMul", DynamicQuantizeMatMul},
    {"EmbedLayerNormalization", EmbedNormalization},
    {"FastGelu", SameAsFirst},
    {"FusedMatMul", FusedMatMul},
    {"GroupNorm", SameAsFirst},
    {"GroupQueryAttention", GroupQueryAttention},
    {"Inverse", SameAsFirst},
    {"MatMulBnb4", PackedMatMul},
    {"MatMulFpQ4", PackedMatMul},
    {"MatMulIntegerToFloat", MatMulIntegerToFloat},
    {"MatMulNBits", PackedMatMul},
    {"MoE", SameAsFirst},
    {"MultiHeadAttention", MultiHeadAttention},
    {"QAttention", QuantizedAttention},
    {"QGemm", QuantizedGemm},
    {"QLinearAdd", QuantizedBinary},
    {"QLinearConcat", QuantizedConcat},
    {"QLinearGlobalAveragePool", QuantizedGlobalAveragePool},
    {"QLinearLeakyRelu", SameAsFirst},
    {"QLinearMul", QuantizedBinary},
    {"QLinearSigmoid", SameAsFirst},
    {"QLinearSoftmax", SameAsFirst},
    {"QMoE", SameAsFirst},
    {"QuickGelu", SameAsFirst},
    {"RotaryEmbedding", SameAsFirst},
    {"SimplifiedLayerNormalization", SameAsFirst},
    {"SkipGroupNorm", SkipGroupNorm},
    {"SkipLayerNormalization", SkipNormalization},
    {"SkipSimplifiedLayerNormalization", SkipNormalization},
    {"TransposeMatMul", FusedMatMul},
};

constexpr ShapeRuleAlias kAliases[] = {
    {"DequantizeLinear", "DequantizeLinear"},
    {"FusedConv", "Conv"},
    {"FusedGemm", "Gemm"},
    {"Gelu", "Gelu"},
    {"GridSample", "GridSample"},
    {"Pad", "Pad"},
    {"QuantizeLinear", "QuantizeLinear"},
    {"ReduceSumTraining", "ReduceSum"},
    {"SoftmaxCrossEntropyLossInternal", "SoftmaxCrossEntropyLoss"},
    {"Trilu", "Trilu"},
};

}  // namespace

absl::Span<const ShapeRuleEntry> MicrosoftShapeRules() { return kRules; }

absl::Span<const ShapeRuleAlias> MicrosoftShapeRuleAliases() { return kAliases; }

}  // namespace allot
