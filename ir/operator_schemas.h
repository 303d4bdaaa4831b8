// What a library of operator schemas (libonnx) knows about types; the IR and the passes see only
// this.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"

#include "ir/module.h"

namespace allot::ir {

class OperatorSchemas {
 public:
  struct Operand {
    Type type;  // kUnknown if absent or not inferred
    bool present = false;
    std::optional<std::vector<int64_t>> integers;  // the elements, when known (shapes, axes)
    std::vector<int64_t> integer_dims;             // the shape of `integers`
  };
  virtual ~OperatorSchemas() = default;
  // The types of the results (kUnknown where the schema cannot tell), or nullopt if the library
  // does not know the operator at that opset version or its rule is known to be wrong there. An
  // error is a contradiction in the model: "MatMul: incompatible dimensions".
  // Bodies of control flow are not visited.
  virtual absl::StatusOr<std::optional<std::vector<Type>>> InferTypes(
      const Module& module, const Node& node, int64_t opset_version,
      const std::vector<Operand>& operands) const = 0;
};

}  // namespace allot::ir
