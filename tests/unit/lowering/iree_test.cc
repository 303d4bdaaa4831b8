// The text for IREE: MLIR itself reads it, transfers are where the plan changes device, parameters
// are the model's bytes.
#include <cstdio>
#include <cstdlib>

#include "absl/strings/match.h"
#include "absl/strings/str_split.h"
#include "gmock/gmock.h"

#include "tests/unit/lowering/emit_case.h"

namespace allot {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

absl::StatusOr<std::vector<OutputFile>> EmitIree(const Case& model,
                                                 const std::string& options = "") {
  return EmitFiles(BuiltinEmitters(), {"iree" + options}, model.Input());
}

std::string IreeText(const Case& model, const std::string& options = "") {
  const absl::StatusOr<std::vector<OutputFile>> files = EmitIree(model, options);
  EXPECT_TRUE(files.ok()) << files.status();
  return files.ok() ? Text(*files, "iree/model.mlir") : "";
}

std::string Error(const Case& model) { return std::string(EmitIree(model).status().message()); }

size_t Count(const std::string& text, const std::string& what) {
  size_t count = 0;
  for (size_t at = text.find(what); at != text.npos; at = text.find(what, at + 1)) ++count;
  return count;
}

// Stock MLIR knows functions, arithmetic and tensors, and takes the rest as it is written.
void ExpectAcceptedByMlir(const std::string& text) {
#ifdef ALLOT_MLIR_OPT
  const ScratchFolder folder;
  WriteText(folder / "in.mlir", text);
  const std::string command = std::string(ALLOT_MLIR_OPT) +
                              " --allow-unregistered-dialect --verify-roundtrip " +
                              (folder / "in.mlir") + " -o /dev/null 2> " + (folder / "log");
  EXPECT_EQ(std::system(command.c_str()), 0) << ReadText(folder / "log").substr(0, 2000) << text;
#else
  EXPECT_THAT(text, HasSubstr("func.func @main("));
#endif
}

size_t NumNodes(const ir::Graph& graph) {
  size_t count = 0;
  for (ir::NodeId id : graph.nodes()) {
    ++count;
    for (const ir::Graph& body : graph.node(id).regions) count += NumNodes(body);
  }
  return count;
}

class IreeZooTest : public ::testing::TestWithParam<ZooModel> {};

TEST_P(IreeZooTest, IsMlirOrSaysWhyNot) {
  for (const auto& part : {AllInOne, AFirst}) {
    if (part == AFirst && GetParam().name == "sequences") continue;  // cannot be cut there
    const Case model(GetParam().text, part);
    if (const std::string error = Error(model); !error.empty()) {
      EXPECT_THAT(error, ::testing::AnyOf(HasSubstr("IREE"), HasSubstr("inline functions first")));
      continue;
    }
    const std::string text = IreeText(model);
    ExpectAcceptedByMlir(text);
    EXPECT_GE(Count(text, "\"torch.operator\""), NumNodes(model.module.graph));
    size_t moves = 0;
    for (const PieceTransfer& transfer : model.bundle.transfers) {
      std::set<DeviceId> devices;
      for (size_t to : transfer.to) devices.insert(model.bundle.pieces[to].device);
      moves += devices.size();
    }
    EXPECT_EQ(Count(text, "\"flow.tensor.transfer\""), moves) << text;
  }
}

INSTANTIATE_TEST_SUITE_P(Zoo, IreeZooTest, ::testing::ValuesIn(Zoo()),
                         [](const auto& model) { return model.param.name; });

TEST(IreeTest, BringsTensorsToTheirUsers) {
  const Case model(ZooText(kChain), AFirst);
  const std::string text = IreeText(model);
  EXPECT_THAT(text, HasSubstr("func.func @main(%v0: !torch.vtensor<[2],f32> {iree.abi.affinity = "
                              "#hal.device.promise<@cpu0>}) -> (!torch.vtensor<[2],f32> "
                              "{iree.abi.affinity = #hal.device.promise<@gpu0>})"));
  EXPECT_THAT(text, HasSubstr("{target = #hal.device.promise<@gpu0>} : (tensor<2xf32>)"));
  EXPECT_THAT(text, HasSubstr("torch.onnx_meta.opset_version = 16 : si64"));
  EXPECT_THAT(text, HasSubstr("--iree-hal-target-device=cpu0=local[0] \\\n"
                              "//   --iree-hal-target-device=gpu0=cuda[0] \\\n"));
  EXPECT_THAT(text, Not(HasSubstr("safetensors")));
}

TEST(IreeTest, NodesThatTravelAreThereOnceADevice) {
  const Case model(
      ModelText(Input("x") + Output("z") + Output("k") + Typed("y") + Typed("m") + Weight("w") +
                Op("Neg", "n", {"w"}, {"m"}) + Op("Cos", "c", {"m"}, {"k"}) +
                Op("Mul", "a", {"x", "k"}, {"y"}) + Op("Sub", "d", {"y", "k"}, {"z"})),
      [](const ir::Node& node) {
        return node.name == "n" || node.name == "c" ? -1 : AFirst(node);
      });
  const std::string text = IreeText(model);
  ExpectAcceptedByMlir(text);
  EXPECT_EQ(Count(text, "\"onnx.Neg\""), 2u);
  EXPECT_EQ(Count(text, "\"onnx.Cos\""), 2u);
  EXPECT_EQ(Count(text, "\"flow.tensor.transfer\""), 1u) << text;
}

TEST(IreeTest, OpenDimensionsTravelWithTheTensor) {
  const std::string dims = "dim { dim_param: 'N' } dim { dim_value: 3 } dim { }";
  const Case model(ModelText("input { " + Info("x", dims) + " } output { " + Info("z", dims) +
                             " } value_info { " + Info("y", dims) + " } " +
                             Op("Relu", "a", {"x"}, {"y"}) + Op("Tanh", "b", {"y"}, {"z"})),
                   AFirst);
  const std::string text = IreeText(model);
  ExpectAcceptedByMlir(text);
  EXPECT_EQ(Count(text, "tensor.dim "), 2u);
  EXPECT_THAT(text, HasSubstr(": (tensor<?x3x?xf32>, index, index) -> tensor<?x3x?xf32>"));
}

TEST(IreeTest, LargeWeightsAreParameters) {
  const Case model(
      ModelText(Input("x") + Output("z") + Typed("y") + Weight("w") + Weight("v", 3, 4) +
                Op("Add", "a", {"x", "w"}, {"y"}) + Op("Mul", "b", {"y", "v"}, {"z"})),
      AFirst);
  const absl::StatusOr<std::vector<OutputFile>> files =
      EmitIree(model, "{parameters-larger-than=0}");
  ASSERT_TRUE(files.ok()) << files.status();
  ASSERT_THAT(NamesOf(*files), ElementsAre("iree/model.mlir", "iree/model.safetensors"));
  const std::string text = Text(*files, "iree/model.mlir");
  ExpectAcceptedByMlir(text);
  EXPECT_THAT(text, HasSubstr("#flow.parameter.named<\"model\"::\"w\"> : tensor<2xf32>"));
  EXPECT_THAT(text, Not(HasSubstr("dense_resource")));

  const std::string bytes = Text(*files, "iree/model.safetensors");
  const size_t header_size =
      static_cast<unsigned char>(bytes[0]) + size_t{256} * static_cast<unsigned char>(bytes[1]);
  EXPECT_EQ((8 + header_size) % 64, 0u);
  const Json header = Parsed(bytes.substr(8, header_size));
  EXPECT_EQ(At(At(header, "w"), "dtype"), Json("F32"));
  EXPECT_EQ(At(At(header, "w"), "shape"), Json(Json::Array{2}));
  const Json::Array& place = List(At(header, "w"), "data_offsets");
  const int64_t begin = *place[0].If<int64_t>(), end = *place[1].If<int64_t>();
  const float expected[] = {1, 2};
  EXPECT_EQ(
      bytes.substr(8 + header_size + static_cast<size_t>(begin), static_cast<size_t>(end - begin)),
      std::string(reinterpret_cast<const char*>(expected), sizeof expected));
  EXPECT_EQ(bytes.size(), 8 + header_size + 4 * sizeof(float));  // w and v
}

}  // namespace
}  // namespace allot
