// Inception-v3 (Szegedy et al., "Rethinking the inception architecture for computer vision", CVPR
// 2016), without the auxiliary head, batch norm folded into convolutions.

#include "examples/models/published_models.h"

namespace allot::examples {
namespace {

using Window = OnnxBuilder::Window;

// A tensor and its channels, inside a module: a branch reads as the paper's figures draw it.
struct Branch {
  OnnxBuilder* net;
  std::string name;
  std::string x;
  int64_t channels;

  Branch Conv(int64_t out, const Window& window, const std::string& step) const {
    const std::string y = net->Conv(x, {.in = channels, .out = out, .window = window, .gain = 2.0},
                                    name + "/" + step);
    return {net, name, net->Op("Relu", {y}, name + "/" + step + ".relu"), out};
  }
  Branch Pool(const std::string& op, const Window& window) const {
    return {net, name, net->Pool(op, x, window, name + "/pool"), channels};
  }
  Branch Join(const std::vector<Branch>& branches, const std::string& step) const {
    std::vector<std::string> inputs;
    int64_t sum = 0;
    for (const Branch& branch : branches) {
      inputs.push_back(branch.x);
      sum += branch.channels;
    }
    return {net, name, net->Concat(inputs, 1, name + "/" + step), sum};
  }
  // The same tensor, as what `module` starts from.
  Branch In(const std::string& module) const { return {net, module, x, channels}; }
};

// 35 x 35: figure 5.
Branch AddA(const Branch& in, int64_t pool) {
  const Branch b1 = in.Conv(64, Window::Same(1), "1x1");
  const Branch b5 = in.Conv(48, Window::Same(1), "5x5_reduce").Conv(64, Window::Same(5), "5x5");
  const Branch b3 = in.Conv(64, Window::Same(1), "3x3_reduce")
                        .Conv(96, Window::Same(3), "3x3_1")
                        .Conv(96, Window::Same(3), "3x3_2");
  const Branch bp =
      in.Pool("AveragePool", Window::Same(3)).Conv(pool, Window::Same(1), "pool_proj");
  return in.Join({b1, b5, b3, bp}, "output");
}

// 35 x 35 to 17 x 17.
Branch AddB(const Branch& in) {
  const Branch b3 = in.Conv(384, Window::Valid(3, 2), "3x3");
  const Branch bd = in.Conv(64, Window::Same(1), "double_reduce")
                        .Conv(96, Window::Same(3), "double_1")
                        .Conv(96, Window::Valid(3, 2), "double_2");
  const Branch bp = in.Pool("MaxPool", Window::Valid(3, 2));
  return in.Join({b3, bd, bp}, "output");
}

// 17 x 17: figure 6, with n = 7.
Branch AddC(const Branch& in, int64_t width) {
  const Window row = Window::Row(7), column = Window::Column(7);
  const Branch b1 = in.Conv(192, Window::Same(1), "1x1");
  const Branch b7 = in.Conv(width, Window::Same(1), "7x7_reduce")
                        .Conv(width, row, "1x7")
                        .Conv(192, column, "7x1");
  const Branch bd = in.Conv(width, Window::Same(1), "double_reduce")
                        .Conv(width, column, "double_7x1_1")
                        .Conv(width, row, "double_1x7_1")
                        .Conv(width, column, "double_7x1_2")
                        .Conv(192, row, "double_1x7_2");
  const Branch bp = in.Pool("AveragePool", Window::Same(3)).Conv(192, Window::Same(1), "pool_proj");
  return in.Join({b1, b7, bd, bp}, "output");
}

// 17 x 17 to 8 x 8.
Branch AddD(const Branch& in) {
  const Branch b3 =
      in.Conv(192, Window::Same(1), "3x3_reduce").Conv(320, Window::Valid(3, 2), "3x3");
  const Branch b7 = in.Conv(192, Window::Same(1), "7x7_reduce")
                        .Conv(192, Window::Row(7), "1x7")
                        .Conv(192, Window::Column(7), "7x1")
                        .Conv(192, Window::Valid(3, 2), "7x7_3x3");
  const Branch bp = in.Pool("MaxPool", Window::Valid(3, 2));
  return in.Join({b3, b7, bp}, "output");
}

// 8 x 8: figure 7.
Branch AddE(const Branch& in) {
  const Window row = Window::Row(3), column = Window::Column(3);
  const Branch b1 = in.Conv(320, Window::Same(1), "1x1");
  const Branch reduced = in.Conv(384, Window::Same(1), "3x3_reduce");
  const Branch b3 =
      in.Join({reduced.Conv(384, row, "3x3_1x3"), reduced.Conv(384, column, "3x3_3x1")}, "3x3");
  const Branch deep =
      in.Conv(448, Window::Same(1), "double_reduce").Conv(384, Window::Same(3), "double_3x3");
  const Branch bd =
      in.Join({deep.Conv(384, row, "double_1x3"), deep.Conv(384, column, "double_3x1")}, "double");
  const Branch bp = in.Pool("AveragePool", Window::Same(3)).Conv(192, Window::Same(1), "pool_proj");
  return in.Join({b1, b3, bd, bp}, "output");
}

}  // namespace

OnnxBuilder InceptionV3() {
  OnnxBuilder net("inception-v3", 13);
  const std::string image = net.Input("image", {1, 3, 299, 299});
  Branch x = Branch{&net, "stem1", image, 3}
                 .Conv(32, Window::Valid(3, 2), "conv1")
                 .Conv(32, Window::Valid(3), "conv2")
                 .Conv(64, Window::Same(3), "conv3")
                 .Pool("MaxPool", Window::Valid(3, 2))
                 .In("stem2")
                 .Conv(80, Window::Same(1), "conv1")
                 .Conv(192, Window::Valid(3), "conv2")
                 .Pool("MaxPool", Window::Valid(3, 2));
  x = AddA(x.In("mixed_5b"), 32);
  x = AddA(x.In("mixed_5c"), 64);
  x = AddA(x.In("mixed_5d"), 64);
  x = AddB(x.In("mixed_6a"));
  x = AddC(x.In("mixed_6b"), 128);
  x = AddC(x.In("mixed_6c"), 160);
  x = AddC(x.In("mixed_6d"), 160);
  x = AddC(x.In("mixed_6e"), 192);
  x = AddD(x.In("mixed_7a"));
  x = AddE(x.In("mixed_7b"));
  x = AddE(x.In("mixed_7c"));
  AddClassifier(net, x.x, x.channels);
  return net;
}

}  // namespace allot::examples
