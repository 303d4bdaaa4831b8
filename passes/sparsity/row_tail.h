// What follows a layer neuron by neuron: steps that compute each neuron from itself alone, in any
// number of positions.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>

#include "ir/module.h"

namespace allot {

// How a value holds neurons, for each sample: as a matrix [samples, neurons], or as maps [samples,
// neurons, ...], the rest of the dimensions being a neuron's positions.
struct NeuronForm {
  bool maps = false;
  int64_t positions = 1;  // of a matrix 1
  friend bool operator==(const NeuronForm&, const NeuronForm&) = default;
};

// nullopt: the type has no such form with these neurons, or sizes are not known.
std::optional<NeuronForm> FormOf(const ir::Type& type, int64_t neurons);
// The neurons of a value that nothing here computes: columns of a matrix, or maps. nullopt: it is
// neither.
std::optional<int64_t> NeuronsOf(const ir::Type& type);

struct TailStep {
  enum class Kind {
    kElementwise,  // constants as NeuronAxis() finds them
    kTensors,      // of two tensors, element by element
    kByNeuron,     // batch norm, pooling, depthwise convolution: constants that have a neuron's
                   // elements together have neurons in their first dimension
    kReduce,       // maps to smaller ones
    kReduceAway,   // maps to a matrix of one element for each neuron
    kFlatten,      // maps become a matrix
  };
  Kind kind = Kind::kElementwise;
  ir::NodeId node;
  size_t operand = 0;  // which of its operands is the neurons' value
  int32_t other = -1;  // of kTensors: the other tensor, as a number
  int64_t spread = 1;  // of kFlatten: the neurons that one becomes, side by side
  NeuronForm form;     // of its result
};

// The dimension of a constant operand of an element-wise node that counts neurons, where the node's
// other operand has this rank: of a matrix the last one. -1: the constant is the same for all
// neurons. nullopt: it fits neither.
std::optional<int> NeuronAxis(const std::vector<int64_t>& dims, size_t rank, int64_t neurons);

// The step that the node is for `value`, its operand, which holds `neurons` in `form`. `tensor_of`
// numbers the tensors that a step may add, -1 for any other value. nullopt: it mixes neurons, or is
// not known not to.
std::optional<TailStep> StepOf(const ir::Module& module, ir::NodeId node, ir::ValueId value,
                               int64_t neurons, const NeuronForm& form,
                               const std::function<int32_t(ir::ValueId)>& tensor_of);

}  // namespace allot
