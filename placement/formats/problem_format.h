// A way to write problems as JSON: how it is recognised and read. Adding one is one file with a
// function below and its place in the list of placement/formats/problem_json.cc.
#pragma once

#include <string>

#include "absl/strings/string_view.h"

#include "placement/formats/problem_json.h"
#include "support/diagnostics.h"
#include "support/json.h"

namespace allot {

// What the readers accept at most; far beyond any machine, and their tables stay small.
inline constexpr int64_t kMaxProblemDevices = 128;

struct ProblemFormat {
  absl::string_view name;
  // Whether a document that is an object looks like this format.
  bool (*recognizes)(const Json& json);
  // Reads it; what is wrong goes to `diagnostics` with its place, and then the result means
  // nothing. Need not look for what Check() finds.
  PlacementProblem (*read)(const Json& json, const std::string& file, const ProblemOptions& options,
                           Diagnostics& diagnostics);
};

ProblemFormat AllotFormat();
ProblemFormat DnnPartitioningFormat();
ProblemFormat MoiraiFormat();

// More bytes than all of the problem together can ever hold on a device, for devices whose memory
// has no limit.
Bytes UnlimitedMemory(const PlacementProblem& problem);

}  // namespace allot
