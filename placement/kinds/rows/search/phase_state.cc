#include "placement/kinds/rows/search/phase_state.h"

#include <algorithm>
#include <utility>

namespace allot::rows {

PhaseState::PhaseState(const Phase& phase, std::vector<int32_t> part_of)
    : phase_(phase), part_of_(std::move(part_of)) {
  const auto parts = static_cast<size_t>(phase.parts);
  loads_.assign(parts, 0);
  members_.assign(parts, {});
  counts_.assign(static_cast<size_t>(phase.num_nets) * parts, 0);
  position_.resize(part_of_.size());
  for (size_t v = 0; v < part_of_.size(); ++v) {
    if (part_of_[v] < 0) continue;
    const auto part = static_cast<size_t>(part_of_[v]);
    loads_[part] += phase.weights[v];
    position_[v] = members_[part].size();
    members_[part].push_back(static_cast<int32_t>(v));
    for (const int32_t net : phase.Nets(v)) ++Counts(net)[part];
    if (const int64_t* const send = phase.Send(v)) cost_ += send[part];
  }
  for (size_t i = 0; i < counts_.size(); ++i) {
    if (counts_[i] > 0) cost_ += phase.receive[i];
  }
}

int64_t PhaseState::Excess() const {
  int64_t excess = 0;
  for (size_t p = 0; p < loads_.size(); ++p) {
    excess += std::max<int64_t>(loads_[p] - phase_.limits[p], 0);
  }
  return excess;
}

bool PhaseState::CanSwap(size_t a, size_t b) const {
  const int64_t difference = phase_.weights[a] - phase_.weights[b];
  if (difference == 0) return true;
  const auto grows = static_cast<size_t>(difference > 0 ? part_of_[b] : part_of_[a]);
  return loads_[grows] + std::abs(difference) <= phase_.limits[grows];
}

int64_t PhaseState::Leave(size_t vertex) const {
  const int32_t part = part_of_[vertex];
  int64_t saved = 0;
  if (part < 0) return saved;
  for (const int32_t net : phase_.Nets(vertex)) {
    if (Counts(net)[part] == 1) saved += phase_.Receive(net)[part];
  }
  if (const int64_t* const send = phase_.Send(vertex)) saved += send[part];
  return saved;
}

int64_t PhaseState::Enter(size_t vertex, int32_t part) const {
  int64_t paid = 0;
  for (const int32_t net : phase_.Nets(vertex)) {
    if (Counts(net)[part] == 0) paid += phase_.Receive(net)[part];
  }
  if (const int64_t* const send = phase_.Send(vertex)) paid += send[part];
  return paid;
}

void PhaseState::EnterAll(size_t vertex, std::vector<int64_t>& cost) const {
  const auto parts = static_cast<size_t>(phase_.parts);
  const int64_t* const send = phase_.Send(vertex);
  cost.assign(parts, 0);
  if (send != nullptr) std::copy(send, send + parts, cost.begin());
  for (const int32_t net : phase_.Nets(vertex)) {
    const int32_t* const counts = Counts(net);
    const int64_t* const receive = phase_.Receive(net);
    for (size_t p = 0; p < parts; ++p) cost[p] += counts[p] == 0 ? receive[p] : 0;
  }
}

void PhaseState::Count(size_t vertex, int32_t part, int32_t change) {
  for (const int32_t net : phase_.Nets(vertex)) Counts(net)[part] += change;
}

void PhaseState::Move(size_t vertex, int32_t part) {
  const int32_t from = part_of_[vertex];
  if (from == part) return;
  cost_ += Enter(vertex, part) - Leave(vertex);
  if (from >= 0) {
    Count(vertex, from, -1);
    loads_[static_cast<size_t>(from)] -= phase_.weights[vertex];
    std::vector<int32_t>& old = members_[static_cast<size_t>(from)];
    old[position_[vertex]] = old.back();
    position_[static_cast<size_t>(old.back())] = position_[vertex];
    old.pop_back();
  }
  Count(vertex, part, 1);
  loads_[static_cast<size_t>(part)] += phase_.weights[vertex];
  std::vector<int32_t>& now = members_[static_cast<size_t>(part)];
  position_[vertex] = now.size();
  now.push_back(static_cast<int32_t>(vertex));
  part_of_[vertex] = part;
}

int64_t PhaseState::SwapCost(size_t a, size_t b) {
  const int32_t of_a = part_of_[a], of_b = part_of_[b];
  int64_t cost = Enter(a, of_b) - Leave(a);
  // As if `a` had moved: only the nets count.
  Count(a, of_a, -1);
  Count(a, of_b, 1);
  cost += Enter(b, of_a) - Leave(b);
  Count(a, of_a, 1);
  Count(a, of_b, -1);
  return cost;
}

}  // namespace allot::rows
