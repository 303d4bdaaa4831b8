#include "placement/value/peak_memory.h"

#include <algorithm>

namespace allot {

MemoryModel::MemoryModel(const PlacementProblem& problem)
    : problem_(&problem),
      resident_(problem.devices.size()),
      most_(problem.devices.size()),
      workspace_(problem.devices.size()),
      stamp_(problem.devices.size()),
      tight_(problem.devices.size()) {
  Bytes all = 0, workspace = 0;
  for (const PlacementProblem::Item& item : problem.items) {
    item_memory_.push_back(item.memory);
    all = SaturatingAdd(all, item.memory);
    workspace = std::max(workspace, item.workspace);
  }
  for (const PlacementProblem::Flow& flow : problem.flows) all = SaturatingAdd(all, flow.bytes);
  for (const auto& shared : problem.shared) all = SaturatingAdd(all, shared.bytes);
  all = SaturatingAdd(all, workspace);
  always_fits_ = true;
  for (const PlacementProblem::MachineDevice& device : problem.devices) {
    capacity_.push_back(device.memory);
    always_fits_ = always_fits_ && all <= device.memory;
  }
}

const std::vector<Bytes>& MemoryModel::Resident(const int32_t* device) {
  std::fill(resident_.begin(), resident_.end(), 0);
  for (size_t i = 0; i < item_memory_.size(); ++i) resident_[device[i]] += item_memory_[i];
  for (const PlacementProblem::SharedMemory& shared : problem_->shared) {
    ++now_;
    for (const ItemId item : shared.items) {
      const int32_t d = device[item.index()];
      if (stamp_[d] == now_) continue;
      stamp_[d] = now_;
      resident_[d] += shared.bytes;
    }
  }
  return resident_;
}

bool MemoryModel::CertainlyFits(const int32_t* device) {
  most_ = Resident(device);
  std::fill(workspace_.begin(), workspace_.end(), 0);
  for (const ItemId id : problem_->items.ids()) {
    Bytes& largest = workspace_[device[id.index()]];
    largest = std::max(largest, problem_->items[id].workspace);
  }
  for (const PlacementProblem::Flow& flow : problem_->flows) {
    ++now_;
    const int32_t from = device[flow.from.index()];
    stamp_[from] = now_;
    most_[from] += flow.bytes;
    for (const ItemId item : flow.to) {
      const int32_t d = device[item.index()];
      if (stamp_[d] == now_) continue;
      stamp_[d] = now_;
      most_[d] += flow.bytes;
    }
  }
  bool fits = true;
  for (size_t d = 0; d < most_.size(); ++d) {
    tight_[d] = most_[d] + workspace_[d] > capacity_[d];
    fits = fits && !tight_[d];
  }
  return fits;
}

void PeakSweep::Live(Changes& begins, Changes& ends, Picos from, Picos to, Bytes bytes) {
  if (bytes == 0 || from >= to) return;
  const auto add = [bytes](Changes& changes, Picos time) {
    if (!changes.empty() && changes.back().first == time) {
      changes.back().second += bytes;
    } else {
      changes.emplace_back(time, bytes);
    }
  };
  add(begins, from);
  add(ends, to);
}

Bytes PeakSweep::Peak(Lifetimes& lifetimes, Bytes resident) {
  for (Changes* changes : {&lifetimes.received, &lifetimes.made, &lifetimes.released}) {
    if (!std::is_sorted(changes->begin(), changes->end())) {
      std::sort(changes->begin(), changes->end());
    }
  }
  const Changes& received = lifetimes.received;
  const Changes& made = lifetimes.made;
  Bytes now = resident, peak = resident;
  auto released = lifetimes.released.cbegin();
  for (auto one = received.begin(), two = made.begin();
       one != received.end() || two != made.end();) {
    const bool first = two == made.end() || (one != received.end() && one->first <= two->first);
    const auto& [time, bytes] = first ? *one++ : *two++;
    // Of one instant, releases come first.
    for (; released != lifetimes.released.end() && released->first <= time; ++released) {
      now -= released->second;
    }
    now += bytes;
    peak = std::max(peak, now);
  }
  return peak;
}

const std::vector<Bytes>& PeakSweep::Run(const FlatGraph& graph, const PlacementProblem& problem,
                                         const int32_t* device, const Bytes* workspace,
                                         const Simulation& simulation, Picos makespan,
                                         const std::vector<FlatTransfer>& transfers,
                                         const std::vector<Bytes>& resident,
                                         const std::vector<bool>* wanted) {
  wanted_ = wanted;
  lifetimes_.resize(resident.size());
  for (Lifetimes& each : lifetimes_) {
    for (Changes* changes : {&each.received, &each.made, &each.released}) changes->clear();
  }
  const std::vector<Picos>& start = simulation.start();
  const std::vector<Picos>& end = simulation.end();
  const auto bytes = [&problem](int32_t flow) { return problem.flows[FlowId(flow)].bytes; };
  // What is staged leaves its device with its store.
  const auto staged = [&problem](int32_t flow) {
    return !problem.flows[FlowId(flow)].staging.empty();
  };
  const auto last_use = [&](int32_t slot, int32_t on, Picos last) {
    for (int32_t c = graph.consumer_begin[slot]; c < graph.consumer_begin[slot + 1]; ++c) {
      if (device[graph.consumers[c]] == on) last = std::max(last, end[graph.consumers[c]]);
    }
    return last;
  };

  sent_.assign(static_cast<size_t>(graph.slot_begin.back()), 0);
  for (const FlatTransfer& transfer : transfers) {
    if (transfer.from == transfer.to || !staged(transfer.flow)) {
      sent_[transfer.slot] = std::max(sent_[transfer.slot], transfer.end);
    }
    // Host memory is no device's.
    if (transfer.from == transfer.to || !Wanted(transfer.to)) continue;
    Lifetimes& there = lifetimes_[transfer.to];
    Live(there.received, there.released, transfer.start,
         last_use(transfer.slot, transfer.to, transfer.end), bytes(transfer.flow));
  }
  for (int32_t node = 0; node < graph.num_nodes(); ++node) {
    if (!Wanted(device[node])) continue;
    Lifetimes& here = lifetimes_[device[node]];
    Live(here.made, here.released, start[node], end[node], workspace[node]);
    for (int32_t slot = graph.slot_begin[node]; slot < graph.slot_begin[node + 1]; ++slot) {
      const bool kept = graph.consumer_begin[slot] == graph.consumer_begin[slot + 1];
      const Picos last =
          kept ? makespan : last_use(slot, device[node], std::max(end[node], sent_[slot]));
      Live(here.made, here.released, start[node], last, bytes(graph.slot_flow[slot]));
    }
  }

  peak_ = resident;
  for (size_t d = 0; d < lifetimes_.size(); ++d) peak_[d] = Peak(lifetimes_[d], resident[d]);
  return peak_;
}

}  // namespace allot
