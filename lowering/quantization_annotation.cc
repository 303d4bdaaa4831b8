#include "lowering/quantization_annotation.h"

#include "onnx/onnx_pb.h"

namespace allot {

QuantizationAnnotation ParseQuantizationAnnotation(const std::string& proto) {
  onnx::TensorAnnotation annotation;
  QuantizationAnnotation result;
  if (!annotation.ParseFromString(proto)) return result;
  result.tensor = annotation.tensor_name();
  for (const onnx::StringStringEntryProto& entry : annotation.quant_parameter_tensor_names()) {
    result.parameters.push_back(entry.value());
  }
  return result;
}

}  // namespace allot
