#include "onnx_import/weight_ranges.h"

#include <sys/resource.h>
#include <unistd.h>

#include "gmock/gmock.h"

#include "onnx_import/carried_fields.h"
#include "tests/unit/onnx_import/model_text.h"

namespace allot {
namespace {

using ::testing::HasSubstr;

absl::StatusOr<onnx::ModelProto> Parse(absl::string_view file, int64_t reference_at_least) {
  onnx::ModelProto model;
  const absl::Status status = ParseWithoutWeights(file, reference_at_least, &model);
  if (!status.ok()) return status;
  return model;
}

std::string Weights(size_t bytes) {
  std::string weights(bytes, '\0');
  for (size_t i = 0; i < bytes; ++i) weights[i] = static_cast<char>(i * 7 + 1);
  return weights;
}

void SetFloats(const std::string& raw, onnx::TensorProto* tensor) {
  tensor->set_data_type(onnx::TensorProto::FLOAT);
  tensor->add_dims(static_cast<int64_t>(raw.size() / 4));
  tensor->set_raw_data(raw);
}

TEST(ParseWithoutWeights, LeavesLargeTensorsInTheFile) {
  onnx::ModelProto model = GraphModel("");
  const std::string large = Weights(4000), small = Weights(40);
  auto* initializer = model.mutable_graph()->add_initializer();
  initializer->set_name("w");
  SetFloats(large, initializer);
  SetFloats(small, model.mutable_graph()->add_initializer());
  auto* attribute = model.mutable_graph()->add_node()->add_attribute();
  attribute->set_type(onnx::AttributeProto::TENSOR);
  SetFloats(large, attribute->mutable_t());
  auto* body = model.mutable_graph()->add_node()->add_attribute();
  body->set_type(onnx::AttributeProto::GRAPH);
  SetFloats(large, body->mutable_g()->add_initializer());
  auto* in_function = model.add_functions()->add_node()->add_attribute();
  in_function->set_type(onnx::AttributeProto::TENSOR);
  SetFloats(large, in_function->mutable_t());

  const std::string file = model.SerializeAsString();
  absl::StatusOr<onnx::ModelProto> parsed = Parse(file, 1000);
  ASSERT_TRUE(parsed.ok()) << parsed.status();
  onnx::GraphProto& graph = *parsed->mutable_graph();
  for (onnx::TensorProto* tensor :
       {graph.mutable_initializer(0), graph.mutable_node(0)->mutable_attribute(0)->mutable_t(),
        graph.mutable_node(1)->mutable_attribute(0)->mutable_g()->mutable_initializer(0),
        parsed->mutable_functions(0)->mutable_node(0)->mutable_attribute(0)->mutable_t()}) {
    EXPECT_FALSE(tensor->has_raw_data());
    const std::optional<WeightRange> range = TakeWeightRange(tensor);
    ASSERT_TRUE(range.has_value());
    EXPECT_EQ(file.substr(size_t(range->offset), size_t(range->length)), large);
    tensor->set_raw_data(large);
  }
  EXPECT_FALSE(TakeWeightRange(graph.mutable_initializer(1)).has_value());
  // Nothing else has changed.
  EXPECT_EQ(parsed->SerializeAsString(), file);
}

TEST(ParseWithoutWeights, TakesPackedFloatsAsTheyStand) {
  onnx::ModelProto model = GraphModel(
      "initializer { dims: 300 data_type: 1 name: 'f' } "
      "initializer { dims: 300 data_type: 11 name: 'd' } "
      "initializer { dims: 300 data_type: 6 name: 'i' }");
  for (int i = 0; i < 300; ++i) {
    model.mutable_graph()->mutable_initializer(0)->add_float_data(float(i));
    model.mutable_graph()->mutable_initializer(1)->add_double_data(i);
    model.mutable_graph()->mutable_initializer(2)->add_int32_data(i);
  }
  absl::StatusOr<onnx::ModelProto> parsed = Parse(model.SerializeAsString(), 1000);
  ASSERT_TRUE(parsed.ok());
  EXPECT_EQ(TakeWeightRange(parsed->mutable_graph()->mutable_initializer(0))->length, 1200);
  EXPECT_EQ(TakeWeightRange(parsed->mutable_graph()->mutable_initializer(1))->length, 2400);
  EXPECT_FALSE(TakeWeightRange(parsed->mutable_graph()->mutable_initializer(2)).has_value());
  EXPECT_EQ(parsed->graph().initializer(2).int32_data_size(), 300);
}

TEST(ParseWithoutWeights, LeavesOddTensorsWhole) {
  const std::string file = [] {
    onnx::ModelProto model = GraphModel(
        "initializer { segment { begin: 0 } } initializer { data_type: 8 } "
        "sparse_initializer { values {} } node { attribute { type: TENSORS tensors {} } "
        "attribute { type: TENSOR ref_attr_name: 'x' t {} } attribute { t {} } }");
    onnx::GraphProto& graph = *model.mutable_graph();
    const std::string raw = Weights(4000);
    graph.mutable_initializer(0)->set_raw_data(raw);
    graph.mutable_initializer(1)->set_raw_data(raw);
    graph.mutable_sparse_initializer(0)->mutable_values()->set_raw_data(raw);
    graph.mutable_node(0)->mutable_attribute(0)->mutable_tensors(0)->set_raw_data(raw);
    graph.mutable_node(0)->mutable_attribute(1)->mutable_t()->set_raw_data(raw);
    graph.mutable_node(0)->mutable_attribute(2)->mutable_t()->set_raw_data(raw);
    return model.SerializeAsString();
  }();
  absl::StatusOr<onnx::ModelProto> parsed = Parse(file, 1000);
  ASSERT_TRUE(parsed.ok());
  EXPECT_EQ(parsed->SerializeAsString(), file);
}

TEST(ParseWithoutWeights, RefusesForgedReferences) {
  onnx::ModelProto model = GraphModel("initializer { dims: 4 data_type: 1 }");
  AddBytesField(468'413'101, std::string(16, '\1'), model.mutable_graph()->mutable_initializer(0));
  for (int64_t threshold : {-1, 1000}) {
    const auto parsed = Parse(model.SerializeAsString(), threshold);
    ASSERT_FALSE(parsed.ok());
    EXPECT_THAT(std::string(parsed.status().message()), HasSubstr("graph.initializer[0]"));
  }
}

TEST(ParseWithoutWeights, NamesThePlaceOfTheFault) {
  const std::string file =
      GraphModel("node { op_type: 'Relu' } node { op_type: 'Relu' attribute { name: 'abcdef' } }")
          .SerializeAsString();
  const size_t cut = file.find("abcdef") + 3;
  // The attribute is longer than what is left of the file.
  const auto truncated = Parse(file.substr(0, cut), 1000);
  ASSERT_FALSE(truncated.ok());
  EXPECT_THAT(std::string(truncated.status().message()),
              HasSubstr(absl::StrCat("truncated at byte ", cut)));

  std::string longer = file;
  longer[file.find("abcdef") - 1] = 7;  // one byte more than the attribute has
  const auto broken = Parse(longer, 1000);
  ASSERT_FALSE(broken.ok());
  EXPECT_THAT(std::string(broken.status().message()), HasSubstr("graph.node[1].attribute[0]"));
}

TEST(ParseWithoutWeights, LimitsNesting) {
  std::string graph;  // no fields
  const auto wrap = [](int number, const std::string& bytes) {
    std::string out(1, static_cast<char>(number << 3 | 2));
    size_t length = bytes.size();
    for (; length >= 0x80; length >>= 7) out.push_back(static_cast<char>(length | 0x80));
    out.push_back(static_cast<char>(length));
    return out + bytes;
  };
  for (int i = 0; i < 5000; ++i) {
    // graph.node.attribute.g, with the attribute's type, at the right depth for the walk to follow
    graph = wrap(1, wrap(5, "\xa0\x01\x05" + wrap(6, graph)));
  }
  const auto parsed = Parse(wrap(7, graph), 1000);
  ASSERT_FALSE(parsed.ok());
  EXPECT_THAT(std::string(parsed.status().message()), HasSubstr("nested deeper than 100"));
}

TEST(ParseWithoutWeights, LimitsNestingOfGroups) {
  std::string groups;
  for (int i = 0; i < 100'000; ++i) groups += "\xa3\x06";  // field 100, start of a group
  const auto parsed = Parse(groups, 1000);
  ASSERT_FALSE(parsed.ok());
  EXPECT_THAT(std::string(parsed.status().message()), HasSubstr("nested deeper than 100"));
}

int64_t PeakKilobytes() {
  struct rusage usage = {};
  EXPECT_EQ(::getrusage(RUSAGE_SELF, &usage), 0);
  return usage.ru_maxrss;
}

std::string Varint(uint64_t value) {
  std::string out;
  for (; value >= 0x80; value >>= 7) out.push_back(static_cast<char>(value | 0x80));
  out.push_back(static_cast<char>(value));
  return out;
}

// A model whose last field is a tensor of 1.5 GiB, all of it a hole in the file.
TEST(ParseWithoutWeights, DoesNotTouchWeights) {
  constexpr uint64_t kWeightBytes = uint64_t{3} << 29;
  const std::string tensor = absl::StrCat("\x08", Varint(kWeightBytes / 4), "\x10\x01", "\x42\x01w",
                                          "\x4a", Varint(kWeightBytes));
  onnx::ModelProto head = GraphModel("node { op_type: 'Relu' input: 'w' output: 'y' } output { " +
                                     Float("y", {1}) + " }");
  const std::string nodes = head.graph().SerializeAsString();
  head.clear_graph();
  const std::string graph =
      absl::StrCat(nodes, "\x2a", Varint(tensor.size() + kWeightBytes), tensor);
  const std::string file =
      absl::StrCat(head.SerializeAsString(), "\x3a", Varint(graph.size() + kWeightBytes), graph);
  const ScratchFolder folder;
  WriteFile(folder / "model.onnx", file);
  ASSERT_EQ(::truncate((folder / "model.onnx").c_str(), off_t(file.size() + kWeightBytes)), 0);

  const int64_t before = PeakKilobytes();
  const Imported imported = ImportPath(folder / "model.onnx");
  ASSERT_TRUE(imported.module.ok()) << imported.error();
  EXPECT_LT(PeakKilobytes() - before, 64 * 1024);
  const ir::Constant& weights = ConstantOf(*imported.module, "w");
  const auto& range = std::get<ir::FileBytes>(weights.storage);
  EXPECT_EQ(range.home, ir::FileBytes::Home::kModelFile);
  EXPECT_EQ(range.location, "model.onnx");
  EXPECT_EQ(range.offset, int64_t(file.size()));
  EXPECT_EQ(range.length, int64_t(kWeightBytes));
}

}  // namespace
}  // namespace allot
