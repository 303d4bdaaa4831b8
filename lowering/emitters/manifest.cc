// manifest.json: how to run the parts. Version 1 of the format is read by programs that know
// nothing of plans: parts with their files, inputs and outputs, and the tensors between them.
#include <map>
#include <set>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"

#include "lowering/emitter.h"
#include "lowering/emitters/host_files.h"
#include "lowering/emitters/micros.h"
#include "lowering/emitters/text_file.h"
#include "lowering/output_names.h"
#include "lowering/piece_flow.h"
#include "lowering/placement_hints.h"
#include "lowering/row_division.h"
#include "support/status.h"
#include "support/version.h"

namespace allot {
namespace {

constexpr char kFileName[] = "manifest.json";
struct Options {};

Json Names(const std::vector<std::string>& names) {
  return Json(Json::Array(names.begin(), names.end()));
}

absl::string_view KindName(ir::Type::Kind kind) {
  switch (kind) {
    case ir::Type::Kind::kUnknown:
      return "unknown";
    case ir::Type::Kind::kTensor:
      return "tensor";
    case ir::Type::Kind::kSparseTensor:
      return "sparse_tensor";
    case ir::Type::Kind::kSequence:
      return "sequence";
    case ir::Type::Kind::kOptional:
      return "optional";
    case ir::Type::Kind::kMap:
      return "map";
    case ir::Type::Kind::kOpaque:
      return "opaque";
  }
  return "unknown";
}

// Dimensions are numbers, names, or null if nothing is known.
Json Signature(const ir::Type& type) {
  Json::Object signature;
  if (!type.is_tensor()) signature.emplace_back("kind", KindName(type.kind));
  if (type.element != ir::ElementType::kUndefined) {
    signature.emplace_back("dtype", ir::DtypeName(type.element));
  }
  if (type.shape.has_value()) {
    Json::Array shape;
    for (const ir::Dim& dim : *type.shape) {
      if (dim.known()) {
        shape.push_back(dim.size);
      } else if (!dim.symbol.empty()) {
        shape.push_back(dim.symbol);
      } else {
        shape.push_back(nullptr);
      }
    }
    signature.emplace_back("shape", std::move(shape));
  }
  return Json(std::move(signature));
}

// Of the model's inputs and outputs and of everything that crosses a part's boundary.
Json Signatures(const EmitInput& input) {
  const ir::Graph& graph = input.module.graph;
  std::map<std::string, Json> by_name;
  for (const std::vector<ir::ValueId>* values : {&graph.inputs(), &graph.outputs()}) {
    for (ir::ValueId id : *values) {
      if (values == &graph.inputs() && graph.value(id).constant.valid()) continue;
      by_name[graph.value(id).name] = Signature(graph.value(id).type);
    }
  }
  for (const Piece* piece : PiecesWithFiles(input.bundle)) {
    for (ir::ValueId id : piece->graph.outputs()) {
      const ir::Value& value = piece->graph.value(id);
      by_name[value.name] = Signature(value.type);
    }
  }
  Json::Object signatures;
  for (auto& [name, signature] : by_name) signatures.emplace_back(name, std::move(signature));
  return Json(std::move(signatures));
}

Json Devices(const EmitInput& input) {
  Json::Array devices;
  for (DeviceId id : input.target.devices.ids()) {
    const Device& device = input.target.devices[id];
    Json::Object object = {{"id", device.name}, {"type", device.kind}};
    if (!device.host.empty()) object.emplace_back("host", device.host);
    if (!device.runtime.provider.empty() || !device.runtime.cores.empty()) {
      Json::Object runtime = {{"provider", device.runtime.provider},
                              {"ordinal", device.runtime.ordinal},
                              {"threads", device.runtime.threads}};
      if (!device.runtime.cores.empty()) runtime.emplace_back("cores", device.runtime.cores);
      object.emplace_back("runtime", std::move(runtime));
    }
    if (input.plan.summary.has_value() && input.plan.summary->devices.Contains(id)) {
      const ir::DeviceUse& use = input.plan.summary->devices[id];
      object.emplace_back("busy_us", Micros(use.busy));
      object.emplace_back("resident_bytes", use.resident);
      object.emplace_back("peak_bytes", use.peak);
    }
    devices.push_back(std::move(object));
  }
  return Json(std::move(devices));
}

// What each host runs and needs; null if no device names one.
absl::StatusOr<Json> Hosts(const EmitInput& input) {
  ALLOT_ASSIGN_OR_RETURN(const std::vector<HostFiles> hosts, FilesByHost(input));
  if (hosts.empty()) return Json(nullptr);
  Json::Array array;
  for (const HostFiles& host : hosts) {
    array.push_back(Json::Object{{"name", host.name},
                                 {"devices", Names(host.devices)},
                                 {"parts", Names(host.parts)},
                                 {"files", Names(host.files)}});
  }
  return Json(std::move(array));
}

Json PartList(const EmitInput& input) {
  Json::Array parts;
  for (const Piece& piece : input.bundle.pieces) {
    Json::Object part = {{"id", piece.id},
                         {"device", input.target.devices[piece.device].name},
                         {"file", piece.file},
                         {"inputs", Names(piece.inputs)},
                         {"outputs", Names(piece.outputs)}};
    if (input.plan.parts.Contains(piece.part) && input.plan.summary.has_value()) {
      const ir::Interval& time = input.plan.parts[piece.part].time;
      part.emplace_back("start_us", Micros(time.start));
      part.emplace_back("end_us", Micros(time.end));
    }
    part.emplace_back("nodes", static_cast<int64_t>(piece.graph.num_nodes()));
    parts.push_back(std::move(part));
  }
  return Json(std::move(parts));
}

Json PieceIds(const EmitInput& input, const std::vector<size_t>& pieces) {
  Json::Array ids;
  for (size_t piece : pieces) ids.push_back(input.bundle.pieces[piece].id);
  return Json(std::move(ids));
}

Json Edges(const EmitInput& input) {
  Json::Array edges;
  for (const PieceFlow& flow : PieceFlows(input.module, input.plan, input.bundle)) {
    edges.push_back(Json::Object{{"tensor", input.module.graph.value(flow.value).name},
                                 {"from", input.bundle.pieces[flow.from].id},
                                 {"to", PieceIds(input, flow.to)},
                                 {"bytes", flow.bytes}});
  }
  return Json(std::move(edges));
}

Json Transfers(const EmitInput& input) {
  std::map<std::string, Json::Array> times;
  for (const ir::Transfer& transfer : input.plan.transfers) {
    times[input.module.graph.value(transfer.value).name].push_back(
        Json::Object{{"device", input.target.devices[transfer.to].name},
                     {"start_us", Micros(transfer.time.start)},
                     {"end_us", Micros(transfer.time.end)}});
  }
  Json::Array transfers;
  for (const PieceTransfer& transfer : input.bundle.transfers) {
    Json::Object object = {{"tensor", transfer.tensor},
                           {"from", input.bundle.pieces[transfer.from].id},
                           {"to", PieceIds(input, transfer.to)},
                           {"bytes", transfer.bytes}};
    const auto predicted = times.find(transfer.tensor);
    if (predicted != times.end()) object.emplace_back("arrivals", predicted->second);
    transfers.push_back(std::move(object));
  }
  return Json(std::move(transfers));
}

// The further lanes; what stands at the top is the first.
Json FurtherLanes(const EmitInput& input) {
  Json::Array lanes;
  for (size_t i = 1; i < input.plan.num_lanes(); ++i) {
    const ir::Plan plan = ir::LaneView(input.plan, i);
    const EmitInput lane = InputOfLane(input, i, plan);
    lanes.push_back(Json::Object{{"share", input.plan.ShareOf(i)},
                                 {"parts", PartList(lane)},
                                 {"edges", Edges(lane)},
                                 {"transfers", Transfers(lane)}});
  }
  return Json(std::move(lanes));
}

void AddPrediction(const EmitInput& input, Json::Object& manifest) {
  const ir::Summary& summary = *input.plan.summary;
  manifest.emplace_back("objective", ir::ObjectiveName(summary.objective));
  Json::Object predicted = {{"value_us", Micros(summary.value)},
                            {"cluster_value_us", Micros(summary.cluster_value)},
                            {"lower_bound_us", Micros(summary.lower_bound)},
                            {"bound", summary.bound_name}};
  // How far above the best possible the value may be, as a share of the value.
  const double gap = summary.value == 0 ? 0.0
                                        : static_cast<double>(summary.value - summary.lower_bound) /
                                              static_cast<double>(summary.value);
  predicted.emplace_back("gap", gap);
  predicted.emplace_back("solver", summary.solver);
  predicted.emplace_back("cut_bytes", summary.cut_bytes);
  if (summary.latency > 0) predicted.emplace_back("latency_us", Micros(summary.latency));
  Json::Array search;
  for (const ir::SearchPoint& point : summary.search) {
    search.push_back(Json::Object{{"work", point.work},
                                  {"value_us", Micros(point.value)},
                                  {"bound_us", Micros(point.bound)}});
  }
  predicted.emplace_back("search", std::move(search));
  manifest.emplace_back("predicted", std::move(predicted));
  Json::Array baselines;
  for (const ir::Baseline& baseline : summary.baselines) {
    baselines.push_back(Json::Object{
        {"name", baseline.name},
        {"value_us", baseline.value.has_value() ? Micros(*baseline.value) : Json(nullptr)}});
  }
  manifest.emplace_back("baselines", std::move(baselines));
  if (input.made_from.undivided) manifest.emplace_back("baselines_undivided", true);
}

// All files of the run; called without the others' names, those that this emitter knows.
Json Files(const EmitInput& input) {
  std::set<std::string> names(input.files.begin(), input.files.end());
  if (names.empty()) {
    for (const Piece* piece : PiecesWithFiles(input.bundle)) names.insert(piece->file);
  }
  names.insert(kFileName);
  return Json(Json::Array(names.begin(), names.end()));
}

Json Dims(const EmitInput& input) {
  Json::Object dims;
  for (const auto& [name, size] : input.dims) dims.emplace_back(name, size);
  return Json(std::move(dims));
}

// What an inference hands on to the next.
Json States(const EmitInput& input) {
  Json::Array states;
  for (const auto& [taken, made] : input.module.state) {
    states.push_back(Json::Object{{"output", made}, {"input", taken}});
  }
  return Json(std::move(states));
}

Json Integrity(const EmitInput& input) {
  Json::Object integrity;
  for (const auto& [name, digest] : input.integrity) {
    Json::Object file = {{"bytes", digest.bytes}};
    if (!digest.sha256.empty()) file.emplace_back("sha256", digest.sha256);
    integrity.emplace_back(name, std::move(file));
  }
  return Json(std::move(integrity));
}

void AddSessionOptions(const EmitInput& input, Json::Object& manifest) {
  std::string settings = SessionSettings(input.target, input.plan);
  if (settings.empty()) return;
  Json::Object options = {{"session.layer_assignment_settings", std::move(settings)}};
  manifest.emplace_back("onnxruntime", Json::Object{{"session_options", std::move(options)}});
}

class Manifest final : public Emitter {
 public:
  explicit Manifest(Options) {}

