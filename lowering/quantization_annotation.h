// GraphProto.quantization_annotation: which tensors a serialized TensorAnnotation names.
#pragma once

#include <string>
#include <vector>

namespace allot {

struct QuantizationAnnotation {
  std::string tensor;                   // the annotated one
  std::vector<std::string> parameters;  // the tensors that hold scale, zero point, ...
};

// Empty names if `proto` is not a TensorAnnotation.
QuantizationAnnotation ParseQuantizationAnnotation(const std::string& proto);

}  // namespace allot
