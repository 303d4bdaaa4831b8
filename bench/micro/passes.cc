// What planning does before it searches: types, work, kernels and clusters, and the problem that
// they make.
#include <benchmark/benchmark.h>

#include <memory>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

#include "bench/micro/inputs.h"
#include "operators/features/op_features.h"
#include "operators/inference/type_inference.h"
#include "passes/pipeline/pipeline.h"
#include "passes/pipeline/registry.h"
#include "passes/problem/cluster_problem.h"
#include "target/builtin_targets.h"
#include "target/cost_model.h"
#include "target/target_json.h"

namespace allot::bench {
namespace {

void CountNodes(benchmark::State& state) {
  state.SetItemsProcessed(state.iterations() * state.range(0));
  state.SetComplexityN(state.range(0));
}

// A module on a built-in machine, with some passes behind it.
class Planned {
 public:
  Planned(int64_t nodes, const std::string& passes) : module_(ModuleInput(nodes)) {
    constexpr char kMachine[] = "cpu-2gpu";
    target_ = *ParseTarget(*BuiltinTargetText(kMachine), kMachine);
    cost_model_ = *BuiltinCostModels().Find("roofline")->make("");
    context_.target = &target_;
    context_.cost_model = cost_model_.get();
    context_.diagnostics = &diagnostics_;
    context_.statistics = &statistics_;
    status_ = Run(*ParsePipeline(passes, BuiltinPasses()));
  }
  Planned(const Planned&) = delete;

  absl::Status Run(const Pipeline& pipeline) {
    return RunPlanPasses(pipeline, module_, plan_, context_, {.verify_each = false});
  }
  absl::StatusOr<BuiltProblem> Build() const {
    return BuildClusterProblem(module_, plan_, context_);
  }
  const absl::Status& status() const { return status_; }

 private:
  ir::Module module_;
  ir::Plan plan_;
  Target target_;
  std::unique_ptr<CostModel> cost_model_;
  Diagnostics diagnostics_;
  PassStatistics statistics_;
  PassContext context_;
  absl::Status status_;
};

void InferTypesOfModule(benchmark::State& state) {
  const ir::Module module = ModuleInput(state.range(0));
  for (auto _ : state) {
    Diagnostics diagnostics;
    benchmark::DoNotOptimize(InferTypes(module, /*schemas=*/nullptr, diagnostics));
  }
  CountNodes(state);
}
BENCHMARK(InferTypesOfModule)->Apply(Sizes);

void FindFeatures(benchmark::State& state) {
  const ir::Module module = ModuleInput(state.range(0));
  const ConcreteTypes types = InferConcreteTypes(module, /*schemas=*/nullptr, {});
  for (auto _ : state) benchmark::DoNotOptimize(FeaturesOfGraph(module, types.inferred));
  CountNodes(state);
}
BENCHMARK(FindFeatures)->Apply(Sizes);

// The pass by itself, again and again on what the passes before it have left.
void RunPass(benchmark::State& state, const std::string& before, const std::string& pass) {
  Planned planned(state.range(0), before);
  absl::Status status = planned.status();
  const Pipeline pipeline = *ParsePipeline(pass, BuiltinPasses());
  for (auto _ : state) {
    status.Update(planned.Run(pipeline));
    if (!status.ok()) return state.SkipWithError(status.ToString().c_str());
  }
  CountNodes(state);
}
BENCHMARK_CAPTURE(RunPass, estimate_cost, "estimate-cost", "estimate-cost")->Apply(Sizes);
BENCHMARK_CAPTURE(RunPass, coarsen, "estimate-cost", "coarsen")
    ->Unit(benchmark::kMillisecond)
    ->Apply(Sizes);

void BuildClusters(benchmark::State& state) {
  const Planned planned(state.range(0), "estimate-cost,coarsen");
  if (!planned.status().ok()) return state.SkipWithError(planned.status().ToString().c_str());
  size_t items = 0;
  for (auto _ : state) {
    const absl::StatusOr<BuiltProblem> built = planned.Build();
    if (!built.ok()) return state.SkipWithError(built.status().ToString().c_str());
    items = built->problem.items.size();
  }
  state.counters["items"] = static_cast<double>(items);
  CountNodes(state);
}
BENCHMARK(BuildClusters)->Apply(Sizes);

}  // namespace
}  // namespace allot::bench
