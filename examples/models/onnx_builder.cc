#include "examples/models/onnx_builder.h"

#include <cmath>
#include <cstring>
#include <fstream>
#include <utility>

namespace allot::examples {
namespace {

void SetDims(onnx::ValueInfoProto& info, const std::vector<OnnxBuilder::Dim>& dims, int32_t type) {
  onnx::TypeProto::Tensor& tensor = *info.mutable_type()->mutable_tensor_type();
  tensor.set_elem_type(type);
  tensor.mutable_shape();  // a scalar has a shape without dimensions
  for (const OnnxBuilder::Dim& dim : dims) {
    auto* entry = tensor.mutable_shape()->add_dim();
    if (dim.symbol.empty()) {
      entry->set_dim_value(dim.size);
    } else {
      entry->set_dim_param(dim.symbol);
    }
  }
}

}  // namespace

OnnxBuilder::OnnxBuilder(std::string name, int64_t opset, int64_t ir_version) {
  model_.set_ir_version(ir_version);
  model_.set_producer_name("allot-examples");
  onnx::OperatorSetIdProto& import = *model_.add_opset_import();
  import.set_domain("");
  import.set_version(opset);
  graph().set_name(std::move(name));
}

std::string OnnxBuilder::Input(const std::string& name, std::vector<Dim> dims, int32_t type) {
  onnx::ValueInfoProto& info = *graph().add_input();
  info.set_name(name);
  SetDims(info, dims, type);
  return name;
}

void OnnxBuilder::Output(const std::string& name, std::vector<Dim> dims, int32_t type) {
  onnx::ValueInfoProto& info = *graph().add_output();
  info.set_name(name);
  SetDims(info, dims, type);
}

std::string OnnxBuilder::Weight(const std::string& name, std::vector<int64_t> dims,
                                double deviation, double mean) {
  onnx::TensorProto& tensor = *graph().add_initializer();
  tensor.set_name(name);
  tensor.set_data_type(onnx::TensorProto::FLOAT);
  int64_t count = 1;
  for (const int64_t dim : dims) {
    tensor.add_dims(dim);
    count *= dim;
  }
  std::string raw(static_cast<size_t>(count) * sizeof(float), '\0');
  for (int64_t i = 0; i < count; ++i) {
    // The sum of four uniforms has variance 1/3.
    const double sum = random_.Unit() + random_.Unit() + random_.Unit() + random_.Unit() - 2;
    const float value = static_cast<float>(mean + deviation * sum * 1.7320508075688772);
    std::memcpy(raw.data() + static_cast<size_t>(i) * sizeof(float), &value, sizeof value);
  }
  tensor.set_raw_data(std::move(raw));
  return name;
}

std::string OnnxBuilder::Integers(const std::string& name, std::vector<int64_t> values,
                                  std::vector<int64_t> dims) {
  onnx::TensorProto& tensor = *graph().add_initializer();
  tensor.set_name(name);
  tensor.set_data_type(onnx::TensorProto::INT64);
  for (const int64_t dim : dims) tensor.add_dims(dim);
  for (const int64_t value : values) tensor.add_int64_data(value);
  return name;
}

onnx::NodeProto& OnnxBuilder::Node(const std::string& op, std::vector<std::string> inputs,
                                   std::vector<std::string> outputs, const std::string& name,
                                   const std::string& domain) {
  onnx::NodeProto& node = *graph().add_node();
  node.set_op_type(op);
  node.set_name(name);
  node.set_domain(domain);
  for (std::string& input : inputs) node.add_input(std::move(input));
  for (std::string& output : outputs) node.add_output(std::move(output));
  return node;
}

std::string OnnxBuilder::Op(const std::string& op, std::vector<std::string> inputs,
                            const std::string& name) {
  return Node(op, std::move(inputs), {name + "_out"}, name).output(0);
}

std::string OnnxBuilder::ConvRelu(const std::string& x, int64_t in, int64_t out, int64_t kernel,
                                  int64_t stride, const std::string& name) {
  const double deviation = std::sqrt(2.0 / static_cast<double>(in * kernel * kernel));
  const std::string weight = Weight(name + ".w", {out, in, kernel, kernel}, deviation);
  const std::string bias = Weight(name + ".b", {out}, 0.05);
  const std::string y = Op("Conv", {x, weight, bias}, name);
  Ints(last(), "kernel_shape", {kernel, kernel});
  Ints(last(), "strides", {stride, stride});
  const int64_t pad = kernel / 2;
  Ints(last(), "pads", {pad, pad, pad, pad});
  return Op("Relu", {y}, name + ".relu");
}

void OnnxBuilder::Ints(onnx::NodeProto& node, const std::string& name,
                       std::vector<int64_t> values) {
  onnx::AttributeProto& attribute = *node.add_attribute();
  attribute.set_name(name);
  attribute.set_type(onnx::AttributeProto::INTS);
  for (const int64_t value : values) attribute.add_ints(value);
}

void OnnxBuilder::Int(onnx::NodeProto& node, const std::string& name, int64_t value) {
  onnx::AttributeProto& attribute = *node.add_attribute();
  attribute.set_name(name);
  attribute.set_type(onnx::AttributeProto::INT);
  attribute.set_i(value);
}

void OnnxBuilder::Float(onnx::NodeProto& node, const std::string& name, float value) {
  onnx::AttributeProto& attribute = *node.add_attribute();
  attribute.set_name(name);
  attribute.set_type(onnx::AttributeProto::FLOAT);
  attribute.set_f(value);
}

bool OnnxBuilder::Save(const std::string& path) const {
  std::ofstream file(path, std::ios::binary);
  return model_.SerializeToOstream(&file) && file.flush().good();
}

}  // namespace allot::examples
