#include "placement/kinds/stages/formats/pipedream_text.h"

#include <cmath>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"

#include "placement/kinds/stages/formats/stages_json.h"
#include "support/status.h"

namespace allot {
namespace {

constexpr absl::string_view kSeparator = " -- ";
constexpr int64_t kDevices = 4, kBandwidth = 1'000'000'000;
constexpr double kPicosPerMillisecond = 1e9;

struct ProfileNode {
  std::string name, description;
  double forward = 0, backward = 0;  // milliseconds
  double activation = 0, parameters = 0;
  bool kept = true;
};

struct Profile {
  std::vector<ProfileNode> nodes;
  std::map<std::string, size_t> by_name;
  std::vector<std::pair<size_t, size_t>> edges;
};

absl::StatusOr<double> Number(absl::string_view text) {
  double number = 0;
  // Sizes of several tensors are a list: "[6291456.0; 1024.0]".
  absl::string_view list = text;
  const bool is_list = absl::ConsumePrefix(&list, "[") && absl::ConsumeSuffix(&list, "]");
  double sum = 0;
  for (const absl::string_view each : absl::StrSplit(is_list ? list : text, ';')) {
    if (!absl::SimpleAtod(each, &number) || !std::isfinite(number) || number < 0 || number > 1e15) {
      return InputError("'", text, "' must be a number of 0 to 1e15");
    }
    sum += number;
  }
  return sum;
}

absl::Status ReadFields(absl::string_view text, ProfileNode& node) {
  const std::vector<std::pair<absl::string_view, double*>> fields = {
      {"forward_compute_time", &node.forward},
      {"backward_compute_time", &node.backward},
      {"activation_size", &node.activation},
      {"parameter_size", &node.parameters}};
  std::set<absl::string_view> seen;
  for (const absl::string_view part : absl::StrSplit(text, ',')) {
    const std::pair<absl::string_view, absl::string_view> field =
        absl::StrSplit(absl::StripAsciiWhitespace(part), absl::MaxSplits('=', 1));
    for (const auto& [name, value] : fields) {
      if (field.first != name) continue;
      ALLOT_ASSIGN_OR_RETURN(*value, Number(field.second), name, ": ");
      if (!seen.insert(name).second) return InputError(name, " is there twice");
    }
  }
  for (const auto& [name, value] : fields) {
    if (seen.count(name) == 0) return InputError(name, " is missing");
  }
  return absl::OkStatus();
}

absl::Status ReadNode(absl::string_view line, Profile& profile) {
  const size_t first = line.find(kSeparator);
  const size_t last = line.rfind(kSeparator);
  if (first == line.npos) return InputError("expected 'node -- description -- fields'");
  // Those that have been planned say their stage behind the fields.
  size_t fields = last;
  if (absl::StartsWith(line.substr(last + kSeparator.size()), "stage_id=")) {
    fields = line.rfind(kSeparator, last - 1);
  }
  if (fields == line.npos || fields == first) {
    return InputError("expected 'node -- description -- fields'");
  }
  ProfileNode node;
  node.name = std::string(line.substr(0, first));
  node.description =
      std::string(line.substr(first + kSeparator.size(), fields - first - kSeparator.size()));
  const absl::string_view rest = line.substr(
      fields + kSeparator.size(), last == fields ? line.npos : last - fields - kSeparator.size());
  ALLOT_RETURN_IF_ERROR(ReadFields(rest, node));
  if (!profile.by_name.emplace(node.name, profile.nodes.size()).second) {
    return InputError("node '", node.name, "' is there twice");
  }
  profile.nodes.push_back(std::move(node));
  return absl::OkStatus();
}

absl::Status ReadEdge(absl::string_view line, Profile& profile) {
  const std::vector<absl::string_view> ends =
      absl::StrSplit(absl::StripAsciiWhitespace(line), kSeparator);
  if (ends.size() != 2) return InputError("expected 'node -- node'");
  size_t numbers[2] = {0, 0};
  for (size_t i = 0; i < 2; ++i) {
    const auto at = profile.by_name.find(std::string(ends[i]));
    if (at == profile.by_name.end()) return InputError("there is no node '", ends[i], "'");
    numbers[i] = at->second;
  }
  profile.edges.emplace_back(numbers[0], numbers[1]);
  return absl::OkStatus();
}

void DropInputsAndUnread(Profile& profile) {
  std::vector<int> in(profile.nodes.size()), out(profile.nodes.size());
  for (const auto& [from, to] : profile.edges) ++out[from], ++in[to];
  for (size_t i = 0; i < profile.nodes.size(); ++i) {
    ProfileNode& node = profile.nodes[i];
    if (in[i] == 0 && absl::StartsWith(node.description, "Input")) node.kept = false;
    if (out[i] == 0 && absl::StartsWith(node.description, "__getitem__")) node.kept = false;
  }
}

}  // namespace

absl::StatusOr<std::optional<Json>> PipeDreamDocument(absl::string_view text,
                                                      const std::string& file) {
  if (!absl::StrContains(text, "forward_compute_time=")) return std::nullopt;
  Profile profile;
  // Edges may name nodes that come later.
  const std::vector<absl::string_view> lines = absl::StrSplit(text, '\n');
  for (const bool edges : {false, true}) {
    for (size_t i = 0; i < lines.size(); ++i) {
      const absl::string_view line = absl::StripTrailingAsciiWhitespace(lines[i]);
      if (line.empty() || (line[0] == '\t') != edges) continue;
      ALLOT_RETURN_IF_ERROR(edges ? ReadEdge(line, profile) : ReadNode(line, profile), file, ":",
                            i + 1, ": ");
    }
  }
  DropInputsAndUnread(profile);
  Json::Array layers, edges;
  for (const ProfileNode& node : profile.nodes) {
    if (!node.kept) continue;
    layers.push_back(Json::Object{{"name", node.name},
                                  {"note", node.description},
                                  {"time", node.forward * kPicosPerMillisecond},
                                  {"backward_time", node.backward * kPicosPerMillisecond},
                                  {"parameters", node.parameters},
                                  {"memory_per_sample", node.activation + node.parameters}});
  }
  for (const auto& [from, to] : profile.edges) {
    if (!profile.nodes[from].kept || !profile.nodes[to].kept) continue;
    edges.push_back(Json::Object{{"from", profile.nodes[from].name},
                                 {"to", profile.nodes[to].name},
                                 {"bytes", profile.nodes[from].activation}});
  }
  return Json(Json::Object{{"schema", std::string(kStagesSchema)},
                           {"rule", "pipedream"},
                           {"devices", kDevices},
                           {"bandwidth", kBandwidth},
                           {"layers", std::move(layers)},
                           {"edges", std::move(edges)}});
}

}  // namespace allot
