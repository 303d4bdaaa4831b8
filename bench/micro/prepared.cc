// One model for 64 machines: read for each of them, and prepared once. The passes are those that
// every plan runs, with a construction for the search, so that the time is that of getting there.
#include <benchmark/benchmark.h>

#include <string>
#include <vector>

#include "api/compile.h"
#include "api/placement_setup.h"
#include "api/prepared_model.h"
#include "bench/micro/inputs.h"
#include "target/builtin_targets.h"
#include "target/target_json.h"

namespace allot::bench {
namespace {

constexpr int kMachines = 64;

std::vector<CompileOptions> ForMachines() {
  std::vector<CompileOptions> all(kMachines);
  for (int i = 0; i < kMachines; ++i) {
    CompileOptions& options = all[static_cast<size_t>(i)];
    options.target = "cpu-2gpu";
    options.machine = *ParseTarget(*BuiltinTargetText("cpu-2gpu"), "cpu-2gpu");
    options.machine->devices[DeviceId(1)].memory -= i;
    options.pipeline =
        "infer-shapes,estimate-cost,coarsen,place{solver=greedy baselines=false},form-parts";
  }
  return all;
}

void CompileForEach(benchmark::State& state) {
  const std::string bytes = ModelInput(state.range(0));
  const std::vector<CompileOptions> machines = ForMachines();
  for (auto _ : state) {
    for (const CompileOptions& options : machines) {
      Diagnostics diagnostics;
      const auto compilation = CompileBytes(bytes, "model.onnx", options, diagnostics);
      if (!compilation.ok()) state.SkipWithError(compilation.status().ToString().c_str());
    }
  }
  state.SetItemsProcessed(state.iterations() * kMachines);
}
BENCHMARK(CompileForEach)->Arg(100)->Arg(2'000);

void PlanPreparedForEach(benchmark::State& state) {
  const std::string bytes = ModelInput(state.range(0));
  const std::vector<CompileOptions> machines = ForMachines();
  for (auto _ : state) {
    Diagnostics diagnostics;
    const auto model = PrepareBytes(bytes, "model.onnx", machines[0], diagnostics);
    if (!model.ok()) {
      state.SkipWithError(model.status().ToString().c_str());
      break;
    }
    for (const CompileOptions& options : machines) {
      const auto compilation = Plan(*model, options, diagnostics);
      if (!compilation.ok()) state.SkipWithError(compilation.status().ToString().c_str());
    }
  }
  state.SetItemsProcessed(state.iterations() * kMachines);
}
BENCHMARK(PlanPreparedForEach)->Arg(100)->Arg(2'000);

}  // namespace
}  // namespace allot::bench
