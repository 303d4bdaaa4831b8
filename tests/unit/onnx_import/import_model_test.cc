// Whole models: heads, functions, external data, and files that are no models.
#include <sys/stat.h>
#include <unistd.h>

#include "gmock/gmock.h"

#include "onnx_import/carried_fields.h"
#include "tests/unit/onnx_import/model_text.h"

namespace allot {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::Pair;

TEST(ImportOnnx, ReadsTheHead) {
  onnx::ModelProto model = Proto(
      "ir_version: 11 opset_import { domain: 'ai.onnx' version: 23 } opset_import { domain: "
      "'com.microsoft' version: 1 } producer_name: 'p' producer_version: '1.2' domain: 'd' "
      "model_version: 7 doc_string: 'text' metadata_props { key: 'k' value: 'v' } graph { node { "
      "op_type: 'FusedMatMul' domain: 'com.microsoft' output: 'y' } output { name: 'y' } } "
      "training_info { algorithm { name: 'a' } }");
  AddBytesField(26, "", &model);
  const Imported imported = Import(model);
  ASSERT_TRUE(imported.module.ok()) << imported.error();
  EXPECT_EQ(imported.notes(), "");
  const ir::Module& module = *imported.module;
  EXPECT_EQ(module.ir_version, 11);
  EXPECT_EQ(module.OpsetVersion(""), 23);
  EXPECT_EQ(module.OpsetVersion("com.microsoft"), 1);
  EXPECT_EQ(module.producer_name + module.producer_version + module.domain + module.doc,
            "p1.2dtext");
  EXPECT_EQ(module.model_version, 7);
  EXPECT_THAT(module.metadata, ElementsAre(Pair("k", "v")));
  EXPECT_EQ(module.source_file, "model.onnx");
  onnx::ModelProto rest;
  ASSERT_TRUE(MergeCarriedFields(module.unknown_fields, &rest));
  EXPECT_EQ(rest.training_info_size(), 1);
  EXPECT_EQ(BytesOfField(rest, 26).size(), 1u);
  EXPECT_FALSE(rest.has_graph());
}

TEST(ImportOnnx, WarnsOfOddHeads) {
  const Imported newer = Import(Proto("ir_version: 15 opset_import { version: 17 } graph {}"));
  ASSERT_TRUE(newer.module.ok()) << newer.error();
  EXPECT_THAT(newer.notes(), HasSubstr("IR version 15"));

  const Imported missing = Import(Proto(
      "ir_version: 8 graph { node { op_type: 'Relu' domain: 'x.y' name: 'n' } node { op_type: "
      "'Relu' } }"));
  ASSERT_TRUE(missing.module.ok()) << missing.error();
  EXPECT_THAT(missing.notes(), HasSubstr("node 'n' (x.y.Relu, #0): the model imports no version of "
                                         "domain 'x.y'"));
  EXPECT_THAT(missing.notes(), HasSubstr("domain 'ai.onnx'"));

  const Imported none = Import(Proto(
      "ir_version: 8 opset_import { version: 0 } graph { node { op_type: 'Relu' name: 'n' } }"));
  ASSERT_TRUE(none.module.ok());
  EXPECT_THAT(none.notes(), HasSubstr("imports no version of domain 'ai.onnx'"));

  const Imported twice = Import(Proto(
      "ir_version: 8 opset_import { version: 9 } opset_import { domain: 'ai.onnx' version: 17 } "
      "graph {}"));
  ASSERT_TRUE(twice.module.ok());
  EXPECT_EQ(twice.module->OpsetVersion(""), 17);
  EXPECT_THAT(twice.notes(), HasSubstr("as version 9 and 17"));
}

TEST(ImportOnnx, TakesTheModelsOpsetsForFunctionsThatImportNone) {
  const Imported imported = Import(
      Proto("ir_version: 8 opset_import { version: 17 } opset_import { domain: 'd' version: 2 } "
            "opset_import { domain: 'f' version: 1 } graph { node { op_type: 'F' domain: 'f' } } "
            "functions { name: 'F' domain: 'f' opset_import { domain: 'd' version: 3 } "
            "node { op_type: 'Relu' name: 'r' input: 'x' output: 'y' } "
            "node { op_type: 'Op' domain: 'd' input: 'y' output: 'z' } input: 'x' output: 'z' } "
            "functions { name: 'G' domain: 'f' node { op_type: 'Relu' input: 'x' output: 'y' } "
            "node { op_type: 'Op' domain: 'e' input: 'y' output: 'z' } input: 'x' output: 'z' }"));
  ASSERT_TRUE(imported.module.ok()) << imported.error();
  const auto& functions = imported.module->functions;
  EXPECT_THAT(functions[0].opset_imports, ElementsAre(Pair("d", 3), Pair("", 17)));
  EXPECT_THAT(functions[1].opset_imports, ElementsAre(Pair("", 17)));
  EXPECT_THAT(imported.notes(),
              HasSubstr("function 'f.F': node 'r' (Relu, #0): the function imports no version of "
                        "domain 'ai.onnx'; version 17, the model's, is taken, and other"));
  EXPECT_THAT(
      imported.notes(),
      HasSubstr("function 'f.G': node (e.Op, #1): the function imports no version of domain "
                "'e', nor does the model; nothing is known of its operators, and other"));
  EXPECT_EQ(imported.diagnostics.all().size(), 2u);
}

TEST(ImportOnnx, AcceptsEveryOpsetFrom7) {
  for (int opset = 7; opset <= 24; ++opset) {
    const Imported imported =
        Import(GraphModel("input { " + Float("x", {1}) +
                              " } node { op_type: 'Relu' input: 'x' output: 'y' } output "
                              "{ name: 'y' }",
                          opset));
    ASSERT_TRUE(imported.module.ok()) << opset << imported.error();
    EXPECT_EQ(imported.notes(), "");
  }
}

// --- files ---

TEST(ImportOnnx, RefusesWhatIsNoModel) {
  const std::pair<std::string, const char*> cases[] = {
      {"", "is empty"},
      {std::string(40, '\0'), "an impossible field at byte 0"},
      {"version https://git-lfs.github.com/spec/v1\noid sha256:1\n", "git lfs pull"},
      {std::string("PK\x03\x04") + "xxxxxxxxx", "zip archive"},
      {std::string("\x20\0\0\0ORTM", 8), "ONNX Runtime's own format"},
      {"<html><body>Not found</body></html>", "text file"},
      {"\"builtin.module\"() ({})", "text file"},
      {Proto("ir_version: 8").SerializeAsString(), "no graph"},
      {Proto("graph { name: 'g' }").SerializeAsString(), "no IR version"},
  };
  for (const auto& [bytes, message] : cases) {
    const Imported imported = ImportBytes(bytes);
    ASSERT_FALSE(imported.module.ok()) << message;
    EXPECT_THAT(imported.error(), HasSubstr(message));
    EXPECT_THAT(imported.error(), HasSubstr("model.onnx: "));
  }
}

TEST(ImportOnnx, RefusesWhatIsNoFile) {
  const ScratchFolder folder;
  EXPECT_THAT(ImportPath(folder / "none.onnx").error(),
              HasSubstr("none.onnx: there is no such file"));
  EXPECT_THAT(ImportPath(folder.path()).error(), HasSubstr("is a folder"));
}

TEST(ImportOnnx, ReadsPipes) {
  const ScratchFolder folder;
  onnx::ModelProto model = GraphModel("initializer { name: 'w' dims: 5000 data_type: 3 }");
  model.mutable_graph()->mutable_initializer(0)->set_raw_data(std::string(5000, 'w'));
  const std::string bytes = model.SerializeAsString();
  int ends[2];
  ASSERT_EQ(::pipe(ends), 0);
  ASSERT_EQ(::write(ends[1], bytes.data(), bytes.size()), ssize_t(bytes.size()));
  ::close(ends[1]);
  const int old_input = ::dup(STDIN_FILENO);
  ASSERT_EQ(::dup2(ends[0], STDIN_FILENO), STDIN_FILENO);
  const Imported imported = ImportPath("-");
  ::dup2(old_input, STDIN_FILENO);
  ::close(old_input);
  ::close(ends[0]);
  ASSERT_TRUE(imported.module.ok()) << imported.error();
  EXPECT_EQ(Bytes(ConstantOf(*imported.module, "w")), std::string(5000, 'w'));
  EXPECT_EQ(imported.module->source_folder, "");
}

TEST(ImportOnnx, RefersToTensorsFromTheGivenSize) {
  onnx::ModelProto model = GraphModel(
      "initializer { name: 'a' dims: 1000 data_type: 3 } initializer { name: 'b' dims: 999 "
      "data_type: 3 } node { op_type: 'Constant' output: 'c' attribute { name: 'value' type: "
      "TENSOR t { dims: 2000 data_type: 3 } } }");
  model.mutable_graph()->mutable_initializer(0)->set_raw_data(std::string(1000, 'a'));
  model.mutable_graph()->mutable_initializer(1)->set_raw_data(std::string(999, 'b'));
  model.mutable_graph()->mutable_node(0)->mutable_attribute(0)->mutable_t()->set_raw_data(
      std::string(2000, 'c'));
  ImportOptions options;
  options.reference_at_least = 1000;
  const Imported imported = Import(model, options);
  ASSERT_TRUE(imported.module.ok()) << imported.error();
  const std::string file = model.SerializeAsString();
  const auto& a = std::get<ir::FileBytes>(ConstantOf(*imported.module, "a").storage);
  EXPECT_EQ(a.home, ir::FileBytes::Home::kModelFile);
  EXPECT_EQ(a.location, "model.onnx");
  EXPECT_EQ(file.substr(size_t(a.offset), size_t(a.length)), std::string(1000, 'a'));
  EXPECT_EQ(Bytes(ConstantOf(*imported.module, "b")), std::string(999, 'b'));
  const ir::Graph& graph = imported.module->graph;
  const auto* value =
      ir::FindAttribute<ir::ConstantId>(graph.node(graph.nodes()[0]).attributes, "value");
  ASSERT_NE(value, nullptr);
  const auto& c = std::get<ir::FileBytes>(imported.module->constants[*value].storage);
  EXPECT_EQ(file.substr(size_t(c.offset), size_t(c.length)), std::string(2000, 'c'));
}

// --- external data ---

onnx::ModelProto External(const std::string& location, const std::string& more = "") {
  return GraphModel(
      "initializer { name: 'w' dims: 805306368 data_type: 1 data_location: EXTERNAL "
      "external_data { key: 'location' value: '" +
      location + "' } " + more + "}");
}

TEST(ExternalData, IsNotRead) {
  const ScratchFolder folder;
  ASSERT_EQ(::mkdir((folder / "sub").c_str(), 0700), 0);
  WriteFile(folder / "sub/w.bin", "");
  ASSERT_EQ(::truncate((folder / "sub/w.bin").c_str(), off_t{3} << 30), 0);
  WriteFile(folder / "model.onnx", External("sub/w.bin").SerializeAsString());
  const Imported imported = ImportPath(folder / "model.onnx");
  ASSERT_TRUE(imported.module.ok()) << imported.error();
  EXPECT_EQ(imported.module->source_folder, folder.path());
  const auto& file = std::get<ir::FileBytes>(ConstantOf(*imported.module, "w").storage);
  EXPECT_EQ(file.home, ir::FileBytes::Home::kExternalFile);
  EXPECT_EQ(file.location, "sub/w.bin");
  EXPECT_EQ(file.length, -1);

  // One byte less than the tensor needs.
  ASSERT_EQ(::truncate((folder / "sub/w.bin").c_str(), (off_t{3} << 30) - 1), 0);
  const Imported shortened = ImportPath(folder / "model.onnx");
  ASSERT_TRUE(shortened.module.ok()) << shortened.error();
  EXPECT_THAT(shortened.notes(), HasSubstr("model.onnx: warning: tensor 'w': its data are bytes 0 "
                                           "to 3221225472 of '"));
}

TEST(ExternalData, MissingIsOneClearWarning) {
  onnx::ModelProto model = External("w.bin");
  *model.mutable_graph()->add_initializer() = model.graph().initializer(0);
  model.mutable_graph()->mutable_initializer(1)->set_name("v");
  const Imported imported = Import(model);
  ASSERT_TRUE(imported.module.ok()) << imported.error();
  ASSERT_EQ(imported.diagnostics.all().size(), 1u);
  EXPECT_EQ(imported.diagnostics.all()[0].severity, Severity::kWarning);
  const std::string& message = imported.diagnostics.all()[0].message;
  EXPECT_THAT(message, HasSubstr("tensor 'w': its data is in 'w.bin', but there is no file '"));
  EXPECT_THAT(message,
              HasSubstr("put the model's data files beside the model (so also of 1 more)"));
  ImportOptions unchecked;
  unchecked.check_external_data = false;
  const Imported silent = Import(model, unchecked);
  ASSERT_TRUE(silent.module.ok());
  EXPECT_TRUE(silent.diagnostics.all().empty());
}

TEST(ExternalData, StaysInTheFolder) {
  ImportOptions unchecked;
  unchecked.check_external_data = false;
  for (const char* location : {"/etc/passwd", "../w.bin", "sub/../../w.bin", ".."}) {
    const Imported imported = Import(External(location), unchecked);
    ASSERT_FALSE(imported.module.ok()) << location;
    EXPECT_THAT(imported.error(), HasSubstr(location));
  }
  EXPECT_TRUE(Import(External("..w/..b.bin"), unchecked).module.ok());
}

TEST(ExternalData, IsCheckedInAttributesToo) {
  const Imported imported = Import(GraphModel(
      "node { name: 'k' op_type: 'Constant' output: 'c' attribute { name: 'value' type: TENSOR t { "
      "dims: 1 data_type: 1 data_location: EXTERNAL external_data { key: 'location' value: 'k.bin' "
      "} } } }"));
  ASSERT_TRUE(imported.module.ok()) << imported.error();
  ASSERT_EQ(imported.diagnostics.all().size(), 1u);
  EXPECT_THAT(imported.diagnostics.all()[0].message,
              HasSubstr("a constant: its data is in 'k.bin', but there is no file '"));
}

// --- functions ---

std::string Function(const std::string& name, const std::string& fields) {
  return "functions { domain: 'my' name: '" + name + "' opset_import { version: 17 } " + fields +
         " } ";
}

onnx::ModelProto WithFunctions(const std::string& functions, const std::string& graph = "") {
  return Proto(
      "ir_version: 8 opset_import { version: 17 } opset_import { domain: 'my' version: 1 "
      "} graph { " +
      graph + " } " + functions);
}

TEST(ImportFunctions, ReadsThem) {
  onnx::ModelProto model = WithFunctions(
      Function("Scale",
               "doc_string: 'scales' input: 'x' output: 'y' attribute: 'by' node { "
               "op_type: 'Constant' output: 'k' attribute { name: 'value_float' type: "
               "FLOAT ref_attr_name: 'by' } } node { op_type: 'Mul' input: 'x' input: 'k' "
               "output: 'y' attribute { name: 'extra' type: INT ref_attr_name: 'more' } }"),
      "input { " + Float("x", {1}) +
          " } node { op_type: 'Scale' domain: 'my' input: 'x' output: "
          "'y' attribute { name: 'by' type: FLOAT f: 2 } } output { name: 'y' }");
  onnx::FunctionProto& function = *model.mutable_functions(0);
  onnx::AttributeProto more;
  more.set_name("more");
  more.set_type(onnx::AttributeProto::INT);
  more.set_i(3);
  AddBytesField(kFunctionAttributeProto, more.SerializeAsString(), &function);
  onnx::ValueInfoProto info;
  info.set_name("y");
  info.mutable_type()->mutable_tensor_type()->set_elem_type(1);
  AddBytesField(kFunctionValueInfo, info.SerializeAsString(), &function);
  AddBytesField(kFunctionOverload, "o", &function);
  AddBytesField(14, "metadata", &function);
  AddBytesField(kNodeOverload, "o", model.mutable_graph()->mutable_node(0));

  const Imported imported = Import(model);
  ASSERT_TRUE(imported.module.ok()) << imported.error();
  ASSERT_EQ(imported.module->functions.size(), 1u);
  const ir::Function& read = imported.module->functions[0];
  EXPECT_EQ(read.domain + "." + read.name + ":" + read.overload, "my.Scale:o");
  EXPECT_EQ(read.doc, "scales");
  EXPECT_THAT(read.attributes, ElementsAre("by"));
  ASSERT_EQ(read.attribute_defaults.count("more"), 1u);
  EXPECT_THAT(read.opset_imports, ElementsAre(Pair("", 17)));
  EXPECT_EQ(read.body.num_nodes(), 2u);
  EXPECT_EQ(read.body.inputs().size(), 1u);
  EXPECT_EQ(read.body.value(read.body.outputs()[0]).type.element, ir::ElementType::kFloat);
  onnx::FunctionProto rest;
  ASSERT_TRUE(MergeCarriedFields(read.unknown_fields, &rest));
  EXPECT_EQ(BytesOfField(rest, 14).size(), 1u);
  EXPECT_TRUE(BytesOfField(rest, kFunctionOverload).empty()) << "understood, so not carried";
  const ir::Graph& graph = imported.module->graph;
  EXPECT_EQ(graph.node(graph.nodes()[0]).overload, "o");
  EXPECT_EQ(graph.node(graph.nodes()[0]).unknown_fields, "");
}

TEST(ImportFunctions, MayHaveBodiesThatCapture) {
  const Imported imported = Import(WithFunctions(
      Function("F",
               "input: 'c' input: 'x' output: 'y' node { op_type: 'If' input: 'c' output: 'y' "
               "attribute { name: 'then_branch' type: GRAPH g { output { name: 'x' } } } "
               "attribute { name: 'else_branch' type: GRAPH g { node { op_type: 'Neg' input: 'x' "
               "output: 'n' } output { name: 'n' } } } }")));
  ASSERT_TRUE(imported.module.ok()) << imported.error();
  const ir::Graph& body = imported.module->functions[0].body;
  EXPECT_EQ(body.node(body.nodes()[0]).captures.size(), 1u);
}

TEST(ImportFunctions, RefusesWrongOnes) {
  const std::string call_f = "node { op_type: 'F' domain: 'my' output: 'y' } output: 'y' ";
  const std::string call_g = "node { op_type: 'G' domain: 'my' output: 'y' } output: 'y' ";
  const std::pair<std::string, const char*> cases[] = {
      {Function("F", call_f), "function 'my.F': it calls itself; ONNX forbids recursion"},
      {Function("F", call_g) + Function("G", call_f), "it calls itself through function 'my.G'"},
      {Function("F", "") + Function("F", ""), "function 'my.F' is defined twice"},
      {Function("", ""), "function #0 has no name"},
      {Function("F", "attribute: 'a' attribute: 'a'"), "attribute 'a' is declared twice"},
      {Function("F", "input: 'x' input: 'x'"), "function 'my.F': graph input 'x'"},
      {Function("F", "output: 'y'"), "function 'my.F': graph output 'y' is defined nowhere"},
      {Function("F",
                "node { op_type: 'Relu' attribute { name: 'a' type: INT ref_attr_name: 'b' } "
                "}"),
       "function 'my.F': node (Relu, #0): attribute 'a': it refers to 'b'"},
  };
  for (const auto& [functions, message] : cases) {
    const Imported imported = Import(WithFunctions(functions));
    ASSERT_FALSE(imported.module.ok()) << functions;
    EXPECT_THAT(imported.error(), HasSubstr(message));
  }
}

TEST(ImportFunctions, RefusesUndefinedOverloads) {
  onnx::ModelProto model =
      WithFunctions(Function("F", ""), "node { name: 'n' op_type: 'F' domain: 'my' }");
  AddBytesField(kNodeOverload, "other", model.mutable_graph()->mutable_node(0));
  EXPECT_THAT(Import(model).error(),
              HasSubstr("node 'n' (my.F, #0): it calls overload 'other' of a function"));
}

TEST(ImportFunctions, FollowsLongChainsOfCalls) {
  std::string functions;
  for (int i = 0; i < 3000; ++i) {
    functions +=
        Function("F" + std::to_string(i), "output: 'y' node { op_type: 'F" + std::to_string(i + 1) +
                                              "' domain: 'my' output: 'y' }");
  }
  const Imported imported = Import(WithFunctions(functions));
  ASSERT_TRUE(imported.module.ok()) << imported.error();
  EXPECT_THAT(imported.notes(), Not(HasSubstr("error")));
}

}  // namespace
}  // namespace allot
