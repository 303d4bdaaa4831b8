// The U-Net of denoising diffusion (Ho et al., "Denoising diffusion probabilistic models", NeurIPS
// 2020) for 32 x 32 images, at half the width of the paper: four levels, two residual blocks each,
// attention at 16 x 16. Group norm (Wu and He, ECCV 2018) is decomposed as exporters do.

#include <cmath>
#include <vector>

#include "examples/models/published_models.h"

namespace allot::examples {
namespace {

using Window = OnnxBuilder::Window;

constexpr int64_t kImage = 32;
constexpr int64_t kWidth = 64;
constexpr int64_t kTime = 4 * kWidth;
constexpr int64_t kGroups = 32;
constexpr int64_t kBlocks = 2;
constexpr int64_t kAttentionSize = 16;
constexpr int64_t kLevels = 4;
constexpr int64_t kMultiplier[kLevels] = {1, 2, 2, 2};

// A tensor [1, channels, size, size].
struct Feature {
  std::string x;
  int64_t channels, size;
};

std::string AddSwish(OnnxBuilder& net, const std::string& x, const std::string& name) {
  const std::string gate = net.Op("Sigmoid", {x}, name + ".sigmoid");
  return net.Op("Mul", {x, gate}, name);
}

std::string AddGroupNorm(OnnxBuilder& net, const Feature& in, const std::string& name) {
  const std::string grouped = net.Op("Reshape", {in.x, "groups"}, name + ".group");
  const std::string normal =
      net.Op("InstanceNormalization", {grouped, "group_scale", "group_bias"}, name);
  const std::string shape = net.Integers(name + ".shape", {1, in.channels, in.size, in.size}, {4});
  const std::string y = net.Op("Reshape", {normal, shape}, name + ".ungroup");
  const std::string scale = net.Weight(name + ".scale", {in.channels, 1, 1}, 0.1, 1.0);
  const std::string bias = net.Weight(name + ".bias", {in.channels, 1, 1}, 0.1);
  const std::string scaled = net.Op("Mul", {y, scale}, name + ".mul");
  return net.Op("Add", {scaled, bias}, name + ".add");
}

std::string AddNormSwish(OnnxBuilder& net, const Feature& in, const std::string& name) {
  return AddSwish(net, AddGroupNorm(net, in, name), name + ".swish");
}

// Two convolutions around the embedded time, and a shortcut.
Feature AddResidual(OnnxBuilder& net, const Feature& in, int64_t out, const std::string& time,
                    const std::string& name) {
  std::string y = AddNormSwish(net, in, name + "/norm1");
  // Swish takes away about two thirds of the mean square.
  y = net.Conv(y, {.in = in.channels, .out = out, .window = Window::Same(3), .gain = 3.0},
               name + "/conv1");
  const std::string shift = net.Dense(time, kTime, out, name + "/time");
  const std::string shape = net.Integers(name + "/time.shape", {1, out, 1, 1}, {4});
  const std::string spread = net.Op("Reshape", {shift, shape}, name + "/time.reshape");
  y = net.Op("Add", {y, spread}, name + "/time.add");
  y = AddNormSwish(net, {y, out, in.size}, name + "/norm2");
  y = net.Conv(y, {.in = out, .out = out, .window = Window::Same(3), .gain = 1.0}, name + "/conv2");
  std::string shortcut = in.x;
  if (in.channels != out) {
    shortcut = net.Conv(in.x, {.in = in.channels, .out = out, .window = Window::Same(1)},
                        name + "/shortcut");
  }
  return {net.Op("Add", {shortcut, y}, name + "/add"), out, in.size};
}

// Every pixel looks at every other, with one head.
Feature AddAttention(OnnxBuilder& net, const Feature& in, const std::string& name) {
  const int64_t pixels = in.size * in.size;
  const OnnxBuilder::ConvShape pointwise = {
      .in = in.channels, .out = in.channels, .window = Window::Same(1)};
  const std::string normal = AddGroupNorm(net, in, name + "/norm");
  const std::string flat = net.Integers(name + ".flat", {1, in.channels, pixels}, {3});
  const auto project = [&](const std::string& what) {
    const std::string part = name + "/" + what;
    return net.Op("Reshape", {net.Conv(normal, pointwise, part), flat}, part + ".reshape");
  };
  const auto transpose = [&](const std::string& x, const std::string& part) {
    const std::string y = net.Op("Transpose", {x}, part);
    OnnxBuilder::Ints(net.last(), "perm", {0, 2, 1});
    return y;
  };
  const std::string query = transpose(project("query"), name + "/query.transpose");
  const std::string key = project("key");
  const std::string value = project("value");
  const std::string scale = net.Floats(
      name + ".scale", {static_cast<float>(1 / std::sqrt(static_cast<double>(in.channels)))}, {});
  const std::string scores = net.Op("MatMul", {query, key}, name + "/scores");
  const std::string scaled = net.Op("Mul", {scores, scale}, name + "/scale");
  const std::string weights = net.Op("Softmax", {scaled}, name + "/softmax");
  OnnxBuilder::Int(net.last(), "axis", -1);
  const std::string by_key = transpose(weights, name + "/softmax.transpose");
  const std::string mixed = net.Op("MatMul", {value, by_key}, name + "/context");
  const std::string shape = net.Integers(name + ".shape", {1, in.channels, in.size, in.size}, {4});
  const std::string image = net.Op("Reshape", {mixed, shape}, name + "/context.reshape");
  const std::string y = net.Conv(image, pointwise, name + "/output");
  return {net.Op("Add", {in.x, y}, name + "/add"), in.channels, in.size};
}

Feature AddDown(OnnxBuilder& net, const Feature& in, const std::string& name) {
  const std::string y =
      net.Conv(in.x, {.in = in.channels, .out = in.channels, .window = Window::Same(3, 2)}, name);
  return {y, in.channels, in.size / 2};
}

Feature AddUp(OnnxBuilder& net, const Feature& in, const std::string& name) {
  const std::string twice = net.Op("Resize", {in.x, "", "twice"}, name + "/resize");
  OnnxBuilder::String(net.last(), "mode", "nearest");
  OnnxBuilder::String(net.last(), "coordinate_transformation_mode", "asymmetric");
  OnnxBuilder::String(net.last(), "nearest_mode", "floor");
  const std::string y = net.Conv(
      twice, {.in = in.channels, .out = in.channels, .window = Window::Same(3)}, name + "/conv");
  return {y, in.channels, 2 * in.size};
}

// Waves of the time step, through two layers.
std::string AddTime(OnnxBuilder& net, const std::string& step) {
  // From 1 down to 1 / 10000 in equal ratios; by products, which are alike on every machine.
  constexpr int64_t kWaves = kWidth / 2;
  constexpr double kRatio = 0.74296395;  // 10000^(-1 / (kWaves - 1))
  std::vector<float> frequencies;
  double frequency = 1.0;
  for (int64_t i = 0; i < kWaves; ++i, frequency *= kRatio) {
    frequencies.push_back(static_cast<float>(frequency));
  }
  net.Floats("time/frequencies", frequencies, {1, kWaves});
  const std::string angle = net.Op("Mul", {step, "time/frequencies"}, "time/angle");
  const std::string sine = net.Op("Sin", {angle}, "time/sin");
  const std::string cosine = net.Op("Cos", {angle}, "time/cos");
  std::string x = net.Concat({sine, cosine}, 1, "time/waves");
  x = net.Dense(x, kWidth, kTime, "time/dense1", 2.0);
  x = net.Dense(AddSwish(net, x, "time/swish1"), kTime, kTime, "time/dense2", 3.0);
  return AddSwish(net, x, "time/swish2");
}

}  // namespace

OnnxBuilder UNet() {
  OnnxBuilder net("unet", 17);
  const std::string image = net.Input("image", {1, 3, kImage, kImage});
  const std::string step = net.Input("step", {1, 1});
  net.Integers("groups", {1, kGroups, -1}, {3});
  net.Floats("group_scale", std::vector<float>(kGroups, 1.0f), {kGroups});
  net.Floats("group_bias", std::vector<float>(kGroups, 0.0f), {kGroups});
  net.Floats("twice", {1.0f, 1.0f, 2.0f, 2.0f}, {4});
  const std::string time = AddTime(net, step);

  Feature x = {net.Conv(image, {.in = 3, .out = kWidth, .window = Window::Same(3)}, "conv_in"),
               kWidth, kImage};
  std::vector<Feature> skips = {x};
  const auto add_block = [&](int64_t level, const std::string& name) {
    x = AddResidual(net, x, kMultiplier[level] * kWidth, time, name);
    if (x.size == kAttentionSize) x = AddAttention(net, x, name + "/attention");
  };
  for (int64_t level = 0; level < kLevels; ++level) {
    const std::string name = "down" + std::to_string(level);
    for (int64_t block = 0; block < kBlocks; ++block) {
      add_block(level, name + "/block" + std::to_string(block));
      skips.push_back(x);
    }
    if (level + 1 == kLevels) break;
    x = AddDown(net, x, name + "/downsample");
    skips.push_back(x);
  }
  x = AddResidual(net, x, x.channels, time, "middle/block0");
  x = AddAttention(net, x, "middle/attention");
  x = AddResidual(net, x, x.channels, time, "middle/block1");
  for (int64_t level = kLevels; level-- > 0;) {
    const std::string name = "up" + std::to_string(level);
    for (int64_t block = 0; block <= kBlocks; ++block) {
      const std::string part = name + "/block" + std::to_string(block);
      const Feature skip = skips.back();
      skips.pop_back();
      x = {net.Concat({x.x, skip.x}, 1, part + "/concat"), x.channels + skip.channels, x.size};
      add_block(level, part);
    }
    if (level > 0) x = AddUp(net, x, name + "/upsample");
  }
  const std::string y = AddNormSwish(net, x, "norm_out");
  net.Conv(y, {.in = x.channels, .out = 3, .window = Window::Same(3), .gain = 3.0}, "conv_out");
  net.last().set_output(0, "noise");
  net.Output("noise", {1, 3, kImage, kImage});
  return net;
}

}  // namespace allot::examples
