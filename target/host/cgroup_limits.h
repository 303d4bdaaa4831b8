// What Linux control groups, of version 1 or 2, leave to this process.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "support/units.h"

namespace allot {

struct CgroupLimits {
  std::optional<std::vector<int>> cpus;  // ascending; nullopt: no cpuset
  std::optional<Bytes> memory;           // the least of all groups around the process
};

// Reads below `root` ("/" or a test's folder) where /proc/self/cgroup points to. In a container
// that path may not be visible; then the nearest visible group above it counts. What cannot be read
// is no limit.
CgroupLimits ReadCgroupLimits(const std::string& root);

}  // namespace allot
