// VerifyLanes(), from the definitions alone.
#include <algorithm>
#include <map>
#include <set>

#include "placement/lanes/lanes.h"
#include "support/status.h"

namespace allot {
namespace {

class LanesVerifier {
 public:
  explicit LanesVerifier(const PlacementProblem& problem)
      : problem_(problem),
        device_load_(problem.devices.size(), 0),
        channel_load_(problem.num_channels, 0),
        kept_(problem.devices.size()),
        loaded_(problem.devices.size()) {}

  absl::Status Run(const Lanes& lanes, Picos claimed_period) {
    if (lanes.lanes.size() != lanes.shares.size() || lanes.lanes.empty()) {
      return InputError("there are ", lanes.lanes.size(), " lanes and ", lanes.shares.size(),
                        " shares");
    }
    int64_t cycle = 0;
    for (size_t i = 0; i < lanes.lanes.size(); ++i) {
      const int64_t share = lanes.shares[i];
      if (share < 1) return InputError("lane ", i, ": its share is ", share);
      cycle += share;
      ALLOT_RETURN_IF_ERROR(AddItems(lanes.lanes[i], share), "lane ", i, ": ");
      ALLOT_RETURN_IF_ERROR(AddParts(lanes.lanes[i], share), "lane ", i, ": ");
      ALLOT_RETURN_IF_ERROR(AddTransfers(lanes.lanes[i], share), "lane ", i, ": ");
    }
    ALLOT_RETURN_IF_ERROR(CheckResident());
    ALLOT_RETURN_IF_ERROR(CheckNumberOfParts());
    Int128 most = 0;
    for (const Int128 load : device_load_) most = std::max(most, load);
    for (const Int128 load : channel_load_) most = std::max(most, load);
    const auto period = static_cast<Picos>((most + cycle - 1) / cycle);
    if (period != claimed_period) {
      return InputError("the period is ", period, " ps, not ", claimed_period);
    }
    return absl::OkStatus();
  }

 private:
  absl::Status AddItems(const PartedSolution& lane, int64_t share) {
    const Placement& on = lane.items.device_of;
    if (on.size() != problem_.items.size()) {
      return InputError("places ", on.size(), " of ", problem_.items.size(), " items");
    }
    for (const ItemId item : problem_.items.ids()) {
      if (!problem_.devices.Contains(on[item])) {
        return InputError("item ", item.index(), " is on no device");
      }
      const std::optional<Picos>& time = problem_.items[item].time[on[item]];
      if (!time.has_value()) {
        return InputError("item ", item.index(), " cannot run on device ", on[item].index());
      }
      device_load_[on[item]] += static_cast<Int128>(*time) * share;
      kept_[on[item]].insert(item);
    }
    for (const std::vector<ItemId>& group : problem_.together) {
      for (const ItemId item : group) {
        if (on[item] == on[group[0]]) continue;
        return InputError("items ", group[0].index(), " and ", item.index(), " are apart");
      }
    }
    return absl::OkStatus();
  }

  absl::Status AddParts(const PartedSolution& lane, int64_t share) {
    const IdVector<ItemId, ItemId>& part_of = lane.parts.part_of;
    if (part_of.size() != problem_.items.size()) {
      return InputError("forms parts of ", part_of.size(), " of ", problem_.items.size(), " items");
    }
    std::map<ItemId, DeviceId> device_of;
    std::map<ItemId, std::set<ItemId>> items;
    for (const ItemId item : problem_.items.ids()) {
      const ItemId part = part_of[item];
      items[part].insert(item);
      const DeviceId device = lane.items.device_of[item];
      if (!part.valid() || static_cast<size_t>(part.index()) >= lane.parts.num_parts) {
        return InputError("item ", item.index(), " is in part ", part.index(), " of ",
                          lane.parts.num_parts);
      }
      if (device_of.emplace(part, device).first->second != device) {
        return InputError("part ", part.index(), " is on two devices");
      }
    }
    if (device_of.size() != lane.parts.num_parts) {
      return InputError("a part is empty: there are ", lane.parts.num_parts, ", and ",
                        device_of.size(), " hold anything");
    }
    for (const auto& [part, device] : device_of) {
      loaded_[device].insert(items[part]);
      device_load_[device] += static_cast<Int128>(problem_.devices[device].part_cost) * share;
    }
    for (const FlowId id : problem_.flows.ids()) {
      for (const ItemId to : problem_.flows[id].to) {
        if (part_of[to] >= part_of[problem_.flows[id].from]) continue;
        return InputError("flow ", id.index(), " leads from part ",
                          part_of[problem_.flows[id].from].index(), " back to part ",
                          part_of[to].index());
      }
    }
    return absl::OkStatus();
  }

