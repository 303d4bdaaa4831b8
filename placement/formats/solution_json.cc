#include "placement/formats/solution_json.h"

#include <algorithm>
#include <cmath>
#include <tuple>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"

#include "placement/formats/names.h"
#include "placement/lanes/steady_state.h"
#include "placement/verify/verify.h"
#include "support/diagnostics.h"
#include "support/json_reader.h"
#include "support/status.h"

namespace allot {
namespace {

template <typename IdType, typename Things>
Names<IdType> NamesOf(std::string kind, const Things& things) {
  Names<IdType> names(std::move(kind));
  for (const auto& thing : things) names.Add(thing.name);
  return names;
}

// The devices by name, or by number where names do not tell them apart.
Json::Array DeviceNames(const PlacementProblem& problem) {
  const bool distinct = NamesOf<DeviceId>("device", problem.devices).distinct();
  Json::Array names;
  for (const DeviceId device : problem.devices.ids()) {
    names.push_back(distinct ? Json(problem.devices[device].name) : Json(int64_t{device.index()}));
  }
  return names;
}

const Json& At(const Json::Array& names, DeviceId device) {
  return names[static_cast<size_t>(device.index())];
}

// The time that prints as `millis`, or the nearest one if none does.
Picos FromMillis(double millis) {
  const Picos near = std::llround(millis * static_cast<double>(kPicosPerMilli));
  for (const Picos time : {near, near - 1, near + 1}) {
    if (ToMillis(time) == millis) return time;
  }
  return near;
}

class ClaimReader {
 public:
  ClaimReader(const PlacementProblem& problem, const Json& json, const std::string& file,
              Diagnostics& diagnostics)
      : problem_(problem),
        graph_(BuildGraph(problem)),
        reader_(json, file, "", diagnostics),
        items_(NamesOf<ItemId>("item", problem.items)),
        devices_(NamesOf<DeviceId>("device", problem.devices)) {}

  Claim Read() {
    ReadPlacement(reader_, claim_.solution);
    const Json* objective = reader_.Find("objective");
    double millis = 0;
    if (objective != nullptr && !objective->is_null() && reader_.Read("objective", millis)) {
      if (millis >= 0 && millis < kMaxMillis) claim_.objective_ms = millis;
      if (!claim_.objective_ms.has_value()) reader_.Error("objective", "is out of range");
    }
    claim_.solution.order = graph_.topological;
    const Json* schedule = reader_.Find("schedule");
    const auto* entries = schedule == nullptr ? nullptr : schedule->If<Json::Array>();
    if (schedule != nullptr && (entries == nullptr || !entries->empty())) ReadSchedule();
    const Json* replication = reader_.Find("replication");
    if (replication != nullptr && !replication->is_null()) ReadReplication();
    return std::move(claim_);
  }

 private:
  static constexpr double kMaxMillis = 2.3e9;  // what Check() lets a whole problem take
  static constexpr int64_t kMostShares = 1 << 20;

  // Of the entry `index` of a list. A list in the order of the items may repeat their names.
  ItemId ReadItem(JsonReader& entry, size_t index) {
    const Json* json = entry.Find("item");
    if (json == nullptr) {
      entry.Error("", "key 'item' is missing");
      return ItemId();
    }
    if (const auto* name = json->If<std::string>()) {
      const ItemId here(index);
      if (problem_.items.Contains(here) && problem_.items[here].name == *name) return here;
    }
    if (const auto* number = json->If<int64_t>()) {
      const ItemId named = items_.Find(absl::StrCat(*number));
      if (named.valid()) return named;
    }
    return items_.Read(entry, "item", *json);
  }

  DeviceId ReadDevice(JsonReader& entry, absl::string_view key) {
    const Json* json = entry.Find(key);
    if (json != nullptr) return devices_.Read(entry, key, *json);
    entry.Error("", absl::StrCat("key '", key, "' is missing"));
    return DeviceId();
  }

  // Of an object with a member "placement".
  void ReadPlacement(JsonReader& reader, Solution& solution) {
    solution.device_of.resize(problem_.items.size());
    const bool calls = problem_.execution == Execution::kCalls;
    if (calls) solution.call_of.resize(problem_.items.size());
    if (!reader.Has("placement")) {
      return reader.Error("", "key 'placement' is missing; write [{\"item\", \"device\"}, ...]");
    }
    std::vector<JsonReader> entries = reader.Objects("placement");
    if (entries.empty()) return reader.Error("placement", "holds no item: there is no solution");
    for (size_t i = 0; i < entries.size(); ++i) {
      const ItemId item = ReadItem(entries[i], i);
      const DeviceId device = ReadDevice(entries[i], "device");
      int64_t call = 0;
      if (calls && entries[i].Read("call", call) &&
          (call < 0 || call >= problem_.calls_per_device)) {
        entries[i].Error("call",
                         absl::StrCat("must lie between 0 and ", problem_.calls_per_device - 1));
        call = 0;
      }
      if (!item.valid() || !device.valid()) continue;
      if (solution.device_of[item].valid()) {
        entries[i].Error("item", absl::StrCat(Name(item), " is already placed"));
      }
      solution.device_of[item] = device;
      if (calls) solution.call_of[item] = static_cast<int32_t>(call);
    }
    for (const ItemId item : problem_.items.ids()) {
      if (solution.device_of[item].valid()) continue;
      return reader.Error("placement", absl::StrCat(Name(item), " is missing"));
    }
  }

