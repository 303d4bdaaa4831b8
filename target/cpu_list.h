// Linux CPU lists, "0-3,8": how cpusets, taskset and the runtime hint `cores` name processors.
#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace allot {

// One past the highest number a list may hold; the most that Linux can be built for.
inline constexpr int kMaxCpus = 8192;

// Numbers and ranges, ascending and without overlap. "" is the empty list, and one newline at the
// end, which the kernel writes, is no part of it. Linear in the length of the list.
absl::StatusOr<std::vector<int>> ParseCpuList(absl::string_view text);

// The shortest such text of ascending numbers; ranges from two numbers on, as the kernel prints.
std::string PrintCpuList(const std::vector<int>& cpus);

}  // namespace allot
