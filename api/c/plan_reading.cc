// The calls of allot.h that read one thing of a plan.
#include <cstdint>
#include <string>
#include <vector>

#include "api/allot.h"
#include "api/c/plan.h"
#include "api/c/status.h"

namespace allot::capi {
namespace {

template <typename Read>
int64_t Number(const allot_plan* plan, const Read& read) {
  return ReadHandle<PlanObject, int64_t>(plan, -1, read);
}

template <typename Read>
const char* Text(const allot_plan* plan, const Read& read) {
  return ReadHandle<PlanObject, const char*>(
      plan, nullptr, [&](const PlanObject& object) { return read(object).c_str(); });
}

// The row at `index` of what `table` gives, read by `read`; `otherwise` if there is none.
template <typename Value, typename Table, typename Read>
Value RowOf(const allot_plan* plan, int64_t index, Value otherwise, const Table& table,
            const Read& read) {
  return ReadHandle<PlanObject, Value>(plan, otherwise, [&](const PlanObject& object) -> Value {
    const auto& rows = table(object);
    if (index < 0 || static_cast<uint64_t>(index) >= rows.size()) return otherwise;
    return read(object, rows[static_cast<size_t>(index)]);
  });
}

const std::vector<Device>& DeviceRows(const PlanObject& object) {
  return object.target().devices.raw();
}
const std::vector<ir::DeviceUse>& UseRows(const PlanObject& object) {
  return object.summary().devices.raw();
}
const std::vector<PlanObject::NodeRow>& NodeRows(const PlanObject& object) {
  return object.nodes();
}
const std::vector<ir::Part>& PartRows(const PlanObject& object) {
  return object.plan().parts.raw();
}
const std::vector<Bytes>& WeightRows(const PlanObject& object) { return object.part_weights(); }
const std::vector<ir::Transfer>& TransferRows(const PlanObject& object) {
  return object.plan().transfers;
}

constexpr const char* kNoText = nullptr;
constexpr int64_t kNoNumber = -1;

}  // namespace

extern "C" {

int32_t allot_plan_objective(const allot_plan* plan) {
  return ReadHandle<PlanObject, int32_t>(plan, -1, [](const PlanObject& object) {
    return object.summary().objective == ir::Objective::kLatency ? ALLOT_LATENCY : ALLOT_THROUGHPUT;
  });
}
int64_t allot_plan_value_ps(const allot_plan* plan) {
  return Number(plan, [](const PlanObject& object) { return object.summary().value; });
}
int64_t allot_plan_bound_ps(const allot_plan* plan) {
  return Number(plan, [](const PlanObject& object) { return object.summary().lower_bound; });
}
int64_t allot_plan_gap_ps(const allot_plan* plan) {
  return Number(plan, [](const PlanObject& object) {
    return object.summary().value - object.summary().lower_bound;
  });
}
const char* allot_plan_solver(const allot_plan* plan) {
  return Text(
      plan, [](const PlanObject& object) -> const std::string& { return object.summary().solver; });
}
const char* allot_plan_bound_name(const allot_plan* plan) {
  return Text(plan, [](const PlanObject& object) -> const std::string& {
    return object.summary().bound_name;
  });
}
const char* allot_plan_pipeline(const allot_plan* plan) {
  return Text(plan,
              [](const PlanObject& object) -> const std::string& { return object.pipeline(); });
}

int64_t allot_plan_num_devices(const allot_plan* plan) {
  return Number(plan, [](const PlanObject& object) {
    return static_cast<int64_t>(DeviceRows(object).size());
  });
}
const char* allot_plan_device_name(const allot_plan* plan, int64_t index) {
  return RowOf(plan, index, kNoText, DeviceRows,
               [](const PlanObject& /*object*/, const Device& row) { return row.name.c_str(); });
}
const char* allot_plan_device_kind(const allot_plan* plan, int64_t index) {
  return RowOf(plan, index, kNoText, DeviceRows,
               [](const PlanObject& /*object*/, const Device& row) { return row.kind.c_str(); });
}
int64_t allot_plan_device_memory_bytes(const allot_plan* plan, int64_t index) {
  return RowOf(plan, index, kNoNumber, DeviceRows,
               [](const PlanObject& /*object*/, const Device& row) { return row.memory; });
}
int64_t allot_plan_device_busy_ps(const allot_plan* plan, int64_t index) {
  return RowOf(plan, index, kNoNumber, UseRows,
               [](const PlanObject& /*object*/, const ir::DeviceUse& row) { return row.busy; });
}
int64_t allot_plan_device_resident_bytes(const allot_plan* plan, int64_t index) {
  return RowOf(plan, index, kNoNumber, UseRows,
               [](const PlanObject& /*object*/, const ir::DeviceUse& row) { return row.resident; });
}
int64_t allot_plan_device_peak_bytes(const allot_plan* plan, int64_t index) {
  return RowOf(plan, index, kNoNumber, UseRows,
               [](const PlanObject& /*object*/, const ir::DeviceUse& row) { return row.peak; });
}

int64_t allot_plan_num_nodes(const allot_plan* plan) {
  return Number(
      plan, [](const PlanObject& object) { return static_cast<int64_t>(NodeRows(object).size()); });
}
const char* allot_plan_node_name(const allot_plan* plan, int64_t index) {
  return RowOf(plan, index, kNoText, NodeRows,
               [](const PlanObject& /*object*/, const PlanObject::NodeRow& row) {
                 return row.name.c_str();
               });
}
const char* allot_plan_node_operator(const allot_plan* plan, int64_t index) {
  return RowOf(plan, index, kNoText, NodeRows,
               [](const PlanObject& /*object*/, const PlanObject::NodeRow& row) {
                 return row.op_type->c_str();
               });
}
int64_t allot_plan_node_device(const allot_plan* plan, int64_t index) {
  return RowOf(
      plan, index, kNoNumber, NodeRows,
      [](const PlanObject& /*object*/, const PlanObject::NodeRow& row) { return row.device; });
}
int64_t allot_plan_node_part(const allot_plan* plan, int64_t index) {
  return RowOf(
      plan, index, kNoNumber, NodeRows,
      [](const PlanObject& /*object*/, const PlanObject::NodeRow& row) { return row.part; });
}
int64_t allot_plan_node_start_ps(const allot_plan* plan, int64_t index) {
  return RowOf(
      plan, index, kNoNumber, NodeRows,
      [](const PlanObject& /*object*/, const PlanObject::NodeRow& row) { return row.time.start; });
}
int64_t allot_plan_node_end_ps(const allot_plan* plan, int64_t index) {
  return RowOf(
      plan, index, kNoNumber, NodeRows,
      [](const PlanObject& /*object*/, const PlanObject::NodeRow& row) { return row.time.end; });
}
const char* allot_plan_node_reason(const allot_plan* plan, int64_t index) {
  return RowOf(plan, index, kNoText, NodeRows,
               [](const PlanObject& /*object*/, const PlanObject::NodeRow& row) {
                 return row.reason == nullptr ? "" : row.reason->c_str();
               });
}

int64_t allot_plan_num_parts(const allot_plan* plan) {
  return Number(
      plan, [](const PlanObject& object) { return static_cast<int64_t>(PartRows(object).size()); });
}
int64_t allot_plan_part_device(const allot_plan* plan, int64_t index) {
  return RowOf(plan, index, kNoNumber, PartRows,
               [](const PlanObject& /*object*/, const ir::Part& row) {
                 return int64_t{row.device.index()};
               });
}
int64_t allot_plan_part_start_ps(const allot_plan* plan, int64_t index) {
  return RowOf(plan, index, kNoNumber, PartRows,
               [](const PlanObject& /*object*/, const ir::Part& row) { return row.time.start; });
}
int64_t allot_plan_part_end_ps(const allot_plan* plan, int64_t index) {
  return RowOf(plan, index, kNoNumber, PartRows,
               [](const PlanObject& /*object*/, const ir::Part& row) { return row.time.end; });
}
int64_t allot_plan_part_weight_bytes(const allot_plan* plan, int64_t index) {
  return RowOf(plan, index, kNoNumber, WeightRows,
               [](const PlanObject& /*object*/, Bytes row) { return row; });
}

int64_t allot_plan_num_transfers(const allot_plan* plan) {
  return Number(plan, [](const PlanObject& object) {
    return static_cast<int64_t>(TransferRows(object).size());
  });
}
const char* allot_plan_transfer_tensor(const allot_plan* plan, int64_t index) {
  return RowOf(plan, index, kNoText, TransferRows,
               [](const PlanObject& object, const ir::Transfer& row) {
                 return object.ValueName(row.value).c_str();
               });
}
int64_t allot_plan_transfer_from(const allot_plan* plan, int64_t index) {
  return RowOf(plan, index, kNoNumber, TransferRows,
               [](const PlanObject& /*object*/, const ir::Transfer& row) {
                 return int64_t{row.from.index()};
               });
}
int64_t allot_plan_transfer_to(const allot_plan* plan, int64_t index) {
  return RowOf(plan, index, kNoNumber, TransferRows,
               [](const PlanObject& /*object*/, const ir::Transfer& row) {
                 return int64_t{row.to.index()};
               });
}
int64_t allot_plan_transfer_bytes(const allot_plan* plan, int64_t index) {
  return RowOf(plan, index, kNoNumber, TransferRows,
               [](const PlanObject& /*object*/, const ir::Transfer& row) { return row.bytes; });
}
int64_t allot_plan_transfer_start_ps(const allot_plan* plan, int64_t index) {
  return RowOf(
      plan, index, kNoNumber, TransferRows,
      [](const PlanObject& /*object*/, const ir::Transfer& row) { return row.time.start; });
}
int64_t allot_plan_transfer_end_ps(const allot_plan* plan, int64_t index) {
  return RowOf(plan, index, kNoNumber, TransferRows,
               [](const PlanObject& /*object*/, const ir::Transfer& row) { return row.time.end; });
}

int64_t allot_plan_num_diagnostics(const allot_plan* plan) {
  return Number(plan, [](const PlanObject& object) { return object.diagnostics().size(); });
}
int32_t allot_plan_diagnostic_severity(const allot_plan* plan, int64_t index) {
  return ReadHandle<PlanObject, int32_t>(
      plan, -1, [&](const PlanObject& object) { return object.diagnostics().Severity(index); });
}
const char* allot_plan_diagnostic(const allot_plan* plan, int64_t index) {
  return ReadHandle<PlanObject, const char*>(
      plan, nullptr, [&](const PlanObject& object) { return object.diagnostics().Text(index); });
}

}  // extern "C"
}  // namespace allot::capi
