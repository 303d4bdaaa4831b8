// What the micro-benchmarks measure on: made in code, of a stated size, the same on every machine.
#pragma once

#include <cstdint>
#include <string>

#include "ir/module.h"
#include "placement/parts/parts.h"
#include "placement/problem/problem.h"

namespace allot::bench {

// How many nodes or items: BENCHMARK(...)->Apply(Sizes). Steps of ten, for what is near linear.
template <typename Benchmark>
void Sizes(Benchmark* benchmark) {
  benchmark->RangeMultiplier(10)->Range(100, 10'000)->Complexity();
}
// The same where 10,000 would take seconds.
template <typename Benchmark>
void SmallSizes(Benchmark* benchmark) {
  benchmark->Arg(100)->Arg(300)->Arg(1'000)->Complexity();
}

// Stages of random graphs one behind the other, on three devices over links of their own, with
// launches that cost about as much as an item. About `items` of them, one more in each stage.
struct ProblemInput {
  ProblemInput(int64_t items, PlacementObjective objective);

  int64_t size() const { return static_cast<int64_t>(problem.items.size()); }

  PlacementProblem problem;
  ProblemGraph graph;
  // Runs of eight items on each device in turn, and parts of them: many transfers, as in the middle
  // of a search.
  Solution spread;
  PartedSolution parts;
};

// A module of so many nodes of eight kinds on 8x8 floats; values are read again near by.
ir::Module ModuleInput(int64_t nodes);

// A serialized model of about so many nodes: blocks of a product, a sum, a Relu and a sum with what
// came before, with weights that stand in it.
std::string ModelInput(int64_t nodes);

}  // namespace allot::bench
