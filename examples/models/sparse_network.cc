#include "examples/models/sparse_network.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <numeric>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"

#include "support/options.h"
#include "support/random.h"
#include "support/status.h"

namespace allot::examples {
namespace {

constexpr int64_t kMaxNeurons = 1 << 20, kMaxLayers = 10'000;
constexpr int64_t kCopies = 16;  // of each point in networks of the Graph Challenge

constexpr absl::string_view kStructures[] = {"radixnet", "random-rows", "block-sparse"};

std::vector<int32_t> Permutation(int64_t count, Random& random) {
  std::vector<int32_t> permutation(static_cast<size_t>(count));
  std::iota(permutation.begin(), permutation.end(), 0);
  for (size_t i = permutation.size(); i > 1; --i) {
    const auto other = static_cast<size_t>(random.Below(static_cast<int64_t>(i)));
    std::swap(permutation[i - 1], permutation[other]);
  }
  return permutation;
}

// The layer in which neuron j reads the neurons `rows[j]`.
SparseLayer LayerOf(std::vector<std::vector<int32_t>> rows) {
  SparseLayer layer;
  layer.begin.push_back(0);
  for (std::vector<int32_t>& row : rows) {
    std::sort(row.begin(), row.end());
    layer.columns.insert(layer.columns.end(), row.begin(), row.end());
    layer.begin.push_back(static_cast<int64_t>(layer.columns.size()));
  }
  return layer;
}

std::vector<SparseLayer> GraphChallenge(const SparseNetworkOptions& options, Random& random) {
  const int64_t n = options.neurons, points = n / kCopies;
  int64_t depth = 0;
  while (int64_t{1} << (depth + 1) <= points) ++depth;
  std::vector<SparseLayer> layers;
  std::vector<int32_t> sigma;
  for (int64_t l = 0; l < options.layers; ++l) {
    const int64_t t = l % depth;
    if (l == 0) {
      sigma.resize(static_cast<size_t>(n));
      std::iota(sigma.begin(), sigma.end(), 0);
    } else if (t == 0) {
      sigma = Permutation(n, random);
    }
    // The inputs of each point.
    std::vector<std::vector<int32_t>> at(static_cast<size_t>(points));
    for (int64_t i = 0; i < n; ++i) {
      at[static_cast<size_t>(sigma[static_cast<size_t>(i)] % points)].push_back(
          static_cast<int32_t>(i));
    }
    std::vector<std::vector<int32_t>> rows(static_cast<size_t>(n));
    for (int64_t j = 0; j < n; ++j) {
      std::vector<int32_t>& row = rows[static_cast<size_t>(j)];
      const int64_t same = j % points, shifted = (j + (int64_t{1} << t)) % points;
      row = at[static_cast<size_t>(same)];
      if (shifted != same) {
        const std::vector<int32_t>& more = at[static_cast<size_t>(shifted)];
        row.insert(row.end(), more.begin(), more.end());
      }
    }
    layers.push_back(LayerOf(std::move(rows)));
  }
  return layers;
}

std::vector<SparseLayer> MixedRadix(const SparseNetworkOptions& options) {
  std::vector<SparseLayer> layers;
  const int64_t n = options.neurons;
  int64_t place = 1;
  for (int64_t l = 0; l < options.layers; ++l) {
    const size_t digit = static_cast<size_t>(l) % options.radices.size();
    if (digit == 0) place = 1;
    std::vector<std::vector<int32_t>> rows(static_cast<size_t>(n));
    for (int64_t j = 0; j < n; ++j) {
      for (int64_t a = 0; a < options.radices[digit]; ++a) {
        rows[static_cast<size_t>(j)].push_back(static_cast<int32_t>((j + a * place) % n));
      }
    }
    place *= options.radices[digit];
    layers.push_back(LayerOf(std::move(rows)));
  }
  return layers;
}

std::vector<int32_t> Draw(int64_t count, int64_t from, Random& random) {
  std::vector<int32_t> all = Permutation(from, random);
  all.resize(static_cast<size_t>(count));
  return all;
}

std::vector<SparseLayer> RandomRows(const SparseNetworkOptions& options, Random& random) {
  std::vector<SparseLayer> layers;
  for (int64_t l = 0; l < options.layers; ++l) {
    std::vector<std::vector<int32_t>> rows;
    for (int64_t j = 0; j < options.neurons; ++j) {
      rows.push_back(Draw(options.degree, options.neurons, random));
    }
    layers.push_back(LayerOf(std::move(rows)));
  }
  return layers;
}

std::vector<SparseLayer> BlockSparse(const SparseNetworkOptions& options, Random& random) {
  std::vector<SparseLayer> layers;
  for (int64_t l = 0; l < options.layers; ++l) {
    std::vector<std::vector<int32_t>> rows;
    for (int64_t b = 0; b < options.neurons / options.block; ++b) {
      std::vector<int32_t> row;
      const int64_t blocks = options.degree / options.block;
      for (const int32_t from : Draw(blocks, options.neurons / options.block, random)) {
        for (int64_t i = 0; i < options.block; ++i) {
          row.push_back(static_cast<int32_t>(from * options.block + i));
        }
      }
      rows.insert(rows.end(), static_cast<size_t>(options.block), row);
    }
    layers.push_back(LayerOf(std::move(rows)));
  }
  return layers;
}

// Steps of the quantised weights, one of which a weight is a whole number of.
double Step(const SparseNetworkOptions& options) {
  if (options.weights != "random") return 1.0 / 16;
  // Uniform within +-a has the variance a^2/3; with 2/degree values keep their size through ReLU.
  return std::sqrt(6.0 / static_cast<double>(options.degree)) / 100;
}

float DrawWeight(const SparseNetworkOptions& options, Random& random) {
  if (options.weights == "equal") return 1.0F / 16;
  if (options.weights == "dyadic") {
    // Sums stay exact in 24 bits for four layers, and neither die nor saturate.
    constexpr int64_t kSteps[] = {1, 2, 3, -1};
    return static_cast<float>(kSteps[random.Below(4)]) / 16;
  }
  int64_t steps = random.Between(1, 100);
  if (random.Below(2) == 0) steps = -steps;
  return static_cast<float>(static_cast<double>(steps) * Step(options));
}

absl::Status CheckOptions(const SparseNetworkOptions& options) {
  const int64_t n = options.neurons;
  const auto within = [](absl::string_view name, int64_t value, int64_t low, int64_t high) {
    if (value >= low && value <= high) return absl::OkStatus();
    return InputError(name, "=", value, ": must be from ", low, " to ", high);
  };
  ALLOT_RETURN_IF_ERROR(within("N", n, 2, kMaxNeurons));
  ALLOT_RETURN_IF_ERROR(within("layers", options.layers, 1, kMaxLayers));
  ALLOT_RETURN_IF_ERROR(within("degree", options.degree, 1, n));
  ALLOT_RETURN_IF_ERROR(within("block", options.block, 1, n));
  const auto one_of = [](absl::string_view name, const std::string& value,
                         std::vector<std::string> values) {
    if (std::find(values.begin(), values.end(), value) != values.end()) return absl::OkStatus();
    return InputError(name, "=", value, ": must be one of ", absl::StrJoin(values, ", "));
  };
  ALLOT_RETURN_IF_ERROR(one_of("weights", options.weights, {"equal", "dyadic", "random"}));
  ALLOT_RETURN_IF_ERROR(one_of("format", options.format, {"dense", "sparse", "sparse-2d", "qdq"}));
  if (!std::isfinite(options.bias)) return InputError("bias: must be a number");
  if (options.structure == "radixnet" && options.radices.empty()) {
    const int64_t points = n / kCopies;
    if (n % kCopies != 0 || points < 2 || (points & (points - 1)) != 0) {
      return InputError("N=", n, ": must be ", kCopies, " times a power of two, at least ",
                        2 * kCopies, "; other sizes take radices=AxB");
    }
  }
  if (!options.radices.empty()) {
    int64_t product = 1;
    for (const int64_t radix : options.radices) {
      ALLOT_RETURN_IF_ERROR(within("radices", radix, 2, n));
      product = std::min(product * radix, n + 1);
    }
    if (product != n) return InputError("radices: their product must be N=", n);
  }
  if (options.structure == "block-sparse" &&
      (n % options.block != 0 || options.degree % options.block != 0)) {
    return InputError("N=", n, " and degree=", options.degree,
                      ": must be multiples of block=", options.block);
  }
  return absl::OkStatus();
}

// What the text form of the options holds.
struct TextOptions {
  int64_t neurons = 1024, layers = 12, degree = 32, block = 16, seed = 1;
  std::string radices, weights = "equal", format = "dense";
  double bias = -0.3;
};

OptionSchema<TextOptions> Schema() {
  return OptionSchema<TextOptions>()
      .Add("N", &TextOptions::neurons, "neurons of each layer")
      .Add("layers", &TextOptions::layers, "how many")
      .Add("degree", &TextOptions::degree, "nonzeros of a row")
      .Add("block", &TextOptions::block, "rows and columns of a block")
      .Add("radices", &TextOptions::radices, "such as 32x32")
      .Add("weights", &TextOptions::weights, "equal, dyadic or random")
      .Add("format", &TextOptions::format, "dense, sparse, sparse-2d or qdq")
      .Add("bias", &TextOptions::bias, "of each neuron")
      .Add("seed", &TextOptions::seed, "of what is drawn");
}

// The entries of a layer in the order of W[inputs, outputs]: by input, then output.
struct Entry {
  int64_t index;
  float value;
};
std::vector<Entry> Entries(const SparseLayer& layer, int64_t outputs) {
  std::vector<Entry> entries;
  for (int64_t j = 0; j < outputs; ++j) {
    const auto last = static_cast<size_t>(layer.begin[static_cast<size_t>(j) + 1]);
    for (auto at = static_cast<size_t>(layer.begin[static_cast<size_t>(j)]); at < last; ++at) {
      entries.push_back({int64_t{layer.columns[at]} * outputs + j, layer.values[at]});
    }
  }
  std::sort(entries.begin(), entries.end(),
            [](const Entry& a, const Entry& b) { return a.index < b.index; });
  return entries;
}

void AddSparse(OnnxBuilder& net, const std::string& name, const std::vector<Entry>& entries,
               int64_t n, bool linear) {
  onnx::SparseTensorProto& sparse = *net.graph().add_sparse_initializer();
  sparse.add_dims(n);
  sparse.add_dims(n);
  onnx::TensorProto& values = *sparse.mutable_values();
  values.set_name(name);
  values.set_data_type(onnx::TensorProto::FLOAT);
  values.add_dims(static_cast<int64_t>(entries.size()));
  onnx::TensorProto& indices = *sparse.mutable_indices();
  indices.set_data_type(onnx::TensorProto::INT64);
  indices.add_dims(static_cast<int64_t>(entries.size()));
  if (!linear) indices.add_dims(2);
  std::string value_bytes, index_bytes;
  const auto append = [](std::string& bytes, const auto& number) {
    bytes.append(reinterpret_cast<const char*>(&number), sizeof(number));
  };
  for (const Entry& entry : entries) {
    append(value_bytes, entry.value);
    if (linear) {
      append(index_bytes, entry.index);
    } else {
      append(index_bytes, int64_t{entry.index / n});
      append(index_bytes, int64_t{entry.index % n});
    }
  }
  values.set_raw_data(std::move(value_bytes));
  indices.set_raw_data(std::move(index_bytes));
}

// The matrix as a tensor that MatMul can read.
std::string AddWeights(OnnxBuilder& net, const SparseNetworkOptions& options,
                       const std::string& name, const SparseLayer& layer) {
  const int64_t n = options.neurons;
  const std::vector<Entry> entries = Entries(layer, n);
  if (options.format == "sparse" || options.format == "sparse-2d") {
    AddSparse(net, name, entries, n, options.format == "sparse");
    return name;
  }
  const bool quantised = options.format == "qdq";
  constexpr int8_t kZero = 3;
  const auto count = static_cast<size_t>(n * n);
  onnx::TensorProto& tensor = *net.graph().add_initializer();
  tensor.set_name(quantised ? name + ".q" : name);
  tensor.add_dims(n);
  tensor.add_dims(n);
  std::string bytes(quantised ? count : count * sizeof(float),
                    quantised ? static_cast<char>(kZero) : '\0');
  for (const Entry& entry : entries) {
    const auto at = static_cast<size_t>(entry.index);
    if (quantised) {
      bytes[at] =
          static_cast<char>(kZero + std::lround(static_cast<double>(entry.value) / Step(options)));
    } else {
      std::memcpy(bytes.data() + at * sizeof(float), &entry.value, sizeof(float));
    }
  }
  tensor.set_raw_data(std::move(bytes));
  tensor.set_data_type(quantised ? onnx::TensorProto::INT8 : onnx::TensorProto::FLOAT);
  if (!quantised) return name;
  const std::string scale = net.Scalar(name + ".scale", static_cast<float>(Step(options)));
  onnx::TensorProto& zero = *net.graph().add_initializer();
  zero.set_name(name + ".zero");
  zero.set_data_type(onnx::TensorProto::INT8);
  zero.set_raw_data(std::string(1, static_cast<char>(kZero)));
  return net.Op("DequantizeLinear", {name + ".q", scale, name + ".zero"}, name);
}

}  // namespace

bool NamesSparseNetwork(absl::string_view text) {
  const absl::string_view name = text.substr(0, text.find(':'));
  return std::find(std::begin(kStructures), std::end(kStructures), name) != std::end(kStructures);
}

absl::StatusOr<SparseNetworkOptions> ParseSparseNetwork(absl::string_view text) {
  const std::pair<std::string, std::string> pieces = absl::StrSplit(text, absl::MaxSplits(':', 1));
  ALLOT_ASSIGN_OR_RETURN(const TextOptions read,
                         Schema().Parse(absl::StrReplaceAll(pieces.second, {{",", " "}})), text,
                         ": ");
  SparseNetworkOptions options;
  options.structure = pieces.first;
  options.neurons = read.neurons;
  options.layers = read.layers;
  options.degree = read.degree;
  options.block = read.block;
  options.weights = read.weights;
  options.format = read.format;
  options.bias = read.bias;
  options.seed = read.seed;
  if (!read.radices.empty()) {
    for (const absl::string_view radix : absl::StrSplit(read.radices, 'x')) {
      int64_t value = 0;
      ALLOT_RETURN_IF_ERROR(ParseOption(radix, value), text, ": radices: ");
      options.radices.push_back(value);
    }
  }
  ALLOT_RETURN_IF_ERROR(CheckOptions(options), text, ": ");
  return options;
}

std::vector<SparseLayer> SparseLayers(const SparseNetworkOptions& options) {
  Random random(static_cast<uint64_t>(options.seed));
  std::vector<SparseLayer> layers;
  if (options.structure == "random-rows") {
    layers = RandomRows(options, random);
  } else if (options.structure == "block-sparse") {
    layers = BlockSparse(options, random);
  } else if (!options.radices.empty()) {
    layers = MixedRadix(options);
  } else {
    layers = GraphChallenge(options, random);
  }
  for (SparseLayer& layer : layers) {
    layer.values.reserve(layer.columns.size());
    for (size_t i = 0; i < layer.columns.size(); ++i) {
      layer.values.push_back(DrawWeight(options, random));
    }
  }
  return layers;
}

absl::StatusOr<OnnxBuilder> SparseNetwork(const SparseNetworkOptions& options) {
  constexpr int64_t kMostBytes = 2'000'000'000;  // of one file of protocol buffers
  const int64_t n = options.neurons;
  const int64_t each = options.format == "dense"    ? n * n * 4
                       : options.format == "qdq"    ? n * n
                       : options.format == "sparse" ? n * options.degree * 12
                                                    : n * options.degree * 20;
  if (each > kMostBytes / options.layers) {
    return InputError("format=", options.format, ": ", options.layers, " layers of ", each,
                      " bytes do not fit into one file; format=sparse takes less");
  }
  OnnxBuilder net(options.structure, 17);
  std::string x = net.Input("x", {"batch", n});
  const std::vector<SparseLayer> layers = SparseLayers(options);
  const float bias = options.weights == "equal"    ? static_cast<float>(options.bias)
                     : options.weights == "dyadic" ? -5.0F / 16
                                                   : 0.05F;
  const std::string low = net.Scalar("low", 0), high = net.Scalar("high", 32);
  for (size_t l = 0; l < layers.size(); ++l) {
    const std::string name = absl::StrCat("layer", l);
    const std::string weights = AddWeights(net, options, name + ".w", layers[l]);
    const std::string biases =
        net.Floats(name + ".b", std::vector<float>(static_cast<size_t>(n), bias), {n});
    const std::string product = net.Op("MatMul", {x, weights}, name + ".matmul");
    const std::string sum = net.Op("Add", {product, biases}, name + ".add");
    x = net.Op("Clip", {sum, low, high}, name);
  }
  net.last().set_output(0, "y");
  net.Output("y", {"batch", n});
  return net;
}

}  // namespace allot::examples
