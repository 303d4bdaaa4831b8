// Attention in its many forms. All come down to
//   scores = Q K^T, weights = softmax(scores), result = weights V
// whose work follows from the sizes of Q and of the result and from the number of keys, whatever
// the layout. Causal masks do not reduce the count: most kernels compute the masked scores too.
#include <algorithm>

#include "operators/counting/work_rules.h"

namespace allot::work {
namespace {

constexpr int64_t kSoftmaxOperations = 12;  // per score, as of Softmax

// What the two products are made of.
struct Core {
  int64_t queries = 0;    // elements
  int64_t results = 0;    // elements
  int64_t keys = 0;       // per query
  int64_t head = 0;       // elements per query and head; 0: not known
  int64_t positions = 0;  // of queries that meet the same keys
};

// Of all rows, those of one batch and head are multiplied with the same matrix.
Extents ProductWithKeys(const Core& core, int64_t rows, int64_t n, int64_t k) {
  const int64_t m = FactorOf(rows, core.positions);
  return {.batch = rows / m, .m = m, .n = n, .k = k};
}

void AddCore(const Core& core, OpWork& work) {
  const int64_t head = FactorOf(core.queries, core.head);
  const int64_t rows = core.queries / head;
  const int64_t result_rows = FactorOf(core.results, rows);
  work.products.push_back(ProductWithKeys(core, rows, core.keys, head));
  work.products.push_back(
      ProductWithKeys(core, result_rows, core.results / result_rows, core.keys));
  if (core.head <= 0) return;
  work.other_operations = Product({kSoftmaxOperations, core.queries / core.head, core.keys});
}

// Positions in a tensor of keys: [batch, heads, keys, head] or [batch, keys, hidden], or packed
// [batch, keys, heads, 2 or 3, head].
int64_t Positions(const std::vector<int64_t>& dims) {
  return dims.size() == 4 ? dims[2] : dims.size() >= 3 ? dims[1] : 0;
}

// ai.onnx Attention: Q, K, V, mask, past_key, past_value.
OpWork OnnxAttentionWork(const OpView& view) {
  const std::vector<int64_t> q = view.OperandDims(0);
  const int64_t keys = SaturatingAdd(Positions(view.OperandDims(1)), DimAt(view.OperandDims(4), 2));
  const int64_t heads = view.Int("q_num_heads", 0);
  const int64_t last = DimAt(q, -1);
  const int64_t head = q.size() == 4 ? last : heads > 0 ? last / heads : 0;
  OpWork work;
  AddCore({.queries = view.OperandElements(0),
           .results = view.ResultElements(0),
           .keys = keys,
           .head = head,
           .positions = DimAt(q, -2)},
          work);
  return work;
}

// com.microsoft Attention: input [batch, positions, hidden], weights [hidden, q + k + v] and
// optional past [2, batch, heads, past, head] projects before it attends. Longformer's attends to a
// window.
OpWork ProjectedAttentionWork(const OpView& view) {
  OpWork work;
  const std::vector<int64_t> input = view.OperandDims(0);
  if (input.size() != 3) return work;
  const int64_t weights = view.OperandElements(1), depth = FactorOf(weights, input[2]);
  work.products.push_back({.m = Product({input[0], input[1]}), .n = weights / depth, .k = depth});
  const int64_t heads = view.Int("num_heads", 0);
  const std::vector<int64_t> past = view.OperandDims(view.node().op_type == "QAttention" ? 8 : 4);
  int64_t keys = SaturatingAdd(input[1], past.size() == 5 ? past[3] : 0);
  const int64_t window = view.Int("window", 0);
  if (window > 0) keys = std::min(keys, SaturatingMultiply(2, window));
  const int64_t results = view.ResultElements(0);
  const int64_t hidden = DimAt(view.ResultDims(0), -1);
  AddCore({.queries = results,
           .results = results,
           .keys = keys,
           .head = heads > 0 ? hidden / heads : 0,
           .positions = input[1]},
          work);
  return work;
}

// Separate queries, keys and values (or packed ones). Queries are as large as the result.
OpWork HeadsAttentionWork(const OpView& view, size_t past_operand) {
  const std::vector<int64_t> query = view.OperandDims(0), key = view.OperandDims(1);
  const int64_t results = view.ResultElements(0);
  int64_t keys = Positions(key.size() >= 3 ? key : query);
  const std::vector<int64_t> past = view.OperandDims(past_operand);
  if (past.size() == 4) keys = SaturatingAdd(keys, past[2]);
  if (key.size() < 3 && query.size() == 2) {
    // Sequences packed without padding: [tokens, hidden]. Their lengths are data; one sequence.
    keys = SaturatingAdd(keys, query[0]);
  }
  const std::vector<int64_t> result = view.ResultDims(0);
  const int64_t heads = view.Int("num_heads", 0), last = DimAt(result, -1);
  const int64_t head = result.size() == 4 ? last : heads > 0 ? last / heads : 0;
  OpWork work;
  AddCore({.queries = results,
           .results = results,
           .keys = keys,
           .head = head,
           .positions = DimAt(result, -2)},
          work);
  return work;
}

// A state of key size times value size per key head, which each position decays, corrects (by
// what it holds for the key) and adds a product to, and which each query head multiplies with.
// Positions follow each other, so these are no products of matrices.
OpWork LinearAttentionWork(const OpView& view) {
  OpWork work;
  const std::vector<int64_t> query = view.OperandDims(0), value = view.OperandDims(2);
  const int64_t q_heads = view.Int("q_num_heads", 0), kv_heads = view.Int("kv_num_heads", 0);
  if (query.size() != 3 || value.size() != 3 || q_heads <= 0 || kv_heads <= 0) return work;
  const int64_t state = Product({query[2] / q_heads, value[2] / kv_heads});
  const std::string rule = view.String("update_rule", "gated_delta");
  int64_t update = 2;
  if (rule == "gated" || rule == "gated_delta") update += 1;
  if (rule == "delta" || rule == "gated_delta") update += 2;
  const int64_t per_position =
      SaturatingAdd(Product({update, kv_heads, state}), Product({2, q_heads, state}));
  work.other_operations = Product({query[0], query[1], per_position});
  return work;
}

}  // namespace

WorkRule Attention() { return OnnxAttentionWork; }

WorkRule ProjectedAttention() { return ProjectedAttentionWork; }

WorkRule AttentionOfHeads(size_t past) {
  return [past](const OpView& view) { return HeadsAttentionWork(view, past); };
}

WorkRule LinearAttention() { return LinearAttentionWork; }

}  // namespace allot::work
