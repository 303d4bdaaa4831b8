// Recurrent layers and attention.
#include "operators/rules/shape_arithmetic.h"
#include "operators/shapes/shape_rules.h"
#include "support/status.h"

namespace allot {
namespace {

using ir::Dim;
using ir::ElementType;
using ir::Shape;

// RNN, GRU, LSTM: Y, Y_h and, for LSTM, Y_c. With layout=1 (opset 14) the batch comes first.
absl::Status Recurrent(RuleContext& context) {
  const Shape* x = context.shape(0);
  const Shape* recurrence = context.shape(2);
  const bool batch_first = context.Int("layout", 0) != 0;
  const std::string direction = context.String("direction", "forward");
  const Dim directions = Dim::Known(direction == "bidirectional" ? 2 : 1);
  Dim sequence, batch, hidden;
  if (x != nullptr && x->size() == 3) {
    sequence = (*x)[batch_first ? 1 : 0];
    batch = (*x)[batch_first ? 0 : 1];
  }
  if (const std::optional<int64_t> size = context.FindInt("hidden_size"); size && *size >= 0) {
    hidden = Dim::Known(*size);
  } else if (recurrence != nullptr && recurrence->size() == 3) {
    hidden = (*recurrence)[2];
  }
  const ElementType element = context.element(0);
  if (batch_first) {
    context.Set(0, element, Shape{batch, sequence, directions, hidden});
    context.Set(1, element, Shape{batch, directions, hidden});
    context.Set(2, element, Shape{batch, directions, hidden});
  } else {
    context.Set(0, element, Shape{sequence, directions, batch, hidden});
    context.Set(1, element, Shape{directions, batch, hidden});
    context.Set(2, element, Shape{directions, batch, hidden});
  }
  return absl::OkStatus();
}

// Batch, heads, sequence and head size of an operand of Attention: four dimensions as they are,
// three with the heads packed into the last one.
struct Heads {
  Dim batch, heads, sequence, size;
};

std::optional<Heads> HeadsOf(const Shape* operand, std::optional<int64_t> num_heads) {
  if (operand == nullptr) return std::nullopt;
  const Shape& shape = *operand;
  if (shape.size() == 4) return Heads{shape[0], shape[1], shape[2], shape[3]};
  if (shape.size() != 3 || !num_heads || *num_heads < 1) return std::nullopt;
  return Heads{shape[0], Dim::Known(*num_heads), shape[1], DivideDim(shape[2], *num_heads)};
}

// Attention of opset 23: Y, present_key, present_value, qk_matmul_output.
absl::Status Attention(RuleContext& context) {
  const std::optional<Heads> query = HeadsOf(context.shape(0), context.FindInt("q_num_heads"));
  const std::optional<Heads> key = HeadsOf(context.shape(1), context.FindInt("kv_num_heads"));
  const std::optional<Heads> value = HeadsOf(context.shape(2), context.FindInt("kv_num_heads"));
  const Shape* past_key = context.shape(4);
  for (size_t i = 0; i < 4; ++i) {
    context.Set(i, context.element(i == 2 ? 2 : i == 1 ? 1 : 0), std::nullopt);
  }
  Dim total;
  if (key && !context.Has(4)) total = key->sequence;
  if (key && past_key != nullptr && past_key->size() == 4) {
    total = AddDims((*past_key)[2], key->sequence);
  }
  if (key) {
    context.Set(1, context.element(1), Shape{key->batch, key->heads, total, key->size});
  }
  if (value) {
    context.Set(2, context.element(2), Shape{value->batch, value->heads, total, value->size});
  }
  if (query) {
    context.Set(3, context.element(0), Shape{query->batch, query->heads, query->sequence, total});
    const Dim size = value ? value->size : Dim::Unknown();
    const bool packed = context.shape(0)->size() == 3;
    context.Set(0, context.element(0),
                packed ? Shape{query->batch, query->sequence, MultiplyDims(query->heads, size)}
                       : Shape{query->batch, query->heads, query->sequence, size});
  }
  return absl::OkStatus();
}

// `into` and dimension `i` of operand `operand`, if that has `rank` dimensions, are the same.
absl::Status Unify(const RuleContext& context, size_t operand, size_t rank, size_t i, Dim& into) {
  const Shape* shape = context.shape(operand);
  if (shape == nullptr || shape->size() != rank) return absl::OkStatus();
  ALLOT_ASSIGN_OR_RETURN(into, UnifyDims(into, (*shape)[i]));
  return absl::OkStatus();
}

// Opset 27: (query, key, value, past_state, decay, beta), the first three [batch, time, heads *
// size], the state [batch, kv heads, key size, value size]. Gives one row for each query and the
// new state, which is of the old one's element type.
absl::Status LinearAttention(RuleContext& context) {
  const std::optional<int64_t> q_heads = context.FindInt("q_num_heads");
  const std::optional<int64_t> kv_heads = context.FindInt("kv_num_heads");
  Dim batch, time, query, key, value;
  for (size_t i = 0; i < 3; ++i) {
    ALLOT_RETURN_IF_ERROR(Unify(context, i, 3, 0, batch));
    ALLOT_RETURN_IF_ERROR(Unify(context, i, 3, 1, time));
    ALLOT_RETURN_IF_ERROR(Unify(context, i, 3, 2, i == 0 ? query : i == 1 ? key : value));
  }
  for (size_t i = 4; i < 6; ++i) {
    ALLOT_RETURN_IF_ERROR(Unify(context, i, 3, 0, batch));
    ALLOT_RETURN_IF_ERROR(Unify(context, i, 3, 1, time));
  }
  ALLOT_RETURN_IF_ERROR(Unify(context, 3, 4, 0, batch));
  Dim heads, key_size, value_size;
  if (kv_heads && *kv_heads > 0) {
    heads = Dim::Known(*kv_heads);
    key_size = DivideDim(key, *kv_heads);
    value_size = DivideDim(value, *kv_heads);
  }
  if (!key_size.known() && q_heads && *q_heads > 0) key_size = DivideDim(query, *q_heads);
  ALLOT_RETURN_IF_ERROR(Unify(context, 3, 4, 1, heads));
  ALLOT_RETURN_IF_ERROR(Unify(context, 3, 4, 2, key_size));
  ALLOT_RETURN_IF_ERROR(Unify(context, 3, 4, 3, value_size));
  const Dim packed = q_heads && *q_heads > 0 ? MultiplyDim(value_size, *q_heads) : Dim::Unknown();
  context.Set(0, context.element(0), Shape{batch, time, packed});
  context.Set(1, context.element(context.Has(3) ? 3 : 0),
              Shape{batch, heads, key_size, value_size});
  return absl::OkStatus();
}

// Opset 27: (input, weight, bias, past_state): [batch, channels, length], [channels, 1, k],
// [channels] and the last k - 1 positions, [batch, channels, k - 1].
absl::Status CausalConvWithState(RuleContext& context) {
  Dim batch, channels, length, kernel, carried;
  ALLOT_RETURN_IF_ERROR(Unify(context, 0, 3, 0, batch));
  ALLOT_RETURN_IF_ERROR(Unify(context, 0, 3, 1, channels));
  ALLOT_RETURN_IF_ERROR(Unify(context, 0, 3, 2, length));
  ALLOT_RETURN_IF_ERROR(Unify(context, 1, 3, 0, channels));
  ALLOT_RETURN_IF_ERROR(Unify(context, 1, 3, 2, kernel));
  ALLOT_RETURN_IF_ERROR(Unify(context, 2, 1, 0, channels));
  if (kernel.known() && kernel.size > 0) carried = Dim::Known(kernel.size - 1);
  ALLOT_RETURN_IF_ERROR(Unify(context, 3, 3, 0, batch));
  ALLOT_RETURN_IF_ERROR(Unify(context, 3, 3, 1, channels));
  ALLOT_RETURN_IF_ERROR(Unify(context, 3, 3, 2, carried));
  context.Set(0, context.element(0), Shape{batch, channels, length});
  context.Set(1, context.element(0), Shape{batch, channels, carried});
  return absl::OkStatus();
}

// Queries [batch, heads, time, size] and values of another size.
absl::Status FlexAttention(RuleContext& context) {
  Dim batch, heads, time, size;
  for (size_t i = 0; i < 3; ++i) ALLOT_RETURN_IF_ERROR(Unify(context, i, 4, 0, batch));
  ALLOT_RETURN_IF_ERROR(Unify(context, 0, 4, 1, heads));
  ALLOT_RETURN_IF_ERROR(Unify(context, 0, 4, 2, time));
  ALLOT_RETURN_IF_ERROR(Unify(context, 2, 4, 3, size));
  context.Set(0, context.element(0), Shape{batch, heads, time, size});
  return absl::OkStatus();
}

constexpr ShapeRuleEntry kPreview[] = {
    {"FlexAttention", FlexAttention},
};

constexpr ShapeRuleEntry kRules[] = {
    {"Attention", Attention},
    {"CausalConvWithState", CausalConvWithState},
    {"GRU", Recurrent},
    {"LSTM", Recurrent},
    {"LinearAttention", LinearAttention},
    {"RNN", Recurrent},
    {"RotaryEmbedding", SameAsFirst},
    {"SimplifiedLayerNormalization", SameAsFirst},  // ONNX Runtime puts its own here
};

}  // namespace

absl::Span<const ShapeRuleEntry> SequenceModelShapeRules() { return kRules; }
absl::Span<const ShapeRuleEntry> PreviewShapeRules() { return kPreview; }

}  // namespace allot
