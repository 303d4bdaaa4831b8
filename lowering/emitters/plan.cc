// plan.json: where every node of the model went and why.
#include <string>
#include <utility>

#include "ir/node_name.h"
#include "lowering/emitter.h"
#include "lowering/emitters/micros.h"
#include "support/json.h"
#include "support/version.h"

namespace allot {
namespace {

struct Options {};

Json::Object Identity(const ir::Node& node) {
  Json::Object object = {{"name", ir::NameOrPlace(node)}};
  if (node.name.empty()) object.emplace_back("synthetic", true);
  object.emplace_back("op_type", node.op_type);
  if (!node.domain.empty()) object.emplace_back("domain", node.domain);
  return object;
}

class Plan final : public Emitter {
 public:
  explicit Plan(Options) {}

  absl::StatusOr<std::vector<OutputFile>> Emit(const EmitInput& input) const override {
    const ir::Plan& plan = input.plan;
    IdVector<ir::PartId, std::string> piece_ids(plan.parts.size());
    for (const Piece& piece : input.bundle.pieces) {
      if (piece_ids.Contains(piece.part)) piece_ids[piece.part] = piece.id;
    }
    Json::Array nodes, travelling;
    for (ir::NodeId id : input.module.graph.nodes()) {
      Json::Object node = Identity(input.module.graph.node(id));
      const ir::PartId part = plan.PartOf(id);
      if (!part.valid()) {
        travelling.push_back(std::move(node));
        continue;
      }
      const ir::ClusterId cluster = plan.cluster_of[id];
      node.emplace_back("device", input.target.devices[plan.parts[part].device].name);
      // Parts of which nothing is needed have no file.
      node.emplace_back("part", piece_ids[part].empty() ? Json(nullptr) : Json(piece_ids[part]));
      node.emplace_back("cluster", static_cast<int64_t>(cluster.index()));
      if (plan.module_of.Contains(cluster)) {
        node.emplace_back("module", static_cast<int64_t>(plan.module_of[cluster].index()));
      }
      if (plan.node_time.Contains(id)) {
        node.emplace_back("start_us", Micros(plan.node_time[id].start));
        node.emplace_back("end_us", Micros(plan.node_time[id].end));
      }
      if (plan.reasons.Contains(cluster)) node.emplace_back("reason", plan.reasons[cluster]);
      nodes.push_back(std::move(node));
    }
    Json::Object document = {{"schema", "allot.plan/1"},
                             {"tool", Json::Object{{"name", "allot"}, {"version", kVersion}}},
                             {"target", input.target.name},
                             {"pipeline", input.pipeline},
                             {"nodes", std::move(nodes)},
                             {"travel_with_users", std::move(travelling)}};
    std::vector<OutputFile> files(1);
    files[0].name = "plan.json";
    files[0].chunks.emplace_back();
    files[0].chunks[0].bytes = PrintJson(Json(std::move(document))) + "\n";
    return files;
  }
};

}  // namespace

Entry<Emitter> PlanEntry() {
  return MakeEntry<Emitter, Plan>("plan", "plan.json: device, part, predicted time of every node",
                                  OptionSchema<Options>());
}

}  // namespace allot
