// What names each operation's device for OpenVINO and onnx-mlir, read as those programs read it.
#include <regex>
#include <sstream>

#include "gmock/gmock.h"

#include "tests/unit/lowering/emit_case.h"

namespace allot {
namespace {

using ::testing::HasSubstr;

std::string Error(const Case& model, const std::string& emitter) {
  return std::string(EmitFiles(BuiltinEmitters(), {emitter}, model.Input()).status().message());
}

std::string OpenVinoFile(const Case& model, const std::string& name) {
  return Text(model.Emit({"openvino"}), "openvino/" + name);
}

// As the samples apply it to an operation: "" if there is no one device to fall back on.
std::string Affinity(const Case& model, const std::string& operation) {
  const Json affinities = Parsed(OpenVinoFile(model, "affinities.json"));
  const std::string list = OpenVinoFile(model, "device");
  EXPECT_EQ(list.substr(0, 7), "HETERO:");
  std::set<std::string> unnamed;
  std::stringstream devices(list.substr(7, list.size() - 8));
  for (std::string device; std::getline(devices, device, ',');) {
    EXPECT_TRUE(unnamed.insert(device).second) << list;
  }
  const std::set<std::string> listed = unnamed;
  for (const auto& [name, device] : *affinities.If<Json::Object>()) {
    EXPECT_EQ(listed.count(*device.If<std::string>()), 1u) << name;
    unnamed.erase(*device.If<std::string>());
  }
  if (const Json* device = affinities.Find(operation)) return *device->If<std::string>();
  return unnamed.size() == 1 ? *unnamed.begin() : "";
}

TEST(OpenVinoTest, NamesDevicesByOperation) {
  Case model(ZooText(kChain), AFirst);
  EXPECT_EQ(OpenVinoFile(model, "device"), "HETERO:GPU.0,CPU\n");
  EXPECT_EQ(Affinity(model, "a"), "CPU");
  EXPECT_EQ(Affinity(model, "b"), "GPU.0");
  EXPECT_EQ(Affinity(model, "a constant"), "CPU");
  model.target.devices[DeviceId(0)].runtime = {.provider = "qnn"};
  model.target.devices[DeviceId(1)].runtime = {.provider = "cuda", .ordinal = 2};
  EXPECT_EQ(Affinity(model, "a"), "NPU");
  EXPECT_EQ(Affinity(model, "b"), "GPU.2");
  const Case one(ZooText(kChain), [](const ir::Node&) { return 1; });
  EXPECT_EQ(OpenVinoFile(one, "device"), "HETERO:GPU.0,CPU\n");
  EXPECT_EQ(Affinity(one, "a"), "GPU.0");
}

// What does not run on the fallback, and everything, by which pieces of operators are told apart.
TEST(OpenVinoTest, NamesEveryOperationToo) {
  const Case model(ZooText(kChain), AFirst);
  EXPECT_EQ(Parsed(OpenVinoFile(model, "operations.json")),
            Json(Json::Object{{"a", "CPU"}, {"b", "GPU.0"}}));
  EXPECT_EQ(Parsed(OpenVinoFile(model, "affinities.json")), Json(Json::Object{{"b", "GPU.0"}}));
}

// A node that travels is there once: with the first that uses it.
TEST(OpenVinoTest, NodesThatTravelAreWithTheirFirstUser) {
  const Case model(ModelText(Input("x") + Output("z") + Typed("u") + Typed("y") + Weight("w") +
                             Op("Cos", "c", {"w"}, {"k"}) + Op("Add", "a", {"x", "x"}, {"u"}) +
                             Op("Mul", "b", {"u", "k"}, {"y"}) + Op("Sub", "d", {"y", "k"}, {"z"})),
                   [](const ir::Node& node) { return node.name == "c" ? -1 : node.name != "a"; });
  EXPECT_EQ(Affinity(model, "a"), "CPU");
  EXPECT_EQ(Affinity(model, "c"), "GPU.0");
  const Json document = Parsed(Text(model.Emit({"plan"}), "plan.json"));
  ASSERT_EQ(List(document, "travel_with_users").size(), 1u);
  EXPECT_EQ(At(List(document, "travel_with_users")[0], "name"), Json("c"));
}

// Operations without a name go by their result, results of several by both.
TEST(OpenVinoTest, KnowsTheReadersNames) {
  const Case model(
      ModelText(Input("x") + Output("z") + Output("w") + Typed("y") +
                Op("Relu", "a", {"x"}, {"y"}) + Op("Tanh", "", {"y"}, {"z"}) +
                Op("Split", "s", {"y"}, {"u", "v"}) + Op("Add", "", {"u", "v"}, {"w"})),
      AFirst);
  for (const char* operation : {"z", "s", "s_u", "s_v", "w"}) {
    EXPECT_EQ(Affinity(model, operation), "GPU.0") << operation;
  }
  EXPECT_EQ(Affinity(model, "a"), "CPU");
}

TEST(OpenVinoTest, RefusesWhatItCannotSay) {
  Case model(ZooText(kChain), AFirst);
  model.target.devices[DeviceId(1)].runtime = {.provider = "tidl"};
  EXPECT_THAT(Error(model, "openvino"), HasSubstr("has no counterpart in OpenVINO"));
  const Case twins(ModelText(Input("x") + Output("z") + Typed("y") + Op("Relu", "b", {"x"}, {"y"}) +
                             Op("Tanh", "b", {"y"}, {"z"})),
                   [](const ir::Node& node) { return node.op_type == "Relu" ? 0 : 1; });
  EXPECT_THAT(Error(twins, "openvino"), HasSubstr("two nodes are called 'b'"));
}

struct Placement {
  std::string older, newer;  // "" if no rule matches: the compiler decides
};

// As the compilers apply their lists: the first rule whose patterns match type and name whole. The
// newer ones match a name only if the operator has one, and any operator if the rule has none.
Placement PlacementOf(const Case& model, const std::string& type, const std::string& name) {
  const Json file = Parsed(Text(model.Emit({"onnx-mlir"}), "model.onnx-mlir.json"));
  const auto matches = [](const Json& pattern, const std::string& text) {
    return std::regex_match(text, std::regex(*pattern.If<std::string>()));
  };
  Placement placement;
  for (const Json& rule : List(file, "device_placement")) {
    if (!matches(At(rule, "node_type"), type) || !matches(At(rule, "onnx_node_name"), name))
      continue;
    placement.older = *At(rule, "device").If<std::string>();
    break;
  }
  for (const Json& rule : List(file, "nnpa_ops_config")) {
    const Json& pattern = At(rule, "pattern");
    const Json& match = At(pattern, "match");
    if (!matches(At(match, "node_type"), type)) continue;
    const Json* name_pattern = match.Find("onnx_node_name");
    if (name_pattern != nullptr && (name.empty() || !matches(*name_pattern, name))) continue;
    placement.newer = *At(At(pattern, "rewrite"), "device").If<std::string>();
    break;
  }
  return placement;
}

void ExpectPlaced(const Case& model, const std::string& type, const std::string& name,
                  const std::string& device) {
  const Placement placement = PlacementOf(model, type, name);
  EXPECT_EQ(placement.older, device) << type << " " << name;
  EXPECT_EQ(placement.newer, device) << type << " " << name;
}

void MakeNnpa(Case& model) {
  model.target.devices[DeviceId(1)].kind = "npu";
  model.target.devices[DeviceId(1)].runtime = {.provider = "nnpa"};
}

TEST(OnnxMlirTest, PlacesByTypeAndName) {
  Case model(ModelText(Input("x") + Output("z") + Output("w") + Output("v") + Typed("y") +
                       Op("Relu", "a", {"x"}, {"y"}) + Op("Relu", "a.*(1|2)[x]", {"y"}, {"z"}) +
                       Op("Relu", "", {"y"}, {"w"}) + Op("Tanh", "a", {"y"}, {"v"})),
             [](const ir::Node& node) { return node.name == "a" ? 0 : 1; });
  MakeNnpa(model);
  ExpectPlaced(model, "onnx.Relu", "a", "cpu");
  ExpectPlaced(model, "onnx.Relu", "a.*(1|2)[x]", "nnpa");
  ExpectPlaced(model, "onnx.Relu", "", "nnpa");
  ExpectPlaced(model, "onnx.Tanh", "a", "cpu");
  ExpectPlaced(model, "onnx.Tanh", "", "");
  ExpectPlaced(model, "onnx_Tanh", "a", "");
}

TEST(OnnxMlirTest, BodiesFollowTheirNode) {
  Case model(ZooText("captures"), AFirst);
  MakeNnpa(model);
  ExpectPlaced(model, "onnx.If", "b", "nnpa");
  ExpectPlaced(model, "onnx.Tanh", "in_else", "nnpa");
  ExpectPlaced(model, "onnx.Relu", "a", "cpu");
}

TEST(OnnxMlirTest, RefusesWhatItCannotSay) {
  EXPECT_THAT(Error(Case(ZooText(kChain), AFirst), "onnx-mlir"),
              HasSubstr("onnx-mlir places on cpu and nnpa only"));
  Case unnamed(ModelText(Input("x") + Output("z") + Typed("y") + Op("Relu", "", {"x"}, {"y"}) +
                         Op("Relu", "", {"y"}, {"z"})),
               [](const ir::Node& node) { return node.location.index == 0 ? 0 : 1; });
  MakeNnpa(unnamed);
  EXPECT_THAT(Error(unnamed, "onnx-mlir"),
              HasSubstr("nodes 'Relu#0' and 'Relu#1' are on cpu and nnpa"));
}

}  // namespace
}  // namespace allot
