#include "placement/part_state.h"

#include <algorithm>

namespace allot {

PartState::PartState(const PlacementProblem& problem, const ProblemGraph& graph,
                     const PartedSolution& start)
    : problem_(problem),
      graph_(graph),
      evaluator_(problem, graph),
      n_(static_cast<int32_t>(problem.items.size())),
      num_devices_(static_cast<int32_t>(problem.devices.size())),
      order_(start.items.order),
      unit_of_(n_, -1),
      stage_(n_),
      part_of_(n_) {
  for (const DeviceId device : start.items.device_of) device_.push_back(device.index());
  for (const ItemId part : start.parts.part_of) wish_.push_back(2 * part.index());
  for (const std::vector<int32_t>& group : evaluator_.items().groups()) {
    for (const int32_t item : group) unit_of_[item] = static_cast<int32_t>(units_.size());
    units_.push_back(group);
  }
  for (int32_t item = 0; item < n_; ++item) {
    if (unit_of_[item] >= 0) continue;
    unit_of_[item] = static_cast<int32_t>(units_.size());
    units_.push_back({item});
  }
  choices_.resize(units_.size());
  for (size_t u = 0; u < units_.size(); ++u) {
    for (int32_t d = 0; d < num_devices_; ++d) {
      const bool all = std::all_of(units_[u].begin(), units_[u].end(), [&](int32_t item) {
        return evaluator_.items().Time(item, d) >= 0;
      });
      if (all) choices_[u].push_back(d);
    }
  }
  before_begin_.push_back(0);
  for (const ItemId item : graph.topological) {
    topological_.push_back(item.index());
    for (const ItemId p : graph.predecessors[item]) before_.push_back(p.index());
    before_begin_.push_back(static_cast<int32_t>(before_.size()));
  }
  for (int32_t item = 0; item < n_; ++item) {
    Picos least = kMaxPicos;
    for (int32_t d = 0; d < num_devices_; ++d) {
      const Picos time = evaluator_.items().Time(item, d);
      if (time >= 0) least = std::min(least, time);
    }
    weight_.push_back(least + 1);
    all_weight_ += weight_.back();
  }
  Lift();
  NumberParts();
  Settle();
}

void PartState::Lift() {
  for (int32_t i = 0; i < n_; ++i) {
    const int32_t item = topological_[i];
    const int32_t d = device_[item];
    int32_t stage = wish_[item];
    for (int32_t k = before_begin_[i]; k < before_begin_[i + 1]; ++k) {
      const int32_t p = before_[k];
      stage = std::max(stage, stage_[p] + (device_[p] != d ? 1 : 0));
    }
    stage_[item] = stage;
  }
}

// By stage, then device: a topological order of the parts.
void PartState::NumberParts() {
  const int32_t last = n_ == 0 ? 0 : *std::max_element(stage_.begin(), stage_.end());
  part_at_.assign(static_cast<size_t>(last + 1) * static_cast<size_t>(num_devices_), -1);
  for (int32_t item = 0; item < n_; ++item) part_at_[Place(item)] = 0;
  num_parts_ = 0;
  for (int32_t& part : part_at_) {
    if (part == 0) part = num_parts_++;
  }
  for (int32_t item = 0; item < n_; ++item) part_of_[item] = part_at_[Place(item)];
}

bool PartState::Decode() {
  kept_stage_ = stage_;
  kept_part_ = part_of_;
  kept_parts_ = num_parts_;
  Lift();
  NumberParts();
  if (num_parts_ != kept_parts_ || part_of_ != kept_part_) return true;
  // In the order of the requests reversed, the last that names an item has its first device.
  for (auto it = undo_.rbegin(); it != undo_.rend(); ++it) {
    if (it->device != device_[it->item]) return true;
  }
  Reject();
  return false;
}

SearchValue PartState::Evaluate() {
  return evaluator_.Value(device_.data(), part_of_.data(), num_parts_);
}

Picos PartState::Smooth() const {
  if (problem_.objective == PlacementObjective::kThroughput) return evaluator_.total_load();
  if (n_ == 0) return 0;
  Int128 sum = 0;
  for (int32_t item = 0; item < n_; ++item) {
    sum += static_cast<Int128>(weight_[item]) * evaluator_.EndOf(part_of_[item]);
  }
  return static_cast<Picos>(sum / all_weight_);
}

void PartState::Accept() {
  undo_.clear();
  Settle();
}

void PartState::Reject() {
  UndoRequests();
  stage_.swap(kept_stage_);
  part_of_.swap(kept_part_);
  num_parts_ = kept_parts_;
}

void PartState::UndoRequests() {
  for (auto it = undo_.rbegin(); it != undo_.rend(); ++it) {
    device_[it->item] = it->device;
    wish_[it->item] = it->wish;
  }
  undo_.clear();
}

// Gives each part the earliest stage that keeps it apart from the part before it on its device;
// even again. The sequences of the devices, and with them the value, stay.
void PartState::Settle() {
  ListParts();
  std::vector<int32_t>& next = next_stage_;
  next.assign(num_devices_, 0);
  for (int32_t part = 0; part < num_parts_; ++part) {
    int32_t stage = next[part_device_[part]];
    for (const int32_t item : members_[part]) {
      for (const ItemId p : graph_.predecessors[ItemId(item)]) {
        if (part_of_[p.index()] == part) continue;
        stage = std::max(stage, part_stage_[part_of_[p.index()]] + 2);
      }
    }
    part_stage_[part] = stage;
    next[part_device_[part]] = stage + 2;
    for (const int32_t item : members_[part]) wish_[item] = stage;
  }
  Lift();
  NumberParts();
  ListParts();
}

void PartState::ListParts() {
  part_stage_.assign(num_parts_, 0);
  part_device_.assign(num_parts_, 0);
  if (members_.size() < static_cast<size_t>(num_parts_)) members_.resize(num_parts_);
  for (std::vector<int32_t>& items : members_) items.clear();
  for (const int32_t item : topological_) {
    const int32_t part = part_of_[item];
    members_[part].push_back(item);
    part_stage_[part] = stage_[item];
    part_device_[part] = device_[item];
  }
}

void PartState::Ask(int32_t item, int32_t stage) {
  undo_.push_back({item, device_[item], wish_[item]});
  wish_[item] = stage;
}

void PartState::Send(int32_t item, int32_t device, int32_t stage) {
  if (device_[item] != device) {
    const std::vector<int32_t>& possible = choices(item);
    if (std::find(possible.begin(), possible.end(), device) == possible.end()) return;
    for (const int32_t member : units_[unit_of_[item]]) {
      undo_.push_back({member, device_[member], wish_[member]});
      device_[member] = device;
    }
  }
  Ask(item, stage);
}

void PartState::Spread(int32_t stage, int32_t count) {
  for (int32_t item = 0; item < n_; ++item) {
    if (wish_[item] > stage) Ask(item, wish_[item] + count);
  }
}

void PartState::Restore(const Snapshot& snapshot) {
  undo_.clear();
  device_ = snapshot.device;
  wish_ = snapshot.wish;
  Lift();
  NumberParts();
  Settle();
}

PartedSolution PartState::Solution(const Snapshot& snapshot) const {
  return MakeParted(problem_, snapshot.device, snapshot.part_of, snapshot.num_parts, order_);
}

}  // namespace allot
