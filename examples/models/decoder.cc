// Decoders of the shape of Llama 2 (Touvron et al., 2023): pre-normalised layers of attention with
// rotary positions, grouped queries and a cache, and a gated feed-forward, as exporters write them
// for generating token by token. Tokens attend to the cache and to those before them.

#include <cmath>
#include <string>
#include <utility>
#include <vector>

#include "examples/models/published_models.h"

namespace allot::examples {
namespace {

struct DecoderShape {
  int64_t layers, width, heads, cached_heads, inner, vocabulary, positions;
  bool weightless = false;  // 16-bit weights in a file that is not written

  int64_t head_width() const { return width / heads; }
};

class Decoder {
 public:
  Decoder(const std::string& name, const DecoderShape& shape)
      : shape_(shape),
        net_(name, 17),
        type_(shape.weightless ? onnx::TensorProto::FLOAT16 : onnx::TensorProto::FLOAT) {
    if (shape.weightless) net_.KeepWeightsOutside(type_);
  }

  OnnxBuilder Make() && {
    const std::string tokens =
        net_.Input("input_ids", {"batch", "tokens"}, onnx::TensorProto::INT64);
    net_.Input("position_ids", {"batch", "tokens"}, onnx::TensorProto::INT64);
    for (int64_t i = 0; i < shape_.layers; ++i) {
      for (const char* const half : {"key", "value"}) {
        net_.Input(Past(i, half), {"batch", shape_.cached_heads, "past", shape_.head_width()},
                   type_);
      }
    }
    AddConstants();
    AddPositions();
    net_.Weight("embedding.w", {shape_.vocabulary, shape_.width}, 1.0);
    std::string x = net_.Op("Gather", {"embedding.w", tokens}, "embedding");
    AddMask();
    for (int64_t i = 0; i < shape_.layers; ++i) x = AddLayer(x, i);
    x = AddNorm(x, "norm");
    x = AddLinear(x, shape_.width, shape_.vocabulary, "head");
    net_.last().set_output(0, "logits");
    net_.Output("logits", {"batch", "tokens", shape_.vocabulary}, type_);
    for (int64_t i = 0; i < shape_.layers; ++i) {
      for (const char* const half : {"key", "value"}) {
        net_.Output(Present(i, half), {"batch", shape_.cached_heads, "total", shape_.head_width()},
                    type_);
      }
    }
    return std::move(net_);
  }

 private:
  static std::string Past(int64_t layer, const std::string& half) {
    return "past_key_values." + std::to_string(layer) + "." + half;
  }
  static std::string Present(int64_t layer, const std::string& half) {
    return "present." + std::to_string(layer) + "." + half;
  }

  void AddConstants() {
    const int64_t cached = shape_.cached_heads, width = shape_.head_width();
    // A zero keeps the size of that axis.
    net_.Integers("split_query", {0, 0, cached, shape_.heads / cached, width}, {5});
    net_.Integers("split_heads", {0, 0, -1, width}, {4});
    net_.Integers("merge_heads", {0, 0, shape_.width}, {3});
    for (const int64_t axis : {1, 2}) net_.Integers("axis" + std::to_string(axis), {axis}, {1});
    for (const int64_t number : {0, 1, 2}) net_.Integers(std::to_string(number), {number}, {});
    net_.Floats("two", {2.0f}, {});
    net_.Floats("epsilon", {1e-5f}, {});
    net_.Scalar("head_scale", 1.0f / std::sqrt(static_cast<float>(width)));
    net_.Scalar("seen", 0.0f);
    net_.Scalar("unseen", -65504.0f);
  }

  // Rotary positions of the tokens: [batch, tokens, 1, half a head].
  void AddPositions() {
    for (const std::string wave : {"cos", "sin"}) {
      const std::string table = "rotary." + wave;
      net_.Waves(table, shape_.positions, shape_.head_width() / 2, wave == "sin");
      const std::string rows = net_.Op("Gather", {table, "position_ids"}, "rotary/" + wave);
      net_.Node("Unsqueeze", {rows, "axis2"}, {wave}, "rotary/" + wave + "/unsqueeze");
    }
  }

