#include "target/target_json.h"

#include <map>
#include <optional>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"

#include "support/json.h"
#include "support/json_reader.h"
#include "support/nearest_name.h"
#include "support/status.h"
#include "target/device_json.h"
#include "target/json_fields.h"
#include "target/name_pattern.h"
#include "target/routing.h"
#include "target/rule.h"
#include "target/servers.h"

namespace allot {
namespace {

using target_json::CheckName;
using target_json::Endpoints;
using target_json::kMaxLinks;
using target_json::kMaxSwitches;
using target_json::ReadNote;
using target_json::TooMany;

constexpr size_t kMaxRules = 10'000;

class TargetParser {
 public:
  TargetParser(std::string file, Diagnostics& diagnostics)
      : file_(std::move(file)), diagnostics_(diagnostics) {}

  Target Parse(const Json& json) {
    JsonReader reader(json, file_, "", diagnostics_);
    std::string schema;
    if (reader.Require("schema", schema) && schema != kTargetSchema) {
      reader.Error("schema",
                   absl::StrCat("is '", schema, "'; this version reads '", kTargetSchema, "'"));
    }
    if (reader.Require("name", target_.name)) CheckName(reader, "name", target_.name);
    ReadNote(reader);
    std::vector<JsonReader> devices = reader.Objects("devices");
    if (TooMany(reader, "devices", devices.size(), kMaxDevices)) devices.clear();
    for (JsonReader& device : devices) ParseDevice(device);
    if (!target_json::ReadServers(reader, diagnostics_, endpoints_, target_)) return {};
    if (target_.devices.empty() && diagnostics_.num_errors() == 0) {
      reader.Error("devices", "a target needs at least one device");
    }
    for (const Link& link : target_.links) NoteDuplex(link);
    if (reader.Has("topology")) {
      JsonReader topology = reader.Object("topology");
      ParseTopology(topology);
    }
    std::vector<JsonReader> rules = reader.Objects("rules");
    if (TooMany(reader, "rules", rules.size(), kMaxRules)) rules.clear();
    for (size_t i = 0; i < rules.size(); ++i) ParseRule(rules[i], i);
    reader.Finish();
    return std::move(target_);
  }

 private:
  void ParseDevice(JsonReader& reader) {
    Device device = target_json::ReadDevice(reader, diagnostics_);
    if (target_json::HasText(reader, "name")) endpoints_.Declare(reader, "name", device.name);
    if (reader.Read("host", device.host)) CheckName(reader, "host", device.host);
    reader.Finish();
    target_.devices.Add(std::move(device));
  }

  void ParseTopology(JsonReader& reader) {
    std::vector<std::string> switches;
    reader.Read("switches", switches);
    if (TooMany(reader, "switches", target_.switches.size() + switches.size(), kMaxSwitches)) {
      switches.clear();
    }
    for (const std::string& name : switches) {
      endpoints_.Declare(reader, "switches", name);
      target_.switches.push_back(name);
    }
    std::vector<JsonReader> links = reader.Objects("links");
    if (TooMany(reader, "links", target_.links.size() + links.size(), kMaxLinks)) links.clear();
    for (JsonReader& link : links) ParseLink(link);
    ReadNote(reader);
    reader.Finish();
  }

  void ParseEnd(JsonReader& reader, absl::string_view key, std::string& name) {
    if (!reader.Require(key, name) || endpoints_.Has(name)) return;
    const std::vector<std::string> known(endpoints_.names().begin(), endpoints_.names().end());
    reader.Error(key, absl::StrCat("'", name, "' is neither a device nor a switch",
                                   DidYouMean(name, known)));
  }

  void ParseLink(JsonReader& reader) {
    Link link;
    ParseEnd(reader, "from", link.from);
    ParseEnd(reader, "to", link.to);
    if (link.from == link.to && !link.from.empty()) {
      reader.Error("to", absl::StrCat("the link joins '", link.from, "' to itself"));
    }
    target_json::ReadLinkFields(reader, link);
    if (!NoteDuplex(link)) {
      reader.Error("duplex", absl::StrCat("the links of channel '", link.channel,
                                          "' must all be full or all be half duplex"));
    }
    ReadNote(reader);
    reader.Finish();
    target_.links.push_back(std::move(link));
  }

