#include "target/target_json.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <optional>
#include <set>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"

#include "support/json.h"
#include "support/json_reader.h"
#include "support/nearest_name.h"
#include "support/status.h"
#include "target/cpu_list.h"
#include "target/name_pattern.h"
#include "target/quantity.h"
#include "target/routing.h"
#include "target/rule.h"

namespace allot {
namespace {

// Far beyond any machine; they keep sums and the search for routes small.
constexpr size_t kMaxSwitches = 256;
constexpr size_t kMaxLinks = 1024;
constexpr size_t kMaxRules = 10'000;
constexpr int64_t kMaxMemory = int64_t{1} << 60;         // 1 EiB
constexpr int64_t kMaxRate = 1'000'000'000'000'000'000;  // 10^18 per second
constexpr int64_t kMostParts = 1'000'000;
constexpr double kMaxLaunchMicros = 10'000'000;  // 10 s
constexpr absl::string_view kDtypes[] = {
    "default",    "float32",      "float16",        "bfloat16",   "float64",        "int8",
    "uint8",      "int16",        "uint16",         "int32",      "uint32",         "int64",
    "uint64",     "int4",         "uint4",          "bool",       "string",         "complex64",
    "complex128", "float8e4m3fn", "float8e4m3fnuz", "float8e5m2", "float8e5m2fnuz", "float4e2m1",
    "float8e8m0", "int2",         "uint2"};

// Names stand in file names, in rules ("regex=device") and in ONNX Runtime's option strings
// ("gpu(a/); cpu(=b)").
std::optional<std::string> WhyBadName(absl::string_view name) {
  if (name.empty()) return "must not be empty";
  if (name.size() > 64) return absl::StrCat("has ", name.size(), " characters, more than 64");
  if (!absl::ascii_isalnum(static_cast<unsigned char>(name[0]))) {
    return absl::StrCat("'", name, "' must start with a letter or digit");
  }
  for (const char c : name) {
    if (absl::ascii_isalnum(static_cast<unsigned char>(c)) || c == '_' || c == '-' || c == '.' ||
        c == ':') {
      continue;
    }
    return absl::StrCat("'", name, "' has a '", absl::string_view(&c, 1),
                        "'; names are letters, digits and _-.:");
  }
  return std::nullopt;
}

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
    if (devices.empty() && diagnostics_.num_errors() == 0) {
      reader.Error("devices", "a target needs at least one device");
    }
    if (TooMany(reader, "devices", devices.size(), kMaxDevices)) devices.clear();
    for (JsonReader& device : devices) ParseDevice(device);
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
  static bool TooMany(JsonReader& reader, absl::string_view key, size_t count, size_t most) {
    if (count <= most) return false;
    reader.Error(key, absl::StrCat(count, " entries, more than ", most));
    return true;
  }
  // Free text for the reader of the file.
  static void ReadNote(JsonReader& reader) {
    std::string note;
    reader.Read("note", note);
  }
  static void CheckName(JsonReader& reader, absl::string_view key, absl::string_view name) {
    const std::optional<std::string> why = WhyBadName(name);
    if (why.has_value()) reader.Error(key, *why);
  }
  // Devices and switches share one name space.
  void DeclareEndpoint(JsonReader& reader, absl::string_view key, const std::string& name) {
    CheckName(reader, key, name);
    if (!endpoints_.insert(name).second) {
      reader.Error(key, absl::StrCat("'", name, "' is declared twice"));
    }
  }