  // What is added to the scores: nothing where a token may look, else much less than nothing:
  // [batch, 1, 1, tokens, total].
  void AddMask() {
    const std::string cache = net_.Op("Shape", {Past(0, "key")}, "mask/cache");
    const std::string past = net_.Op("Gather", {cache, "2"}, "mask/past");
    const std::string ids = net_.Op("Shape", {"input_ids"}, "mask/ids");
    const std::string tokens = net_.Op("Gather", {ids, "1"}, "mask/tokens");
    const std::string total = net_.Op("Add", {past, tokens}, "mask/total");
    const std::string places = net_.Op("Range", {"0", total, "1"}, "mask/places");
    const std::string own = net_.Op("Unsqueeze", {"position_ids", "axis2"}, "mask/own");
    const std::string before = net_.Op("LessOrEqual", {places, own}, "mask/before");
    const std::string mask = net_.Op("Where", {before, "seen", "unseen"}, "mask/where");
    const std::string groups = net_.Op("Unsqueeze", {mask, "axis1"}, "mask/groups");
    net_.Node("Unsqueeze", {groups, "axis1"}, {"mask"}, "mask/heads");
  }

  std::string AddLinear(const std::string& x, int64_t in, int64_t out, const std::string& name,
                        double gain = 1.0) {
    net_.Weight(name + ".w", {in, out}, std::sqrt(gain / static_cast<double>(in)));
    return net_.Op("MatMul", {x, name + ".w"}, name);
  }

  // By the root of the mean square, in 32 bits.
  std::string AddNorm(const std::string& x, const std::string& name) {
    const std::string wide = Cast(x, onnx::TensorProto::FLOAT, name + "/wide");
    const std::string square = net_.Op("Pow", {wide, "two"}, name + "/square");
    const std::string mean = net_.Op("ReduceMean", {square}, name + "/mean");
    OnnxBuilder::Ints(net_.last(), "axes", {-1});
    const std::string shifted = net_.Op("Add", {mean, "epsilon"}, name + "/add");
    const std::string root = net_.Op("Sqrt", {shifted}, name + "/root");
    const std::string unit = net_.Op("Div", {wide, root}, name + "/div");
    net_.Weight(name + ".scale", {shape_.width}, 0.1, 1.0);
    return net_.Op("Mul", {Cast(unit, type_, name + "/narrow"), name + ".scale"}, name);
  }

  // Only where the type differs.
  std::string Cast(const std::string& x, int32_t type, const std::string& name) {
    if (type_ == onnx::TensorProto::FLOAT) return x;
    const std::string y = net_.Op("Cast", {x}, name);
    OnnxBuilder::Int(net_.last(), "to", type);
    return y;
  }

  // Turns both halves of each head by the tokens' positions; x is [batch, tokens, heads, width].
  std::string AddRotary(const std::string& x, const std::string& name) {
    const std::string a = name + "/low", b = name + "/high";
    net_.Node("Split", {x}, {a, b}, name + "/split");
    OnnxBuilder::Int(net_.last(), "axis", -1);
    const auto product = [&](const std::string& half, const std::string& wave,
                             const std::string& what) {
      return net_.Op("Mul", {half, wave}, name + "/" + what);
    };
    const std::string low = net_.Op(
        "Sub", {product(a, "cos", "low_cos"), product(b, "sin", "high_sin")}, name + "/sub");
    const std::string high = net_.Op(
        "Add", {product(b, "cos", "high_cos"), product(a, "sin", "low_sin")}, name + "/add");
    return net_.Concat({low, high}, -1, name + "/concat");
  }

  // [batch, tokens, heads, width of a head]
  std::string AddHeads(const std::string& x, int64_t heads, const std::string& name) {
    const std::string y = AddLinear(x, shape_.width, heads * shape_.head_width(), name);
    return net_.Op("Reshape", {y, "split_heads"}, name + "/split");
  }

  std::string Transpose(const std::string& x, std::vector<int64_t> order, const std::string& name) {
    const std::string y = net_.Op("Transpose", {x}, name);
    OnnxBuilder::Ints(net_.last(), "perm", std::move(order));
    return y;
  }

  // What is cached, with the tokens' own, for each group of queries: [batch, groups, 1, total,
  // width].
  std::string AddCached(const std::string& x, int64_t layer, const std::string& half,
                        const std::string& name) {
    const std::string own = Transpose(x, {0, 2, 1, 3}, name + "/transpose");
    net_.Node("Concat", {Past(layer, half), own}, {Present(layer, half)}, name + "/cache");
    OnnxBuilder::Int(net_.last(), "axis", 2);
    return net_.Op("Unsqueeze", {Present(layer, half), "axis2"}, name + "/groups");
  }

