// Plan -> attributes.
#include <string>
#include <utility>

#include "ir/plan_stages.h"
#include "ir/text/encode_attributes.h"
#include "ir/text/plan_attributes.h"
#include "ir/text/plan_keys.h"
#include "ir/text/training_text.h"

namespace allot::ir::text {

namespace {

const std::string& DeviceName(const Target* target, DeviceId device) {
  ALLOT_CHECK(target != nullptr && target->devices.Contains(device));
  return target->devices[device].name;
}

void SetInterval(Dictionary& attributes, const Interval& time) {
  Set(attributes, "start_ps", IntegerAttr(time.start));
  Set(attributes, "end_ps", IntegerAttr(time.end));
}

template <typename IdType>
void SetId(Dictionary& attributes, absl::string_view name, IdType id) {
  if (id.valid()) Set(attributes, name, IntegerAttr(id.index()));
}

void SetFeatures(const OpFeatures& features, const Node& node, Dictionary& attributes) {
  if (features.name != node.name) Set(attributes, kName, StringAttr(features.name));
  if (features.op_type != node.op_type) {
    Set(attributes, kCostOpType, StringAttr(features.op_type));
  }
  if (features.domain != node.domain) Set(attributes, kCostDomain, StringAttr(features.domain));
  Set(attributes, kDtype, StringAttr(features.dtype));
  Set(attributes, kFamily, StringAttr(OpFamilyName(features.family)));
  if (features.integer_shape_work) Set(attributes, kShapeWork, Attr{Unit()});
  for (const auto& [name, field] : kCounts) Set(attributes, name, IntegerAttr(features.*field));
}

Attr SummaryAttr(const Summary& summary, const Target* target) {
  Dictionary out;
  Set(out, "objective", StringAttr(ObjectiveName(summary.objective)));
  Set(out, "value_ps", IntegerAttr(summary.value));
  Set(out, "cluster_value_ps", IntegerAttr(summary.cluster_value));
  Set(out, "lower_bound_ps", IntegerAttr(summary.lower_bound));
  SetText(out, "bound_name", summary.bound_name);
  SetText(out, "solver", summary.solver);
  Set(out, "cut_bytes", IntegerAttr(summary.cut_bytes));
  if (summary.latency != 0) Set(out, "latency_ps", IntegerAttr(summary.latency));
  if (summary.blocks != 0) {
    Set(out, "blocks", IntegerAttr(summary.blocks));
    Set(out, "distinct_blocks", IntegerAttr(summary.distinct_blocks));
  }
  Array baselines;
  for (const Baseline& baseline : summary.baselines) {
    Dictionary entry;
    Set(entry, "name", StringAttr(baseline.name));
    if (baseline.value.has_value()) Set(entry, "value_ps", IntegerAttr(*baseline.value));
    baselines.push_back(Attr{std::move(entry)});
  }
  Set(out, "baselines", Attr{std::move(baselines)});
  if (!summary.search.empty()) {
    Array search;
    for (const SearchPoint& point : summary.search) {
      search.push_back(Attr{Integers{point.work, point.value, point.bound}});
    }
    Set(out, "search", Attr{std::move(search)});
  }
  Array devices;
  for (const DeviceId device : summary.devices.ids()) {
    const DeviceUse& use = summary.devices[device];
    Dictionary entry;
    Set(entry, "device", StringAttr(DeviceName(target, device)));
    Set(entry, "busy_ps", IntegerAttr(use.busy));
    Set(entry, "resident", IntegerAttr(use.resident));
    Set(entry, "peak", IntegerAttr(use.peak));
    devices.push_back(Attr{std::move(entry)});
  }
  Set(out, "devices", Attr{std::move(devices)});
  return Attr{std::move(out)};
}

Attr OrderAttr(const std::vector<ClusterId>& order) {
  Integers out;
  for (const ClusterId cluster : order) out.push_back(cluster.index());
  return Attr{std::move(out)};
}

Attr PartsAttr(const IdVector<PartId, Part>& parts, const Target* target) {
  Array out;
  for (const Part& part : parts) {
    Dictionary entry;
    Set(entry, "device", StringAttr(DeviceName(target, part.device)));
    SetInterval(entry, part.time);
    out.push_back(Attr{std::move(entry)});
  }
  return Attr{std::move(out)};
}

Attr TransfersAttr(const std::vector<Transfer>& transfers, const Graph& graph,
                   const Target* target) {
  Array out;
  for (const Transfer& transfer : transfers) {
    Dictionary entry;
    Set(entry, "value", StringAttr(graph.value(transfer.value).name));
    Set(entry, "from", StringAttr(DeviceName(target, transfer.from)));
    Set(entry, "to", StringAttr(DeviceName(target, transfer.to)));
    Set(entry, "bytes", IntegerAttr(transfer.bytes));
    SetInterval(entry, transfer.time);
    out.push_back(Attr{std::move(entry)});
  }
  return Attr{std::move(out)};
}

// What of the first lane stands on nodes is a list here, by cluster or by node.
Attr LaneAttr(const Lane& lane, const Graph& graph, const Target* target) {
  Dictionary out;
  Set(out, "share", IntegerAttr(lane.share));
  Set(out, "order", OrderAttr(lane.order));
  Integers part_of;
  for (const PartId part : lane.part_of) part_of.push_back(part.index());
  Set(out, "part_of", Attr{std::move(part_of)});
  Set(out, "parts", PartsAttr(lane.parts, target));
  if (!lane.node_time.empty()) {
    Integers starts, ends;
    for (const Interval& time : lane.node_time) {
      starts.push_back(time.start);
      ends.push_back(time.end);
    }
    Set(out, "start_ps", Attr{std::move(starts)});
    Set(out, "end_ps", Attr{std::move(ends)});
  }
  if (!lane.transfers.empty()) {
    Set(out, "transfers", TransfersAttr(lane.transfers, graph, target));
  }
  return Attr{std::move(out)};
}

Attr CutsAttr(const std::vector<Cut>& cuts, const Graph& graph) {
  Array out;
  for (const Cut& cut : cuts) {
    Dictionary entry;
    Set(entry, "value", StringAttr(graph.value(cut.value).name));
    SetId(entry, "from", cut.from);
    Integers to;
    for (const PartId part : cut.to) to.push_back(part.index());
    Set(entry, "to", Attr{std::move(to)});
    Set(entry, "bytes", IntegerAttr(cut.bytes));
    Set(entry, "cause", StringAttr(CutCauseName(cut.cause)));
    SetText(entry, "why", cut.why);
    out.push_back(Attr{std::move(entry)});
  }
  return Attr{std::move(out)};
}

Attr ValueBytesAttr(const Plan& plan, const std::vector<ValueId>& values) {
  Integers bytes;
  for (const ValueId value : values) bytes.push_back(plan.value_bytes[value]);
  return Attr{std::move(bytes)};
}

}  // namespace

void SetNodePlan(const Plan& plan, const Graph& graph, const Target* target, NodeId node,
                 Dictionary& attributes) {
  if (!plan.features.empty()) SetFeatures(plan.features[node], graph.node(node), attributes);
  if (!plan.value_bytes.empty() && !graph.node(node).results.empty()) {
    Set(attributes, kValueBytes, ValueBytesAttr(plan, graph.node(node).results));
  }
  if (!plan.kernel_of.empty()) SetId(attributes, kKernel, plan.kernel_of[node]);
  if (!plan.node_time.empty()) {
    Set(attributes, kStart, IntegerAttr(plan.node_time[node].start));
    Set(attributes, kEnd, IntegerAttr(plan.node_time[node].end));
  }
  if (plan.cluster_of.empty() || !plan.cluster_of[node].valid()) return;
  const ClusterId cluster = plan.cluster_of[node];
  SetId(attributes, kCluster, cluster);
  if (!plan.module_of.empty()) SetId(attributes, kModule, plan.module_of[cluster]);
  if (!plan.device_of.empty() && plan.device_of[cluster].valid()) {
    Set(attributes, kDevice, StringAttr(DeviceName(target, plan.device_of[cluster])));
  }
  if (!plan.part_of.empty()) SetId(attributes, kPart, plan.part_of[cluster]);
  if (!plan.reasons.empty()) SetText(attributes, kReason, plan.reasons[cluster]);
  if (!plan.alternatives.empty() && plan.alternatives[cluster].has_value()) {
    const Alternative& next = *plan.alternatives[cluster];
    Set(attributes, kNextDevice, StringAttr(DeviceName(target, next.device)));
    Set(attributes, kNextValue, IntegerAttr(next.value));
  }
}

void SetGraphPlan(const Plan& plan, const Graph& graph, const Target* target,
                  Dictionary& attributes) {
  Array stages;
  for (const PlanTable& table : PlanTables()) {
    if (!table.name.empty() && table.size(plan) > 0) stages.push_back(StringAttr(table.name));
  }
  if (!stages.empty()) Set(attributes, kStages, Attr{std::move(stages)});
  if (!plan.value_bytes.empty()) {
    Set(attributes, kValueBytes, ValueBytesAttr(plan, SourceValues(graph)));
  }
  if (!plan.order.empty()) Set(attributes, kOrder, OrderAttr(plan.order));
  if (!plan.parts.empty()) Set(attributes, kParts, PartsAttr(plan.parts, target));
  if (!plan.transfers.empty()) {
    Set(attributes, kTransfers, TransfersAttr(plan.transfers, graph, target));
  }
  if (plan.share != 1) Set(attributes, kShare, IntegerAttr(plan.share));
  if (!plan.lanes.empty()) {
    Array lanes;
    for (const Lane& lane : plan.lanes) lanes.push_back(LaneAttr(lane, graph, target));
    Set(attributes, kLanes, Attr{std::move(lanes)});
  }
  if (!plan.cuts.empty()) Set(attributes, kCuts, CutsAttr(plan.cuts, graph));
  if (plan.summary.has_value()) Set(attributes, kSummary, SummaryAttr(*plan.summary, target));
  if (plan.training.has_value()) {
    ALLOT_CHECK(target != nullptr);
    Set(attributes, kTraining, TrainingAttr(*plan.training, *target));
  }
}

}  // namespace allot::ir::text
