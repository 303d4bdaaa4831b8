#include "placement/kinds/chips/formats/chips_json.h"

#include <map>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"

#include "placement/kinds/chips/formats/draft.h"
#include "placement/kinds/chips/model/copies.h"
#include "support/diagnostics.h"
#include "support/json_reader.h"
#include "support/options.h"
#include "support/status.h"
#include "target/quantity.h"

namespace allot::chips {
namespace {

class Reader {
 public:
  Reader(const Json& document, const std::string& file)
      : file_(file), reader_(document, file, "", diagnostics_) {}

  absl::StatusOr<Problem> Read() {
    std::string schema, ring = "one-way";
    int64_t chips = 0, bandwidth = 0;
    reader_.Require("schema", schema);
    reader_.Read("name", draft_.name);
    reader_.Find("note");
    if (reader_.Require("chips", chips)) {
      if (chips < 1 || chips > kMaxChips) {
        reader_.Error("chips", absl::StrCat("must be from 1 to ", kMaxChips));
      } else {
        draft_.chips = static_cast<int32_t>(chips);
      }
    }
    if (reader_.Read("ring", ring)) {
      const absl::Status status = ParseRing(ring, draft_);
      if (!status.ok()) reader_.Error("ring", std::string(status.message()));
    }
    Bytes memory = 0;
    if (ReadQuantity(reader_, "memory", Unit::kBytes, memory)) draft_.memory = memory;
    ReadQuantity(reader_, "bandwidth", Unit::kNetworkBytesPerSecond, bandwidth);
    if (reader_.Has("bandwidth") && bandwidth < 1) {
      reader_.Error("bandwidth", "must be at least 1 byte per second");
    }
    reader_.Find("nodes");
    std::vector<JsonReader> nodes = reader_.Objects("nodes");
    if (!reader_.Has("nodes")) reader_.Error("", "key 'nodes' is missing");
    for (JsonReader& node : nodes) {
      Node& read = draft_.nodes.emplace_back();
      node.Require("name", read.name);
      number_.emplace(read.name, static_cast<int32_t>(draft_.nodes.size()) - 1);
    }
    for (size_t v = 0; v < nodes.size(); ++v) ReadNode(nodes[v], bandwidth, draft_.nodes[v]);
    std::optional<CopyLimits> limits;
    if (reader_.Has("copy")) {
      JsonReader copy = reader_.Object("copy");
      limits.emplace();
      ReadTime(copy, "work", limits->work);
      ReadQuantity(copy, "weights", Unit::kBytes, limits->weights);
      copy.Finish();
    }
    reader_.Finish();
    ALLOT_RETURN_IF_ERROR(diagnostics_.ToStatusOfAll());
    ALLOT_ASSIGN_OR_RETURN(Problem problem, FinishDraft(std::move(draft_)), file_, ": ");
    if (limits.has_value()) MarkCopies(*limits, problem);
    return problem;
  }

 private:
  void ReadNode(JsonReader& reader, int64_t bandwidth, Node& node) {
    reader.Find("note");
    if (!reader.Has("work"))
      reader.Error("", "key 'work' is missing; write a time such as \"1.5ms\"");
    ReadTime(reader, "work", node.work);
    ReadQuantity(reader, "output", Unit::kBytes, node.output);
    ReadQuantity(reader, "weights", Unit::kBytes, node.weights);
    if (reader.Has("transfer")) {
      ReadTime(reader, "transfer", node.transfer);
    } else if (bandwidth > 0) {
      node.transfer = DurationAtRate(node.output, bandwidth);
    } else if (node.output > 0) {
      reader.Error("",
                   "has an output, but neither 'transfer' nor a 'bandwidth' of the problem says "
                   "how long a link takes for it");
    }
    reader.Read("copied", node.copied);
    std::vector<std::string> reads;
    reader.Read("reads", reads);
    for (const std::string& name : reads) {
      const auto found = number_.find(name);
      if (found == number_.end()) {
        reader.Error("reads", absl::StrCat("there is no node '", name, "'"));
      } else {
        node.reads.push_back(found->second);
      }
    }
    reader.Finish();
  }

  // Numbers are picoseconds, or bytes; texts have units.
  void ReadTime(JsonReader& reader, absl::string_view key, Picos& time) {
    const Json* const json = reader.Find(key);
    if (json == nullptr) return;
    if (const auto* const text = json->If<std::string>()) {
      const absl::StatusOr<Picos> parsed = ParseDuration(*text);
      if (!parsed.ok()) return reader.Error(key, std::string(parsed.status().message()));
      time = *parsed;
    } else {
      reader.Read(key, time);
    }
  }
  bool ReadQuantity(JsonReader& reader, absl::string_view key, Unit unit, int64_t& amount) {
    const Json* const json = reader.Find(key);
    if (json == nullptr) return false;
    const auto* const text = json->If<std::string>();
    if (text == nullptr) return reader.Read(key, amount);
    const absl::StatusOr<int64_t> parsed = ParseQuantity(*text, unit);
    if (!parsed.ok()) {
      reader.Error(key, std::string(parsed.status().message()));
      return false;
    }
    amount = *parsed;
    return true;
  }

