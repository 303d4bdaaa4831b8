// A model that has some of everything, cut short and damaged in many ways: an import fails with one
// message or gives a well-formed module, and nothing else ever happens.
#include "gmock/gmock.h"

#include "onnx_import/carried_fields.h"
#include "support/random.h"
#include "tests/unit/onnx_import/model_text.h"

namespace allot {
namespace {

std::string SomeOfEverything() {
  onnx::ModelProto model = Proto(
      "ir_version: 10 opset_import { version: 21 } opset_import { domain: 'my' version: 1 } "
      "metadata_props { key: 'k' value: 'v' } training_info { algorithm { name: 't' } } "
      "graph { name: 'g' input { " +
      Float("x", {2, 3}) + " } input { name: 'c' } " + R"(
      input { name: 's' type { sequence_type { elem_type { tensor_type { elem_type: 1 } } } } }
      initializer { name: 'w' dims: 300 data_type: 1 }
      initializer { name: 'o' dims: 2 data_type: 8 string_data: ['a', 'b'] }
      sparse_initializer { values { dims: 1 data_type: 1 float_data: 3 name: 'sp' }
                           indices { dims: 1 data_type: 7 int64_data: 4 } dims: [2, 3] }
      node { name: 'f' op_type: 'F' domain: 'my' input: 'x' output: 'y'
             attribute { name: 'a' type: FLOAT f: 2 } attribute { name: 'l' type: INTS ints: [1, 2] }
             attribute { name: 't' type: TYPE_PROTO tp { tensor_type { elem_type: 1 } } } }
      node { name: 'i' op_type: 'If' input: 'c' output: 'z'
        attribute { name: 'then_branch' type: GRAPH g { node { op_type: 'Add' input: 'y' input: 'w'
                    output: 't' } output { name: 't' } } }
        attribute { name: 'else_branch' type: GRAPH g {
                    initializer { name: 'k' dims: 1 data_type: 7 int64_data: 4 }
                    output { name: 'y' } } } }
      value_info { name: 'y' type { tensor_type { elem_type: 1 shape { dim { dim_param: 'N' } } } } }
      quantization_annotation { tensor_name: 'y' }
      output { name: 'z' type { optional_type { elem_type { tensor_type { elem_type: 1 } } } } } }
      functions { domain: 'my' name: 'F' input: 'x' output: 'y' attribute: 'a'
        opset_import { version: 21 }
        node { op_type: 'Selu' input: 'x' output: 'y'
               attribute { name: 'alpha' type: FLOAT ref_attr_name: 'a' } } })");
  model.mutable_graph()->mutable_initializer(0)->set_raw_data(std::string(1200, '\7'));
  AddBytesField(9, "metadata", model.mutable_graph()->mutable_node(0));
  return model.SerializeAsString();
}

// Imports, and whatever comes of it, checks it.
void ExpectNoHarm(const std::string& path, const std::string& bytes) {
  WriteFile(path, bytes);
  Imported imported = ImportPath(path);  // verifies
  if (!imported.module.ok()) {
    EXPECT_EQ(imported.error().rfind(path + ": ", 0), 0u) << imported.error();
    EXPECT_EQ(imported.error().find('\n'), std::string::npos) << imported.error();
    return;
  }
  EXPECT_TRUE(imported.module->graph.Compact());
  Diagnostics faults;
  EXPECT_TRUE(ir::Verify(*imported.module, faults).ok());
}

TEST(DamagedFiles, TheWholeModelImports) {
  const Imported imported = ImportBytes(SomeOfEverything());
  ASSERT_TRUE(imported.module.ok()) << imported.error();
  EXPECT_EQ(imported.notes(), "");
}

TEST(DamagedFiles, EveryTruncationIsHarmless) {
  const std::string whole = SomeOfEverything();
  const ScratchFolder folder;
  for (size_t length = 0; length < whole.size(); ++length) {
    ExpectNoHarm(folder / "model.onnx", whole.substr(0, length));
  }
}

TEST(DamagedFiles, FlippedBytesAreHarmless) {
  const std::string whole = SomeOfEverything();
  const ScratchFolder folder;
  Random random(1);
  for (int round = 0; round < 8000; ++round) {
    std::string damaged = whole;
    for (int64_t i = 0, flips = 1 + random.Below(4); i < flips; ++i) {
      damaged[size_t(random.Below(int64_t(damaged.size())))] = static_cast<char>(random.Below(256));
    }
    ExpectNoHarm(folder / "model.onnx", damaged);
  }
}

// Byte by byte: each replaced with values that end messages early or late.
TEST(DamagedFiles, ChangedLengthsAreHarmless) {
  const std::string whole = SomeOfEverything();
  const ScratchFolder folder;
  for (size_t at = 0; at < whole.size(); ++at) {
    if (at > 0 && whole[at] == '\7' && whole[at - 1] == '\7') continue;  // the weights
    for (int change : {-1, 1, 0x80}) {
      std::string damaged = whole;
      damaged[at] = static_cast<char>(damaged[at] + change);
      ExpectNoHarm(folder / "model.onnx", damaged);
    }
  }
}

TEST(DamagedFiles, NoiseIsHarmless) {
  const ScratchFolder folder;
  Random random(2);
  for (int round = 0; round < 500; ++round) {
    std::string noise(size_t(random.Below(200)), '\0');
    for (char& byte : noise) byte = static_cast<char>(random.Below(256));
    ExpectNoHarm(folder / "model.onnx", noise);
  }
}

}  // namespace
}  // namespace allot
