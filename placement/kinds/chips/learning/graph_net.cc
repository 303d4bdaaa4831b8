#include "placement/kinds/chips/learning/graph_net.h"

#include <cmath>

namespace allot::chips {
namespace {

constexpr double kSlope = 0.1;  // of relu below zero
constexpr size_t kJoined = 3 * GraphNet::kWidth;

double Relu(double x) { return x > 0 ? x : kSlope * x; }

// rows x inputs times weights of [output][input], plus biases behind the weights.
std::vector<double> Multiply(const std::vector<double>& rows, size_t inputs, const double* weights,
                             size_t outputs) {
  const size_t n = rows.size() / inputs;
  const double* const bias = weights + outputs * inputs;
  std::vector<double> result(n * outputs);
  for (size_t r = 0; r < n; ++r) {
    const double* const row = rows.data() + r * inputs;
    for (size_t o = 0; o < outputs; ++o) {
      double sum = bias[o];
      for (size_t i = 0; i < inputs; ++i) sum += weights[o * inputs + i] * row[i];
      result[r * outputs + o] = sum;
    }
  }
  return result;
}

// Adds to the gradients of weights and biases, and returns that of the rows.
std::vector<double> MultiplyBack(const std::vector<double>& rows, size_t inputs,
                                 const double* weights, size_t outputs,
                                 const std::vector<double>& slopes, double* gradient) {
  const size_t n = rows.size() / inputs;
  std::vector<double> back(rows.size());
  for (size_t r = 0; r < n; ++r) {
    const double* const row = rows.data() + r * inputs;
    for (size_t o = 0; o < outputs; ++o) {
      const double slope = slopes[r * outputs + o];
      if (slope == 0) continue;
      for (size_t i = 0; i < inputs; ++i) {
        gradient[o * inputs + i] += slope * row[i];
        back[r * inputs + i] += slope * weights[o * inputs + i];
      }
      gradient[outputs * inputs + o] += slope;
    }
  }
  return back;
}

// Each node's own row, the mean of those that it reads, and the mean of its readers, joined.
std::vector<double> Gather(const CsrGraph& graph, const std::vector<double>& hidden) {
  constexpr size_t kWidth = GraphNet::kWidth;
  std::vector<double> joined(static_cast<size_t>(graph.num_vertices()) * kJoined);
  for (int32_t v = 0; v < graph.num_vertices(); ++v) {
    double* const row = joined.data() + static_cast<size_t>(v) * kJoined;
    for (size_t i = 0; i < kWidth; ++i) row[i] = hidden[static_cast<size_t>(v) * kWidth + i];
    for (const bool readers : {false, true}) {
      const auto others = readers ? graph.successors(v) : graph.predecessors(v);
      const double share = others.empty() ? 0 : 1 / static_cast<double>(others.size());
      double* const part = row + (readers ? 2 : 1) * kWidth;
      for (const int32_t u : others) {
        for (size_t i = 0; i < kWidth; ++i) {
          part[i] += share * hidden[static_cast<size_t>(u) * kWidth + i];
        }
      }
    }
  }
  return joined;
}

void GatherBack(const CsrGraph& graph, const std::vector<double>& joined,
                std::vector<double>& hidden) {
  constexpr size_t kWidth = GraphNet::kWidth;
  for (int32_t v = 0; v < graph.num_vertices(); ++v) {
    const double* const row = joined.data() + static_cast<size_t>(v) * kJoined;
    for (size_t i = 0; i < kWidth; ++i) hidden[static_cast<size_t>(v) * kWidth + i] += row[i];
    for (const bool readers : {false, true}) {
      const auto others = readers ? graph.successors(v) : graph.predecessors(v);
      const double share = others.empty() ? 0 : 1 / static_cast<double>(others.size());
      const double* const part = row + (readers ? 2 : 1) * kWidth;
      for (const int32_t u : others) {
        for (size_t i = 0; i < kWidth; ++i) {
          hidden[static_cast<size_t>(u) * kWidth + i] += share * part[i];
        }
      }
    }
  }
}

}  // namespace

GraphNet::GraphNet(size_t features) : features_(features) {
  parameters_.resize(HeadAt() + kWidth + features_);
}

size_t GraphNet::LayerAt(size_t layer) const {
  return features_ * kWidth + kWidth + layer * (kJoined * kWidth + kWidth);
}

void GraphNet::Initialize(Random& random) {
  for (size_t i = 0; i < parameters_.size(); ++i) {
    const double inputs = static_cast<double>(i < LayerAt(0) ? features_ : kJoined);
    const bool skip = i >= HeadAt() + kWidth;
    parameters_[i] = skip ? 0 : (2 * random.Unit() - 1) / std::sqrt(inputs);
  }
}

GraphNet::Run GraphNet::Forward(const CsrGraph& graph, const std::vector<double>& features) const {
  Run run;
  run.sums.push_back(Multiply(features, features_, parameters_.data(), kWidth));
  run.incoming.emplace_back();
  run.hidden.push_back(run.sums[0]);
  for (double& x : run.hidden[0]) x = Relu(x);
  for (size_t layer = 0; layer < kLayers; ++layer) {
    run.incoming.push_back(Gather(graph, run.hidden.back()));
    run.sums.push_back(
        Multiply(run.incoming.back(), kJoined, parameters_.data() + LayerAt(layer), kWidth));
    std::vector<double> next = run.hidden.back();
    for (size_t i = 0; i < next.size(); ++i) next[i] += Relu(run.sums.back()[i]);
    run.hidden.push_back(std::move(next));
  }
  const double* const head = parameters_.data() + HeadAt();
  run.outputs.resize(static_cast<size_t>(graph.num_vertices()));
  for (size_t v = 0; v < run.outputs.size(); ++v) {
    for (size_t i = 0; i < kWidth; ++i)
      run.outputs[v] += head[i] * run.hidden.back()[v * kWidth + i];
    for (size_t f = 0; f < features_; ++f) {
      run.outputs[v] += head[kWidth + f] * features[v * features_ + f];
    }
  }
  return run;
}

std::vector<double> GraphNet::Backward(const CsrGraph& graph, const std::vector<double>& features,
                                       const Run& run, const std::vector<double>& slopes) const {
  std::vector<double> gradient(parameters_.size());
  const double* const head = parameters_.data() + HeadAt();
  std::vector<double> back(run.hidden.back().size());
  for (size_t v = 0; v < slopes.size(); ++v) {
    for (size_t i = 0; i < kWidth; ++i) {
      gradient[HeadAt() + i] += slopes[v] * run.hidden.back()[v * kWidth + i];
      back[v * kWidth + i] = slopes[v] * head[i];
    }
    for (size_t f = 0; f < features_; ++f) {
      gradient[HeadAt() + kWidth + f] += slopes[v] * features[v * features_ + f];
    }
  }
  const auto through_relu = [&](const std::vector<double>& sums) {
    std::vector<double> inner = back;
    for (size_t i = 0; i < inner.size(); ++i) inner[i] *= sums[i] > 0 ? 1 : kSlope;
    return inner;
  };
  for (size_t layer = kLayers; layer-- > 0;) {
    const std::vector<double> joined =
        MultiplyBack(run.incoming[layer + 1], kJoined, parameters_.data() + LayerAt(layer), kWidth,
                     through_relu(run.sums[layer + 1]), gradient.data() + LayerAt(layer));
    GatherBack(graph, joined, back);
  }
  MultiplyBack(features, features_, parameters_.data(), kWidth, through_relu(run.sums[0]),
               gradient.data());
  return gradient;
}

void Adam::Step(const std::vector<double>& gradient, double rate, std::vector<double>& parameters) {
  constexpr double kKeepMean = 0.9, kKeepSquare = 0.999;
  mean_left_ *= kKeepMean;
  square_left_ *= kKeepSquare;
  for (size_t i = 0; i < gradient.size(); ++i) {
    mean_[i] = kKeepMean * mean_[i] + (1 - kKeepMean) * gradient[i];
    square_[i] = kKeepSquare * square_[i] + (1 - kKeepSquare) * gradient[i] * gradient[i];
    parameters[i] -=
        rate * (mean_[i] / (1 - mean_left_)) / (std::sqrt(square_[i] / (1 - square_left_)) + 1e-8);
  }
}

}  // namespace allot::chips
