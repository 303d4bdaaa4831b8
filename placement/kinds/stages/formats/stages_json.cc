#include "placement/kinds/stages/formats/stages_json.h"

#include <algorithm>
#include <optional>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"

#include "placement/kinds/stages/formats/layer_names.h"
#include "support/diagnostics.h"
#include "support/json_reader.h"
#include "support/status.h"
#include "target/quantity.h"

namespace allot {
namespace {

class StagesReader {
 public:
  StagesReader(const Json& document, const std::string& file)
      : reader_(document, file, "", diagnostics_) {}

  absl::StatusOr<StagesDraft> Read() {
    ReadQuestion();
    std::vector<JsonReader> layers = reader_.Objects("layers");
    // Names first: what a layer sends to a neighbour may name a later one.
    for (JsonReader& layer : layers)
      layer.Require("name", draft_.problem.layers.emplace_back().name);
    names_.emplace(draft_.problem);
    std::vector<StageLayer> read = std::move(draft_.problem.layers);
    draft_.problem.layers.clear();
    for (size_t i = 0; i < layers.size(); ++i) {
      draft_.problem.layers.push_back(std::move(read[i]));
      ReadLayer(layers[i]);
    }
    for (JsonReader& edge : reader_.Objects("edges")) {
      LayerEdge& read_edge = draft_.problem.edges.emplace_back();
      read_edge.from = Layer(edge, "from");
      read_edge.to = Layer(edge, "to");
      read_edge.bytes = ReadBytes(edge, "bytes", false);
      edge.Finish();
    }
    ReadTogether();
    reader_.Find("note");
    reader_.Finish();
    ALLOT_RETURN_IF_ERROR(diagnostics_.ToStatusOfAll());
    return std::move(draft_);
  }

 private:
  void ReadQuestion() {
    StagesProblem& problem = draft_.problem;
    std::string schema, rule;
    reader_.Require("schema", schema);
    if (reader_.Require("rule", rule)) {
      const std::optional<CostRule> parsed = ParseCostRule(rule);
      if (!parsed.has_value()) reader_.Error("rule", "must be pipedream or piper");
      problem.rule = parsed.value_or(CostRule::kPiper);
    }
    reader_.Require("devices", problem.devices);
    if (reader_.Has("memory")) {
      problem.has_memory = true;
      problem.memory = ReadBytes(reader_, "memory", true);
    }
    const Json* const bandwidth = reader_.Find("bandwidth");
    if (bandwidth != nullptr && bandwidth->If<std::string>() != nullptr) {
      const absl::StatusOr<int64_t> rate =
          ParseQuantity(*bandwidth->If<std::string>(), Unit::kNetworkBytesPerSecond);
      if (!rate.ok()) reader_.Error("bandwidth", std::string(rate.status().message()));
      problem.bandwidth = rate.value_or(1);
    } else {
      reader_.Require("bandwidth", problem.bandwidth);
    }
    reader_.Read("samples", problem.samples);
    draft_.ticks_given = reader_.Read("ticks_per_second", problem.ticks_per_second);
    if (problem.ticks_per_second < 1) {
      reader_.Error("ticks_per_second", "must be at least 1");
      problem.ticks_per_second = 1;
    }
    if (draft_.ticks_given) {
      unit_ = 1;
      per_second_ = static_cast<double>(problem.ticks_per_second);
    }
  }

  void ReadLayer(JsonReader& layer) {
    layer.Find("note");
    if (!layer.Has("variants")) {
      ReadVariant(layer, 1);
      layer.Finish();
      return;
    }
    std::vector<std::pair<int64_t, JsonReader>> variants;
    for (JsonReader& variant : layer.Objects("variants")) {
      int64_t width = 1;
      variant.Read("width", width);
      variants.emplace_back(width, variant);
    }
    layer.Finish();
    std::stable_sort(variants.begin(), variants.end(),
                     [](const auto& a, const auto& b) { return a.first < b.first; });
    for (auto& [width, variant] : variants) {
      std::string name;
      variant.Read("name", name);
      ReadVariant(variant, width).name = std::move(name);
      variant.Finish();
    }
  }

  LayerVariant& ReadVariant(JsonReader& reader, int64_t width) {
    const double forward = ReadTime(reader, "time", unit_, per_second_, true);
    const double backward = ReadTime(reader, "backward_time", unit_, per_second_, false);
    LayerVariant& variant = draft_.AddVariant(width, forward + backward);
    variant.parameters = ReadBytes(reader, "parameters", false);
    variant.per_in_flight = ReadBytes(reader, "memory_per_sample", false);
    variant.resident = ReadBytes(reader, "memory", false);
    ReadSyncs(reader, "sync_before", variant.before);
    ReadSyncs(reader, "sync_after", variant.after);
    return variant;
  }

