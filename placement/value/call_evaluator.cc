#include "placement/value/call_evaluator.h"

#include <algorithm>
#include <utility>

namespace allot {

CallEvaluator::CallEvaluator(const ProblemFacts& facts)
    : problem_(facts.problem()),
      memory_(problem_),
      num_items_(static_cast<int32_t>(problem_.items.size())),
      num_devices_(static_cast<int32_t>(problem_.devices.size())),
      calls_(problem_.calls_per_device),
      num_calls_(num_devices_ * calls_),
      times_(problem_.items.size(), problem_.devices.size(), -1),
      staging_(problem_.flows.size(), problem_.devices.size(), 0) {
  const PlacementProblem& problem = problem_;
  const ProblemGraph& graph = facts.graph();
  ALLOT_CHECK(problem.execution == Execution::kCalls);
  for (const PlacementProblem::MachineDevice& device : problem.devices) {
    pool_.push_back(device.pool ? 1 : 0);
  }
  for (const ItemId item : problem.items.ids()) {
    for (const DeviceId device : problem.devices.ids()) {
      times_(item, device) = problem.items[item].time[device].value_or(-1);
    }
  }
  flow_begin_.push_back(0);
  for (const FlowId id : problem.flows.ids()) {
    const PlacementProblem::Flow& flow = problem.flows[id];
    from_.push_back(flow.from.index());
    for (const ItemId to : flow.to) flow_to_.push_back(to.index());
    flow_begin_.push_back(static_cast<int32_t>(flow_to_.size()));
    if (flow.staging.empty()) continue;
    for (const DeviceId device : problem.devices.ids()) {
      staging_(id, device) = flow.staging[device];
    }
  }
  out_begin_.push_back(0);
  for (const ItemId item : problem.items.ids()) {
    for (const FlowId flow : graph.outputs[item]) out_.push_back(flow.index());
    out_begin_.push_back(static_cast<int32_t>(out_.size()));
  }
  for (const std::vector<ItemId>& group : facts.groups()) {
    std::vector<int32_t>& items = groups_.emplace_back();
    for (const ItemId item : group) items.push_back(item.index());
  }
  node_of_.resize(num_items_);
  const size_t num_nodes = static_cast<size_t>(num_calls_) + num_items_;
  stamp_.assign(num_nodes, 0);
  finish_.resize(num_nodes);
  members_.resize(num_items_);
}

template <typename Visit>
void CallEvaluator::ForEachReader(int32_t flow, Visit visit) {
  const int32_t own = node_of_[from_[flow]];
  ++now_;
  for (int32_t c = flow_begin_[flow]; c < flow_begin_[flow + 1]; ++c) {
    const int32_t node = node_of_[flow_to_[c]];
    if (node == own || stamp_[node] == now_) continue;
    stamp_[node] = now_;
    visit(node);
  }
}

void CallEvaluator::BuildNodes(const int32_t* device, const int32_t* call) {
  const size_t num_nodes = static_cast<size_t>(num_calls_) + num_items_;
  if (now_ > (1 << 30)) {
    now_ = 0;
    std::fill(stamp_.begin(), stamp_.end(), 0);
  }
  violations_ = 0;
  duration_.assign(num_nodes, 0);
  start_.assign(num_nodes, 0);
  missing_.assign(num_nodes, 0);
  size_.assign(num_calls_, 0);
  for (int32_t i = 0; i < num_items_; ++i) {
    const int32_t d = device[i];
    Picos time = times_(ItemId(i), DeviceId(d));
    if (time < 0) {
      ++violations_;
      time = 0;
    }
    if (pool_[d]) {
      node_of_[i] = num_calls_ + i;
      duration_[node_of_[i]] = time;
      continue;
    }
    int32_t number = call == nullptr ? 0 : call[i];
    if (number < 0 || number >= calls_) {
      ++violations_;
      number = 0;
    }
    node_of_[i] = d * calls_ + number;
    duration_[node_of_[i]] += time;
    if (size_[node_of_[i]]++ == 0) {
      duration_[node_of_[i]] += problem_.devices[DeviceId(d)].part_cost;
    }
  }
  for (const std::vector<int32_t>& group : groups_) {
    for (const int32_t item : group) violations_ += device[item] != device[group[0]] ? 1 : 0;
  }
  member_begin_.assign(num_calls_ + 1, 0);
  for (int32_t c = 0; c < num_calls_; ++c) member_begin_[c + 1] = member_begin_[c] + size_[c];
  for (int32_t i = num_items_; i-- > 0;) {
    if (node_of_[i] < num_calls_) members_[member_begin_[node_of_[i]] + --size_[node_of_[i]]] = i;
  }
  for (int32_t c = 0; c < num_calls_; ++c) size_[c] = member_begin_[c + 1] - member_begin_[c];
  for (int32_t flow = 0; flow < static_cast<int32_t>(from_.size()); ++flow) {
    const int32_t own = node_of_[from_[flow]];
    const absl::Span<const Picos> staging = std::as_const(staging_).row(FlowId(flow));
    bool read = false;
    ForEachReader(flow, [&](int32_t node) {
      read = true;
      ++missing_[node];
      if (node < num_calls_) duration_[node] += staging[node / calls_];
    });
    if (read && own < num_calls_) duration_[own] += staging[own / calls_];
  }
}

SearchValue CallEvaluator::Value(const int32_t* device, const int32_t* call) {
  BuildNodes(device, call);
  SearchValue value;
  // The calls of a device wait for each other as numbered; empty ones do not exist.
  for (int32_t d = 0; d < num_devices_; ++d) {
    int32_t before = -1;
    for (int32_t c = d * calls_; c < (d + 1) * calls_; ++c) {
      if (size_[c] == 0) continue;
      if (before >= 0) ++missing_[c];
      before = c;
    }
  }
  ready_.clear();
  for (int32_t c = 0; c < num_calls_; ++c) {
    if (size_[c] > 0 && missing_[c] == 0) ready_.push_back(c);
  }
  for (int32_t i = 0; i < num_items_; ++i) {
    if (node_of_[i] >= num_calls_ && missing_[node_of_[i]] == 0) ready_.push_back(node_of_[i]);
  }
  int32_t done = 0;
  const auto reach = [this](int32_t node, Picos when) {
    start_[node] = std::max(start_[node], when);
    if (--missing_[node] == 0) ready_.push_back(node);
  };
  while (!ready_.empty()) {
    const int32_t node = ready_.back();
    ready_.pop_back();
    const Picos end = finish_[node] = start_[node] + duration_[node];
    value.objective = std::max(value.objective, end);
    value.secondary += duration_[node];
    const bool is_call = node < num_calls_;
    const int32_t single = node - num_calls_;
    const int32_t* member = is_call ? &members_[member_begin_[node]] : &single;
    const int32_t count = is_call ? size_[node] : 1;
    done += count;
    for (int32_t m = 0; m < count; ++m) {
      for (int32_t o = out_begin_[member[m]]; o < out_begin_[member[m] + 1]; ++o) {
        ForEachReader(out_[o], [&](int32_t reader) { reach(reader, end); });
      }
    }
    if (!is_call) continue;
    for (int32_t c = node + 1; c < (node / calls_ + 1) * calls_; ++c) {
      if (size_[c] == 0) continue;
      reach(c, end);
      break;
    }
  }
  value.violations = violations_ + (num_items_ - done);
  if (!memory_.always_fits()) {
    const std::vector<Bytes>& resident = memory_.Resident(device);
    for (int32_t d = 0; d < num_devices_; ++d) {
      value.excess += std::max<Bytes>(0, resident[d] - memory_.capacity(d));
    }
  }
  return value;
}

SearchValue CallEvaluator::Value(const Solution& solution) {
  ALLOT_CHECK(solution.device_of.size() == problem_.items.size());
  ALLOT_CHECK(solution.call_of.empty() || solution.call_of.size() == problem_.items.size());
  std::vector<int32_t> device;
  for (const DeviceId d : solution.device_of) {
    ALLOT_CHECK(problem_.devices.Contains(d));
    device.push_back(d.index());
  }
  return Value(device.data(), solution.call_of.empty() ? nullptr : solution.call_of.raw().data());
}

Score CallEvaluator::FullScore(const Solution& solution) {
  const SearchValue value = Value(solution);
  Score score;
  score.feasible = value.feasible();
  score.objective = score.makespan = value.objective;
  std::vector<int32_t> device;
  for (const DeviceId d : solution.device_of) device.push_back(d.index());
  score.resident.raw() = score.peak.raw() = memory_.Resident(device.data());
  score.load = IdVector<DeviceId, Picos>(problem_.devices.size());
  score.channel_load = IdVector<ChannelId, Picos>(problem_.num_channels);
  for (int32_t c = 0; c < num_calls_; ++c) score.load[DeviceId(c / calls_)] += duration_[c];
  for (int32_t i = 0; i < num_items_; ++i) {
    if (node_of_[i] >= num_calls_) score.load[DeviceId(device[i])] += duration_[node_of_[i]];
  }
  for (int32_t flow = 0; flow < static_cast<int32_t>(from_.size()); ++flow) {
    ForEachReader(flow, [&](int32_t) { score.moved += problem_.flows[FlowId(flow)].bytes; });
  }
  return score;
}

Schedule CallEvaluator::FullSchedule(const Solution& solution) {
  Value(solution);
  Schedule schedule;
  for (int32_t i = 0; i < num_items_; ++i) {
    schedule.start.Add(start(i));
    schedule.end.Add(end(i));
  }
  return schedule;
}

}  // namespace allot
