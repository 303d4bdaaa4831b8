// GoogLeNet (Szegedy et al., "Going deeper with convolutions", CVPR 2015), without the auxiliary
// heads.

#include <cmath>

#include "examples/models/published_models.h"

namespace allot::examples {
namespace {

std::string MaxPool(OnnxBuilder& net, const std::string& x, int64_t stride,
                    const std::string& name) {
  const std::string y = net.Op("MaxPool", {x}, name);
  OnnxBuilder::Ints(net.last(), "kernel_shape", {3, 3});
  OnnxBuilder::Ints(net.last(), "strides", {stride, stride});
  // Padding below and to the right when halving, around when keeping the size.
  if (stride == 2) {
    OnnxBuilder::Ints(net.last(), "pads", {0, 0, 1, 1});
  } else {
    OnnxBuilder::Ints(net.last(), "pads", {1, 1, 1, 1});
  }
  return y;
}

std::string Normalize(OnnxBuilder& net, const std::string& x, const std::string& name) {
  const std::string y = net.Op("LRN", {x}, name);
  OnnxBuilder::Int(net.last(), "size", 5);
  OnnxBuilder::Float(net.last(), "alpha", 1e-4f);
  return y;
}

// The widths of one inception module, in the order of the paper's table 1.
struct Inception {
  const char* name;
  int64_t in, conv1, reduce3, conv3, reduce5, conv5, pool;
};

std::string AddInception(OnnxBuilder& net, const std::string& x, const Inception& m) {
  const std::string name = m.name;
  const std::string b1 = net.ConvRelu(x, m.in, m.conv1, 1, 1, name + "/1x1");
  const std::string r3 = net.ConvRelu(x, m.in, m.reduce3, 1, 1, name + "/3x3_reduce");
  const std::string b3 = net.ConvRelu(r3, m.reduce3, m.conv3, 3, 1, name + "/3x3");
  const std::string r5 = net.ConvRelu(x, m.in, m.reduce5, 1, 1, name + "/5x5_reduce");
  const std::string b5 = net.ConvRelu(r5, m.reduce5, m.conv5, 5, 1, name + "/5x5");
  const std::string pool = MaxPool(net, x, 1, name + "/pool");
  const std::string b4 = net.ConvRelu(pool, m.in, m.pool, 1, 1, name + "/pool_proj");
  return net.Concat({b1, b3, b5, b4}, 1, name + "/output");
}

}  // namespace

OnnxBuilder GoogLeNet() {
  OnnxBuilder net("googlenet", 13);
  std::string x = net.Input("image", {1, 3, 224, 224});
  x = net.ConvRelu(x, 3, 64, 7, 2, "conv1/7x7_s2");
  x = MaxPool(net, x, 2, "pool1/3x3_s2");
  x = Normalize(net, x, "pool1/norm1");
  x = net.ConvRelu(x, 64, 64, 1, 1, "conv2/3x3_reduce");
  x = net.ConvRelu(x, 64, 192, 3, 1, "conv2/3x3");
  x = Normalize(net, x, "conv2/norm2");
  x = MaxPool(net, x, 2, "pool2/3x3_s2");
  x = AddInception(net, x, {"inception_3a", 192, 64, 96, 128, 16, 32, 32});
  x = AddInception(net, x, {"inception_3b", 256, 128, 128, 192, 32, 96, 64});
  x = MaxPool(net, x, 2, "pool3/3x3_s2");
  x = AddInception(net, x, {"inception_4a", 480, 192, 96, 208, 16, 48, 64});
  x = AddInception(net, x, {"inception_4b", 512, 160, 112, 224, 24, 64, 64});
  x = AddInception(net, x, {"inception_4c", 512, 128, 128, 256, 24, 64, 64});
  x = AddInception(net, x, {"inception_4d", 512, 112, 144, 288, 32, 64, 64});
  x = AddInception(net, x, {"inception_4e", 528, 256, 160, 320, 32, 128, 128});
  x = MaxPool(net, x, 2, "pool4/3x3_s2");
  x = AddInception(net, x, {"inception_5a", 832, 256, 160, 320, 32, 128, 128});
  x = AddInception(net, x, {"inception_5b", 832, 384, 192, 384, 48, 128, 128});
  x = net.Op("GlobalAveragePool", {x}, "pool5/7x7_s1");
  x = net.Op("Flatten", {x}, "flatten");
  const std::string weight = net.Weight("loss3/classifier.w", {1000, 1024}, std::sqrt(1.0 / 1024));
  const std::string bias = net.Weight("loss3/classifier.b", {1000}, 0.05);
  x = net.Op("Gemm", {x, weight, bias}, "loss3/classifier");
  OnnxBuilder::Int(net.last(), "transB", 1);
  net.Node("Softmax", {x}, {"prob"}, "prob");
  net.Output("prob", {1, 1000});
  return net;
}

}  // namespace allot::examples
