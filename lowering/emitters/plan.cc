// plan.json: where every node of the model went and why, and what the plan was made from.
// plan_file.h reads it back.
#include <algorithm>
#include <string>
#include <utility>

#include "absl/strings/string_view.h"

#include "ir/node_name.h"
#include "lowering/emitter.h"
#include "lowering/emitters/micros.h"
#include "lowering/emitters/text_file.h"
#include "lowering/emitters/training_json.h"
#include "lowering/row_division.h"
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

Json::Array Strings(const std::vector<std::string>& texts) {
  return Json::Array(texts.begin(), texts.end());
}

Json PathOf(const Provenance::File& file) { return file.path.empty() ? Json() : Json(file.path); }

Json::Object MadeFrom(const EmitInput& input) {
  const Provenance& made_from = input.made_from;
  Json::Object dims;
  for (const auto& [name, size] : input.dims) dims.emplace_back(name, size);
  Json::Array costs;
  for (const Provenance::File& file : made_from.costs) {
    costs.push_back(Json::Object{{"file", PathOf(file)}, {"sha256", file.sha256}});
  }
  Json::Object object = {{"target", PathOf(made_from.target)},
                         {"target_sha256", made_from.target.sha256},
                         {"objective", ir::ObjectiveName(made_from.objective)},
                         {"dims", std::move(dims)},
                         {"default_dim", input.default_dim},
                         {"pins", Strings(made_from.pins)},
                         {"forbids", Strings(made_from.forbids)},
                         {"cost_model", made_from.cost_model},
                         {"costs", std::move(costs)},
                         {"seed", static_cast<int64_t>(made_from.seed)}};
  if (!made_from.together.empty()) {
    object.emplace_back("together", Strings(made_from.together));
  }
  if (!made_from.scenarios.empty()) {
    Json::Array scenarios;
    for (const Provenance::Scenario& scenario : made_from.scenarios) {
      scenarios.push_back(Json::Object{{"name", scenario.name},
                                       {"scenario", scenario.text},
                                       {"weight", scenario.weight},
                                       {"value_us", ToMicros(scenario.value)}});
    }
    object.emplace_back("scenarios", std::move(scenarios));
  }
  if (made_from.start.has_value()) {
    object.emplace_back("start", Json::Object{{"file", PathOf(*made_from.start)},
                                              {"sha256", made_from.start->sha256}});
  }
  return object;
}

class PlanDocument {
 public:
  explicit PlanDocument(const EmitInput& input)
      : input_(input), plan_(input.plan), piece_ids_(input.plan.parts.size()) {
    for (const Piece& piece : input.bundle.pieces) {
      if (piece_ids_.Contains(piece.part)) piece_ids_[piece.part] = piece.id;
    }
  }

  Json Make() const {
    Json::Object document = {{"schema", "allot.plan/1"},
                             {"tool", Json::Object{{"name", "allot"}, {"version", kVersion}}}};
    // Its name alone: a copy of this file stays true wherever it lies.
    const absl::string_view model = input_.model_path;
    if (!model.empty()) document.emplace_back("model", model.substr(model.rfind('/') + 1));
    document.emplace_back("target", input_.target.name);
    document.emplace_back("made_from", MadeFrom(input_));
    document.emplace_back("pipeline", input_.pipeline);
    if (plan_.summary.has_value()) document.emplace_back("predicted", Predicted(*plan_.summary));
    if (plan_.training.has_value()) {
      document.emplace_back("training", TrainingJson(input_.module, input_.target, plan_));
    }
    if (Json rows = RowDivision(input_.module); !rows.is_null()) {
      document.emplace_back("rows", std::move(rows));
    }
    document.emplace_back("devices", Devices());
    document.emplace_back("parts", Parts());
    document.emplace_back("order", Order());
    if (!plan_.lanes.empty()) {
      document.emplace_back("share", plan_.share);
      document.emplace_back("cycle", plan_.cycle());
      document.emplace_back("lanes", FurtherLanes());
    }
    document.emplace_back("cuts", Cuts());
    Json::Array nodes, travelling;
    for (const ir::NodeId id : input_.module.graph.nodes()) {
      if (plan_.PartOf(id).valid()) {
        nodes.push_back(Node(id));
      } else {
        travelling.push_back(Identity(input_.module.graph.node(id)));
      }
    }
    document.emplace_back("nodes", std::move(nodes));
    document.emplace_back("travel_with_users", std::move(travelling));
    return Json(std::move(document));
  }

 private:
  const std::string& DeviceName(DeviceId device) const {
    return input_.target.devices[device].name;
  }

  // Parts of which nothing is needed have no file.
  Json PartName(ir::PartId part) const {
    return piece_ids_[part].empty() ? Json(nullptr) : Json(piece_ids_[part]);
  }

  static Json::Object Predicted(const ir::Summary& summary) {
    Json::Object predicted = {{"value_us", Micros(summary.value)},
                              {"lower_bound_us", Micros(summary.lower_bound)},
                              {"bound", summary.bound_name},
                              {"solver", summary.solver},
                              {"cut_bytes", summary.cut_bytes}};
    if (summary.latency > 0) predicted.emplace_back("latency_us", Micros(summary.latency));
    return predicted;
  }

