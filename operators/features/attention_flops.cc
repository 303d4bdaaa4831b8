// Attention in its many forms. All come down to
//   scores = Q K^T, weights = softmax(scores), result = weights V
// whose work follows from the sizes of Q and of the result and from the number of keys, whatever
// the layout. Causal masks do not reduce the count: most kernels compute the masked scores too.
#include <algorithm>

#include "operators/features/op_flops.h"

namespace allot {
namespace {

constexpr int64_t kSoftmaxOperations = 12;  // per score, as in op_families.def

// `queries` and `results` in elements, `keys` per query, `head` elements per query and head.
int64_t CoreFlops(int64_t queries, int64_t results, int64_t keys, int64_t head) {
  const int64_t products = Product({2, SaturatingAdd(queries, results), keys});
  const int64_t scores = head <= 0 ? 0 : Product({queries / head, keys});
  return SaturatingAdd(products, SaturatingMultiply(kSoftmaxOperations, scores));
}

// Positions in a tensor of keys: [batch, heads, keys, head] or [batch, keys, hidden], or packed
// [batch, keys, heads, 2 or 3, head].
int64_t Positions(const std::vector<int64_t>& dims) {
  return dims.size() == 4 ? dims[2] : dims.size() >= 3 ? dims[1] : 0;
}

// ai.onnx Attention: Q, K, V, mask, past_key, past_value.
int64_t OnnxAttention(const OpView& view) {
  const std::vector<int64_t> q = view.OperandDims(0);
  const int64_t keys = SaturatingAdd(Positions(view.OperandDims(1)), DimAt(view.OperandDims(4), 2));
  const int64_t heads = view.Int("q_num_heads", 0);
  const int64_t last = DimAt(q, -1);
  const int64_t head = q.size() == 4 ? last : heads > 0 ? last / heads : 0;
  return CoreFlops(view.OperandElements(0), view.ResultElements(0), keys, head);
}

// com.microsoft Attention: input [batch, positions, hidden], weights [hidden, q + k + v] and
// optional past [2, batch, heads, past, head] projects before it attends. Longformer's attends to a
// window.
int64_t ProjectedAttention(const OpView& view) {
  const std::vector<int64_t> input = view.OperandDims(0);
  if (input.size() != 3) return 0;
  const int64_t rows = Product({input[0], input[1]});
  const int64_t projection = Product({2, rows, view.OperandElements(1)});
  const int64_t heads = view.Int("num_heads", 0);
  const std::vector<int64_t> past = view.OperandDims(view.node().op_type == "QAttention" ? 8 : 4);
  int64_t keys = SaturatingAdd(input[1], past.size() == 5 ? past[3] : 0);
  const int64_t window = view.Int("window", 0);
  if (window > 0) keys = std::min(keys, SaturatingMultiply(2, window));
  const int64_t results = view.ResultElements(0);
  const int64_t hidden = DimAt(view.ResultDims(0), -1);
  const int64_t core = CoreFlops(results, results, keys, heads > 0 ? hidden / heads : 0);
  return SaturatingAdd(projection, core);
}

// Separate queries, keys and values (or packed ones), with a cache of past keys as operand
// `op.amount`. Queries are as large as the result.
int64_t HeadsAttention(const OpEntry& op, const OpView& view) {
  const std::vector<int64_t> query = view.OperandDims(0), key = view.OperandDims(1);
  const int64_t results = view.ResultElements(0);
  int64_t keys = Positions(key.size() >= 3 ? key : query);
  const std::vector<int64_t> past = view.OperandDims(static_cast<size_t>(op.amount));
  if (past.size() == 4) keys = SaturatingAdd(keys, past[2]);
  if (key.size() < 3 && query.size() == 2) {
    // Sequences packed without padding: [tokens, hidden]. Their lengths are data; one sequence.
    keys = SaturatingAdd(keys, query[0]);
  }
  const std::vector<int64_t> result = view.ResultDims(0);
  const int64_t heads = view.Int("num_heads", 0), last = DimAt(result, -1);
  const int64_t head = result.size() == 4 ? last : heads > 0 ? last / heads : 0;
  return CoreFlops(results, results, keys, head);
}

// A state of key size times value size per key head, which each position decays, corrects (by
// what it holds for the key) and adds a product to, and which each query head multiplies with.
int64_t LinearAttention(const OpView& view) {
  const std::vector<int64_t> query = view.OperandDims(0), value = view.OperandDims(2);
  const int64_t q_heads = view.Int("q_num_heads", 0), kv_heads = view.Int("kv_num_heads", 0);
  if (query.size() != 3 || value.size() != 3 || q_heads <= 0 || kv_heads <= 0) return 0;
  const int64_t state = Product({query[2] / q_heads, value[2] / kv_heads});
  const std::string rule = view.String("update_rule", "gated_delta");
  int64_t update = 2;
  if (rule == "gated" || rule == "gated_delta") update += 1;
  if (rule == "delta" || rule == "gated_delta") update += 2;
  const int64_t per_position =
      SaturatingAdd(Product({update, kv_heads, state}), Product({2, q_heads, state}));
  return Product({query[0], query[1], per_position});
}

}  // namespace

int64_t AttentionFlops(const OpEntry& op, const OpView& view) {
  switch (op.rule) {
    case WorkRule::kAttention:
      return OnnxAttention(view);
    case WorkRule::kProjectedAttention:
      return ProjectedAttention(view);
    case WorkRule::kHeadsAttention:
      return HeadsAttention(op, view);
    case WorkRule::kLinearAttention:
      return LinearAttention(view);
    default:
      return 0;
  }
}

}  // namespace allot
