#include "placement/kinds/stages/formats/piper_json.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <optional>
#include <utility>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"

#include "support/diagnostics.h"
#include "support/json_reader.h"
#include "support/status.h"

namespace allot {
namespace {

class PiperReader {
 public:
  PiperReader(const Json& document, const std::string& file)
      : reader_(document, file, "", diagnostics_) {}

  absl::StatusOr<StagesDraft> Read() {
    StagesProblem& problem = draft_.problem;
    problem.rule = CostRule::kPiper;
    problem.devices = Whole(reader_, "maxDevices");
    problem.has_memory = true;
    problem.memory = ReadBytes(reader_, "maxMemoryPerDevice", true);
    problem.bandwidth = Whole(reader_, "bandwidth");
    problem.samples = Whole(reader_, "mbsInBatch");
    ReadNodes();
    for (JsonReader& edge : reader_.Objects("edges")) {
      LayerEdge& read = problem.edges.emplace_back();
      read.from = Node(edge, "sourceId");
      read.to = Node(edge, "destId");
      read.bytes = ReadBytes(edge, "communicationCost", true);
    }
    ALLOT_RETURN_IF_ERROR(diagnostics_.ToStatusOfAll());
    return std::move(draft_);
  }

 private:
  void ReadNodes() {
    std::vector<JsonReader> nodes = reader_.Objects("nodes");
    std::map<int64_t, size_t> by_id;
    for (size_t i = 0; i < nodes.size(); ++i) {
      int64_t id = 0;
      if (!nodes[i].Require("id", id)) continue;
      if (!by_id.emplace(id, i).second) nodes[i].Error("id", absl::StrCat(id, " is there twice"));
    }
    const bool numbered = !by_id.empty() && by_id.begin()->first == 0 &&
                          by_id.rbegin()->first == static_cast<int64_t>(by_id.size()) - 1;
    for (const auto& [id, i] : by_id) {
      const auto number = static_cast<int32_t>(numbers_.size());
      numbers_.emplace(id, number);
    }
    for (const auto& [id, i] : by_id) {
      StageLayer& layer = draft_.problem.layers.emplace_back();
      // Names are those of operators, many alike; what is known by its number has no other.
      std::string name;
      nodes[i].Read("name", name);
      if (!numbered) layer.name = absl::StrCat(id);
      ReadWidths(nodes[i]);
    }
  }

  void ReadWidths(JsonReader& node) {
    const Json* const member = node.Find("TMPCs");
    if (member == nullptr || member->If<Json::Object>() == nullptr) {
      node.Error("TMPCs", "must be an object with an array for each width");
      return;
    }
    JsonReader widths = node.Object("TMPCs");
    std::map<int64_t, std::string> keys;
    for (const std::string& key : widths.Keys()) {
      int64_t width = 0;
      const bool good = absl::SimpleAtoi(key, &width) && width >= 1;
      if (!good || !keys.emplace(width, key).second) {
        widths.Error(key, "must be a number of devices, once");
      }
    }
    for (const auto& [width, key] : keys) {
      for (JsonReader& variant : widths.Objects(key)) ReadVariant(variant, width);
    }
  }

  void ReadVariant(JsonReader& reader, int64_t width) {
    LayerVariant& variant = draft_.AddVariant(width, ReadTime(reader, "timePerSample", 1, 1, true));
    reader.Read("id", variant.name);
    variant.parameters = ReadBytes(reader, "parameterSize", true);
    variant.per_in_flight = ReadBytes(reader, "memoryUsageA", true);
    variant.resident = ReadBytes(reader, "memoryUsageB", true);
    ReadSyncs(reader, "syncTimeFw", variant.before);
    ReadSyncs(reader, "syncTimeBw", variant.after);
  }

  void ReadSyncs(JsonReader& reader, absl::string_view key, std::vector<BoundarySync>& syncs) {
    const Json* const member = reader.Find(key);
    if (member == nullptr) return;
    if (member->If<Json::Object>() == nullptr) {
      reader.Error(key, "must be an object of bytes by neighbour");
      return;
    }
    JsonReader neighbours = reader.Object(key);
    std::map<int32_t, Millibytes> bytes;
    for (const std::string& name : neighbours.Keys()) {
      int64_t id = 0;
      const auto at = absl::SimpleAtoi(name, &id) ? numbers_.find(id) : numbers_.end();
      if (at == numbers_.end()) {
        neighbours.Error(name, "is the id of no node");
        continue;
      }
      bytes[at->second] = ReadBytes(neighbours, name, true);
    }
    for (const auto& [neighbour, amount] : bytes) syncs.push_back({neighbour, amount});
  }

  int32_t Node(JsonReader& reader, absl::string_view key) {
    int64_t id = 0;
    if (!reader.Require(key, id)) return 0;
    const auto at = numbers_.find(id);
    if (at != numbers_.end()) return at->second;
    reader.Error(key, absl::StrCat(id, " is the id of no node"));
    return 0;
  }

  // Written as 25000000000.0 by some.
  int64_t Whole(JsonReader& reader, absl::string_view key) {
    double number = 0;
    if (!reader.Require(key, number)) return 1;
    if (!(number >= 1 && number <= 1e18) || number != std::floor(number)) {
      reader.Error(key, "must be a whole number of at least 1");
      return 1;
    }
    return static_cast<int64_t>(number);
  }

  Diagnostics diagnostics_;
  JsonReader reader_;
  StagesDraft draft_;
  std::map<int64_t, int32_t> numbers_;  // by id
};

}  // namespace

bool IsPiperJson(const Json& document) {
  const Json* const nodes = document.Find("nodes");
  return document.Find("schema") == nullptr && document.Find("mbsInBatch") != nullptr &&
         nodes != nullptr && nodes->If<Json::Array>() != nullptr;
}

absl::StatusOr<StagesDraft> ReadPiperJson(const Json& document, const std::string& file) {
  return PiperReader(document, file).Read();
}

}  // namespace allot
