// Our own schema, read. It mirrors PlacementProblem field by field; docs/solve.md states it.
#include <algorithm>
#include <optional>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"

#include "placement/formats/names.h"
#include "placement/formats/problem_format.h"
#include "support/json_reader.h"
#include "target/quantity.h"

namespace allot {
namespace {

constexpr int64_t kMaxChannels = 1 << 20;

class AllotReader {
 public:
  AllotReader(const Json& json, const std::string& file, const ProblemOptions& options,
              Diagnostics& diagnostics)
      : reader_(json, file, "", diagnostics), options_(options) {}

  PlacementProblem Read() {
    std::string schema;
    // Of another kind of file, nothing else is worth saying.
    if (!reader_.Has("schema") && !(reader_.Has("devices") && reader_.Has("items"))) {
      reader_.Require("schema", schema);
      return std::move(problem_);
    }
    if (reader_.Require("schema", schema) && schema != kProblemSchema) {
      reader_.Error("schema",
                    absl::StrCat("is '", schema, "'; this version reads '", kProblemSchema, "'"));
    }
    ReadNote(reader_);
    ReadQuestion();
    ReadDevices();
    ReadRoutes();
    ReadItems();
    for (JsonReader& flow : reader_.Objects("flows")) ReadFlow(flow);
    for (JsonReader& shared : reader_.Objects("shared")) ReadShared(shared);
    ReadGroups();
    reader_.Finish();
    for (const DeviceId device : unlimited_) {
      problem_.devices[device].memory = UnlimitedMemory(problem_);
    }
    return std::move(problem_);
  }

 private:
  // Free text for the reader of the file.
  static void ReadNote(JsonReader& reader) {
    std::string note;
    reader.Read("note", note);
  }

  void ReadQuestion() {
    std::string name;
    if (reader_.Read("objective", name)) {
      const std::optional<PlacementObjective> objective = ParseObjective(name);
      if (objective.has_value()) problem_.objective = *objective;
      if (!objective.has_value()) {
        reader_.Error("objective",
                      absl::StrCat("is '", name, "'; it must be 'latency' or 'throughput'"));
      }
    }
    if (reader_.Read("communication", name)) {
      const std::optional<Communication> communication = ParseCommunication(name);
      if (communication.has_value()) problem_.communication = *communication;
      if (!communication.has_value()) {
        reader_.Error("communication",
                      absl::StrCat("is '", name, "'; it must be 'delay', 'link' or 'blocking'"));
      }
    }
    if (reader_.Read("execution", name)) {
      if (name == "calls") problem_.execution = Execution::kCalls;
      if (name != "calls" && name != "items") {
        reader_.Error("execution", absl::StrCat("is '", name, "'; it must be 'items' or 'calls'"));
      }
    }
    int64_t calls = 1;
    if (reader_.Read("calls_per_device", calls)) {
      if (calls < 1 || calls > 1 << 20) {
        reader_.Error("calls_per_device", "must lie between 1 and 1048576");
      } else {
        problem_.calls_per_device = static_cast<int32_t>(calls);
      }
    }
    reader_.Read("contiguous", problem_.contiguous);
    reader_.Read("launch_on_arrival", problem_.launch_on_arrival);

    if (options_.objective.has_value()) problem_.objective = *options_.objective;
    if (options_.communication.has_value()) problem_.communication = *options_.communication;
    if (options_.contiguous) problem_.contiguous = true;
    if (!options_.calls_per_device.has_value()) return;
    problem_.calls_per_device = *options_.calls_per_device;
    if (problem_.execution != Execution::kCalls) {
      reader_.Error("execution", "is not 'calls'; leave out the number of calls");
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
      device.Require("name", machine.name);
      if (!device.Has("memory")) unlimited_.push_back(DeviceId(problem_.devices.size()));
      ReadBytes(device, "memory", machine.memory);
      ReadTime(device, "part_cost", machine.part_cost);
      if (device.Read("max_parts", machine.max_parts) && machine.max_parts < 1) {
        device.Error("max_parts", "must be positive; leave it out to allow any number");
      }
      device.Read("pool", machine.pool);
      ReadNote(device);
      device.Finish();
      devices_.Add(machine.name);
      problem_.devices.Add(std::move(machine));
    }
  }

