// ONNX in.
#include <benchmark/benchmark.h>

#include <string>

#include "absl/status/statusor.h"

#include "bench/micro/inputs.h"
#include "onnx_import/import.h"
#include "support/diagnostics.h"

namespace allot::bench {
namespace {

void ImportModel(benchmark::State& state) {
  const std::string bytes = ModelInput(state.range(0));
  for (auto _ : state) {
    Diagnostics diagnostics;
    const absl::StatusOr<ir::Module> module = ImportOnnxBytes(bytes, "model.onnx", {}, diagnostics);
    if (!module.ok()) state.SkipWithError(module.status().ToString().c_str());
    benchmark::DoNotOptimize(module);
  }
  state.SetItemsProcessed(state.iterations() * state.range(0));
  state.SetBytesProcessed(state.iterations() * static_cast<int64_t>(bytes.size()));
  state.SetComplexityN(state.range(0));
}
BENCHMARK(ImportModel)->Apply(Sizes);

}  // namespace
}  // namespace allot::bench
