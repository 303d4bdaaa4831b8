#include "placement/kinds/layer_flow/format.h"

#include <algorithm>
#include <cmath>
#include <optional>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"

#include "support/diagnostics.h"
#include "support/json_reader.h"
#include "support/json_schema.h"
#include "support/options.h"
#include "support/status.h"

namespace allot {
namespace {

constexpr char kSourceName[] = "source", kSinkName[] = "sink";

std::optional<double> Number(const Json& json) {
  if (const auto* const whole = json.If<int64_t>()) return static_cast<double>(*whole);
  if (const auto* const real = json.If<double>()) return *real;
  return std::nullopt;
}

// Tokens per second as nano-tokens; nothing that is no rate. Rounded up, so that no plan is worth
// less than its publisher says, by less than a nano-token; but what was written from nano-tokens is
// these.
std::optional<int64_t> Rate(const Json& json) {
  const std::optional<double> number = Number(json);
  if (!number.has_value() || !std::isfinite(*number) || *number < 0) return std::nullopt;
  const double most = static_cast<double>(kMaxTokenRate / kTokenRate);
  if (*number >= most) return kMaxTokenRate;
  constexpr double kNoise = 1e-3;
  const double scaled = *number * static_cast<double>(kTokenRate), nearest = std::round(scaled);
  const double whole = std::abs(scaled - nearest) < kNoise ? nearest : std::ceil(scaled);
  return std::min<int64_t>(static_cast<int64_t>(whole), kMaxTokenRate);
}

Json RateJson(int64_t rate) {
  if (rate % kTokenRate == 0) return rate / kTokenRate;
  return static_cast<double>(rate) / static_cast<double>(kTokenRate);
}

std::vector<int64_t> ReadRates(JsonReader& reader, absl::string_view key) {
  std::vector<int64_t> rates;
  const Json* const json = reader.Find(key);
  const auto* const array = json == nullptr ? nullptr : json->If<Json::Array>();
  if (array == nullptr) {
    reader.Error(key, "must be an array: tokens/s of holding 1, 2, ... layers");
    return rates;
  }
  if (array->size() > static_cast<size_t>(kMaxFlowLayers)) {
    reader.Error(key, absl::StrCat("has more than ", kMaxFlowLayers, " entries"));
    return rates;
  }
  for (size_t k = 0; k < array->size(); ++k) {
    const std::optional<int64_t> rate = Rate((*array)[k]);
    if (!rate.has_value()) {
      reader.Error(absl::StrCat(key, "[", k, "]"), "must be tokens/s, 0 or more");
    }
    rates.push_back(rate.value_or(0));
  }
  return rates;
}

std::vector<int64_t> ReadEntries(JsonReader& reader, absl::string_view key) {
  std::vector<int64_t> entries;
  const Json* const json = reader.Find(key);
  if (json == nullptr) return entries;
  const auto* const array = json->If<Json::Array>();
  if (array == nullptr) {
    reader.Error(key, "must be an array: entries when it holds 1, 2, ... layers");
    return entries;
  }
  for (size_t k = 0; k < array->size(); ++k) {
    const auto* const whole = (*array)[k].If<int64_t>();
    if (whole == nullptr) reader.Error(absl::StrCat(key, "[", k, "]"), "must be a whole number");
    entries.push_back(whole == nullptr ? 0 : *whole);
  }
  return entries;
}

// A server's number, or the name of the coordinator's end that stands on this side.
int32_t ReadEnd(JsonReader& reader, absl::string_view key, absl::string_view coordinator,
                int32_t meaning) {
  const Json* const json = reader.Find(key);
  if (json != nullptr) {
    const auto* const name = json->If<std::string>();
    if (name != nullptr && *name == coordinator) return meaning;
    const auto* const number = json->If<int64_t>();
    if (number != nullptr && *number >= 0 && *number < kMaxFlowServers) {
      return static_cast<int32_t>(*number);
    }
  }
  reader.Error(key,
               absl::StrCat("must be the number of a server, from 0, or \"", coordinator, "\""));
  return meaning;
}

std::optional<LayerInterval> ReadInterval(const Json& json) {
  const auto* const pair = json.If<Json::Array>();
  if (pair == nullptr || pair->size() != 2) return std::nullopt;
  const auto* const first = (*pair)[0].If<int64_t>();
  const auto* const layers = (*pair)[1].If<int64_t>();
  const auto fits = [](const int64_t* number) {
    return number != nullptr && std::abs(*number) <= kMaxFlowLayers;
  };
  if (!fits(first) || !fits(layers)) return std::nullopt;
  return LayerInterval{static_cast<int32_t>(*first), static_cast<int32_t>(*layers)};
}

absl::StatusOr<LayerPlacement> ReadIntervals(const Json& json, const std::string& where) {
  const auto* const array = json.If<Json::Array>();
  if (array == nullptr) {
    return InputError(where, ": must be an array with [first layer, layers] of each server, not ",
                      json.KindName());
  }
  LayerPlacement placement;
  for (size_t i = 0; i < array->size(); ++i) {
    const std::optional<LayerInterval> interval = ReadInterval((*array)[i]);
    if (!interval.has_value()) {
      return InputError(where, "[", i, "]: must be [first layer, layers], whole numbers up to ",
                        kMaxFlowLayers);
    }
    placement.push_back(*interval);
  }
  return placement;
}

void ReadPublished(JsonReader& reader, const std::string& file, LayerFlowProblem& problem) {
  if (!reader.Has("published")) return;
  JsonReader published = reader.Object("published");
  PublishedFlow flow;
  double value = 0;
  if (published.Read("value", value)) flow.value = value;
  if (const Json* const json = published.Find("placement")) {
    absl::StatusOr<LayerPlacement> placement =
        ReadIntervals(*json, absl::StrCat(file, ": published.placement"));
    if (placement.ok()) {
      flow.placement = *std::move(placement);
    } else {
      published.Error("placement", "must be an array with [first layer, layers] of each server");
    }
  }
  for (const std::string& key : published.Keys()) published.Find(key);  // whatever else was noted
  problem.published = std::move(flow);
}

void ReadKv(JsonReader& reader, LayerFlowProblem& problem) {
  if (!reader.Has("kv_per_query") && !reader.Has("hop_seconds")) return;
  KvModel kv;
  double seconds = 0;
  reader.Require("kv_per_query", kv.entries_per_query);
  if (reader.Require("hop_seconds", seconds)) {
    // Check() says what is wrong with 0.
    const bool fits = std::isfinite(seconds) && seconds > 0 && seconds < 1e9;
    kv.hop_ns = fits ? std::llround(seconds * 1e9) : 0;
  }
  problem.kv = kv;
}

}  // namespace

bool RecognizesLayerFlow(const Json& document) {
  if (document.Find("schema") != nullptr) return HasSchema(document, kLayerFlowSchema);
  const auto is_array = [&](absl::string_view key) {
    const Json* const member = document.Find(key);
    return member != nullptr && member->If<Json::Array>() != nullptr;
  };
  if (document.Find("layers") == nullptr || !is_array("servers") || !is_array("links"))
    return false;
  const auto& servers = *document.Find("servers")->If<Json::Array>();
  return std::all_of(servers.begin(), servers.end(),
                     [](const Json& server) { return server.Find("throughput") != nullptr; });
}

absl::StatusOr<LayerFlowProblem> ParseLayerFlow(const Json& document, const std::string& file,
                                                const ProblemOptions& question) {
  Diagnostics diagnostics;
  JsonReader reader(document, file, "", diagnostics);
  LayerFlowProblem problem;
  // What says that it is ours is read strictly; others may have noted more than we know.
  const bool ours = reader.Find("schema") != nullptr;
  const auto finish = [ours](JsonReader& each) {
    each.Find("note");
    if (ours) each.Finish();
  };
  int64_t layers = 0;
  if (reader.Require("layers", layers)) {
    problem.layers = static_cast<int32_t>(std::clamp<int64_t>(layers, 0, kMaxFlowLayers + 1));
  }
  for (JsonReader& each : reader.Objects("servers")) {
    FlowServer server;
    server.throughput = ReadRates(each, "throughput");
    server.kv_capacity = ReadEntries(each, "kv_capacity");
    finish(each);
    problem.servers.push_back(std::move(server));
  }
  for (JsonReader& each : reader.Objects("links")) {
    FlowLink link;
    link.from = ReadEnd(each, "from", kSourceName, kFlowSource);
    link.to = ReadEnd(each, "to", kSinkName, kFlowSink);
    const Json* const capacity = each.Find("capacity");
    const std::optional<int64_t> rate = capacity == nullptr ? std::nullopt : Rate(*capacity);
    if (!rate.has_value()) each.Error("capacity", "must be tokens/s, 0 or more");
    link.capacity = rate.value_or(0);
    finish(each);
    problem.links.push_back(link);
  }
  ReadKv(reader, problem);
  int64_t trip = 0;
  if (reader.Read("max_round_trip", trip)) {
    if (trip < 1) reader.Error("max_round_trip", "must be at least 1 server");
    problem.max_round_trip = static_cast<int32_t>(std::clamp<int64_t>(trip, 0, kMaxFlowServers));
  }
  ReadPublished(reader, file, problem);
  finish(reader);
  ALLOT_RETURN_IF_ERROR(diagnostics.ToStatusOfAll());
  if (const auto flag = question.flags.find(std::string(kRoundTripFlag));
      flag != question.flags.end()) {
    const absl::Status read = ParseOption(flag->second, trip);
    if (!read.ok() || trip < 1) {
      return InputError("--", kRoundTripFlag, ": expected how many servers a token may pass, 1 or ",
                        "more, not '", flag->second, "'");
    }
    problem.max_round_trip = static_cast<int32_t>(std::min<int64_t>(trip, kMaxFlowServers));
  }
  return problem;
}

std::string PrintLayerFlow(const LayerFlowProblem& problem) {
  Json::Array servers, links;
  for (const FlowServer& server : problem.servers) {
    Json::Array rates, entries;
    for (const int64_t rate : server.throughput) rates.push_back(RateJson(rate));
    for (const int64_t count : server.kv_capacity) entries.push_back(count);
    Json::Object object = {{"throughput", std::move(rates)}};
    if (!entries.empty()) object.push_back({"kv_capacity", std::move(entries)});
    servers.push_back(std::move(object));
  }
  for (const FlowLink& link : problem.links) {
    links.push_back(
        Json::Object{{"from", link.from == kFlowSource ? Json(kSourceName) : Json(link.from)},
                     {"to", link.to == kFlowSink ? Json(kSinkName) : Json(link.to)},
                     {"capacity", RateJson(link.capacity)}});
  }
  Json::Object json = {{"schema", kLayerFlowSchema},
                       {"layers", problem.layers},
                       {"servers", std::move(servers)},
                       {"links", std::move(links)}};
  if (problem.kv.has_value()) {
    json.push_back({"kv_per_query", problem.kv->entries_per_query});
    json.push_back({"hop_seconds", static_cast<double>(problem.kv->hop_ns) / 1e9});
  }
  if (problem.max_round_trip > 0) json.push_back({"max_round_trip", problem.max_round_trip});
  if (problem.published.has_value()) {
    Json::Object published;
    if (problem.published->value.has_value()) {
      published.push_back({"value", *problem.published->value});
    }
    published.push_back({"placement", LayerPlacementJson(problem.published->placement)});
    json.push_back({"published", std::move(published)});
  }
  return PrintJson(json) + "\n";
}

absl::StatusOr<LayerPlacement> ParseLayerPlacement(const Json& json, const std::string& file) {
  if (json.If<Json::Object>() == nullptr) return ReadIntervals(json, file);
  if (const Json* const placement = json.Find("placement")) {
    return ReadIntervals(*placement, absl::StrCat(file, ": placement"));
  }
  const Json* const published = json.Find("published");
  const Json* const placement = published == nullptr ? nullptr : published->Find("placement");
  if (placement != nullptr) {
    return ReadIntervals(*placement, absl::StrCat(file, ": published.placement"));
  }
  return InputError(file, ": has no placement, which is [[first layer, layers], ...] by server");
}

Json LayerPlacementJson(const LayerPlacement& placement) {
  Json::Array array;
  for (const LayerInterval& interval : placement) {
    array.push_back(Json::Array{interval.first, interval.layers});
  }
  return array;
}

}  // namespace allot
