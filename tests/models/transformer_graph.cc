#include "tests/models/transformer_graph.h"

#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"

#include "tests/models/build_graph.h"

namespace allot::testing {
namespace {

class Transformer {
 public:
  explicit Transformer(const TransformerSizes& sizes) : s_(sizes) {}

  ir::Module Bert() && {
    ir::ValueId x = Embedded();
    x = Norm(x, "embedding.norm");
    for (int64_t i = 0; i < s_.layers; ++i) {
      const std::string name = absl::StrCat("layer", i);
      x = Norm(Add(Attention(x, x, x, name), x), name + ".norm1");
      x = Norm(Add(FeedForward(x, name), x), name + ".norm2");
    }
    return std::move(b_).Finish({Linear(x, s_.width, 2, "classifier")});
  }

  ir::Module Gpt() && {
    ir::ValueId x = Embedded();
    mask_ = b_.Weight("mask", {1, 1, s_.tokens, s_.tokens});
    for (int64_t i = 0; i < s_.layers; ++i) {
      const std::string name = absl::StrCat("layer", i);
      const ir::ValueId normed = Norm(x, name + ".norm1");
      const ir::Type third = Data(s_.width);
      const ir::ValueId packed = Linear(normed, s_.width, 3 * s_.width, name + ".qkv");
      const ir::NodeId split = b_.Node(
          "Split",
          {packed, b_.Initializer(name + ".thirds", Int64Constant({s_.width, s_.width, s_.width}))},
          {third, third, third}, {{"axis", Attr(int64_t{2})}});
      const std::vector<ir::ValueId> parts = b_.graph().node(split).results;
      x = Add(Mixed(parts[0], parts[1], parts[2], name), x);
      x = Add(FeedForward(Norm(x, name + ".norm2"), name), x);
    }
    x = Norm(x, "norm");
    const ir::ValueId turned = b_.Op("Transpose", {table_}, F32({s_.width, s_.vocabulary}),
                                     {{"perm", Attr(std::vector<int64_t>{1, 0})}});
    return std::move(b_).Finish({b_.Op("MatMul", {x, turned}, Data(s_.vocabulary))});
  }

 private:
  ir::Type Data(int64_t width) const { return F32({s_.batch, s_.tokens, width}); }

  ir::ValueId Embedded() {
    const ir::ValueId tokens =
        b_.Input("tokens", Tensor(ir::ElementType::kInt64, {s_.batch, s_.tokens}));
    table_ = b_.Weight("table", {s_.vocabulary, s_.width});
    const ir::ValueId found = b_.Op("Gather", {table_, tokens}, Data(s_.width));
    return Add(found, b_.Weight("positions", {1, s_.tokens, s_.width}));
  }

  ir::ValueId Add(ir::ValueId a, ir::ValueId b) { return b_.Op("Add", {a, b}, Data(s_.width)); }

  ir::ValueId Norm(ir::ValueId x, const std::string& name) {
    return b_.Op(
        "LayerNormalization",
        {x, b_.Weight(name + ".scale", {s_.width}), b_.Weight(name + ".shift", {s_.width})},
        Data(s_.width), {{"axis", Attr(int64_t{-1})}});
  }

  ir::ValueId Linear(ir::ValueId x, int64_t from, int64_t to, const std::string& name) {
    const ir::ValueId product = b_.Op("MatMul", {x, b_.Weight(name + ".w", {from, to})}, Data(to));
    return b_.Op("Add", {product, b_.Weight(name + ".b", {to})}, Data(to));
  }

  ir::ValueId Heads(ir::ValueId x, const std::string& name, std::vector<int64_t> perm,
                    const std::vector<int64_t>& turned) {
    const int64_t size = s_.width / s_.heads;
    const ir::ValueId cut = b_.Op(
        "Reshape", {x, b_.Initializer(name, Int64Constant({s_.batch, s_.tokens, s_.heads, size}))},
        F32({s_.batch, s_.tokens, s_.heads, size}));
    return b_.Op("Transpose", {cut}, F32(turned), {{"perm", Attr(std::move(perm))}});
  }

  ir::ValueId Attention(ir::ValueId q, ir::ValueId k, ir::ValueId v, const std::string& name) {
    return Mixed(Linear(q, s_.width, s_.width, name + ".q"),
                 Linear(k, s_.width, s_.width, name + ".k"),
                 Linear(v, s_.width, s_.width, name + ".v"), name);
  }

  ir::ValueId Mixed(ir::ValueId q, ir::ValueId k, ir::ValueId v, const std::string& name) {
    const int64_t size = s_.width / s_.heads;
    const std::vector<int64_t> rows = {s_.batch, s_.heads, s_.tokens, size};
    const std::vector<int64_t> columns = {s_.batch, s_.heads, size, s_.tokens};
    const ir::Type square = F32({s_.batch, s_.heads, s_.tokens, s_.tokens});
    ir::ValueId scores = b_.Op(
        "MatMul",
        {Heads(q, name + ".qs", {0, 2, 1, 3}, rows), Heads(k, name + ".ks", {0, 2, 3, 1}, columns)},
        square);
    scores = b_.Op("Mul", {scores, b_.Weight(name + ".factor", {1})}, square);
    if (mask_.valid()) scores = b_.Op("Add", {scores, mask_}, square);
    const ir::ValueId shares = b_.Op("Softmax", {scores}, square, {{"axis", Attr(int64_t{-1})}});
    const ir::ValueId mixed =
        b_.Op("MatMul", {shares, Heads(v, name + ".vs", {0, 2, 1, 3}, rows)}, F32(rows));
    const ir::ValueId back = b_.Op("Transpose", {mixed}, F32({s_.batch, s_.tokens, s_.heads, size}),
                                   {{"perm", Attr(std::vector<int64_t>{0, 2, 1, 3})}});
    const ir::ValueId merged = b_.Op(
        "Reshape",
        {back, b_.Initializer(name + ".merge", Int64Constant({s_.batch, s_.tokens, s_.width}))},
        Data(s_.width));
    return Linear(merged, s_.width, s_.width, name + ".out");
  }

  ir::ValueId FeedForward(ir::ValueId x, const std::string& name) {
    const ir::ValueId up = Linear(x, s_.width, 4 * s_.width, name + ".up");
    const ir::ValueId active = b_.Op("Gelu", {up}, Data(4 * s_.width), {}, "com.microsoft");
    return Linear(active, 4 * s_.width, s_.width, name + ".down");
  }

  const TransformerSizes s_;
  ModuleBuilder b_;
  ir::ValueId table_, mask_;
};

}  // namespace

ir::Module BertGraph(const TransformerSizes& sizes) { return Transformer(sizes).Bert(); }
ir::Module GptGraph(const TransformerSizes& sizes) { return Transformer(sizes).Gpt(); }

}  // namespace allot::testing
