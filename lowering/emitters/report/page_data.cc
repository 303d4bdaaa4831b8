#include "lowering/emitters/report/page_data.h"

#include <algorithm>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "ir/node_name.h"
#include "lowering/emitters/micros.h"
#include "lowering/emitters/training_json.h"
#include "lowering/piece_flow.h"
#include "support/version.h"
#include "target/rule.h"

namespace allot {
namespace {

Json::Array Integers(const std::vector<int64_t>& values) {
  return Json::Array(values.begin(), values.end());
}

// The distinct texts of a column, in order of first use, and each entry as an index into them.
class TextTable {
 public:
  int64_t IndexOf(const std::string& text) {
    const auto [entry, added] = index_.emplace(text, static_cast<int64_t>(texts_.size()));
    if (added) texts_.push_back(text);
    return entry->second;
  }
  Json::Array Take() && { return std::move(texts_); }

 private:
  std::map<std::string, int64_t> index_;
  Json::Array texts_;
};

class PageWriter {
 public:
  explicit PageWriter(const EmitInput& input)
      : input_(input),
        graph_(input.module.graph),
        plan_(input.plan),
        index_of_(graph_.node_id_bound(), -1) {
    for (const ir::NodeId id : graph_.nodes()) {
      if (!plan_.PartOf(id).valid()) continue;
      index_of_[id] = static_cast<int64_t>(shown_.size());
      shown_.push_back(id);
    }
  }

  Json Write() const {
    Json::Object page = {{"schema", "allot.page/1"},
                         {"tool", Json::Object{{"name", "allot"}, {"version", kVersion}}},
                         {"model", ModelName()},
                         {"target", input_.target.name},
                         {"pipeline", input_.pipeline},
                         {"rules", HasRulesOfUser(input_.target)},
                         {"undivided", input_.made_from.undivided},
                         {"travelling", static_cast<int64_t>(graph_.num_nodes() - shown_.size())},
                         {"summary", plan_.summary ? Summary(*plan_.summary) : Json(nullptr)},
                         {"devices", Devices()},
                         {"channels", Channels()}};
    AddNodes(page);
    page.emplace_back("clusters", Clusters());
    page.emplace_back("parts", Parts());
    page.emplace_back("edges", Edges());
    page.emplace_back("cuts", Cuts());
    page.emplace_back("transfers", Transfers());
    if (!plan_.lanes.empty()) page.emplace_back("lanes", Lanes());
    if (plan_.training.has_value()) {
      Json::Object training = TrainingJson(input_.module, input_.target, plan_);
      training.emplace_back("steps", TrainingSteps(*plan_.training));
      page.emplace_back("training", std::move(training));
    }
    return Json(std::move(page));
  }

 private:
  std::string ModelName() const {
    const size_t slash = input_.model_path.rfind('/');
    const std::string file =
        slash == std::string::npos ? input_.model_path : input_.model_path.substr(slash + 1);
    return file.empty() ? graph_.name : file;
  }

  static Json Summary(const ir::Summary& summary) {
    Json::Array baselines, search;
    for (const ir::Baseline& baseline : summary.baselines) {
      baselines.push_back(Json::Object{
          {"name", baseline.name},
          {"value_us", baseline.value.has_value() ? Micros(*baseline.value) : Json(nullptr)}});
    }
    for (const ir::SearchPoint& point : summary.search) {
      search.push_back(Json::Array{point.work, Micros(point.value), Micros(point.bound)});
    }
    return Json::Object{{"objective", ir::ObjectiveName(summary.objective)},
                        {"value_us", Micros(summary.value)},
                        {"cluster_value_us", Micros(summary.cluster_value)},
                        {"lower_bound_us", Micros(summary.lower_bound)},
                        {"bound", summary.bound_name},
                        {"proved_optimal", summary.value == summary.lower_bound},
                        {"solver", summary.solver},
                        {"cut_bytes", summary.cut_bytes},
                        {"latency_us", Micros(summary.latency)},
                        {"baselines", std::move(baselines)},
                        {"search", std::move(search)}};
  }

  Json Devices() const {
    Json::Array devices;
    for (const DeviceId id : input_.target.devices.ids()) {
      const Device& device = input_.target.devices[id];
      Json::Object object = {
          {"name", device.name}, {"kind", device.kind}, {"memory_bytes", device.memory}};
      if (!device.host.empty()) object.emplace_back("host", device.host);
      if (plan_.summary.has_value() && plan_.summary->devices.Contains(id)) {
        const ir::DeviceUse& use = plan_.summary->devices[id];
        object.emplace_back("busy_us", Micros(use.busy));
        object.emplace_back("resident_bytes", use.resident);
        object.emplace_back("peak_bytes", use.peak);
      }
      devices.push_back(std::move(object));
    }
    return Json(std::move(devices));
  }

