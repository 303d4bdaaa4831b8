// The layers of a model whose rows can be divided: products and convolutions with constant weights,
// what follows them neuron by neuron, additions between them, and several one behind the other.
#pragma once

#include <cstdint>
#include <functional>
#include <vector>

#include "ir/module.h"
#include "passes/sparsity/row_tail.h"
#include "passes/sparsity/weights.h"

namespace allot {

// Neurons that are divided together: the result of a product and its tail; a tail on a tensor that
// others read too, or on several that are joined; or what a product reads and nothing here
// computes.
struct RowTensor {
  ir::ValueId value;
  int64_t neurons = 0;
  NeuronForm form;     // of `value`
  ir::NodeId product;  // MatMul, Gemm or Conv; invalid: an input, or what only follows `input`
  int32_t input = -1;  // of the product or the first step, in RowNetwork::tensors; -1: an input
  ir::NodeId concat;   // of neurons of several tensors; invalid: there is none
  std::vector<int32_t> joined;  // by operand of `concat`; the first of them is `input`
  int64_t spread = 1;  // neurons here for each of the input that is followed: of maps as a matrix
  Weights weights;     // dims: neurons and inputs, in this order if neurons_first
  bool neurons_first = false;
  int64_t kernel = 1;       // weights between a neuron and an input neuron
  int64_t groups = 1;       // of a Conv: neurons read inputs of their group alone
  NeuronForm product_form;  // of the product's result, or of what is followed
  ir::ValueId bias;         // of a Gemm or Conv; may be invalid
  std::vector<TailStep> tail;

  bool is_input() const { return input < 0; }
};

struct RowNetwork {
  std::vector<RowTensor> tensors;  // before their readers
  size_t num_layers() const;       // products
};

// Layers with constant weights: MatMul and Gemm (without alpha, beta and transA) of activations of
// two dimensions, batch first; Conv over maps of known sizes, in groups too. What follows: see
// row_tail.h; and Concat along the neurons, if any of these are computed here. Anything else that
// reads a tensor gets it whole. `take` is asked of every layer before it becomes one, without tail,
// and without input unless that is computed here. Types must be inferred. O(nodes * log(nodes)).
RowNetwork FindRowNetwork(const ir::Module& module,
                          const std::function<bool(const RowTensor&)>& take);

}  // namespace allot