  absl::Status AddTransfers(const PartedSolution& lane, int64_t share) {
    const Placement& on = lane.items.device_of;
    const auto occupy = [&](DeviceId device, Picos time) {
      if (problem_.communication != Communication::kBlocking) return;
      device_load_[device] += static_cast<Int128>(time) * share;
    };
    for (const FlowId id : problem_.flows.ids()) {
      const PlacementProblem::Flow& flow = problem_.flows[id];
      const DeviceId from = on[flow.from];
      std::set<DeviceId> receivers;
      for (const ItemId to : flow.to) receivers.insert(on[to]);
      receivers.erase(from);
      if (!flow.staging.empty()) {
        if (!receivers.empty()) occupy(from, flow.staging[from]);
        for (const DeviceId to : receivers) occupy(to, flow.staging[to]);
        continue;
      }
      for (const DeviceId to : receivers) {
        const std::optional<Picos> time = problem_.TransferTime(id, from, to);
        if (!time.has_value()) {
          return InputError("flow ", id.index(), " has no route from device ", from.index(), " to ",
                            to.index());
        }
        for (const ChannelId channel : problem_.Channels(from, to)) {
          channel_load_[channel] += static_cast<Int128>(*time) * share;
        }
        occupy(from, *time);
        occupy(to, *time);
      }
    }
    return absl::OkStatus();
  }

  // A part of two lanes that holds the same items is loaded once.
  absl::Status CheckNumberOfParts() const {
    for (const DeviceId device : problem_.devices.ids()) {
      const auto most = static_cast<size_t>(problem_.devices[device].max_parts);
      if (most == 0 || loaded_[device].size() <= most) continue;
      return InputError("device ", device.index(), ": ", loaded_[device].size(),
                        " parts are more than ", most);
    }
    return absl::OkStatus();
  }

  absl::Status CheckResident() const {
    for (const DeviceId device : problem_.devices.ids()) {
      Bytes resident = 0;
      for (const ItemId item : kept_[device]) {
        resident = SaturatingAdd(resident, problem_.items[item].memory);
      }
      for (const PlacementProblem::SharedMemory& shared : problem_.shared) {
        const bool any = std::any_of(shared.items.begin(), shared.items.end(),
                                     [&](ItemId item) { return kept_[device].count(item) > 0; });
        if (any) resident = SaturatingAdd(resident, shared.bytes);
      }
      if (resident > problem_.devices[device].memory) {
        return InputError("device ", device.index(), ": ", resident,
                          " resident bytes are more than ", problem_.devices[device].memory);
      }
    }
    return absl::OkStatus();
  }

  const PlacementProblem& problem_;
  IdVector<DeviceId, Int128> device_load_;
  IdVector<ChannelId, Int128> channel_load_;
  IdVector<DeviceId, std::set<ItemId>> kept_;
  IdVector<DeviceId, std::set<std::set<ItemId>>> loaded_;  // parts by their items
};

}  // namespace

absl::Status VerifyLanes(const PlacementProblem& problem, const Lanes& lanes,
                         Picos claimed_period) {
  return LanesVerifier(problem).Run(lanes, claimed_period);
}

}  // namespace allot