  // A number or a text with prefix and unit, in [1, most].
  static void CheckQuantity(JsonReader& reader, absl::string_view key, const Json& json, Unit unit,
                            int64_t most, int64_t& amount) {
    int64_t value = 0;
    if (const int64_t* integer = json.If<int64_t>()) {
      value = *integer;
    } else if (const double* number = json.If<double>()) {
      if (!(std::abs(*number) < 9e18)) return reader.Error(key, "is out of range");
      value = static_cast<int64_t>(std::floor(*number + 0.5));
    } else if (const std::string* text = json.If<std::string>()) {
      absl::StatusOr<int64_t> parsed = ParseQuantity(*text, unit);
      if (!parsed.ok()) return reader.Error(key, std::string(parsed.status().message()));
      value = *parsed;
    } else {
      return reader.Error(
          key, absl::StrCat("must be a number or a text with a unit, not ", json.KindName()));
    }
    if (value < 1) return reader.Error(key, "must be positive");
    if (value > most) {
      return reader.Error(key, absl::StrCat("is more than ", PrintQuantity(most, unit)));
    }
    amount = value;
  }
  static void RequireQuantity(JsonReader& reader, absl::string_view key, Unit unit, int64_t most,
                              int64_t& amount) {
    const Json* json = reader.Find(key);
    if (json == nullptr)
      return reader.Error(absl::string_view(), absl::StrCat("'", key, "' is missing"));
    CheckQuantity(reader, key, *json, unit, most, amount);
  }
  static void ReadMicros(JsonReader& reader, absl::string_view key, Picos& time) {
    double micros = 0;
    if (!reader.Read(key, micros)) return;
    if (!(micros >= 0) || micros > kMaxLaunchMicros) {
      return reader.Error(key, "must lie between 0 and 10000000 microseconds");
    }
    // One rounded product: the same on every IEEE machine.
    time = static_cast<Picos>(std::floor(micros * static_cast<double>(kPicosPerMicro) + 0.5));
  }
  static void ReadInteger(JsonReader& reader, absl::string_view key, int64_t most, int64_t& value) {
    int64_t read = 0;
    if (!reader.Read(key, read)) return;
    if (read < 0 || read > most) {
      return reader.Error(key, absl::StrCat("must lie between 0 and ", most));
    }
    value = read;
  }

  static void ReadMaxParts(JsonReader& reader, int64_t& max_parts) {
    int64_t read = 0;
    if (!reader.Read("max_parts", read)) return;
    if (read < 1 || read > kMostParts) {
      return reader.Error("max_parts", absl::StrCat("must lie between 1 and ", kMostParts,
                                                    "; leave it out to allow any number"));
    }
    max_parts = read;
  }

  // Kept in its shortest form, so that lists that mean the same print alike.
  static void ReadCores(JsonReader& reader, std::string& cores) {
    std::string text;
    if (!reader.Read("cores", text)) return;
    const absl::StatusOr<std::vector<int>> cpus = ParseCpuList(text);
    if (!cpus.ok()) return reader.Error("cores", std::string(cpus.status().message()));
    if (cpus->empty()) return reader.Error("cores", "names no core; leave it out to allow any");
    cores = PrintCpuList(*cpus);
  }

  void ParseDevice(JsonReader& reader) {
    Device device;
    if (reader.Require("name", device.name)) DeclareEndpoint(reader, "name", device.name);
    if (reader.Require("kind", device.kind)) CheckName(reader, "kind", device.kind);
    if (reader.Read("host", device.host)) CheckName(reader, "host", device.host);
    RequireQuantity(reader, "memory", Unit::kBytes, kMaxMemory, device.memory);
    ParseFlops(reader, device);
    RequireQuantity(reader, "memory_bandwidth", Unit::kBytesPerSecond, kMaxRate,
                    device.memory_bandwidth);
    ReadMicros(reader, "part_cost_us", device.part_cost);
    ReadMicros(reader, "op_cost_us", device.op_cost);
    ReadMaxParts(reader, device.max_parts);
    reader.Read("copies", device.copies);
    if (reader.Has("supports")) {
      JsonReader supports = reader.Object("supports");
      device.supported_ops = ReadOps(supports, "ops");
      device.unsupported_ops = ReadOps(supports, "except");
      if (supports.Read("dtypes", device.supported_dtypes)) {
        for (const std::string& dtype : device.supported_dtypes) {
          CheckDtype(supports, "dtypes", dtype);
          if (dtype == "default") supports.Error("dtypes", "'default' is no type");
        }
        SortUnique(device.supported_dtypes);
      }
      supports.Read("dynamic_shapes", device.dynamic_shapes);
      ReadNote(supports);
      supports.Finish();
    }
    if (reader.Has("runtime")) {
      JsonReader runtime = reader.Object("runtime");
      if (runtime.Read("provider", device.runtime.provider)) {
        CheckName(runtime, "provider", device.runtime.provider);
      }
      ReadInteger(runtime, "ordinal", 1'000'000, device.runtime.ordinal);
      ReadInteger(runtime, "threads", 1'000'000, device.runtime.threads);
      ReadCores(runtime, device.runtime.cores);
      ReadNote(runtime);
      runtime.Finish();
    }
    ReadNote(reader);
    reader.Finish();
    target_.devices.Add(std::move(device));
  }

