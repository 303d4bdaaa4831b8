#include "target/op_features.h"

namespace allot {

const char* OpFamilyName(OpFamily family) {
  switch (family) {
    case OpFamily::kNone:
      return "none";
    case OpFamily::kMatrix:
      return "matrix";
    case OpFamily::kElementwise:
      return "elementwise";
    case OpFamily::kReduction:
      return "reduction";
    case OpFamily::kMovement:
      return "movement";
    case OpFamily::kControl:
      return "control";
    case OpFamily::kOther:
      return "other";
  }
  return "other";
}

Bytes Traffic(const OpFeatures& op) {
  const Bytes activations = SaturatingAdd(op.read, op.written);
  const bool touches_counted = op.family == OpFamily::kMovement || op.family == OpFamily::kControl;
  return touches_counted ? activations : SaturatingAdd(activations, op.weights);
}

}  // namespace allot
