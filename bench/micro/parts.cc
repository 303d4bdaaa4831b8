// What parts are worth, and the search over them.
#include <benchmark/benchmark.h>

#include <vector>

#include "bench/micro/inputs.h"
#include "placement/parts/part_evaluator.h"
#include "placement/refinement/refine_parts.h"

namespace allot::bench {
namespace {

void EvaluatePartTable(benchmark::State& state, PlacementObjective objective) {
  const ProblemInput input(state.range(0), objective);
  std::vector<int32_t> device, part_of;
  for (const DeviceId id : input.parts.items.device_of) device.push_back(id.index());
  for (const ItemId part : input.parts.parts.part_of) part_of.push_back(part.index());
  const auto num_parts = static_cast<int32_t>(input.parts.parts.num_parts);
  PartEvaluator evaluator(input.problem, input.graph);
  for (auto _ : state) {
    benchmark::DoNotOptimize(evaluator.Value(device.data(), part_of.data(), num_parts));
  }
  state.SetItemsProcessed(state.iterations() * input.size());
  state.counters["parts"] = num_parts;
  state.SetComplexityN(input.size());
}
BENCHMARK_CAPTURE(EvaluatePartTable, latency, PlacementObjective::kLatency)->Apply(Sizes);
BENCHMARK_CAPTURE(EvaluatePartTable, throughput, PlacementObjective::kThroughput)->Apply(Sizes);

void FormPartsOfItems(benchmark::State& state) {
  const ProblemInput input(state.range(0), PlacementObjective::kLatency);
  constexpr int64_t kEvaluations = 64;
  for (auto _ : state) {
    benchmark::DoNotOptimize(FormParts(input.problem, input.graph, input.spread, kEvaluations));
  }
  state.SetItemsProcessed(state.iterations() * input.size());
  state.SetComplexityN(input.size());
}
BENCHMARK(FormPartsOfItems)->Unit(benchmark::kMillisecond)->Apply(SmallSizes);

// A fixed number of evaluations, counted as the search counts them.
void RefinePartsOfItems(benchmark::State& state, PlacementObjective objective) {
  const ProblemInput input(state.range(0), objective);
  constexpr int64_t kEvaluations = 5'000;
  RefinePartsOptions options;
  options.work = kEvaluations * input.size();
  for (auto _ : state) {
    benchmark::DoNotOptimize(RefineParts(input.problem, input.graph, input.parts, options));
  }
  state.counters["work"] = benchmark::Counter(static_cast<double>(options.work),
                                              benchmark::Counter::kIsIterationInvariantRate);
}
BENCHMARK_CAPTURE(RefinePartsOfItems, latency, PlacementObjective::kLatency)
    ->Unit(benchmark::kMillisecond)
    ->Arg(100)
    ->Arg(1'000);
BENCHMARK_CAPTURE(RefinePartsOfItems, throughput, PlacementObjective::kThroughput)
    ->Unit(benchmark::kMillisecond)
    ->Arg(100)
    ->Arg(1'000);

}  // namespace
}  // namespace allot::bench
