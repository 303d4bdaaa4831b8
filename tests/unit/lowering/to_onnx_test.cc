#include "lowering/to_onnx.h"

#include "gmock/gmock.h"
#include "onnx/checker.h"

#include "lowering/onnx_ext.pb.h"
#include "tests/unit/lowering/lowering_fixture.h"
#include "tests/unit/lowering/model_zoo.h"

namespace allot {
namespace {

using ::testing::HasSubstr;

std::string Written(const ir::Module& module, const OnnxWriteOptions& options = {}) {
  const absl::StatusOr<std::vector<FileChunk>> chunks = ToOnnx(module, module.graph, options);
  EXPECT_TRUE(chunks.ok()) << chunks.status();
  return chunks.ok() ? Contents(*chunks) : "";
}

class ZooTest : public ::testing::TestWithParam<ZooModel> {};

TEST_P(ZooTest, ReimportsEqual) {
  const ScratchFolder folder, again;
  const ir::Module module = ImportText(GetParam().text, folder);
  ASSERT_FALSE(module.opset_imports.empty());
  const std::string bytes = Written(module);
  EXPECT_TRUE(ir::Equal(module, ImportBytes(bytes, again)));
  EXPECT_EQ(bytes, Written(ImportBytes(bytes, again)));
}

TEST_P(ZooTest, IsTheMessageThatProtobufWouldWrite) {
  const ScratchFolder folder;
  const std::string bytes = Written(ImportText(GetParam().text, folder));
  onnx::ModelProto model;
  ASSERT_TRUE(model.ParseFromString(bytes));
  EXPECT_EQ(model.SerializeAsString(), bytes);
}

TEST_P(ZooTest, PassesTheChecker) {
  if (!GetParam().checkable) return;
  const ScratchFolder folder;
  onnx::ModelProto model;
  ASSERT_TRUE(model.ParseFromString(Written(ImportText(GetParam().text, folder))));
  EXPECT_NO_THROW(onnx::checker::check_model(model));
}

INSTANTIATE_TEST_SUITE_P(Zoo, ZooTest, ::testing::ValuesIn(Zoo()),
                         [](const auto& model) { return model.param.name; });

TEST(ToOnnxTest, LargeTensorsAreSplicedFromTheModelFile) {
  onnx::ModelProto model =
      ParseModel(ModelText(Input("x") + Output("z") + Op("Add", "a", {"x", "w"}, {"y"}) +
                           Op("Constant", "k", {}, {"k"},
                              "attribute { name: 'value' type: TENSOR t { data_type: 1 dims: 1000 "
                              "doc_string: 'd' } } ") +
                           Op("Add", "b", {"y", "k"}, {"z"})));
  onnx::TensorProto* weight = model.mutable_graph()->add_initializer();
  weight->set_name("w");
  weight->set_data_type(onnx::TensorProto::FLOAT);
  weight->add_dims(1000);
  weight->set_doc_string("after the data");
  weight->set_raw_data(std::string(2000, 'a') + std::string(2000, 'b'));
  model.mutable_graph()->mutable_node(1)->mutable_attribute(0)->mutable_t()->set_raw_data(
      std::string(4000, 'c'));
  const ScratchFolder folder, again;
  const ir::Module module = ImportBytes(model.SerializeAsString(), folder, 1024);
  const absl::StatusOr<std::vector<FileChunk>> chunks = ToOnnx(module, module.graph, {});
  ASSERT_TRUE(chunks.ok()) << chunks.status();
  size_t in_memory = 0;
  int64_t spliced = 0;
  for (const FileChunk& chunk : *chunks) {
    in_memory += chunk.bytes.size();
    spliced += chunk.source.empty() ? 0 : chunk.length;
    if (!chunk.source.empty()) {
      EXPECT_EQ(chunk.source, folder / "model.onnx");
    }
  }
  EXPECT_EQ(spliced, 8000);
  EXPECT_LT(in_memory, 1000u);
  // The same file as when all is read into memory.
  const std::string bytes = Contents(*chunks);
  EXPECT_EQ(bytes, model.SerializeAsString());
  EXPECT_EQ(bytes, Written(ImportBytes(model.SerializeAsString(), again)));
}

TEST(ToOnnxTest, ExternalDataIsNamedOrEmbedded) {
  const ScratchFolder folder;
  WriteText(folder / "w.bin", "0123456701234567");
  const std::string text = ModelText(
      Input("x") + Output("z") + Op("Add", "a", {"x", "w"}, {"z"}) +
      "initializer { name: 'w' dims: 2 data_type: 1 data_location: EXTERNAL external_data { key: "
      "'location' value: 'w.bin' } external_data { key: 'offset' value: '4' } external_data { key: "
      "'length' value: '8' } external_data { key: 'checksum' value: 'abc' } } ");
  const ir::Module module = ImportText(text, folder);
  onnx::ModelProto named, embedded;
  ASSERT_TRUE(named.ParseFromString(Written(module)));
  EXPECT_EQ(named.graph().initializer(0).SerializeAsString(),
            ParseModel(text).graph().initializer(0).SerializeAsString());
  OnnxWriteOptions options;
  options.embed_external_data = true;
  ASSERT_TRUE(embedded.ParseFromString(Written(module, options)));
  EXPECT_EQ(embedded.graph().initializer(0).raw_data(), "45670123");
  EXPECT_FALSE(embedded.graph().initializer(0).has_data_location());
  EXPECT_THAT(SourceFiles(module), ::testing::ElementsAre(folder / "model.onnx", folder / "w.bin"));
}

ir::Module ModuleWithFileTensor(ir::FileBytes file, std::vector<int64_t> dims) {
  ir::Module module;
  module.opset_imports = {{"", 16}};
  ir::Constant constant;
  constant.element = ir::ElementType::kFloat;
  constant.dims = std::move(dims);
  constant.storage = std::move(file);
  const ir::Type type = constant.type();
  const ir::ConstantId id = module.constants.Add(std::move(constant));
  module.graph.SetOutputs({module.graph.AddInitializer("w", type, id)});
  return module;
}

TEST(ToOnnxTest, RefusesMoreThanTwoGibibytes) {
  ir::FileBytes file;
  file.location = "w.bin";
  const ir::Module module = ModuleWithFileTensor(file, {1 << 15, 1 << 15});  // 4 GiB
  EXPECT_TRUE(ToOnnx(module, module.graph, {}).ok());
  OnnxWriteOptions options;
  options.embed_external_data = true;
  EXPECT_THAT(std::string(ToOnnx(module, module.graph, options).status().message()),
              HasSubstr("2 GiB; do not embed external data"));
}

TEST(ToOnnxTest, RefusesToReadOutsideTheModelsFolder) {
  for (const char* location : {"../w.bin", "/etc/w.bin", "a/../../w.bin", ""}) {
    ir::FileBytes file;
    file.location = location;
    const ir::Module module = ModuleWithFileTensor(file, {2});
    OnnxWriteOptions options;
    options.embed_external_data = true;
    EXPECT_THAT(std::string(ToOnnx(module, module.graph, options).status().message()),
                HasSubstr("must lie in the model's folder"));
  }
}

TEST(ToOnnxTest, RefusesTensorsShorterThanTheirShape) {
  ir::FileBytes file;
  file.home = ir::FileBytes::Home::kModelFile;
  file.location = "m.onnx";
  file.length = 4;
  const ir::Module module = ModuleWithFileTensor(file, {2});
  EXPECT_THAT(std::string(ToOnnx(module, module.graph, {}).status().message()),
              HasSubstr("has 4 bytes of data in 'm.onnx' but needs 8"));
}

TEST(ToOnnxTest, KeepsFieldsNewerThanTheLibrary) {
  onnx::ModelProto model = ParseModel(
      ModelText(Input("x") + Output("z") + Op("f", "a", {"x"}, {"z"}, "domain: 'local' "),
                "opset_import { domain: 'local' version: 1 } functions { name: 'f' domain: 'local' "
                "input: 'p' output: 'q' opset_import { version: 16 } " +
                    Op("Relu", "r", {"p"}, {"q"}) + "} "));
  onnx_ext::Function function;
  function.set_overload("o");
  model.mutable_functions(0)->MergeFromString(function.SerializeAsString());
  onnx_ext::Node node;
  node.set_overload("o");
  node.add_metadata_props()->set_key("k");
  model.mutable_graph()->mutable_node(0)->MergeFromString(node.SerializeAsString());
  onnx_ext::Model more;
  more.add_configuration()->set_name("theirs");
  model.MergeFromString(more.SerializeAsString());
  const ScratchFolder folder;
  const ir::Module module = ImportBytes(model.SerializeAsString(), folder);
  EXPECT_EQ(module.graph.node(ir::NodeId(0)).overload, "o");
  EXPECT_EQ(Written(module), model.SerializeAsString());
}

TEST(ToOnnxTest, APartCarriesOnlyItsFunctionsAndNoTrainingInfo) {
  std::string text;
  for (const ZooModel& model : Zoo()) {
    if (model.name == "functions") text = model.text;
  }
  onnx::ModelProto proto = ParseModel(text + " training_info { }");
  const ScratchFolder folder;
  const ir::Module module = ImportBytes(proto.SerializeAsString(), folder);
  EXPECT_EQ(Written(module), proto.SerializeAsString());
  const ir::Plan plan = MakePlan(module, {{"a", 0}, {"b", 1}});
  const absl::StatusOr<Bundle> bundle = Extract(module, TwoDevices(), plan);
  ASSERT_TRUE(bundle.ok()) << bundle.status();
  OnnxWriteOptions options;
  options.part = true;
  onnx::ModelProto first, second;
  ASSERT_TRUE(first.ParseFromString(Contents(*ToOnnx(module, bundle->pieces[0].graph, options))));
  ASSERT_TRUE(second.ParseFromString(Contents(*ToOnnx(module, bundle->pieces[1].graph, options))));
  EXPECT_EQ(first.functions_size(), 2);
  EXPECT_EQ(second.functions_size(), 0);
  EXPECT_EQ(first.training_info_size(), 0);
  EXPECT_EQ(second.opset_import_size(), 2);
  onnx::checker::check_model(first);
  onnx::checker::check_model(second);
}

TEST(ToOnnxTest, CapturesGoByTheNameOutside) {
  std::string text;
  for (const ZooModel& model : Zoo()) {
    if (model.name == "captures") text = model.text;
  }
  const ScratchFolder folder, again;
  ir::Module module = ImportText(text, folder);
  // As a pass that replaces a value would: the body goes on calling it by its old name, and happens
  // to use the new one for something of its own ("t" in the else branch).
  ir::Graph& graph = module.graph;
  for (size_t i = 0; i < graph.value_id_bound(); ++i) {
    if (graph.value(ir::ValueId(i)).name == "y") graph.mutable_value(ir::ValueId(i)).name = "t";
  }
  onnx::ModelProto model;
  ASSERT_TRUE(model.ParseFromString(Written(module)));
  const onnx::NodeProto& branch = model.graph().node(1);
  ASSERT_EQ(branch.attribute_size(), 2);
  const onnx::GraphProto& otherwise = branch.attribute(1).g();
  EXPECT_EQ(otherwise.node(0).input(0), "t");
  EXPECT_EQ(otherwise.node(0).output(0), "t_1");
  EXPECT_EQ(otherwise.node(1).input(0), "t_1");
  const onnx::GraphProto& deep = branch.attribute(0).g().node(0).attribute(0).g();
  EXPECT_EQ(deep.node(0).input(0), "t");
  onnx::checker::check_model(model);
}

TEST(ToOnnxTest, OldModelsListInitializersAmongTheInputs) {
  const ScratchFolder folder;
  ir::Module module =
      ImportText("ir_version: 3 opset_import { version: 8 } graph { name: 'g' " + Input("x") +
                     Output("z") + Weight("w") + Op("Add", "a", {"x", "w"}, {"z"}) + "}",
                 folder);
  onnx::ModelProto model;
  ASSERT_TRUE(model.ParseFromString(Written(module)));
  ASSERT_EQ(model.graph().input_size(), 2);
  EXPECT_EQ(model.graph().input(1).name(), "w");
  onnx::checker::check_model(model);
}

TEST(ToOnnxTest, WrongCarriedBytesAreErrors) {
  const ScratchFolder folder;
  ir::Module module = ImportText(Zoo()[0].text, folder);
  module.graph.mutable_node_unknown_fields(ir::NodeId(0)) = "\xff";
  EXPECT_FALSE(ToOnnx(module, module.graph, {}).ok());
}

}  // namespace
}  // namespace allot
