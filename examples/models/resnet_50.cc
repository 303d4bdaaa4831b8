// ResNet-50 (He et al., "Deep residual learning for image recognition", CVPR 2016), with the stride
// in the 3 x 3 convolution as in the common implementations, batch norm folded into convolutions.

#include "examples/models/published_models.h"

namespace allot::examples {
namespace {

using Window = OnnxBuilder::Window;

// 1x1 down, 3x3, 1x1 up to four times the width, around a shortcut.
std::string AddBottleneck(OnnxBuilder& net, const std::string& x, int64_t in, int64_t width,
                          int64_t stride, const std::string& name) {
  const int64_t out = 4 * width;
  std::string y = net.ConvRelu(x, in, width, 1, 1, name + "/conv1");
  y = net.ConvRelu(y, width, width, 3, stride, name + "/conv2");
  // A quarter of the variance, so that a stage of blocks does not double it.
  y = net.Conv(y, {.in = width, .out = out, .window = Window::Same(1), .gain = 0.25},
               name + "/conv3");
  std::string shortcut = x;
  if (in != out) {
    shortcut =
        net.Conv(x, {.in = in, .out = out, .window = Window::Same(1, stride)}, name + "/shortcut");
  }
  const std::string sum = net.Op("Add", {y, shortcut}, name + "/add");
  return net.Op("Relu", {sum}, name + "/relu");
}

}  // namespace

OnnxBuilder ResNet50() {
  OnnxBuilder net("resnet-50", 13);
  std::string x = net.Input("image", {1, 3, 224, 224});
  x = net.ConvRelu(x, 3, 64, 7, 2, "conv1");
  x = net.Pool("MaxPool", x, Window::Same(3, 2), "maxpool");
  int64_t channels = 64;
  const int64_t blocks[] = {3, 4, 6, 3};
  for (int stage = 0; stage < 4; ++stage) {
    const int64_t width = int64_t{64} << stage;
    for (int64_t block = 0; block < blocks[stage]; ++block) {
      const int64_t stride = stage > 0 && block == 0 ? 2 : 1;
      const std::string name = "layer" + std::to_string(stage + 1) + "." + std::to_string(block);
      x = AddBottleneck(net, x, channels, width, stride, name);
      channels = 4 * width;
    }
  }
  AddClassifier(net, x, channels);
  return net;
}

}  // namespace allot::examples
