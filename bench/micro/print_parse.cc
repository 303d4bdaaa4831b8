// The text form of a module, out and in.
#include <benchmark/benchmark.h>

#include <string>

#include "absl/status/statusor.h"

#include "bench/micro/inputs.h"
#include "ir/parse.h"
#include "ir/print.h"

namespace allot::bench {
namespace {

void CountText(benchmark::State& state, const std::string& text) {
  state.SetItemsProcessed(state.iterations() * state.range(0));
  state.SetBytesProcessed(state.iterations() * static_cast<int64_t>(text.size()));
  state.SetComplexityN(state.range(0));
}

void PrintModule(benchmark::State& state) {
  const ir::Module module = ModuleInput(state.range(0));
  for (auto _ : state) benchmark::DoNotOptimize(ir::Print(module));
  CountText(state, ir::Print(module));
}
BENCHMARK(PrintModule)->Apply(Sizes);

void ParseModule(benchmark::State& state) {
  const std::string text = ir::Print(ModuleInput(state.range(0)));
  for (auto _ : state) {
    const absl::StatusOr<ir::ParsedModule> parsed = ir::Parse(text, "module.mlir", nullptr);
    if (!parsed.ok()) state.SkipWithError(parsed.status().ToString().c_str());
    benchmark::DoNotOptimize(parsed);
  }
  CountText(state, text);
}
BENCHMARK(ParseModule)->Apply(Sizes);

}  // namespace
}  // namespace allot::bench
