#include "placement/value/evaluator.h"

#include <algorithm>

#include "placement/problem/contiguity.h"

namespace allot {

Evaluator::Evaluator(const ProblemFacts& facts)
    : problem_(facts.problem()),
      table_(facts.transfers()),
      flat_(facts.flat_graph()),
      memory_(problem_),
      times_(problem_.items.size(), problem_.devices.size(), -1),
      duration_(problem_.items.size()),
      last_use_(problem_.devices.size()),
      stamp_(problem_.devices.size()) {
  const PlacementProblem& problem = problem_;
  for (const ItemId id : problem.items.ids()) {
    const PlacementProblem::Item& item = problem.items[id];
    workspace_.push_back(item.workspace);
    for (const DeviceId device : problem.devices.ids()) {
      times_(id, device) = item.time[device].value_or(-1);
      all_run_anywhere_ = all_run_anywhere_ && item.time[device].has_value();
    }
  }
  for (const std::vector<ItemId>& group : facts.groups()) {
    std::vector<int32_t>& items = groups_.emplace_back();
    for (const ItemId item : group) items.push_back(item.index());
  }
  if (problem.contiguous) {
    for (const auto& [before, after] : ContiguityPairs(problem)) {
      contiguity_.emplace_back(before.index(), after.index());
    }
  }
  bool routed = false;  // any flow that needs a route
  for (const PlacementProblem::Flow& flow : problem.flows) {
    routed = routed || (flow.time.empty() && flow.staging.empty());
  }
  for (const DeviceId from : problem.devices.ids()) {
    for (const DeviceId to : problem.devices.ids()) {
      if (routed && from != to &&
          (problem.routes.empty() || !problem.routes[from][to].has_value())) {
        all_routes_ = false;
      }
    }
  }
}

int64_t Evaluator::Prepare(const int32_t* device) {
  for (size_t i = 0; i < duration_.size(); ++i) {
    duration_[i] = std::max<Picos>(times_(ItemId(i), DeviceId(device[i])), 0);
  }
  return Violations(device);
}

int64_t Evaluator::Violations(const int32_t* device) {
  int64_t violations = 0;
  if (!all_run_anywhere_) {
    for (size_t i = 0; i < duration_.size(); ++i) {
      violations += times_(ItemId(i), DeviceId(device[i])) < 0 ? 1 : 0;
    }
  }
  for (const std::vector<int32_t>& group : groups_) {
    for (const int32_t item : group) violations += device[item] != device[group[0]] ? 1 : 0;
  }
  if (!contiguity_.empty()) violations += Entangled(device);
  if (all_routes_) return violations;
  for (int32_t node = 0; node < flat_->num_nodes(); ++node) {
    const int32_t from = device[node];
    for (int32_t slot = flat_->slot_begin[node]; slot < flat_->slot_begin[node + 1]; ++slot) {
      for (int32_t c = flat_->consumer_begin[slot]; c < flat_->consumer_begin[slot + 1]; ++c) {
        const int32_t to = device[flat_->consumers[c]];
        if (table_->Time(flat_->slot_flow[slot], from, to) < 0) ++violations;
      }
    }
  }
  return violations;
}

int64_t Evaluator::Entangled(const int32_t* device) {
  const size_t num_devices = last_use_.size();
  leads_.Assign(num_devices, num_devices, 0);
  entering_.assign(num_devices, 0);
  for (const auto& [before, after] : contiguity_) {
    const size_t from = device[before], to = device[after];
    if (from == to || leads_(from, to)) continue;
    leads_(from, to) = 1;
    ++entering_[to];
  }
  // Takes away devices that nothing enters, as long as there are any.
  auto left = static_cast<int64_t>(num_devices);
  for (bool any = true; any;) {
    any = false;
    for (size_t from = 0; from < num_devices; ++from) {
      if (entering_[from] != 0) continue;
      entering_[from] = -1;
      --left;
      any = true;
      for (size_t to = 0; to < num_devices; ++to) {
        if (leads_(from, to)) --entering_[to];
      }
    }
  }
  return left;
}

// Loads of devices and channels, and what a device costs that holds anything under
// launch_on_arrival.
void Evaluator::AddLoads(const int32_t* device) {
  loads_.Run(*flat_, *table_, device, duration_.data());
  ++now_;
  for (size_t i = 0; i < duration_.size(); ++i) {
    const int32_t d = device[i];
    if (stamp_[d] == now_) continue;
    stamp_[d] = now_;
    loads_.device()[d] += table_->ArrivalDelay(d);
  }
}

Bytes Evaluator::Excess(const int32_t* device, Picos makespan) {
  const std::vector<Bytes>& peak =
      sweep_.Run(*flat_, problem_, device, workspace_.data(), simulation_, makespan, transfers_,
                 memory_.resident(), &memory_.tight());
  Bytes excess = 0;
  for (size_t d = 0; d < peak.size(); ++d) {
    excess += std::max<Bytes>(0, peak[d] - memory_.capacity(d));
  }
  return excess;
}

SearchValue Evaluator::Value(const int32_t* device, const int32_t* order) {
  SearchValue value;
  value.violations = Prepare(device);
  const bool fits = memory_.always_fits() || memory_.CertainlyFits(device);
  const bool latency = problem_.objective == PlacementObjective::kLatency;
  if (latency || !fits) {
    const Picos makespan = simulation_.Run(*flat_, *table_, device, duration_.data(), order,
                                           fits ? nullptr : &transfers_);
    if (!fits) value.excess = Excess(device, makespan);
    value.objective = makespan;
  }
  if (latency) {
    std::fill(last_use_.begin(), last_use_.end(), 0);
    for (size_t i = 0; i < duration_.size(); ++i) {
      last_use_[device[i]] = std::max(last_use_[device[i]], simulation_.end()[i]);
    }
    for (const Picos last : last_use_) value.secondary += last;
    return value;
  }
  AddLoads(device);
  value.objective = loads_.Largest();
  value.secondary = loads_.Total();
  return value;
}

void Evaluator::Unpack(const Solution& solution) {
  ALLOT_CHECK(solution.device_of.size() == problem_.items.size());
  ALLOT_CHECK(solution.order.size() == problem_.items.size());
  device_.clear();
  order_.clear();
  for (const DeviceId device : solution.device_of) {
    ALLOT_CHECK(problem_.devices.Contains(device));
    device_.push_back(device.index());
  }
  for (const ItemId item : solution.order) {
    ALLOT_CHECK(problem_.items.Contains(item));
    order_.push_back(item.index());
  }
}

SearchValue Evaluator::Value(const Solution& solution) {
  Unpack(solution);
  return Value(device_.data(), order_.data());
}

Picos Evaluator::Simulate(const int32_t* device, const int32_t* order,
                          std::vector<FlatTransfer>* transfers) {
  Prepare(device);
  return simulation_.Run(*flat_, *table_, device, duration_.data(), order, transfers);
}

Score Evaluator::FullScore(const Solution& solution) {
  Unpack(solution);
  const size_t num_devices = problem_.devices.size();
  Score score;
  score.feasible = Prepare(device_.data()) == 0;
  score.makespan = simulation_.Run(*flat_, *table_, device_.data(), duration_.data(), order_.data(),
                                   &transfers_);
  for (const FlatTransfer& transfer : transfers_) {
    if (transfer.from == transfer.to) continue;  // a store: its loads count
    score.moved += problem_.flows[FlowId(transfer.flow)].bytes;
  }
  const std::vector<Bytes>& resident = memory_.Resident(device_.data());
  score.resident = IdVector<DeviceId, Bytes>(num_devices);
  score.resident.raw() = resident;
  score.peak.raw() = sweep_.Run(*flat_, problem_, device_.data(), workspace_.data(), simulation_,
                                score.makespan, transfers_, resident);
  for (size_t d = 0; d < num_devices; ++d) {
    if (score.peak.raw()[d] > memory_.capacity(d)) score.feasible = false;
  }
  AddLoads(device_.data());
  score.load.raw() = loads_.device();
  score.channel_load.raw() = loads_.channel();
  const bool latency = problem_.objective == PlacementObjective::kLatency;
  score.objective = latency ? score.makespan : loads_.Largest();
  return score;
}

}  // namespace allot
