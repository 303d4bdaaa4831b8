#include "placement/loads/load_model.h"

#include <algorithm>
#include <map>
#include <utility>

namespace allot {
namespace {

size_t Size(int32_t i) { return static_cast<size_t>(i); }

// Adds the flow up with one of the same ends and kind, if there is one.
class FlowTable {
 public:
  explicit FlowTable(std::vector<LoadModel::Flow>& flows) : flows_(flows) {}

  void Add(LoadModel::Flow flow) {
    std::sort(flow.to.begin(), flow.to.end());
    flow.to.erase(std::unique(flow.to.begin(), flow.to.end()), flow.to.end());
    flow.to.erase(std::remove(flow.to.begin(), flow.to.end(), flow.from), flow.to.end());
    if (flow.to.empty()) return;
    const auto [it, added] =
        index_.try_emplace(Key{flow.from, flow.staging.empty(), flow.to}, flows_.size());
    if (added) {
      flows_.push_back(std::move(flow));
      return;
    }
    LoadModel::Flow& same = flows_[it->second];
    for (size_t d = 0; d < flow.staging.size(); ++d) same.staging[d] += flow.staging[d];
    const absl::Span<Picos> times = same.time.cells();
    for (size_t pair = 0; pair < times.size(); ++pair) {
      const Picos add = flow.time.cells()[pair];
      const bool routed = times[pair] != LoadModel::kNoRoute && add != LoadModel::kNoRoute;
      times[pair] = routed ? times[pair] + add : LoadModel::kNoRoute;
    }
  }