  absl::StatusOr<std::vector<OutputFile>> Emit(const EmitInput& input) const override {
    Json::Object manifest = {{"version", 1},
                             {"schema", "allot.manifest/1"},
                             {"tool", Json::Object{{"name", "allot"}, {"version", kVersion}}}};
    if (!input.model_path.empty()) manifest.emplace_back("model", input.model_path);
    manifest.emplace_back("target", input.target.name);
    manifest.emplace_back("pipeline", input.pipeline);
    manifest.emplace_back("dims", Dims(input));
    manifest.emplace_back("default_dim", input.default_dim);
    if (input.plan.summary.has_value()) AddPrediction(input, manifest);
    manifest.emplace_back("devices", Devices(input));
    ALLOT_ASSIGN_OR_RETURN(Json hosts, Hosts(input));
    if (!hosts.is_null()) manifest.emplace_back("hosts", std::move(hosts));
    manifest.emplace_back("inputs", Names(input.bundle.inputs));
    manifest.emplace_back("outputs", Names(input.bundle.outputs));
    if (!input.module.state.empty()) manifest.emplace_back("state", States(input));
    if (Json rows = RowTraffic(input.module); !rows.is_null()) {
      manifest.emplace_back("rows", std::move(rows));
    }
    manifest.emplace_back("parts", PartList(input));
    manifest.emplace_back("edges", Edges(input));
    manifest.emplace_back("transfers", Transfers(input));
    if (!input.plan.lanes.empty()) {
      manifest.emplace_back("share", input.plan.share);
      manifest.emplace_back("cycle", input.plan.cycle());
      manifest.emplace_back("lanes", FurtherLanes(input));
    }
    manifest.emplace_back("signature", Signatures(input));
    AddSessionOptions(input, manifest);
    manifest.emplace_back("files", Files(input));
    manifest.emplace_back("external_data", Names(input.external_data));
    manifest.emplace_back("integrity", Integrity(input));

    std::vector<OutputFile> files;
    files.push_back(TextFile(kFileName, PrintJson(Json(std::move(manifest))) + "\n"));
    return files;
  }
};

}  // namespace

Entry<Emitter> ManifestEntry() {
  return MakeEntry<Emitter, Manifest>(
      "manifest", "manifest.json: the parts, what passes between them, and what is predicted",
      OptionSchema<Options>());
}

}  // namespace allot
