// Builds ONNX models in code, with seeded weights: the models of the examples, of the end-to-end
// tests and of the benchmarks. The same calls give the same bytes on every machine.
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
  // Normal-like values of the given standard deviation (positive) around `mean`.
  std::string Weight(const std::string& name, std::vector<int64_t> dims, double deviation,
                     double mean = 0.0);
  std::string Integers(const std::string& name, std::vector<int64_t> values,
                       std::vector<int64_t> dims);
  std::string Floats(const std::string& name, const std::vector<float>& values,
                     std::vector<int64_t> dims);
  // One number, in the type of the weights.
  std::string Scalar(const std::string& name, float value);
  // Cosines or sines of rotary positions: `positions` rows of `waves`, each wave longer than the
  // one before, in the type of the weights.
  std::string Waves(const std::string& name, int64_t positions, int64_t waves, bool sine);

  // From here on weights and waves have this type, FLOAT or FLOAT16, and lie in a file that is not
  // written, "<name of the model>.data" beside the model: for models too large to have at hand.
  void KeepWeightsOutside(int32_t type);

  // Appends a node named `name` (may be empty) with one result, `name`_out unless given; returns
  // the result.
  onnx::NodeProto& Node(const std::string& op, std::vector<std::string> inputs,
                        std::vector<std::string> outputs, const std::string& name,
                        const std::string& domain = "");
  std::string Op(const std::string& op, std::vector<std::string> inputs, const std::string& name);

  // Where a convolution or a pool looks: the same stride both ways, the same padding on both sides.
  struct Window {
    int64_t height, width;
    int64_t stride = 1;
    int64_t pad_height = 0, pad_width = 0;

    // Padded to keep the size when the stride is 1.
    static Window Same(int64_t size, int64_t stride = 1) {
      return {size, size, stride, size / 2, size / 2};
    }
    static Window Row(int64_t size) { return {1, size, 1, 0, size / 2}; }
    static Window Column(int64_t size) { return {size, 1, 1, size / 2, 0}; }
    // Not padded.
    static Window Valid(int64_t size, int64_t stride = 1) { return {size, size, stride}; }
  };
  // Convolution with bias. The result's variance is `gain` times the mean square of `x`: 2 makes up
  // for what a ReLU after it takes away.
  struct ConvShape {
    int64_t in, out;  // channels
    Window window;
    int64_t groups = 1;
    double gain = 1.0;
  };
  std::string Conv(const std::string& x, const ConvShape& shape, const std::string& name);
  // Convolution with bias and ReLU, padded to keep the size when the stride is 1.
  std::string ConvRelu(const std::string& x, int64_t in, int64_t out, int64_t kernel,
                       int64_t stride, const std::string& name);

  // MaxPool or AveragePool.
  std::string Pool(const std::string& op, const std::string& x, const Window& window,
                   const std::string& name);
  std::string Concat(std::vector<std::string> inputs, int64_t axis, const std::string& name);
  // x times a weight of `in` rows and `out` columns, plus bias, for x of two dimensions; variance
  // as in Conv.
  std::string Dense(const std::string& x, int64_t in, int64_t out, const std::string& name,
                    double gain = 1.0);

  static void Ints(onnx::NodeProto& node, const std::string& name, std::vector<int64_t> values);
  static void Int(onnx::NodeProto& node, const std::string& name, int64_t value);
  static void Float(onnx::NodeProto& node, const std::string& name, float value);
  static void String(onnx::NodeProto& node, const std::string& name, const std::string& value);

  onnx::ModelProto& model() { return model_; }
  onnx::GraphProto& graph() { return *model_.mutable_graph(); }
  onnx::NodeProto& last() { return *graph().mutable_node(graph().node_size() - 1); }

  // Writes the model, whole or not at all; false if the file cannot be written.
  bool Save(const std::string& path) const;

 private:
  // A tensor of the weights' type, to be filled unless it is outside.
  onnx::TensorProto& AddTensor(const std::string& name, const std::vector<int64_t>& dims);

  onnx::ModelProto model_;
  int32_t weight_type_ = onnx::TensorProto::FLOAT;
  bool outside_ = false;
  int64_t outside_bytes_ = 0;
  Random random_{20230801};
};

}  // namespace allot::examples
