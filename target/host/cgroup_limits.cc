#include "target/host/cgroup_limits.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"

#include "target/cpu_list.h"
#include "target/host/kernel_file.h"

namespace allot {
namespace {

// The group itself, then those around it: "/a/b", "/a", "".
std::vector<std::string> Ancestors(std::string group) {
  while (!group.empty() && group.back() == '/') group.pop_back();
  std::vector<std::string> groups = {group};
  while (!group.empty()) {
    group.erase(group.rfind('/') == std::string::npos ? 0 : group.rfind('/'));
    groups.push_back(group);
  }
  return groups;
}

void LimitMemory(const std::string& mount, const std::string& group, const char* file,
                 CgroupLimits& limits) {
  for (const std::string& each : Ancestors(group)) {
    const std::optional<std::string> text = ReadKernelFile(absl::StrCat(mount, each, "/", file));
    Bytes bytes = 0;
    // "max" is no number.
    if (!text.has_value() || !absl::SimpleAtoi(*text, &bytes) || bytes <= 0) continue;
    limits.memory = std::min(limits.memory.value_or(bytes), bytes);
  }
}

// The nearest group that has the file tells; it lies within all those around it.
void LimitCpus(const std::string& mount, const std::string& group, const char* file,
               CgroupLimits& limits) {
  if (limits.cpus.has_value()) return;
  for (const std::string& each : Ancestors(group)) {
    const std::optional<std::string> text = ReadKernelFile(absl::StrCat(mount, each, "/", file));
    if (!text.has_value()) continue;
    absl::StatusOr<std::vector<int>> cpus = ParseCpuList(*text);
    // An empty set is one that was never set.
    if (!cpus.ok() || cpus->empty()) continue;
    limits.cpus = *std::move(cpus);
    return;
  }
}

}  // namespace

CgroupLimits ReadCgroupLimits(const std::string& root) {
  CgroupLimits limits;
  const std::string mount = absl::StrCat(root, "/sys/fs/cgroup");
  const std::string groups = ReadKernelFile(absl::StrCat(root, "/proc/self/cgroup")).value_or("");
  // Lines are ID:CONTROLLERS:PATH; version 2 has no controllers, a hybrid has both.
  for (const absl::string_view line : absl::StrSplit(groups, '\n')) {
    const std::vector<std::string> fields = absl::StrSplit(line, absl::MaxSplits(':', 2));
    if (fields.size() < 3) continue;
    const std::string& group = fields[2];
    if (fields[1].empty()) {
      for (const char* unified : {"", "/unified"}) {
        LimitMemory(mount + unified, group, "memory.max", limits);
        LimitCpus(mount + unified, group, "cpuset.cpus.effective", limits);
      }
    }
    for (const absl::string_view controller : absl::StrSplit(fields[1], ',')) {
      if (controller == "memory") {
        LimitMemory(mount + "/memory", group, "memory.limit_in_bytes", limits);
      } else if (controller == "cpuset") {
        LimitCpus(mount + "/cpuset", group, "cpuset.effective_cpus", limits);
        LimitCpus(mount + "/cpuset", group, "cpuset.cpus", limits);
      }
    }
  }
  return limits;
}

}  // namespace allot
