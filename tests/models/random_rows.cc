#include "tests/models/random_rows.h"

#include <vector>

#include "absl/strings/str_cat.h"

#include "support/random.h"

namespace allot::testing {
namespace {

rows::Source RandomSource(const rows::Problem& problem, int32_t input, int32_t neurons,
                          const RandomRowsOptions& options, Random& random) {
  std::vector<int64_t> begin = {0};
  std::vector<int32_t> columns;
  for (int32_t row = 0; row < neurons; ++row) {
    if (row > 0 && random.Below(100) < options.percent_equal) {
      const size_t first = static_cast<size_t>(begin[static_cast<size_t>(row) - 1]);
      const std::vector<int32_t> same(columns.begin() + static_cast<std::ptrdiff_t>(first),
                                      columns.end());
      columns.insert(columns.end(), same.begin(), same.end());
    } else {
      for (int32_t c = 0; c < problem.tensors[static_cast<size_t>(input)].neurons; ++c) {
        if (random.Below(100) < options.percent_nonzero) columns.push_back(c);
      }
    }
    begin.push_back(static_cast<int64_t>(columns.size()));
  }
  return rows::SourceOfRows(input, begin, columns);
}

}  // namespace

rows::Problem RandomRows(uint64_t seed, const RandomRowsOptions& options) {
  Random random(seed);
  rows::Problem problem;
  problem.parts = options.parts;
  problem.imbalance = random.Between(0, 3) * 100'000;
  if (options.unlike) {
    for (int32_t p = 0; p < options.parts; ++p) problem.speeds.push_back(random.Between(1, 4));
    for (int32_t i = 0; i < options.parts * options.parts; ++i) {
      problem.link_costs.push_back(i % (options.parts + 1) == 0 ? 0 : random.Between(1, 5));
    }
  }
  const auto neurons = [&] {
    return static_cast<int32_t>(random.Between(1, options.most_neurons));
  };
  problem.tensors.push_back({.name = "x", .neurons = neurons()});
  for (int32_t l = 0; l < options.layers; ++l) {
    rows::Tensor tensor;
    tensor.name = absl::StrCat("layer", l);
    tensor.neurons = neurons();
    if (options.unlike) tensor.words = random.Between(1, 3);
    tensor.sources.push_back(RandomSource(problem, l, tensor.neurons, options, random));
    if (l > 0 && random.Below(100) < options.percent_more) {
      const auto input = static_cast<int32_t>(random.Below(l));
      tensor.sources.push_back(RandomSource(problem, input, tensor.neurons, options, random));
      tensor.sources.back().work = random.Below(2);
    }
    if (options.unlike && random.Below(2) == 0) {
      for (int32_t i = 0; i < tensor.neurons; ++i) tensor.weights.push_back(random.Between(0, 9));
    }
    problem.tensors.push_back(std::move(tensor));
  }
  return problem;
}

}  // namespace allot::testing