  void ReadRoutes() {
    int64_t channels = 0;
    if (reader_.Read("channels", channels)) {
      if (channels < 0 || channels > kMaxChannels) {
        reader_.Error("channels", absl::StrCat("must lie between 0 and ", kMaxChannels));
      } else {
        problem_.num_channels = static_cast<size_t>(channels);
      }
    }
    if (!reader_.Has("routes")) return;
    const size_t n = problem_.devices.size();
    problem_.routes.resize(n, IdVector<DeviceId, std::optional<Route>>(n));
    for (const DeviceId device : problem_.devices.ids()) problem_.routes[device][device] = Route();
    for (JsonReader& route : reader_.Objects("routes")) ReadRoute(route);
  }

  void ReadRoute(JsonReader& reader) {
    const DeviceId from = RequireId(reader, "from", devices_);
    const DeviceId to = RequireId(reader, "to", devices_);
    Route route;
    for (JsonReader& segment : reader.Objects("segments")) {
      Route::Segment& read = route.segments.emplace_back();
      ReadTime(segment, "latency", read.latency);
      const Json* bandwidth = segment.Find("bandwidth");
      if (bandwidth == nullptr) {
        segment.Error("", "key 'bandwidth' is missing; write it like \"25GB/s\"");
      } else {
        ReadQuantity(segment, "bandwidth", *bandwidth, Unit::kBytesPerSecond, read.bandwidth);
        if (read.bandwidth < 1) segment.Error("bandwidth", "must be positive");
      }
      ReadNote(segment);
      segment.Finish();
    }
    if (const Json::Array* channels = FindArray(reader, "channels")) {
      for (size_t i = 0; i < channels->size(); ++i) {
        const auto* number = (*channels)[i].If<int64_t>();
        if (number == nullptr || *number < 0 ||
            *number >= static_cast<int64_t>(problem_.num_channels)) {
          reader.Error(absl::StrCat("channels[", i, "]"),
                       absl::StrCat("must be the number of a channel, of which there are ",
                                    problem_.num_channels));
          continue;
        }
        route.channels.push_back(ChannelId(static_cast<size_t>(*number)));
      }
      SortDistinct(reader, "channels", route.channels);
    }
    ReadNote(reader);
    reader.Finish();
    if (!from.valid() || !to.valid()) return;
    if (from == to) return reader.Error("to", "a device needs no route to itself");
    if (problem_.routes[from][to].has_value()) {
      return reader.Error(
          "to", absl::StrCat("there is already a route from '", problem_.devices[from].name,
                             "' to '", problem_.devices[to].name, "'"));
    }
    problem_.routes[from][to] = std::move(route);
  }

  void ReadItems() {
    for (JsonReader& item : reader_.Objects("items")) {
      PlacementProblem::Item read;
      item.Read("name", read.name);
      ReadBytes(item, "memory", read.memory);
      ReadBytes(item, "workspace", read.workspace);
      item.Read("backward", read.backward);
      if (!item.Has("time")) item.Error("", "key 'time' is missing; write [1000, \"2us\", null]");
      if (const Json::Array* times = PerDevice(item, "time", item.Find("time"))) {
        for (size_t d = 0; d < times->size(); ++d) {
          std::optional<Picos> time;
          if (!(*times)[d].is_null()) {
            ReadPicos(item, absl::StrCat("time[", d, "]"), (*times)[d], time.emplace());
          }
          read.time.Add(time);
        }
      }
      ReadNote(item);
      item.Finish();
      items_.Add(read.name);
      problem_.items.Add(std::move(read));
    }
    if (problem_.items.empty()) reader_.Error("items", "there must be at least one item");
  }

