#include "tools/report.h"

#include "gmock/gmock.h"

namespace allot {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

// A plan of nothing on two devices.
Compilation Placed() {
  Compilation compilation;
  compilation.module = std::make_shared<const ir::Module>();
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
  Compilation compilation = Placed();
  compilation.plan.parts.Add({DeviceId(0), {0, 2}});
  compilation.plan.parts.Add({DeviceId(1), {2, 4}});
  EXPECT_THAT(
      TableReport(compilation, "m.onnx", "out", {"manifest.json", "model.annotated.onnx"}),
      HasSubstr("files in out\none session of ONNX Runtime runs model.annotated.onnx with the "
                "option\n    session.layer_assignment_settings=cpu(cpu0/); gpu:1(gpu0/)\n"));
  EXPECT_THAT(TableReport(compilation, "m.onnx", "out", {"manifest.json"}),
              Not(HasSubstr("session.layer_assignment_settings")));
}

TEST(TableReportTest, NamesNoOptionWhereOneSessionCannotDoIt) {
  const auto shown = [](const Compilation& compilation) {
    const std::string text = TableReport(compilation, "m.onnx", "out", {"model.annotated.onnx"});
    const size_t at = text.find("session.layer_assignment_settings=");
    return at == text.npos ? "" : text.substr(at + 34, text.find('\n', at) - at - 34);
  };
  Compilation compilation = Placed();
  for (const int device : {0, 1}) compilation.plan.parts.Add({DeviceId(device), {0, 2}});
  Device other;
  other.name = "other";
  compilation.plan.summary->devices.resize(3);
  // What no part runs on is in nobody's way; a session has one CUDA device, and one machine.
  other.runtime = {.provider = "cuda", .ordinal = 2};
  compilation.target.devices.Add(other);
  EXPECT_EQ(shown(compilation), "cpu(cpu0/); gpu:1(gpu0/)");
  compilation.plan.parts.Add({DeviceId(2), {0, 2}});
  for (const RuntimeHint& runtime : {RuntimeHint{.provider = "cuda", .ordinal = 2},
                                     RuntimeHint{.provider = "CUDA", .ordinal = 1},
                                     RuntimeHint{.provider = "cpu"}, RuntimeHint{}}) {
    compilation.target.devices[DeviceId(2)].runtime = runtime;
    EXPECT_EQ(shown(compilation), "") << runtime.provider;
  }
  compilation.target.devices[DeviceId(2)].runtime = {.provider = "qnn"};
  EXPECT_EQ(shown(compilation), "cpu(cpu0/); gpu:1(gpu0/); npu(other/)");
}

TEST(TableReportTest, ComparesUnderTheRulesThatHold) {
  Compilation compilation = Placed();
  EXPECT_THAT(TableReport(compilation, "m.onnx", "", {}),
              HasSubstr("none can run the whole model\n"));
  compilation.target.rules.emplace_back();
  compilation.plan.summary->value = 5'000'000'000;
  EXPECT_THAT(TableReport(compilation, "m.onnx", "", {}),
              HasSubstr("none can run the whole model under your rules\n"));
  compilation.plan.summary->baselines = {{"single:cpu0", 10'000'000'000}};
  EXPECT_THAT(TableReport(compilation, "m.onnx", "", {}),
              HasSubstr("best single device  10.0000 ms on cpu0 (2.00x) under your rules\n"));
}

TEST(TableReportTest, SaysWhatADividedModelIsComparedWith) {
  Compilation compilation = Placed();
  compilation.plan.summary->value = 5'000'000'000;
  compilation.made_from.undivided = true;
  Rule rule;
  rule.text = "--sparse: part 1";
  compilation.target.rules.push_back(rule);
  EXPECT_THAT(TableReport(compilation, "m.onnx", "", {}),
              HasSubstr("none can run the whole model undivided\n"));
  compilation.plan.summary->baselines = {{"single:cpu0", 10'000'000'000}};
  EXPECT_THAT(TableReport(compilation, "m.onnx", "", {}),
              HasSubstr("10.0000 ms on cpu0 (2.00x), the model undivided\n"));
  EXPECT_THAT(TableReport(compilation, "m.onnx", "", {}), HasSubstr(", of these slices)"));
  compilation.plan.summary->value = 20'000'000'000;
  EXPECT_THAT(TableReport(compilation, "m.onnx", "", {}),
              HasSubstr("splitting does not pay: the whole model undivided on cpu0 is faster\n"));
  compilation.plan.summary->value = 5'000'000'000;
  const Json json = JsonReport(compilation, "m.onnx", "", {}, Diagnostics());
  EXPECT_EQ(*json.Find("compared_with"), Json("the model undivided"));
  compilation.target.rules.emplace_back();
  EXPECT_THAT(TableReport(compilation, "m.onnx", "", {}),
              HasSubstr("(2.00x), the model undivided under your rules\n"));
}

TEST(TableReportTest, ListsLanesAndWhatHoldsOneOnly) {
  Compilation compilation = Placed();
  ir::Plan& plan = compilation.plan;
  plan.parts.Add({DeviceId(0), {0, 2}});
  plan.share = 2;
  ir::Lane lane;
  lane.parts.Add({DeviceId(1), {0, 4}});
  plan.lanes.push_back(lane);
  plan.summary->objective = ir::Objective::kThroughput;
  plan.summary->latency = 4'000'000'000;
  const std::string text = TableReport(compilation, "m.onnx", "out", {"model.annotated.onnx"});
  EXPECT_THAT(text, HasSubstr("lane 0              2 of 3 inferences by a copy of the model on cpu0"
                              "\nlane 1              1 of 3 inferences by a copy of the model on "
                              "gpu0\none inference       4.0000 ms on the slowest lane\n"));
  EXPECT_THAT(text, HasSubstr(" 0 transfers between 2 parts\n"));
  EXPECT_THAT(text, HasSubstr("model.annotated.onnx holds lane 0 alone"));
  const Json json = JsonReport(compilation, "m.onnx", "out", {}, Diagnostics());
  EXPECT_EQ(json.Find("lanes")->If<Json::Array>()->size(), 2u);
  EXPECT_THAT(TableReport(Placed(), "m.onnx", "", {}), Not(HasSubstr("lane")));
}

}  // namespace
}  // namespace allot
