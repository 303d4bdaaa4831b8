// What passes find out is made once for each state of graph and plan, and never outlives it.
#include "passes/pipeline/analyses.h"

#include <map>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

#include "ir/print.h"
#include "passes/nodes/device_constraints.h"
#include "passes/nodes/operator_work.h"
#include "passes/problem/cluster_problem.h"
#include "tests/models/random_graph.h"
#include "tests/unit/passes/planning.h"

namespace allot {
namespace {

using testing::Planning;
using testing::RandomGraphOptions;
using testing::RandomModule;
using testing::SlowTarget;

Planning SomePlanning() {
  RandomGraphOptions options;
  options.nodes = 40;
  options.window = 6;
  options.seed = 7;
  return Planning(RandomModule(options), SlowTarget(3));
}

// Counts steps by name.
class StepCounts final : public PassHooks {
 public:
  void BeginStep(absl::string_view name) override { ++counts_[std::string(name)]; }
  int Of(const std::string& name) { return counts_[name]; }

 private:
  std::map<std::string, int> counts_;
};

TEST(AnalysesTest, TheDefaultPipelineBuildsEachProblemOnce) {
  Planning planning = SomePlanning();
  StepCounts counts;
  const absl::StatusOr<Pipeline> pipeline = ParsePipeline("place-default", BuiltinPasses());
  ASSERT_TRUE(pipeline.ok()) << pipeline.status();
  RunOptions run;
  run.hooks = &counts;
  ASSERT_TRUE(RunPipeline(*pipeline, planning.module, planning.plan, planning.context, run).ok());
  EXPECT_EQ(counts.Of("ClusterProblem"), 1);
  EXPECT_EQ(counts.Of("KernelProblem"), 1);
  EXPECT_EQ(counts.Of("OperatorWork"), 1);
  EXPECT_EQ(counts.Of("DeviceConstraints"), 1);
}

// Each pass by itself builds what it needs anew.
TEST(AnalysesTest, PassesTogetherDecideWhatTheyDecideOneByOne) {
  const std::vector<std::string> steps = {"infer-shapes",
                                          "estimate-cost",
                                          "coarsen{max-items=12}",
                                          "place{work=500}",
                                          "form-parts",
                                          "schedule",
                                          "explain",
                                          "coarsen{max-items=6}",
                                          "split-modularity",
                                          "place{work=500}",
                                          "refine{work=500}",
                                          "form-parts",
                                          "schedule",
                                          "explain"};
  Planning together = SomePlanning(), apart = SomePlanning();
  std::string all;
  for (const std::string& step : steps) {
    all += (all.empty() ? "" : ",") + step;
    const absl::Status status = apart.Run(step);
    ASSERT_TRUE(status.ok()) << step << ": " << status;
  }
  const absl::Status status = together.Run(all);
  ASSERT_TRUE(status.ok()) << status;
  EXPECT_TRUE(together.plan == apart.plan);
}

struct CountNodes {
  using Result = size_t;
  static constexpr ir::PlanStage kReads = ir::PlanStage::kGraph;
  static absl::StatusOr<size_t> Make(const ir::Module& module, const PassContext&) {
    return module.graph.num_nodes();
  }
};
struct CountClusters {
  using Result = size_t;
  static constexpr ir::PlanStage kReads = ir::PlanStage::kClusters;
  static absl::StatusOr<size_t> Make(const ir::Module&, const ir::Plan& plan, const PassContext&) {
    return plan.num_clusters();
  }
};

TEST(AnalysesTest, WhatReadsAStageIsForgottenWithIt) {
  Planning planning = SomePlanning();
  Analyses analyses;
  planning.context.analyses = &analyses;
  const auto nodes = *Analysis<CountNodes>(planning.module, planning.context);
  const auto clusters = *Analysis<CountClusters>(planning.module, planning.plan, planning.context);
  EXPECT_EQ(*Analysis<CountNodes>(planning.module, planning.context), nodes);
  analyses.Forget(ir::PlanStage::kPlacement);
  EXPECT_EQ(analyses.Find<CountClusters>(), clusters);
  analyses.Forget(ir::PlanStage::kClusters);
  EXPECT_EQ(analyses.Find<CountClusters>(), nullptr);
  EXPECT_EQ(analyses.Find<CountNodes>(), nodes);
  analyses.Forget(ir::PlanStage::kGraph);
  EXPECT_EQ(analyses.Find<CountNodes>(), nullptr);
  EXPECT_EQ(*nodes, planning.module.graph.num_nodes()) << "who asked has it still";
}

TEST(AnalysesTest, NothingIsKeptWhereNobodyKeepsIt) {
  Planning planning = SomePlanning();
  EXPECT_NE(*Analysis<CountNodes>(planning.module, planning.context),
            *Analysis<CountNodes>(planning.module, planning.context));
}

// A graph pass that decides by cost: names the cheapest node if told to.
struct CheapestOptions {
  bool edit = false;
};
std::vector<std::shared_ptr<const OperatorWork>>& Seen() {
  static auto& seen = *new std::vector<std::shared_ptr<const OperatorWork>>();
  return seen;
}
class RenameCheapest final : public GraphPass {
 public:
  explicit RenameCheapest(CheapestOptions options) : options_(options) {}
  absl::StatusOr<bool> Run(ir::Module& module, PassContext& context) const override {
    ALLOT_ASSIGN_OR_RETURN(const auto work, Analysis<GraphWork>(module, context));
    Seen().push_back(work);
    if (!options_.edit) return false;
    ir::NodeId cheapest(0);
    for (const ir::NodeId node : module.graph.nodes()) {
      if (work->features[node].flops < work->features[cheapest].flops) cheapest = node;
    }
    module.graph.mutable_node_name(cheapest) = "cheapest";
    return true;
  }

 private:
  CheapestOptions options_;
};

TEST(AnalysesTest, GraphPassesSeeCostsOfTheGraphAsItIs) {
  Planning planning = SomePlanning();
  PassRegistry passes = BuiltinPasses();
  passes.graph_passes.Add(MakeEntry<GraphPass, RenameCheapest>(
      "rename-cheapest", "renames",
      OptionSchema<CheapestOptions>().Add("edit", &CheapestOptions::edit, "whether to")));
  const absl::StatusOr<Pipeline> pipeline = ParsePipeline(
      "infer-shapes,rename-cheapest,rename-cheapest{edit=true},rename-cheapest,estimate-cost",
      passes);
  ASSERT_TRUE(pipeline.ok()) << pipeline.status();
  Seen().clear();
  StepCounts counts;
  RunOptions run;
  run.hooks = &counts;
  ASSERT_TRUE(RunPipeline(*pipeline, planning.module, planning.plan, planning.context, run).ok());
  ASSERT_EQ(Seen().size(), 3u);
  EXPECT_EQ(Seen()[0], Seen()[1]);
  EXPECT_NE(Seen()[1], Seen()[2]) << "the graph has changed in between";
  EXPECT_EQ(counts.Of("OperatorWork"), 2) << "estimate-cost takes what is there";
  EXPECT_TRUE(planning.plan.features == Seen()[2]->features);
  Seen().clear();
}

}  // namespace
}  // namespace allot
