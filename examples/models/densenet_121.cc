// DenseNet-121 (Huang et al., "Densely connected convolutional networks", CVPR 2017). A batch norm
// after a convolution is folded into it; the ones before stay.

#include "examples/models/published_models.h"

namespace allot::examples {
namespace {

using Window = OnnxBuilder::Window;

constexpr int64_t kGrowth = 32;

std::string AddNormRelu(OnnxBuilder& net, const std::string& x, int64_t channels,
                        const std::string& name) {
  const std::string scale = net.Weight(name + ".scale", {channels}, 0.1, 1.0);
  const std::string bias = net.Weight(name + ".bias", {channels}, 0.1);
  const std::string mean = net.Weight(name + ".mean", {channels}, 0.1);
  const std::string variance = net.Weight(name + ".variance", {channels}, 0.1, 1.0);
  const std::string y = net.Op("BatchNormalization", {x, scale, bias, mean, variance}, name);
  return net.Op("Relu", {y}, name + ".relu");
}

// Adds kGrowth channels, made of all channels so far.
std::string AddDenseLayer(OnnxBuilder& net, const std::string& x, int64_t channels,
                          const std::string& name) {
  std::string y = AddNormRelu(net, x, channels, name + "/norm1");
  y = net.ConvRelu(y, channels, 4 * kGrowth, 1, 1, name + "/conv1");
  y = net.Conv(y, {.in = 4 * kGrowth, .out = kGrowth, .window = Window::Same(3)}, name + "/conv2");
  return net.Concat({x, y}, 1, name + "/concat");
}

// Halves the channels and the image.
std::string AddTransition(OnnxBuilder& net, const std::string& x, int64_t channels,
                          const std::string& name) {
  std::string y = AddNormRelu(net, x, channels, name + "/norm");
  // The mean of four pixels takes away variance: more gain.
  y = net.Conv(y, {.in = channels, .out = channels / 2, .window = Window::Same(1), .gain = 4.0},
               name + "/conv");
  return net.Pool("AveragePool", y, Window::Valid(2, 2), name + "/pool");
}

}  // namespace

OnnxBuilder DenseNet121() {
  OnnxBuilder net("densenet-121", 13);
  std::string x = net.Input("image", {1, 3, 224, 224});
  int64_t channels = 2 * kGrowth;
  x = net.ConvRelu(x, 3, channels, 7, 2, "conv0");
  x = net.Pool("MaxPool", x, Window::Same(3, 2), "pool0");
  const int64_t layers[] = {6, 12, 24, 16};
  for (int block = 1; block <= 4; ++block) {
    for (int64_t layer = 1; layer <= layers[block - 1]; ++layer) {
      x = AddDenseLayer(net, x, channels,
                        "block" + std::to_string(block) + "/layer" + std::to_string(layer));
      channels += kGrowth;
    }
    if (block == 4) break;
    x = AddTransition(net, x, channels, "transition" + std::to_string(block));
    channels /= 2;
  }
  x = AddNormRelu(net, x, channels, "norm5");
  AddClassifier(net, x, channels);
  return net;
}

}  // namespace allot::examples
