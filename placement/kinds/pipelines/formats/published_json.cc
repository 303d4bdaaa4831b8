#include "placement/kinds/pipelines/formats/published_json.h"

#include <cmath>
#include <map>
#include <set>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"

#include "support/diagnostics.h"
#include "support/json_reader.h"
#include "support/status.h"

namespace allot::pipelines {
namespace {

constexpr double kLargestNumber = 1e18;

// A number that is finite and not negative, or an error at the key.
double ReadAmount(JsonReader& reader, absl::string_view key) {
  double number = 0;
  if (!reader.Require(key, number)) return 0;
  if (std::isfinite(number) && number >= 0 && number <= kLargestNumber) return number;
  reader.Error(key, absl::StrCat("must be 0 to ", kLargestNumber));
  return 0;
}

class PublishedReader {
 public:
  PublishedReader(const Json& document, const std::string& file)
      : reader_(document, file, "", diagnostics_) {}

  absl::StatusOr<Draft> Read() {
    draft_.memory = ReadAmount(reader_, "maxMemoryPerDevice");
    draft_.bandwidth = ReadAmount(reader_, "bandwidth");
    draft_.devices = Whole(reader_, "maxDevices");
    draft_.microbatches = Whole(reader_, "mbsInBatch");
    reader_.Require("activationRecomputation", draft_.recompute);
    std::string optimizer;
    if (reader_.Require("optimizerAlgorithm", optimizer)) {
      draft_.adam = optimizer == "Adam";
      if (optimizer != "Adam" && optimizer != "SGD") {
        reader_.Error("optimizerAlgorithm", "must be SGD or Adam");
      }
    }
    ReadFixed();
    const std::map<int64_t, std::string> nodes = Widths("nodes"), edges = Widths("edges");
    for (const auto& [width, key] : nodes) {
      if (edges.count(width) == 0) reader_.Error("edges", absl::StrCat("has no width ", width));
    }
    for (const auto& [width, key] : edges) {
      if (nodes.count(width) == 0) reader_.Error("nodes", absl::StrCat("has no width ", width));
    }
    ALLOT_RETURN_IF_ERROR(diagnostics_.ToStatusOfAll());
    for (const auto& [width, key] : nodes) ReadNodes(width, key);
    ALLOT_RETURN_IF_ERROR(diagnostics_.ToStatusOfAll());
    size_t at = 0;
    for (const auto& [width, key] : edges) ReadEdges(draft_.widths[at++], key);
    ALLOT_RETURN_IF_ERROR(diagnostics_.ToStatusOfAll());
    return std::move(draft_);
  }

 private:
  void ReadFixed() {
    if (!reader_.Has("fixedPP")) return;
    FixedStrategy fixed;
    reader_.Read("fixedPP", fixed.pipeline);
    reader_.Require("fixedTMPC", fixed.tensor);
    reader_.Require("fixedDP", fixed.data);
    reader_.Require("numTransformerLayers", fixed.transformer_layers);
    draft_.fixed = fixed;
  }

  // The keys of an object by the width that they say.
  std::map<int64_t, std::string> Widths(absl::string_view key) {
    std::map<int64_t, std::string> widths;
    const Json* const member = reader_.Find(key);
    if (member == nullptr || member->If<Json::Object>() == nullptr) {
      reader_.Error(key, "must be an object with an array for each tensor width");
      return widths;
    }
    JsonReader object = reader_.Object(key);
    for (const std::string& name : object.Keys()) {
      int64_t width = 0;
      const bool good = absl::SimpleAtoi(name, &width) && width >= 1 && width <= kMostDevices;
      if (!good || !widths.emplace(width, name).second) {
        object.Error(name, "must be a number of devices, once");
      }
    }
    if (widths.empty()) object.Error("", "has no tensor width");
    return widths;
  }