  // All lanes; of the further ones also what the page shows in place of the first one's.
  Json Lanes() const {
    Json::Array lanes;
    for (size_t i = 0; i < plan_.num_lanes(); ++i) {
      Json::Object object = {{"share", plan_.ShareOf(i)},
                             {"what", ir::DescribeLane(plan_, i, input_.target)}};
      if (i > 0) {
        const ir::Plan plan = ir::LaneView(plan_, i);
        const EmitInput input = InputOfLane(input_, i, plan);
        const PageWriter lane(input);
        Json::Array starts, ends;
        for (const ir::NodeId id : lane.shown_) {
          if (!plan.node_time.Contains(id)) continue;
          starts.push_back(Micros(plan.node_time[id].start));
          ends.push_back(Micros(plan.node_time[id].end));
        }
        object.emplace_back("start_us", std::move(starts));
        object.emplace_back("end_us", std::move(ends));
        object.emplace_back("clusters", lane.Clusters());
        object.emplace_back("parts", lane.Parts());
        object.emplace_back("cuts", lane.Cuts());
        object.emplace_back("transfers", lane.Transfers());
      }
      lanes.push_back(std::move(object));
    }
    return Json(std::move(lanes));
  }

  Json Channels() const {
    return Json(Json::Array(input_.target.channels.begin(), input_.target.channels.end()));
  }

  void AddNodes(Json::Object& page) const {
    TextTable ops;
    Json::Array names, starts, ends;
    std::vector<int64_t> op, cluster, kernel, flops, weights;
    for (const ir::NodeId id : shown_) {
      const ir::Node& node = graph_.node(id);
      names.push_back(ir::NameOrPlace(node));
      op.push_back(
          ops.IndexOf(node.domain.empty() ? node.op_type : node.domain + ":" + node.op_type));
      cluster.push_back(plan_.cluster_of[id].index());
      if (plan_.kernel_of.Contains(id)) kernel.push_back(plan_.kernel_of[id].index());
      if (plan_.features.Contains(id)) {
        flops.push_back(plan_.features[id].flops);
        weights.push_back(plan_.features[id].weights);
      }
      if (plan_.node_time.Contains(id)) {
        starts.push_back(Micros(plan_.node_time[id].start));
        ends.push_back(Micros(plan_.node_time[id].end));
      }
    }
    page.emplace_back("ops", std::move(ops).Take());
    page.emplace_back("nodes", Json::Object{{"name", std::move(names)},
                                            {"op", Integers(op)},
                                            {"cluster", Integers(cluster)},
                                            {"kernel", Integers(kernel)},
                                            {"flops", Integers(flops)},
                                            {"weights", Integers(weights)},
                                            {"start_us", std::move(starts)},
                                            {"end_us", std::move(ends)}});
  }

  Json Clusters() const {
    TextTable texts;
    Json::Array next;
    std::vector<int64_t> part, module, reason;
    for (size_t i = 0; i < plan_.num_clusters(); ++i) {
      const ir::ClusterId id(i);
      part.push_back(plan_.part_of[id].index());
      if (plan_.module_of.Contains(id)) module.push_back(plan_.module_of[id].index());
      if (plan_.reasons.Contains(id)) reason.push_back(texts.IndexOf(plan_.reasons[id]));
      if (!plan_.alternatives.Contains(id)) continue;
      const std::optional<ir::Alternative>& other = plan_.alternatives[id];
      next.push_back(other.has_value()
                         ? Json(Json::Array{int64_t{other->device.index()}, Micros(other->value)})
                         : Json(nullptr));
    }
    return Json::Object{{"part", Integers(part)},
                        {"module", Integers(module)},
                        {"reason", Integers(reason)},
                        {"reasons", std::move(texts).Take()},
                        {"next_best", std::move(next)}};
  }

