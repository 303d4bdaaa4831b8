// Networks with sparse weights, in code: what dividing by rows is tried and measured on.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

#include "examples/models/onnx_builder.h"

namespace allot::examples {

// One matrix of weights: which neurons of the layer before each neuron reads, and with what weight.
struct SparseLayer {
  std::vector<int64_t> begin;    // by neuron, in columns, and the end
  std::vector<int32_t> columns;  // of each neuron ascending
  std::vector<float> values;     // as columns
};

struct SparseNetworkOptions {
  std::string structure = "radixnet";  // random-rows, block-sparse
  int64_t neurons = 1024, layers = 12;
  int64_t degree = 32;            // nonzeros in a row of random-rows and block-sparse
  int64_t block = 16;             // of block-sparse: rows and columns of a block
  std::vector<int64_t> radices;   // of radixnet: none, those of the Graph Challenge
  std::string weights = "equal";  // 1/16; dyadic: small multiples of 1/16; random
  std::string format = "dense";   // sparse: linear indices; sparse-2d; qdq
  double bias = -0.3;             // of "equal"
  int64_t seed = 1;
};

// "radixnet:N=1024,layers=30": the structure, then options: N, layers, degree, block,
// radices=32x32, weights, format, bias, seed. Nothing if the text names no such structure. Errors
// say which option is wrong.
bool NamesSparseNetwork(absl::string_view text);
absl::StatusOr<SparseNetworkOptions> ParseSparseNetwork(absl::string_view text);

// RadiX-Net (Kepner and Robinett, 2019). Without radices as in the Graph Challenge: M = N/16 = 2^q
// points, radices 2, Kronecker product with 16 x 16 ones; layer t of a block of q reads neuron i
// into neuron j if (sigma(i) - j) mod M is 0 or 2^t, with a permutation sigma for each block but
// the first, drawn with the seed. With radices their mixed-radix layers of N points, repeated. All
// matrices are `neurons` x `neurons`.
std::vector<SparseLayer> SparseLayers(const SparseNetworkOptions& options);

// x -> layers of MatMul, Add, Clip(0, 32) -> y, batch first and symbolic. Errors: what would not
// fit into one file.
absl::StatusOr<OnnxBuilder> SparseNetwork(const SparseNetworkOptions& options);

}  // namespace allot::examples
