// A placement as ONNX files can carry it, in two forms: ONNX Runtime's layer annotations (node
// metadata "layer_ann", read through the session option session.layer_assignment_settings) and the
// multi-device hints of ONNX 1.18 (ModelProto.configuration, NodeProto.device_configurations).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"

#include "ir/plan.h"
#include "target/target.h"

namespace allot {

// The configuration's name in ModelProto.configuration.
inline constexpr char kConfigurationName[] = "allot";

struct StageHint {
  int32_t stage = 0;                 // pipeline_stage: the index of the part
  DeviceId device;                   // index into the configuration's devices
  std::vector<std::string> outputs;  // tensors to which a placement-only sharding is given
};

// `unknown_fields` of a node without what this program put there earlier, and with the annotation
// "<device>/<part>/<cluster>" (empty: none) and the hint. Other metadata and other configurations
// stay as they are.
std::string WithPlacementHints(absl::string_view unknown_fields, absl::string_view layer,
                               const std::optional<StageHint>& hint);

// `unknown_fields` of a model without our earlier configuration, and with one of the target's
// devices if `configure`.
std::string WithConfiguration(absl::string_view unknown_fields, const Target& target,
                              bool configure);

// "gpu:0(gpu0/); cpu(cpu0/)": which annotations ONNX Runtime is to run where. Annotations begin
// with the device's label and '/', so that gpu1 does not match gpu10. Devices without a runtime
// hint from which an execution provider follows are left out.
std::string LayerAssignmentSettings(const Target& target);

// The same for the devices that the plan uses; empty unless one session can do what it says.
std::string SessionSettings(const Target& target, const ir::Plan& plan);

}  // namespace allot