  // The numbers of the items as they run; without them, the smallest topological order.
  void ReadOrder(JsonReader& entry, Solution& solution) {
    solution.order = graph_.topological;
    const Json* order = entry.Find("order");
    if (order == nullptr) return;
    solution.order.clear();
    const auto* numbers = order->If<Json::Array>();
    if (numbers == nullptr) return entry.Error("order", "must be a list of numbers of items");
    for (const Json& number : *numbers) {
      const auto* index = number.If<int64_t>();
      if (index == nullptr || *index < 0 || *index >= static_cast<int64_t>(problem_.items.size())) {
        return entry.Error("order", "names an item that does not exist");
      }
      solution.order.emplace_back(static_cast<int32_t>(*index));
    }
  }

  void ReadReplication() {
    JsonReader reader = reader_.Object("replication");
    const Json* period = reader.Find("period");
    if (period != nullptr && period->is_null()) return;  // none were found
    if (!ReadTime(reader, "period", claim_.replicated_period)) return;
    std::vector<JsonReader> entries = reader.Objects("shares");
    if (entries.empty()) reader.Error("shares", "holds no placement");
    for (JsonReader& entry : entries) {
      int64_t share = 0;
      if (!entry.Require("share", share)) continue;
      if (share < 1 || share > kMostShares) {
        entry.Error("share", absl::StrCat("must lie between 1 and ", kMostShares));
      }
      Solution solution;
      ReadPlacement(entry, solution);
      ReadOrder(entry, solution);
      claim_.replicated.placements.push_back(std::move(solution));
      claim_.replicated.shares.push_back(share);
    }
  }

  bool ReadTime(JsonReader& entry, absl::string_view key, Picos& time) {
    double millis = 0;
    if (!entry.Require(key, millis)) return false;
    if (!(std::abs(millis) < kMaxMillis)) {
      entry.Error(key, "is out of range");
      return false;
    }
    time = FromMillis(millis);
    return true;
  }

  void ReadSchedule() {
    const size_t n = problem_.items.size();
    Schedule& schedule = claim_.schedule.emplace();
    schedule.start.resize(n);
    schedule.end.resize(n);
    IdVector<ItemId, bool> scheduled(n, false);
    std::vector<JsonReader> entries = reader_.Objects("schedule");
    for (size_t i = 0; i < entries.size(); ++i) {
      JsonReader& entry = entries[i];
      Picos start = 0, end = 0;
      ReadTime(entry, "start_ms", start);
      ReadTime(entry, "end_ms", end);
      if (entry.Has("flow")) {
        int64_t flow = 0;
        if (!entry.Read("flow", flow)) continue;
        if (flow < 0 || flow >= static_cast<int64_t>(problem_.flows.size())) {
          entry.Error("flow", absl::StrCat("there is no flow ", flow));
          continue;
        }
        const DeviceId from = ReadDevice(entry, "from"), to = ReadDevice(entry, "to");
        schedule.transfers.push_back({FlowId(static_cast<size_t>(flow)), from, to, start, end});
        continue;
      }
      const ItemId item = ReadItem(entry, i);
      const DeviceId device = ReadDevice(entry, "device");
      if (!item.valid() || !device.valid()) continue;
      if (scheduled[item]) entry.Error("item", absl::StrCat(Name(item), " is already scheduled"));
      if (device != claim_.solution.device_of[item]) {
        entry.Error("device", absl::StrCat(Name(item), " is placed on another device"));
      }
      scheduled[item] = true;
      schedule.start[item] = start;
      schedule.end[item] = end;
    }
    for (const ItemId item : problem_.items.ids()) {
      if (scheduled[item]) continue;
      return reader_.Error("schedule", absl::StrCat(Name(item), " is missing"));
    }
    OrderBySchedule(schedule);
  }

