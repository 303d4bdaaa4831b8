// The encoder of the transformer (Vaswani et al., "Attention is all you need", NeurIPS 2017) in the
// size of BERT base (Devlin et al., NAACL 2019): 12 layers of width 768 with 12 heads, without
// embeddings and head, for 128 tokens.

#include <cmath>

#include "examples/models/published_models.h"

namespace allot::examples {
namespace {

constexpr int64_t kLayers = 12;
constexpr int64_t kTokens = 128;
constexpr int64_t kWidth = 768;
constexpr int64_t kHeads = 12;
constexpr int64_t kHeadWidth = kWidth / kHeads;
constexpr int64_t kInner = 4 * kWidth;

// x times a weight, plus bias, on the last axis.
std::string AddLinear(OnnxBuilder& net, const std::string& x, int64_t in, int64_t out,
                      const std::string& name, double gain = 1.0) {
  const std::string weight =
      net.Weight(name + ".w", {in, out}, std::sqrt(gain / static_cast<double>(in)));
  const std::string bias = net.Weight(name + ".b", {out}, 0.05);
  const std::string product = net.Op("MatMul", {x, weight}, name);
  return net.Op("Add", {product, bias}, name + ".bias");
}

// [1, tokens, width] to [1, heads, tokens, width of a head], or, for keys, the last two swapped.
std::string AddHeads(OnnxBuilder& net, const std::string& x, std::vector<int64_t> order,
                     const std::string& name) {
  const std::string split = net.Op("Reshape", {x, "split_heads"}, name + ".split");
  const std::string y = net.Op("Transpose", {split}, name + ".transpose");
  OnnxBuilder::Ints(net.last(), "perm", std::move(order));
  return y;
}

std::string AddAttention(OnnxBuilder& net, const std::string& x, const std::string& name) {
  const auto project = [&](const std::string& what, std::vector<int64_t> order) {
    const std::string part = name + "/" + what;
    return AddHeads(net, AddLinear(net, x, kWidth, kWidth, part), std::move(order), part);
  };
  const std::string query = project("query", {0, 2, 1, 3});
  const std::string key = project("key", {0, 2, 3, 1});
  const std::string value = project("value", {0, 2, 1, 3});
  const std::string scores = net.Op("MatMul", {query, key}, name + "/scores");
  const std::string scaled = net.Op("Div", {scores, "head_scale"}, name + "/scale");
  const std::string weights = net.Op("Softmax", {scaled}, name + "/softmax");
  OnnxBuilder::Int(net.last(), "axis", -1);
  const std::string mixed = net.Op("MatMul", {weights, value}, name + "/context");
  const std::string turned = net.Op("Transpose", {mixed}, name + "/context.transpose");
  OnnxBuilder::Ints(net.last(), "perm", {0, 2, 1, 3});
  const std::string merged = net.Op("Reshape", {turned, "merge_heads"}, name + "/merge");
  // The mean over tokens takes away variance: more gain.
  return AddLinear(net, merged, kWidth, kWidth, name + "/output", 4.0);
}

// x (1 + erf(x / sqrt 2)) / 2, as exporters write it.
std::string AddGelu(OnnxBuilder& net, const std::string& x, const std::string& name) {
  const std::string scaled = net.Op("Div", {x, "sqrt_two"}, name + "/div");
  const std::string erf = net.Op("Erf", {scaled}, name + "/erf");
  const std::string shifted = net.Op("Add", {erf, "one"}, name + "/add");
  const std::string product = net.Op("Mul", {x, shifted}, name + "/mul");
  return net.Op("Mul", {product, "half"}, name + "/half");
}

std::string AddNorm(OnnxBuilder& net, const std::string& x, const std::string& name) {
  const std::string scale = net.Weight(name + ".scale", {kWidth}, 0.1, 1.0);
  const std::string bias = net.Weight(name + ".bias", {kWidth}, 0.1);
  const std::string y = net.Op("LayerNormalization", {x, scale, bias}, name);
  OnnxBuilder::Float(net.last(), "epsilon", 1e-12f);
  return y;
}

std::string AddLayer(OnnxBuilder& net, const std::string& x, const std::string& name) {
  const std::string attention = AddAttention(net, x, name + "/attention");
  const std::string sum = net.Op("Add", {attention, x}, name + "/attention/add");
  const std::string middle = AddNorm(net, sum, name + "/attention/norm");
  std::string y = AddLinear(net, middle, kWidth, kInner, name + "/ffn/up");
  y = AddGelu(net, y, name + "/ffn/gelu");
  y = AddLinear(net, y, kInner, kWidth, name + "/ffn/down", 2.0);
  const std::string last = net.Op("Add", {y, middle}, name + "/ffn/add");
  return AddNorm(net, last, name + "/ffn/norm");
}

}  // namespace

OnnxBuilder TransformerEncoder() {
  OnnxBuilder net("transformer-encoder", 17);
  std::string x = net.Input("tokens", {1, kTokens, kWidth});
  net.Integers("split_heads", {1, kTokens, kHeads, kHeadWidth}, {4});
  net.Integers("merge_heads", {1, kTokens, kWidth}, {3});
  net.Floats("head_scale", {8.0f}, {});  // the root of kHeadWidth
  net.Floats("sqrt_two", {1.41421356f}, {});
  net.Floats("one", {1.0f}, {});
  net.Floats("half", {0.5f}, {});
  for (int64_t i = 0; i < kLayers; ++i) x = AddLayer(net, x, "layer" + std::to_string(i));
  net.last().set_output(0, "encoded");
  net.Output("encoded", {1, kTokens, kWidth});
  return net;
}

}  // namespace allot::examples
