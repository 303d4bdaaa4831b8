#include "target/measured/measured_target.h"

#include <algorithm>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"

#include "target/measured/transfer_fit.h"

namespace allot {
namespace {

// By the names of sender and receiver as rows have them.
using Transfers = std::map<std::pair<std::string, std::string>, std::vector<TransferSample>>;

void SetPartCost(const std::vector<MeasuredCosts::Launch>& launches, Device& device) {
  std::optional<int> least;
  for (const MeasuredCosts::Launch& launch : launches) {
    const std::optional<int> match = DeviceMatch(launch.device, device);
    if (!match.has_value() || (least.has_value() && *least <= *match)) continue;
    least = match;
    device.part_cost = launch.time;
  }
}

// The samples whose names are closest to the two devices; nullptr if there are none.
const std::vector<TransferSample>* Closest(const Transfers& transfers, const Device& from,
                                           const Device& to) {
  const std::vector<TransferSample>* closest = nullptr;
  std::pair<int, int> least;
  for (const auto& [names, samples] : transfers) {
    const std::optional<int> sender = DeviceMatch(names.first, from);
    const std::optional<int> receiver = DeviceMatch(names.second, to);
    if (!sender.has_value() || !receiver.has_value()) continue;
    const std::pair<int, int> match = {*sender, *receiver};
    if (closest != nullptr && least <= match) continue;
    closest = &samples;
    least = match;
  }
  return closest;
}

ChannelId AddChannel(const std::string& from, const std::string& to, Target& target) {
  const std::string plain = absl::StrCat(from, "->", to);
  std::string name = plain;
  const auto is_taken = [&] {
    return std::find(target.channels.begin(), target.channels.end(), name) != target.channels.end();
  };
  for (int count = 2; is_taken(); ++count) name = absl::StrCat(plain, "#", count);
  return target.channels.Add(name);
}

}  // namespace

void ApplyMeasuredMachine(const MeasuredCosts& costs, Target& target) {
  for (Device& device : target.devices) SetPartCost(costs.launches, device);
  Transfers transfers;
  for (const MeasuredCosts::Transfer& transfer : costs.transfers) {
    transfers[{transfer.from, transfer.to}].push_back({transfer.bytes, transfer.time});
  }
  if (transfers.empty()) return;
  for (const DeviceId from : target.devices.ids()) {
    for (const DeviceId to : target.devices.ids()) {
      if (from == to) continue;
      const Device& sender = target.devices[from];
      const Device& receiver = target.devices[to];
      const std::vector<TransferSample>* samples = Closest(transfers, sender, receiver);
      if (samples == nullptr) continue;
      std::optional<Route>& route = target.routes[from][to];
      const Route::Segment segment = FitTransfers(*samples, route.has_value() ? &*route : nullptr);
      if (!route.has_value()) {
        route.emplace();
        route->channels = {AddChannel(sender.name, receiver.name, target)};
      }
      route->segments = {segment};
    }
  }
}

}  // namespace allot
