#include <map>
#include <queue>
#include <set>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

#include "passes/coarsening/contraction.h"
#include "passes/coarsening/kernel_groups.h"
#include "support/random.h"
#include "target/cost_models/measured.h"
#include "tests/models/build_graph.h"
#include "tests/models/random_graph.h"
#include "tests/unit/passes/planning.h"

namespace allot {
namespace {

using testing::F32;
using ::testing::HasSubstr;
using testing::Int64Constant;
using testing::ModuleBuilder;
using testing::Planning;
using testing::RandomGraphOptions;
using testing::RandomModule;
using testing::Tensor;

constexpr char kCoarsen[] = "infer-shapes,estimate-cost,coarsen";

// Whether the quotient by `id_of` has no cycle, found by counting; shares nothing with the passes.
template <typename IdType>
bool IsAcyclic(const ir::Graph& graph, const IdVector<ir::NodeId, IdType>& id_of) {
  std::map<int32_t, std::set<int32_t>> next;
  std::map<int32_t, int> missing;
  for (const ir::NodeId node : id_of.ids()) {
    if (!id_of[node].valid()) continue;
    missing[id_of[node].index()];
    for (const ir::ValueId result : graph.node(node).results) {
      for (const ir::NodeId user : graph.users(result)) {
        const int32_t from = id_of[node].index(), to = id_of[user].index();
        if (to >= 0 && from != to && next[from].insert(to).second) ++missing[to];
      }
    }
  }
  std::queue<int32_t> ready;
  for (const auto& [id, count] : missing) {
    if (count == 0) ready.push(id);
  }
  size_t seen = 0;
  for (; !ready.empty(); ready.pop(), ++seen) {
    for (const int32_t to : next[ready.front()]) {
      if (--missing[to] == 0) ready.push(to);
    }
  }
  return seen == missing.size();
}

class CoarsenTest : public ::testing::Test {
 protected:
  static bool SameKernel(const Planning& planning, ir::NodeId a, ir::NodeId b) {
    return planning.plan.kernel_of[a] == planning.plan.kernel_of[b];
  }
  static bool SameCluster(const Planning& planning, ir::NodeId a, ir::NodeId b) {
    return planning.plan.cluster_of[a] == planning.plan.cluster_of[b];
  }
};

TEST_F(CoarsenTest, EveryPartitionOfRandomGraphsIsAcyclic) {
  for (uint64_t seed = 1; seed <= 60; ++seed) {
    Random random(seed);
    RandomGraphOptions options;
    options.seed = seed;
    options.nodes = static_cast<int>(random.Between(1, 300));
    options.window = static_cast<int>(random.Between(1, 60));
    options.inputs = static_cast<int>(random.Between(1, 4));
    const int64_t max_items = random.Between(1, 100);
    Planning planning(RandomModule(options), testing::SlowTarget(3));
    if (random.Below(2) == 0) planning.AddRule(Rule::Effect::kForbid, "", "Relu", "d1");
    ASSERT_TRUE(
        planning
            .Run("infer-shapes,estimate-cost,coarsen{max-items=" + std::to_string(max_items) + "}")
            .ok());
    const ir::Plan& plan = planning.plan;
    const ir::Graph& graph = planning.module.graph;
    EXPECT_TRUE(IsAcyclic(graph, plan.kernel_of)) << seed;
    EXPECT_TRUE(IsAcyclic(graph, plan.cluster_of)) << seed;
    // Clusters are numbered in topological order, and every one has a node.
    std::set<int32_t> used;
    for (const ir::NodeId node : graph.nodes()) {
      ASSERT_TRUE(plan.cluster_of[node].valid());
      used.insert(plan.cluster_of[node].index());
      for (const ir::ValueId operand : graph.node(node).operands) {
        const ir::NodeId producer = graph.value(operand).producer;
        if (!producer.valid()) continue;
        EXPECT_LE(plan.cluster_of[producer], plan.cluster_of[node]);
      }
    }
    EXPECT_EQ(used.size(), plan.num_clusters());
    if (planning.target.rules.empty()) {
      EXPECT_LE(plan.num_clusters(), static_cast<size_t>(max_items)) << seed;
    }
    // Clusters are unions of kernels.
    std::map<int32_t, int32_t> cluster_of_kernel;
    for (const ir::NodeId node : graph.nodes()) {
      const auto [entry, is_new] = cluster_of_kernel.try_emplace(plan.kernel_of[node].index(),
                                                                 plan.cluster_of[node].index());
      EXPECT_EQ(entry->second, plan.cluster_of[node].index());
    }
  }
}

TEST_F(CoarsenTest, ConvolutionTakesItsEpilogue) {
  ModuleBuilder b;
  const ir::ValueId x = b.Input("x", F32({1, 4, 8, 8}));
  const ir::ValueId w = b.Weight("w", {4, 4, 1, 1}), s = b.Weight("s", {4});
  const ir::ValueId conv = b.Op("Conv", {x, w}, F32({1, 4, 8, 8}));
  const ir::ValueId norm = b.Op("BatchNormalization", {conv, s, s, s, s}, F32({1, 4, 8, 8}));
  const ir::ValueId sum = b.Op("Add", {norm, x}, F32({1, 4, 8, 8}));
  const ir::ValueId relu = b.Op("Relu", {sum}, F32({1, 4, 8, 8}));
  const ir::ValueId pool = b.Op("GlobalAveragePool", {relu}, F32({1, 4, 1, 1}));
  Planning planning(std::move(b).Finish({pool}));
  ASSERT_TRUE(planning.Run(kCoarsen).ok()) << planning.Run(kCoarsen);
  for (const char* op : {"BatchNormalization", "Add", "Relu"}) {
    EXPECT_TRUE(SameKernel(planning, planning.NodesOf("Conv")[0], planning.NodesOf(op)[0])) << op;
  }
  EXPECT_EQ(planning.plan.num_clusters(), 2u);
  ASSERT_TRUE(planning.Run("infer-shapes,estimate-cost,coarsen{fuse=false}").ok());
  EXPECT_EQ(planning.plan.num_clusters(), 5u);
}

TEST_F(CoarsenTest, ResultsOfTheModelEndAKernel) {
  ModuleBuilder b;
  const ir::ValueId x = b.Input("x", F32({8, 8}));
  const ir::ValueId y = b.Op("MatMul", {x, b.Weight("w", {8, 8})}, F32({8, 8}));
  const ir::ValueId z = b.Op("Relu", {y}, F32({8, 8}));
  Planning planning(std::move(b).Finish({y, z}));
  ASSERT_TRUE(planning.Run(kCoarsen).ok());
  EXPECT_EQ(planning.plan.num_clusters(), 2u);
}

TEST_F(CoarsenTest, SiluAndGeluAreOneKernelWithTheirProducer) {
  ModuleBuilder b;
  const ir::Type t = F32({8, 8});
  const ir::ValueId x = b.Input("x", t);
  const ir::ValueId conv = b.Op("MatMul", {x, b.Weight("w", {8, 8})}, t);
  const ir::ValueId silu = b.Op("Mul", {conv, b.Op("Sigmoid", {conv}, t)}, t);
  const ir::ValueId dense = b.Op("MatMul", {silu, b.Weight("v", {8, 8})}, t);
  const ir::ValueId half = b.Weight("half", {1});
  const ir::ValueId erf = b.Op("Erf", {b.Op("Div", {dense, half}, t)}, t);
  const ir::ValueId gate = b.Op("Mul", {dense, b.Op("Add", {erf, half}, t)}, t);
  const ir::ValueId gelu = b.Op("Mul", {gate, half}, t);
  Planning planning(std::move(b).Finish({gelu}));
  ASSERT_TRUE(planning.Run(kCoarsen).ok());
  EXPECT_EQ(planning.plan.num_clusters(), 2u);
  EXPECT_TRUE(SameKernel(planning, planning.NodesOf("MatMul")[1], planning.NodesOf("Mul")[2]));
}

TEST_F(CoarsenTest, DecomposedLayerNormIsOneKernel) {
  ModuleBuilder b;
  const ir::Type t = F32({8, 8}), r = F32({8, 1});
  const ir::ValueId x = b.Input("x", t);
  const ir::ValueId tanh = b.Op("Softmax", {x}, t);
  const ir::AttributeMap axes = {{"axes", testing::Attr(std::vector<int64_t>{-1})}};
  const ir::ValueId centred = b.Op("Sub", {tanh, b.Op("ReduceMean", {tanh}, r, axes)}, t);
  const ir::ValueId square = b.Op("Mul", {centred, centred}, t);
  const ir::ValueId variance = b.Op("ReduceMean", {square}, r, axes);
  const ir::ValueId deviation = b.Op("Sqrt", {b.Op("Add", {variance, b.Weight("e", {1})}, r)}, r);
  const ir::ValueId normal = b.Op("Div", {centred, deviation}, t);
  const ir::ValueId scaled = b.Op("Mul", {normal, b.Weight("g", {8})}, t);
  const ir::ValueId y = b.Op("Add", {scaled, b.Weight("b", {8})}, t);
  Planning planning(std::move(b).Finish({y}));
  ASSERT_TRUE(planning.Run(kCoarsen).ok());
  EXPECT_EQ(planning.plan.num_clusters(), 1u);
  for (const ir::NodeId node : planning.module.graph.nodes()) {
    EXPECT_TRUE(SameKernel(planning, node, planning.NodesOf("Add")[1]));
  }
}

TEST_F(CoarsenTest, QuantizedOperatorsGoWithTheirConversions) {
  ModuleBuilder b;
  const ir::Type q = Tensor(ir::ElementType::kInt8, {1, 4, 8, 8}), f = F32({1, 4, 8, 8});
  const ir::ValueId scale = b.Weight("scale", {1});
  const ir::ValueId x = b.Input("x", q);
  const ir::ValueId kernel = b.Input("kernel", Tensor(ir::ElementType::kInt8, {4, 4, 1, 1}));
  const ir::ValueId dx = b.Op("DequantizeLinear", {x, scale}, f);
  const ir::ValueId dk = b.Op("DequantizeLinear", {kernel, scale}, F32({4, 4, 1, 1}));
  const ir::ValueId conv = b.Op("Relu", {b.Op("Conv", {dx, dk}, f)}, f);
  const ir::ValueId quantized = b.Op("QuantizeLinear", {conv, scale}, q);
  const ir::ValueId again = b.Op("DequantizeLinear", {quantized, scale}, f);
  const ir::ValueId pool = b.Op("MaxPool", {again}, f);
  const ir::ValueId y = b.Op("QuantizeLinear", {pool, scale}, q);
  Planning planning(std::move(b).Finish({y}));
  ASSERT_TRUE(planning.Run("estimate-cost,coarsen").ok());
  EXPECT_EQ(planning.plan.num_clusters(), 2u);
  const std::vector<ir::NodeId> dequantize = planning.NodesOf("DequantizeLinear");
  EXPECT_TRUE(SameKernel(planning, dequantize[0], planning.NodesOf("Conv")[0]));
  EXPECT_TRUE(SameKernel(planning, dequantize[1], planning.NodesOf("QuantizeLinear")[0]));
  EXPECT_TRUE(SameKernel(planning, dequantize[2], planning.NodesOf("QuantizeLinear")[1]));
}

TEST_F(CoarsenTest, NodesOfUnlikeDevicesAreNotFused) {
  ModuleBuilder b;
  const ir::ValueId x = b.Input("x", F32({8, 8}));
  const ir::ValueId y = b.Op("MatMul", {x, b.Weight("w", {8, 8})}, F32({8, 8}));
  const ir::ValueId z = b.Op("Relu", {y}, F32({8, 8}));
  Planning planning(std::move(b).Finish({z}));
  planning.AddRule(Rule::Effect::kForbid, "", "Relu", "gpu0");
  ASSERT_TRUE(planning.Run(kCoarsen).ok());
  EXPECT_EQ(planning.plan.num_clusters(), 2u);
}

TEST_F(CoarsenTest, UncuttableValuesHoldTheirUsersTogether) {
  ModuleBuilder b;
  const ir::Type t = F32({8, 8});
  const ir::ValueId x = b.Input("x", t);
  const ir::ValueId a = b.Op("Softmax", {x}, t);
  const ir::ValueId sequence = b.Op("SequenceConstruct", {a, x}, ir::Type::Sequence(t));
  const ir::ValueId i = b.Initializer("i", Int64Constant({0}));
  const ir::ValueId first = b.Op("SequenceAt", {sequence, i}, t);
  // Leaves the sequence's group and comes back: it must join, or the groups would form a cycle.
  const ir::ValueId outside = b.Op("Softmax", {first}, t);
  const ir::ValueId longer = b.Op("SequenceInsert", {sequence, outside}, ir::Type::Sequence(t));
  const ir::ValueId last = b.Op("SequenceAt", {longer, i}, t);
  const ir::ValueId after = b.Op("Softmax", {last}, t);
  Planning planning(std::move(b).Finish({after}));
  ASSERT_TRUE(planning.Run("estimate-cost,coarsen").ok());
  const std::vector<ir::NodeId> softmax = planning.NodesOf("Softmax");
  const ir::NodeId construct = planning.NodesOf("SequenceConstruct")[0];
  EXPECT_TRUE(SameCluster(planning, construct, planning.NodesOf("SequenceAt")[0]));
  EXPECT_TRUE(SameCluster(planning, construct, planning.NodesOf("SequenceInsert")[0]));
  EXPECT_TRUE(SameCluster(planning, construct, planning.NodesOf("SequenceAt")[1]));
  EXPECT_TRUE(SameCluster(planning, construct, softmax[1]));
  EXPECT_FALSE(SameCluster(planning, construct, softmax[0]));
  EXPECT_FALSE(SameCluster(planning, construct, softmax[2]));
  EXPECT_TRUE(IsAcyclic(planning.module.graph, planning.plan.cluster_of));
}

TEST_F(CoarsenTest, UncuttableGroupsWithoutACommonDeviceSaySo) {
  ModuleBuilder b;
  const ir::Type t = F32({8, 8});
  const ir::ValueId x = b.Input("x", t);
  const ir::ValueId sequence = b.Op("SequenceConstruct", {x, x}, ir::Type::Sequence(t));
  const ir::ValueId y =
      b.Op("ConcatFromSequence", {sequence}, F32({16, 8}), {{"axis", testing::Attr(int64_t{0})}});
  Planning planning(std::move(b).Finish({y}));
  planning.AddRule(Rule::Effect::kPin, "", "SequenceConstruct", "cpu0");
  planning.AddRule(Rule::Effect::kPin, "", "ConcatFromSequence", "gpu0");
  const std::string message(planning.Run("place-default").message());
  EXPECT_THAT(message, HasSubstr("(2) must run on one device, and no device can run them all"));
  EXPECT_THAT(message, HasSubstr("cpu0: node 'ConcatFromSequence_1': pinned to gpu0 by rules[1]"));
  EXPECT_THAT(message, HasSubstr("gpu0: node 'SequenceConstruct_0': pinned to cpu0 by rules[0]"));
}

TEST_F(CoarsenTest, FreeNodesGoWithANeighbour) {
  ModuleBuilder b;
  const ir::ValueId x = b.Input("x", F32({8, 8}));
  const ir::ValueId y = b.Op("MatMul", {x, b.Weight("w", {8, 8})}, F32({8, 8}));
  const ir::ValueId shape = b.Op("Shape", {y}, Tensor(ir::ElementType::kInt64, {2}));
  const ir::ValueId flat = b.Op("Flatten", {y}, F32({8, 8}));
  const ir::ValueId z = b.Op("Softmax", {flat}, F32({8, 8}));
  const ir::ValueId last = b.Op("Reshape", {z, shape}, F32({8, 8}));
  Planning planning(std::move(b).Finish({last}));
  ASSERT_TRUE(planning.Run("estimate-cost,coarsen").ok());
  EXPECT_EQ(planning.plan.num_clusters(), 2u);
  // The shape is taken where the tensor is: it must not make the tensor travel.
  EXPECT_TRUE(SameCluster(planning, planning.NodesOf("Shape")[0], planning.NodesOf("MatMul")[0]));
  EXPECT_TRUE(
      SameCluster(planning, planning.NodesOf("Reshape")[0], planning.NodesOf("Softmax")[0]));
}

TEST_F(CoarsenTest, ViewsOfASizeGoWithTheirConsumer) {
  ModuleBuilder b;
  const ir::Type one = Tensor(ir::ElementType::kInt64, {1}),
                 two = Tensor(ir::ElementType::kInt64, {2});
  const ir::ValueId x = b.Input("x", F32({8, 8}));
  const ir::ValueId y = b.Op("MatMul", {x, b.Weight("w", {8, 8})}, F32({8, 8}));
  const ir::ValueId shape = b.Op("Shape", {y}, two);
  const ir::ValueId index = b.Initializer("index", Int64Constant({0}));
  const ir::ValueId axes = b.Initializer("axes", Int64Constant({0}));
  const ir::ValueId rows = b.Op("Gather", {shape, index}, one);
  const ir::ValueId first = b.Op("Unsqueeze", {rows, axes}, one);
  const ir::ValueId second = b.Op("Unsqueeze", {rows, axes}, one);
  const ir::AttributeMap axis = {{"axis", testing::Attr(int64_t{0})}};
  const ir::ValueId wide =
      b.Op("Concat", {first, b.Initializer("m", Int64Constant({8}))}, two, axis);
  const ir::ValueId tall =
      b.Op("Concat", {second, b.Initializer("n", Int64Constant({8}))}, two, axis);
  const ir::ValueId s = b.Op("Softmax", {y}, F32({8, 8}));
  const ir::ValueId t = b.Op("LogSoftmax", {y}, F32({8, 8}));
  const ir::ValueId u = b.Op("Reshape", {s, wide}, F32({8, 8}));
  const ir::ValueId v = b.Op("Reshape", {t, tall}, F32({8, 8}));
  Planning planning(std::move(b).Finish({u, v}));
  ASSERT_TRUE(planning.Run("estimate-cost,coarsen").ok());
  const std::vector<ir::NodeId> views = planning.NodesOf("Unsqueeze");
  const std::vector<ir::NodeId> concats = planning.NodesOf("Concat");
  // The size is one tensor that whoever needs it gets once, not one for each view of it.
  EXPECT_TRUE(SameCluster(planning, planning.NodesOf("Gather")[0], planning.NodesOf("MatMul")[0]));
  EXPECT_TRUE(SameCluster(planning, views[0], concats[0]));
  EXPECT_TRUE(SameCluster(planning, views[1], concats[1]));
  EXPECT_FALSE(SameCluster(planning, views[0], planning.NodesOf("MatMul")[0]));
}

TEST_F(CoarsenTest, WeightsThatAreComputedGoWithTheirConsumer) {
  ModuleBuilder b;
  const ir::ValueId x = b.Input("x", F32({8, 8}));
  const ir::ValueId seed = b.Weight("seed", {8, 8});
  const ir::ValueId w = b.Op("Transpose", {b.Op("Softmax", {seed}, F32({8, 8}))}, F32({8, 8}));
  const ir::ValueId y = b.Op("MatMul", {b.Op("Transpose", {x}, F32({8, 8})), w}, F32({8, 8}));
  Planning planning(std::move(b).Finish({y}));
  ASSERT_TRUE(planning.Run("estimate-cost,coarsen").ok());
  const ir::NodeId product = planning.NodesOf("MatMul")[0];
  EXPECT_TRUE(SameCluster(planning, planning.NodesOf("Softmax")[0], product));
  EXPECT_EQ(planning.plan.num_clusters(), 2u);  // and the transposed input
}

TEST_F(CoarsenTest, ConstantsTravelUnlessTheyAreNothingButResults) {
  ModuleBuilder b;
  const ir::ValueId x = b.Input("x", F32({4}));
  const ir::ValueId c = b.Constant(testing::FloatConstant({4}));
  const ir::ValueId d = b.Constant(testing::FloatConstant({4}, 2));
  const ir::ValueId e = b.Constant(testing::FloatConstant({4}, 3));
  const ir::ValueId y = b.Op("Add", {b.Op("Mul", {x, c}, F32({4})), d}, F32({4}));
  Planning planning(std::move(b).Finish({y, d, e}));
  ASSERT_TRUE(planning.Run(kCoarsen).ok());
  const std::vector<ir::NodeId> constants = planning.NodesOf("Constant");
  EXPECT_FALSE(planning.plan.cluster_of[constants[0]].valid());
  EXPECT_FALSE(planning.plan.cluster_of[constants[1]].valid());
  EXPECT_TRUE(planning.plan.cluster_of[constants[2]].valid());
}

// x -> Add(angles) -> Softmax -> Mul(angles) with angles = Cos(Cast(Range)), all of constants.
ir::Module PositionTable() {
  ModuleBuilder b;
  const ir::ValueId x = b.Input("x", F32({2, 8}));
  const ir::ValueId range =
      b.Op("Range",
           {b.Initializer("start", Int64Constant({0})), b.Initializer("end", Int64Constant({8})),
            b.Initializer("step", Int64Constant({1}))},
           Tensor(ir::ElementType::kInt64, {8}));
  const ir::ValueId cast = b.Op("Cast", {range}, F32({8}), {{"to", testing::Attr(int64_t{1})}});
  const ir::ValueId angles = b.Op("Cos", {cast}, F32({8}));
  const ir::ValueId sum = b.Op("Add", {x, angles}, F32({2, 8}));
  const ir::ValueId soft = b.Op("Softmax", {sum}, F32({2, 8}));
  const ir::ValueId y = b.Op("Mul", {soft, angles}, F32({2, 8}));
  return std::move(b).Finish({y});
}

TEST_F(CoarsenTest, ConstantWorkThatSeveralNodesUseTravels) {
  Planning planning(PositionTable());
  ASSERT_TRUE(planning.Run("estimate-cost,coarsen{fuse=false}").ok());
  for (const char* op : {"Range", "Cast", "Cos"}) {
    EXPECT_FALSE(planning.plan.cluster_of[planning.NodesOf(op)[0]].valid()) << op;
    EXPECT_FALSE(planning.plan.kernel_of[planning.NodesOf(op)[0]].valid()) << op;
  }
  EXPECT_EQ(planning.plan.num_clusters(), 3u);
  ASSERT_TRUE(planning.Run("place-default").ok());
  Diagnostics diagnostics;
  EXPECT_TRUE(
      ir::VerifyPlan(planning.module.graph, planning.target, planning.plan, diagnostics).ok());
}

TEST_F(CoarsenTest, ConstantWorkGoesOnlyWhereItCanRun) {
  // Users may be anywhere, but the rule keeps the cosine on one device; what it needs goes with it.
  Planning pinned(PositionTable());
  pinned.AddRule(Rule::Effect::kPin, "", "Cos", "gpu0");
  ASSERT_TRUE(pinned.Run("estimate-cost,coarsen{fuse=false}").ok());
  EXPECT_TRUE(pinned.plan.cluster_of[pinned.NodesOf("Cos")[0]].valid());
  EXPECT_TRUE(SameCluster(pinned, pinned.NodesOf("Range")[0], pinned.NodesOf("Cos")[0]));
  // Where all are pinned to one device, it is there anyway.
  Planning together(PositionTable());
  together.AddRule(Rule::Effect::kPin, ".*", "", "gpu0");
  ASSERT_TRUE(together.Run("estimate-cost,coarsen{fuse=false}").ok());
  EXPECT_FALSE(together.plan.cluster_of[together.NodesOf("Cos")[0]].valid());
}

TEST_F(CoarsenTest, WhatIsFoldedNeedsNoSupport) {
  Planning planning(PositionTable());
  for (Device& device : planning.target.devices) device.supported_ops = {"Add", "Softmax", "Mul"};
  ASSERT_TRUE(planning.Run("estimate-cost,coarsen{fuse=false}").ok());
  EXPECT_FALSE(planning.plan.cluster_of[planning.NodesOf("Cos")[0]].valid());
  const absl::Status status = planning.Run("place-default");
  EXPECT_TRUE(status.ok()) << status;
}

TEST_F(CoarsenTest, WhatConstantWorkNeedsMustTravelToo) {
  // The cosine could go anywhere, but what it is computed from cannot.
  Planning planning(PositionTable());
  planning.AddRule(Rule::Effect::kForbid, "", "Cast", "cpu0");
  ASSERT_TRUE(planning.Run("estimate-cost,coarsen{fuse=false}").ok());
  EXPECT_TRUE(planning.plan.cluster_of[planning.NodesOf("Cast")[0]].valid());
  EXPECT_TRUE(planning.plan.cluster_of[planning.NodesOf("Cos")[0]].valid());
  EXPECT_TRUE(planning.Run("place-default").ok());
}

// mask -> Unsqueeze -> Add and Mul, with Softmax between them.
ir::Module SharedMask(int64_t length, const std::string& view) {
  ModuleBuilder b;
  const ir::Type row = F32({1, length});
  const ir::ValueId x = b.Input("x", row);
  const ir::ValueId mask = b.Input("mask", F32({length}));
  const ir::ValueId wide = view == "Unsqueeze"
                               ? b.Op(view, {mask, b.Initializer("axes", Int64Constant({0}))}, row)
                               : b.Op(view, {mask}, F32({length}));
  const ir::ValueId soft = b.Op("Softmax", {b.Op("Add", {x, wide}, row)}, row);
  return std::move(b).Finish({b.Op("Mul", {soft, wide}, row)});
}

TEST_F(CoarsenTest, SmallViewsOfInputsTravel) {
  const auto travels = [](ir::Module module, const std::string& op) {
    Planning planning(std::move(module));
    EXPECT_TRUE(planning.Run("estimate-cost,coarsen{fuse=false}").ok());
    const bool has_place = planning.plan.cluster_of[planning.NodesOf(op)[0]].valid();
    EXPECT_TRUE(planning.Run("place-default").ok());
    Diagnostics diagnostics;
    EXPECT_TRUE(
        ir::VerifyPlan(planning.module.graph, planning.target, planning.plan, diagnostics).ok());
    return !has_place;
  };
  EXPECT_TRUE(travels(SharedMask(1024, "Unsqueeze"), "Unsqueeze"));
  // Not what is large, and not what takes time.
  EXPECT_FALSE(travels(SharedMask(1025, "Unsqueeze"), "Unsqueeze"));
  EXPECT_FALSE(travels(SharedMask(1024, "Neg"), "Neg"));
}

TEST_F(CoarsenTest, WhatWasMeasuredToTakeTimeIsNotFree) {
  Planning planning(SharedMask(16, "Unsqueeze"));
  MeasuredCosts costs;
  costs.rows.push_back({.node = "Unsqueeze_0", .device = "gpu", .time = 1000});
  const Registry<CostModel> models = BuiltinCostModels();
  const std::unique_ptr<CostModel> measured =
      MakeMeasuredCostModel(*models.Find("roofline")->make(""), costs);
  planning.context.cost_model = measured.get();
  ASSERT_TRUE(planning.Run("estimate-cost,coarsen{fuse=false}").ok());
  EXPECT_TRUE(planning.plan.cluster_of[planning.NodesOf("Unsqueeze")[0]].valid());
}

TEST_F(CoarsenTest, RandomWorkStaysWhereItIs) {
  ModuleBuilder b;
  const ir::ValueId x = b.Input("x", F32({2, 8}));
  const ir::NodeId random = b.Node("RandomNormal", {}, {F32({2, 8})},
                                   {{"shape", testing::Attr(std::vector<int64_t>{2, 8})}});
  const ir::ValueId noise = b.graph().node(random).results[0];
  const ir::ValueId soft = b.Op("Softmax", {b.Op("Add", {x, noise}, F32({2, 8}))}, F32({2, 8}));
  Planning planning(std::move(b).Finish({b.Op("Mul", {soft, noise}, F32({2, 8}))}));
  ASSERT_TRUE(planning.Run("estimate-cost,coarsen{fuse=false}").ok());
  EXPECT_TRUE(planning.plan.cluster_of[planning.NodesOf("RandomNormal")[0]].valid());
}

TEST_F(CoarsenTest, BodiesAreNeverFused) {
  Planning planning(testing::NestedIf());
  ASSERT_TRUE(planning.Run(kCoarsen).ok());
  for (const ir::NodeId node : planning.module.graph.nodes()) {
    if (planning.module.graph.node(node).regions.empty()) continue;
    for (const ir::NodeId other : planning.module.graph.nodes()) {
      EXPECT_EQ(SameKernel(planning, node, other), node == other);
    }
  }
}

PlacementProblem Star(int leaves) {
  PlacementProblem problem;
  problem.devices.Add({"a", 1 << 20, 0});
  problem.devices.Add({"b", 1 << 20, 0});
  problem.routes = IdVector<DeviceId, IdVector<DeviceId, std::optional<Route>>>(
      2, IdVector<DeviceId, std::optional<Route>>(2, Route{{{1000, 1'000'000'000}}, {}}));
  std::vector<ItemId> to;
  for (int i = 0; i <= leaves; ++i) {
    PlacementProblem::Item item;
    item.time.Add(10'000);
    item.time.Add(20'000);
    const ItemId id = problem.items.Add(item);
    if (i > 0) to.push_back(id);
  }
  problem.flows.Add({ItemId(0), to, 100, {}});
  return problem;
}

TEST(ContractToSizeTest, SmallProblemsStayAsTheyAre) {
  const PlacementProblem problem = Star(9);
  size_t groups = 0;
  const IdVector<ItemId, ItemId> group_of = ContractToSize(problem, 10, groups);
  EXPECT_EQ(groups, 10u);
  for (const ItemId item : group_of.ids()) EXPECT_EQ(group_of[item], item);
}

TEST(ContractToSizeTest, StarsShrinkToo) {
  const PlacementProblem problem = Star(5000);
  size_t groups = 0;
  const IdVector<ItemId, ItemId> group_of = ContractToSize(problem, 50, groups);
  EXPECT_LE(groups, 50u);
  EXPECT_GE(groups, 20u);
  std::vector<int> sizes(groups, 0);
  for (const ItemId group : group_of) ++sizes[static_cast<size_t>(group.index())];
  EXPECT_LE(*std::max_element(sizes.begin(), sizes.end()), 5001 / 50 * 4);
}

TEST(ContractToSizeTest, DevicesAreLostOnlyWhereThatIsCheap) {
  // A chain whose every other item runs on device b alone, with tensors that are cheap to move: the
  // fast items keep their fast device.
  PlacementProblem problem = Star(0);
  problem.flows.clear();
  problem.items.clear();
  for (int i = 0; i < 100; ++i) {
    PlacementProblem::Item item;
    item.time.Add(i % 2 == 0 ? std::optional<Picos>(10'000) : std::nullopt);
    item.time.Add(i % 2 == 0 ? 10'000'000 : 1000);
    problem.items.Add(item);
    if (i > 0) problem.flows.Add({ItemId(i - 1), {ItemId(i)}, 10, {}});
  }
  size_t groups = 0;
  ContractToSize(problem, 10, groups);
  EXPECT_EQ(groups, 100u);
  // Where moving costs more than the slower device, they join.
  for (PlacementProblem::Flow& flow : problem.flows) flow.bytes = 1'000'000'000;
  ContractToSize(problem, 10, groups);
  EXPECT_LE(groups, 10u);
}

}  // namespace
}  // namespace allot
