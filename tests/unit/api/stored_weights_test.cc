// Weights count as many bytes as are stored, in 16, 8 and 4 bits.
#include <string>
#include <vector>

#include "gtest/gtest.h"

#include "api/compile.h"
#include "api/compile_options.h"
#include "onnx/onnx_pb.h"

namespace allot {
namespace {

constexpr int64_t kSide = 1024;
constexpr int32_t kInt4 = 22;  // of ONNX 1.16, which the headers may not know

onnx::TensorProto& AddWeight(onnx::ModelProto& model, const std::string& name, int32_t type,
                             const std::vector<int64_t>& dims, size_t bytes) {
  onnx::TensorProto& tensor = *model.mutable_graph()->add_initializer();
  tensor.set_name(name);
  tensor.set_data_type(type);
  for (const int64_t dim : dims) tensor.add_dims(dim);
  tensor.set_raw_data(std::string(bytes, '\0'));
  return tensor;
}

void AddNode(onnx::ModelProto& model, const std::string& op, const std::vector<std::string>& inputs,
             const std::string& output) {
  onnx::NodeProto& node = *model.mutable_graph()->add_node();
  node.set_op_type(op);
  node.set_name(output);
  for (const std::string& input : inputs) node.add_input(input);
  node.add_output(output);
}

void Declare(onnx::ValueInfoProto& value, const std::string& name, int32_t type) {
  value.set_name(name);
  onnx::TypeProto::Tensor& tensor = *value.mutable_type()->mutable_tensor_type();
  tensor.set_elem_type(type);
  tensor.mutable_shape()->add_dim()->set_dim_value(1);
  tensor.mutable_shape()->add_dim()->set_dim_value(kSide);
}

// A product with a square matrix of weights of this type; integers are made numbers again first.
std::string Product(int32_t type, size_t bytes) {
  onnx::ModelProto model;
  model.set_ir_version(10);
  model.add_opset_import()->set_version(21);
  model.mutable_graph()->set_name("product");
  const bool quantized = type == onnx::TensorProto::INT8 || type == kInt4;
  const int32_t real = quantized ? onnx::TensorProto::FLOAT : type;
  Declare(*model.mutable_graph()->add_input(), "x", real);
  Declare(*model.mutable_graph()->add_output(), "y", real);
  AddWeight(model, "w", type, {kSide, kSide}, bytes);
  if (quantized) {
    AddWeight(model, "scale", onnx::TensorProto::FLOAT, {}, 4);
    AddNode(model, "DequantizeLinear", {"w", "scale"}, "wide");
  }
  AddNode(model, "MatMul", {"x", quantized ? "wide" : "w"}, "y");
  return model.SerializeAsString();
}

Bytes Resident(int32_t type, size_t bytes) {
  CompileOptions options;
  options.target = "cpu-gpu";
  Diagnostics diagnostics;
  const absl::StatusOr<Compilation> compilation =
      CompileBytes(Product(type, bytes), "m.onnx", options, diagnostics);
  EXPECT_TRUE(compilation.ok()) << compilation.status();
  Bytes resident = 0;
  if (!compilation.ok()) return resident;
  for (const ir::DeviceUse& use : compilation->plan.summary->devices) resident += use.resident;
  return resident;
}

TEST(StoredWeightsTest, CountAsTheyAreStored) {
  constexpr size_t kWeights = kSide * kSide;
  EXPECT_EQ(Resident(onnx::TensorProto::FLOAT, 4 * kWeights), Bytes{4 * kWeights});
  EXPECT_EQ(Resident(onnx::TensorProto::FLOAT16, 2 * kWeights), Bytes{2 * kWeights});
  EXPECT_EQ(Resident(onnx::TensorProto::INT8, kWeights), Bytes{kWeights + 4});
  EXPECT_EQ(Resident(kInt4, kWeights / 2), Bytes{kWeights / 2 + 4});
}

}  // namespace
}  // namespace allot
