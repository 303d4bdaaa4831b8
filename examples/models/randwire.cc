// RandWire (Xie et al., "Exploring randomly wired neural networks for image recognition", ICCV
// 2019) in the small regime: three stages of 32 nodes wired by Watts and Strogatz's model with
// K = 4, P = 0.75 (Nature, 1998), 78 channels. The generator is ours and seeded: the same graph on
// every machine, none of the paper's own.

#include <algorithm>
#include <set>
#include <utility>
#include <vector>

#include "examples/models/published_models.h"
#include "support/random.h"

namespace allot::examples {
namespace {

using Window = OnnxBuilder::Window;

constexpr int kNodes = 32;
constexpr int kNeighbours = 4;
constexpr double kRewire = 0.75;

// The operands of each node of a stage, all of smaller number; none: the node reads the stage's
// input.
using Wiring = std::vector<std::vector<int>>;

// A ring in which every node is joined to the kNeighbours nearest; then each edge keeps its first
// end and with probability kRewire gets another second one. Edges point from smaller to larger.
Wiring WattsStrogatz(Random& random) {
  const auto edge = [](int a, int b) { return std::make_pair(std::min(a, b), std::max(a, b)); };
  std::set<std::pair<int, int>> edges;
  for (int distance = 1; distance <= kNeighbours / 2; ++distance) {
    for (int node = 0; node < kNodes; ++node) {
      edges.insert(edge(node, (node + distance) % kNodes));
    }
  }
  for (int distance = 1; distance <= kNeighbours / 2; ++distance) {
    for (int node = 0; node < kNodes; ++node) {
      if (random.Unit() >= kRewire) continue;
      int other = node;
      while (other == node || edges.count(edge(node, other)) > 0) {
        other = static_cast<int>(random.Below(kNodes));
      }
      edges.erase(edge(node, (node + distance) % kNodes));
      edges.insert(edge(node, other));
    }
  }
  Wiring wiring(kNodes);
  for (const auto& [from, to] : edges) wiring[static_cast<size_t>(to)].push_back(from);
  return wiring;
}

// The sum of the operands, each times its weight.
std::string AddWeightedSum(OnnxBuilder& net, const std::vector<std::string>& operands,
                           const std::string& name) {
  if (operands.size() == 1) return operands[0];
  std::vector<std::string> terms;
  for (size_t i = 0; i < operands.size(); ++i) {
    const std::string part = name + "/input" + std::to_string(i);
    const std::string weight = net.Weight(part + ".weight", {1}, 0.1, 0.6);
    terms.push_back(net.Op("Mul", {operands[i], weight}, part));
  }
  return net.Op("Sum", terms, name + "/sum");
}

// ReLU, depthwise 3 x 3, 1 x 1; batch norm is folded.
std::string AddNode(OnnxBuilder& net, const std::string& x, int64_t in, int64_t out, int64_t stride,
                    const std::string& name) {
  std::string y = net.Op("Relu", {x}, name + "/relu");
  y = net.Conv(y, {.in = in, .out = in, .window = Window::Same(3, stride), .groups = in},
               name + "/depthwise");
  return net.Conv(y, {.in = in, .out = out, .window = Window::Same(1), .gain = 2.0},
                  name + "/pointwise");
}

// Halves the image: the nodes that read the stage's input have stride 2. The result is the mean of
// the nodes that nobody reads.
std::string AddStage(OnnxBuilder& net, const std::string& x, int64_t in, int64_t out,
                     const Wiring& wiring, const std::string& name) {
  std::vector<std::string> results;
  std::vector<bool> read(wiring.size(), false);
  for (size_t node = 0; node < wiring.size(); ++node) {
    const std::string part = name + "/node" + std::to_string(node);
    if (wiring[node].empty()) {
      results.push_back(AddNode(net, x, in, out, 2, part));
      continue;
    }
    std::vector<std::string> operands;
    for (const int operand : wiring[node]) {
      operands.push_back(results[static_cast<size_t>(operand)]);
      read[static_cast<size_t>(operand)] = true;
    }
    results.push_back(AddNode(net, AddWeightedSum(net, operands, part), out, out, 1, part));
  }
  std::vector<std::string> ends;
  for (size_t node = 0; node < wiring.size(); ++node) {
    if (!read[node]) ends.push_back(results[node]);
  }
  return net.Op("Mean", ends, name + "/mean");
}

}  // namespace

OnnxBuilder RandWire() {
  constexpr int64_t kChannels = 78;
  Random random(20190402);
  OnnxBuilder net("randwire", 13);
  std::string x = net.Input("image", {1, 3, 224, 224});
  int64_t channels = kChannels / 2;
  x = net.Conv(x, {.in = 3, .out = channels, .window = Window::Same(3, 2)}, "conv1");
  x = net.Op("Relu", {x}, "relu1");
  x = net.Conv(x, {.in = channels, .out = kChannels, .window = Window::Same(3, 2), .gain = 2.0},
               "conv2");
  channels = kChannels;
  for (int stage = 0; stage < 3; ++stage) {
    const int64_t out = kChannels << stage;
    x = AddStage(net, x, channels, out, WattsStrogatz(random), "stage" + std::to_string(stage + 3));
    channels = out;
  }
  x = net.Op("Relu", {x}, "relu6");
  x = net.Conv(x, {.in = channels, .out = 1280, .window = Window::Same(1), .gain = 2.0}, "conv6");
  x = net.Op("Relu", {x}, "conv6.relu");
  AddClassifier(net, x, 1280);
  return net;
}

}  // namespace allot::examples
