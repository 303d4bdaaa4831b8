#include "examples/models/onnx_builder.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <cstring>
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

void AddWindow(onnx::NodeProto& node, const OnnxBuilder::Window& window) {
  OnnxBuilder::Ints(node, "kernel_shape", {window.height, window.width});
  OnnxBuilder::Ints(node, "strides", {window.stride, window.stride});
  OnnxBuilder::Ints(node, "pads",
                    {window.pad_height, window.pad_width, window.pad_height, window.pad_width});
}

// Rounded to 16 bits; zero, or a normal number of that format.
int32_t HalfBits(float value) {
  if (value == 0) return 0;
  uint32_t bits = 0;
  std::memcpy(&bits, &value, sizeof bits);
  const uint32_t rebased = (bits & 0x7fffffff) - (112u << 23) + 0x1000;
  return static_cast<int32_t>((bits >> 16 & 0x8000) | rebased >> 13);
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
  onnx::TensorProto& tensor = AddTensor(name, dims);
  if (outside_) return name;
  int64_t count = 1;
  for (const int64_t dim : dims) count *= dim;
  // Four uniform numbers of 16 bits, whose sum has this deviation around twice their largest.
  constexpr double kSumDeviation = 37837.227;
  constexpr int64_t kSumMean = 2 * 0xffff;
  const double scale = deviation / kSumDeviation;
  // Rounded to whole steps, so that a weight is one product, which no machine can contract.
  const int64_t shift = std::llround(mean / scale) - kSumMean;
  std::string raw(static_cast<size_t>(count) * sizeof(float), '\0');
  for (int64_t i = 0; i < count; ++i) {
    const uint64_t bits = random_.Next();
    const auto sum = static_cast<int64_t>((bits & 0xffff) + (bits >> 16 & 0xffff) +
                                          (bits >> 32 & 0xffff) + (bits >> 48));
    const auto value = static_cast<float>(scale * static_cast<double>(sum + shift));
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

std::string OnnxBuilder::Floats(const std::string& name, const std::vector<float>& values,
                                std::vector<int64_t> dims) {
  onnx::TensorProto& tensor = *graph().add_initializer();
  tensor.set_name(name);
  tensor.set_data_type(onnx::TensorProto::FLOAT);
  for (const int64_t dim : dims) tensor.add_dims(dim);
  for (const float value : values) tensor.add_float_data(value);
  return name;
}

std::string OnnxBuilder::Scalar(const std::string& name, float value) {
  onnx::TensorProto& tensor = *graph().add_initializer();
  tensor.set_name(name);
  tensor.set_data_type(weight_type_);
  if (weight_type_ == onnx::TensorProto::FLOAT) {
    tensor.add_float_data(value);
  } else {
    tensor.add_int32_data(HalfBits(value));
  }
  return name;
}

std::string OnnxBuilder::Waves(const std::string& name, int64_t positions, int64_t waves,
                               bool sine) {
  onnx::TensorProto& tensor = AddTensor(name, {positions, waves});
  for (int64_t position = 0; position < positions && !outside_; ++position) {
    for (int64_t wave = 0; wave < waves; ++wave) {
      const double share = static_cast<double>(wave) / static_cast<double>(waves);
      const double angle = static_cast<double>(position) * std::pow(10000.0, -share);
      tensor.add_float_data(static_cast<float>(sine ? std::sin(angle) : std::cos(angle)));
    }
  }
  return name;
}

void OnnxBuilder::KeepWeightsOutside(int32_t type) {
  weight_type_ = type;
  outside_ = true;
}

onnx::TensorProto& OnnxBuilder::AddTensor(const std::string& name,
                                          const std::vector<int64_t>& dims) {
  onnx::TensorProto& tensor = *graph().add_initializer();
  tensor.set_name(name);
  tensor.set_data_type(weight_type_);
  int64_t bytes = weight_type_ == onnx::TensorProto::FLOAT ? 4 : 2;
  for (const int64_t dim : dims) {
    tensor.add_dims(dim);
    bytes *= dim;
  }
  if (!outside_) return tensor;
  tensor.set_data_location(onnx::TensorProto::EXTERNAL);
  const auto entry = [&tensor](const std::string& key, const std::string& value) {
    onnx::StringStringEntryProto& pair = *tensor.add_external_data();
    pair.set_key(key);
    pair.set_value(value);
  };
  entry("location", graph().name() + ".data");
  entry("offset", std::to_string(outside_bytes_));
  entry("length", std::to_string(bytes));
  outside_bytes_ += bytes;
  return tensor;
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

std::string OnnxBuilder::Conv(const std::string& x, const ConvShape& shape,
                              const std::string& name) {
  const Window& window = shape.window;
  const int64_t in = shape.in / shape.groups;
  const double deviation =
      std::sqrt(shape.gain / static_cast<double>(in * window.height * window.width));
  const std::string weight =
      Weight(name + ".w", {shape.out, in, window.height, window.width}, deviation);
  const std::string bias = Weight(name + ".b", {shape.out}, 0.05);
  const std::string y = Op("Conv", {x, weight, bias}, name);
  AddWindow(last(), window);
  if (shape.groups != 1) Int(last(), "group", shape.groups);
  return y;
}

std::string OnnxBuilder::ConvRelu(const std::string& x, int64_t in, int64_t out, int64_t kernel,
                                  int64_t stride, const std::string& name) {
  const ConvShape shape = {
      .in = in, .out = out, .window = Window::Same(kernel, stride), .gain = 2.0};
  return Op("Relu", {Conv(x, shape, name)}, name + ".relu");
}

std::string OnnxBuilder::Pool(const std::string& op, const std::string& x, const Window& window,
                              const std::string& name) {
  const std::string y = Op(op, {x}, name);
  AddWindow(last(), window);
  return y;
}

std::string OnnxBuilder::Concat(std::vector<std::string> inputs, int64_t axis,
                                const std::string& name) {
  const std::string y = Op("Concat", std::move(inputs), name);
  Int(last(), "axis", axis);
  return y;
}

std::string OnnxBuilder::Dense(const std::string& x, int64_t in, int64_t out,
                               const std::string& name, double gain) {
  const double deviation = std::sqrt(gain / static_cast<double>(in));
  const std::string weight = Weight(name + ".w", {in, out}, deviation);
  const std::string bias = Weight(name + ".b", {out}, 0.05);
  return Op("Gemm", {x, weight, bias}, name);
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

void OnnxBuilder::String(onnx::NodeProto& node, const std::string& name, const std::string& value) {
  onnx::AttributeProto& attribute = *node.add_attribute();
  attribute.set_name(name);
  attribute.set_type(onnx::AttributeProto::STRING);
  attribute.set_s(value);
}

bool OnnxBuilder::Save(const std::string& path) const {
  struct stat there = {};
  if (::stat(path.c_str(), &there) == 0 && !S_ISREG(there.st_mode)) {
    // A device or a pipe is written to, not replaced.
    const int file = ::open(path.c_str(), O_WRONLY | O_CLOEXEC | O_NOCTTY);
    const bool written = file >= 0 && model_.SerializeToFileDescriptor(file);
    return file >= 0 && ::close(file) == 0 && written;
  }
  std::string unfinished = path + ".XXXXXX";
  const int file = ::mkostemp(unfinished.data(), O_CLOEXEC);
  if (file < 0) return false;
  const mode_t mask = ::umask(0);
  ::umask(mask);
  bool ok = ::fchmod(file, 0666 & ~mask) == 0 && model_.SerializeToFileDescriptor(file);
  ok = ::close(file) == 0 && ok;
  ok = ok && std::rename(unfinished.c_str(), path.c_str()) == 0;
  if (!ok) ::unlink(unfinished.c_str());
  return ok;
}

}  // namespace allot::examples
