// Recurrent layers and attention.
#include "passes/analysis/shape_arithmetic.h"
#include "passes/analysis/shape_rules.h"

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

constexpr ShapeRuleEntry kRules[] = {
    {"Attention", Attention},
    {"GRU", Recurrent},
    {"LSTM", Recurrent},
    {"RNN", Recurrent},
    {"RotaryEmbedding", SameAsFirst},
    {"SimplifiedLayerNormalization", SameAsFirst},  // ONNX Runtime puts its own here
};

}  // namespace

absl::Span<const ShapeRuleEntry> SequenceModelShapeRules() { return kRules; }

}  // namespace allot
