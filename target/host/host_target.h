// The built-in target "host[:cpus=A+B+...][,gpus=N]": this machine, as far as it can be known
// without measuring. docs/target.md states every figure that is assumed.
#pragma once

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

#include "target/host/host_facts.h"
#include "target/target.h"

namespace allot {

// How the text is written, for help and lists.
inline constexpr char kHostTargetUsage[] = "host[:cpus=A+B+...][,gpus=N]";

// Whether the name of a target is one of these texts, well-formed or not.
bool IsHostTarget(absl::string_view text);

// What `text` makes of the machine; pure. `cpus` takes the first cores in order, so many for each
// device; without it one device has all. `gpus` takes the first GPUs; without it all. Errors start
// with the text and say what this machine has.
absl::StatusOr<Target> HostTarget(const HostFacts& facts, absl::string_view text);

}  // namespace allot