  // False: an earlier link of its channel is of the other kind.
  bool NoteDuplex(const Link& link) {
    if (link.channel.empty()) return true;
    return duplex_of_.emplace(link.channel, link.half_duplex).first->second == link.half_duplex;
  }

  // The effect, and its device.
  void ParseEffect(JsonReader& reader, Rule& rule) {
    constexpr std::pair<const char*, Rule::Effect> kEffects[] = {
        {"pin", Rule::Effect::kPin},
        {"forbid", Rule::Effect::kForbid},
        {"together", Rule::Effect::kTogether}};
    int given = 0;
    for (const auto& [key, effect] : kEffects) {
      // All are known names, also where only one may stand.
      if (reader.Find(key) == nullptr) continue;
      rule.effect = effect;
      ++given;
    }
    if (given != 1) {
      return reader.Error(absl::string_view(),
                          "a rule needs one of 'pin', 'forbid' and 'together'");
    }
    if (rule.effect == Rule::Effect::kTogether) {
      bool together = false;
      if (reader.Read("together", together) && !together) {
        reader.Error("together", "can only be true; leave the rule out");
      }
      return;
    }
    const char* key = rule.effect == Rule::Effect::kPin ? "pin" : "forbid";
    std::string device;
    if (!reader.Read(key, device)) return;
    const std::optional<DeviceId> id = target_.FindDevice(device);
    if (id.has_value()) {
      rule.device = *id;
      return;
    }
    std::vector<std::string> known;
    for (const Device& each : target_.devices) known.push_back(each.name);
    reader.Error(key, absl::StrCat("there is no device '", device, "'", DidYouMean(device, known)));
  }

  static void ReadPattern(JsonReader& reader, absl::string_view key, std::string& pattern) {
    if (!reader.Read(key, pattern)) return;
    const absl::Status parsed = NamePattern::Parse(pattern).status();
    if (!parsed.ok()) reader.Error(key, std::string(parsed.message()));
  }

  void ParseRule(JsonReader& reader, size_t index) {
    Rule rule;
    ParseEffect(reader, rule);
    ReadPattern(reader, "name", rule.name_regex);
    ReadPattern(reader, "before", rule.before_regex);
    ReadPattern(reader, "after", rule.after_regex);
    reader.Read("op", rule.op_type);
    std::string domain;
    if (reader.Read("domain", domain)) rule.domain = domain == "ai.onnx" ? "" : domain;
    // "com.microsoft:Gelu" names both, as in "supports".
    const size_t colon = rule.op_type.rfind(':');
    if (colon != std::string::npos && !rule.domain.has_value()) {
      const std::string prefix = rule.op_type.substr(0, colon);
      rule.domain = prefix == "ai.onnx" ? "" : prefix;
      rule.op_type = rule.op_type.substr(colon + 1);
      if (rule.op_type == "*") rule.op_type.clear();
    }
    ReadNote(reader);
    reader.Finish();
    rule.text = absl::StrCat("rules[", index, "] (", Describe(rule, target_), ")");
    target_.rules.push_back(std::move(rule));
  }

  std::string file_;
  Diagnostics& diagnostics_;
  Target target_;
  Endpoints endpoints_;
  std::map<std::string, bool> duplex_of_;  // by channel: half?
};

}  // namespace

absl::StatusOr<Target> ParseTarget(absl::string_view text, std::string file_name,
                                   Diagnostics& diagnostics) {
  absl::StatusOr<Json> json = ParseJson(text);
  if (!json.ok()) {
    diagnostics.Error(std::move(file_name), std::string(json.status().message()));
    return diagnostics.ToStatusOfAll();
  }
  if (json->If<Json::Object>() == nullptr) {
    diagnostics.Error(std::move(file_name),
                      absl::StrCat("a target is a JSON object, not ", json->KindName()));
    return diagnostics.ToStatusOfAll();
  }
  const int errors_before = diagnostics.num_errors();
  Target target = TargetParser(std::move(file_name), diagnostics).Parse(*json);
  if (diagnostics.num_errors() > errors_before) return diagnostics.ToStatusOfAll();
  BuildRoutes(target);
  return target;
}

absl::StatusOr<Target> ParseTarget(absl::string_view text, std::string file_name) {
  Diagnostics diagnostics;
  return ParseTarget(text, std::move(file_name), diagnostics);
}

}  // namespace allot
