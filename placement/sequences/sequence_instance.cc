#include <algorithm>
#include <bit>

#include "placement/problem/allowed_times.h"
#include "placement/sequences/sequence_search.h"

namespace allot {
namespace {

size_t Size(int32_t i) { return static_cast<size_t>(i); }
uint64_t Bit(int32_t item) { return uint64_t{1} << item; }

}  // namespace

SequenceInstance MakeSequenceInstance(const ProblemFacts& facts, StepSize size) {
  const PlacementProblem& problem = facts.problem();
  SequenceInstance instance;
  instance.size = size;
  instance.num_items = static_cast<int32_t>(problem.items.size());
  instance.num_devices = static_cast<int32_t>(problem.devices.size());
  ALLOT_CHECK(instance.num_items <= SequenceInstance::kMaxItems);
  instance.item_of = facts.graph().topological;
  IdVector<ItemId, int32_t> number(problem.items.size());
  const auto bit = [&number](ItemId item) { return uint64_t{1} << number[item]; };
  const ItemTimes& allowed = facts.allowed_times();
  instance.time.Assign(0, problem.devices.size(), 0);
  Bytes total = 0;
  std::vector<Bytes> memory;
  for (size_t i = 0; i < instance.item_of.size(); ++i) {
    const ItemId item = instance.item_of[i];
    number[item] = static_cast<int32_t>(i);
    instance.time.AddRow(allowed.row(item));
    memory.push_back(problem.items[item].memory);
    total = SaturatingAdd(total, problem.items[item].memory);
  }
  const std::shared_ptr<const TransferTable> table = facts.transfers();
  for (const FlowId id : problem.flows.ids()) {
    const PlacementProblem::Flow& flow = problem.flows[id];
    if (flow.to.empty()) continue;
    SequenceInstance::Flow& mine = instance.flows.emplace_back();
    mine.from = number[flow.from];
    mine.id = id.index();
    for (const ItemId to : flow.to) mine.to |= bit(to);
    mine.crossing.Assign(problem.devices.size(), problem.devices.size(), kNever);
    for (const DeviceId from : problem.devices.ids()) {
      for (const DeviceId to : problem.devices.ids()) {
        const Picos time = table->Time(id.index(), from.index(), to.index());
        const bool waits = size == StepSize::kOne && from != to;
        const Picos delay = waits ? table->ArrivalDelay(to.index()) : 0;
        if (time != TransferTable::kNoRoute) mine.crossing(from, to) = time + delay;
      }
    }
  }
  for (const std::vector<ItemId>& group : facts.groups()) {
    uint64_t& mask = instance.groups.emplace_back(0);
    for (const ItemId item : group) mask |= bit(item);
  }
  for (const PlacementProblem::SharedMemory& shared : problem.shared) {
    SequenceInstance::Shared& mine = instance.shared.emplace_back();
    mine.bytes = shared.bytes;
    for (const ItemId item : shared.items) mine.items |= bit(item);
    total = SaturatingAdd(total, shared.bytes);
  }
  bool binds = false;
  for (const PlacementProblem::MachineDevice& device : problem.devices) {
    instance.capacity.push_back(device.memory);
    if (size == StepSize::kAny) instance.step_cost.push_back(device.part_cost);
    binds = binds || total > device.memory;
  }
  if (binds) instance.memory = std::move(memory);
  instance.classes = facts.device_classes();
  return instance;
}

SequenceInstance Reversed(const SequenceInstance& in) {
  ALLOT_CHECK(in.size == StepSize::kOne && in.step_cost.empty());
  SequenceInstance out;
  out.num_items = in.num_items;
  out.num_devices = in.num_devices;
  const int32_t n = in.num_items;
  const IdRange<DeviceId> devices(Size(in.num_devices));
  out.time.Assign(Size(n), devices.size(), 0);
  out.release.Assign(Size(n), devices.size(), 0);
  out.follow.Assign(Size(n), devices.size(), 0);
  for (int32_t item = 0; item < n; ++item) {
    const int32_t mirror = n - 1 - item;
    for (const DeviceId d : devices) {
      Picos& follow = out.follow(mirror, d);
      Picos& release = out.release(mirror, d);
      out.time(mirror, d) = in.time(item, d);
      // What an item waits for has to follow it, and what follows it is waited for.
      if (!in.release.empty()) follow = in.release(item, d);
      if (!in.ready.empty()) follow = std::max(follow, in.ready[Size(d.index())]);
      if (!in.follow.empty()) release = in.follow(item, d);
      if (!in.after.empty()) release = std::max(release, in.after(item, d));
    }
  }
  const auto mirrored = [n](uint64_t set) {
    uint64_t result = 0;
    for (; set != 0; set &= set - 1) result |= Bit(n - 1 - std::countr_zero(set));
    return result;
  };
  for (const SequenceInstance::Flow& flow : in.flows) {
    for (uint64_t set = flow.to; set != 0; set &= set - 1) {
      SequenceInstance::Flow& mine = out.flows.emplace_back();
      mine.from = n - 1 - std::countr_zero(set);
      mine.to = Bit(n - 1 - flow.from);
      mine.id = flow.id;
      mine.crossing.Assign(devices.size(), devices.size(), kNever);
      for (const DeviceId k : devices) {
        for (const DeviceId l : devices) mine.crossing(k, l) = flow.crossing(l, k);
      }
    }
  }
  for (const uint64_t group : in.groups) out.groups.push_back(mirrored(group));
  for (const SequenceInstance::Shared& shared : in.shared) {
    out.shared.push_back({shared.bytes, mirrored(shared.items)});
  }
  out.memory.assign(in.memory.rbegin(), in.memory.rend());
  out.item_of.assign(in.item_of.rbegin(), in.item_of.rend());
  out.capacity = in.capacity;
  out.classes = in.classes;
  return out;
}

}  // namespace allot
