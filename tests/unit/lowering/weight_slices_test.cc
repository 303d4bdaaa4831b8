// Slices of weights in written files: their bytes and no others, whatever the original's form.
#include <cstring>
#include <numeric>

#include "gmock/gmock.h"
#include "onnx/checker.h"

#include "ir/constant_view.h"
#include "lowering/emitters/external_data.h"
#include "lowering/file_copy.h"
#include "lowering/file_digest.h"
#include "lowering/open_file.h"
#include "lowering/to_onnx.h"
#include "tests/unit/lowering/lowering_fixture.h"

namespace allot {
namespace {

constexpr int64_t kRows = 60, kColumns = 40;

std::string Floats() {
  std::vector<float> elements(kRows * kColumns);
  std::iota(elements.begin(), elements.end(), 1.0f);
  std::string bytes(elements.size() * sizeof(float), '\0');
  std::memcpy(bytes.data(), elements.data(), bytes.size());
  return bytes;
}

// What columns [begin, end) of Floats() hold.
std::string Columns(int64_t begin, int64_t end) {
  const std::string all = Floats();
  std::string bytes;
  for (int64_t row = 0; row < kRows; ++row) {
    bytes += all.substr(static_cast<size_t>((row * kColumns + begin) * 4),
                        static_cast<size_t>((end - begin) * 4));
  }
  return bytes;
}

enum class Form { kRaw, kTyped, kExternal };

// x + w, with w of 60 x 40 floats.
std::string WeightModel(Form form, const ScratchFolder& folder) {
  onnx::ModelProto model =
      ParseModel(ModelText(Input("x") + Output("z") + Op("Add", "a", {"x", "w"}, {"z"})));
  onnx::TensorProto* weight = model.mutable_graph()->add_initializer();
  weight->set_name("w");
  weight->set_data_type(onnx::TensorProto::FLOAT);
  weight->add_dims(kRows);
  weight->add_dims(kColumns);
  const std::string bytes = Floats();
  if (form == Form::kRaw) weight->set_raw_data(bytes);
  for (size_t i = 0; form == Form::kTyped && i < bytes.size(); i += 4) {
    float element = 0;
    std::memcpy(&element, bytes.data() + i, 4);
    weight->add_float_data(element);
  }
  if (form == Form::kExternal) {
    WriteText(folder / "w.bin", "in front" + bytes + "behind");
    weight->set_data_location(onnx::TensorProto::EXTERNAL);
    for (const auto& [key, value] : std::vector<std::pair<std::string, std::string>>{
             {"location", "w.bin"}, {"offset", "8"}, {"length", std::to_string(bytes.size())}}) {
      onnx::StringStringEntryProto* entry = weight->add_external_data();
      entry->set_key(key);
      entry->set_value(value);
    }
  }
  return model.SerializeAsString();
}

// Puts columns [begin, end) in the place of the weight.
void KeepColumns(ir::Module& module, int64_t begin, int64_t end) {
  const ir::ValueId weight = module.graph.initializers()[0];
  ir::Value& value = module.graph.mutable_value(weight);
  absl::StatusOr<ir::Constant> slice =
      ir::SliceConstant(module.constants[value.constant], 1, {{begin, end}});
  ASSERT_TRUE(slice.ok()) << slice.status();
  value.constant = module.constants.Add(*std::move(slice));
  value.type = module.constants[value.constant].type();
}

EmitInput InputFor(const ir::Module& module, const Target& target, const ir::Plan& plan,
                   const Bundle& bundle) {
  return {module, target, plan, bundle};
}

class WeightSlicesTest : public ::testing::TestWithParam<Form> {};

TEST_P(WeightSlicesTest, FilesHoldTheSliceAndNothingElse) {
  const ScratchFolder folder, out;
  for (const int64_t reference_at_least : {int64_t{1024}, int64_t{1} << 40}) {
    ir::Module module = ImportBytes(WeightModel(GetParam(), folder), folder, reference_at_least);
    KeepColumns(module, 8, 24);
    const Target target = TwoDevices();
    const ir::Plan plan;
    const Bundle bundle;
    const absl::StatusOr<std::vector<OutputFile>> files =
        OnnxFiles(InputFor(module, target, plan, bundle), module.graph, "m.onnx", {});
    ASSERT_TRUE(files.ok()) << files.status();
    ASSERT_EQ(files->size(), GetParam() == Form::kExternal ? 2u : 1u);
    int64_t total = 0;
    std::vector<std::string> written;
    for (const OutputFile& file : *files) {
      const std::string path = out / (file.name + std::to_string(reference_at_least));
      ASSERT_TRUE(WriteChunks(path, file.name, file.chunks).ok());
      written.push_back(ReadText(path));
      EXPECT_EQ(written.back(), Contents(file.chunks));
      const absl::StatusOr<FileDigest> digest = DigestOf(file.name, file.chunks);
      ASSERT_TRUE(digest.ok());
      EXPECT_EQ(*digest, *DigestOfFile(path));
      total += static_cast<int64_t>(written.back().size());
    }
    onnx::ModelProto model;
    ASSERT_TRUE(model.ParseFromString(written[0]));
    const onnx::TensorProto& weight = model.graph().initializer(0);
    EXPECT_THAT(weight.dims(), ::testing::ElementsAre(kRows, 16));
    if (GetParam() == Form::kExternal) {
      EXPECT_EQ(weight.data_location(), onnx::TensorProto::EXTERNAL);
      EXPECT_EQ(weight.external_data(0).value(), "m.onnx.data");
      EXPECT_EQ(written[1], Columns(8, 24));
    } else {
      EXPECT_EQ(weight.raw_data(), Columns(8, 24));
    }
    EXPECT_LT(total, kRows * 16 * 4 + 400);
  }
}

// Rows and columns in an order of their own, as parts of divided layers have them.
TEST_P(WeightSlicesTest, RowsAndColumnsMayComeInAnyOrder) {
  const ScratchFolder folder, out;
  ir::Module module = ImportBytes(WeightModel(GetParam(), folder), folder, 1024);
  const std::vector<ir::IndexRun> rows = {{50, 52}, {3, 4}, {7, 9}};
  const std::vector<ir::IndexRun> columns = {{30, 33}, {0, 1}, {2, 3}, {35, 40}, {10, 12}};
  const std::string all = Floats();
  std::string expected;
  for (const ir::IndexRun& row : rows) {
    for (int64_t r = row.begin; r < row.end; ++r) {
      for (const ir::IndexRun& run : columns) {
        expected += all.substr(static_cast<size_t>((r * kColumns + run.begin) * 4),
                               static_cast<size_t>((run.end - run.begin) * 4));
      }
    }
  }
  ir::Value& value = module.graph.mutable_value(module.graph.initializers()[0]);
  const ir::Constant some = *ir::SliceConstant(module.constants[value.constant], 0, rows);
  value.constant = module.constants.Add(*ir::SliceConstant(some, 1, columns));
  value.type = module.constants[value.constant].type();
  const Target target = TwoDevices();
  const ir::Plan plan;
  const Bundle bundle;
  EmitInput input = InputFor(module, target, plan, bundle);
  input.embed_external_data = true;
  const auto files = OnnxFiles(input, module.graph, "m.onnx", {});
  ASSERT_TRUE(files.ok()) << files.status();
  const std::string path = out / "m.onnx";
  ASSERT_TRUE(WriteChunks(path, "m.onnx", (*files)[0].chunks).ok());
  EXPECT_EQ(*DigestOf("m.onnx", (*files)[0].chunks), *DigestOfFile(path));
  EXPECT_EQ(ReadText(path), Contents((*files)[0].chunks));
  onnx::ModelProto model;
  ASSERT_TRUE(model.ParseFromString(ReadText(path)));
  EXPECT_EQ(model.graph().initializer(0).raw_data(), expected);
  // Through a buffer that ends within picks.
  for (const FileChunk& chunk : (*files)[0].chunks) {
    if (chunk.picks == nullptr) continue;
    const absl::StatusOr<OpenFile> from = OpenSource(chunk.source);
    ASSERT_TRUE(from.ok());
    std::string read;
    while (static_cast<int64_t>(read.size()) < chunk.size()) {
      std::string buffer(7, '\0');
      const auto count = ReadSource(*from, chunk, static_cast<int64_t>(read.size()), "m.onnx",
                                    absl::MakeSpan(buffer));
      ASSERT_TRUE(count.ok()) << count.status();
      read += buffer.substr(0, static_cast<size_t>(*count));
    }
    EXPECT_NE(expected.find(read), std::string::npos);
  }
}

INSTANTIATE_TEST_SUITE_P(Forms, WeightSlicesTest,
                         ::testing::Values(Form::kRaw, Form::kTyped, Form::kExternal));

TEST(WeightSlicesTest, EmbeddedSlicesNeedNoDataFile) {
  const ScratchFolder folder;
  ir::Module module = ImportBytes(WeightModel(Form::kExternal, folder), folder);
  KeepColumns(module, 0, 1);
  const Target target = TwoDevices();
  const ir::Plan plan;
  const Bundle bundle;
  EmitInput input = InputFor(module, target, plan, bundle);
  input.embed_external_data = true;
  const absl::StatusOr<std::vector<OutputFile>> files =
      OnnxFiles(input, module.graph, "m.onnx", {});
  ASSERT_TRUE(files.ok()) << files.status();
  ASSERT_EQ(files->size(), 1u);
  onnx::ModelProto model;
  ASSERT_TRUE(model.ParseFromString(Contents((*files)[0].chunks)));
  EXPECT_EQ(model.graph().initializer(0).raw_data(), Columns(0, 1));
  EXPECT_NO_THROW(onnx::checker::check_model(model));
}

TEST(WeightSlicesTest, TheOriginalIsNotCopiedBesideItsSlices) {
  const ScratchFolder folder;
  ir::Module module = ImportBytes(WeightModel(Form::kExternal, folder), folder);
  const Target target = TwoDevices();
  const ir::Plan plan;
  const Bundle bundle;
  const auto copied = [&] {
    const absl::StatusOr<std::vector<OutputFile>> files =
        CopiedExternalData(InputFor(module, target, plan, bundle), {&module.graph});
    EXPECT_TRUE(files.ok()) << files.status();
    return files.ok() ? files->size() : 0;
  };
  EXPECT_EQ(copied(), 1u);
  KeepColumns(module, 0, 20);
  EXPECT_EQ(copied(), 0u);
}

TEST(WeightSlicesTest, PackedElementsAreSlicedToo) {
  const ScratchFolder folder;
  ir::Module module = ImportText(
      ModelText("input { name: 'x' type { tensor_type { elem_type: 3 } } } output { name: 'z' type "
                "{ tensor_type { elem_type: 3 } } } " +
                Op("Add", "a", {"x", "w"}, {"z"}) +
                "initializer { name: 'w' dims: 2 dims: 3 data_type: 3 int32_data: [1, -2, 3, 4, 5, "
                "6] } "),
      folder);
  KeepColumns(module, 1, 3);
  onnx::ModelProto model;
  const absl::StatusOr<std::vector<FileChunk>> chunks = ToOnnx(module, module.graph, {});
  ASSERT_TRUE(chunks.ok()) << chunks.status();
  ASSERT_TRUE(model.ParseFromString(Contents(*chunks)));
  EXPECT_EQ(model.graph().initializer(0).raw_data(), std::string("\xfe\x03\x05\x06"));
}

TEST(WeightSlicesTest, AFileThatIsTooShortIsAnError) {
  const ScratchFolder folder;
  ir::Module module = ImportBytes(WeightModel(Form::kExternal, folder), folder);
  KeepColumns(module, 8, 24);
  WriteText(folder / "w.bin", "too short");
  const absl::StatusOr<std::vector<FileChunk>> chunks = ToOnnx(module, module.graph, {});
  ASSERT_TRUE(chunks.ok()) << chunks.status();
  const absl::Status status = WriteChunks(folder / "out.onnx", "out.onnx", *chunks);
  EXPECT_THAT(std::string(status.message()), ::testing::HasSubstr("w.bin' ends before byte"));
}

}  // namespace
}  // namespace allot
