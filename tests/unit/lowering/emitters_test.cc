#include <algorithm>
#include <set>

#include "absl/strings/match.h"
#include "gmock/gmock.h"

#include "ir/parse.h"
#include "lowering/emitter.h"
#include "lowering/file_digest.h"
#include "lowering/onnx_ext.pb.h"
#include "lowering/output_folder.h"
#include "lowering/placement_hints.h"
#include "lowering/to_onnx.h"
#include "support/json.h"
#include "support/version.h"
#include "tests/unit/lowering/emit_case.h"

namespace allot {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

void Unmark(ir::Graph& graph) {
  for (ir::NodeId id : graph.nodes()) {
    graph.mutable_node_unknown_fields(id) =
        WithPlacementHints(graph.node(id).unknown_fields, "", std::nullopt);
    for (ir::Graph& region : graph.mutable_regions(id)) Unmark(region);
  }
}

class EmitZooTest : public ::testing::TestWithParam<ZooModel> {};

TEST_P(EmitZooTest, TheAnnotatedModelIsTheModel) {
  for (const int64_t ir_version : {0, 11}) {
    const Case model(GetParam().text, AllInOne);
    EmitInput input = model.Input();
    input.emit_ir_version = ir_version;
    const ScratchFolder folder;
    ir::Module again =
        ImportBytes(Text(model.Emit({"annotated"}, input), "model.annotated.onnx"), folder);
    EXPECT_EQ(again.ir_version, ir_version == 0 ? model.module.ir_version : ir_version);
    again.ir_version = model.module.ir_version;
    Unmark(again.graph);
    again.unknown_fields = WithConfiguration(again.unknown_fields, model.target, false);
    EXPECT_EQ(
        std::erase_if(again.metadata,
                      [](const auto& entry) { return absl::StartsWith(entry.first, "allot."); }),
        6u);
    EXPECT_TRUE(ir::Equal(again, model.module));
  }
}

TEST_P(EmitZooTest, EmitsEverythingTwiceTheSame) {
  const Case model(GetParam().text, AllInOne);
  const std::vector<OutputFile> first = model.Emit(), second = model.Emit();
  ASSERT_EQ(NamesOf(first), NamesOf(second));
  for (size_t i = 0; i < first.size(); ++i) {
    EXPECT_EQ(Contents(first[i].chunks), Contents(second[i].chunks)) << first[i].name;
  }
  EXPECT_TRUE(WriteOutputFolder(model.folder / "out", first, SourceFiles(model.module)).ok());
}

INSTANTIATE_TEST_SUITE_P(Zoo, EmitZooTest, ::testing::ValuesIn(Zoo()),
                         [](const auto& model) { return model.param.name; });

TEST(EmittersTest, WriteTheseFiles) {
  const Case model(ZooText(kChain), AFirst);
  EXPECT_THAT(NamesOf(model.Emit()),
              ElementsAre("model.00000_cpu0.onnx", "model.00001_gpu0.onnx", "model.annotated.onnx",
                          "plan.json", "model.mlir", "schedule.trace.json", "model.dot",
                          "model.report.html", "manifest.json"));
  EXPECT_THAT(NamesOf(model.Emit({"manifest", "dot"})), ElementsAre("model.dot", "manifest.json"));
}

TEST(EmittersTest, ChoicesAreChecked) {
  const Case model(ZooText(kChain), AllInOne);
  const auto error = [&](const std::string& choice) {
    return std::string(EmitFiles(BuiltinEmitters(), {choice}, model.Input()).status().message());
  };
  EXPECT_THAT(error("manfest"), HasSubstr("did you mean 'manifest'?"));
  EXPECT_THAT(error("dot{max-nodes=x}"), HasSubstr("emitter 'dot': "));
  EXPECT_THAT(error("dot{max-nodes=1"), HasSubstr("lacks the closing '}'"));
  EXPECT_THAT(error("dot{colour=red}"), HasSubstr("colour"));
}

TEST(ManifestTest, DescribesThePartsAndWhatPasses) {
  const Case model(ZooText(kChain), AFirst);
  const Json manifest = Parsed(Text(model.Emit(), "manifest.json"));
  EXPECT_EQ(At(manifest, "version"), Json(1));
  EXPECT_EQ(At(manifest, "schema"), Json("allot.manifest/1"));
  EXPECT_EQ(At(manifest, "model"), Json("../model.onnx"));
  EXPECT_EQ(At(manifest, "inputs"), Json(Json::Array{"x"}));
  EXPECT_EQ(At(manifest, "outputs"), Json(Json::Array{"z"}));
  EXPECT_EQ(At(manifest, "objective"), Json("latency"));
  EXPECT_EQ(At(At(manifest, "predicted"), "value_us"), Json(4));
  EXPECT_EQ(At(At(manifest, "predicted"), "cluster_value_us"), Json(3.500001));
  EXPECT_EQ(At(At(manifest, "predicted"), "gap"), Json(0.75));
  EXPECT_EQ(At(List(manifest, "baselines")[1], "value_us"), Json(nullptr));
  ASSERT_EQ(List(manifest, "devices").size(), 2u);
  EXPECT_EQ(
      At(List(manifest, "devices")[0], "runtime"),
      Json(Json::Object{{"provider", "cpu"}, {"ordinal", 0}, {"threads", 2}, {"cores", "0-1"}}));
  EXPECT_EQ(At(List(manifest, "devices")[1], "runtime"),
            Json(Json::Object{{"provider", "cuda"}, {"ordinal", 0}, {"threads", 0}}));
  ASSERT_EQ(List(manifest, "parts").size(), 2u);
  const Json& part = List(manifest, "parts")[1];
  EXPECT_EQ(At(part, "id"), Json("p1"));
  EXPECT_EQ(At(part, "device"), Json("gpu0"));
  EXPECT_EQ(At(part, "file"), Json("model.00001_gpu0.onnx"));
  EXPECT_EQ(At(part, "inputs"), Json(Json::Array{"y"}));
  EXPECT_EQ(At(part, "start_us"), Json(1));
  EXPECT_EQ(At(part, "end_us"), Json(1.0005));
  ASSERT_EQ(List(manifest, "transfers").size(), 1u);
  const Json& transfer = List(manifest, "transfers")[0];
  EXPECT_EQ(At(transfer, "tensor"), Json("y"));
  EXPECT_EQ(At(transfer, "from"), Json("p0"));
  EXPECT_EQ(At(transfer, "to"), Json(Json::Array{"p1"}));
  EXPECT_EQ(At(transfer, "bytes"), Json(8));
  EXPECT_EQ(At(List(transfer, "arrivals")[0], "end_us"), Json(1.5006));
  EXPECT_EQ(At(At(manifest, "signature"), "y"),
            Json(Json::Object{{"dtype", "float32"}, {"shape", Json::Array{2}}}));
  EXPECT_EQ(
      At(At(At(manifest, "onnxruntime"), "session_options"), "session.layer_assignment_settings"),
      Json("cpu(cpu0/); gpu:0(gpu0/)"));
  EXPECT_EQ(List(manifest, "files").size(), 9u);
  EXPECT_EQ(At(manifest, "external_data"), Json(Json::Array{}));
  EXPECT_THAT(Text(model.Emit(), "manifest.json"), Not(HasSubstr(model.folder.path())));
}

TEST(ManifestTest, NamesNoOptionsWhereOneSessionCannotDoIt) {
  Case model(ZooText(kChain), AFirst);
  model.target.devices[DeviceId(0)].runtime.provider = "CUDA";
  const std::vector<OutputFile> files = model.Emit({"annotated", "manifest"});
  EXPECT_EQ(Parsed(Text(files, "manifest.json")).Find("onnxruntime"), nullptr);
  EXPECT_THAT(Text(files, "model.annotated.onnx"), Not(HasSubstr("layer_assignment_settings")));
}

TEST(ManifestTest, WithoutScheduleOrModelPath) {
  Case model(ZooText(kChain), AFirst);
  model.plan.summary.reset();
  model.plan.transfers.clear();
  EmitInput input = model.Input();
  input.model_path.clear();
  const Json manifest = Parsed(Text(model.Emit({"manifest"}, input), "manifest.json"));
  EXPECT_EQ(manifest.Find("model"), nullptr);
  EXPECT_EQ(manifest.Find("predicted"), nullptr);
  EXPECT_EQ(List(manifest, "parts").size(), 2u);
}

TEST(ManifestTest, SignaturesNameSymbolsAndKinds) {
  const Case model(ModelText("input { " + Info("x", "dim { dim_param: 'N' } dim { }") +
                             "} output { name: 'q' type { sequence_type { elem_type { tensor_type "
                             "{ elem_type: 1 } } } } } " +
                             Op("SequenceConstruct", "a", {"x"}, {"q"})),
                   AllInOne);
  const Json manifest = Parsed(Text(model.Emit({"manifest"}), "manifest.json"));
  EXPECT_EQ(At(At(manifest, "signature"), "x"),
            Json(Json::Object{{"dtype", "float32"}, {"shape", Json::Array{"N", nullptr}}}));
  EXPECT_EQ(At(At(At(manifest, "signature"), "q"), "kind"), Json("sequence"));
}

TEST(ManifestTest, SaysForWhichSizesItWasPlanned) {
  const Case model(ZooText(kChain), AFirst);
  EmitInput input = model.Input();
  EXPECT_EQ(At(Parsed(Text(model.Emit({"manifest"}, input), "manifest.json")), "dims"),
            Json(Json::Object{}));
  input.dims = {{"seq", 128}, {"batch", 2}};
  input.default_dim = 7;
  const Json manifest = Parsed(Text(model.Emit({"manifest"}, input), "manifest.json"));
  EXPECT_EQ(At(manifest, "dims"), Json(Json::Object{{"batch", 2}, {"seq", 128}}));
  EXPECT_EQ(At(manifest, "default_dim"), Json(7));
}

TEST(ManifestTest, IntegrityIsThatOfTheFilesOnDisk) {
  const Case model(ZooText(kChain), AFirst);
  const std::vector<OutputFile> files = model.Emit();
  ASSERT_TRUE(WriteOutputFolder(model.folder / "out", files).ok());
  const Json manifest = Parsed(Text(files, "manifest.json"));
  const Json::Object* integrity = At(manifest, "integrity").If<Json::Object>();
  ASSERT_NE(integrity, nullptr);
  std::vector<std::string> names;
  for (const auto& [name, written] : *integrity) {
    names.push_back(name);
    FileChunk whole;
    whole.bytes = ReadText(model.folder / ("out/" + name));
    const absl::StatusOr<FileDigest> digest = DigestOf(name, {whole});
    ASSERT_TRUE(digest.ok()) << digest.status();
    EXPECT_EQ(At(written, "bytes"), Json(static_cast<int64_t>(whole.bytes.size())));
    EXPECT_EQ(At(written, "sha256"), Json(digest->sha256));
  }
  EXPECT_THAT(
      names, ElementsAre("model.00000_cpu0.onnx", "model.00001_gpu0.onnx", "model.annotated.onnx"));
}

TEST(AnnotatedTest, MarksNodesInBodiesToo) {
  const Case model(ZooText("captures"), AFirst);
  for (const int64_t ir_version : {0, 11}) {
    EmitInput input = model.Input();
    input.emit_ir_version = ir_version;
    onnx::ModelProto proto;
    ASSERT_TRUE(
        proto.ParseFromString(Text(model.Emit({"annotated"}, input), "model.annotated.onnx")));
    const auto marks = [](const onnx::NodeProto& node) {
      onnx_ext::Node ext;
      EXPECT_TRUE(ext.ParseFromString(node.SerializeAsString()));
      EXPECT_EQ(ext.metadata_props_size(), 1);
      EXPECT_EQ(ext.metadata_props(0).key(), "layer_ann");
      return ext;
    };
    const onnx::NodeProto& branch = proto.graph().node(1);
    EXPECT_EQ(marks(proto.graph().node(0)).metadata_props(0).value(), "cpu0/p0/c0");
    EXPECT_EQ(marks(branch).metadata_props(0).value(), "gpu0/p1/c1");
    const onnx_ext::Node inner = marks(branch.attribute(0).g().node(0));
    EXPECT_EQ(inner.metadata_props(0).value(), "gpu0/p1/c1");
    onnx_ext::Model ext;
    ASSERT_TRUE(ext.ParseFromString(proto.SerializeAsString()));
    EXPECT_EQ(ext.configuration_size(), ir_version == 11 ? 1 : 0);
    EXPECT_EQ(proto.ir_version(), ir_version == 11 ? 11 : 8);
    ASSERT_EQ(marks(branch).device_configurations_size(), ir_version == 11 ? 1 : 0);
    if (ir_version != 11) continue;
    EXPECT_EQ(marks(branch).device_configurations(0).pipeline_stage(), 1);
    EXPECT_EQ(marks(branch).device_configurations(0).sharding_spec(0).tensor_name(), "z");
    EXPECT_EQ(marks(branch).device_configurations(0).sharding_spec(0).device(0), 1);
    EXPECT_EQ(inner.device_configurations(0).pipeline_stage(), 1);
  }
}

TEST(AnnotatedTest, APlacementReplacesAnEarlierOne) {
  const Case model(ZooText(kChain), AFirst);
  EmitInput input = model.Input();
  input.emit_ir_version = 11;
  const std::string annotated = Text(model.Emit({"annotated"}, input), "model.annotated.onnx");
  // Planned again from its own output, with the same plan: the same file; its parts are unmarked.
  const ScratchFolder folder;
  const ir::Module again = ImportBytes(annotated, folder);
  EmitInput second{.module = again,
                   .target = model.target,
                   .plan = model.plan,
                   .bundle = model.bundle,
                   .emit_ir_version = 11};
  EXPECT_EQ(Text(model.Emit({"annotated"}, second), "model.annotated.onnx"), annotated);
  EXPECT_THAT(Text(model.Emit({"parts"}, second), "model.00000_cpu0.onnx"),
              Not(HasSubstr("layer_ann")));
}

TEST(ExternalDataTest, IsLinkedEmbeddedOrInReach) {
  const ScratchFolder data;
  const std::string text = ModelText(
      Input("x") + Output("z") + Typed("y") + Op("Add", "a", {"x", "w"}, {"y"}) +
      Op("Add", "b", {"y", "w"}, {"z"}) +
      "initializer { name: 'w' dims: 2 data_type: 1 data_location: EXTERNAL external_data { key: "
      "'location' value: './sub/w.bin' } } ");
  std::filesystem::create_directories(data / "sub");
  WriteText(data / "sub/w.bin", "01234567");
  Case model(ZooText(kChain), AllInOne);
  model.module = ImportText(text, data);
  ASSERT_TRUE(model.module.graph.Compact());
  model.plan = MakePlan(model.module, AFirst);
  model.bundle = *Extract(model.module, model.target, model.plan);

  const std::vector<OutputFile> files = model.Emit({"parts", "annotated", "manifest"});
  EXPECT_THAT(NamesOf(files), ElementsAre("model.00000_cpu0.onnx", "model.00001_gpu0.onnx",
                                          "sub/w.bin", "model.annotated.onnx", "manifest.json"));
  EXPECT_EQ(At(Parsed(Text(files, "manifest.json")), "external_data"),
            Json(Json::Array{"sub/w.bin"}));
  EXPECT_EQ(List(Parsed(Text(files, "manifest.json")), "files").size(), 4u);
  EXPECT_EQ(At(At(Parsed(Text(files, "manifest.json")), "integrity"), "sub/w.bin"),
            Json(Json::Object{{"bytes", 8}}));
  ASSERT_TRUE(WriteOutputFolder(model.folder / "out", files, SourceFiles(model.module)).ok());
  EXPECT_EQ(ReadText(model.folder / "out/sub/w.bin"), "01234567");

  EmitInput input = model.Input();
  input.output_is_model_folder = true;
  EXPECT_EQ(model.Emit({"parts"}, input).size(), 2u);
  // A host needs the data, whether it was copied or lay there.
  model.target.devices[DeviceId(1)].host = "far";
  for (const bool in_reach : {false, true}) {
    input.output_is_model_folder = in_reach;
    const Json manifest = Parsed(Text(model.Emit({"parts", "manifest"}, input), "manifest.json"));
    EXPECT_EQ(At(List(manifest, "hosts")[0], "files"),
              Json(Json::Array{"model.00001_gpu0.onnx", "sub/w.bin"}));
  }
  input.output_is_model_folder = false;
  input.embed_external_data = true;
  EXPECT_EQ(model.Emit({"parts"}, input).size(), 2u);
  onnx::ModelProto part;
  ASSERT_TRUE(part.ParseFromString(Text(model.Emit({"parts"}, input), "model.00001_gpu0.onnx")));
  EXPECT_EQ(part.graph().initializer(0).raw_data(), "01234567");

  // Plans need no weights; whatever names or holds them does.
  for (const char* remaining : {"0123456", ""}) {
    if (*remaining == 0) std::filesystem::remove(data / "sub/w.bin");
    if (*remaining != 0) WriteText(data / "sub/w.bin", remaining);
    const Registry<Emitter> emitters = BuiltinEmitters();
    EXPECT_TRUE(EmitFiles(emitters, {"plan", "report", "trace"}, model.Input()).ok());
    for (const bool embed : {false, true}) {
      for (const bool in_reach : {false, true}) {
        EmitInput each = model.Input();
        each.embed_external_data = embed;
        each.output_is_model_folder = in_reach;
        const absl::Status status = EmitFiles(emitters, {"parts"}, each).status();
        EXPECT_THAT(std::string(status.message()),
                    HasSubstr(*remaining == 0 ? "but there is no file '"
                                              : "which has only 7; the file is incomplete"));
      }
    }
  }
}

TEST(PlanJsonTest, ListsEveryNodeOnce) {
  const Case model(ModelText(Input("x") + Output("z") + ConstantOp("k", 1) +
                             Op("Add", "", {"x", "k"}, {"y"}) + Op("Relu", "r", {"y"}, {"z"})),
                   AllInOne);
  const Json plan = Parsed(Text(model.Emit({"plan"}), "plan.json"));
  EXPECT_EQ(At(plan, "schema"), Json("allot.plan/1"));
  ASSERT_EQ(List(plan, "nodes").size(), 2u);
  const Json& add = List(plan, "nodes")[0];
  EXPECT_EQ(At(add, "name"), Json("Add#1"));
  EXPECT_EQ(At(add, "synthetic"), Json(true));
  EXPECT_EQ(At(add, "device"), Json("cpu0"));
  EXPECT_EQ(At(add, "part"), Json("p0"));
  EXPECT_EQ(At(add, "cluster"), Json(0));
  EXPECT_EQ(At(add, "end_us"), Json(0.123456));
  EXPECT_EQ(At(add, "reason"), Json("because"));
  EXPECT_EQ(List(plan, "nodes")[1].Find("synthetic"), nullptr);
  ASSERT_EQ(List(plan, "travel_with_users").size(), 1u);
  EXPECT_EQ(At(List(plan, "travel_with_users")[0], "name"), Json("k_node"));
}

TEST(MlirTest, ReadsBackUnlessElided) {
  const Case model(ZooText("captures"), AFirst);
  const std::string text = Text(model.Emit({"mlir"}), "model.mlir");
  const absl::StatusOr<ir::ParsedModule> parsed = ir::Parse(text, "model.mlir", &model.target);
  ASSERT_TRUE(parsed.ok()) << parsed.status();
  EXPECT_TRUE(ir::Equal(parsed->module, model.module));
  EXPECT_EQ(parsed->plan.parts, model.plan.parts);
  const std::string elided = Text(model.Emit({"mlir{elide-larger-than=0}"}), "model.mlir");
  EXPECT_LT(elided.size(), text.size());
}

TEST(TraceTest, RowsSlicesAndArrows) {
  const Case model(ZooText(kChain), AFirst);
  const Json trace = Parsed(Text(model.Emit({"trace"}), "schedule.trace.json"));
  std::set<std::string> processes;
  int slices = 0;
  std::vector<std::string> arrow;
  for (const Json& event : List(trace, "traceEvents")) {
    const std::string phase = *At(event, "ph").If<std::string>();
    if (phase == "M" && At(event, "name") == Json("process_name")) {
      processes.insert(*At(At(event, "args"), "name").If<std::string>());
    }
    if (phase == "X") ++slices;
    if (phase == "s" || phase == "t" || phase == "f") arrow.push_back(phase);
  }
  EXPECT_THAT(processes, ElementsAre("channels", "cpu0", "gpu0"));
  EXPECT_EQ(slices, 2 + 2 + 1);  // parts, operators, the transfer on its one channel
  EXPECT_THAT(arrow, ElementsAre("s", "t", "f"));
}

TEST(DotTest, DrawsNodesOrParts) {
  const Case model(ZooText("texts"),
                   [](const ir::Node& node) { return node.name.empty() ? 0 : 1; });
  const std::string nodes = Text(model.Emit({"dot"}), "model.dot");
  EXPECT_THAT(nodes, HasSubstr("subgraph cluster_1 {\n    label=\"p1 on gpu0\""));
  EXPECT_THAT(nodes, HasSubstr("n0 [label=\"Relu\"]"));
  EXPECT_THAT(nodes, HasSubstr("\"Tanh\\nname with \\\" and \\n\""));
  EXPECT_THAT(nodes, HasSubstr("n0 -> n1 [color=\"#c00000\", penwidth=2, label=\"y\\n8 B\"]"));
  const std::string parts = Text(model.Emit({"dot{max-nodes=1}"}), "model.dot");
  EXPECT_THAT(parts, HasSubstr("p0 -> p1 [label=\"1 tensor\\n8 B\""));
  EXPECT_THAT(parts, Not(HasSubstr("Tanh")));
}

}  // namespace
}  // namespace allot
