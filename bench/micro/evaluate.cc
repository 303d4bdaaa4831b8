// What a placement of items is worth: the evaluator that searches call, and what checks an answer.
#include <benchmark/benchmark.h>

#include "bench/micro/inputs.h"
#include "placement/value/evaluate.h"
#include "placement/value/evaluator.h"

namespace allot::bench {
namespace {

void EvaluateItems(benchmark::State& state, PlacementObjective objective) {
  const ProblemInput input(state.range(0), objective);
  Evaluator evaluator(input.problem, input.graph);
  for (auto _ : state) benchmark::DoNotOptimize(evaluator.Value(input.spread));
  state.SetItemsProcessed(state.iterations() * input.size());
  state.SetComplexityN(input.size());
}
BENCHMARK_CAPTURE(EvaluateItems, latency, PlacementObjective::kLatency)->Apply(Sizes);
BENCHMARK_CAPTURE(EvaluateItems, throughput, PlacementObjective::kThroughput)->Apply(Sizes);

void BuildEvaluator(benchmark::State& state) {
  const ProblemInput input(state.range(0), PlacementObjective::kLatency);
  for (auto _ : state) {
    Evaluator evaluator(input.problem, input.graph);
    benchmark::DoNotOptimize(evaluator);
  }
  state.SetItemsProcessed(state.iterations() * input.size());
  state.SetComplexityN(input.size());
}
BENCHMARK(BuildEvaluator)->Apply(Sizes);

void BuildProblemGraph(benchmark::State& state) {
  const ProblemInput input(state.range(0), PlacementObjective::kLatency);
  for (auto _ : state) benchmark::DoNotOptimize(BuildGraph(input.problem));
  state.SetItemsProcessed(state.iterations() * input.size());
  state.SetComplexityN(input.size());
}
BENCHMARK(BuildProblemGraph)->Apply(Sizes);

}  // namespace
}  // namespace allot::bench