  const std::string file_;
  Diagnostics diagnostics_;
  JsonReader reader_;
  Draft draft_;
  std::map<std::string, int32_t> number_;
};

// Reads names of nodes by chip.
absl::Status ReadNames(const Problem& problem, const Json::Array& chips, const std::string& file,
                       Assignment& assignment) {
  std::map<std::string, size_t> number;
  for (size_t v = 0; v < problem.nodes.size(); ++v) number.emplace(problem.nodes[v].name, v);
  std::vector<int32_t> chip_of(problem.nodes.size(), -1);
  for (size_t c = 0; c < chips.size(); ++c) {
    for (const Json& json : *chips[c].If<Json::Array>()) {
      const auto* const name = json.If<std::string>();
      const auto found = name == nullptr ? number.end() : number.find(*name);
      if (found == number.end()) {
        return InputError(file, ": chips[", c, "]: there is no node ", PrintJsonCompact(json));
      }
      int32_t& chip = chip_of[found->second];
      if (problem.nodes[found->second].copied) {
        chip = 0;
        continue;
      }
      if (chip >= 0) {
        return InputError(file, ": chips[", c, "]: node '", *name, "' is on chip ", chip, " too");
      }
      chip = static_cast<int32_t>(c);
    }
  }
  for (size_t v = 0; v < chip_of.size(); ++v) {
    if (chip_of[v] >= 0) continue;
    if (!problem.nodes[v].copied) {
      return InputError(file, ": chips: node '", problem.nodes[v].name, "' is on no chip");
    }
    chip_of[v] = 0;
  }
  assignment = std::move(chip_of);
  return absl::OkStatus();
}

}  // namespace

absl::Status ParseRing(absl::string_view text, Problem& problem) {
  if (text == "one-way") {
    problem.topology = Topology::kOneWayRing;
  } else if (text == "two-way") {
    problem.topology = Topology::kTwoWayRing;
  } else if (absl::string_view columns = text; absl::ConsumePrefix(&columns, "grid:")) {
    int64_t number = 0;
    ALLOT_RETURN_IF_ERROR(ParseOption(columns, number), "grid: ");
    if (number < 1 || number > kMaxChips) {
      return InputError("a grid has 1 to ", kMaxChips, " columns");
    }
    problem.topology = Topology::kGrid;
    problem.columns = static_cast<int32_t>(number);
  } else {
    return InputError("must be one-way, two-way or grid:COLUMNS, not '", text, "'");
  }
  return absl::OkStatus();
}

std::string PrintRing(const Problem& problem) {
  switch (problem.topology) {
    case Topology::kOneWayRing:
      return "one-way";
    case Topology::kTwoWayRing:
      return "two-way";
    case Topology::kGrid:
      return absl::StrCat("grid:", problem.columns);
  }
  return "";
}

absl::StatusOr<Problem> ReadProblem(const Json& document, const std::string& file) {
  return Reader(document, file).Read();
}

std::string PrintProblem(const Problem& problem) {
  Json::Object json = {{"schema", kSchema}};
  if (!problem.name.empty()) json.push_back({"name", problem.name});
  json.push_back({"chips", int64_t{problem.chips}});
  json.push_back({"ring", PrintRing(problem)});
  if (problem.memory.has_value()) {
    json.push_back({"memory", PrintQuantity(*problem.memory, Unit::kBytes)});
  }
  Json::Array nodes;
  for (const Node& node : problem.nodes) {
    Json::Object each = {{"name", node.name}, {"work", PrintDuration(node.work)}};
    if (node.output > 0) each.push_back({"output", node.output});
    if (node.output > 0 || node.transfer > 0) {
      each.push_back({"transfer", PrintDuration(node.transfer)});
    }
    if (node.weights > 0) each.push_back({"weights", node.weights});
    if (node.copied) each.push_back({"copied", true});
    if (!node.reads.empty()) {
      Json::Array reads;
      for (const int32_t from : node.reads) {
        reads.push_back(problem.nodes[static_cast<size_t>(from)].name);
      }
      each.push_back({"reads", std::move(reads)});
    }
    nodes.push_back(std::move(each));
  }
  json.push_back({"nodes", std::move(nodes)});
  return PrintJson(json) + "\n";
}

absl::StatusOr<Assignment> ReadAssignment(const Problem& problem, const Json& json,
                                          const std::string& file) {
  const Json* const member = json.Find("chips");
  const auto* const chips = (member == nullptr ? json : *member).If<Json::Array>();
  if (chips == nullptr) {
    return InputError(file, ": expected {\"chips\": [[\"node\", ...], ...]} or that array");
  }
  Assignment assignment;
  bool names = !chips->empty();
  for (const Json& each : *chips) names = names && each.If<Json::Array>() != nullptr;
  if (names) {
    if (chips->size() > static_cast<size_t>(problem.chips)) {
      return InputError(file, ": chips: there are nodes of ", chips->size(), " chips, but only ",
                        problem.chips, " chips");
    }
    ALLOT_RETURN_IF_ERROR(ReadNames(problem, *chips, file, assignment));
    return assignment;
  }
  for (size_t v = 0; v < chips->size(); ++v) {
    const auto* const chip = (*chips)[v].If<int64_t>();
    if (chip == nullptr || *chip < 0 || *chip >= problem.chips) {
      return InputError(file, ": chips[", v, "]: must be a chip from 0 to ", problem.chips - 1,
                        ", or an array of names of nodes for each chip");
    }
    const bool copied = v < problem.nodes.size() && problem.nodes[v].copied;
    assignment.push_back(copied ? 0 : static_cast<int32_t>(*chip));
  }
  if (assignment.size() != problem.nodes.size()) {
    return InputError(file, ": chips: there are chips for ", assignment.size(), " nodes of ",
                      problem.nodes.size());
  }
  return assignment;
}

}  // namespace allot::chips