  // The queries of a group share keys and values.
  std::string AddAttention(const std::string& x, int64_t layer, const std::string& name) {
    const int64_t cached = shape_.cached_heads;
    const std::string query =
        AddRotary(AddHeads(x, shape_.heads, name + "/query"), name + "/query/rotary");
    const std::string grouped = net_.Op("Reshape", {query, "split_query"}, name + "/query/groups");
    const std::string queries = Transpose(grouped, {0, 2, 3, 1, 4}, name + "/query/transpose");
    const std::string key =
        AddCached(AddRotary(AddHeads(x, cached, name + "/key"), name + "/key/rotary"), layer, "key",
                  name + "/key");
    const std::string value =
        AddCached(AddHeads(x, cached, name + "/value"), layer, "value", name + "/value");
    const std::string turned = Transpose(key, {0, 1, 2, 4, 3}, name + "/key/turn");
    const std::string scores = net_.Op("MatMul", {queries, turned}, name + "/scores");
    const std::string scaled = net_.Op("Mul", {scores, "head_scale"}, name + "/scale");
    const std::string masked = net_.Op("Add", {scaled, "mask"}, name + "/mask");
    const std::string weights = net_.Op("Softmax", {masked}, name + "/softmax");
    OnnxBuilder::Int(net_.last(), "axis", -1);
    const std::string mixed = net_.Op("MatMul", {weights, value}, name + "/context");
    const std::string back = Transpose(mixed, {0, 3, 1, 2, 4}, name + "/context/transpose");
    const std::string merged = net_.Op("Reshape", {back, "merge_heads"}, name + "/merge");
    return AddLinear(merged, shape_.width, shape_.width, name + "/output");
  }

  std::string AddLayer(const std::string& x, int64_t layer) {
    const std::string name = "layer" + std::to_string(layer);
    const std::string attention =
        AddAttention(AddNorm(x, name + "/attention/norm"), layer, name + "/attention");
    const std::string middle = net_.Op("Add", {x, attention}, name + "/attention/add");
    const std::string normed = AddNorm(middle, name + "/ffn/norm");
    const std::string gate = AddLinear(normed, shape_.width, shape_.inner, name + "/ffn/gate");
    const std::string sigmoid = net_.Op("Sigmoid", {gate}, name + "/ffn/sigmoid");
    const std::string silu = net_.Op("Mul", {gate, sigmoid}, name + "/ffn/silu");
    const std::string up = AddLinear(normed, shape_.width, shape_.inner, name + "/ffn/up");
    const std::string both = net_.Op("Mul", {silu, up}, name + "/ffn/mul");
    const std::string down = AddLinear(both, shape_.inner, shape_.width, name + "/ffn/down", 4.0);
    return net_.Op("Add", {middle, down}, name + "/ffn/add");
  }

  const DecoderShape shape_;
  OnnxBuilder net_;
  const int32_t type_;
};

}  // namespace

OnnxBuilder Decoder7B() {
  return Decoder("decoder-7b", {.layers = 32,
                                .width = 4096,
                                .heads = 32,
                                .cached_heads = 8,
                                .inner = 11008,
                                .vocabulary = 32000,
                                .positions = 4096,
                                .weightless = true})
      .Make();
}

OnnxBuilder Decoder70B() {
  return Decoder("decoder-70b", {.layers = 80,
                                 .width = 8192,
                                 .heads = 64,
                                 .cached_heads = 8,
                                 .inner = 28672,
                                 .vocabulary = 32000,
                                 .positions = 4096,
                                 .weightless = true})
      .Make();
}

OnnxBuilder DecoderSmall() {
  return Decoder("decoder-small", {.layers = 12,
                                   .width = 256,
                                   .heads = 8,
                                   .cached_heads = 2,
                                   .inner = 704,
                                   .vocabulary = 2048,
                                   .positions = 512})
      .Make();
}

OnnxBuilder DecoderMedium() {
  return Decoder("decoder-medium", {.layers = 4,
                                    .width = 1024,
                                    .heads = 16,
                                    .cached_heads = 8,
                                    .inner = 2816,
                                    .vocabulary = 4096,
                                    .positions = 512})
      .Make();
}

}  // namespace allot::examples
