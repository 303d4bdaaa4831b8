// JSON and problems written in it, out and in.
#include <benchmark/benchmark.h>

#include <string>

#include "absl/status/statusor.h"

#include "bench/micro/inputs.h"
#include "placement/formats/problem_json.h"
#include "support/json.h"

namespace allot::bench {
namespace {

std::string ProblemText(int64_t items) {
  return WriteProblem(ProblemInput(items, PlacementObjective::kLatency).problem);
}

void CountText(benchmark::State& state, const std::string& text) {
  state.SetBytesProcessed(state.iterations() * static_cast<int64_t>(text.size()));
  state.SetComplexityN(static_cast<int64_t>(text.size()));
}

void ParseJsonText(benchmark::State& state) {
  const std::string text = ProblemText(state.range(0));
  for (auto _ : state) benchmark::DoNotOptimize(ParseJson(text));
  CountText(state, text);
}
BENCHMARK(ParseJsonText)->Apply(Sizes);

void PrintJsonValue(benchmark::State& state) {
  const std::string text = ProblemText(state.range(0));
  const absl::StatusOr<Json> json = ParseJson(text);
  if (!json.ok()) return state.SkipWithError(json.status().ToString().c_str());
  for (auto _ : state) benchmark::DoNotOptimize(PrintJson(*json));
  CountText(state, text);
}
BENCHMARK(PrintJsonValue)->Apply(Sizes);

void ReadProblemText(benchmark::State& state) {
  const std::string text = ProblemText(state.range(0));
  for (auto _ : state) {
    const absl::StatusOr<PlacementProblem> problem = ReadProblem(text, "problem.json");
    if (!problem.ok()) state.SkipWithError(problem.status().ToString().c_str());
    benchmark::DoNotOptimize(problem);
  }
  CountText(state, text);
}
BENCHMARK(ReadProblemText)->Apply(Sizes);

}  // namespace
}  // namespace allot::bench
