// Builds ONNX models in code, with seeded weights: the models of the examples and of the end-to-end
// tests.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "onnx/onnx_pb.h"

#include "support/random.h"

namespace allot::examples {

class OnnxBuilder {
 public:
  OnnxBuilder(std::string name, int64_t opset, int64_t ir_version = 8);

  // A dimension: a number, or a symbol when `symbol` is not empty.
  struct Dim {
    Dim(int64_t value) : size(value) {}      // NOLINT: dimensions are written as numbers
    Dim(const char* name) : symbol(name) {}  // NOLINT
    int64_t size = 0;
    std::string symbol;
  };

  std::string Input(const std::string& name, std::vector<Dim> dims,
                    int32_t type = onnx::TensorProto::FLOAT);
  void Output(const std::string& name, std::vector<Dim> dims,
              int32_t type = onnx::TensorProto::FLOAT);
  // Normal-like values of the given standard deviation around `mean`.
  std::string Weight(const std::string& name, std::vector<int64_t> dims, double deviation,
                     double mean = 0.0);
  std::string Integers(const std::string& name, std::vector<int64_t> values,
                       std::vector<int64_t> dims);

  // Appends a node named `name` (may be empty) with one result, `name`_out unless given; returns
  // the result.
  onnx::NodeProto& Node(const std::string& op, std::vector<std::string> inputs,
                        std::vector<std::string> outputs, const std::string& name,
                        const std::string& domain = "");
  std::string Op(const std::string& op, std::vector<std::string> inputs, const std::string& name);

  // Convolution with bias and ReLU, padded to keep the size when the stride is 1.
  std::string ConvRelu(const std::string& x, int64_t in, int64_t out, int64_t kernel,
                       int64_t stride, const std::string& name);

  static void Ints(onnx::NodeProto& node, const std::string& name, std::vector<int64_t> values);
  static void Int(onnx::NodeProto& node, const std::string& name, int64_t value);
  static void Float(onnx::NodeProto& node, const std::string& name, float value);

  onnx::ModelProto& model() { return model_; }
  onnx::GraphProto& graph() { return *model_.mutable_graph(); }
  onnx::NodeProto& last() { return *graph().mutable_node(graph().node_size() - 1); }

  // Writes the model; false if the file cannot be written.
  bool Save(const std::string& path) const;

 private:
  onnx::ModelProto model_;
  Random random_{20230801};
};

// GoogLeNet (Szegedy et al., CVPR 2015) for 224 x 224 images, without the auxiliary heads: 142
// nodes, 7 million seeded weights.
OnnxBuilder GoogLeNet();

}  // namespace allot::examples
