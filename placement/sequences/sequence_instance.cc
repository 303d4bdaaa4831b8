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
  const std::vector<Picos>& allowed = facts.allowed_times();
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
  const std::shared_ptr<const TransferTable> table = facts.transfers();
  for (const FlowId id : problem.flows.ids()) {
    const PlacementProblem::Flow& flow = problem.flows[id];
    if (flow.to.empty()) continue;
    SequenceInstance::Flow& mine = instance.flows.emplace_back();
    mine.from = number[flow.from];
    mine.id = id.index();
    for (const ItemId to : flow.to) mine.to |= bit(to);
    for (int32_t from = 0; from < instance.num_devices; ++from) {
      for (int32_t to = 0; to < instance.num_devices; ++to) {
        const Picos time = table->Time(id.index(), from, to);
        const Picos delay =
            size == StepSize::kOne && from != to ? table->ArrivalDelay(to) : Picos{0};
        mine.crossing.push_back(time == TransferTable::kNoRoute ? kNever : time + delay);
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
  const int32_t n = in.num_items, num_devices = in.num_devices;
  const size_t cells = Size(n) * Size(num_devices);
  out.time.resize(cells);
  out.release.assign(cells, 0);
  out.follow.assign(cells, 0);
  for (int32_t item = 0; item < n; ++item) {
    for (int32_t d = 0; d < num_devices; ++d) {
      const size_t from = Size(item) * Size(num_devices) + Size(d);
      const size_t to = Size(n - 1 - item) * Size(num_devices) + Size(d);
      out.time[to] = in.time[from];
      // What an item waits for has to follow it, and what follows it is waited for.
      if (!in.release.empty()) out.follow[to] = in.release[from];
      if (!in.ready.empty()) out.follow[to] = std::max(out.follow[to], in.ready[Size(d)]);
      if (!in.follow.empty()) out.release[to] = in.follow[from];
      if (!in.after.empty()) out.release[to] = std::max(out.release[to], in.after[from]);
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
      for (int32_t k = 0; k < num_devices; ++k) {
        for (int32_t l = 0; l < num_devices; ++l) {
          mine.crossing.push_back(flow.crossing[Size(l) * Size(num_devices) + Size(k)]);
        }
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
