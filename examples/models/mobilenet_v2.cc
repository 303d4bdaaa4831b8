// MobileNet-v2 (Sandler et al., "MobileNetV2: inverted residuals and linear bottlenecks", CVPR
// 2018), batch norm folded into convolutions.

#include "examples/models/published_models.h"

namespace allot::examples {
namespace {

using Window = OnnxBuilder::Window;

// Convolution and ReLU6.
std::string AddConv(OnnxBuilder& net, const std::string& x, OnnxBuilder::ConvShape shape,
                    const std::string& name) {
  shape.gain = 2.0;
  const std::string y = net.Conv(x, shape, name);
  return net.Op("Clip", {y, "zero", "six"}, name + ".relu6");
}

// 1x1 up by `expansion`, depthwise 3x3, linear 1x1 down; with a shortcut where the shapes agree.
std::string AddInvertedResidual(OnnxBuilder& net, const std::string& x, int64_t in, int64_t out,
                                int64_t expansion, int64_t stride, const std::string& name) {
  const int64_t wide = in * expansion;
  std::string y = x;
  if (expansion != 1) {
    y = AddConv(net, y, {.in = in, .out = wide, .window = Window::Same(1)}, name + "/expand");
  }
  y = AddConv(net, y, {.in = wide, .out = wide, .window = Window::Same(3, stride), .groups = wide},
              name + "/depthwise");
  y = net.Conv(y, {.in = wide, .out = out, .window = Window::Same(1)}, name + "/project");
  return stride == 1 && in == out ? net.Op("Add", {x, y}, name + "/add") : y;
}

}  // namespace

OnnxBuilder MobileNetV2() {
  OnnxBuilder net("mobilenet-v2", 13);
  std::string x = net.Input("image", {1, 3, 224, 224});
  net.Floats("zero", {0.0f}, {});
  net.Floats("six", {6.0f}, {});
  x = AddConv(net, x, {.in = 3, .out = 32, .window = Window::Same(3, 2)}, "conv1");
  // The paper's table 2.
  const struct {
    int64_t expansion, channels, repeats, stride;
  } stages[] = {{1, 16, 1, 1}, {6, 24, 2, 2},  {6, 32, 3, 2}, {6, 64, 4, 2},
                {6, 96, 3, 1}, {6, 160, 3, 2}, {6, 320, 1, 1}};
  int64_t channels = 32;
  int block = 0;
  for (const auto& stage : stages) {
    for (int64_t i = 0; i < stage.repeats; ++i) {
      x = AddInvertedResidual(net, x, channels, stage.channels, stage.expansion,
                              i == 0 ? stage.stride : 1, "block" + std::to_string(++block));
      channels = stage.channels;
    }
  }
  x = AddConv(net, x, {.in = channels, .out = 1280, .window = Window::Same(1)}, "conv2");
  AddClassifier(net, x, 1280);
  return net;
}

}  // namespace allot::examples
