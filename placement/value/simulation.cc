#include "placement/value/simulation.h"

#include <algorithm>
#include <unordered_map>

#include "support/id_table.h"

namespace allot {
namespace {

// Beyond this many entries, times are computed when asked for.
constexpr size_t kMaxTable = size_t{1} << 22;

}  // namespace

TransferTable::TransferTable(const PlacementProblem& problem, Launch launch)
    : problem_(&problem),
      num_devices_(problem.devices.size()),
      num_channels_(static_cast<int32_t>(problem.num_channels)),
      communication_(problem.communication),
      tabulated_(problem.flows.size() * num_devices_ * num_devices_ <= kMaxTable),
      channels_(problem) {
  if (tabulated_) {
    times_.Assign(0, num_devices_, num_devices_, kNoRoute);
    times_.ReservePages(problem.flows.size());
    IdTable<DeviceId, DeviceId, Picos> page(num_devices_, num_devices_);
    std::unordered_map<Bytes, FlowId> known;  // by size, the first flow of it
    for (const FlowId flow : problem.flows.ids()) {
      if (problem.flows[flow].time.empty() && problem.flows[flow].staging.empty()) {
        const auto [same, is_new] = known.emplace(problem.flows[flow].bytes, flow);
        if (!is_new) {
          std::ranges::copy(times_.page(same->second), page.cells().begin());
          times_.AddPage(page.cells());
          continue;
        }
      }
      for (const DeviceId from : problem.devices.ids()) {
        for (const DeviceId to : problem.devices.ids()) {
          page(from, to) = problem.TransferTime(flow, from, to).value_or(kNoRoute);
        }
      }
      times_.AddPage(page.cells());
    }
  }
  for (const PlacementProblem::Flow& flow : problem.flows) {
    staged_.push_back(flow.staging.empty() ? 0 : 1);
    any_staged_ = any_staged_ || !flow.staging.empty();
  }
  const bool delays = problem.launch_on_arrival && launch == Launch::kIgnore;
  for (const PlacementProblem::MachineDevice& device : problem.devices) {
    arrival_delay_.push_back(delays ? device.part_cost : 0);
  }
}

Picos TransferTable::Compute(FlowId flow, int32_t from, int32_t to) const {
  return problem_->TransferTime(flow, DeviceId(from), DeviceId(to)).value_or(kNoRoute);
}

FlatGraph BuildFlatGraph(const PlacementProblem& problem, const ProblemGraph& graph) {
  FlatGraph flat;
  flat.num_inputs.resize(problem.items.size());
  flat.first_flow.resize(problem.items.size(), -1);
  flat.slot_begin.push_back(0);
  flat.consumer_begin.push_back(0);
  for (const ItemId item : problem.items.ids()) {
    for (const FlowId flow : graph.outputs[item]) {
      for (const ItemId to : problem.flows[flow].to) {
        flat.consumers.push_back(to.index());
        ++flat.num_inputs[to.index()];
      }
      int32_t& first = flat.first_flow[item.index()];
      if (first < 0 && !problem.flows[flow].to.empty()) first = flow.index();
      flat.slot_flow.push_back(flow.index());
      flat.consumer_begin.push_back(static_cast<int32_t>(flat.consumers.size()));
    }
    flat.slot_begin.push_back(static_cast<int32_t>(flat.slot_flow.size()));
  }
  return flat;
}

Picos Simulation::Run(const FlatGraph& graph, const TransferTable& table, const int32_t* device,
                      const Picos* duration, const int32_t* order,
                      std::vector<FlatTransfer>* transfers) {
  graph_ = &graph;
  table_ = &table;
  device_ = device;
  duration_ = duration;
  transfers_ = transfers;
  blocking_ = table.communication() == Communication::kBlocking;
  if (transfers_ != nullptr) transfers_->clear();

  const auto num_devices = static_cast<size_t>(table.num_devices());
  start_.resize(graph.num_nodes());
  end_.resize(graph.num_nodes());
  arrived_.assign(graph.num_nodes(), 0);
  device_free_.assign(num_devices, 0);
  arrival_.resize(num_devices);
  receivers_.assign((num_devices + 63) / 64, 0);
  return table.communication() == Communication::kDelay ? RunDelay(order) : RunEvents(order);
}

// Calls visit(device) for each device but `from` that consumes the slot's flow, ascending.
template <typename Visit>
void Simulation::ForEachReceiver(int32_t slot, int32_t from, Visit visit) {
  bool any = false;
  const int32_t end = graph_->consumer_begin[slot + 1];
  for (int32_t i = graph_->consumer_begin[slot]; i < end; ++i) {
    const int32_t to = device_[graph_->consumers[i]];
    if (to == from) continue;
    any = true;
    receivers_[static_cast<size_t>(to) / 64] |= uint64_t{1} << (to % 64);
  }
  if (!any) return;
  for (size_t word = 0; word < receivers_.size(); ++word) {
    for (uint64_t bits = receivers_[word]; bits != 0; bits &= bits - 1) {
      visit(static_cast<int32_t>(word * 64) + __builtin_ctzll(bits));
    }
    receivers_[word] = 0;
  }
}

// Without contention for channels nothing depends on the order of requests, so one sweep does.
Picos Simulation::RunDelay(const int32_t* order) {
  Picos makespan = 0;
  const int32_t n = graph_->num_nodes();
  for (int32_t i = 0; i < n; ++i) {
    const int32_t node = order[i];
    const int32_t from = device_[node];
    const Picos start = std::max(device_free_[from], arrived_[node]);
    const Picos end = start + duration_[node];
    start_[node] = start;
    end_[node] = end;
    device_free_[from] = end;
    makespan = std::max(makespan, end);
    for (int32_t slot = graph_->slot_begin[node]; slot < graph_->slot_begin[node + 1]; ++slot) {
      const int32_t flow = graph_->slot_flow[slot];
      for (int32_t c = graph_->consumer_begin[slot]; c < graph_->consumer_begin[slot + 1]; ++c) {
        const int32_t consumer = graph_->consumers[c];
        const int32_t to = device_[consumer];
        Picos arrival = end;
        if (to != from) {
          arrival += std::max<Picos>(table_->Time(flow, from, to), 0) + table_->ArrivalDelay(to);
        }
        arrived_[consumer] = std::max(arrived_[consumer], arrival);
      }
      if (transfers_ == nullptr) continue;
      if (table_->Staged(flow)) {
        Picos stored = -1;
        ForEachReceiver(slot, from, [&](int32_t to) {
          if (stored < 0) stored = Stage(flow, from, from, end, slot);
          Stage(flow, from, to, stored, slot);
        });
        continue;
      }
      ForEachReceiver(slot, from, [&](int32_t to) {
        const Picos time = std::max<Picos>(table_->Time(flow, from, to), 0);
        transfers_->push_back({slot, flow, from, to, end, end + time});
      });
    }
  }
  return makespan;
}

void Simulation::Prepare(const int32_t* order) {
  const int32_t n = graph_->num_nodes();
  const int32_t num_devices = table_->num_devices();
  missing_ = graph_->num_inputs;
  channel_free_.assign(table_->num_channels(), 0);
  busy_.assign(num_devices, 0);
  end_of_last_.assign(num_devices, 0);
  pending_.assign(num_devices, Pending());
  last_.assign(num_devices, 0);
  for (int32_t node = 0; node < n; ++node) ++last_[device_[node]];
  next_.resize(num_devices);
  int32_t begin = 0;
  for (int32_t d = 0; d < num_devices; ++d) {
    next_[d] = begin;
    begin += last_[d];
    last_[d] = next_[d];
  }
  sequence_.resize(n);
  for (int32_t i = 0; i < n; ++i) sequence_[last_[device_[order[i]]]++] = order[i];
}

// Each device has at most one event to come, so the earliest is found by looking at all devices.
// Ties: ends before requests for a device, then the smaller first flow;
// what still ties has nothing to send and concerns its own device alone.
Picos Simulation::RunEvents(const int32_t* order) {
  Prepare(order);
  const int32_t num_devices = table_->num_devices();
  for (int32_t d = 0; d < num_devices; ++d) TryStart(d);
  Picos makespan = 0;
  int32_t ended = 0;
  while (true) {
    Pending event;
    for (const Pending& other : pending_) {
      if (other.time > event.time || other.node < 0) continue;
      if (other.time < event.time || other.ready < event.ready ||
          (other.ready == event.ready &&
           graph_->first_flow[other.node] < graph_->first_flow[event.node])) {
        event = other;
      }
    }
    if (event.node < 0) break;
    const int32_t d = device_[event.node];
    if (event.ready) {
      const Picos start = std::max(event.time, device_free_[d]);
      start_[event.node] = start;
      end_[event.node] = device_free_[d] = start + duration_[event.node];
      pending_[d] = {end_[event.node], event.node, false};
      continue;
    }
    makespan = std::max(makespan, event.time);
    pending_[d] = Pending();
    ++ended;
    Finish(event.node, event.time);
  }
  ALLOT_CHECK(ended == graph_->num_nodes());  // the order was topological
  return makespan;
}

void Simulation::TryStart(int32_t device) {
  if (busy_[device] || next_[device] == last_[device]) return;
  const int32_t node = sequence_[next_[device]];
  if (missing_[node] > 0) return;
  ++next_[device];
  busy_[device] = 1;
  if (blocking_) {
    // It asks for its device once the item before it has ended and its inputs are there. Only then
    // does it get its turn: transfers that are requested earlier go first.
    pending_[device] = {std::max(arrived_[node], end_of_last_[device]), node, true};
    return;
  }
  const Picos start = std::max(arrived_[node], device_free_[device]);
  start_[node] = start;
  end_[node] = device_free_[device] = start + duration_[node];
  pending_[device] = {end_[node], node, false};
}

Picos Simulation::Request(int32_t flow, int32_t from, int32_t to, Picos now, int32_t slot) {
  Picos start = now;
  const absl::Span<const int32_t> channels = table_->Channels(from, to);
  for (const int32_t channel : channels) start = std::max(start, channel_free_[channel]);
  if (blocking_) start = std::max({start, device_free_[from], device_free_[to]});
  const Picos end = start + std::max<Picos>(table_->Time(flow, from, to), 0);
  for (const int32_t channel : channels) channel_free_[channel] = end;
  if (blocking_) device_free_[from] = device_free_[to] = end;
  if (transfers_ != nullptr) transfers_->push_back({slot, flow, from, to, start, end});
  return end;
}

// A store if to == from, else a load.
Picos Simulation::Stage(int32_t flow, int32_t from, int32_t to, Picos now, int32_t slot) {
  const Picos start = blocking_ ? std::max(now, device_free_[to]) : now;
  const Picos end = start + table_->Staging(flow, to);
  if (blocking_) device_free_[to] = end;
  if (transfers_ != nullptr) transfers_->push_back({slot, flow, from, to, start, end});
  return end;
}

void Simulation::Finish(int32_t node, Picos now) {
  const int32_t from = device_[node];
  busy_[from] = 0;
  if (blocking_) end_of_last_[from] = now;
  for (int32_t slot = graph_->slot_begin[node]; slot < graph_->slot_begin[node + 1]; ++slot) {
    const int32_t flow = graph_->slot_flow[slot];
    const bool staged = table_->Staged(flow);
    const int32_t first = graph_->consumer_begin[slot];
    const int32_t last = graph_->consumer_begin[slot + 1];
    if (last - first == 1 && !staged) {  // as most are
      const int32_t consumer = graph_->consumers[first];
      const int32_t to = device_[consumer];
      Arrive(consumer, from, to,
             to == from ? now : Request(flow, from, to, now, slot) + table_->ArrivalDelay(to));
      continue;
    }
    arrival_[from] = now;
    Picos stored = -1;
    ForEachReceiver(slot, from, [&](int32_t to) {
      if (staged) {
        if (stored < 0) stored = Stage(flow, from, from, now, slot);
        arrival_[to] = Stage(flow, from, to, stored, slot) + table_->ArrivalDelay(to);
        return;
      }
      arrival_[to] = Request(flow, from, to, now, slot) + table_->ArrivalDelay(to);
    });
    for (int32_t c = first; c < last; ++c) {
      const int32_t to = device_[graph_->consumers[c]];
      Arrive(graph_->consumers[c], from, to, arrival_[to]);
    }
  }
  TryStart(from);
}

void Simulation::Arrive(int32_t consumer, int32_t from, int32_t to, Picos arrival) {
  arrived_[consumer] = std::max(arrived_[consumer], arrival);
  // An idle receiver may have waited for this; under blocking the rest of this node's transfers are
  // requested before anything that it sets off, since that is a later event.
  if (--missing_[consumer] == 0 && to != from) TryStart(to);
}

void ResourceLoads::Run(const FlatGraph& graph, const TransferTable& table, const int32_t* device,
                        const Picos* duration) {
  device_.assign(table.num_devices(), 0);
  channel_.assign(table.num_channels(), 0);
  for (int32_t node = 0; node < graph.num_nodes(); ++node) device_[device[node]] += duration[node];
  if (table.communication() == Communication::kDelay) return;
  const bool blocking = table.communication() == Communication::kBlocking;
  stamp_.assign(table.num_devices(), -1);
  for (int32_t node = 0; node < graph.num_nodes(); ++node) {
    const int32_t from = device[node];
    for (int32_t slot = graph.slot_begin[node]; slot < graph.slot_begin[node + 1]; ++slot) {
      for (int32_t c = graph.consumer_begin[slot]; c < graph.consumer_begin[slot + 1]; ++c) {
        const int32_t to = device[graph.consumers[c]];
        if (to == from || stamp_[to] == slot) continue;
        stamp_[to] = slot;
        if (table.Staged(graph.slot_flow[slot])) {
          if (!blocking) continue;
          device_[to] += table.Staging(graph.slot_flow[slot], to);
          if (stamp_[from] == slot) continue;  // stored already
          stamp_[from] = slot;
          device_[from] += table.Staging(graph.slot_flow[slot], from);
          continue;
        }
        const Picos time = std::max<Picos>(table.Time(graph.slot_flow[slot], from, to), 0);
        for (const int32_t channel : table.Channels(from, to)) channel_[channel] += time;
        if (!blocking) continue;
        device_[from] += time;
        device_[to] += time;
      }
    }
  }
}

Picos ResourceLoads::Largest() const {
  Picos largest = 0;
  for (const Picos load : device_) largest = std::max(largest, load);
  for (const Picos load : channel_) largest = std::max(largest, load);
  return largest;
}

Picos ResourceLoads::Eighths(Picos unit) const {
  constexpr int kBits = 20, kSquarings = 3;
  constexpr int64_t kMost = int64_t{3} << (kBits - 1);
  Picos sum = 0;
  const auto add = [&](Picos load) {
    const Int128 share = (static_cast<Int128>(load) << kBits) / unit;
    auto power = static_cast<int64_t>(std::min<Int128>(share, kMost));
    for (int i = 0; i < kSquarings; ++i) power = (power * power) >> kBits;
    sum += static_cast<Picos>((static_cast<Int128>(power) * unit) >> (kBits + kSquarings));
  };
  for (const Picos load : device_) add(load);
  for (const Picos load : channel_) add(load);
  return sum;
}

Picos ResourceLoads::Total() const {
  Picos total = 0;
  for (const Picos load : device_) total += load;
  for (const Picos load : channel_) total += load;
  return total;
}

}  // namespace allot
