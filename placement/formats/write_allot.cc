// Our own schema, written.
#include <utility>

#include "placement/formats/names.h"
#include "placement/formats/problem_json.h"
#include "support/json.h"
#include "target/quantity.h"

namespace allot {
namespace {

// An integer where a unit would not make it shorter to read.
Json TimeJson(Picos time) { return time < kPicosPerNano ? Json(time) : Json(PrintDuration(time)); }
Json BytesJson(Bytes bytes) {
  return bytes == 0 || bytes % 1024 != 0 ? Json(bytes) : Json(PrintQuantity(bytes, Unit::kBytes));
}

Json TimesJson(const IdVector<DeviceId, Picos>& times) {
  Json::Array array;
  for (const Picos time : times) array.push_back(TimeJson(time));
  return array;
}

template <typename IdType, typename Things>
bool NamesAreDistinct(const Things& things) {
  Names<IdType> names("");
  for (const auto& thing : things) names.Add(thing.name);
  return names.distinct();
}

class AllotWriter {
 public:
  explicit AllotWriter(const PlacementProblem& problem)
      : problem_(problem),
        device_names_(NamesAreDistinct<DeviceId>(problem.devices)),
        item_names_(NamesAreDistinct<ItemId>(problem.items)) {}

  Json Write() const {
    Json::Object json{{"schema", kProblemSchema},
                      {"objective", ObjectiveName(problem_.objective)},
                      {"communication", CommunicationName(problem_.communication)}};
    if (problem_.execution == Execution::kCalls) json.emplace_back("execution", "calls");
    if (problem_.calls_per_device != 1) {
      json.emplace_back("calls_per_device", int64_t{problem_.calls_per_device});
    }
    if (problem_.contiguous) json.emplace_back("contiguous", true);
    if (problem_.launch_on_arrival) json.emplace_back("launch_on_arrival", true);
    json.emplace_back("devices", Devices());
    if (problem_.num_channels > 0) {
      json.emplace_back("channels", static_cast<int64_t>(problem_.num_channels));
    }
    if (!problem_.routes.empty()) json.emplace_back("routes", Routes());
    json.emplace_back("items", Items());
    json.emplace_back("flows", Flows());
    if (!problem_.shared.empty()) json.emplace_back("shared", Shared());
    if (!problem_.together.empty()) {
      Json::Array groups;
      for (const std::vector<ItemId>& group : problem_.together) groups.push_back(List(group));
      json.emplace_back("together", std::move(groups));
    }
    return json;
  }

 private:
  Json Name(DeviceId device) const {
    return device_names_ ? Json(problem_.devices[device].name) : Json(int64_t{device.index()});
  }
  Json Name(ItemId item) const {
    return item_names_ ? Json(problem_.items[item].name) : Json(int64_t{item.index()});
  }
  Json List(const std::vector<ItemId>& items) const {
    Json::Array array;
    for (const ItemId item : items) array.push_back(Name(item));
    return array;
  }

  Json Devices() const {
    Json::Array array;
    for (const PlacementProblem::MachineDevice& device : problem_.devices) {
      Json::Object json{{"name", device.name}, {"memory", BytesJson(device.memory)}};
      if (device.part_cost != 0) json.emplace_back("part_cost", TimeJson(device.part_cost));
      if (device.max_parts != 0) json.emplace_back("max_parts", device.max_parts);
      if (device.pool) json.emplace_back("pool", true);
      array.emplace_back(std::move(json));
    }
    return array;
  }

  Json Routes() const {
    Json::Array array;
    for (const DeviceId from : problem_.devices.ids()) {
      for (const DeviceId to : problem_.devices.ids()) {
        const std::optional<Route>& route = problem_.routes[from][to];
        if (from == to || !route.has_value()) continue;
        Json::Object json{{"from", Name(from)}, {"to", Name(to)}};
        Json::Array segments, channels;
        for (const Route::Segment& segment : route->segments) {
          segments.push_back(
              Json::Object{{"latency", TimeJson(segment.latency)},
                           {"bandwidth", PrintQuantity(segment.bandwidth, Unit::kBytesPerSecond)}});
        }
        for (const ChannelId channel : route->channels) {
          channels.emplace_back(int64_t{channel.index()});
        }
        if (!segments.empty()) json.emplace_back("segments", std::move(segments));
        if (!channels.empty()) json.emplace_back("channels", std::move(channels));
        array.emplace_back(std::move(json));
      }
    }
    return array;
  }

  Json Items() const {
    Json::Array array;
    for (const PlacementProblem::Item& item : problem_.items) {
      Json::Object json;
      if (!item.name.empty()) json.emplace_back("name", item.name);
      Json::Array times;
      for (const std::optional<Picos>& time : item.time) {
        times.push_back(time.has_value() ? TimeJson(*time) : Json());
      }
      json.emplace_back("time", std::move(times));
      if (item.memory != 0) json.emplace_back("memory", BytesJson(item.memory));
      if (item.workspace != 0) json.emplace_back("workspace", BytesJson(item.workspace));
      if (item.backward) json.emplace_back("backward", true);
      array.emplace_back(std::move(json));
    }
    return array;
  }

  Json Flows() const {
    Json::Array array;
    for (const PlacementProblem::Flow& flow : problem_.flows) {
      Json::Object json{{"from", Name(flow.from)}, {"to", List(flow.to)}};
      if (flow.bytes != 0) json.emplace_back("bytes", BytesJson(flow.bytes));
      if (!flow.staging.empty()) json.emplace_back("staging", TimesJson(flow.staging));
      if (!flow.time.empty()) {
        Json::Array rows;
        for (const IdVector<DeviceId, Picos>& row : flow.time) rows.push_back(TimesJson(row));
        json.emplace_back("time", std::move(rows));
      }
      array.emplace_back(std::move(json));
    }
    return array;
  }

  Json Shared() const {
    Json::Array array;
    for (const PlacementProblem::SharedMemory& shared : problem_.shared) {
      array.push_back(
          Json::Object{{"bytes", BytesJson(shared.bytes)}, {"items", List(shared.items)}});
    }
    return array;
  }

  const PlacementProblem& problem_;
  bool device_names_, item_names_;
};

}  // namespace

std::string WriteProblem(const PlacementProblem& problem) {
  return PrintJson(AllotWriter(problem).Write()) + "\n";
}

}  // namespace allot