  void ReadFlow(JsonReader& reader) {
    PlacementProblem::Flow flow;
    flow.from = RequireId(reader, "from", items_);
    if (!reader.Has("to")) reader.Error("", "key 'to' is missing; write the names of the readers");
    flow.to = ReadItemList(reader, "to");
    SortDistinct(reader, "to", flow.to);
    ReadBytes(reader, "bytes", flow.bytes);
    if (reader.Has("time") && reader.Has("staging")) {
      reader.Error("staging", "a flow has either 'time' or 'staging'");
    }
    if (reader.Has("time")) ReadMatrix(reader, flow);
    if (reader.Has("staging")) {
      ReadPicosPerDevice(reader, "staging", reader.Find("staging"), flow.staging);
    }
    ReadNote(reader);
    reader.Finish();
    problem_.flows.Add(std::move(flow));
  }

  void ReadMatrix(JsonReader& reader, PlacementProblem::Flow& flow) {
    const Json::Array* rows = PerDevice(reader, "time", reader.Find("time"));
    if (rows == nullptr) return;
    for (size_t from = 0; from < rows->size(); ++from) {
      ReadPicosPerDevice(reader, absl::StrCat("time[", from, "]"), &(*rows)[from],
                         flow.time[flow.time.Add({})]);
    }
  }

  void ReadShared(JsonReader& reader) {
    PlacementProblem::SharedMemory shared;
    ReadBytes(reader, "bytes", shared.bytes);
    if (!reader.Has("items")) {
      reader.Error("", "key 'items' is missing; write the names of those that share the memory");
    }
    shared.items = ReadItemList(reader, "items");
    ReadNote(reader);
    reader.Finish();
    problem_.shared.push_back(std::move(shared));
  }

  void ReadGroups() {
    const Json::Array* groups = FindArray(reader_, "together");
    if (groups == nullptr) return;
    for (size_t i = 0; i < groups->size(); ++i) {
      problem_.together.push_back(
          ItemList(reader_, absl::StrCat("together[", i, "]"), (*groups)[i]));
    }
  }

  std::vector<ItemId> ReadItemList(JsonReader& reader, absl::string_view key) {
    const Json* json = reader.Find(key);
    return json == nullptr ? std::vector<ItemId>() : ItemList(reader, key, *json);
  }
  std::vector<ItemId> ItemList(JsonReader& reader, absl::string_view key, const Json& json) {
    std::vector<ItemId> list;
    const auto* array = json.If<Json::Array>();
    if (array == nullptr) {
      reader.Error(key, absl::StrCat("expected an array of items, not ", json.KindName()));
      return list;
    }
    for (size_t i = 0; i < array->size(); ++i) {
      const ItemId item = items_.Read(reader, absl::StrCat(key, "[", i, "]"), (*array)[i]);
      if (item.valid()) list.push_back(item);
    }
    return list;
  }

  template <typename IdType>
  IdType RequireId(JsonReader& reader, absl::string_view key, Names<IdType>& names) {
    const Json* json = reader.Find(key);
    if (json != nullptr) return names.Read(reader, key, *json);
    reader.Error("", absl::StrCat("key '", key, "' is missing"));
    return IdType();
  }

  template <typename IdType>
  static void SortDistinct(JsonReader& reader, absl::string_view key, std::vector<IdType>& ids) {
    std::sort(ids.begin(), ids.end());
    const auto twice = std::adjacent_find(ids.begin(), ids.end());
    if (twice == ids.end()) return;
    reader.Error(key, absl::StrCat("names number ", twice->index(), " twice"));
  }

  // nullptr if absent or wrong.
  static const Json::Array* FindArray(JsonReader& reader, absl::string_view key) {
    const Json* json = reader.Find(key);
    if (json == nullptr) return nullptr;
    const auto* array = json->If<Json::Array>();
    if (array == nullptr) {
      reader.Error(key, absl::StrCat("expected an array, not ", json->KindName()));
    }
    return array;
  }