  // By part of the plan; those from which nothing follows have no file and no id.
  Json Parts() const {
    IdVector<ir::PartId, const Piece*> pieces(plan_.parts.size(), nullptr);
    for (const Piece& piece : input_.bundle.pieces) {
      if (pieces.Contains(piece.part)) pieces[piece.part] = &piece;
    }
    Json::Array parts;
    for (const ir::PartId id : plan_.parts.ids()) {
      const ir::Part& part = plan_.parts[id];
      const Piece* piece = pieces[id];
      parts.push_back(Json::Object{{"id", piece != nullptr ? Json(piece->id) : Json(nullptr)},
                                   {"file", piece != nullptr ? Json(piece->file) : Json(nullptr)},
                                   {"device", int64_t{part.device.index()}},
                                   {"start_us", Micros(part.time.start)},
                                   {"end_us", Micros(part.time.end)}});
    }
    return Json(std::move(parts));
  }

  // Pairs of nodes one after the other, each pair once: from, to, from, to, ...
  Json Edges() const {
    Json::Array edges;
    std::vector<int64_t> users;
    for (const ir::NodeId id : shown_) {
      users.clear();
      for (const ir::ValueId result : graph_.node(id).results) {
        for (const ir::NodeId user : graph_.users(result)) {
          if (index_of_[user] >= 0) users.push_back(index_of_[user]);
        }
      }
      std::sort(users.begin(), users.end());
      users.erase(std::unique(users.begin(), users.end()), users.end());
      for (const int64_t user : users) {
        edges.push_back(index_of_[id]);
        edges.push_back(user);
      }
    }
    return Json(std::move(edges));
  }

  // The node that computes the value; -1 for what no shown node computes.
  int64_t Producer(ir::ValueId value) const {
    const ir::NodeId producer = graph_.value(value).producer;
    return producer.valid() ? index_of_[producer] : -1;
  }

  // With causes if the pass explain has run; else what the bundle shows.
  Json Cuts() const {
    Json::Array cuts;
    for (const ir::Cut& cut : plan_.cuts) {
      Json::Object object = Cut(cut.value, cut.from, cut.to, cut.bytes);
      object.emplace_back("cause", ir::CutCauseName(cut.cause));
      object.emplace_back("why", cut.why);
      cuts.push_back(std::move(object));
    }
    if (!cuts.empty()) return Json(std::move(cuts));
    for (const PieceFlow& flow : PieceFlows(input_.module, plan_, input_.bundle)) {
      const ir::PartId from = input_.bundle.pieces[flow.from].part;
      std::map<DeviceId, std::vector<ir::PartId>> readers;
      for (const size_t to : flow.to) {
        const Piece& piece = input_.bundle.pieces[to];
        if (plan_.parts.Contains(piece.part)) readers[piece.device].push_back(piece.part);
      }
      if (!plan_.parts.Contains(from)) continue;
      for (const auto& [device, parts] : readers) {
        cuts.push_back(Cut(flow.value, from, parts, flow.bytes));
      }
    }
    return Json(std::move(cuts));
  }

  // `to`: parts of one device.
  Json::Object Cut(ir::ValueId value, ir::PartId from, const std::vector<ir::PartId>& to,
                   Bytes bytes) const {
    Json::Array parts;
    for (const ir::PartId part : to) parts.push_back(int64_t{part.index()});
    return {{"tensor", graph_.value(value).name},
            {"node", Producer(value)},
            {"from", int64_t{from.index()}},
            {"to", std::move(parts)},
            {"bytes", bytes}};
  }

  Json Transfers() const {
    Json::Array transfers;
    for (const ir::Transfer& transfer : plan_.transfers) {
      const std::optional<Route>& route = input_.target.routes[transfer.from][transfer.to];
      Json::Array channels;
      if (route.has_value()) {
        for (const ChannelId channel : route->channels)
          channels.push_back(int64_t{channel.index()});
      }
      transfers.push_back(Json::Object{{"tensor", graph_.value(transfer.value).name},
                                       {"node", Producer(transfer.value)},
                                       {"from", int64_t{transfer.from.index()}},
                                       {"to", int64_t{transfer.to.index()}},
                                       {"bytes", transfer.bytes},
                                       {"start_us", Micros(transfer.time.start)},
                                       {"end_us", Micros(transfer.time.end)},
                                       {"channels", std::move(channels)}});
    }
    return Json(std::move(transfers));
  }

  const EmitInput& input_;
  const ir::Graph& graph_;
  const ir::Plan& plan_;
  std::vector<ir::NodeId> shown_;
  IdVector<ir::NodeId, int64_t> index_of_;  // into shown_; -1: not there
};

}  // namespace

Json PageData(const EmitInput& input) { return PageWriter(input).Write(); }

}  // namespace allot
