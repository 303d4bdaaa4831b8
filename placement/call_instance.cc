#include <algorithm>

#include "placement/allowed_times.h"
#include "placement/call_search.h"
#include "placement/device_symmetry.h"

namespace allot {

CallInstance MakeCallInstance(const PlacementProblem& problem, const ProblemGraph& graph,
                              CallSize size) {
  CallInstance instance;
  instance.size = size;
  instance.num_items = static_cast<int32_t>(problem.items.size());
  instance.num_devices = static_cast<int32_t>(problem.devices.size());
  ALLOT_CHECK(instance.num_items <= CallInstance::kMaxItems);
  instance.item_of = graph.topological;
  IdVector<ItemId, int32_t> number(problem.items.size());
  const auto bit = [&number](ItemId item) { return uint64_t{1} << number[item]; };
  const std::vector<Picos> allowed = AllowedTimes(problem);
  Bytes total = 0;
  std::vector<Bytes> memory;
  for (size_t i = 0; i < instance.item_of.size(); ++i) {
    const ItemId item = instance.item_of[i];
    number[item] = static_cast<int32_t>(i);
    const size_t row = static_cast<size_t>(item.index()) * problem.devices.size();
    instance.time.insert(
        instance.time.end(), allowed.begin() + static_cast<std::ptrdiff_t>(row),
        allowed.begin() + static_cast<std::ptrdiff_t>(row + problem.devices.size()));
    memory.push_back(problem.items[item].memory);
    total = SaturatingAdd(total, problem.items[item].memory);
  }
  const TransferTable table(problem);
  for (const FlowId id : problem.flows.ids()) {
    const PlacementProblem::Flow& flow = problem.flows[id];
    if (flow.to.empty()) continue;
    CallInstance::Flow& mine = instance.flows.emplace_back();
    mine.from = number[flow.from];
    mine.id = id.index();
    for (const ItemId to : flow.to) mine.to |= bit(to);
    for (int32_t from = 0; from < instance.num_devices; ++from) {
      for (int32_t to = 0; to < instance.num_devices; ++to) {
        const Picos time = table.Time(id.index(), from, to);
        const Picos delay =
            size == CallSize::kOne && from != to ? table.ArrivalDelay(to) : Picos{0};
        mine.crossing.push_back(time == TransferTable::kNoRoute ? PathCosts::kNever : time + delay);
      }
    }
  }
  for (const std::vector<ItemId>& group : JoinedGroups(problem)) {
    uint64_t& mask = instance.groups.emplace_back(0);
    for (const ItemId item : group) mask |= bit(item);
  }
  for (const PlacementProblem::SharedMemory& shared : problem.shared) {
    CallInstance::Shared& mine = instance.shared.emplace_back();
    mine.bytes = shared.bytes;
    for (const ItemId item : shared.items) mine.items |= bit(item);
    total = SaturatingAdd(total, shared.bytes);
  }
  bool binds = false;
  for (const PlacementProblem::MachineDevice& device : problem.devices) {
    instance.capacity.push_back(device.memory);
    if (size == CallSize::kAny) instance.call_cost.push_back(device.part_cost);
    binds = binds || total > device.memory;
  }
  if (binds) instance.memory = std::move(memory);
  instance.classes = DeviceClasses(problem);
  return instance;
}

}  // namespace allot