  Json::Array Devices() const {
    Json::Array devices;
    for (const DeviceId id : input_.target.devices.ids()) {
      Json::Object device = {{"id", DeviceName(id)}, {"memory", input_.target.devices[id].memory}};
      if (plan_.summary.has_value() && plan_.summary->devices.Contains(id)) {
        const ir::DeviceUse& use = plan_.summary->devices[id];
        device.emplace_back("busy_us", Micros(use.busy));
        device.emplace_back("resident_bytes", use.resident);
        device.emplace_back("peak_bytes", use.peak);
      }
      devices.push_back(std::move(device));
    }
    return devices;
  }

  Json::Array Parts() const {
    Json::Array parts;
    for (const Piece& piece : input_.bundle.pieces) {
      Json::Object part = {{"id", piece.id}, {"device", DeviceName(piece.device)}};
      if (!plan_.node_time.empty()) {
        part.emplace_back("start_us", Micros(plan_.parts[piece.part].time.start));
        part.emplace_back("end_us", Micros(plan_.parts[piece.part].time.end));
      }
      parts.push_back(std::move(part));
    }
    return parts;
  }

  Json::Array Order() const {
    Json::Array order;
    for (const ir::ClusterId cluster : plan_.order) {
      order.push_back(static_cast<int64_t>(cluster.index()));
    }
    return order;
  }

  // Where clusters are in each of them; all else here is of the first lane.
  Json::Array FurtherLanes() const {
    Json::Array lanes;
    for (size_t i = 1; i < plan_.num_lanes(); ++i) {
      const ir::Plan plan = ir::LaneView(plan_, i);
      const EmitInput input = InputOfLane(input_, i, plan);
      const PlanDocument lane(input);
      Json::Array part_of;
      for (const ir::PartId part : plan.part_of) part_of.push_back(lane.PartName(part));
      lanes.push_back(Json::Object{{"share", plan_.ShareOf(i)},
                                   {"parts", lane.Parts()},
                                   {"order", lane.Order()},
                                   {"part_of_cluster", std::move(part_of)}});
    }
    return lanes;
  }

  Json::Array Cuts() const {
    const ir::Graph& graph = input_.module.graph;
    Json::Array cuts;
    for (const ir::Cut& cut : plan_.cuts) {
      const ir::NodeId producer = graph.value(cut.value).producer;
      Json::Array to, to_devices, readers;
      for (const ir::NodeId user : graph.users(cut.value)) {
        if (std::binary_search(cut.to.begin(), cut.to.end(), plan_.PartOf(user))) {
          readers.push_back(ir::NameOrPlace(graph.node(user)));
        }
      }
      for (const ir::PartId part : cut.to) {
        to.push_back(PartName(part));
        to_devices.push_back(DeviceName(plan_.parts[part].device));
      }
      cuts.push_back(Json::Object{{"tensor", graph.value(cut.value).name},
                                  {"from", PartName(cut.from)},
                                  {"to", std::move(to)},
                                  {"from_device", DeviceName(plan_.parts[cut.from].device)},
                                  {"to_devices", std::move(to_devices)},
                                  {"bytes", cut.bytes},
                                  {"cause", ir::CutCauseName(cut.cause)},
                                  {"why", cut.why},
                                  {"producer", ir::NameOrPlace(graph.node(producer))},
                                  {"readers", std::move(readers)}});
    }
    return cuts;
  }

  Json::Object Node(ir::NodeId id) const {
    Json::Object node = Identity(input_.module.graph.node(id));
    const ir::PartId part = plan_.PartOf(id);
    const ir::ClusterId cluster = plan_.cluster_of[id];
    node.emplace_back("device", DeviceName(plan_.parts[part].device));
    node.emplace_back("part", PartName(part));
    if (plan_.kernel_of.Contains(id)) {
      node.emplace_back("kernel", static_cast<int64_t>(plan_.kernel_of[id].index()));
    }
    node.emplace_back("cluster", static_cast<int64_t>(cluster.index()));
    if (plan_.module_of.Contains(cluster)) {
      node.emplace_back("module", static_cast<int64_t>(plan_.module_of[cluster].index()));
    }
    if (plan_.node_time.Contains(id)) {
      node.emplace_back("start_us", Micros(plan_.node_time[id].start));
      node.emplace_back("end_us", Micros(plan_.node_time[id].end));
    }
    if (plan_.reasons.Contains(cluster)) node.emplace_back("reason", plan_.reasons[cluster]);
    if (plan_.alternatives.Contains(cluster) && plan_.alternatives[cluster].has_value()) {
      const ir::Alternative& next = *plan_.alternatives[cluster];
      node.emplace_back("next_best", Json::Object{{"device", DeviceName(next.device)},
                                                  {"value_us", Micros(next.value)}});
    }
    return node;
  }

  const EmitInput& input_;
  const ir::Plan& plan_;
  IdVector<ir::PartId, std::string> piece_ids_;
};

class Plan final : public Emitter {
 public:
  explicit Plan(Options) {}

  absl::StatusOr<std::vector<OutputFile>> Emit(const EmitInput& input) const override {
    std::vector<OutputFile> files;
    files.push_back(TextFile("plan.json", PrintJson(PlanDocument(input).Make()) + "\n"));
    return files;
  }
};

}  // namespace

Entry<Emitter> PlanEntry() {
  return MakeEntry<Emitter, Plan>("plan", "plan.json: device, part, predicted time of every node",
                                  OptionSchema<Options>());
}

}  // namespace allot
