// What is written for engines that are given layers.
#include <string>

#include "gmock/gmock.h"

#include "tests/unit/lowering/emit_case.h"

namespace allot {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

// Four layers of three operators.
std::string Layered() {
  std::string text = Input("x") + Output("z");
  std::string before = "x";
  for (int i = 0; i < 4; ++i) {
    const std::string layer = "layer" + std::to_string(i);
    for (const char* op : {"Relu", "Exp", "Tanh"}) {
      const std::string after = i == 3 && std::string(op) == "Tanh" ? "z" : layer + op;
      text += Typed(after) + Op(op, layer + "/" + op, {before}, {after});
      before = after;
    }
  }
  return ModelText(text);
}

Case Placed(const std::string& last_of_first) {
  bool first = true;
  return Case(Layered(), [first, last_of_first](const ir::Node& node) mutable {
    const int part = first ? 0 : 1;
    if (node.name == last_of_first) first = false;
    return part;
  });
}

TEST(LayersTest, SaysWhichLayersRunWhere) {
  Case model = Placed("layer2/Tanh");
  model.target.devices[DeviceId(1)].runtime = {"cuda", 3, 0, ""};
  const std::vector<OutputFile> files = model.Emit({"layers"});
  EXPECT_THAT(NamesOf(files), ElementsAre("layers.json"));
  const Json json = Parsed(Text(files, "layers.json"));
  EXPECT_EQ(At(json, "layers"), Json(4));
  EXPECT_TRUE(List(json, "cut").empty());
  EXPECT_EQ(PrintJsonCompact(At(json, "stages")),
            R"([{"device": "cpu0", "first": 0, "layers": 3}, )"
            R"({"device": "gpu0", "first": 3, "layers": 1}])");
  EXPECT_EQ(PrintJsonCompact(At(json, "vllm")),
            R"({"pipeline_parallel_size": 2, "environment": {"VLLM_PP_LAYER_PARTITION": "3,1"}})");
  EXPECT_EQ(PrintJsonCompact(At(json, "llama_cpp")),
            R"({"arguments": ["-ngl", "999", "-ot", "blk\\.(0|1|2)\\.=CPU"]})");
  const Json& map = At(At(json, "accelerate"), "device_map");
  EXPECT_EQ(At(map, "model.embed_tokens"), Json("cpu"));
  EXPECT_EQ(At(map, "model.layers.2"), Json("cpu"));
  EXPECT_EQ(At(map, "model.layers.3"), Json(3));
  EXPECT_EQ(At(map, "lm_head"), Json(3));
}

TEST(LayersTest, ALayerThatIsCutGoesWhereMostOfItIs) {
  const Case model = Placed("layer1/Relu");
  const Json json = Parsed(Text(model.Emit({"layers"}), "layers.json"));
  EXPECT_EQ(At(json, "cut"), Json(Json::Array{1}));
  EXPECT_THAT(PrintJsonCompact(At(json, "stages")), HasSubstr(R"("first": 1, "layers": 3)"));
}

TEST(LayersTest, SaysWhatHasNoLayers) {
  const Case model(ZooText(kChain), AFirst);
  EXPECT_THAT(
      std::string(EmitFiles(BuiltinEmitters(), {"layers"}, model.Input()).status().message()),
      HasSubstr("no layers are found"));
}

}  // namespace
}  // namespace allot