  static void CheckDtype(JsonReader& reader, absl::string_view key, const std::string& dtype) {
    if (std::find(std::begin(kDtypes), std::end(kDtypes), dtype) != std::end(kDtypes)) return;
    const std::vector<std::string> known(std::begin(kDtypes), std::end(kDtypes));
    reader.Error(key, absl::StrCat("unknown type '", dtype, "'", DidYouMean(dtype, known)));
  }

  void ParseFlops(JsonReader& reader, Device& device) {
    const int errors_before = diagnostics_.num_errors();
    if (!reader.Has("flops")) {
      return reader.Error(absl::string_view(),
                          "'flops' is missing; write it like {\"float32\": \"19.5T\"}");
    }
    JsonReader flops = reader.Object("flops");
    ReadNote(flops);
    for (const std::string& dtype : flops.Keys()) {
      if (dtype == "note") continue;
      const Json* json = flops.Find(dtype);
      CheckDtype(flops, dtype, dtype);
      int64_t rate = 0;
      CheckQuantity(flops, dtype, *json, Unit::kFlopsPerSecond, kMaxRate, rate);
      if (rate > 0) device.flops[dtype] = rate;
    }
    flops.Finish();
    if (diagnostics_.num_errors() > errors_before) return;
    if (device.flops.count("default") == 0 && device.flops.count("float32") == 0) {
      reader.Error("flops", "needs 'default' or 'float32': the rate of types that are not listed");
    }
  }

  // Patterns of operators; "ai.onnx:Conv" is "Conv".
  static std::vector<std::string> ReadOps(JsonReader& reader, absl::string_view key) {
    std::vector<std::string> ops;
    if (!reader.Read(key, ops)) return {};
    for (std::string& op : ops) {
      if (op.rfind("ai.onnx:", 0) == 0) op = op.substr(8);
      const size_t colon = op.rfind(':');
      const std::string type = colon == std::string::npos ? op : op.substr(colon + 1);
      const bool star_elsewhere = type != "*" && op.find('*') != std::string::npos;
      if (type.empty() || colon == 0 || star_elsewhere) {
        reader.Error(key, absl::StrCat("'", op, "' is no operator; write it like 'Conv', ",
                                       "'com.microsoft:FusedConv' or 'com.microsoft:*'"));
      }
    }
    SortUnique(ops);
    return ops;
  }
  static void SortUnique(std::vector<std::string>& names) {
    std::sort(names.begin(), names.end());
    names.erase(std::unique(names.begin(), names.end()), names.end());
  }

  void ParseTopology(JsonReader& reader) {
    reader.Read("switches", target_.switches);
    if (TooMany(reader, "switches", target_.switches.size(), kMaxSwitches)) {
      target_.switches.clear();
    }
    for (const std::string& name : target_.switches) DeclareEndpoint(reader, "switches", name);
    std::vector<JsonReader> links = reader.Objects("links");
    if (TooMany(reader, "links", links.size(), kMaxLinks)) links.clear();
    for (JsonReader& link : links) ParseLink(link);
    ReadNote(reader);
    reader.Finish();
  }

  void ParseEnd(JsonReader& reader, absl::string_view key, std::string& name) {
    if (!reader.Require(key, name) || endpoints_.count(name) > 0) return;
    const std::vector<std::string> known(endpoints_.begin(), endpoints_.end());
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
    RequireQuantity(reader, "bandwidth", Unit::kBytesPerSecond, kMaxRate, link.bandwidth);
    ReadMicros(reader, "latency_us", link.latency);
    std::string duplex = "full";
    if (reader.Read("duplex", duplex) && duplex != "full" && duplex != "half") {
      reader.Error("duplex", absl::StrCat("is '", duplex, "'; it must be 'full' or 'half'"));
    }
    link.half_duplex = duplex == "half";
    if (reader.Read("channel", link.channel)) {
      CheckName(reader, "channel", link.channel);
      const auto [found, is_new] = duplex_of_.emplace(link.channel, link.half_duplex);
      if (!is_new && found->second != link.half_duplex) {
        reader.Error("duplex", absl::StrCat("the links of channel '", link.channel,
                                            "' must all be full or all be half duplex"));
      }
    }
    ReadNote(reader);
    reader.Finish();
    target_.links.push_back(std::move(link));
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
  std::set<std::string> endpoints_;
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
