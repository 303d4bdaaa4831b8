// A network over the nodes of a graph: from the features of a node and of those around it to one
// number, where in the model the node belongs.
#pragma once

#include <cstdint>
#include <vector>

#include "support/graph/csr_graph.h"
#include "support/random.h"

namespace allot::chips {

// Layers as of GraphSAGE with means (Hamilton, Ying and Leskovec, NeurIPS 2017), told apart by the
// direction of edges:
//
//   h_0 = relu(W x + b)
//   h_i = h_{i-1} + relu(S h_{i-1} + P mean over read nodes + R mean over readers + b)
//   out = v h_last + u x
//
// with a slope of a tenth below zero.
class GraphNet {
 public:
  static constexpr size_t kWidth = 24, kLayers = 3;

  explicit GraphNet(size_t features);

  // Small weights at random, and u = 0.
  void Initialize(Random& random);
  std::vector<double>& parameters() { return parameters_; }
  const std::vector<double>& parameters() const { return parameters_; }

  // What Backward() needs of a run.
  struct Run {
    std::vector<std::vector<double>> hidden;    // by layer, row by row
    std::vector<std::vector<double>> incoming;  // by layer: the inputs of its product, joined
    std::vector<std::vector<double>> sums;      // by layer: before relu
    std::vector<double> outputs;                // by node
  };
  // `features` row by row. O((n + m) width + n width^2) for each layer.
  Run Forward(const CsrGraph& graph, const std::vector<double>& features) const;
  // The gradient of a sum over nodes of slope * output, by parameter.
  std::vector<double> Backward(const CsrGraph& graph, const std::vector<double>& features,
                               const Run& run, const std::vector<double>& slopes) const;

 private:
  size_t LayerAt(size_t layer) const;  // where its parameters begin
  size_t HeadAt() const { return LayerAt(kLayers); }

  size_t features_;
  std::vector<double> parameters_;
};

// A step of Adam (Kingma and Ba, ICLR 2015) downhill.
class Adam {
 public:
  explicit Adam(size_t parameters) : mean_(parameters), square_(parameters) {}
  void Step(const std::vector<double>& gradient, double rate, std::vector<double>& parameters);

 private:
  std::vector<double> mean_, square_;
  double mean_left_ = 1, square_left_ = 1;
};

}  // namespace allot::chips