  // What starts first; of what starts at one instant, first what takes no time. A stable sort, so
  // that the rest stays topological.
  void OrderBySchedule(const Schedule& schedule) {
    std::stable_sort(claim_.solution.order.begin(), claim_.solution.order.end(),
                     [&schedule](ItemId a, ItemId b) {
                       return std::tie(schedule.start[a], schedule.end[a]) <
                              std::tie(schedule.start[b], schedule.end[b]);
                     });
  }

  std::string Name(ItemId item) const {
    return absl::StrCat("item ", item.index(), " '", problem_.items[item].name, "'");
  }

  const PlacementProblem& problem_;
  const ProblemGraph graph_;
  JsonReader reader_;
  Names<ItemId> items_;
  Names<DeviceId> devices_;
  Claim claim_;
};

}  // namespace

Json PlacementJson(const PlacementProblem& problem, const Solution& solution) {
  const Json::Array devices = DeviceNames(problem);
  Json::Array placement;
  for (const ItemId item : problem.items.ids()) {
    const DeviceId device = solution.device_of[item];
    Json::Object entry{{"item", problem.items[item].name}, {"device", At(devices, device)}};
    if (problem.execution == Execution::kCalls && !problem.devices[device].pool) {
      entry.emplace_back("call", int64_t{solution.call_of.empty() ? 0 : solution.call_of[item]});
    }
    placement.emplace_back(std::move(entry));
  }
  return placement;
}

Json ScheduleJson(const PlacementProblem& problem, const Solution& solution,
                  const Schedule& schedule) {
  const Json::Array devices = DeviceNames(problem);
  Json::Array entries;
  for (const ItemId item : problem.items.ids()) {
    entries.push_back(Json::Object{{"item", problem.items[item].name},
                                   {"device", At(devices, solution.device_of[item])},
                                   {"start_ms", ToMillis(schedule.start[item])},
                                   {"end_ms", ToMillis(schedule.end[item])}});
  }
  for (const ScheduledTransfer& transfer : schedule.transfers) {
    entries.push_back(Json::Object{{"flow", int64_t{transfer.flow.index()}},
                                   {"from", At(devices, transfer.from)},
                                   {"to", At(devices, transfer.to)},
                                   {"start_ms", ToMillis(transfer.start)},
                                   {"end_ms", ToMillis(transfer.end)}});
  }
  return entries;
}

absl::StatusOr<Claim> ReadClaim(const PlacementProblem& problem, absl::string_view text,
                                const std::string& file) {
  ALLOT_ASSIGN_OR_RETURN(const Json json, ParseJson(text), file, ": ");
  return ReadClaimDocument(problem, json, file);
}

absl::StatusOr<Claim> ReadClaimDocument(const PlacementProblem& problem, const Json& json,
                                        const std::string& file) {
  if (json.If<Json::Object>() == nullptr) {
    return InputError(file, ": a solution is a JSON object, not ", json.KindName());
  }
  Diagnostics diagnostics;
  Claim claim = ClaimReader(problem, json, file, diagnostics).Read();
  ALLOT_RETURN_IF_ERROR(diagnostics.ToStatusOfAll());
  return claim;
}

absl::StatusOr<Picos> VerifyClaim(const PlacementProblem& problem, const Claim& claim) {
  ALLOT_RETURN_IF_ERROR(VerifyPlacement(problem, claim.solution));
  const ProblemGraph graph = BuildGraph(problem);
  Solution simulated = claim.solution;
  simulated.order = graph.topological;
  Schedule schedule;
  if (claim.schedule.has_value()) {
    schedule = *claim.schedule;
  } else {
    schedule = Simulate(problem, graph, simulated);
    for (const Picos start : schedule.start) {
      if (start < 0) return absl::FailedPreconditionError("the calls wait for each other");
    }
  }
  Picos value = 0;
  if (problem.objective == PlacementObjective::kLatency) {
    for (const Picos end : schedule.end) value = std::max(value, end);
  } else {
    value = Evaluate(problem, graph, simulated).objective;
  }
  Picos claimed = value;
  if (claim.objective_ms.has_value() && ToMillis(value) != *claim.objective_ms) {
    claimed = FromMillis(*claim.objective_ms);
    const auto tolerance = static_cast<Picos>(problem.items.size() + problem.flows.size());
    if (!claim.schedule.has_value() && std::abs(claimed - value) <= tolerance) claimed = value;
  }
  ALLOT_RETURN_IF_ERROR(Verify(problem, claim.solution, schedule, claimed));
  if (!claim.replicated.placements.empty()) {
    ALLOT_RETURN_IF_ERROR(CheckReplicable(problem), "replication: ");
    ALLOT_RETURN_IF_ERROR(Verify(problem, claim.replicated, claim.replicated_period),
                          "replication: ");
  }
  return value;
}

}  // namespace allot
