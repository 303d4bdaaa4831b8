#include "placement/problem/pair_channels.h"

namespace allot {

PairChannels::PairChannels(const PlacementProblem& problem)
    : ranges_(problem.devices.size(), problem.devices.size()) {
  for (const DeviceId from : problem.devices.ids()) {
    for (const DeviceId to : problem.devices.ids()) {
      Range& range = ranges_(from, to);
      range.begin = static_cast<uint32_t>(channels_.size());
      for (const ChannelId channel : problem.Channels(from, to)) {
        channels_.push_back(channel.index());
        ++range.size;
      }
    }
  }
}

}  // namespace allot
