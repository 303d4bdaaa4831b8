// What is written for plans of placements that take turns.
#include <functional>

#include "gmock/gmock.h"
#include "google/protobuf/text_format.h"
#include "gtest/gtest.h"
#include "onnx/onnx_pb.h"

#include "lowering/plan_file.h"
#include "tests/models/damaged_json.h"
#include "tests/unit/lowering/emit_case.h"
#include "tests/unit/lowering/triton_config.pb.h"

namespace allot {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::StartsWith;

// x -> a -> y -> b -> z, in lanes given by the devices of their parts: one part of both nodes, or
// one of each. The first lane is the plan's own.
struct LaneCase : Case {
  struct Wanted {
    int64_t share = 1;
    std::vector<int> devices;
  };
  explicit LaneCase(const std::vector<Wanted>& lanes)
      : Case(ModelText(Input_("x") + Output("z") + Typed("y") + Op("Relu", "a", {"x"}, {"y"}) +
                       Op("Relu", "b", {"y"}, {"z"})),
             AllInOne) {
    for (size_t i = 0; i < lanes.size(); ++i) {
      ir::Lane lane;
      lane.share = lanes[i].share;
      lane.order = plan.order;
      lane.node_time = plan.node_time;
      for (size_t p = 0; p < lanes[i].devices.size(); ++p) {
        const auto start = static_cast<Picos>(p) * 1'000'000;
        lane.parts.Add({DeviceId(lanes[i].devices[p]), {start, start + 500'000}});
      }
      lane.part_of.Add(ir::PartId(0));
      lane.part_of.Add(ir::PartId(lane.parts.size() - 1));
      if (i > 0) {
        plan.lanes.push_back(std::move(lane));
        continue;
      }
      plan.share = lane.share;
      plan.part_of = lane.part_of;
      plan.parts = lane.parts;
      plan.device_of.clear();
      for (const ir::PartId part : plan.part_of) plan.device_of.Add(plan.parts[part].device);
      plan.transfers.clear();
    }
    plan.summary->objective = ir::Objective::kThroughput;
    plan.summary->latency = 7'000'000;
    absl::StatusOr<Bundle> cut = Extract(module, target, plan);
    EXPECT_TRUE(cut.ok()) << cut.status();
    if (cut.ok()) bundle = *std::move(cut);
  }

 private:
  static std::string Input_(const std::string& name) { return allot::Input(name); }
};

LaneCase Copies() { return LaneCase({{3, {0}}, {1, {1}}}); }
// A pipeline, its mirror image, and the whole on the first device.
LaneCase Pipelines() { return LaneCase({{2, {0, 1}}, {2, {1, 0}}, {1, {0}}}); }

TEST(LanesTest, EqualPartsShareAFile) {
  const LaneCase copies = Copies();
  ASSERT_EQ(copies.bundle.lanes.size(), 1u);
  EXPECT_EQ(copies.bundle.pieces[0].file, "model.00000_cpu0.onnx");
  EXPECT_EQ(copies.bundle.lanes[0].pieces[0].file, "model.00000_cpu0.onnx");
  EXPECT_EQ(copies.bundle.lanes[0].pieces[0].id, "p1");
  EXPECT_EQ(copies.bundle.lanes[0].pieces[0].device, DeviceId(1));
  EXPECT_THAT(NamesOf(copies.Emit({"parts"})), ElementsAre("model.00000_cpu0.onnx"));

  const LaneCase pipelines = Pipelines();
  ASSERT_EQ(pipelines.bundle.lanes.size(), 2u);
  EXPECT_EQ(pipelines.bundle.lanes[0].pieces[1].file, "model.00001_gpu0.onnx");
  EXPECT_EQ(pipelines.bundle.lanes[0].pieces[1].device, DeviceId(0));
  EXPECT_EQ(pipelines.bundle.lanes[0].transfers.size(), 1u);
  EXPECT_EQ(pipelines.bundle.lanes[1].pieces[0].id, "p4");
  EXPECT_THAT(
      NamesOf(pipelines.Emit({"parts"})),
      ElementsAre("model.00000_cpu0.onnx", "model.00001_gpu0.onnx", "model.00004_cpu0.onnx"));
}

TEST(LanesTest, TheManifestIsTheFirstLaneAndListsTheOthers) {
  const LaneCase model = Pipelines();
  const Json manifest = Parsed(Text(model.Emit({"parts", "manifest"}), "manifest.json"));
  EXPECT_EQ(At(manifest, "share"), Json(2));
  EXPECT_EQ(At(manifest, "cycle"), Json(5));
  EXPECT_EQ(At(At(manifest, "predicted"), "latency_us"), Json(7));
  EXPECT_EQ(List(manifest, "parts").size(), 2u);
  EXPECT_EQ(List(manifest, "files").size(), 4u);
  const Json::Array& lanes = List(manifest, "lanes");
  ASSERT_EQ(lanes.size(), 2u);
  EXPECT_EQ(At(lanes[0], "share"), Json(2));
  const Json& part = List(lanes[0], "parts")[1];
  EXPECT_EQ(At(part, "id"), Json("p3"));
  EXPECT_EQ(At(part, "device"), Json("cpu0"));
  EXPECT_EQ(At(part, "file"), Json("model.00001_gpu0.onnx"));
  EXPECT_EQ(At(part, "start_us"), Json(1));
  EXPECT_EQ(At(List(lanes[0], "transfers")[0], "from"), Json("p2"));
  EXPECT_EQ(At(List(lanes[0], "transfers")[0], "to"), Json(Json::Array{"p3"}));
  EXPECT_EQ(At(lanes[1], "transfers"), Json(Json::Array{}));
  // Without lanes nothing speaks of them.
  const Json one = Parsed(
      Text(LaneCase(std::vector<LaneCase::Wanted>{{1, {0}}}).Emit({"manifest"}), "manifest.json"));
  EXPECT_EQ(one.Find("lanes"), nullptr);
  EXPECT_EQ(one.Find("cycle"), nullptr);
}

// Both lanes' parts that a host runs, and each file once.
TEST(LanesTest, TheManifestSaysWhatEachHostNeeds) {
  LaneCase model = Pipelines();
  EXPECT_EQ(Parsed(Text(model.Emit({"manifest"}), "manifest.json")).Find("hosts"), nullptr);
  model.target.devices[DeviceId(1)].host = "far";
  Json manifest = Parsed(Text(model.Emit({"manifest"}), "manifest.json"));
  EXPECT_EQ(List(manifest, "devices")[0].Find("host"), nullptr);
  EXPECT_EQ(At(List(manifest, "devices")[1], "host"), Json("far"));
  ASSERT_EQ(List(manifest, "hosts").size(), 1u);
  EXPECT_EQ(
      List(manifest, "hosts")[0],
      Json(Json::Object{{"name", "far"},
                        {"devices", Json::Array{"gpu0"}},
                        {"parts", Json::Array{"p1", "p2"}},
                        {"files", Json::Array{"model.00000_cpu0.onnx", "model.00001_gpu0.onnx"}}}));

  model.target.devices[DeviceId(0)].host = "near";
  manifest = Parsed(Text(model.Emit({"manifest"}), "manifest.json"));
  ASSERT_EQ(List(manifest, "hosts").size(), 2u);
  EXPECT_EQ(At(List(manifest, "hosts")[0], "name"), Json("near"));
  EXPECT_EQ(At(List(manifest, "hosts")[0], "parts"), Json(Json::Array{"p0", "p3", "p4"}));
  EXPECT_EQ(At(List(manifest, "hosts")[1], "name"), Json("far"));
}

TEST(LanesTest, ThePlanFileReadsThemBack) {
  const LaneCase model = Pipelines();
  const std::string text = Text(model.Emit({"plan"}), "plan.json");
  const absl::StatusOr<PlanFile> plan = ParsePlanFile(text, "plan.json");
  ASSERT_TRUE(plan.ok()) << plan.status();
  EXPECT_EQ(plan->share, 2);
  ASSERT_EQ(plan->lanes.size(), 2u);
  EXPECT_EQ(plan->lanes[0].share, 2);
  EXPECT_EQ(plan->lanes[0].parts,
            (std::vector<PlanFile::Part>{{"p2", "gpu0", 0, 500'000},
                                         {"p3", "cpu0", 1'000'000, 1'500'000}}));
  EXPECT_THAT(plan->lanes[0].order, ElementsAre(0, 1));
  EXPECT_THAT(plan->lanes[0].part_of, ElementsAre("p2", "p3"));
  EXPECT_THAT(plan->lanes[1].part_of, ElementsAre("p4", "p4"));
  EXPECT_EQ(plan->predicted->latency, 7'000'000);

  Random random(5);
  int refused = 0;
  for (int i = 0; i < 300; ++i) {
    const absl::StatusOr<PlanFile> damaged =
        ParsePlanFile(testing::DamagedJson(text, "gpu0", random), "p.json");
    if (damaged.ok()) continue;
    ++refused;
    EXPECT_THAT(std::string(damaged.status().message()), StartsWith("p.json: "));
  }
  EXPECT_GT(refused, 50);
}

TEST(LanesTest, TheTraceHasRowsOfEachLane) {
  const Json trace = Parsed(Text(Pipelines().Emit({"trace"}), "schedule.trace.json"));
  std::vector<std::string> rows;
  int parts = 0;
  for (const Json& event : List(trace, "traceEvents")) {
    if (At(event, "name") == Json("thread_name")) {
      rows.push_back(*At(At(event, "args"), "name").If<std::string>());
    }
    if (event.Find("cat") != nullptr && *event.Find("cat") == Json("part")) ++parts;
  }
  EXPECT_THAT(rows, ElementsAre("parts", "operators", "parts", "operators", "bus",
                                "parts of lane 1", "operators of lane 1", "parts of lane 1",
                                "operators of lane 1", "parts of lane 2", "operators of lane 2"));
  EXPECT_EQ(parts, 5);
}

TEST(LanesTest, TheReportHoldsWhatEachLaneHasOfItsOwn) {
  const std::string page = Text(Pipelines().Emit({"report"}), "model.report.html");
  const std::string begin = "<script type=\"application/json\" id=\"plan\">";
  const size_t from = page.find(begin) + begin.size();
  const Json plan = Parsed(page.substr(from, page.find("</script>", from) - from));
  const Json::Array& lanes = List(plan, "lanes");
  ASSERT_EQ(lanes.size(), 3u);
  EXPECT_EQ(At(lanes[0], "what"), Json("2 parts on cpu0 and gpu0"));
  EXPECT_EQ(lanes[0].Find("parts"), nullptr);
  EXPECT_EQ(At(At(lanes[1], "clusters"), "part"), Json(Json::Array{0, 1}));
  EXPECT_EQ(At(List(lanes[1], "parts")[0], "device"), Json(1));
  EXPECT_EQ(List(lanes[1], "cuts").size(), 1u);
  EXPECT_EQ(At(lanes[2], "what"), Json("a copy of the model on cpu0"));
  EXPECT_EQ(List(lanes[2], "start_us").size(), 2u);
}

TEST(LanesTest, FilesOfOnePlacementSayThatItIsTheFirst) {
  onnx::ModelProto model;
  ASSERT_TRUE(model.ParseFromString(Text(Copies().Emit({"annotated"}), "model.annotated.onnx")));
  std::map<std::string, std::string> metadata;
  for (const auto& entry : model.metadata_props()) metadata[entry.key()] = entry.value();
  EXPECT_EQ(metadata["allot.lane"], "0 of 2, for 3 of 4 inferences");
  EXPECT_THAT(Text(Copies().Emit({"iree"}), "iree/model.mlir"),
              HasSubstr("\n// This is lane 0 of 2, for 3 of 4 inferences; manifest.json lists"));
}

triton::ModelConfig Config(const LaneCase& model, const std::string& name) {
  triton::ModelConfig config;
  const std::string text = Text(model.Emit({"triton"}), "triton/" + name + "/config.pbtxt");
  EXPECT_TRUE(google::protobuf::TextFormat::ParseFromString(text, &config)) << text;
  return config;
}

TEST(LanesTest, TritonHasInstancesWhereALaneRunsAPart) {
  LaneCase model({{2, {0, 1}}, {2, {1, 0}}});
  model.target.devices[DeviceId(0)].runtime.threads = 0;
  for (const char* part : {"model_p0", "model_p1"}) {
    const triton::ModelConfig config = Config(model, part);
    ASSERT_EQ(config.instance_group_size(), 2) << part;
    EXPECT_NE(config.instance_group(0).kind(), config.instance_group(1).kind()) << part;
  }
  EXPECT_EQ(NamesOf(model.Emit({"triton"})).size(), 6u);  // two files each, of three models
}

// Copies on two hosts: either server serves the whole model, by its own device.
TEST(LanesTest, TritonServesCopiesOnTheirHosts) {
  LaneCase model = Copies();
  model.target.devices[DeviceId(1)].host = "far";
  model.target.devices[DeviceId(0)].host = "near";
  const std::vector<OutputFile> files = model.Emit({"triton"});
  EXPECT_EQ(NamesOf(files).size(), 8u);
  EXPECT_THAT(Text(files, "triton/near/model_p0/config.pbtxt"), HasSubstr("KIND_CPU"));
  EXPECT_THAT(Text(files, "triton/far/model_p0/config.pbtxt"), HasSubstr("KIND_GPU"));
  EXPECT_THAT(Text(files, "triton/far/model/config.pbtxt"), HasSubstr("\"model_p0\""));
}

TEST(LanesTest, TritonRefusesWhatItCannotShareOut) {
  const auto error = [](const LaneCase& model) {
    return std::string(EmitFiles(BuiltinEmitters(), {"triton"}, model.Input()).status().message());
  };
  EXPECT_THAT(error(Pipelines()), HasSubstr("lane 2 consists of other parts than lane 0"));
  // The threads of a session are said once for all instances.
  EXPECT_THAT(error(Copies()), HasSubstr("'cpu0' and 'gpu0' take turns at it with other"));
}

}  // namespace
}  // namespace allot
