#include "placement/parts/part_evaluator.h"

#include <algorithm>
#include <functional>
#include <limits>
#include <numeric>

namespace allot {

PartEvaluator::PartEvaluator(const PlacementProblem& problem, const ProblemGraph& graph)
    : problem_(problem),
      graph_(graph),
      items_(problem, graph),
      table_(problem, Launch::kPerGroup),
      memory_(problem) {
  bool limited = false;
  for (const PlacementProblem::MachineDevice& device : problem.devices) {
    part_cost_.push_back(device.part_cost);
    limited = limited || device.max_parts > 0;
  }
  if (limited) parts_left_.resize(problem.devices.size());
  leaving_.Resize(problem.flows.size());
  flow_begin_.push_back(0);
  for (const PlacementProblem::Flow& flow : problem.flows) {
    flow_from_.push_back(flow.from.index());
    for (const ItemId to : flow.to) flow_to_.push_back(to.index());
    flow_begin_.push_back(static_cast<int32_t>(flow_to_.size()));
  }
  quotient_.slot_begin.assign(1, 0);
  quotient_.slot_flow.resize(flow_from_.size());
  quotient_.consumer_begin.assign(flow_from_.size() + 1, 0);
  quotient_.consumers.resize(flow_to_.size());
}

void PartEvaluator::FindLeaving(const int32_t* part_of) {
  leaving_.Clear();
  const auto num_flows = static_cast<int32_t>(flow_from_.size());
  for (int32_t flow = 0; flow < num_flows; ++flow) {
    if (Leaves(flow, part_of)) leaving_.Set(flow);
  }
}

// The flows between parts, each with its distinct consuming parts; a part's flows ascend.
void PartEvaluator::BuildQuotient(const int32_t* part_of, int32_t num_parts, const Bits& leaving) {
  quotient_.slot_begin.assign(num_parts + 1, 0);
  quotient_.num_inputs.assign(num_parts, 0);
  quotient_.first_flow.assign(num_parts, -1);
  leaving.ForEach([&](int32_t flow) { ++quotient_.slot_begin[part_of[flow_from_[flow]] + 1]; });
  std::partial_sum(quotient_.slot_begin.begin(), quotient_.slot_begin.end(),
                   quotient_.slot_begin.begin());
  fill_.assign(quotient_.slot_begin.begin(), quotient_.slot_begin.end() - 1);
  leaving.ForEach([&](int32_t flow) {
    const int32_t from = part_of[flow_from_[flow]];
    quotient_.slot_flow[fill_[from]++] = flow;
    int32_t& first = quotient_.first_flow[from];
    if (first < 0 && flow_begin_[flow] < flow_begin_[flow + 1]) first = flow;
  });
  stamp_.assign(num_parts, -1);
  int32_t* const consumers = quotient_.consumers.data();
  int32_t count = 0;
  for (int32_t part = 0; part < num_parts; ++part) {
    const int32_t end = quotient_.slot_begin[part + 1];
    for (int32_t slot = quotient_.slot_begin[part]; slot < end; ++slot) {
      const int32_t flow = quotient_.slot_flow[slot];
      const int32_t first = flow_begin_[flow], last = flow_begin_[flow + 1];
      if (last - first == 1) {  // in another part, as it leaves
        const int32_t to = part_of[flow_to_[first]];
        consumers[count++] = to;
        ++quotient_.num_inputs[to];
      } else {
        stamp_[part] = slot;
        for (int32_t c = first; c < last; ++c) {
          const int32_t to = part_of[flow_to_[c]];
          if (stamp_[to] == slot) continue;
          stamp_[to] = slot;
          consumers[count++] = to;
          ++quotient_.num_inputs[to];
        }
      }
      quotient_.consumer_begin[slot + 1] = count;
    }
  }
}

// As Contract() defines them: the peak of what is live inside a part along the topological order.
void PartEvaluator::FindWorkspaces(const int32_t* part_of, int32_t num_parts, const Bits& leaving) {
  const auto num_flows = static_cast<int32_t>(flow_from_.size());
  uses_.resize(num_flows);
  for (int32_t flow = 0; flow < num_flows; ++flow) {
    uses_[flow] = flow_begin_[flow + 1] - flow_begin_[flow];
  }
  leaving.ForEach([this](int32_t flow) { uses_[flow] = 0; });
  live_.assign(num_parts, 0);
  workspace_.assign(num_parts, 0);
  for (const ItemId item : graph_.topological) {
    const int32_t part = part_of[item.index()];
    for (const FlowId flow : graph_.outputs[item]) {
      if (uses_[flow.index()] > 0) live_[part] += problem_.flows[flow].bytes;
    }
    workspace_[part] = std::max(workspace_[part], live_[part] + problem_.items[item].workspace);
    for (const FlowId flow : graph_.inputs[item]) {
      int32_t& uses = uses_[flow.index()];
      if (uses > 0 && --uses == 0) live_[part] -= problem_.flows[flow].bytes;
    }
  }
}

Picos PartEvaluator::Simulate(const PartTable& parts, std::vector<FlatTransfer>* transfers) {
  order_.resize(parts.num_parts);
  std::iota(order_.begin(), order_.end(), 0);
  return simulation_.Run(quotient_, table_, parts.part_device, duration_.data(), order_.data(),
                         transfers);
}

int64_t PartEvaluator::PartsTooMany(const PartTable& parts) {
  constexpr int64_t kAny = std::numeric_limits<int64_t>::max();
  for (const DeviceId device : problem_.devices.ids()) {
    const int64_t most = problem_.devices[device].max_parts;
    parts_left_[static_cast<size_t>(device.index())] = most > 0 ? most : kAny;
  }
  int64_t too_many = 0;
  for (int32_t part = 0; part < parts.num_parts; ++part) {
    int64_t& left = parts_left_[static_cast<size_t>(parts.part_device[part])];
    left > 0 ? --left : ++too_many;
  }
  return too_many;
}

SearchValue PartEvaluator::Value(const int32_t* device, const int32_t* part_of, int32_t num_parts) {
  FindLeaving(part_of);
  part_device_.assign(num_parts, 0);
  part_time_.assign(num_parts, 0);
  const auto num_items = static_cast<int32_t>(problem_.items.size());
  for (int32_t item = 0; item < num_items; ++item) {
    const int32_t part = part_of[item];
    part_device_[part] = device[item];
    part_time_[part] += std::max<Picos>(items_.Time(item, device[item]), 0);
  }
  return Value({device, part_of, num_parts, part_device_.data(), part_time_.data(), leaving_});
}

SearchValue PartEvaluator::Value(const PartTable& parts) {
  SearchValue value;
  value.secondary = parts.num_parts;
  value.violations = items_.Violations(parts.device);
  BuildQuotient(parts.part_of, parts.num_parts, parts.leaving);
  duration_.resize(parts.num_parts);
  for (int32_t part = 0; part < parts.num_parts; ++part) {
    duration_[part] = parts.part_time[part] + part_cost_[parts.part_device[part]];
  }

  if (!parts_left_.empty()) value.violations += PartsTooMany(parts);
  const bool fits = memory_.always_fits() || memory_.CertainlyFits(parts.device);
  const bool latency = problem_.objective == PlacementObjective::kLatency;
  if (latency || !fits) value.objective = Simulate(parts, fits ? nullptr : &transfers_);
  if (!fits) {
    FindWorkspaces(parts.part_of, parts.num_parts, parts.leaving);
    const std::vector<Bytes>& peak =
        sweep_.Run(quotient_, problem_, parts.part_device, workspace_.data(), simulation_,
                   value.objective, transfers_, memory_.resident(), &memory_.tight());
    for (size_t d = 0; d < peak.size(); ++d) {
      value.excess += std::max<Bytes>(0, peak[d] - memory_.capacity(d));
    }
  }
  smooth_load_ = 0;
  if (latency) return value;
  loads_.Run(quotient_, table_, parts.part_device, duration_.data());
  value.objective = loads_.Largest();
  if (load_unit_ == 0) load_unit_ = std::max<Picos>(value.objective, 1);
  smooth_load_ = loads_.Eighths(load_unit_);
  return value;
}

bool PartEvaluator::RescaleLoads() {
  if (problem_.objective == PlacementObjective::kLatency) return false;
  load_unit_ = std::max<Picos>(loads_.Largest(), 1);
  smooth_load_ = loads_.Eighths(load_unit_);
  return true;
}

bool PartEvaluator::NumberParts(const std::vector<int64_t>& rank, int32_t num_labels,
                                int32_t* part_of) {
  FindLeaving(part_of);
  BuildQuotient(part_of, num_labels, leaving_);
  std::vector<int32_t>& missing = quotient_.num_inputs;
  ready_.clear();
  const auto later = std::greater<std::pair<int64_t, int32_t>>();
  for (int32_t label = 0; label < num_labels; ++label) {
    if (missing[label] == 0) ready_.emplace_back(rank[label], label);
  }
  std::make_heap(ready_.begin(), ready_.end(), later);
  number_.assign(num_labels, -1);
  int32_t done = 0;
  while (!ready_.empty()) {
    std::pop_heap(ready_.begin(), ready_.end(), later);
    const int32_t label = ready_.back().second;
    ready_.pop_back();
    number_[label] = done++;
    const int32_t end = quotient_.consumer_begin[quotient_.slot_begin[label + 1]];
    for (int32_t c = quotient_.consumer_begin[quotient_.slot_begin[label]]; c < end; ++c) {
      const int32_t to = quotient_.consumers[c];
      if (--missing[to] > 0) continue;
      ready_.emplace_back(rank[to], to);
      std::push_heap(ready_.begin(), ready_.end(), later);
    }
  }
  if (done < num_labels) return false;
  for (size_t i = 0; i < problem_.items.size(); ++i) part_of[i] = number_[part_of[i]];
  return true;
}

PartedSolution MakeParted(const PlacementProblem& problem, const std::vector<int32_t>& device,
                          const std::vector<int32_t>& part_of, int32_t num_parts,
                          const std::vector<ItemId>& order) {
  PartedSolution parted;
  parted.parts.num_parts = static_cast<size_t>(num_parts);
  for (size_t i = 0; i < device.size(); ++i) {
    parted.items.device_of.Add(DeviceId(device[i]));
    parted.parts.part_of.Add(ItemId(part_of[i]));
  }
  parted.items.order = order;
  std::stable_sort(parted.items.order.begin(), parted.items.order.end(),
                   [&](ItemId a, ItemId b) { return part_of[a.index()] < part_of[b.index()]; });
  parted.score = EvaluateParts(problem, parted.items, parted.parts);
  return parted;
}

}  // namespace allot
