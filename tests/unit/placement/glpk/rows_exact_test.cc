// Phases as linear programs: optima against trying everything, and the search against optima.
#include "placement/kinds/rows/exact/phase_model.h"

#include <cmath>
#include <memory>
#include <optional>
#include <vector>

#include <gtest/gtest.h>

#include "placement/glpk/exact_rows.h"
#include "placement/glpk/glpk.h"
#include "placement/kinds/rows/format.h"
#include "placement/kinds/rows/model/limits.h"
#include "placement/kinds/rows/search/baselines.h"
#include "placement/kinds/rows/search/divide.h"
#include "placement/kinds/rows/search/divide_phase.h"
#include "placement/kinds/rows/search/phase_state.h"
#include "tests/models/random_rows.h"

namespace allot {
namespace {

using rows::Division;
using rows::Phase;
using rows::PhaseModel;
using rows::Problem;

Phase PhaseOfTensor(const Problem& problem, const Division& division, size_t t) {
  return rows::PhaseOf(problem, division, t, rows::StructureOf(problem.tensors[t]),
                       rows::LimitsOf(problem, problem.tensors[t]).most);
}

// The network of the Graph Challenge: neuron j reads i if (sigma(i) - j) mod points is 0 or 2^t.
Problem Radix(int32_t points, int32_t copies, int32_t layers) {
  Problem problem;
  problem.parts = 2;
  const int32_t n = points * copies;
  problem.tensors.push_back({.name = "x", .neurons = n});
  for (int32_t l = 0; l < layers; ++l) {
    std::vector<int64_t> begin = {0};
    std::vector<int32_t> columns;
    int32_t distance = 1;
    for (int32_t t = 0; t < l; ++t) distance = distance * 2 % points == 0 ? 1 : distance * 2;
    for (int32_t j = 0; j < n; ++j) {
      for (int32_t i = 0; i < n; ++i) {
        // Any permutation will do: multiplication by an odd number.
        const int32_t sigma = l == 0 ? i : (i * 29 + 7 * l) % n;
        const int32_t apart = ((sigma / (l == 0 ? 1 : copies) - j) % points + points) % points;
        if (apart == 0 || apart == distance) columns.push_back(i);
      }
      begin.push_back(static_cast<int64_t>(columns.size()));
    }
    rows::Tensor tensor = {.name = "layer", .neurons = n};
    tensor.sources.push_back(rows::SourceOfRows(l, begin, columns));
    problem.tensors.push_back(std::move(tensor));
  }
  return problem;
}

// A middle layer, whose readers pay too, of rows that weigh the same or do not.
TEST(RowsExact, OptimaAreThoseOfTryingEverything) {
  for (uint64_t seed = 0; seed < 60; ++seed) {
    SCOPED_TRACE(seed);
    testing::RandomRowsOptions options;
    options.parts = static_cast<int32_t>(2 + seed % 2);
    options.percent_more = 0;
    options.layers = 3;
    options.unlike = seed % 3 == 0;
    Problem problem = testing::RandomRows(seed, options);
    if (seed % 3 == 1) {
      for (rows::Tensor& tensor : problem.tensors) {
        if (!tensor.is_input()) tensor.weights.assign(static_cast<size_t>(tensor.neurons), 1);
      }
    }
    Division division = rows::Cyclic(problem);
    const Phase phase = PhaseOfTensor(problem, division, 2);
    const PhaseModel model = PhaseModel::Make(phase);
    const auto solved = SolveWithGlpk(model.model(), nullptr, 100'000);
    ASSERT_TRUE(solved.ok()) << solved.status();
    ASSERT_EQ(solved->status, MilpStatus::kOptimal);
    std::optional<int64_t> best;
    std::vector<int32_t> part_of(phase.num_vertices(), 0);
    for (;;) {
      const rows::PhaseState state(phase, part_of);
      if (state.Excess() == 0 && (!best.has_value() || state.cost() < *best)) best = state.cost();
      EXPECT_EQ(model.CostOf(part_of), state.cost());
      size_t digit = 0;
      while (digit < part_of.size() && ++part_of[digit] == phase.parts) part_of[digit++] = 0;
      if (digit == part_of.size()) break;
    }
    ASSERT_TRUE(best.has_value());
    EXPECT_EQ(std::llround(solved->objective), *best);
    EXPECT_EQ(model.CostOf(model.DivisionOf(solved->values)), *best);
  }
}

// Two parts, phase after phase with the search's own owners before: optima proved, and the search
// within a tenth of their sum.
TEST(RowsExact, TheSearchIsNearTheOptimaOfPhases) {
  Problem problem = Radix(64, 16, 6);
  Division division(problem.tensors.size());
  rows::WorkMeter work;
  work.limit = 100'000'000;
  Random random(1);
  int64_t found = 0, optimal = 0;
  for (size_t t = 1; t < problem.tensors.size(); ++t) {
    const Phase phase = PhaseOfTensor(problem, division, t);
    division[t] = rows::DividePhase(phase, rows::Effort(), random, work);
    const PhaseModel model = PhaseModel::Make(phase);
    const std::vector<double> start = model.PointOf(division[t]);
    ASSERT_LE(Violation(model.model(), start), 1e-9);
    const auto solved = SolveWithGlpk(model.model(), &start, 200'000);
    ASSERT_TRUE(solved.ok()) << solved.status();
    ASSERT_EQ(solved->status, MilpStatus::kOptimal);
    found += model.CostOf(division[t]);
    optimal += std::llround(solved->objective);
  }
  EXPECT_GE(found, optimal);
  EXPECT_LE(found * 10, optimal * 11);
  RecordProperty("found", static_cast<int>(found));
  RecordProperty("optimal", static_cast<int>(optimal));
}

std::unique_ptr<ProblemInstance> InstanceOf(const Kinds& kinds, const Problem& problem) {
  auto instance = ReadProblemOfAnyKind(kinds, rows::PrintProblem(problem), "p.json");
  EXPECT_TRUE(instance.ok()) << instance.status();
  return *std::move(instance);
}

// As anybody asks for it: never worse than the search, and proved where there is one layer.
TEST(RowsExact, IsASolverOfTheKind) {
  Kinds kinds = BuiltinKinds();
  AddExactRows(kinds);
  for (uint64_t seed = 0; seed < 30; ++seed) {
    SCOPED_TRACE(seed);
    testing::RandomRowsOptions options;
    options.parts = static_cast<int32_t>(2 + seed % 2);
    options.layers = static_cast<int32_t>(1 + seed % 3);
    options.most_neurons = 4;  // few enough to try everything
    const auto instance = InstanceOf(kinds, testing::RandomRows(seed, options));
    const auto searched = instance->Ask({"multilevel", ""}, SolveLimits());
    const auto exact = instance->Ask({"milp", ""}, SolveLimits());
    const auto best = instance->Ask({"exhaustive", ""}, SolveLimits());
    ASSERT_TRUE(searched.ok() && exact.ok() && best.ok()) << exact.status();
    EXPECT_LE(exact->value, searched->value);
    EXPECT_GE(exact->value, best->value);
    if (options.layers == 1) {
      EXPECT_EQ(exact->termination, Termination::kOptimal);
      EXPECT_EQ(exact->value, best->value);
    }
  }
}

TEST(RowsExact, SaysWhereItsModelsAreTooLarge) {
  Kinds kinds = BuiltinKinds();
  AddExactRows(kinds);
  const auto instance = InstanceOf(kinds, Radix(64, 16, 1));
  const auto result = instance->Ask({"milp", "max-rows=10"}, SolveLimits());
  EXPECT_EQ(result.status().message(),
            "every layer takes a model of more than 10 rows; max-rows=N takes larger ones");
}

}  // namespace
}  // namespace allot
