#include "ir/text/decode_summary.h"

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "ir/text/plan_keys.h"
#include "support/status.h"

namespace allot::ir::text {
namespace {

absl::Status ReadBaselines(const PlanFields& fields, const Dictionary& in, Summary& summary) {
  ALLOT_ASSIGN_OR_RETURN(const std::vector<const Attr*> entries,
                         fields.Entries(Find(in, "baselines"), "baselines", {"name", "value_ps"}));
  for (const Attr* entry : entries) {
    const Dictionary& of = *entry->If<Dictionary>();
    Baseline baseline;
    ALLOT_RETURN_IF_ERROR(fields.ReadString(of, "name", baseline.name));
    if (Find(of, "value_ps") != nullptr) {
      ALLOT_RETURN_IF_ERROR(fields.ReadInteger(of, *entry, "value_ps", baseline.value.emplace()));
    }
    summary.baselines.push_back(std::move(baseline));
  }
  return absl::OkStatus();
}

absl::Status ReadSearch(const PlanFields& fields, const Dictionary& in, Summary& summary) {
  const Attr* attr = Find(in, "search");
  if (attr == nullptr) return absl::OkStatus();
  constexpr absl::string_view kExpected = "a list of array<i64: work, value, bound>";
  const auto* points = attr->If<Array>();
  if (points == nullptr) return fields.Wrong(*attr, "search", kExpected);
  for (const Attr& point : *points) {
    const auto* numbers = point.If<Integers>();
    if (numbers == nullptr || numbers->size() != 3) return fields.Wrong(point, "search", kExpected);
    summary.search.push_back({(*numbers)[0], (*numbers)[1], (*numbers)[2]});
  }
  return absl::OkStatus();
}

absl::Status ReadDeviceUses(const PlanFields& fields, const Dictionary& in, Summary& summary) {
  ALLOT_ASSIGN_OR_RETURN(
      const std::vector<const Attr*> entries,
      fields.Entries(Find(in, "devices"), "devices", {"device", "busy_ps", "resident", "peak"}));
  for (const Attr* entry : entries) {
    const Dictionary& of = *entry->If<Dictionary>();
    DeviceId device;
    ALLOT_RETURN_IF_ERROR(fields.ReadDeviceOf(of, *entry, "device", device));
    if (static_cast<size_t>(device.index()) >= summary.devices.size()) {
      summary.devices.resize(static_cast<size_t>(device.index()) + 1);
    }
    DeviceUse& use = summary.devices[device];
    ALLOT_RETURN_IF_ERROR(fields.ReadInteger(of, *entry, "busy_ps", use.busy));
    ALLOT_RETURN_IF_ERROR(fields.ReadInteger(of, *entry, "resident", use.resident));
    ALLOT_RETURN_IF_ERROR(fields.ReadInteger(of, *entry, "peak", use.peak));
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<Summary> DecodeSummary(const Attr& attr, const PlanFields& fields) {
  const auto* in = attr.If<Dictionary>();
  if (in == nullptr) return fields.Wrong(attr, kSummary, "a dictionary");
  ALLOT_RETURN_IF_ERROR(fields.OnlyNames(
      *in, kSummary,
      {"objective", "value_ps", "cluster_value_ps", "lower_bound_ps", "bound_name", "solver",
       "cut_bytes", "latency_ps", "blocks", "distinct_blocks", "baselines", "devices", "search"}));
  Summary summary;
  std::string objective;
  ALLOT_RETURN_IF_ERROR(fields.ReadString(*in, "objective", objective));
  const auto known = std::find_if(kObjectives.begin(), kObjectives.end(), [&](Objective candidate) {
    return ObjectiveName(candidate) == objective;
  });
  if (known == kObjectives.end()) return fields.Wrong(attr, "objective", "latency or throughput");
  summary.objective = *known;
  ALLOT_RETURN_IF_ERROR(fields.ReadInteger(*in, attr, "value_ps", summary.value));
  ALLOT_RETURN_IF_ERROR(fields.ReadInteger(*in, attr, "cluster_value_ps", summary.cluster_value));
  ALLOT_RETURN_IF_ERROR(fields.ReadInteger(*in, attr, "lower_bound_ps", summary.lower_bound));
  ALLOT_RETURN_IF_ERROR(fields.ReadString(*in, "bound_name", summary.bound_name));
  ALLOT_RETURN_IF_ERROR(fields.ReadString(*in, "solver", summary.solver));
  ALLOT_RETURN_IF_ERROR(fields.ReadInteger(*in, attr, "cut_bytes", summary.cut_bytes));
  if (Find(*in, "latency_ps") != nullptr) {
    ALLOT_RETURN_IF_ERROR(fields.ReadInteger(*in, attr, "latency_ps", summary.latency));
  }
  if (Find(*in, "blocks") != nullptr) {
    ALLOT_RETURN_IF_ERROR(fields.ReadInteger(*in, attr, "blocks", summary.blocks));
    ALLOT_RETURN_IF_ERROR(
        fields.ReadInteger(*in, attr, "distinct_blocks", summary.distinct_blocks));
  }
  ALLOT_RETURN_IF_ERROR(ReadBaselines(fields, *in, summary));
  ALLOT_RETURN_IF_ERROR(ReadSearch(fields, *in, summary));
  ALLOT_RETURN_IF_ERROR(ReadDeviceUses(fields, *in, summary));
  return summary;
}

}  // namespace allot::ir::text
