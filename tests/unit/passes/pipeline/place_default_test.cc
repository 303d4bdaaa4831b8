// The default pipeline against exhaustive search, and its promises.
#include "gmock/gmock.h"
#include "gtest/gtest.h"

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"

#include "ir/print.h"
#include "passes/problem/cluster_problem.h"
#include "placement/exact/brute_force_parts.h"
#include "support/random.h"
#include "tests/models/build_graph.h"
#include "tests/models/random_graph.h"
#include "tests/unit/passes/planning.h"

namespace allot {
namespace {

using testing::Planning;
using testing::RandomGraphOptions;
using testing::RandomModule;
using testing::SlowTarget;

// Devices that are good at unlike things, so that moving between them is worth it.
Target RandomTarget(Random& random) {
  Target target = SlowTarget(static_cast<int>(random.Between(2, 3)));
  for (Device& device : target.devices) {
    device.flops["default"] = random.Between(2, 60) * 1'000'000;
    device.memory_bandwidth = random.Between(10, 300) * 1'000'000;
    device.part_cost = random.Between(0, 12) * kPicosPerMicro;
    device.op_cost = random.Between(0, 4) * kPicosPerMicro;
  }
  for (auto& row : target.routes) {
    for (std::optional<Route>& route : row) {
      for (Route::Segment& segment : route->segments) {
        segment.latency = random.Between(0, 6) * kPicosPerMicro;
        segment.bandwidth = random.Between(50, 1000) * 1'000'000;
      }
    }
  }
  return target;
}

void ForbidAtRandom(Random& random, Planning& planning) {
  for (const char* op : {"MatMul", "Relu", "Add", "Softmax"}) {
    if (random.Below(3) != 0) continue;
    const int64_t device = random.Below(static_cast<int64_t>(planning.target.devices.size()));
    planning.AddRule(Rule::Effect::kForbid, "", op, absl::StrCat("d", device));
  }
}

void CompareWithBruteForce(ir::Objective objective) {
  int equal = 0, improved_on_single = 0, proved = 0;
  for (uint64_t seed = 1; seed <= 100; ++seed) {
    Random random(seed);
    RandomGraphOptions options;
    options.seed = seed;
    options.nodes = static_cast<int>(random.Between(3, 8));
    options.window = static_cast<int>(random.Between(1, 5));
    options.weights_percent = 60;
    Target target = RandomTarget(random);
    Planning planning(RandomModule(options), std::move(target));
    planning.context.objective = objective;
    ForbidAtRandom(random, planning);
    // Every other time without fusion, which leaves more to decide.
    const absl::Status planned =
        planning.Run(seed % 2 == 0 ? "place-default{replicas=false simplify=0}"
                                   : "infer-shapes,estimate-cost,coarsen{fuse=false},"
                                     "place{replicas=false},refine{simplify=0},form-parts,"
                                     "schedule{replicas=false},explain");
    ASSERT_TRUE(planned.ok()) << planned;

    absl::StatusOr<BuiltProblem> kernels =
        BuildKernelProblem(planning.module, planning.plan, planning.context);
    ASSERT_TRUE(kernels.ok()) << kernels.status();
    const std::optional<PartedSolution> best =
        BestParts(kernels->problem, BuildGraph(kernels->problem));
    ASSERT_TRUE(best.has_value()) << "seed " << seed;
    const ir::Summary& summary = *planning.plan.summary;
    EXPECT_GE(summary.value, best->score.objective) << "seed " << seed;
    EXPECT_LE(summary.lower_bound, best->score.objective) << "seed " << seed;
    equal += summary.value == best->score.objective;
    proved += summary.value == summary.lower_bound;
    bool beats_all = true;
    for (const ir::Baseline& baseline : summary.baselines) {
      // Copies take turns, which a single placement cannot.
      if (!baseline.value.has_value() || baseline.name == "copies") continue;
      EXPECT_LE(summary.value, *baseline.value) << baseline.name << ", seed " << seed;
      if (absl::StartsWith(baseline.name, "single:") && *baseline.value <= summary.value) {
        beats_all = false;
      }
    }
    improved_on_single += beats_all;
  }
  EXPECT_GE(equal, 95);
  EXPECT_GE(proved, 90);
  // Otherwise the comparison says nothing.
  EXPECT_GE(improved_on_single, 30);
}

TEST(PlaceDefaultTest, LatencyEqualsBruteForce) { CompareWithBruteForce(ir::Objective::kLatency); }

TEST(PlaceDefaultTest, ThroughputEqualsBruteForce) {
  CompareWithBruteForce(ir::Objective::kThroughput);
}

TEST(PlaceDefaultTest, OnceTimeIsUpThereAreStillABoundAndReasons) {
  RandomGraphOptions options;
  options.seed = 7;
  options.nodes = 200;
  Picos bounds[2];
  for (const bool late : {false, true}) {
    Planning planning(RandomModule(options), SlowTarget(3));
    if (late) planning.context.stop = [] { return true; };
    ASSERT_TRUE(planning.Run("place-default").ok());
    const ir::Summary& summary = *planning.plan.summary;
    EXPECT_EQ(planning.plan.reasons.size(), planning.plan.num_clusters());
    EXPECT_GT(summary.lower_bound, 0);
    EXPECT_LE(summary.lower_bound, summary.value);
    bounds[late ? 1 : 0] = summary.lower_bound;
  }
  EXPECT_LE(bounds[1], bounds[0]);
}

TEST(PlaceDefaultTest, LargerGraphsKeepEveryPromise) {
  for (const ir::Objective objective : {ir::Objective::kLatency, ir::Objective::kThroughput}) {
    for (const int nodes : {20, 150, 400}) {
      RandomGraphOptions options;
      options.seed = static_cast<uint64_t>(nodes);
      options.nodes = nodes;
      Planning planning(RandomModule(options), SlowTarget(3));
      planning.context.objective = objective;
      ASSERT_TRUE(planning.Run("place-default").ok()) << planning.Run("place-default");
      const ir::Plan& plan = planning.plan;
      const ir::Summary& summary = *plan.summary;
      EXPECT_LE(summary.lower_bound, summary.value);
      EXPECT_GT(summary.lower_bound, 0);
      // Three devices, ranges, greedy, HEFT; of a stream copies, too.
      ASSERT_EQ(summary.baselines.size(), objective == ir::Objective::kLatency ? 6u : 7u);
      for (const ir::Baseline& baseline : summary.baselines) {
        // No more than a per cent is given away for fewer parts.
        const Picos known = baseline.value.value_or(summary.value);
        EXPECT_LE(summary.value, known + known / 100 + 1) << baseline.name;
      }
      EXPECT_EQ(plan.reasons.size(), plan.num_clusters());
      Bytes cut = 0;
      for (const ir::Transfer& transfer : plan.transfers) cut += transfer.bytes;
      EXPECT_EQ(summary.cut_bytes, cut);
      // Nodes run inside their part, after its launch.
      for (const ir::NodeId node : planning.module.graph.nodes()) {
        const ir::Part& part = plan.parts[plan.PartOf(node)];
        EXPECT_GE(plan.node_time[node].start,
                  part.time.start + planning.target.devices[part.device].part_cost);
        EXPECT_LE(plan.node_time[node].end, part.time.end);
        for (const ir::ValueId operand : planning.module.graph.node(node).operands) {
          const ir::NodeId producer = planning.module.graph.value(operand).producer;
          if (!producer.valid() || plan.kernel_of[producer] == plan.kernel_of[node]) continue;
          EXPECT_GE(plan.node_time[node].start, plan.node_time[producer].end);
        }
      }
    }
  }
}

TEST(PlaceDefaultTest, NotesHowTheSearchWent) {
  for (const ir::Objective objective : {ir::Objective::kLatency, ir::Objective::kThroughput}) {
    RandomGraphOptions options;
    options.seed = 5;
    options.nodes = 120;
    Planning planning(RandomModule(options), SlowTarget(3));
    planning.context.objective = objective;
    ASSERT_TRUE(planning.Run("place-default").ok());
    const ir::Summary& summary = *planning.plan.summary;
    const std::vector<ir::SearchPoint>& search = summary.search;
    ASSERT_GE(search.size(), 3u);
    for (size_t i = 1; i < search.size(); ++i) {
      EXPECT_GT(search[i].work, search[i - 1].work);
      EXPECT_LE(search[i].value, search[i - 1].value);
      EXPECT_GE(search[i].bound, search[i - 1].bound);
    }
    EXPECT_GT(search.front().value, search.back().value);
    EXPECT_EQ(search.back().value, summary.value);
    EXPECT_EQ(search.back().bound, summary.lower_bound);
  }
}

TEST(PlaceDefaultTest, SameInputSamePlan) {
  RandomGraphOptions options;
  options.seed = 5;
  options.nodes = 120;
  Planning first(RandomModule(options), SlowTarget(3));
  Planning second(RandomModule(options), SlowTarget(3));
  second.context.threads = 4;
  ASSERT_TRUE(first.Run("place-default").ok());
  ASSERT_TRUE(second.Run("place-default").ok());
  EXPECT_EQ(first.plan, second.plan);
  // Planning again, from the plan as it is, changes nothing either.
  ASSERT_TRUE(second.Run("place-default").ok());
  EXPECT_EQ(first.plan, second.plan);
}

TEST(PlaceDefaultTest, EmptyAndConstantModels) {
  {
    testing::ModuleBuilder builder;
    const ir::ValueId x = builder.Input("x", testing::F32({2, 2}));
    Planning planning(std::move(builder).Finish({x}));
    ASSERT_TRUE(planning.Run("place-default").ok()) << planning.Run("place-default");
    EXPECT_EQ(planning.plan.summary->value, 0);
    EXPECT_EQ(planning.plan.parts.size(), 0u);
  }
  {
    // An output that is a constant must come from some part.
    testing::ModuleBuilder builder;
    const ir::ValueId c = builder.Constant(testing::FloatConstant({4}));
    Planning planning(std::move(builder).Finish({c}));
    ASSERT_TRUE(planning.Run("place-default").ok()) << planning.Run("place-default");
    EXPECT_EQ(planning.plan.parts.size(), 1u);
  }
}

TEST(PlaceDefaultTest, ModelsWithBodiesAndFunctions) {
  for (ir::Module module : {testing::NestedIf(), testing::WithFunctions(), testing::SmallCnn()}) {
    Planning planning(std::move(module));
    ASSERT_TRUE(planning.Run("place-default").ok()) << planning.Run("place-default");
    EXPECT_GT(planning.plan.summary->value, 0);
  }
}

TEST(PlaceDefaultTest, MissingStagesAreNamed) {
  Planning planning(testing::Chain(3));
  EXPECT_THAT(std::string(planning.Run("coarsen").message()),
              ::testing::HasSubstr("pass 'coarsen': needs the work of each operator; run "
                                   "estimate-cost first"));
  EXPECT_THAT(std::string(planning.Run("estimate-cost,place").message()),
              ::testing::HasSubstr("pass 'place': needs clusters; run coarsen first"));
  EXPECT_THAT(std::string(planning.Run("estimate-cost,coarsen,refine").message()),
              ::testing::HasSubstr("pass 'refine': needs a placement; run place first"));
  EXPECT_THAT(std::string(planning.Run("estimate-cost,coarsen,explain").message()),
              ::testing::HasSubstr("pass 'explain': needs a placement; run place first"));
  planning.context.target = nullptr;
  EXPECT_THAT(std::string(planning.Run("estimate-cost,coarsen").message()),
              ::testing::HasSubstr("needs a target; name one with --target"));
}

TEST(PlaceDefaultTest, UnknownSolversAreNamed) {
  Planning planning(testing::Chain(3));
  EXPECT_THAT(std::string(planning.Run("estimate-cost,coarsen,place{solver=gredy}").message()),
              ::testing::HasSubstr("there is no solver 'gredy'; did you mean 'greedy'?"));
}

// While place searches, whoever watches is told what no plan beats.
TEST(PlaceDefaultTest, TellsABoundWhileItPlaces) {
  for (const ir::Objective objective : {ir::Objective::kLatency, ir::Objective::kThroughput}) {
    RandomGraphOptions options;
    options.nodes = 30;
    Planning planning(RandomModule(options), SlowTarget(3));
    planning.context.objective = objective;
    Picos told = 0;
    planning.context.progress = [&](Picos, Picos bound, int64_t) { told = std::max(told, bound); };
    ASSERT_TRUE(
        planning.Run("infer-shapes,estimate-cost,coarsen,split-modularity,place{work=1000}").ok());
    EXPECT_GT(told, 0);
    EXPECT_LE(told, planning.plan.summary->value);
  }
}

}  // namespace
}  // namespace allot
