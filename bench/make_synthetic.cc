// Writes a synthetic model of about N operators for measuring how planning scales: a chain of
// randomly wired blocks (Erdos-Renyi order, each operator reads one or two earlier ones of its
// block), some of them matrix products. usage: make-synthetic N FILE.onnx [SEED]

#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

#include "examples/models/onnx_builder.h"
#include "support/random.h"

namespace {

allot::examples::OnnxBuilder Synthetic(int64_t num_ops, uint64_t seed) {
  constexpr int64_t kWidth = 256;
  constexpr int kBlock = 32;
  allot::Random random(seed);
  allot::examples::OnnxBuilder net("synthetic", 17);
  std::string entry = net.Input("x", {64, kWidth});
  std::vector<std::string> weights;
  for (int i = 0; i < 16; ++i) {
    weights.push_back(net.Weight("w" + std::to_string(i), {kWidth, kWidth}, 0.06));
  }
  const char* const unary[] = {"Relu", "Sigmoid", "Tanh", "Softmax"};
  int64_t made = 0;
  while (made < num_ops) {
    std::vector<std::string> values = {entry};
    std::vector<bool> used = {false};
    for (int i = 0; i < kBlock && made < num_ops; ++i, ++made) {
      const std::string name = "op" + std::to_string(made);
      const auto pick = [&] {
        // Near values are likelier, as in real networks.
        const auto count = static_cast<int64_t>(values.size());
        const int64_t index =
            std::max<int64_t>(0, count - 1 - random.Below(std::min<int64_t>(count, 6)));
        used[static_cast<size_t>(index)] = true;
        return values[static_cast<size_t>(index)];
      };
      const int64_t kind = random.Below(10);
      std::string value;
      if (kind < 3) {
        value = net.Op("MatMul", {pick(), weights[static_cast<size_t>(random.Below(16))]}, name);
      } else if (kind < 6) {
        const std::string a = pick(), b = pick();
        value = net.Op(kind == 3 ? "Mul" : "Add", {a, b}, name);
      } else {
        value = net.Op(unary[random.Below(4)], {pick()}, name);
      }
      values.push_back(value);
      used.push_back(false);
    }
    // Everything that a block leaves over meets in one sum.
    std::vector<std::string> loose;
    for (size_t i = 1; i < values.size(); ++i) {
      if (!used[i]) loose.push_back(values[i]);
    }
    if (loose.size() == 1) {
      entry = loose[0];
    } else {
      entry = net.Op("Sum", loose, "sum" + std::to_string(made));
    }
  }
  net.Node("Identity", {entry}, {"y"}, "end");
  net.Output("y", {64, kWidth});
  return net;
}

}  // namespace

int main(int argc, char** argv) {
  const int64_t num_ops = argc > 1 ? std::atoll(argv[1]) : 0;
  if (argc < 3 || argc > 4 || num_ops < 1) {
    std::fprintf(stderr, "usage: make-synthetic N FILE.onnx [SEED]\n");
    return 1;
  }
  const uint64_t seed = argc == 4 ? std::strtoull(argv[3], nullptr, 10) : 1;
  if (!Synthetic(num_ops, seed).Save(argv[2])) {
    std::fprintf(stderr, "error: %s cannot be written\n", argv[2]);
    return 1;
  }
  return 0;
}
