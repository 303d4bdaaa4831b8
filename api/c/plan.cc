#include "api/c/plan.h"

#include <utility>

#include "absl/strings/str_split.h"

#include "ir/node_name.h"
#include "passes/nodes/constant_uses.h"
#include "placement/problem/problem.h"
#include "support/id.h"
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
  WeighParts();
}

void PlanObject::WeighParts() {
  const ir::Plan& plan = compilation_.plan;
  IdVector<ir::NodeId, ItemId> part_of(compilation_.module->graph.node_id_bound());
  for (const ir::NodeId id : compilation_.module->graph.nodes()) {
    part_of[id] = ItemId(plan.PartOf(id).index());
  }
  part_weights_.resize(plan.parts.size());
  for (const auto& [constant, parts] : ConstantUses(*compilation_.module, part_of)) {
    const Bytes bytes = compilation_.module->constants[constant].bytes();
    for (const ItemId part : parts) {
      Bytes& sum = part_weights_[static_cast<size_t>(part.index())];
      sum = SaturatingAdd(sum, bytes);
    }
  }
}

absl::StatusOr<const char*> PlanObject::TextOf(const std::string& emit) const {
  const std::lock_guard lock(texts_mutex_);
  const auto found = texts_.find(emit);
  if (found != texts_.end()) return found->second.c_str();
  OutputOptions one = output_;
  one.emit = {emit};
  ALLOT_ASSIGN_OR_RETURN(const std::vector<OutputFile> files, compilation_.Outputs(".", one));
  if (files.size() != 1) {
    return InputError("emit: '", emit, "' makes ", files.size(),
                      " files, and only one is a text to read; write them into a folder");
  }
  std::string text;
  for (const FileChunk& chunk : files[0].chunks) {
    if (!chunk.source.empty()) {
      return InputError("emit: what '", emit, "' makes is no text; write it into a folder");
    }
    text += chunk.bytes;
  }
  if (text.find('\0') != std::string::npos || !files[0].copied_from.empty()) {
    return InputError("emit: what '", emit, "' makes is no text; write it into a folder");
  }
  return texts_.emplace(emit, std::move(text)).first->second.c_str();
}

absl::Status PlanObject::Write(const std::string& folder, const std::string& emit,
                               const OutputOptions* output) const {
  OutputOptions chosen = output == nullptr ? output_ : *output;
  if (!emit.empty()) chosen.emit = absl::StrSplit(emit, ',');
  return compilation_.Write(folder, chosen).status();
}

}  // namespace allot::capi
