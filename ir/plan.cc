#include "ir/plan.h"

#include <algorithm>

namespace allot::ir {

absl::string_view ObjectiveName(Objective objective) {
  switch (objective) {
    case Objective::kLatency:
      return "latency";
    case Objective::kThroughput:
      return "throughput";
  }
  return "latency";
}

absl::string_view CutCauseName(CutCause cause) {
  switch (cause) {
    case CutCause::kSupport:
      return "support";
    case CutCause::kMemory:
      return "memory";
    case CutCause::kPin:
      return "pin";
    case CutCause::kObjective:
      return "objective";
    case CutCause::kCycle:
      return "cycle";
  }
  return "objective";
}

size_t Plan::num_clusters() const {
  // Later stages have one entry a cluster; before them the nodes tell.
  for (const size_t size : {device_of.size(), module_of.size(), part_of.size()}) {
    if (size > 0) return size;
  }
  int32_t last = -1;
  for (const ClusterId cluster : cluster_of) last = std::max(last, cluster.index());
  return static_cast<size_t>(last + 1);
}

DeviceId Plan::DeviceOf(NodeId node) const {
  if (!cluster_of.Contains(node)) return DeviceId();
  const ClusterId cluster = cluster_of[node];
  return device_of.Contains(cluster) ? device_of[cluster] : DeviceId();
}

PartId Plan::PartOf(NodeId node) const {
  if (!cluster_of.Contains(node)) return PartId();
  const ClusterId cluster = cluster_of[node];
  return part_of.Contains(cluster) ? part_of[cluster] : PartId();
}

bool TravelsWithUsers(const Node& node) { return node.Is("Constant"); }

}  // namespace allot::ir
