// How operations are counted, by kind of operator. A multiply-add counts 2; what is unknown counts
// nothing; sums saturate. See docs/cost-model.md.
#pragma once

#include <cstdint>
#include <vector>

#include "absl/strings/string_view.h"

#include "operators/operator.h"

namespace allot::work {

// --- elements.cc ---
WorkRule Nothing();
// `operations` for each element of the first result, of all results, of the first operand, of the
// second; of the first result, for each operand but one.
WorkRule PerResult(int64_t operations);
WorkRule PerAnyResult(int64_t operations);
WorkRule PerOperand(int64_t operations);
WorkRule PerSecondOperand(int64_t operations);
WorkRule PerJoinedOperand(int64_t operations);

// --- convolutions.cc; `kernel` is an operand, and `bias` one that is added if it is there (0:
// none)
WorkRule Convolution(size_t kernel, size_t bias = 0);
WorkRule DepthwiseConvolution(size_t kernel, size_t bias = 0);
WorkRule TransposedConvolution();
// Of the data (result 0) and of the kernel (result 1), from the gradient of what a convolution of
// operands 1 and 2 made, which is operand 0.
WorkRule ConvolutionGradients();
WorkRule DeformableConvolution();

// --- products.cc ---
// Of operand 0 and operand `second`, with NumPy's rules for vectors and batches.
WorkRule MatrixProduct(size_t second);
// Each row of operand 0 with one matrix, in whatever form that is stored; `bias` as above.
WorkRule RowsTimesMatrix(size_t bias = 0);
// Of the rows of one matrix from those of another.
WorkRule SquaredDistances();
WorkRule Einsum();
// `operations` for each element of a gate, besides the products.
WorkRule Recurrence(int64_t operations);
WorkRule Determinant();
WorkRule Inverse();
WorkRule Experts();
WorkRule LinearModel();
WorkRule SupportVectors();
// Operands are contracted from left to right, each result keeping the labels that are still needed.
// Nothing for a malformed equation.
OpWork EinsumWork(absl::string_view equation,
                  const std::vector<std::vector<int64_t>>& operand_dims);

// --- attention.cc ---
WorkRule Attention();
WorkRule ProjectedAttention();
// `past`: the operand that holds past keys.
WorkRule AttentionOfHeads(size_t past);
WorkRule LinearAttention();

// --- windows.cc ---
// `operations` for each element of a window, and each result.
WorkRule Window(int64_t operations);
// `operations` for each result besides its window.
WorkRule LocalResponse(int64_t operations);
WorkRule Interpolation();
WorkRule HeapOfBest();
WorkRule Sort();
// `operations` for each butterfly.
WorkRule FourierTransform(int64_t operations);
WorkRule FourierFrames(int64_t operations);
WorkRule DecisionTrees();

}  // namespace allot::work
