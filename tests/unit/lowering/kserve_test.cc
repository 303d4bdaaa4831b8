// What is written for KServe. That it runs is tested in tests/hosts/.
#include <string>

#include "gmock/gmock.h"

#include "tests/unit/lowering/emit_case.h"

namespace allot {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr char kKserve[] = "kserve{image=reg/ort:1 storage=pvc://m/net}";

std::string ErrorOf(const Case& model, const std::string& choice = kKserve) {
  return std::string(EmitFiles(BuiltinEmitters(), {choice}, model.Input()).status().message());
}

TEST(KserveTest, WritesServicesAndAGraph) {
  Case model(ZooText(kChain), AFirst);
  model.target.devices[DeviceId(1)].host = "far";
  const std::vector<OutputFile> files = model.Emit({kKserve});
  EXPECT_THAT(NamesOf(files), ElementsAre("kserve/kserve.yaml", "kserve/part_server.py"));
  const std::string yaml = Text(files, "kserve/kserve.yaml");
  EXPECT_THAT(yaml, HasSubstr("      - serviceName: model-p0\n        name: p0\n        data: "
                              "$request\n      - serviceName: model-p1\n        name: p1\n        "
                              "data: $response\n"));
  const size_t second = yaml.find("  name: model-p1\n");
  ASSERT_NE(second, std::string::npos);
  EXPECT_THAT(yaml.substr(0, second), Not(HasSubstr("nodeSelector")));
  EXPECT_THAT(yaml.substr(second),
              HasSubstr("    nodeSelector: {kubernetes.io/hostname: \"far\"}\n"));
  EXPECT_THAT(yaml.substr(second), HasSubstr("limits: {nvidia.com/gpu: \"1\"}"));
  EXPECT_THAT(yaml, HasSubstr("- \"/mnt/models/model.00001_gpu0.onnx\"\n"));
}

TEST(KserveTest, RefusesWhatIsNoChain) {
  // z = f(y, x): the second part takes an input of the model.
  const Case model(ModelText(Input("x") + Output("z") + Typed("y") + Op("Relu", "a", {"x"}, {"y"}) +
                             Op("Add", "b", {"y", "x"}, {"z"})),
                   AFirst);
  EXPECT_EQ(ErrorOf(model),
            "emitter 'kserve': part p1 takes 'x', which part p0 does not give, and an "
            "InferenceGraph hands on the answer of one step to the next, so the plan must be a "
            "chain");
  // y is an output of the model, of the first part.
  const Case early(ModelText(Input("x") + Output("y") + Output("z") +
                             Op("Relu", "a", {"x"}, {"y"}) + Op("Relu", "b", {"y"}, {"z"})),
                   AFirst);
  EXPECT_THAT(ErrorOf(early),
              HasSubstr("the model's output 'y' is not given by the last part, p1, and "));
}

TEST(KserveTest, RefusesWhatCouldNotRun) {
  Case model(ZooText(kChain), AFirst);
  EXPECT_THAT(ErrorOf(model, "kserve"), HasSubstr("image= is missing: write it like 'kserve{"));
  EXPECT_THAT(ErrorOf(model, "kserve{image=a}"), HasSubstr("storage= is missing"));
  model.target.devices[DeviceId(1)].runtime.provider = "loom";
  EXPECT_THAT(ErrorOf(model), HasSubstr("part p1: device 'gpu0' runs by provider 'loom'; pods"));
}

}  // namespace
}  // namespace allot