 private:
  using Key = std::tuple<int32_t, bool, std::vector<int32_t>>;
  std::vector<LoadModel::Flow>& flows_;
  std::map<Key, size_t> index_;
};

// Whether a flow occupies anything, or forbids anything.
bool Matters(const LoadModel& model, const LoadModel::Flow& flow) {
  for (const Picos time : flow.staging) {
    if (time != 0) return true;
  }
  if (flow.time.empty()) return false;
  for (int32_t from = 0; from < model.num_devices; ++from) {
    for (int32_t to = 0; to < model.num_devices; ++to) {
      const Picos time = flow.time(from, to);
      if (time == LoadModel::kNoRoute) return true;
      if (time > 0 && (model.blocking || !model.Channels(from, to).empty())) return true;
    }
  }
  return false;
}

}  // namespace

LoadModel BuildLoadModel(const ProblemFacts& facts) {
  const PlacementProblem& problem = facts.problem();
  LoadModel model;
  model.num_devices = static_cast<int32_t>(problem.devices.size());
  model.num_channels = static_cast<int32_t>(problem.num_channels);
  model.blocking = problem.communication == Communication::kBlocking;
  model.device_class = facts.device_classes();
  for (const PlacementProblem::MachineDevice& device : problem.devices) {
    model.capacity.push_back(device.memory);
    model.once.push_back(problem.launch_on_arrival ? device.part_cost : 0);
  }
  model.channels = PairChannels(problem);

  model.unit_of.assign(problem.items.size(), -1);
  const std::vector<std::vector<ItemId>>& groups = facts.groups();
  std::vector<size_t> group_of(problem.items.size(), groups.size());
  for (size_t g = 0; g < groups.size(); ++g) {
    for (const ItemId item : groups[g]) group_of[Size(item.index())] = g;
  }
  const ItemTimes& allowed = facts.allowed_times();
  const size_t num_devices = problem.devices.size();
  for (const ItemId item : problem.items.ids()) {
    const size_t i = Size(item.index());
    const absl::Span<const Picos> times = allowed.row(item);
    const size_t group = group_of[i];
    if (group == groups.size() || groups[group][0] == item) {
      model.unit_of[i] = model.num_units++;
      model.time.AddRow(times);
      model.memory.push_back(problem.items[item].memory);
      continue;
    }
    const int32_t unit = model.unit_of[Size(groups[group][0].index())];
    model.unit_of[i] = unit;
    model.memory[Size(unit)] += problem.items[item].memory;
    const absl::Span<Picos> sums = model.time.row(unit);
    for (size_t d = 0; d < num_devices; ++d) {
      // What one of a group is not allowed is allowed to none of it.
      if (times[d] != kNotAllowed) sums[d] += times[d];
    }
  }
  for (const PlacementProblem::SharedMemory& shared : problem.shared) {
    LoadModel::Shared& units = model.shared.emplace_back();
    units.bytes = shared.bytes;
    for (const ItemId item : shared.items) units.units.push_back(model.unit_of[item.index()]);
    std::sort(units.units.begin(), units.units.end());
    units.units.erase(std::unique(units.units.begin(), units.units.end()), units.units.end());
  }

  std::vector<LoadModel::Flow> flows;
  FlowTable table(flows);
  for (const FlowId id : problem.flows.ids()) {
    const PlacementProblem::Flow& flow = problem.flows[id];
    LoadModel::Flow between;
    between.from = model.unit_of[flow.from.index()];
    for (const ItemId to : flow.to) between.to.push_back(model.unit_of[to.index()]);
    if (!flow.staging.empty()) {
      if (!model.blocking) continue;
      between.staging = flow.staging.raw();
    } else {
      const bool inside = std::all_of(between.to.begin(), between.to.end(),
                                      [&](int32_t to) { return to == between.from; });
      if (inside) continue;
      between.time.Assign(num_devices, num_devices, 0);
      for (const DeviceId from : problem.devices.ids()) {
        for (const DeviceId to : problem.devices.ids()) {
          between.time(from.index(), to.index()) =
              problem.TransferTime(id, from, to).value_or(LoadModel::kNoRoute);
        }
      }
    }
    if (Matters(model, between)) table.Add(std::move(between));
  }
  model.flows = std::move(flows);
  return model;
}

LoadModel JoinUnits(const LoadModel& model, const std::vector<int32_t>& joined,
                    int32_t num_joined) {
  LoadModel result = model;
  result.num_units = num_joined;
  result.time.Assign(Size(num_joined), Size(model.num_devices), 0);
  result.memory.assign(Size(num_joined), 0);
  for (int32_t unit = 0; unit < model.num_units; ++unit) {
    const int32_t to = joined[Size(unit)];
    result.memory[Size(to)] += model.memory[Size(unit)];
    for (int32_t d = 0; d < model.num_devices; ++d) {
      Picos& time = result.time(to, d);
      const Picos add = model.Time(unit, d);
      time = time == kNotAllowed || add == kNotAllowed ? kNotAllowed : time + add;
    }
  }
  for (int32_t& unit : result.unit_of) unit = joined[Size(unit)];
  for (LoadModel::Shared& shared : result.shared) {
    for (int32_t& unit : shared.units) unit = joined[Size(unit)];
    std::sort(shared.units.begin(), shared.units.end());
    shared.units.erase(std::unique(shared.units.begin(), shared.units.end()), shared.units.end());
  }
  result.flows.clear();
  FlowTable table(result.flows);
  for (LoadModel::Flow flow : model.flows) {
    flow.from = joined[Size(flow.from)];
    for (int32_t& to : flow.to) to = joined[Size(to)];
    table.Add(std::move(flow));
  }
  return result;
}

Picos LargestLoad(const LoadModel& model, const std::vector<int32_t>& device,
                  std::vector<Picos>* loads) {
  const size_t num_devices = Size(model.num_devices);
  std::vector<Picos> load(num_devices + Size(model.num_channels), 0);
  std::vector<char> used(num_devices, 0);
  for (int32_t unit = 0; unit < model.num_units; ++unit) {
    const size_t d = Size(device[Size(unit)]);
    load[d] += std::max<Picos>(model.Time(unit, device[Size(unit)]), 0);
    if (!used[d]) load[d] += model.once[d];
    used[d] = 1;
  }
  std::vector<int32_t> receivers;
  for (const LoadModel::Flow& flow : model.flows) {
    const int32_t from = device[Size(flow.from)];
    receivers.clear();
    for (const int32_t unit : flow.to) {
      if (device[Size(unit)] != from) receivers.push_back(device[Size(unit)]);
    }
    std::sort(receivers.begin(), receivers.end());
    receivers.erase(std::unique(receivers.begin(), receivers.end()), receivers.end());
    if (!flow.staging.empty() && !receivers.empty()) load[Size(from)] += flow.staging[Size(from)];
    for (const int32_t to : receivers) {
      if (!flow.staging.empty()) {
        load[Size(to)] += flow.staging[Size(to)];
        continue;
      }
      const Picos time = std::max<Picos>(flow.time(from, to), 0);
      for (const int32_t channel : model.Channels(from, to)) {
        load[num_devices + Size(channel)] += time;
      }
      if (!model.blocking) continue;
      load[Size(from)] += time;
      load[Size(to)] += time;
    }
  }
  Picos largest = 0;
  for (const Picos value : load) largest = std::max(largest, value);
  if (loads != nullptr) *loads = std::move(load);
  return largest;
}

Solution ToSolution(const LoadModel& model, const ProblemGraph& graph,
                    const std::vector<int32_t>& device) {
  Solution solution;
  for (const int32_t unit : model.unit_of) {
    solution.device_of.Add(DeviceId(device[Size(unit)]));
  }
  solution.order = graph.topological;
  return solution;
}

std::vector<int32_t> FromSolution(const LoadModel& model, const Solution& solution) {
  std::vector<int32_t> device(Size(model.num_units), -1);
  for (const ItemId item : solution.device_of.ids()) {
    int32_t& on = device[Size(model.unit_of[Size(item.index())])];
    if (on < 0) on = solution.device_of[item].index();
  }
  return device;
}

}  // namespace allot
