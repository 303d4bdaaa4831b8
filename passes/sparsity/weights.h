// Weights of a model as matrices: where they come from, where they are not zero, and pieces of
// them.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"

#include "ir/module.h"
#include "passes/sparsity/bit_matrix.h"

namespace allot {

// A constant and what happens to it before it is used: an initializer or a Constant node (dense or
// sparse) behind any number of Identity, Cast, Transpose, Reshape and DequantizeLinear nodes.
struct Weights {
  struct Step {
    enum class Kind { kCast, kTranspose, kReshape, kDequantize };
    Kind kind = Kind::kCast;
    ir::ElementType element = ir::ElementType::kUndefined;  // of its result
    std::vector<int64_t> numbers;                           // the permutation, or the dimensions
    ir::ConstantId scale, zero_point;  // of kDequantize; the latter may be absent
    int64_t axis = 1;                  // of kDequantize
  };
  ir::ConstantId constant;
  std::vector<Step> steps;
  ir::ElementType element = ir::ElementType::kUndefined;  // where it is used
  std::vector<int64_t> dims;                              // likewise
};

// nullopt: the value depends on an input, or on other operators.
std::optional<Weights> FindWeights(const ir::Module& module, ir::ValueId value);

// Where weights are not zero, as a matrix of `dims[0]` rows and all else as columns. Zeros are
// exact, of both signs; quantized ones are those that equal their zero point. Reads the constant
// once, in pieces; a byte-wise pass over dense ones. Errors are those of the data; Unimplemented
// for elements that are no numbers of whole bytes.
absl::StatusOr<BitMatrix> NonzerosOf(const ir::Module& module, const Weights& weights);

// The elements of two-dimensional weights before they are cast or dequantized, which lowering does
// anew for each piece: packed, row by row, in the element type of the constant. Errors: those of
// the data; more than `most` bytes.
absl::StatusOr<std::string> ElementsOf(const ir::Module& module, const Weights& weights,
                                       int64_t most);

}  // namespace allot
