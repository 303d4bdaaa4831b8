#include "tools/report.h"

#include "gmock/gmock.h"

namespace allot {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

// A plan of nothing on two devices.
Compilation Placed() {
  Compilation compilation;
  compilation.target.name = "two";
  Device device;
  device.name = "cpu0";
  device.runtime.provider = "cpu";
  compilation.target.devices.Add(device);
  device.name = "gpu0";
  device.runtime = {.provider = "cuda", .ordinal = 1};
  compilation.target.devices.Add(device);
  ir::Summary summary;
  summary.devices.resize(2);
  compilation.plan.summary = summary;
  return compilation;
}

TEST(TableReportTest, NamesTheOptionOfOnnxRuntime) {
  const Compilation compilation = Placed();
  EXPECT_THAT(
      TableReport(compilation, "m.onnx", "out", {"manifest.json", "model.annotated.onnx"}),
      HasSubstr("files in out\none session of ONNX Runtime runs model.annotated.onnx with the "
                "option\n    session.layer_assignment_settings=cpu(cpu0/); gpu:1(gpu0/)\n"));
  EXPECT_THAT(TableReport(compilation, "m.onnx", "out", {"manifest.json"}),
              Not(HasSubstr("session.layer_assignment_settings")));
}

}  // namespace
}  // namespace allot