  // An array of one entry per device; nullptr if absent or wrong.
  const Json::Array* PerDevice(JsonReader& reader, absl::string_view key, const Json* json) {
    if (json == nullptr) return nullptr;
    const auto* array = json->If<Json::Array>();
    if (array == nullptr) {
      reader.Error(key, absl::StrCat("expected an array with an entry for each device, not ",
                                     json->KindName()));
      return nullptr;
    }
    if (array->size() == problem_.devices.size()) return array;
    reader.Error(key, absl::StrCat("has ", array->size(), " entries, but there are ",
                                   problem_.devices.size(), " devices"));
    return nullptr;
  }

  void ReadPicosPerDevice(JsonReader& reader, absl::string_view key, const Json* json,
                          IdVector<DeviceId, Picos>& times) {
    const Json::Array* array = PerDevice(reader, key, json);
    if (array == nullptr) return;
    for (size_t d = 0; d < array->size(); ++d) {
      ReadPicos(reader, absl::StrCat(key, "[", d, "]"), (*array)[d], times[times.Add(Picos{0})]);
    }
  }

  // An integer of picoseconds, or a text with a unit.
  static void ReadPicos(JsonReader& reader, absl::string_view key, const Json& json, Picos& time) {
    Picos value = 0;
    if (const auto* integer = json.If<int64_t>()) {
      value = *integer;
    } else if (const auto* text = json.If<std::string>()) {
      const absl::StatusOr<Picos> parsed = ParseDuration(*text);
      if (!parsed.ok()) return reader.Error(key, std::string(parsed.status().message()));
      value = *parsed;
    } else {
      return reader.Error(
          key, absl::StrCat("must be an integer of picoseconds or a text like \"1.5us\", not ",
                            json.If<double>() != nullptr ? PrintJsonCompact(json)
                                                         : std::string(json.KindName())));
    }
    if (value < 0) return reader.Error(key, "must not be negative");
    time = value;
  }
  static void ReadTime(JsonReader& reader, absl::string_view key, Picos& time) {
    const Json* json = reader.Find(key);
    if (json != nullptr) ReadPicos(reader, key, *json, time);
  }

  // An integer, or a text with prefix and unit.
  static void ReadQuantity(JsonReader& reader, absl::string_view key, const Json& json, Unit unit,
                           int64_t& amount) {
    int64_t value = 0;
    if (const auto* integer = json.If<int64_t>()) {
      value = *integer;
    } else if (const auto* text = json.If<std::string>()) {
      const absl::StatusOr<int64_t> parsed = ParseQuantity(*text, unit);
      if (!parsed.ok()) return reader.Error(key, std::string(parsed.status().message()));
      value = *parsed;
    } else {
      return reader.Error(
          key, absl::StrCat("must be an integer or a text with a unit, not ",
                            json.If<double>() != nullptr ? PrintJsonCompact(json)
                                                         : std::string(json.KindName())));
    }
    if (value < 0) return reader.Error(key, "must not be negative");
    amount = value;
  }
  static void ReadBytes(JsonReader& reader, absl::string_view key, Bytes& bytes) {
    const Json* json = reader.Find(key);
    if (json != nullptr) ReadQuantity(reader, key, *json, Unit::kBytes, bytes);
  }

  JsonReader reader_;
  const ProblemOptions& options_;
  PlacementProblem problem_;
  std::vector<DeviceId> unlimited_;
  Names<DeviceId> devices_{"device"};
  Names<ItemId> items_{"item"};
};

}  // namespace

ProblemFormat AllotFormat() {
  return {"allot", [](const Json& json) { return json.Find("schema") != nullptr; },
          [](const Json& json, const std::string& file, const ProblemOptions& options,
             Diagnostics& diagnostics) {
            return AllotReader(json, file, options, diagnostics).Read();
          }};
}

}  // namespace allot
