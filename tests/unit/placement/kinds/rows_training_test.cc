// A step of training by parts that only have what they own or were sent: its gradients are those of
// the whole network, and its words and products are those that are counted.
#include <map>
#include <set>
#include <tuple>
#include <vector>

#include <gtest/gtest.h>

#include "placement/kinds/rows/model/evaluate.h"
#include "placement/kinds/rows/model/training.h"
#include "placement/kinds/rows/search/divide.h"
#include "support/random.h"
#include "tests/models/random_rows.h"

namespace allot {
namespace {

using rows::Division;
using rows::Problem;
using rows::Source;

// By tensor, row, source and column: a weight, or its gradient.
using Weights = std::map<std::tuple<size_t, size_t, int32_t, int32_t>, int64_t>;
using Values = std::vector<std::vector<int64_t>>;

Values Zeros(const Problem& problem) {
  Values values;
  for (const rows::Tensor& tensor : problem.tensors) {
    values.emplace_back(static_cast<size_t>(tensor.neurons), 0);
  }
  return values;
}

// visit(tensor, row, input, column) of each nonzero.
template <typename Visit>
void ForEachNonzero(const Problem& problem, size_t t, Visit visit) {
  for (const Source& source : problem.tensors[t].sources) {
    for (size_t row = 0; row < source.pattern_of.size(); ++row) {
      for (const int32_t column : source.Row(row)) {
        visit(row, static_cast<size_t>(source.input), static_cast<size_t>(column), source.work);
      }
    }
  }
}

Weights Drawn(const Problem& problem, Random& random) {
  Weights weights;
  for (size_t t = 0; t < problem.tensors.size(); ++t) {
    ForEachNonzero(problem, t, [&](size_t row, size_t input, size_t column, int64_t work) {
      // What is not multiplied is added.
      weights[{t, row, static_cast<int32_t>(input), static_cast<int32_t>(column)}] =
          work == 0 ? 1 : random.Between(-3, 3);
    });
  }
  return weights;
}

// y = max(sum, 0), all in whole numbers; the gradient of the sum of what the last tensor gives.
struct Whole {
  Values values, gradients;
  Weights weights;  // gradients
};

Whole Train(const Problem& problem, const Weights& weights, const Values& inputs) {
  Whole whole = {inputs, Zeros(problem), {}};
  for (size_t t = 0; t < problem.tensors.size(); ++t) {
    if (problem.tensors[t].is_input()) continue;
    ForEachNonzero(problem, t, [&](size_t row, size_t input, size_t column, int64_t) {
      whole.values[t][row] +=
          weights.at({t, row, static_cast<int32_t>(input), static_cast<int32_t>(column)}) *
          whole.values[input][column];
    });
    for (int64_t& value : whole.values[t]) value = std::max<int64_t>(value, 0);
  }
  for (int64_t& gradient : whole.gradients.back()) gradient = 1;
  for (size_t t = problem.tensors.size(); t-- > 0;) {
    for (size_t row = 0; row < whole.values[t].size(); ++row) {
      if (whole.values[t][row] == 0) whole.gradients[t][row] = 0;
    }
    ForEachNonzero(problem, t, [&](size_t row, size_t input, size_t column, int64_t work) {
      const std::tuple key = {t, row, static_cast<int32_t>(input), static_cast<int32_t>(column)};
      whole.gradients[input][column] += weights.at(key) * whole.gradients[t][row];
      if (work > 0) whole.weights[key] = whole.gradients[t][row] * whole.values[input][column];
    });
  }
  return whole;
}

TEST(RowsTraining, PartsComputeTheGradientsWithTheWordsAndProductsThatAreCounted) {
  int64_t words = 0;
  for (uint64_t seed = 0; seed < 200; ++seed) {
    SCOPED_TRACE(seed);
    testing::RandomRowsOptions options;
    options.parts = static_cast<int32_t>(1 + seed % 4);
    options.layers = 4, options.most_neurons = 9;
    Problem problem = testing::RandomRows(seed, options);
    if (seed % 3 == 0) problem.tensors[0].home = options.parts - 1;
    Random random(seed);
    const Weights weights = Drawn(problem, random);
    Values inputs = Zeros(problem);
    for (int64_t& value : inputs[0]) value = random.Between(1, 4);
    const Whole whole = Train(problem, weights, inputs);
    Division division = rows::Divide(problem, rows::Effort(), SolveLimits()).division;
    const auto parts = static_cast<size_t>(options.parts);

    std::vector<int64_t> links(parts * parts), forward(parts), backward(parts);
    // By part: the values and partial sums that it has.
    std::vector<std::map<std::pair<size_t, size_t>, int64_t>> has(parts), sums(parts);
    for (size_t neuron = 0; neuron < inputs[0].size(); ++neuron) {
      has[static_cast<size_t>(division[0][neuron])][{0, neuron}] = inputs[0][neuron];
    }
    for (size_t t = 1; t < problem.tensors.size(); ++t) {
      ForEachNonzero(problem, t, [&](size_t row, size_t input, size_t column, int64_t work) {
        const auto part = static_cast<size_t>(division[t][row]);
        const auto owner = static_cast<size_t>(division[input][column]);
        if (has[part].count({input, column}) == 0) {
          has[part][{input, column}] = has[owner].at({input, column});
          links[owner * parts + part] += problem.tensors[input].words;
        }
        const std::tuple key = {t, row, static_cast<int32_t>(input), static_cast<int32_t>(column)};
        has[part][{t, row}] += weights.at(key) * has[part].at({input, column});
        forward[part] += work;
      });
      for (size_t row = 0; row < division[t].size(); ++row) {
        int64_t& value = has[static_cast<size_t>(division[t][row])][{t, row}];
        value = std::max<int64_t>(value, 0);
      }
    }
    Weights gradients;
    for (size_t t = problem.tensors.size(); t-- > 0;) {
      const bool data = problem.tensors[t].is_input() && problem.tensors[t].home < 0;
      for (size_t neuron = 0; neuron < division[t].size() && !data; ++neuron) {
        const auto owner = static_cast<size_t>(division[t][neuron]);
        int64_t gradient = t + 1 == problem.tensors.size() ? 1 : 0;
        for (size_t part = 0; part < parts; ++part) {
          const auto sum = sums[part].find({t, neuron});
          if (sum == sums[part].end()) continue;
          gradient += sum->second;
          if (part != owner) links[part * parts + owner] += problem.tensors[t].words;
        }
        if (has[owner][{t, neuron}] == 0) gradient = 0;
        ASSERT_EQ(gradient, whole.gradients[t][neuron]);
        sums[owner][{t, neuron}] = gradient;
      }
      ForEachNonzero(problem, t, [&](size_t row, size_t input, size_t column, int64_t work) {
        const auto part = static_cast<size_t>(division[t][row]);
        const std::tuple key = {t, row, static_cast<int32_t>(input), static_cast<int32_t>(column)};
        const int64_t gradient = sums[part].at({t, row});
        if (!problem.tensors[input].is_input() || problem.tensors[input].home >= 0) {
          sums[part][{input, column}] += weights.at(key) * gradient;
          backward[part] += work;
        }
        if (work == 0) return;
        gradients[key] = gradient * has[part].at({input, column});
        backward[part] += work;
      });
    }
    EXPECT_EQ(gradients, whole.weights);

    const rows::TrainingStep step = rows::TrainingOf(problem, division);
    EXPECT_EQ(step.links, links);
    EXPECT_EQ(step.forward, forward);
    EXPECT_EQ(step.backward, backward);
    int64_t sum = 0;
    for (const int64_t link : links) sum += link;
    EXPECT_EQ(step.words, sum);
    EXPECT_EQ(step.cost, sum);
    words += sum;
  }
  EXPECT_GT(words, 1000);
}

TEST(RowsTraining, WordsCostWhatTheirOwnDirectionDoes) {
  testing::RandomRowsOptions options;
  options.parts = 2, options.layers = 3, options.most_neurons = 12;
  Problem problem = testing::RandomRows(5, options);
  problem.link_costs = {0, 1, 10, 0};
  const Division division = rows::Divide(problem, rows::Effort(), SolveLimits()).division;
  const rows::TrainingStep step = rows::TrainingOf(problem, division);
  EXPECT_EQ(step.cost, step.links[1] + 10 * step.links[2]);
  EXPECT_EQ(step.most_sent, std::max(step.links[1], step.links[2]));
}

}  // namespace
}  // namespace allot
