// The instances of moirai-placement/moirai as JSON: operators with a time on each device, edges
// with a time from each device to each other. Times are milliseconds; memory has no limit. Two
// edges are two transfers, also between the same operators. Keys that are not named here are
// ignored.
//
// With contention (link, blocking) all transfers that leave a device queue, and so do all that
// enter one.
#include <utility>

#include "absl/strings/str_cat.h"

#include "placement/formats/item_ids.h"
#include "placement/formats/number.h"
#include "placement/formats/problem_format.h"
#include "support/json_reader.h"

namespace allot {
namespace {

class MoiraiReader {
 public:
  MoiraiReader(const Json& json, const std::string& file, const ProblemOptions& options,
               Diagnostics& diagnostics)
      : reader_(json, file, "", diagnostics), options_(options) {}

  PlacementProblem Read() {
    problem_.objective = options_.objective.value_or(PlacementObjective::kLatency);
    problem_.communication = options_.communication.value_or(Communication::kDelay);
    problem_.contiguous = options_.contiguous;
    if (options_.calls_per_device.has_value()) {
      reader_.Error("", "this format knows no calls; leave out their number");
    }
    CheckUnits();
    ReadDevices();
    for (JsonReader& op : reader_.Objects("ops")) ReadOp(op);
    if (problem_.items.empty()) reader_.Error("ops", "there must be at least one operator");
    for (JsonReader& edge : reader_.Objects("edges")) ReadEdge(edge);
    const Bytes unlimited = UnlimitedMemory(problem_);
    for (PlacementProblem::MachineDevice& device : problem_.devices) device.memory = unlimited;
    return std::move(problem_);
  }

 private:
  void CheckUnits() {
    if (!reader_.Has("units")) return;
    JsonReader units = reader_.Object("units");
    std::string time;
    if (units.Read("time", time) && time != "ms") {
      units.Error("time", absl::StrCat("times in '", time, "' cannot be read; give them in ms"));
    }
  }

  void ReadDevices() {
    std::vector<JsonReader> devices = reader_.Objects("devices");
    if (devices.empty()) reader_.Error("devices", "there must be at least one device");
    if (devices.size() > static_cast<size_t>(kMaxProblemDevices)) {
      reader_.Error("devices",
                    absl::StrCat(devices.size(), " devices, more than ", kMaxProblemDevices));
      devices.clear();
    }
    for (JsonReader& device : devices) {
      PlacementProblem::MachineDevice machine;
      machine.name = absl::StrCat("d", problem_.devices.size());
      device.Read("name", machine.name);
      problem_.devices.Add(std::move(machine));
    }
    if (problem_.communication == Communication::kDelay) return;
    // Every flow has times of its own; a route says only what a transfer occupies.
    const size_t n = problem_.devices.size();
    problem_.num_channels = 2 * n;
    problem_.routes.resize(n);
    for (const DeviceId from : problem_.devices.ids()) {
      problem_.routes[from].resize(n);
      for (const DeviceId to : problem_.devices.ids()) {
        Route& route = problem_.routes[from][to].emplace();
        if (from == to) continue;
        route.channels = {ChannelId(from.index()), ChannelId(n + to.index())};
      }
    }
  }

  // The array of one entry per device, or nullptr.
  const Json::Array* PerDevice(JsonReader& reader, absl::string_view key, const Json* json) {
    const auto* array = json == nullptr ? nullptr : json->If<Json::Array>();
    if (array == nullptr) {
      reader.Error(key, absl::StrCat("expected an array with an entry for each device, not ",
                                     json == nullptr ? "nothing" : json->KindName()));
      return nullptr;
    }
    if (array->size() == problem_.devices.size()) return array;
    reader.Error(key, absl::StrCat("has ", array->size(), " entries, but there are ",
                                   problem_.devices.size(), " devices"));
    return nullptr;
  }

  void ReadOp(JsonReader& op) {
    PlacementProblem::Item item;
    item.name = absl::StrCat(ids_.Read(op, ItemId(problem_.items.size())));
    if (const Json::Array* times = PerDevice(op, "time", op.Find("time"))) {
      for (size_t d = 0; d < times->size(); ++d) {
        std::optional<Picos> time;
        if (!(*times)[d].is_null()) {
          ReadMillis(op, absl::StrCat("time[", d, "]"), (*times)[d], time.emplace());
        }
        item.time.Add(time);
      }
    }
    problem_.items.Add(std::move(item));
  }

  void ReadEdge(JsonReader& edge) {
    PlacementProblem::Flow flow;
    flow.from = ids_.Find(edge, "from");
    flow.to = {ids_.Find(edge, "to")};
    if (flow.from.valid() && flow.from == flow.to[0]) {
      edge.Error("to", absl::StrCat("operator ", problem_.items[flow.from].name, " feeds itself"));
    }
    const Json::Array* rows = PerDevice(edge, "time", edge.Find("time"));
    if (rows == nullptr) return;
    const size_t n = rows->size();
    flow.time.resize(n, IdVector<DeviceId, Picos>(n));
    for (size_t from = 0; from < n; ++from) {
      const std::string key = absl::StrCat("time[", from, "]");
      const Json::Array* row = PerDevice(edge, key, &(*rows)[from]);
      if (row == nullptr) continue;
      for (size_t to = 0; to < n; ++to) {
        // What stays on a device takes no time, whatever stands there.
        if (from == to) continue;
        ReadMillis(edge, absl::StrCat(key, "[", to, "]"), (*row)[to],
                   flow.time[DeviceId(from)][DeviceId(to)]);
      }
    }
    problem_.flows.Add(std::move(flow));
  }

  JsonReader reader_;
  const ProblemOptions& options_;
  PlacementProblem problem_;
  ItemIds ids_{"operator", "ops"};
};

}  // namespace

ProblemFormat MoiraiFormat() {
  return {"moirai", [](const Json& json) { return json.Find("ops") != nullptr; },
          [](const Json& json, const std::string& file, const ProblemOptions& options,
             Diagnostics& diagnostics) {
            return MoiraiReader(json, file, options, diagnostics).Read();
          }};
}

}  // namespace allot
