#include "api/c/plan.h"

#include <utility>

#include "absl/strings/str_split.h"

#include "ir/node_name.h"
#include "support/status.h"

namespace allot::capi {

PlanObject::PlanObject(Compilation compilation, OutputOptions output,
                       std::shared_ptr<const Registries> registries, const Diagnostics& diagnostics)
    : compilation_(std::move(compilation)),
      output_(std::move(output)),
      registries_(std::move(registries)),
      diagnostics_(diagnostics) {
  const ir::Graph& graph = compilation_.module->graph;
  const ir::Plan& plan = compilation_.plan;
  for (const ir::NodeId id : graph.nodes()) {
    NodeRow row{.name = ir::NameOrPlace(graph.node(id)),
                .op_type = &graph.node(id).op_type,
                .device = plan.DeviceOf(id).index(),
                .part = plan.PartOf(id).index(),
                .time = {},
                .reason = nullptr};
    if (row.device >= 0) {
      if (plan.node_time.Contains(id)) row.time = plan.node_time[id];
      const ir::ClusterId cluster = plan.cluster_of[id];
      if (plan.reasons.Contains(cluster)) row.reason = &plan.reasons[cluster];
    }
    nodes_.push_back(std::move(row));
  }
}

absl::StatusOr<const char*> PlanObject::PlanJson() const {
  const std::lock_guard lock(json_mutex_);
  if (!json_.has_value()) {
    OutputOptions only_plan = output_;
    only_plan.emit = {"plan"};
    ALLOT_ASSIGN_OR_RETURN(const std::vector<OutputFile> files,
                           compilation_.Outputs(".", only_plan));
    std::string text;
    for (const OutputFile& file : files) {
      if (file.name != "plan.json") continue;
      for (const FileChunk& chunk : file.chunks) text += chunk.bytes;
    }
    json_ = std::move(text);
  }
  return json_->c_str();
}

absl::Status PlanObject::Write(const std::string& folder, const std::string& emit) const {
  OutputOptions chosen = output_;
  if (!emit.empty()) chosen.emit = absl::StrSplit(emit, ',');
  return compilation_.Write(folder, chosen).status();
}

}  // namespace allot::capi
