#include "target/fastest_devices.h"

#include <algorithm>

#include "target/peak_rate.h"

namespace allot {

std::vector<DeviceId> FastestDevices(const Target& target, size_t count) {
  std::vector<DeviceId> devices;
  for (const DeviceId id : target.devices.ids()) devices.push_back(id);
  const auto rate = [&](DeviceId id) { return PeakRate(target.devices[id], "float32"); };
  std::stable_sort(devices.begin(), devices.end(),
                   [&](DeviceId a, DeviceId b) { return rate(a) > rate(b); });
  if (devices.size() > count) devices.resize(count);
  std::sort(devices.begin(), devices.end());
  return devices;
}

}  // namespace allot