  void ReadSyncs(JsonReader& reader, absl::string_view key, std::vector<BoundarySync>& syncs) {
    if (!reader.Has(key)) return;
    for (JsonReader& sync : reader.Objects(key)) {
      const int32_t neighbour = Layer(sync, "layer");
      syncs.push_back({neighbour, ReadBytes(sync, "bytes", true)});
      sync.Finish();
    }
    std::sort(syncs.begin(), syncs.end(),
              [](const auto& a, const auto& b) { return a.neighbour < b.neighbour; });
  }

  void ReadTogether() {
    const Json* const groups = reader_.Find("together");
    if (groups == nullptr) return;
    const auto* const array = groups->If<Json::Array>();
    for (size_t i = 0; array != nullptr && i < array->size(); ++i) {
      const auto* const members = (*array)[i].If<Json::Array>();
      std::vector<int32_t>& group = draft_.problem.together.emplace_back();
      for (size_t j = 0; members != nullptr && j < members->size(); ++j) {
        const absl::StatusOr<int32_t> layer = names_->Find((*members)[j]);
        if (!layer.ok()) {
          reader_.Error(absl::StrCat("together[", i, "]"), std::string(layer.status().message()));
        }
        group.push_back(layer.value_or(0));
      }
      if (members == nullptr) reader_.Error(absl::StrCat("together[", i, "]"), "must be an array");
    }
    if (array == nullptr) reader_.Error("together", "must be an array");
  }

  int32_t Layer(JsonReader& reader, absl::string_view key) {
    const Json* const member = reader.Find(key);
    const absl::StatusOr<int32_t> layer = member == nullptr
                                              ? absl::StatusOr<int32_t>(InputError("is missing"))
                                              : names_->Find(*member);
    if (!layer.ok()) reader.Error(key, std::string(layer.status().message()));
    return layer.value_or(0);
  }

  Diagnostics diagnostics_;
  JsonReader reader_;
  StagesDraft draft_;
  std::optional<LayerNames> names_;
  double unit_ = 1e-12, per_second_ = 1;
};

Json BytesJson(Millibytes bytes) {
  if (bytes % kMillibytesPerByte == 0) return bytes / kMillibytesPerByte;
  return static_cast<double>(bytes) / static_cast<double>(kMillibytesPerByte);
}

void AddSyncs(const LayerNames& names, const std::vector<BoundarySync>& syncs, const char* key,
              Json::Object& json) {
  if (syncs.empty()) return;
  Json::Array array;
  for (const BoundarySync& sync : syncs) {
    array.push_back(
        Json::Object{{"layer", names.Print(sync.neighbour)}, {"bytes", BytesJson(sync.bytes)}});
  }
  json.emplace_back(key, std::move(array));
}

Json VariantJson(const LayerNames& names, const LayerWidth& width, const LayerVariant& variant) {
  Json::Object json;
  if (!variant.name.empty()) json.emplace_back("name", variant.name);
  if (width.devices != 1) json.emplace_back("width", width.devices);
  json.emplace_back("time", variant.time);
  const auto bytes = [&](const char* key, Millibytes amount) {
    if (amount != 0) json.emplace_back(key, BytesJson(amount));
  };
  bytes("parameters", variant.parameters);
  bytes("memory_per_sample", variant.per_in_flight);
  bytes("memory", variant.resident);
  AddSyncs(names, variant.before, "sync_before", json);
  AddSyncs(names, variant.after, "sync_after", json);
  return json;
}

}  // namespace

absl::StatusOr<StagesDraft> ReadStagesJson(const Json& document, const std::string& file) {
  return StagesReader(document, file).Read();
}

std::string PrintStagesJson(const StagesProblem& problem) {
  const LayerNames names(problem);
  Json::Object json = {{"schema", std::string(kStagesSchema)},
                       {"rule", std::string(CostRuleName(problem.rule))},
                       {"devices", problem.devices}};
  if (problem.has_memory) json.emplace_back("memory", BytesJson(problem.memory));
  json.emplace_back("bandwidth", problem.bandwidth);
  json.emplace_back("samples", problem.samples);
  json.emplace_back("ticks_per_second", problem.ticks_per_second);
  Json::Array layers, edges, together;
  for (const StageLayer& layer : problem.layers) {
    Json::Array variants;
    for (const LayerWidth& width : layer.widths) {
      for (const LayerVariant& variant : width.variants) {
        variants.push_back(VariantJson(names, width, variant));
      }
    }
    layers.push_back(Json::Object{{"name", layer.name}, {"variants", std::move(variants)}});
  }
  json.emplace_back("layers", std::move(layers));
  for (const LayerEdge& edge : problem.edges) {
    Json::Object each = {{"from", names.Print(edge.from)}, {"to", names.Print(edge.to)}};
    if (edge.bytes != 0) each.emplace_back("bytes", BytesJson(edge.bytes));
    edges.push_back(std::move(each));
  }
  json.emplace_back("edges", std::move(edges));
  for (const std::vector<int32_t>& group : problem.together) {
    Json::Array members;
    for (const int32_t layer : group) members.push_back(names.Print(layer));
    together.push_back(std::move(members));
  }
  if (!together.empty()) json.emplace_back("together", std::move(together));
  return PrintJson(json) + "\n";
}

}  // namespace allot
