#include "ir/plan.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"

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

int64_t Plan::cycle() const {
  int64_t sum = share;
  for (const Lane& lane : lanes) sum += lane.share;
  return sum;
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

Plan LaneView(const Plan& plan, size_t lane) {
  Plan view;
  view.features = plan.features;
  view.value_bytes = plan.value_bytes;
  view.kernel_of = plan.kernel_of;
  view.cluster_of = plan.cluster_of;
  view.module_of = plan.module_of;
  view.summary = plan.summary;
  view.training = plan.training;
  if (lane == 0) {
    view.device_of = plan.device_of;
    view.order = plan.order;
    view.part_of = plan.part_of;
    view.parts = plan.parts;
    view.node_time = plan.node_time;
    view.transfers = plan.transfers;
    view.reasons = plan.reasons;
    view.alternatives = plan.alternatives;
    view.cuts = plan.cuts;
    return view;
  }
  const Lane& further = plan.lanes[lane - 1];
  for (const PartId part : further.part_of) {
    const bool known = further.parts.Contains(part);
    view.device_of.Add(known ? further.parts[part].device : DeviceId());
  }
  view.order = further.order;
  view.part_of = further.part_of;
  view.parts = further.parts;
  view.node_time = further.node_time;
  view.transfers = further.transfers;
  return view;
}

std::string DescribeLane(const Plan& plan, size_t lane, const Target& target) {
  const IdVector<PartId, Part>& parts = lane == 0 ? plan.parts : plan.lanes[lane - 1].parts;
  std::vector<std::string> names;
  for (const DeviceId device : target.devices.ids()) {
    const bool used = std::any_of(parts.begin(), parts.end(),
                                  [&](const Part& part) { return part.device == device; });
    if (used) names.push_back(target.devices[device].name);
  }
  if (parts.size() == 1 && names.size() == 1)
    return absl::StrCat("a copy of the model on ", names.front());
  return absl::StrCat(parts.size(), " parts on ", absl::StrJoin(names, " and "));
}

}  // namespace allot::ir
