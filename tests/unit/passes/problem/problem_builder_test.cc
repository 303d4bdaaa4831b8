#include "passes/problem/problem_builder.h"

#include <set>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

#include "absl/strings/match.h"

#include "passes/nodes/device_constraints.h"
#include "passes/nodes/kernel_costs.h"
#include "passes/problem/cluster_problem.h"
#include "tests/models/build_graph.h"
#include "tests/models/random_graph.h"
#include "tests/unit/passes/planning.h"

namespace allot {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using testing::F32;
using ::testing::HasSubstr;
using testing::ModuleBuilder;
using ::testing::Not;
using testing::Planning;
using testing::Tensor;

constexpr char kUnfused[] = "infer-shapes,estimate-cost,coarsen{fuse=false}";

// x -> MatMul(w) -> Softmax -> MatMul(w) and MatMul(v) -> Concat
ir::Module SharedWeights() {
  ModuleBuilder b;
  const ir::ValueId x = b.Input("x", F32({8, 8}));
  const ir::ValueId w = b.Weight("w", {8, 8}), v = b.Weight("v", {8, 8});
  const ir::ValueId first = b.Op("MatMul", {x, w}, F32({8, 8}));
  const ir::ValueId soft = b.Op("Softmax", {first}, F32({8, 8}));
  const ir::ValueId left = b.Op("MatMul", {soft, w}, F32({8, 8}));
  const ir::ValueId right = b.Op("MatMul", {soft, v}, F32({8, 8}));
  const ir::ValueId y =
      b.Op("Concat", {left, right}, F32({16, 8}), {{"axis", testing::Attr(int64_t{0})}});
  return std::move(b).Finish({y});
}

TEST(BuildProblemTest, CountsWeightsOncePerDevice) {
  Planning planning(SharedWeights());
  ASSERT_TRUE(planning.Run(kUnfused).ok()) << planning.Run(kUnfused);
  const absl::StatusOr<BuiltProblem> built =
      BuildClusterProblem(planning.module, planning.plan, planning.context);
  ASSERT_TRUE(built.ok()) << built.status();
  const PlacementProblem& problem = built->problem;
  ASSERT_EQ(problem.items.size(), 5u);
  // w is used by the first and third node, v by the fourth.
  ASSERT_EQ(problem.shared.size(), 1u);
  EXPECT_EQ(problem.shared[0].bytes, 256);
  EXPECT_THAT(problem.shared[0].items, ElementsAre(ItemId(0), ItemId(2)));
  EXPECT_EQ(problem.items[ItemId(3)].memory, 256);
  EXPECT_EQ(problem.items[ItemId(0)].memory, 0);
  EXPECT_TRUE(Check(problem).ok()) << Check(problem);
}

TEST(BuildProblemTest, CountsConstantsThatAreOnlyGivenOut) {
  ModuleBuilder b;
  const ir::ValueId x = b.Input("x", F32({8, 8}));
  const ir::ValueId used = b.Weight("used", {8, 8}), given = b.Weight("given", {8, 4});
  const ir::ValueId y = b.Op("Relu", {x}, F32({8, 8}));
  const ir::ValueId z = b.Op("MatMul", {y, used}, F32({8, 8}));
  Planning planning(std::move(b).Finish({given, used, z}));
  ASSERT_TRUE(planning.Run(kUnfused).ok());
  const BuiltProblem built = *BuildClusterProblem(planning.module, planning.plan, planning.context);
  EXPECT_EQ(built.problem.items[ItemId(0)].memory, 128);
  EXPECT_EQ(built.problem.items[ItemId(1)].memory, 256);
}

TEST(BuildProblemTest, OneFlowPerValue) {
  Planning planning(SharedWeights());
  ASSERT_TRUE(planning.Run(kUnfused).ok());
  const BuiltProblem built = *BuildClusterProblem(planning.module, planning.plan, planning.context);
  ASSERT_EQ(built.problem.flows.size(), 4u);
  const PlacementProblem::Flow& soft = built.problem.flows[FlowId(1)];
  EXPECT_EQ(soft.from, ItemId(1));
  EXPECT_THAT(soft.to, ElementsAre(ItemId(2), ItemId(3)));
  EXPECT_EQ(soft.bytes, 256);
  EXPECT_EQ(planning.module.graph.value(built.values[FlowId(1)]).name, "Softmax_1_y");
}

TEST(BuildProblemTest, CopyingOccupiesDevicesThatCopyThemselves) {
  Target target = testing::SlowTarget(3);
  target.routes[DeviceId(0)][DeviceId(2)]->segments[0].latency = 4 * kPicosPerMicro;
  const auto build = [&](ir::Objective objective) {
    Planning planning(SharedWeights(), target);
    planning.context.objective = objective;
    EXPECT_TRUE(planning.Run(kUnfused).ok());
    return BuildClusterProblem(planning.module, planning.plan, planning.context)->problem;
  };
  EXPECT_TRUE(build(ir::Objective::kThroughput).flows[FlowId(1)].staging.empty());
  for (Device& device : target.devices) device.copies = true;
  // For one inference it makes no difference who moves the bytes.
  EXPECT_TRUE(build(ir::Objective::kLatency).flows[FlowId(1)].staging.empty());
  const PlacementProblem problem = build(ir::Objective::kThroughput);
  EXPECT_EQ(problem.communication, Communication::kBlocking);
  // Half of 2 us and 256 bytes at 200 MB/s, or of 4 us on the slower route.
  EXPECT_THAT(problem.flows[FlowId(1)].staging, ElementsAre(2'640'000, 1'640'000, 2'640'000));
  EXPECT_TRUE(Check(problem).ok()) << Check(problem);
  // Something that one device cannot reach leaves no common memory.
  target.routes[DeviceId(1)][DeviceId(2)].reset();
  EXPECT_TRUE(build(ir::Objective::kThroughput).flows[FlowId(1)].staging.empty());
}

// The plan's schedule tells when tensors travel, not when they are put down to be fetched.
TEST(BuildProblemTest, PlansWithCopiesHoldTogether) {
  Target target = testing::SlowTarget(2);
  for (Device& device : target.devices) {
    device.copies = true;
    device.part_cost = 0;
  }
  Planning planning(SharedWeights(), target);
  planning.context.objective = ir::Objective::kThroughput;
  ASSERT_TRUE(planning
                  .Run("infer-shapes,estimate-cost,coarsen{fuse=false},split-modularity,"
                       "place{replicas=false},refine,form-parts,schedule,explain")
                  .ok());
  ASSERT_TRUE(planning.plan.summary.has_value());
  std::set<DeviceId> used;
  for (const ir::Part& part : planning.plan.parts) used.insert(part.device);
  ASSERT_EQ(used.size(), 2u);
  EXPECT_FALSE(planning.plan.transfers.empty());
  for (const ir::Transfer& transfer : planning.plan.transfers) {
    EXPECT_NE(transfer.from, transfer.to);
  }
  EXPECT_LE(planning.plan.summary->lower_bound, planning.plan.summary->value);
}

TEST(BuildProblemTest, ItemsAddUpTheirKernels) {
  Planning planning(SharedWeights());
  ASSERT_TRUE(planning.Run(kUnfused).ok());
  const BuiltProblem fine = *BuildClusterProblem(planning.module, planning.plan, planning.context);
  IdVector<ir::NodeId, ItemId> all(planning.module.graph.node_id_bound(), ItemId(0));
  const absl::StatusOr<BuiltProblem> one =
      BuildProblem(planning.module, planning.plan, all, 1, planning.context);
  ASSERT_TRUE(one.ok()) << one.status();
  ASSERT_EQ(one->problem.items.size(), 1u);
  for (const DeviceId device : planning.target.devices.ids()) {
    Picos sum = 0;
    for (const PlacementProblem::Item& item : fine.problem.items) sum += *item.time[device];
    EXPECT_EQ(one->problem.items[ItemId(0)].time[device], sum);
  }
  EXPECT_EQ(one->problem.items[ItemId(0)].memory, 512);
  EXPECT_TRUE(one->problem.shared.empty());
  EXPECT_TRUE(one->problem.flows.empty());
  // Both operands of the Concat are live with what it reads from: two tensors at once at most.
  EXPECT_EQ(one->problem.items[ItemId(0)].workspace, 3 * 256);
}

TEST(KernelCostsTest, FusedTensorsAreNeitherReadNorWritten) {
  ModuleBuilder b;
  const ir::ValueId x = b.Input("x", F32({8, 8}));
  const ir::ValueId y = b.Op("MatMul", {x, b.Weight("w", {8, 8})}, F32({8, 8}));
  const ir::ValueId z = b.Op("Add", {y, x}, F32({8, 8}));
  Planning planning(std::move(b).Finish({z}));
  ASSERT_TRUE(planning.Run("infer-shapes,estimate-cost,coarsen").ok());
  const KernelCosts costs(planning.module.graph, planning.plan, *planning.context.cost_model,
                          planning.target);
  const std::vector<ir::NodeId> nodes = planning.module.graph.nodes();
  const std::vector<KernelNodes> kernels = costs.Kernels(nodes);
  ASSERT_EQ(kernels.size(), 1u);
  const OpFeatures fused = costs.Fuse(kernels[0]);
  const IdVector<ir::NodeId, OpFeatures>& features = planning.plan.features;
  EXPECT_EQ(fused.flops, features[nodes[0]].flops + features[nodes[1]].flops);
  EXPECT_EQ(fused.read, 256);  // x, once
  EXPECT_EQ(fused.written, 256);
  EXPECT_EQ(fused.weights, 256);
  EXPECT_EQ(fused.op_type, "MatMul");
  const OpFeatures alone = costs.Fuse({nodes[1]});
  EXPECT_EQ(alone.read, 512);
}

TEST(DeviceConstraintsTest, FirstPinDecidesAndForbidsAlwaysHold) {
  Planning planning(SharedWeights());
  planning.AddRule(Rule::Effect::kPin, "MatMul_0", "", "gpu0");
  planning.AddRule(Rule::Effect::kPin, "", "MatMul", "gpu1");
  planning.AddRule(Rule::Effect::kForbid, "Soft.*", "", "cpu0");
  planning.AddRule(Rule::Effect::kForbid, "Soft.*", "", "gpu0");
  ASSERT_TRUE(planning.Run(kUnfused).ok()) << planning.Run(kUnfused);
  const absl::StatusOr<DeviceConstraints> constraints =
      DeviceConstraints::Make(planning.module, planning.plan.features, planning.target);
  ASSERT_TRUE(constraints.ok()) << constraints.status();
  const std::vector<ir::NodeId> nodes = planning.module.graph.nodes();
  const DeviceId cpu0(0), gpu0(1), gpu1(2);
  EXPECT_EQ(constraints->OnlyDevice(nodes[0]), gpu0);
  EXPECT_EQ(constraints->OnlyDevice(nodes[2]), gpu1);
  EXPECT_EQ(constraints->OnlyDevice(nodes[1]), gpu1);
  EXPECT_FALSE(constraints->OnlyDevice(nodes[4]).valid());
  EXPECT_EQ(*constraints->WhyNot(nodes[0], gpu1), "pinned to gpu0 by rules[0]");
  EXPECT_EQ(*constraints->WhyNot(nodes[1], cpu0), "forbidden by rules[2]");
  EXPECT_EQ(constraints->WhyNot(nodes[1], gpu1), std::nullopt);
}

// Names of the nodes that may run on a device.
std::set<std::string> AllowedOn(const Planning& planning, const std::string& device) {
  const absl::StatusOr<DeviceConstraints> constraints =
      DeviceConstraints::Make(planning.module, planning.plan.features, planning.target);
  EXPECT_TRUE(constraints.ok()) << constraints.status();
  std::set<std::string> names;
  for (const ir::NodeId node : planning.module.graph.nodes()) {
    if (constraints->Allowed(node, testing::DeviceNamed(planning.target, device))) {
      names.insert(planning.plan.features[node].name);
    }
  }
  return names;
}

TEST(DeviceConstraintsTest, RulesByPosition) {
  const auto allowed = [](const std::string& before, const std::string& after,
                          const std::string& op_type) {
    Planning planning(SharedWeights());
    EXPECT_TRUE(planning.Run(kUnfused).ok());
    planning.AddRule(Rule::Effect::kForbid, "", op_type, "cpu0");
    planning.target.rules[0].before_regex = before;
    planning.target.rules[0].after_regex = after;
    return AllowedOn(planning, "cpu0");
  };
  EXPECT_THAT(allowed("Softmax_1", "", ""), ElementsAre("Concat_4", "MatMul_2", "MatMul_3"));
  EXPECT_THAT(allowed("", "Softmax_1", ""), ElementsAre("MatMul_0"));
  EXPECT_THAT(allowed("", "MatMul_2", ""), ElementsAre("MatMul_0", "MatMul_3", "Softmax_1"));
  EXPECT_THAT(allowed("Concat_4", "Softmax_1", "MatMul"),
              ElementsAre("Concat_4", "MatMul_0", "Softmax_1"));
  EXPECT_THAT(allowed("MatMul_[23]", "Soft.*", ""), ElementsAre("Concat_4", "MatMul_0"));
  EXPECT_THAT(allowed("nothing", "", ""),
              ElementsAre("Concat_4", "MatMul_0", "MatMul_2", "MatMul_3", "Softmax_1"));
}

TEST(DeviceConstraintsTest, WhatABodyUsesStandsBeforeIt) {
  ir::Module module;
  module.graph.name = "main";
  ir::Graph& graph = module.graph;
  const ir::ValueId x = graph.AddInput("x", F32({8, 8}));
  const auto relu = [](ir::Graph& in, const std::string& name, ir::ValueId operand) {
    ir::Node node;
    node.name = name;
    node.op_type = "Relu";
    node.operands = {operand};
    return in.node(in.AddNode(std::move(node), {{name, F32({8, 8})}})).results[0];
  };
  const ir::ValueId used = relu(graph, "used", x);
  relu(graph, "other", x);
  ir::Node owner;
  owner.name = "owner";
  owner.op_type = "Owner";
  owner.domain = "test";
  owner.captures = {used};
  owner.attributes["body"].value = ir::RegionIndex{0};
  ir::Graph& body = owner.regions.emplace_back();
  body.name = "body";
  body.SetOutputs({relu(body, "inner", body.AddCapture("used", F32({8, 8})))});
  graph.SetOutputs(
      {graph.node(graph.AddNode(std::move(owner), {{"owner", F32({8, 8})}})).results[0]});
  Planning planning(std::move(module));
  ASSERT_TRUE(planning.Run("estimate-cost").ok()) << planning.Run("estimate-cost");
  planning.AddRule(Rule::Effect::kForbid, "", "", "cpu0");
  planning.target.rules[0].before_regex = "owner";
  EXPECT_THAT(AllowedOn(planning, "cpu0"), ElementsAre("other"));
  planning.target.rules[0].before_regex.clear();
  planning.target.rules[0].after_regex = "used";
  EXPECT_THAT(AllowedOn(planning, "cpu0"), ElementsAre("other"));
}

TEST(DeviceConstraintsTest, WhatIsKeptTogetherSharesItsDevices) {
  Planning planning(SharedWeights());
  planning.AddRule(Rule::Effect::kTogether, "MatMul_[02]", "", "cpu0");
  planning.AddRule(Rule::Effect::kTogether, "MatMul_[23]", "", "cpu0");
  planning.AddRule(Rule::Effect::kPin, "MatMul_0", "", "gpu1");
  ASSERT_TRUE(planning.Run(kUnfused).ok()) << planning.Run(kUnfused);
  EXPECT_THAT(AllowedOn(planning, "gpu0"), ElementsAre("Concat_4", "Softmax_1"));
  const absl::StatusOr<DeviceConstraints> constraints =
      DeviceConstraints::Make(planning.module, planning.plan.features, planning.target);
  const std::vector<ir::NodeId> nodes = planning.module.graph.nodes();
  EXPECT_EQ(*constraints->WhyNot(nodes[3], DeviceId(1)),
            "has to be with 'MatMul_0' by rules[0]: pinned to gpu1 by rules[2]");
  EXPECT_TRUE(constraints->IsKeptTogether(nodes[3]));
  EXPECT_FALSE(constraints->IsKeptTogether(nodes[1]));
  EXPECT_THAT(constraints->BoundUnder({0}, {nodes[0]}), ElementsAre(nodes[0], nodes[2]));
  EXPECT_THAT(constraints->BoundUnder({0, 1}, {nodes[0]}),
              ElementsAre(nodes[0], nodes[2], nodes[3]));
  const BuiltProblem built = *BuildClusterProblem(planning.module, planning.plan, planning.context);
  EXPECT_THAT(JoinedGroups(built.problem),
              ElementsAre(ElementsAre(ItemId(0), ItemId(2), ItemId(3))));
}

// A cache that is read by one node and made by another one.
ir::Module WithState() {
  ModuleBuilder b;
  const ir::ValueId x = b.Input("x", F32({8, 8})), past = b.Input("past", F32({8, 8}));
  const ir::ValueId read = b.Op("Softmax", {past}, F32({8, 8}));
  const ir::ValueId first = b.Op("MatMul", {x, read}, F32({8, 8}));
  const ir::ValueId second = b.Op("MatMul", {first, x}, F32({8, 8}));
  ir::Module module = std::move(b).Finish({second, first});
  module.state = {{"past", module.graph.value(second).name}};
  return module;
}

TEST(DeviceConstraintsTest, WhatReadsAStateIsWithWhatMakesIt) {
  Planning planning(WithState());
  ASSERT_TRUE(planning.Run(kUnfused).ok()) << planning.Run(kUnfused);
  const BuiltProblem built = *BuildClusterProblem(planning.module, planning.plan, planning.context);
  EXPECT_THAT(JoinedGroups(built.problem), ElementsAre(ElementsAre(ItemId(0), ItemId(2))));
}

TEST(BuildProblemTest, AStateIsResidentWhereItIsKept) {
  Planning planning(WithState());
  ASSERT_TRUE(planning.Run(kUnfused).ok()) << planning.Run(kUnfused);
  const BuiltProblem built = *BuildClusterProblem(planning.module, planning.plan, planning.context);
  ASSERT_EQ(built.problem.shared.size(), 1u);
  EXPECT_EQ(built.problem.shared[0].bytes, 256);
  EXPECT_THAT(built.problem.shared[0].items, ElementsAre(ItemId(0), ItemId(2)));
}

TEST(DeviceConstraintsTest, AStateIsTornWhereRulesTearIt) {
  Planning planning(WithState());
  planning.AddRule(Rule::Effect::kPin, "Softmax_0", "", "gpu0");
  ASSERT_TRUE(planning.Run(kUnfused).ok()) << planning.Run(kUnfused);
  EXPECT_THAT(AllowedOn(planning, "gpu1"), ElementsAre("MatMul_1"));
  planning.AddRule(Rule::Effect::kPin, "MatMul_2", "", "gpu1");
  ASSERT_TRUE(planning.Run(kUnfused).ok()) << planning.Run(kUnfused);
  const absl::StatusOr<DeviceConstraints> constraints =
      DeviceConstraints::Make(planning.module, planning.plan.features, planning.target);
  ASSERT_EQ(constraints->torn_states().size(), 1u);
  EXPECT_EQ(constraints->torn_states()[0].first, "past");
  const BuiltProblem built = *BuildClusterProblem(planning.module, planning.plan, planning.context);
  EXPECT_TRUE(built.problem.together.empty());
}

// On graphs of any form, after every pass that merges nodes.
TEST(DeviceConstraintsTest, PlansKeepTogetherWhatRulesSay) {
  int kept = 0, several = 0;
  for (uint64_t seed = 1; seed <= 60; ++seed) {
    for (const ir::Objective objective : {ir::Objective::kLatency, ir::Objective::kThroughput}) {
      SCOPED_TRACE(::testing::Message() << "seed " << seed);
      Planning planning(testing::RandomModule({.seed = seed}), testing::SlowTarget(3));
      planning.context.objective = objective;
      planning.AddRule(Rule::Effect::kTogether, ".*[1357]", "", "d0");
      planning.AddRule(Rule::Effect::kForbid, ".*[09]", "", "d1");
      planning.AddRule(Rule::Effect::kForbid, ".*[05]", "", "d2");
      const absl::Status planned = planning.Run(
          "infer-shapes,estimate-cost,coarsen{max-items=6},split-modularity,place{work=20000},"
          "refine{work=20000},form-parts,schedule,explain");
      ASSERT_TRUE(planned.ok()) << planned;
      const absl::StatusOr<DeviceConstraints> constraints =
          DeviceConstraints::Make(planning.module, planning.plan.features, planning.target);
      ASSERT_TRUE(constraints.ok());
      std::set<DeviceId> devices, all;
      for (const ir::NodeId node : constraints->KeptTogether(0)) {
        devices.insert(planning.plan.parts[planning.plan.PartOf(node)].device);
      }
      for (const ir::Part& part : planning.plan.parts) all.insert(part.device);
      EXPECT_LE(devices.size(), 1u);
      // Where it could be instead, it could be as a whole.
      for (const std::string& reason : planning.plan.reasons) {
        EXPECT_THAT(reason, Not(HasSubstr("from or to its neighbours")));
      }
      kept += constraints->KeptTogether(0).size() > 1 ? 1 : 0;
      several += all.size() > 1 ? 1 : 0;
    }
  }
  EXPECT_GT(kept, 60);
  EXPECT_GT(several, 10);
}

TEST(BuildProblemTest, DevicesHaveSoManyPartsOnly) {
  Target target = testing::SlowTarget(2);
  target.devices[DeviceId(1)].max_parts = 3;
  Planning planning(SharedWeights(), target);
  ASSERT_TRUE(planning.Run(kUnfused).ok());
  const BuiltProblem built = *BuildClusterProblem(planning.module, planning.plan, planning.context);
  EXPECT_EQ(built.problem.devices[DeviceId(0)].max_parts, 0);
  EXPECT_EQ(built.problem.devices[DeviceId(1)].max_parts, 3);
}

TEST(DeviceConstraintsTest, InfeasibleNodesNameEveryReason) {
  Planning planning(SharedWeights());
  planning.target.devices[DeviceId(0)].unsupported_ops = {"Softmax"};
  planning.AddRule(Rule::Effect::kPin, "Softmax_1", "", "gpu0");
  planning.AddRule(Rule::Effect::kForbid, "", "Softmax", "gpu0");
  const absl::Status status = planning.Run("place-default");
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(
      std::string(status.message()),
      AllOf(HasSubstr("node 'Softmax_1' (Softmax) can run nowhere: "),
            HasSubstr("cpu0: pinned to gpu0 by rules[0]"), HasSubstr("gpu0: forbidden by rules[1]"),
            HasSubstr("gpu1: pinned to gpu0 by rules[0]")));
}

TEST(DeviceConstraintsTest, UnnamedNodesMatchByTheirSyntheticName) {
  ir::Module module = SharedWeights();
  for (const ir::NodeId node : module.graph.nodes()) module.graph.mutable_node_name(node).clear();
  Planning planning(std::move(module));
  ASSERT_TRUE(planning.Run("estimate-cost").ok());
  const std::string name = planning.plan.features[ir::NodeId(1)].name;
  EXPECT_THAT(name, HasSubstr("Softmax"));
  planning.AddRule(Rule::Effect::kPin, "Softmax.*", "", "gpu1");
  ASSERT_TRUE(planning.Run("place-default").ok());
  EXPECT_EQ(planning.plan.DeviceOf(ir::NodeId(1)), DeviceId(2));
}

TEST(DeviceConstraintsTest, StaticDevicesRefuseOpenShapes) {
  ModuleBuilder b;
  ir::Type open = F32({1, 8});
  open.shape->front() = ir::Dim::Symbol("batch");
  const ir::ValueId x = b.Input("x", open);
  const ir::ValueId y = b.Op("Relu", {x}, open);
  Planning planning(std::move(b).Finish({y}));
  for (const DeviceId device : {DeviceId(0), DeviceId(1)}) {
    planning.target.devices[device].dynamic_shapes = false;
  }
  planning.context.dims.symbols["batch"] = 4;  // for costs only
  ASSERT_TRUE(planning.Run("place-default").ok()) << planning.Run("place-default");
  EXPECT_EQ(planning.plan.DeviceOf(ir::NodeId(0)), DeviceId(2));
  EXPECT_THAT(planning.plan.reasons[ir::ClusterId(0)],
              AllOf(HasSubstr("only gpu1 can run it"), HasSubstr("gpu0 needs shapes")));
  planning.target.devices[DeviceId(2)].dynamic_shapes = false;
  EXPECT_THAT(std::string(planning.Run("place-default").message()), HasSubstr("can run nowhere"));
}

TEST(DeviceConstraintsTest, BodiesAndFunctionsCountWithTheirOperators) {
  {
    Planning planning(testing::NestedIf());
    planning.target.devices[DeviceId(1)].unsupported_ops = {"Relu", "Add", "Mul", "Sigmoid",
                                                            "Tanh", "Neg", "Abs"};
    ASSERT_TRUE(planning.Run("place-default").ok()) << planning.Run("place-default");
    const DeviceConstraints constraints =
        *DeviceConstraints::Make(planning.module, planning.plan.features, planning.target);
    const ir::NodeId node = planning.NodesOf("If")[0];
    ASSERT_TRUE(constraints.WhyNot(node, DeviceId(1)).has_value());
    EXPECT_THAT(*constraints.WhyNot(node, DeviceId(1)), HasSubstr("gpu0 does not support"));
  }
  {
    // A device need not list the function if it can run what is inside.
    Planning planning(testing::WithFunctions());
    std::vector<std::string>& supported = planning.target.devices[DeviceId(1)].supported_ops;
    supported = {"NoSuchOp"};
    ASSERT_TRUE(planning.Run("estimate-cost").ok());
    DeviceConstraints constraints =
        *DeviceConstraints::Make(planning.module, planning.plan.features, planning.target);
    ir::NodeId call;
    for (const ir::NodeId node : planning.module.graph.nodes()) {
      if (planning.module.graph.node(node).domain == "custom") call = node;
    }
    ASSERT_TRUE(call.valid());
    EXPECT_TRUE(constraints.WhyNot(call, DeviceId(1)).has_value());
    for (const ir::Function& function : planning.module.functions) {
      for (const ir::NodeId node : function.body.nodes()) {
        if (function.body.node(node).domain.empty()) {
          supported.push_back(function.body.node(node).op_type);
        }
      }
    }
    constraints =
        *DeviceConstraints::Make(planning.module, planning.plan.features, planning.target);
    EXPECT_EQ(constraints.WhyNot(call, DeviceId(1)), std::nullopt);
    supported = {"custom:*"};
    constraints =
        *DeviceConstraints::Make(planning.module, planning.plan.features, planning.target);
    EXPECT_EQ(constraints.WhyNot(call, DeviceId(1)), std::nullopt);
  }
}

TEST(DeviceConstraintsTest, BadPatternsAreErrors) {
  Planning planning(SharedWeights());
  planning.AddRule(Rule::Effect::kPin, "conv(", "", "gpu0");
  EXPECT_THAT(std::string(planning.Run("place-default").message()),
              AllOf(HasSubstr("rules[0]"), HasSubstr("conv(")));
}

TEST(MemoryTest, ModelsAreSplitWhereTheyFit) {
  Planning planning(SharedWeights(), testing::SlowTarget(3));
  ASSERT_TRUE(planning
                  .Run("infer-shapes,estimate-cost,coarsen,place{solver=single-device "
                       "baselines=false},form-parts,schedule")
                  .ok());
  Bytes needed = 0;
  for (const ir::DeviceUse& use : planning.plan.summary->devices) {
    needed = std::max(needed, use.peak);
  }
  EXPECT_GE(needed, 512 + 256);
  // One byte too few for everything on one device.
  for (Device& device : planning.target.devices) device.memory = needed - 1;
  ASSERT_TRUE(planning.Run("place-default").ok()) << planning.Run("place-default");
  const ir::Summary& summary = *planning.plan.summary;
  EXPECT_GE(planning.plan.parts.size(), 2u);
  for (const ir::Baseline& baseline : summary.baselines) {
    if (!absl::StartsWith(baseline.name, "single:")) continue;
    EXPECT_EQ(baseline.value, std::nullopt) << baseline.name;
  }
  for (const DeviceId device : planning.target.devices.ids()) {
    EXPECT_LT(summary.devices[device].peak, needed);
  }
}

TEST(MemoryTest, ModelsThatFitNowhereSayWhatTheyNeed) {
  Planning planning(SharedWeights(), testing::SlowTarget(2));
  for (Device& device : planning.target.devices) device.memory = 100;
  const absl::Status status = planning.Run("place-default");
  EXPECT_EQ(status.code(), absl::StatusCode::kResourceExhausted);
  EXPECT_THAT(std::string(status.message()),
              AllOf(HasSubstr("pass 'place': the model fits nowhere: its weights take 512 bytes"),
                    HasSubstr("d0 has 100 bytes"), HasSubstr("d1 has 100 bytes")));
}

TEST(MemoryTest, TensorsCountInWhatAPieceNeeds) {
  Planning planning(SharedWeights(), testing::SlowTarget(2));
  for (Device& device : planning.target.devices) device.memory = 600;
  EXPECT_THAT(std::string(planning.Run("place-default").message()), HasSubstr("which are tensors"));
}

TEST(ExplainTest, ReasonsFollowTheRules) {
  Planning planning(SharedWeights());
  planning.AddRule(Rule::Effect::kPin, "MatMul_0", "", "gpu0");
  planning.target.devices[DeviceId(1)].unsupported_ops = {"Softmax"};
  planning.target.devices[DeviceId(2)].unsupported_ops = {"Softmax"};
  ASSERT_TRUE(planning
                  .Run("infer-shapes,estimate-cost,coarsen{fuse=false},place,refine,form-parts,"
                       "schedule,explain")
                  .ok());
  const auto reason = [&](int node) {
    return planning.plan.reasons[planning.plan.cluster_of[ir::NodeId(node)]];
  };
  EXPECT_EQ(reason(0), "pinned by rules[0]");
  EXPECT_EQ(reason(1),
            "only cpu0 can run it: gpu0 does not support Softmax; gpu1 does not support Softmax");
  EXPECT_THAT(reason(3), AllOf(HasSubstr("objective: on "), HasSubstr(" the latency")));
}

TEST(ExplainTest, UncuttableValuesAreNamed) {
  ModuleBuilder b;
  const ir::ValueId x = b.Input("x", F32({8, 8}));
  const ir::ValueId sequence = b.Op("SequenceConstruct", {x, x}, ir::Type::Sequence(F32({8, 8})));
  const ir::ValueId y =
      b.Op("ConcatFromSequence", {sequence}, F32({16, 8}), {{"axis", testing::Attr(int64_t{0})}});
  Planning planning(std::move(b).Finish({y}));
  ASSERT_TRUE(planning.Run("place-default").ok()) << planning.Run("place-default");
  EXPECT_THAT(
      planning.plan.reasons[ir::ClusterId(0)],
      HasSubstr("uncuttable: 'SequenceConstruct_0_y' is a sequence, so it cannot cross from "
                "'SequenceConstruct_0' to 'ConcatFromSequence_1' between files"));
}

TEST(ExplainTest, FullMemoriesAreNamed) {
  Planning planning(SharedWeights(), testing::SlowTarget(2));
  ASSERT_TRUE(planning.Run("place-default").ok());
  // d1 is faster; all but nothing of its memory goes.
  planning.target.devices[DeviceId(1)].memory = 100;
  ASSERT_TRUE(planning.Run("place-default").ok()) << planning.Run("place-default");
  EXPECT_THAT(planning.plan.reasons[ir::ClusterId(0)],
              HasSubstr("memory: d1 has no memory left for it"));
}

TEST(EstimateCostTest, NotesWhatWasAssumedOnce) {
  ModuleBuilder b;
  ir::Type open = F32({1, 8});
  open.shape->front() = ir::Dim::Symbol("batch");
  const ir::ValueId x = b.Input("x", open);
  const ir::ValueId y = b.Op("Relu", {b.Op("Sigmoid", {x}, open)}, open);
  Planning planning(std::move(b).Finish({y}));
  ASSERT_TRUE(planning.Run("estimate-cost").ok());
  ASSERT_EQ(planning.diagnostics.all().size(), 1u);
  EXPECT_EQ(planning.diagnostics.all()[0].severity, Severity::kNote);
  EXPECT_EQ(planning.diagnostics.all()[0].message, "costs assume batch=1; set sizes with --dim");
  EXPECT_EQ(planning.plan.value_bytes[y], 32);
  planning.context.dims.symbols["batch"] = 5;
  ASSERT_TRUE(planning.Run("estimate-cost").ok());
  EXPECT_EQ(planning.diagnostics.all().size(), 1u);
  EXPECT_EQ(planning.plan.value_bytes[y], 160);
}

}  // namespace
}  // namespace allot
