// The machines that --cluster=TEXT asks for: types of GPUs, zones and counts, or a row of a trace.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace allot {

struct ClusterPart {
  std::string gpu, zone;  // zone empty: the usual one
  int64_t count = 0;
};

// "A100-40:32,V100-16@us-central1-a:96", or "TRACE.csv" or "TRACE.csv:ROW" (from 0), a file with
// the columns GPU_ZONE. Parts of 0 GPUs are left out. `folder`: where a trace is looked for that
// is not where the text says.
absl::StatusOr<std::vector<ClusterPart>> ReadCluster(absl::string_view text,
                                                     const std::string& folder);

}  // namespace allot
