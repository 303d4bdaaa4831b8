// What is proved of a problem. Bounds with a limit of work get the same for every size of item.
#include <benchmark/benchmark.h>

#include <vector>

#include "bench/micro/inputs.h"
#include "placement/bounds/load_bound.h"
#include "placement/bounds/part_bounds.h"
#include "placement/bounds/path_bounds.h"
#include "placement/proofs/interval_chain.h"
#include "placement/proofs/lower_bounds.h"

namespace allot::bench {
namespace {

constexpr int kRounds = 24;

void CountItems(benchmark::State& state, int64_t items) {
  state.SetItemsProcessed(state.iterations() * items);
  state.SetComplexityN(items);
}

void BoundByPaths(benchmark::State& state) {
  const ProblemInput input(state.range(0), PlacementObjective::kLatency);
  const PathCosts costs(input.problem, input.graph, Launch::kPerGroup);
  for (auto _ : state) benchmark::DoNotOptimize(LongestPaths(costs));
  CountItems(state, input.size());
}
BENCHMARK(BoundByPaths)->Apply(Sizes);

void BoundByLoad(benchmark::State& state) {
  const ProblemInput input(state.range(0), PlacementObjective::kThroughput);
  const LoadRows rows = MakeLoadRows(ProblemFacts(input.problem, input.graph));
  for (auto _ : state) benchmark::DoNotOptimize(BoundLoad(rows, {}, {}, kRounds));
  CountItems(state, input.size());
}
BENCHMARK(BoundByLoad)->Apply(Sizes);

// Looks at most 64 items back, so that it is near linear.
void BoundByParts(benchmark::State& state) {
  const ProblemInput input(state.range(0), PlacementObjective::kLatency);
  const PathCosts costs(input.problem, input.graph, Launch::kPerGroup);
  const LoadDual dual =
      BoundLoad(MakeLoadRows(ProblemFacts(input.problem, input.graph)), {}, {}, kRounds);
  const ItemTimes ends = LongestPaths(costs).head;
  const int64_t work = 64 * input.size() * costs.num_devices;
  for (auto _ : state) {
    ItemTimes raised = ends;
    benchmark::DoNotOptimize(RaiseEndsByParts(costs, dual.lambda, work, raised));
  }
  CountItems(state, input.size());
}
BENCHMARK(BoundByParts)->Apply(Sizes);

void BoundByIntervals(benchmark::State& state) {
  const ProblemInput input(state.range(0), PlacementObjective::kLatency);
  const PathCosts costs(input.problem, input.graph, Launch::kPerGroup);
  const LoadDual dual =
      BoundLoad(MakeLoadRows(ProblemFacts(input.problem, input.graph)), {}, {}, kRounds);
  const PathBounds paths = LongestPaths(costs);
  for (auto _ : state) {
    benchmark::DoNotOptimize(IntervalChain(costs, paths, dual, /*work=*/1'000 * input.size()));
  }
  CountItems(state, input.size());
}
BENCHMARK(BoundByIntervals)->Unit(benchmark::kMillisecond)->Apply(SmallSizes);

void AllBounds(benchmark::State& state, PlacementObjective objective) {
  const ProblemInput input(state.range(0), objective);
  for (auto _ : state) {
    benchmark::DoNotOptimize(LowerBounds(input.problem, input.graph, Launch::kPerGroup,
                                         /*work=*/1'000 * input.size()));
  }
  CountItems(state, input.size());
}
BENCHMARK_CAPTURE(AllBounds, latency, PlacementObjective::kLatency)
    ->Unit(benchmark::kMillisecond)
    ->Apply(SmallSizes);
BENCHMARK_CAPTURE(AllBounds, throughput, PlacementObjective::kThroughput)
    ->Unit(benchmark::kMillisecond)
    ->Apply(SmallSizes);

}  // namespace
}  // namespace allot::bench