  void ReadNodes(int64_t width, const std::string& key) {
    JsonReader object = reader_.Object("nodes");
    DraftWidth& made = draft_.widths.emplace_back();
    made.devices = width;
    std::map<int64_t, DraftLayer> by_id;
    for (JsonReader& node : object.Objects(key)) {
      int64_t id = 0;
      DraftLayer layer;
      layer.parameters = ReadAmount(node, "parameterSize");
      layer.activations = ReadAmount(node, "activationSize");
      layer.forward = ReadAmount(node, "optimalLatencyFw");
      layer.backward = ReadAmount(node, "optimalLatencyBw");
      node.Require("isTensorParallelized", layer.split);
      if (layer.split && width == 1) {
        node.Error("isTensorParallelized", "must be false at width 1");
      }
      if (!node.Require("id", id)) continue;
      if (!by_id.emplace(id, layer).second) {
        node.Error("id", absl::StrCat(id, " is there twice"));
      }
    }
    std::map<int64_t, int32_t> numbers;
    for (const auto& [id, layer] : by_id) {
      numbers.emplace(id, static_cast<int32_t>(numbers.size()));
      made.layers.push_back(layer);
    }
    if (draft_.widths.size() == 1) {
      numbers_ = numbers;
      for (const auto& [id, number] : numbers_) draft_.names.push_back(absl::StrCat(id));
      if (by_id.empty()) object.Error(key, "has no layers");
      if (by_id.size() > kMostLayers) {
        object.Error(key, absl::StrCat("has more than ", kMostLayers, " layers"));
      }
    } else if (numbers != numbers_) {
      object.Error(key, "has other ids than the first width");
    }
  }

  void ReadEdges(DraftWidth& width, const std::string& key) {
    JsonReader object = reader_.Object("edges");
    std::map<std::pair<int32_t, int32_t>, double> bytes;
    for (JsonReader& edge : object.Objects(key)) {
      const int32_t from = Node(edge, "sourceId"), to = Node(edge, "destId");
      const double amount = ReadAmount(edge, "communicationCost");
      if (from < 0 || to < 0) continue;
      if (from == to) edge.Error("destId", "is the source");
      if (!bytes.emplace(std::pair(from, to), amount).second) {
        edge.Error("", "is there twice; add up what it moves");
      }
    }
    std::vector<std::pair<int32_t, int32_t>> ends;
    for (const auto& [end, amount] : bytes) {
      ends.push_back(end);
      width.bytes.push_back(amount);
    }
    if (&width == &draft_.widths[0]) {
      draft_.edges = ends;
    } else if (ends != draft_.edges) {
      object.Error(key, "has other edges than the first width");
    }
  }

  int32_t Node(JsonReader& edge, absl::string_view key) {
    int64_t id = 0;
    if (!edge.Require(key, id)) return -1;
    const auto at = numbers_.find(id);
    if (at != numbers_.end()) return at->second;
    edge.Error(key, absl::StrCat(id, " is the id of no node"));
    return -1;
  }

  // Divisions leave "4096.0" and fractions.
  int64_t Whole(JsonReader& reader, absl::string_view key) {
    double number = 0;
    if (!reader.Require(key, number)) return 1;
    if (!(number >= 1 && number <= 1e15)) {
      reader.Error(key, "must be a number of at least 1");
      return 1;
    }
    return static_cast<int64_t>(std::floor(number));
  }

  Diagnostics diagnostics_;
  JsonReader reader_;
  Draft draft_;
  std::map<int64_t, int32_t> numbers_;  // by id
};

}  // namespace

bool IsPublishedJson(const Json& document) {
  const Json* const nodes = document.Find("nodes");
  return document.Find("schema") == nullptr && document.Find("mbsInBatch") != nullptr &&
         nodes != nullptr && nodes->If<Json::Object>() != nullptr;
}

absl::StatusOr<Draft> ReadPublishedJson(const Json& document, const std::string& file) {
  return PublishedReader(document, file).Read();
}

}  // namespace allot::pipelines
