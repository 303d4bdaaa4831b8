#include "tests/models/random_problem.h"

#include <algorithm>
#include <set>
#include <utility>

#include "absl/strings/str_cat.h"

#include "support/random.h"

namespace allot::testing {
namespace {

bool Chance(Random& random, int64_t percent) { return random.Below(100) < percent; }

void AddMachine(Random& random, const RandomProblemOptions& options, PlacementProblem& problem) {
  for (int64_t d = 0; d < options.devices; ++d) {
    problem.devices.Add(
        {absl::StrCat("d", d), Bytes{1} << 40, options.part_costs ? random.Between(0, 15) : 0});
  }
  const int64_t channels = options.shared_channels ? random.Between(1, options.devices)
                                                   : options.devices * options.devices;
  problem.num_channels = static_cast<size_t>(channels);
  problem.routes.resize(problem.devices.size());
  for (const DeviceId from : problem.devices.ids()) {
    problem.routes[from].resize(problem.devices.size());
    for (const DeviceId to : problem.devices.ids()) {
      if (from == to) {
        problem.routes[from][to] = Route();
        continue;
      }
      if (Chance(random, options.missing_routes)) continue;
      Route route;
      const int64_t segments = random.Between(1, 2);
      for (int64_t s = 0; s < segments; ++s) {
        // Bytes are small numbers; a rate of 10^12 / k makes each byte cost k picoseconds.
        route.segments.push_back({random.Between(0, 8), kPicosPerSecond / random.Between(1, 3)});
      }
      std::set<ChannelId> used;
      if (options.shared_channels) {
        const int64_t count = random.Between(0, 2);
        for (int64_t c = 0; c < count; ++c) used.insert(ChannelId(size_t(random.Below(channels))));
      } else {
        used.insert(ChannelId(from.index() * static_cast<int32_t>(options.devices) + to.index()));
      }
      route.channels.assign(used.begin(), used.end());
      problem.routes[from][to] = std::move(route);
    }
  }
}

void AddItems(Random& random, const RandomProblemOptions& options, PlacementProblem& problem) {
  std::vector<int64_t> slowness;
  for (int64_t d = 0; d < options.devices; ++d) slowness.push_back(random.Between(1, 4));
  for (int64_t i = 0; i < options.items; ++i) {
    PlacementProblem::Item item;
    item.name = absl::StrCat("i", i);
    const bool zero = Chance(random, options.zero_times);
    const int64_t effort = random.Between(1, options.max_effort);
    for (int64_t d = 0; d < options.devices; ++d) {
      if (Chance(random, options.absent_times)) {
        item.time.Add(std::nullopt);
      } else {
        item.time.Add(zero ? 0 : effort * slowness[d] + random.Between(0, 5));
      }
    }
    // The first device can run everything, so that something always can.
    if (!item.time[DeviceId(0)].has_value() && (i % 2 == 0 || options.groups)) {
      item.time[DeviceId(0)] = zero ? 0 : effort * slowness[0];
    }
    const auto absent = [](const std::optional<Picos>& time) { return !time.has_value(); };
    if (std::all_of(item.time.begin(), item.time.end(), absent)) {
      item.time[DeviceId(size_t(random.Below(options.devices)))] = effort;
    }
    if (options.memory) {
      item.memory = random.Between(0, 20);
      item.workspace = random.Between(0, 6);
    }
    problem.items.Add(std::move(item));
  }
}

void AddFlows(Random& random, const RandomProblemOptions& options, PlacementProblem& problem) {
  // A random relabelling, so that ids are no topological order.
  std::vector<int32_t> label;
  for (int32_t i = 0; i < options.items; ++i) label.push_back(i);
  for (int64_t i = options.items - 1; i > 0; --i) std::swap(label[i], label[random.Below(i + 1)]);
  for (int64_t i = 0; i < options.items; ++i) {
    const int64_t tensors = Chance(random, 20) ? 2 : 1;
    for (int64_t t = 0; t < tensors; ++t) {
      PlacementProblem::Flow flow;
      flow.from = ItemId(label[i]);
      for (int64_t j = i + 1; j < std::min(options.items, i + 5); ++j) {
        if (Chance(random, options.edge_density)) flow.to.emplace_back(label[j]);
      }
      std::sort(flow.to.begin(), flow.to.end());
      if (flow.to.empty() && !Chance(random, 30)) continue;
      flow.bytes = Chance(random, 10) ? 0 : random.Between(1, 15);
      if (Chance(random, options.measured_flows)) {
        for (int64_t from = 0; from < options.devices; ++from) {
          IdVector<DeviceId, Picos> row;
          for (int64_t to = 0; to < options.devices; ++to) row.Add(random.Between(0, 30));
          flow.time.Add(std::move(row));
        }
      }
      problem.flows.Add(std::move(flow));
    }
  }
}

void AddMemory(Random& random, PlacementProblem& problem) {
  Bytes all = 0;
  for (const PlacementProblem::Item& item : problem.items) all += item.memory;
  const auto n = static_cast<int64_t>(problem.items.size());
  for (int64_t s = random.Between(0, 2); s > 0; --s) {
    std::set<ItemId> users;
    for (int64_t u = random.Between(1, 3); u > 0; --u)
      users.insert(ItemId(size_t(random.Below(n))));
    problem.shared.push_back({random.Between(1, 25), {users.begin(), users.end()}});
  }
  for (PlacementProblem::MachineDevice& device : problem.devices) {
    device.memory = random.Between(all / 4, all + 30);
  }
}

void AddStaging(Random& random, PlacementProblem& problem) {
  for (PlacementProblem::Flow& flow : problem.flows) {
    flow.time.clear();
    const Picos time = random.Between(0, 20);
    for (const DeviceId device : problem.devices.ids()) {
      flow.staging.Add(device == DeviceId(0) ? 0 : time + random.Between(0, 1) * device.index());
    }
  }
}

// Every forward item but some has a mirror image, which its consumers' images feed.
void AddBackwardPass(Random& random, PlacementProblem& problem) {
  const auto n = static_cast<int32_t>(problem.items.size());
  IdVector<ItemId, ItemId> image(problem.items.size());
  for (int32_t i = 0; i < n; ++i) {
    if (Chance(random, 15)) continue;
    PlacementProblem::Item item = problem.items[ItemId(i)];
    item.name += "'";
    item.backward = true;
    image[ItemId(i)] = problem.items.Add(std::move(item));
    if (Chance(random, 75)) problem.together.push_back({ItemId(i), image[ItemId(i)]});
  }
  const auto flows = static_cast<int32_t>(problem.flows.size());
  for (int32_t f = 0; f < flows; ++f) {
    const PlacementProblem::Flow flow = problem.flows[FlowId(f)];
    const ItemId back = image[flow.from];
    if (!back.valid()) continue;
    problem.flows.Add({flow.from, {back}, flow.bytes, {}, flow.staging});
    for (const ItemId to : flow.to) {
      if (!image[to].valid()) continue;
      problem.flows.Add({image[to], {back}, flow.bytes, {}, flow.staging});
    }
  }
}

// All devices as the first one, all routes and times of an item as the first that there are.
void MakeIdentical(PlacementProblem& problem) {
  std::optional<Route> first;
  for (const auto& row : problem.routes) {
    for (const std::optional<Route>& route : row) {
      if (!first.has_value() && route.has_value() && !route->segments.empty()) first = route;
    }
  }
  const DeviceId model(0);
  for (const DeviceId device : problem.devices.ids()) {
    problem.devices[device].part_cost = problem.devices[model].part_cost;
    for (const DeviceId to : problem.devices.ids()) {
      if (device != to && first.has_value()) problem.routes[device][to] = first;
      for (PlacementProblem::Flow& flow : problem.flows) {
        if (!flow.time.empty()) flow.time[device][to] = flow.time[model][model];
      }
    }
  }
  for (PlacementProblem::Item& item : problem.items) {
    const auto there = std::find_if(item.time.begin(), item.time.end(),
                                    [](const auto& time) { return time.has_value(); });
    std::fill(item.time.begin(), item.time.end(), Picos{**there});
  }
}

}  // namespace

PlacementProblem RandomProblem(uint64_t seed, const RandomProblemOptions& options) {
  Random random(seed * 2654435761u + 1);
  PlacementProblem problem;
  problem.objective = options.objective;
  problem.communication = options.communication;
  problem.launch_on_arrival = options.launch_on_arrival;
  AddMachine(random, options, problem);
  AddItems(random, options, problem);
  AddFlows(random, options, problem);
  if (options.identical_devices) MakeIdentical(problem);
  if (options.memory) AddMemory(random, problem);
  if (options.groups && options.items >= 3 && Chance(random, 40)) {
    // The first device can run all of them.
    std::set<ItemId> group;
    for (int64_t i = random.Between(2, 3); i > 0; --i) {
      group.insert(ItemId(size_t(random.Below(options.items))));
    }
    if (group.size() > 1) problem.together.push_back({group.begin(), group.end()});
  }
  if (options.staged || options.calls) AddStaging(random, problem);
  if (options.training) AddBackwardPass(random, problem);
  problem.contiguous = options.contiguous;
  if (options.calls) {
    problem.execution = Execution::kCalls;
    problem.calls_per_device = static_cast<int32_t>(random.Between(1, 2));
    problem.devices[DeviceId(0)].pool = true;
  }
  return problem;
}

RandomProblemOptions RandomOptions(uint64_t seed, int64_t max_items) {
  Random random(seed * 40503u + 7);
  RandomProblemOptions options;
  options.items = random.Between(1, max_items);
  options.devices = random.Between(1, 3);
  options.objective =
      Chance(random, 60) ? PlacementObjective::kLatency : PlacementObjective::kThroughput;
  options.communication = static_cast<Communication>(random.Below(3));
  options.edge_density = random.Between(10, 70);
  options.absent_times = Chance(random, 50) ? 0 : random.Between(5, 40);
  options.zero_times = Chance(random, 50) ? 0 : random.Between(5, 40);
  options.missing_routes = Chance(random, 60) ? 0 : random.Between(10, 50);
  options.measured_flows = Chance(random, 60) ? 0 : 30;
  options.shared_channels = Chance(random, 60);
  options.memory = Chance(random, 40);
  options.groups = Chance(random, 50);
  options.part_costs = Chance(random, 60);
  options.launch_on_arrival = Chance(random, 40);
  return options;
}

RandomProblemOptions RandomStagedOptions(uint64_t seed, int64_t max_items) {
  Random random(seed * 77003u + 5);
  RandomProblemOptions options;
  options.devices = random.Between(1, 3);
  options.edge_density = random.Between(10, 70);
  options.absent_times = Chance(random, 60) ? 0 : random.Between(5, 30);
  options.zero_times = Chance(random, 60) ? 0 : random.Between(5, 40);
  options.missing_routes = 0;
  options.memory = Chance(random, 40);
  options.groups = Chance(random, 50);
  options.part_costs = false;
  options.calls = Chance(random, 35);
  options.staged = options.calls || Chance(random, 75);
  options.training = !options.calls && Chance(random, 40);
  options.contiguous = !options.calls && Chance(random, 60);
  options.items = random.Between(1, options.training ? (max_items + 1) / 2 : max_items);
  const bool latency = options.calls || Chance(random, 20);
  options.objective = latency ? PlacementObjective::kLatency : PlacementObjective::kThroughput;
  options.communication =
      Chance(random, 70) ? Communication::kBlocking : static_cast<Communication>(random.Below(3));
  return options;
}

RandomProblemOptions RandomLoadOptions(uint64_t seed, int64_t max_items) {
  RandomProblemOptions options =
      seed % 3 == 0 ? RandomOptions(seed, max_items) : RandomStagedOptions(seed, max_items);
  options.objective = PlacementObjective::kThroughput;
  options.calls = false;
  options.contiguous = false;
  return options;
}

std::string Describe(const RandomProblemOptions& options) {
  return absl::StrCat(
      "items ", options.items, " effort ", options.max_effort, " devices ", options.devices,
      options.objective == PlacementObjective::kLatency ? " latency" : " throughput",
      " communication ", static_cast<int>(options.communication), " edges ", options.edge_density,
      " absent ", options.absent_times, " zero ", options.zero_times, " no-route ",
      options.missing_routes, " measured ", options.measured_flows, " shared-channels ",
      options.shared_channels, " memory ", options.memory, " groups ", options.groups,
      " part-costs ", options.part_costs, " identical ", options.identical_devices,
      " launch-on-arrival ", options.launch_on_arrival, " staged ", options.staged, " contiguous ",
      options.contiguous, " training ", options.training, " calls ", options.calls);
}

}  // namespace allot::testing
