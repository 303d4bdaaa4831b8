#include "ir/plan_stages.h"

namespace allot::ir {
namespace {

template <auto kMember>
constexpr PlanTable Row(absl::string_view name, PlanStage stage, PlanExtent extent) {
  return {name, stage, extent, [](const Plan& plan) { return (plan.*kMember).size(); },
          [](Plan& plan, size_t size) { (plan.*kMember).resize(size); }};
}

constexpr std::array<PlanTable, kNumPlanTables> kTables = {
    Row<&Plan::features>("features", PlanStage::kCosts, PlanExtent::kNodes),
    Row<&Plan::value_bytes>("value_bytes", PlanStage::kCosts, PlanExtent::kValues),
    Row<&Plan::kernel_of>("kernels", PlanStage::kClusters, PlanExtent::kNodes),
    Row<&Plan::cluster_of>("clusters", PlanStage::kClusters, PlanExtent::kNodes),
    Row<&Plan::module_of>("modules", PlanStage::kModules, PlanExtent::kClusters),
    Row<&Plan::device_of>("devices", PlanStage::kPlacement, PlanExtent::kClusters),
    Row<&Plan::order>("", PlanStage::kPlacement, PlanExtent::kClusters),
    Row<&Plan::lanes>("", PlanStage::kPlacement, PlanExtent::kAny),
    Row<&Plan::part_of>("part_of", PlanStage::kParts, PlanExtent::kClusters),
    Row<&Plan::parts>("", PlanStage::kParts, PlanExtent::kAny),
    Row<&Plan::node_time>("node_times", PlanStage::kSchedule, PlanExtent::kNodes),
    Row<&Plan::transfers>("", PlanStage::kSchedule, PlanExtent::kAny),
    Row<&Plan::reasons>("reasons", PlanStage::kReasons, PlanExtent::kClusters),
    Row<&Plan::alternatives>("alternatives", PlanStage::kReasons, PlanExtent::kClusters),
    Row<&Plan::cuts>("", PlanStage::kReasons, PlanExtent::kAny),
};

}  // namespace

const std::array<PlanTable, kNumPlanTables>& PlanTables() { return kTables; }

void DropFrom(PlanStage stage, Plan& plan) {
  for (const PlanTable& table : kTables) {
    if (table.stage >= stage) table.resize(plan, 0);
  }
  if (stage <= PlanStage::kPlacement) {
    plan.share = 1;
    plan.training.reset();
  }
  if (stage <= PlanStage::kClusters) plan.summary.reset();
}

bool IsEmpty(const Plan& plan) {
  for (const PlanTable& table : kTables) {
    if (table.size(plan) > 0) return false;
  }
  return !plan.summary.has_value() && !plan.training.has_value();
}

const PlanTable* FirstMisfit(const Plan& plan, const Graph& graph) {
  const size_t clusters = plan.num_clusters();
  for (const PlanTable& table : kTables) {
    const size_t size = table.size(plan);
    const bool fits = size == 0 || table.extent == PlanExtent::kAny ||
                      size == (table.extent == PlanExtent::kNodes    ? graph.node_id_bound()
                               : table.extent == PlanExtent::kValues ? graph.value_id_bound()
                                                                     : clusters);
    if (!fits) return &table;
  }
  return nullptr;
}

}  // namespace allot::ir
