// The layers of a model whose rows can be divided: products with constant weights, what follows
// them element by element, and additions between them.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"

#include "ir/module.h"
#include "passes/sparsity/weights.h"
#include "placement/kinds/rows/model/problem.h"

namespace allot {

// One step behind a product that computes each neuron from itself alone.
struct TailStep {
  ir::NodeId node;
  size_t operand = 0;  // which of its operands is the neurons' value
  int32_t added = -1;  // of an addition of two tensors: the other one, in RowNetwork::tensors
};

// Neurons that are divided together: the result of a product and its tail, or what a product reads
// and nothing here computes.
struct RowTensor {
  ir::ValueId value;
  int64_t neurons = 0;
  ir::NodeId product;  // invalid: an input
  int32_t input = -1;  // of the product, in RowNetwork::tensors
  Weights weights;     // dims: neurons and inputs, in this order if neurons_first
  bool neurons_first = false;
  ir::ValueId bias;  // of a Gemm; may be invalid
  std::vector<TailStep> tail;
};

struct RowNetwork {
  std::vector<RowTensor> tensors;  // before their readers
  size_t num_layers() const;
};

// Layers with matrices of weights, of activations of two dimensions, batch first. MatMul and Gemm
// (without alpha, beta and transA); element-wise operators with constants of one element or one for
// each neuron; additions of two tensors. Anything else that reads a tensor gets it whole. Types
// must be inferred. O(nodes).
RowNetwork FindRowNetwork(const ir::Module& module);

// The network's rows as a problem, for one part. Reads the weights. Layers of which more than
// `most_density` of the weights are not zero are left out, with all that follows from that. Errors
// are those of the data.
struct RowProblem {
  RowNetwork network;  // without what was left out
  rows::Problem problem;
};
absl::StatusOr<RowProblem> ProblemOfRows(const ir::Module& module, double most_density);

}  // namespace allot
