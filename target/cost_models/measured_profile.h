// The JSON profile that ONNX Runtime writes, as measured times.
#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

#include "target/cost_models/measured.h"

namespace allot {

// Chrome trace events of category "Node" named "<node>_kernel_time". Of several runs the (lower)
// median counts. A provider becomes the kind of device that it runs on (CPUExecutionProvider: cpu,
// CUDAExecutionProvider: gpu, ...), or its own short name in lower case if it is none we know. An
// error names `file`.
absl::StatusOr<MeasuredCosts> ReadProfile(absl::string_view text, std::string file);

}  // namespace allot
