#include "onnx_import/onnx_types.h"

#include <limits>

#include "gmock/gmock.h"
#include "google/protobuf/util/message_differencer.h"

#include "tests/unit/onnx_import/model_text.h"

namespace allot {
namespace {

using google::protobuf::TextFormat;
using google::protobuf::util::MessageDifferencer;
using ::testing::HasSubstr;

template <typename Message>
Message FromText(const std::string& text) {
  Message message;
  EXPECT_TRUE(TextFormat::ParseFromString(text, &message)) << text;
  return message;
}

// Little-endian bytes of numbers.
template <typename Number>
std::string Raw(std::initializer_list<Number> numbers) {
  std::string bytes;
  for (Number number : numbers) {
    char buffer[sizeof(Number)];
    std::memcpy(buffer, &number, sizeof(Number));
    bytes.append(buffer, sizeof(Number));
  }
  return bytes;
}

// --- types ---

class TypeRoundTrip : public ::testing::TestWithParam<const char*> {};

TEST_P(TypeRoundTrip, KeepsTheMessage) {
  const auto proto = FromText<onnx::TypeProto>(GetParam());
  onnx::TypeProto again;
  TypeToOnnx(TypeFromOnnx(proto), &again);
  EXPECT_TRUE(MessageDifferencer::Equals(proto, again)) << again.DebugString();
}

INSTANTIATE_TEST_SUITE_P(
    Forms, TypeRoundTrip,
    ::testing::Values(
        "", "denotation: 'IMAGE'", "tensor_type { elem_type: 1 }",
        "tensor_type { elem_type: 1 shape {} }", "tensor_type { elem_type: 0 shape {} }",
        "tensor_type { elem_type: 10 shape { dim { dim_value: 3 denotation: 'C' } dim { dim_param: "
        "'N' } dim {} dim { dim_value: 0 } } } denotation: 'TENSOR'",
        "tensor_type { elem_type: 22 shape { dim { dim_value: 8 } } }",
        "sparse_tensor_type { elem_type: 7 shape { dim { dim_value: 8 } } }",
        "sequence_type { elem_type { tensor_type { elem_type: 8 } } }",
        "optional_type { elem_type { sequence_type { elem_type { tensor_type { elem_type: 1 } } } "
        "} }",
        "map_type { key_type: 7 value_type { tensor_type { elem_type: 1 shape {} } } }",
        "opaque_type { domain: 'd' name: 'n' }", "tensor_type { elem_type: 999 shape {} }"));

TEST(TypeFromOnnx, SaysWhatTheTypeIs) {
  const ir::Type tensor = TypeFromOnnx(FromText<onnx::TypeProto>(
      "tensor_type { elem_type: 1 shape { dim { dim_param: 'N' } dim { dim_value: -1 } } }"));
  ASSERT_TRUE(tensor.is_ranked_tensor());
  EXPECT_EQ((*tensor.shape)[0].symbol, "N");
  EXPECT_EQ((*tensor.shape)[1], ir::Dim::Unknown()) << "-1 is what some exporters write for any";
  EXPECT_EQ(TypeFromOnnx(FromText<onnx::TypeProto>("")).kind, ir::Type::Kind::kUnknown);
  EXPECT_EQ(TypeFromOnnx(FromText<onnx::TypeProto>("tensor_type { elem_type: 999 }")).kind,
            ir::Type::Kind::kOpaque);
  onnx::TypeProto future;
  AddBytesField(77, "x", &future);
  EXPECT_EQ(TypeFromOnnx(future).kind, ir::Type::Kind::kOpaque);
}

// --- tensors ---

struct Typed {
  const char* text;
  std::string raw;
};

class TypedData : public ::testing::TestWithParam<Typed> {};

TEST_P(TypedData, BecomesRawData) {
  auto proto = FromText<onnx::TensorProto>(GetParam().text);
  const absl::StatusOr<ir::Constant> constant = ConstantFromOnnx(&proto);
  ASSERT_TRUE(constant.ok()) << constant.status();
  EXPECT_EQ(Bytes(*constant), GetParam().raw);

  onnx::TensorProto again;
  ASSERT_TRUE(ConstantToOnnx(*constant, &again).ok());
  EXPECT_EQ(again.raw_data(), GetParam().raw);
  EXPECT_EQ(again.data_type(), proto.data_type());
  EXPECT_THAT(again.dims(), ::testing::ElementsAreArray(proto.dims()));
}

INSTANTIATE_TEST_SUITE_P(
    Fields, TypedData,
    ::testing::Values(
        Typed{"dims: 2 data_type: 1 float_data: [1.5, -2]", Raw<float>({1.5f, -2})},
        Typed{"dims: 1 data_type: 14 float_data: [1, 2]", Raw<float>({1, 2})},
        Typed{"dims: 2 data_type: 11 double_data: [1.5, -2]", Raw<double>({1.5, -2})},
        Typed{"dims: 1 data_type: 15 double_data: [1, 2]", Raw<double>({1, 2})},
        Typed{"dims: 2 data_type: 7 int64_data: [-1, 9000000000]", Raw<int64_t>({-1, 9000000000})},
        Typed{"dims: 2 data_type: 6 int32_data: [-1, 3]", Raw<int32_t>({-1, 3})},
        Typed{"dims: 2 data_type: 5 int32_data: [-1, 3]", Raw<int16_t>({-1, 3})},
        Typed{"dims: 2 data_type: 4 int32_data: [65535, 3]", Raw<uint16_t>({65535, 3})},
        Typed{"dims: 2 data_type: 3 int32_data: [-1, 3]", Raw<int8_t>({-1, 3})},
        Typed{"dims: 2 data_type: 2 int32_data: [255, 3]", Raw<uint8_t>({255, 3})},
        Typed{"dims: 2 data_type: 9 int32_data: [1, 0]", Raw<uint8_t>({1, 0})},
        Typed{"dims: 1 data_type: 10 int32_data: 15360", Raw<uint16_t>({15360})},
        Typed{"dims: 1 data_type: 16 int32_data: 16256", Raw<uint16_t>({16256})},
        Typed{"dims: 2 data_type: 12 uint64_data: [4294967295, 1]", Raw<uint32_t>({0xffffffff, 1})},
        Typed{"dims: 1 data_type: 13 uint64_data: 18446744073709551615",
              Raw<uint64_t>({std::numeric_limits<uint64_t>::max()})},
        Typed{"dims: 2 data_type: 17 int32_data: [56, 1]", Raw<uint8_t>({56, 1})},
        Typed{"dims: 3 data_type: 22 int32_data: [33, 7]", Raw<uint8_t>({0x21, 7})},
        Typed{"dims: 5 data_type: 25 int32_data: [228, 1]", Raw<uint8_t>({228, 1})},
        Typed{"dims: [2, 0] data_type: 1", ""},
        Typed{"data_type: 7 int64_data: 5", Raw<int64_t>({5})},
        Typed{"dims: 2 data_type: 3 raw_data: 'ab'", "ab"}));

TEST(ConstantFromOnnx, CarriesWhatHasNoBytes) {
  for (const char* text :
       {"dims: 2 data_type: 8 string_data: ['a', 'b'] name: 's' doc_string: 'd'",
        "dims: 4 data_type: 1 segment { begin: 0 end: 2 } float_data: [1, 2] name: 's'"}) {
    auto proto = FromText<onnx::TensorProto>(text);
    const onnx::TensorProto before = proto;
    const absl::StatusOr<ir::Constant> constant = ConstantFromOnnx(&proto);
    ASSERT_TRUE(constant.ok()) << constant.status();
    EXPECT_TRUE(std::holds_alternative<ir::OpaqueTensor>(constant->storage));
    EXPECT_EQ(constant->name, "s");
    onnx::TensorProto again;
    ASSERT_TRUE(ConstantToOnnx(*constant, &again).ok());
    EXPECT_TRUE(MessageDifferencer::Equals(before, again)) << again.DebugString();
  }
}

TEST(ConstantFromOnnx, RefersToExternalData) {
  auto proto = FromText<onnx::TensorProto>(
      "dims: 3 data_type: 1 name: 'w' data_location: EXTERNAL external_data { key: 'location' "
      "value: 'w.bin' } external_data { key: 'offset' value: '4096' } external_data { key: "
      "'length' value: '12' } external_data { key: 'checksum' value: 'abc' }");
  const onnx::TensorProto before = proto;
  const absl::StatusOr<ir::Constant> constant = ConstantFromOnnx(&proto);
  ASSERT_TRUE(constant.ok()) << constant.status();
  const auto& file = std::get<ir::FileBytes>(constant->storage);
  EXPECT_EQ(file.home, ir::FileBytes::Home::kExternalFile);
  EXPECT_EQ(file.location, "w.bin");
  EXPECT_EQ(file.offset, 4096);
  EXPECT_EQ(file.length, 12);
  ASSERT_EQ(file.other.size(), 1u);
  onnx::TensorProto again;
  ASSERT_TRUE(ConstantToOnnx(*constant, &again).ok());
  EXPECT_TRUE(MessageDifferencer::Equals(before, again)) << again.DebugString();
}

TEST(ConstantFromOnnx, AnExternalLengthOfZeroIsNone) {
  auto proto = FromText<onnx::TensorProto>(
      "dims: 3 data_type: 1 data_location: EXTERNAL external_data { key: 'location' value: 'f' } "
      "external_data { key: 'length' value: '0' }");
  const absl::StatusOr<ir::Constant> constant = ConstantFromOnnx(&proto);
  ASSERT_TRUE(constant.ok()) << constant.status();
  EXPECT_EQ(std::get<ir::FileBytes>(constant->storage).length, -1);
}

TEST(ConstantFromOnnx, KeepsSparseTensorsWhole) {
  const auto proto = FromText<onnx::SparseTensorProto>(
      "values { dims: 1 data_type: 1 float_data: 3 name: 'w' doc_string: 'd' } indices { dims: 1 "
      "data_type: 7 int64_data: 4 } dims: [2, 3]");
  const absl::StatusOr<ir::Constant> constant = SparseConstantFromOnnx(proto);
  ASSERT_TRUE(constant.ok()) << constant.status();
  EXPECT_TRUE(IsSparse(*constant));
  EXPECT_EQ(constant->name, "w");
  EXPECT_EQ(constant->dims, (std::vector<int64_t>{2, 3}));
  EXPECT_EQ(constant->element, ir::ElementType::kFloat);
  onnx::SparseTensorProto again;
  ASSERT_TRUE(SparseConstantToOnnx(*constant, &again).ok());
  EXPECT_TRUE(MessageDifferencer::Equals(proto, again));
}

TEST(ConstantFromOnnx, SaysWhatIsWrong) {
  const std::pair<const char*, const char*> cases[] = {
      {"dims: 2", "no element type"},
      {"dims: 2 data_type: 99", "element type 99"},
      {"dims: -2 data_type: 1", "dimension -2 is negative"},
      {"dims: 2 data_type: 1 float_data: 1", "4 bytes of data, but its type and dimensions need 8"},
      {"dims: 2 data_type: 1", "0 bytes of data"},
      {"dims: 2 data_type: 3 raw_data: 'abc'", "3 bytes of data"},
      {"dims: 1 data_type: 1 raw_data: 'abcd' float_data: 1", "twice"},
      {"dims: [4611686018427387904, 4] data_type: 1", "more than 2^63"},
      {"dims: 2 data_type: 8 string_data: 'a'", "1 strings, but its dimensions need 2"},
      {"dims: 1 data_type: 8 raw_data: 'a'", "string_data only"},
      {"dims: 1 data_type: 8 data_location: EXTERNAL external_data { key: 'location' value: 'f' }",
       "string_data only"},
      {"dims: 1 data_type: 1 data_location: EXTERNAL", "'location'"},
      {"dims: 1 data_type: 1 data_location: EXTERNAL external_data { key: 'location' value: 'f' } "
       "external_data { key: 'offset' value: '-3' }",
       "offset '-3'"},
      {"dims: 9 data_type: 1 data_location: EXTERNAL external_data { key: 'location' value: 'f' } "
       "external_data { key: 'length' value: '3' }",
       "of 3 bytes, but the tensor needs 36"},
  };
  for (const auto& [text, message] : cases) {
    auto proto = FromText<onnx::TensorProto>(text);
    const absl::StatusOr<ir::Constant> constant = ConstantFromOnnx(&proto);
    ASSERT_FALSE(constant.ok()) << text;
    EXPECT_THAT(std::string(constant.status().message()), HasSubstr(message));
  }
}

TEST(ConstantFromOnnx, CarriesUnknownFields) {
  auto proto = FromText<onnx::TensorProto>("dims: 1 data_type: 3 raw_data: 'a' name: 'w'");
  AddBytesField(16, "metadata", &proto);
  const onnx::TensorProto before = proto;
  const absl::StatusOr<ir::Constant> constant = ConstantFromOnnx(&proto);
  ASSERT_TRUE(constant.ok());
  onnx::TensorProto again;
  ASSERT_TRUE(ConstantToOnnx(*constant, &again).ok());
  EXPECT_EQ(before.SerializeAsString(), again.SerializeAsString());
}

// --- attributes ---

class AttributeRoundTrip : public ::testing::TestWithParam<const char*> {};

TEST_P(AttributeRoundTrip, KeepsTheMessage) {
  auto proto = FromText<onnx::AttributeProto>(GetParam());
  AddBytesField(99, "new", &proto);
  const onnx::AttributeProto before = proto;
  ir::ConstantPool constants;
  const absl::StatusOr<ir::Attribute> attribute = AttributeFromOnnx(&proto, &constants);
  ASSERT_TRUE(attribute.ok()) << attribute.status();
  onnx::AttributeProto again;
  ASSERT_TRUE(AttributeToOnnx(before.name(), *attribute, constants, &again).ok());
  EXPECT_TRUE(MessageDifferencer::Equals(before, again)) << again.DebugString();
}

INSTANTIATE_TEST_SUITE_P(
    Forms, AttributeRoundTrip,
    ::testing::Values(
        "name: 'a' type: INT i: -5 doc_string: 'd'", "name: 'a' type: FLOAT f: 0.1",
        "name: 'a' type: STRING s: 'x\\000y'", "name: 'a' type: INTS ints: [1, -2]",
        "name: 'a' type: INTS", "name: 'a' type: FLOATS floats: [1, 2.5]",
        "name: 'a' type: STRINGS strings: ['p', '']",
        "name: 'a' type: TENSOR t { dims: 1 data_type: 3 raw_data: 'z' name: 't' }",
        "name: 'a' type: SPARSE_TENSOR sparse_tensor { values { dims: 0 data_type: 1 } dims: 4 }",
        "name: 'a' type: TENSORS tensors { data_type: 1 } tensors { data_type: 7 }",
        "name: 'a' type: TYPE_PROTO tp { tensor_type { elem_type: 1 } }",
        "name: 'a' type: TYPE_PROTOS type_protos {}", "name: 'a' type: UNDEFINED",
        "name: 'a' type: INT ref_attr_name: 'outer'",
        // Fields beside the one that the type names.
        "name: 'a' type: INT i: 1 f: 2 strings: 'x'"));

TEST(AttributeFromOnnx, InfersTheTypeInOldFiles) {
  const std::pair<const char*, size_t> cases[] = {{"i: 4", 0},      {"f: 4", 1},
                                                  {"s: 'x'", 2},    {"ints: 4", 3},
                                                  {"floats: 4", 4}, {"strings: '4'", 5}};
  for (const auto& [text, index] : cases) {
    auto proto = FromText<onnx::AttributeProto>(text);
    ir::ConstantPool constants;
    const absl::StatusOr<ir::Attribute> attribute = AttributeFromOnnx(&proto, &constants);
    ASSERT_TRUE(attribute.ok());
    EXPECT_EQ(attribute->value.index(), index) << text;
  }
}

// --- carried fields ---

TEST(CarriedFields, AreAllThatIsNotUnderstood) {
  onnx::ModelProto model = Proto("ir_version: 8 domain: 'd' training_info {}");
  AddBytesField(26, "configuration", &model);
  AddBytesField(30, "taken elsewhere", &model);
  const std::string carried = CarriedFields(model, {1, 30});
  onnx::ModelProto rest;
  ASSERT_TRUE(MergeCarriedFields(carried, &rest));
  EXPECT_FALSE(rest.has_ir_version());
  EXPECT_EQ(rest.domain(), "d");
  EXPECT_EQ(rest.training_info_size(), 1);
  EXPECT_EQ(BytesOfField(rest, 26), std::vector<std::string>{"configuration"});
  EXPECT_TRUE(BytesOfField(rest, 30).empty());
  EXPECT_TRUE(HasUnknownFields(rest));
  EXPECT_EQ(CarriedFields(Proto("ir_version: 8"), {1}), "");
  EXPECT_FALSE(MergeCarriedFields("\x07", &rest));
}

TEST(BytesOfField, ReadsKnownFieldsToo) {
  onnx::NodeProto node;
  AddBytesField(4, "Conv", &node);
  AddBytesField(1, "x", &node);
  AddBytesField(1, "y", &node);
  EXPECT_EQ(node.op_type(), "Conv");
  EXPECT_EQ(BytesOfField(node, 4), std::vector<std::string>{"Conv"});
  EXPECT_EQ(BytesOfField(node, 1), (std::vector<std::string>{"x", "y"}));
  node.add_attribute()->set_name("a");
  ASSERT_EQ(BytesOfField(node, 5).size(), 1u);
  EXPECT_EQ(BytesOfField(node, 5)[0], node.attribute(0).SerializeAsString());
}

}  // namespace
}  // namespace allot
