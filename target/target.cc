#include "target/target.h"

#include <algorithm>

namespace allot {

Picos Route::Time(Bytes bytes) const {
  Picos time = 0;
  for (const Segment& segment : segments) {
    // A segment that carries nothing is as good as none, but must not divide by zero.
    const Picos moving =
        segment.bandwidth > 0 ? DurationAtRate(bytes, segment.bandwidth) : kMaxPicos;
    time = std::min(kMaxPicos, SaturatingAdd(time, SaturatingAdd(segment.latency, moving)));
  }
  return time;
}

std::optional<DeviceId> Target::FindDevice(absl::string_view device) const {
  for (DeviceId id : devices.ids()) {
    if (devices[id].name == device) return id;
  }
  return std::nullopt;
}

}  // namespace allot
