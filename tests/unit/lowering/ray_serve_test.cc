// What is written for Ray Serve. That it runs is tested with Ray itself, in tests/hosts/.
#include <string>
#include <vector>

#include "gmock/gmock.h"

#include "tests/unit/lowering/emit_case.h"

namespace allot {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

std::string ErrorOf(const Case& model, const std::string& options = "") {
  return std::string(
      EmitFiles(BuiltinEmitters(), {"ray-serve" + options}, model.Input()).status().message());
}

// The literal in the program, which is JSON too.
Json PlanOf(const Case& model) {
  const std::string program = Text(model.Emit({"ray-serve"}), "ray_serve.py");
  const size_t start = program.find("\nPLAN = ") + 8;
  return Parsed(program.substr(start, program.find("\n\nimport ", start) - start));
}

TEST(RayServeTest, WritesAProgramAndItsConfiguration) {
  const Case model(ZooText(kChain), AFirst);
  const std::vector<OutputFile> files = model.Emit({"ray-serve{port=8123}"});
  EXPECT_THAT(NamesOf(files), ElementsAre("ray_serve.py", "ray_serve.yaml"));
  EXPECT_THAT(Text(files, "ray_serve.py"), HasSubstr("\ndef app(args):\n"));
  EXPECT_THAT(Text(files, "ray_serve.yaml"), HasSubstr("\n  host: 127.0.0.1\n  port: 8123\n"));
  EXPECT_THAT(Text(files, "ray_serve.yaml"), HasSubstr("- name: \"model\"\n"));

  const Json plan = PlanOf(model);
  ASSERT_EQ(List(plan, "devices").size(), 2u);
  EXPECT_EQ(List(plan, "devices")[0], Json(Json::Object{{"name", "cpu0"},
                                                        {"kind", "cpu"},
                                                        {"provider", "cpu"},
                                                        {"ordinal", 0},
                                                        {"threads", 2},
                                                        {"cores", Json::Array{0, 1}}}));
  ASSERT_EQ(List(plan, "lanes").size(), 1u);
  EXPECT_EQ(At(List(plan, "lanes")[0], "share"), Json(1));
  const Json::Array& parts = List(List(plan, "lanes")[0], "parts");
  ASSERT_EQ(parts.size(), 2u);
  EXPECT_EQ(At(parts[1], "device"), Json("gpu0"));
  EXPECT_EQ(At(parts[1], "inputs"), At(parts[0], "outputs"));
  EXPECT_EQ(At(At(At(plan, "signature"), "x"), "dtype"), Json("float32"));
}

TEST(RayServeTest, SaysHowRayIsStartedWhere) {
  Case model(ZooText(kChain), AFirst);
  EXPECT_THAT(Text(model.Emit({"ray-serve"}), "ray_serve.py"),
              HasSubstr("    ray start --head --disable-usage-stats "
                        "--resources='{\"cpu0\": 1, \"gpu0\": 1}'\n"));
  model.target.devices[DeviceId(0)].host = "near";
  model.target.devices[DeviceId(1)].host = "far";
  EXPECT_THAT(Text(model.Emit({"ray-serve"}), "ray_serve.py"),
              HasSubstr("    # on near\n"
                        "    ray start --head --disable-usage-stats --resources='{\"cpu0\": 1}'\n"
                        "    # on far\n"
                        "    ray start --address=near:6379 --disable-usage-stats "
                        "--resources='{\"gpu0\": 1}'\n"));
}

// What no part uses need not be known to ONNX Runtime.
TEST(RayServeTest, KnowsTheDevicesThatAreUsed) {
  Case model(ZooText(kChain), AllInOne);
  model.target.devices[DeviceId(1)].runtime.provider = "loom";
  EXPECT_EQ(List(PlanOf(model), "devices").size(), 1u);
}

TEST(RayServeTest, RefusesWhatCouldNotRun) {
  Case model(ZooText(kChain), AFirst);
  EXPECT_EQ(ErrorOf(model, "{port=0}"),
            "emitter 'ray-serve': port=0: expected a number from 1 to 65535");
  model.target.devices[DeviceId(1)].runtime.provider = "loom";
  EXPECT_THAT(ErrorOf(model), HasSubstr("device 'gpu0' runs by provider 'loom', and parts run by"));
  model.target.devices[DeviceId(1)].runtime.provider = "";
  EXPECT_EQ(ErrorOf(model), "");
  model.target.devices[DeviceId(1)].name = "GPU";
  EXPECT_EQ(ErrorOf(model),
            "emitter 'ray-serve': device 'GPU' is called like a resource of Ray's own; rename it");
}

TEST(RayServeTest, RefusesTypesWithoutNumbers) {
  const Case model(ModelText("input { name: 'x' type { tensor_type { elem_type: 16 shape { dim { "
                             "dim_value: 2 } } } } } output { name: 'z' type { tensor_type { "
                             "elem_type: 16 shape { dim { dim_value: 2 } } } } } " +
                             Op("Identity", "a", {"x"}, {"z"})),
                   AllInOne);
  EXPECT_EQ(ErrorOf(model),
            "emitter 'ray-serve': tensor 'z' is bfloat16, which NumPy has no type for: let the "
            "model convert it");
}

}  // namespace
}  // namespace allot
