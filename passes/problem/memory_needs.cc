#include "passes/problem/memory_needs.h"

#include <algorithm>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"

#include "support/status.h"

namespace allot {
namespace {

// What runs on `device` alone, so must be there.
Bytes BoundTo(const PlacementProblem& problem, DeviceId device) {
  Bytes total = 0;
  for (const PlacementProblem::Item& item : problem.items) {
    bool elsewhere = false;
    for (const DeviceId other : problem.devices.ids()) {
      elsewhere = elsewhere || (other != device && item.time[other].has_value());
    }
    if (!elsewhere) total = SaturatingAdd(total, item.memory);
  }
  return total;
}

// The devices that can run the item, "a or b".
std::string AllowedDevices(const PlacementProblem& problem, ItemId item) {
  std::vector<std::string> names;
  for (const DeviceId device : problem.devices.ids()) {
    if (problem.items[item].time[device].has_value()) names.push_back(problem.devices[device].name);
  }
  return absl::StrJoin(names, " or ");
}

// Whether a flow can get from its producer to the consumer on any devices that can run them.
bool CanReach(const PlacementProblem& problem, FlowId flow, ItemId consumer) {
  const ItemId producer = problem.flows[flow].from;
  for (const DeviceId from : problem.devices.ids()) {
    if (!problem.items[producer].time[from].has_value()) continue;
    for (const DeviceId to : problem.devices.ids()) {
      if (!problem.items[consumer].time[to].has_value()) continue;
      if (problem.TransferTime(flow, from, to).has_value()) return true;
    }
  }
  return false;
}

// What is in memory while an item runs, wherever that is.
struct Need {
  Bytes weights = 0, tensors = 0;

  Bytes total() const { return SaturatingAdd(weights, tensors); }
  std::string Text() const {
    if (tensors <= weights) return MemoryText(total());
    return absl::StrCat(MemoryText(total()), ", ", MemoryText(tensors), " of which are tensors");
  }
};

IdVector<ItemId, Need> NeedsOfItems(const PlacementProblem& problem) {
  IdVector<ItemId, Need> needs;
  for (const PlacementProblem::Item& item : problem.items) {
    needs.Add({item.memory, item.workspace});
  }
  for (const PlacementProblem::SharedMemory& shared : problem.shared) {
    for (const ItemId item : shared.items) {
      needs[item].weights = SaturatingAdd(needs[item].weights, shared.bytes);
    }
  }
  const auto add_tensor = [&needs](ItemId item, Bytes bytes) {
    needs[item].tensors = SaturatingAdd(needs[item].tensors, bytes);
  };
  for (const PlacementProblem::Flow& flow : problem.flows) {
    add_tensor(flow.from, flow.bytes);
    for (const ItemId consumer : flow.to) add_tensor(consumer, flow.bytes);
  }
  return needs;
}

bool FitsNowhere(const PlacementProblem& problem, ItemId item, const Need& need) {
  for (const DeviceId device : problem.devices.ids()) {
    const bool runs = problem.items[item].time[device].has_value();
    if (runs && need.total() <= problem.devices[device].memory) return false;
  }
  return true;
}

// The first producer and consumer that no route joins; OK if there are none.
absl::Status DescribeMissingRoute(const PlacementProblem& problem) {
  for (const FlowId flow : problem.flows.ids()) {
    const ItemId producer = problem.flows[flow].from;
    for (const ItemId consumer : problem.flows[flow].to) {
      if (CanReach(problem, flow, consumer)) continue;
      return absl::FailedPreconditionError(absl::StrCat(
          "no route: '", problem.items[producer].name, "' can run on ",
          AllowedDevices(problem, producer), ", its consumer '", problem.items[consumer].name,
          "' on ", AllowedDevices(problem, consumer),
          ", and the target has no route from one to the other; add a link to topology.links, or "
          "change the rules"));
    }
  }
  return absl::OkStatus();
}

}  // namespace

std::string MemoryText(Bytes bytes) {
  if (bytes < 10'000) return absl::StrCat(bytes, " bytes");
  if (bytes < 10'000'000) return absl::StrFormat("%.1f kB", static_cast<double>(bytes) / 1e3);
  if (bytes < 10'000'000'000) return absl::StrFormat("%.1f MB", static_cast<double>(bytes) / 1e6);
  return absl::StrFormat("%.1f GB", static_cast<double>(bytes) / 1e9);
}

absl::Status DescribeMisfit(const PlacementProblem& problem, bool proven) {
  ALLOT_RETURN_IF_ERROR(DescribeMissingRoute(problem));
  Bytes needed = 0, available = 0;
  for (const PlacementProblem::Item& item : problem.items) {
    needed = SaturatingAdd(needed, item.memory);
  }
  for (const PlacementProblem::SharedMemory& shared : problem.shared) {
    needed = SaturatingAdd(needed, shared.bytes);
  }
  std::vector<std::string> devices;
  for (const DeviceId device : problem.devices.ids()) {
    const PlacementProblem::MachineDevice& machine = problem.devices[device];
    available = SaturatingAdd(available, machine.memory);
    const Bytes bound = BoundTo(problem, device);
    devices.push_back(absl::StrCat(
        machine.name, " has ", MemoryText(machine.memory),
        bound > 0 ? absl::StrCat(", of which ", MemoryText(bound), " must be there") : ""));
  }
  std::string largest;
  Need most;
  const IdVector<ItemId, Need> needs = NeedsOfItems(problem);
  for (const ItemId item : problem.items.ids()) {
    proven = proven || FitsNowhere(problem, item, needs[item]);
    if (needs[item].total() <= most.total()) continue;
    most = needs[item];
    largest =
        absl::StrCat("; the largest piece, '", problem.items[item].name, "', needs ", most.Text());
  }
  return absl::ResourceExhaustedError(absl::StrCat(
      "the model fits nowhere: its weights take ", MemoryText(needed), ", the devices have ",
      MemoryText(available), " together (", absl::StrJoin(devices, "; "), ")", largest,
      proven ? ""
             : "; no placement was found, but that none exists is not proven: more work= may help",
      "; use devices with more memory, ",
      most.tensors > most.weights ? "smaller sizes (--dim), " : "",
      "layers divided over several devices (--tensor-width=2), or fewer pins"));
}

}  // namespace allot
