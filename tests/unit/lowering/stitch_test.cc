// Pieces put together again are the graph they were cut from.
#include <algorithm>
#include <map>
#include <set>

#include "onnx/checker.h"

#include "ir/travel.h"
#include "lowering/to_onnx.h"
#include "support/random.h"
#include "tests/unit/lowering/lowering_fixture.h"
#include "tests/unit/lowering/model_zoo.h"

namespace allot {
namespace {

// All nodes of the pieces, copies once, in the original's order, joined by value names. Only order
// and the lists of inputs and outputs are the original's.
ir::Graph Stitch(const Bundle& bundle, const ir::Graph& original) {
  struct Origin {
    const ir::Graph* graph;
    ir::NodeId node;
  };
  std::map<std::string, Origin> makers;  // by first result's name
  std::map<std::string, std::pair<const ir::Graph*, ir::ValueId>> constants;
  for (const Piece& piece : bundle.pieces) {
    for (ir::NodeId id : piece.graph.nodes()) {
      const ir::Node& node = piece.graph.node(id);
      makers[piece.graph.value(node.results[0]).name] = {&piece.graph, id};
    }
    for (ir::ValueId id : piece.graph.inputs()) {
      if (piece.graph.value(id).constant.valid()) {
        constants[piece.graph.value(id).name] = {&piece.graph, id};
      }
    }
    for (ir::ValueId id : piece.graph.initializers()) {
      constants[piece.graph.value(id).name] = {&piece.graph, id};
    }
  }
  ir::Graph graph;
  graph.name = original.name;
  graph.doc = original.doc;
  graph.unknown_fields = original.unknown_fields;
  graph.quantization_annotations = original.quantization_annotations;
  std::map<std::string, ir::ValueId> here;
  const auto carry = [&](const ir::Value& from, ir::ValueId to) {
    graph.mutable_value(to).doc = from.doc;
    graph.mutable_value(to).declared = from.declared;
    graph.mutable_value(to).unknown_fields = from.unknown_fields;
    here[from.name] = to;
  };
  for (ir::ValueId id : original.inputs()) {
    const ir::Value& value = original.value(id);
    ir::ConstantId constant;
    if (value.constant.valid()) {
      const auto& [piece, in_piece] = constants.at(value.name);
      constant = piece->value(in_piece).constant;
    }
    carry(value, graph.AddInput(value.name, value.type, constant));
  }
  for (ir::ValueId id : original.initializers()) {
    const auto found = constants.find(original.value(id).name);
    if (found == constants.end()) continue;
    const ir::Value& value = found->second.first->value(found->second.second);
    carry(value, graph.AddInitializer(value.name, value.type, value.constant));
  }
  for (ir::NodeId id : original.nodes()) {
    const auto maker = makers.find(original.value(original.node(id).results[0]).name);
    if (maker == makers.end()) continue;
    const ir::Graph& piece = *maker->second.graph;
    ir::Node node = piece.node(maker->second.node);
    for (std::vector<ir::ValueId>* uses : {&node.operands, &node.captures}) {
      for (ir::ValueId& use : *uses) {
        if (use.valid()) use = here.at(piece.value(use).name);
      }
    }
    const std::vector<ir::ValueId> results = node.results;
    const ir::NodeId added = graph.AddNode(std::move(node), {});
    for (ir::ValueId result : results) {
      const ir::Value& value = piece.value(result);
      carry(value, graph.AddResult(added, {value.name, value.type}));
    }
  }
  std::vector<ir::ValueId> outputs;
  for (const std::string& name : bundle.outputs) outputs.push_back(here.at(name));
  graph.SetOutputs(std::move(outputs));
  return graph;
}

// What nobody uses may be in no piece.
void DropUnused(ir::Graph& graph) {
  const std::vector<ir::NodeId> nodes = graph.nodes();
  for (auto id = nodes.rbegin(); id != nodes.rend(); ++id) {
    const std::vector<ir::ValueId>& results = graph.node(*id).results;
    if (std::all_of(results.begin(), results.end(), [&](ir::ValueId result) {
          return graph.users(result).empty() && !graph.IsOutput(result);
        })) {
      graph.Erase(*id);
    }
  }
  ASSERT_TRUE(graph.Compact());
}

class StitchTest : public ::testing::TestWithParam<ZooModel> {};

TEST_P(StitchTest, GivesTheOriginalBack) {
  const ScratchFolder folder;
  ir::Module module = ImportText(GetParam().text, folder);
  DropUnused(module.graph);
  int next = 0;
  const ir::Plan plan = MakePlan(module, [&](const ir::Node& node) {
    // Sequences must not be cut.
    return node.op_type == "SequenceAt" ? next - 1 : next++;
  });
  const absl::StatusOr<Bundle> bundle = Extract(module, TwoDevices(), plan);
  if (!bundle.ok()) {
    // Some of the models state no type for a tensor inside: one part then.
    const absl::StatusOr<Bundle> whole =
        Extract(module, TwoDevices(), MakePlan(module, [](const ir::Node&) { return 0; }));
    ASSERT_TRUE(whole.ok()) << whole.status();
    EXPECT_TRUE(
        ir::Equal(Stitch(*whole, module.graph), module.graph, module.constants, module.constants));
    return;
  }
  EXPECT_TRUE(
      ir::Equal(Stitch(*bundle, module.graph), module.graph, module.constants, module.constants));
}

TEST_P(StitchTest, OnePartIsTheModel) {
  const ScratchFolder folder, again;
  ir::Module module = ImportText(GetParam().text, folder);
  DropUnused(module.graph);
  const absl::StatusOr<Bundle> bundle =
      Extract(module, TwoDevices(), MakePlan(module, [](const ir::Node&) { return 0; }));
  ASSERT_TRUE(bundle.ok()) << bundle.status();
  ASSERT_EQ(bundle->pieces.size(), 1u);
  OnnxWriteOptions options;
  options.part = true;
  const absl::StatusOr<std::vector<FileChunk>> chunks =
      ToOnnx(module, bundle->pieces[0].graph, options);
  ASSERT_TRUE(chunks.ok()) << chunks.status();
  const ir::Module part = ImportBytes(Contents(*chunks), again);
  EXPECT_EQ(part.graph.num_nodes(), module.graph.num_nodes());
  if (!GetParam().checkable) return;
  onnx::ModelProto proto;
  ASSERT_TRUE(proto.ParseFromString(Contents(*chunks)));
  EXPECT_NO_THROW(onnx::checker::check_model(proto));
}

INSTANTIATE_TEST_SUITE_P(Zoo, StitchTest, ::testing::ValuesIn(Zoo()),
                         [](const auto& model) { return model.param.name; });

// Layers of random operators: every tensor typed, weights shared, constants sprinkled in.
std::string RandomModel(Random& random, int num_nodes) {
  std::string text = Input("x") + Weight("w0") + Weight("w1", 3, 4);
  std::vector<std::string> values = {"x", "w0", "w1"};
  std::set<std::string> outputs;
  for (int i = 0; i < num_nodes; ++i) {
    const std::string result = "v" + std::to_string(i);
    const auto pick = [&] {
      return values[static_cast<size_t>(random.Below(static_cast<int64_t>(values.size())))];
    };
    if (random.Below(6) == 0) {
      text += ConstantOp(result, static_cast<float>(i));
    } else {
      text += Op("Add", "n" + std::to_string(i), {pick(), pick()}, {result});
    }
    values.push_back(result);
    if (random.Below(5) == 0 || i + 1 == num_nodes) {
      text += Output(result);
    } else {
      text += Typed(result);
    }
  }
  return ModelText(text);
}

TEST(StitchRandomTest, GivesTheOriginalBack) {
  Random random(7);
  for (int round = 0; round < 60; ++round) {
    const ScratchFolder folder;
    ir::Module module = ImportText(RandomModel(random, 5 + round), folder);
    DropUnused(module.graph);
    // Intervals of the order: always acyclic.
    const int parts = static_cast<int>(random.Between(1, 6));
    const auto num_nodes = static_cast<int>(module.graph.num_nodes());
    int seen = 0;
    // In every other round most of what may travel does.
    IdVector<ir::NodeId, bool> travels(module.graph.node_id_bound(), false);
    std::set<std::string> travelling;
    for (ir::NodeId id : module.graph.nodes()) {
      const bool is_constant = module.graph.node(id).Is("Constant");
      travels[id] = (is_constant || (round % 2 == 0 && random.Below(4) > 0)) &&
                    ir::MayTravel(module.graph, id, travels);
      if (travels[id]) travelling.insert(module.graph.node(id).name);
    }
    const ir::Plan plan = MakePlan(module, [&](const ir::Node& node) {
      const int part = std::min(parts - 1, seen++ * parts / num_nodes);
      return travelling.count(node.name) > 0 ? -1 : part;
    });
    const absl::StatusOr<Bundle> bundle = Extract(module, TwoDevices(), plan);
    ASSERT_TRUE(bundle.ok()) << bundle.status();
    ASSERT_TRUE(
        ir::Equal(Stitch(*bundle, module.graph), module.graph, module.constants, module.constants))
        << "round " << round;
    for (const Piece& piece : bundle->pieces) {
      OnnxWriteOptions options;
      options.part = true;
      onnx::ModelProto proto;
      ASSERT_TRUE(proto.ParseFromString(Contents(*ToOnnx(module, piece.graph, options))));
      ASSERT_NO_THROW(onnx::checker::check_model(proto));
    }
  }
}

}  // namespace
}  // namespace allot
