#include "placement/problem/machine.h"

#include "absl/strings/str_cat.h"

#include "placement/problem/limits.h"
#include "support/status.h"

namespace allot {

absl::Status CheckMachine(const Machine& machine) {
  if (machine.devices.empty()) return InputError("the problem has no device");
  for (const DeviceId device : machine.devices.ids()) {
    const Machine::MachineDevice& each = machine.devices[device];
    const std::string where = absl::StrCat("device ", device.index(), " '", each.name, "': ");
    if (each.memory < 0) return InputError(where, "memory is negative");
    if (each.max_parts < 0) return InputError(where, "the largest number of parts is negative");
    ALLOT_RETURN_IF_ERROR(CheckTime(each.part_cost, where + "part cost"));
  }
  if (machine.routes.empty()) return absl::OkStatus();
  if (machine.routes.size() != machine.devices.size()) {
    return InputError("routes start at ", machine.routes.size(), " devices, but there are ",
                      machine.devices.size());
  }
  for (const DeviceId from : machine.devices.ids()) {
    if (machine.routes[from].size() != machine.devices.size()) {
      return InputError("routes from device ", from.index(), " lead to ",
                        machine.routes[from].size(), " devices, but there are ",
                        machine.devices.size());
    }
    for (const DeviceId to : machine.devices.ids()) {
      const std::optional<Route>& route = machine.routes[from][to];
      if (from == to || !route.has_value()) continue;
      const std::string where = absl::StrCat("route ", from.index(), " -> ", to.index(), ": ");
      for (const Route::Segment& segment : route->segments) {
        if (segment.bandwidth <= 0) return InputError(where, "bandwidth must be positive");
        ALLOT_RETURN_IF_ERROR(CheckTime(segment.latency, where + "latency"));
      }
      ChannelId last;
      for (const ChannelId channel : route->channels) {
        if (channel <= last || !channel.valid() ||
            static_cast<size_t>(channel.index()) >= machine.num_channels) {
          return InputError(where, "channels must ascend and lie in 0 .. ",
                            static_cast<int64_t>(machine.num_channels) - 1);
        }
        last = channel;
      }
    }
  }
  return absl::OkStatus();
}

}  // namespace allot
