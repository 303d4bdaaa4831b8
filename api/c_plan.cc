#include "api/c_plan.h"

#include <utility>

#include "absl/strings/str_split.h"

#include "ir/node_name.h"
#include "support/status.h"

namespace allot::capi {

PlanObject::PlanObject(Compilation compilation, OptionsSnapshot asked, std::string model_path,
                       const Diagnostics& diagnostics)
    : compilation_(std::move(compilation)),
      asked_(std::move(asked)),
      model_path_(std::move(model_path)),
      diagnostics_(diagnostics) {
  const ir::Graph& graph = compilation_.module.graph;
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
    ALLOT_ASSIGN_OR_RETURN(const std::vector<OutputFile> files,
                           MakeOutputs(compilation_, model_path_, asked_.options, {"plan"}, "."));
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
  std::vector<std::string> choices;
  if (!emit.empty()) choices = absl::StrSplit(emit, ',');
  return WriteOutputs(compilation_, model_path_, asked_.options, choices, folder).status();
}

}  // namespace allot::capi
