#include "placement/problem/device_symmetry.h"

#include <algorithm>
#include <utility>

namespace allot {
namespace {

using Pair = std::pair<int32_t, int32_t>;

int32_t Exchanged(int32_t device, int32_t a, int32_t b) {
  return device == a ? b : device == b ? a : device;
}

bool Alike(const PlacementProblem& problem, DeviceId a, DeviceId b) {
  if (problem.devices[a].memory != problem.devices[b].memory) return false;
  if (problem.devices[a].part_cost != problem.devices[b].part_cost) return false;
  if (problem.devices[a].max_parts != problem.devices[b].max_parts) return false;
  if (problem.devices[a].pool != problem.devices[b].pool) return false;
  for (const PlacementProblem::Flow& flow : problem.flows) {
    if (!flow.staging.empty() && flow.staging[a] != flow.staging[b]) return false;
  }
  for (const PlacementProblem::Item& item : problem.items) {
    if (item.time[a] != item.time[b]) return false;
  }
  return true;
}

bool Interchangeable(const PlacementProblem& problem, const std::vector<FlowId>& measured,
                     const std::vector<std::vector<Pair>>& users, int32_t a, int32_t b) {
  if (!Alike(problem, DeviceId(a), DeviceId(b))) return false;
  const auto num_devices = static_cast<int32_t>(problem.devices.size());
  for (int32_t k = 0; k < num_devices; ++k) {
    for (int32_t l = 0; l < num_devices; ++l) {
      if (k == l) continue;
      const DeviceId from(k), to(l), from2(Exchanged(k, a, b)), to2(Exchanged(l, a, b));
      if (from == from2 && to == to2) continue;
      for (const FlowId id : measured) {
        const PlacementProblem::Flow& flow = problem.flows[id];
        if (flow.time[from][to] != flow.time[from2][to2]) return false;
      }
      if (problem.routes.empty()) continue;
      const std::optional<Route>& route = problem.routes[from][to];
      const std::optional<Route>& other = problem.routes[from2][to2];
      if (route.has_value() != other.has_value()) return false;
      if (route.has_value() && route->segments != other->segments) return false;
    }
  }
  // Channels are known by who uses them; the exchange must map these sets onto each other.
  std::vector<std::vector<Pair>> before = users, after = users;
  for (std::vector<Pair>& pairs : after) {
    for (Pair& pair : pairs) pair = {Exchanged(pair.first, a, b), Exchanged(pair.second, a, b)};
    std::sort(pairs.begin(), pairs.end());
  }
  std::sort(before.begin(), before.end());
  std::sort(after.begin(), after.end());
  return before == after;
}

// By device: the first that is equal to it.
template <typename Equal>
std::vector<int32_t> Classes(int32_t num_devices, const Equal& equal) {
  std::vector<int32_t> classes;
  for (int32_t d = 0; d < num_devices; ++d) {
    int32_t found = d;
    for (int32_t other = 0; other < d && found == d; ++other) {
      if (classes[static_cast<size_t>(other)] == other && equal(other, d)) found = other;
    }
    classes.push_back(found);
  }
  return classes;
}

}  // namespace

std::vector<int32_t> DevicesAlike(const PlacementProblem& problem) {
  return Classes(static_cast<int32_t>(problem.devices.size()),
                 [&](int32_t a, int32_t b) { return Alike(problem, DeviceId(a), DeviceId(b)); });
}

std::vector<int32_t> DeviceClasses(const PlacementProblem& problem) {
  const auto num_devices = static_cast<int32_t>(problem.devices.size());
  std::vector<std::vector<Pair>> users(problem.num_channels);
  for (const DeviceId from : problem.devices.ids()) {
    for (const DeviceId to : problem.devices.ids()) {
      for (const ChannelId channel : problem.Channels(from, to)) {
        users[static_cast<size_t>(channel.index())].emplace_back(from.index(), to.index());
      }
    }
  }
  std::vector<FlowId> measured;  // others take what their routes take
  for (const FlowId flow : problem.flows.ids()) {
    if (!problem.flows[flow].time.empty()) measured.push_back(flow);
  }
  return Classes(num_devices, [&](int32_t a, int32_t b) {
    return Interchangeable(problem, measured, users, a, b);
  });
}

}  // namespace allot
