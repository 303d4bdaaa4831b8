#include "placement/refinement/part_state.h"

#include <algorithm>
#include <utility>

#include "placement/search/evaluation_work.h"

namespace allot {

PartState::PartState(const PlacementProblem& problem, const ProblemGraph& graph,
                     const PartedSolution& start, const Migration* migration, int64_t max_parts)
    : problem_(problem),
      migration_(migration),
      max_parts_(max_parts),
      graph_(graph),
      evaluator_(problem, graph),
      n_(static_cast<int32_t>(problem.items.size())),
      num_devices_(static_cast<int32_t>(problem.devices.size())),
      items_work_(EvaluationWork(problem)),
      order_(start.items.order),
      unit_of_(n_, -1),
      stage_(n_),
      part_of_(n_),
      kept_part_(n_) {
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
  at_.resize(static_cast<size_t>(n_));
  for (const ItemId item : graph.topological) {
    at_[item.index()] = static_cast<int32_t>(topological_.size());
    topological_.push_back(item.index());
  }
  before_begin_.push_back(0);
  after_begin_.push_back(0);
  for (const ItemId item : graph.topological) {
    for (const ItemId p : graph.predecessors[item]) before_.push_back(p.index());
    for (const ItemId s : graph.successors[item]) after_.push_back(at_[s.index()]);
    before_begin_.push_back(static_cast<int32_t>(before_.size()));
    after_begin_.push_back(static_cast<int32_t>(after_.size()));
  }
  touch_begin_.push_back(0);
  for (const ItemId item : problem.items.ids()) {
    for (const FlowId flow : graph.inputs[item]) touch_.push_back(flow.index());
    for (const FlowId flow : graph.outputs[item]) touch_.push_back(flow.index());
    touch_begin_.push_back(static_cast<int32_t>(touch_.size()));
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
  leaving_.Resize(problem.flows.size());
  seen_at_.resize(problem.flows.size());
  dirty_.Resize(static_cast<size_t>(n_));
  cell_.resize(static_cast<size_t>(n_));
  LiftAll();
}

// From what each item has asked for.
void PartState::LiftAll() {
  for (int32_t at = 0; at < n_; ++at) {
    const int32_t item = topological_[at];
    int32_t stage = wish_[item];
    for (int32_t k = before_begin_[at]; k < before_begin_[at + 1]; ++k) {
      const int32_t p = before_[k];
      stage = std::max(stage, stage_[p] + (device_[p] != device_[item] ? 1 : 0));
    }
    stage_[item] = stage;
  }
  FillCells();
  NumberParts();
  for (const FlowId flow : problem_.flows.ids()) UpdateLeaving(flow.index());
  turned_.clear();
  Settle();
}

// What is kept by cell, from the stages and devices.
void PartState::FillCells() {
  const int32_t last = n_ == 0 ? 0 : *std::max_element(stage_.begin(), stage_.end());
  const auto cells = static_cast<size_t>(last + 1) * static_cast<size_t>(num_devices_);
  count_.assign(cells, 0);
  time_.assign(cells, 0);
  used_.Clear();
  used_.Resize(cells);
  part_at_.resize(cells);
  for (int32_t item = 0; item < n_; ++item) {
    const int32_t cell = stage_[item] * num_devices_ + device_[item];
    cell_[item] = cell;
    ++count_[cell];
    time_[cell] += TimeOf(item, device_[item]);
    used_.Set(cell);
  }
}

void PartState::MoveTo(int32_t item, int32_t stage, int32_t cell) {
  const int32_t from = cell_[item];
  if (--count_[from] == 0) used_.Reset(from);
  time_[from] -= TimeOf(item, DeviceOf(from, stage_[item]));
  cell_[item] = cell;
  stage_[item] = stage;
  if (static_cast<size_t>(cell) >= count_.size()) {
    // Moves put stages a little beyond the last.
    const size_t cells = static_cast<size_t>(cell) + 8 * static_cast<size_t>(num_devices_);
    count_.resize(cells, 0);
    time_.resize(cells, 0);
    used_.Resize(cells);
    part_at_.resize(cells);
  }
  if (count_[cell]++ == 0) used_.Set(cell);
  time_[cell] += TimeOf(item, DeviceOf(cell, stage));
}

// Gives the items that are marked their stage, and those behind them while anything changes.
void PartState::Lift() {
  dirty_.ForEach([this](int32_t at) {
    dirty_.Reset(at);
    const int32_t item = topological_[at];
    const int32_t d = device_[item];
    int32_t stage = wish_[item];
    for (int32_t k = before_begin_[at]; k < before_begin_[at + 1]; ++k) {
      const int32_t p = before_[k];
      stage = std::max(stage, stage_[p] + (device_[p] != d ? 1 : 0));
    }
    const int32_t cell = stage * num_devices_ + d;
    if (cell == cell_[item]) return;
    changes_.push_back({item, stage_[item], cell_[item]});
    MoveTo(item, stage, cell);
    for (int32_t k = after_begin_[at]; k < after_begin_[at + 1]; ++k) dirty_.Set(after_[k]);
  });
}

// By stage, then device: a topological order of the parts.
void PartState::NumberParts() {
  now_device_.clear();
  now_time_.clear();
  num_parts_ = 0;
  used_.ForEach([this](int32_t cell) {
    part_at_[cell] = num_parts_++;
    now_device_.push_back(cell % num_devices_);
    now_time_.push_back(time_[cell]);
  });
  for (int32_t item = 0; item < n_; ++item) part_of_[item] = part_at_[cell_[item]];
}

void PartState::UpdateLeaving(int32_t flow) {
  if (evaluator_.Leaves(flow, cell_.data()) == leaving_.Has(flow)) return;
  leaving_.Flip(flow);
  turned_.push_back(flow);
}

void PartState::UpdateLeaving() {
  ++move_;
  for (const Change& change : changes_) {
    for (int32_t k = touch_begin_[change.item]; k < touch_begin_[change.item + 1]; ++k) {
      // Once, however many of its ends have changed.
      if (std::exchange(seen_at_[touch_[k]], move_) != move_) UpdateLeaving(touch_[k]);
    }
  }
}

bool PartState::Decode() {
  changes_.clear();
  turned_.clear();
  kept_parts_ = num_parts_;
  part_of_.swap(kept_part_);
  Lift();
  if (!changes_.empty()) {
    NumberParts();
    const auto moved = [this](const Change& change) {
      return DeviceOf(change.cell, change.stage) != device_[change.item];
    };
    if (num_parts_ != kept_parts_ || part_of_ != kept_part_ ||
        std::any_of(changes_.begin(), changes_.end(), moved)) {
      UpdateLeaving();
      return true;
    }
  }
  Reject();
  return false;
}

int64_t PartState::evaluation_work() const {
  constexpr int64_t kFree = 1024, kItemsPerEnd = 4;
  return std::max(items_work_, (evaluator_.crossing_ends() - kFree) * kItemsPerEnd);
}

SearchValue PartState::Evaluate() {
  SearchValue value = evaluator_.Value({device_.data(), part_of_.data(), num_parts_,
                                        now_device_.data(), now_time_.data(), leaving_});
  if (migration_ != nullptr) value.objective += migration_->Price(device_.data());
  if (max_parts_ > 0 && num_parts_ > max_parts_) value.violations += num_parts_ - max_parts_;
  return value;
}

Picos PartState::Smooth() const {
  if (problem_.objective == PlacementObjective::kThroughput) return evaluator_.smooth_load();
  if (n_ == 0) return 0;
  Int128 sum = 0;
  for (int32_t item = 0; item < n_; ++item) {
    sum += static_cast<Int128>(weight_[item]) * evaluator_.EndOf(part_of_[item]);
  }
  return static_cast<Picos>(sum / all_weight_);
}

void PartState::Accept() {
  requests_.clear();
  Settle();
}

void PartState::Reject() {
  UndoRequests();
  for (auto it = changes_.rbegin(); it != changes_.rend(); ++it) {
    MoveTo(it->item, it->stage, it->cell);
  }
  for (const int32_t flow : turned_) leaving_.Flip(flow);
  part_of_.swap(kept_part_);
  num_parts_ = kept_parts_;
}

void PartState::UndoRequests() {
  for (auto it = requests_.rbegin(); it != requests_.rend(); ++it) {
    device_[it->item] = it->device;
    wish_[it->item] = it->wish;
  }
  requests_.clear();
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
    for (const int32_t item : members_[part]) wish_[item] = stage_[item] = stage;
  }
  FillCells();
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
  requests_.push_back({item, device_[item], wish_[item]});
  wish_[item] = stage;
  dirty_.Set(at_[item]);
}

void PartState::Send(int32_t item, int32_t device, int32_t stage) {
  if (device_[item] != device) {
    const std::vector<int32_t>& possible = choices(item);
    if (std::find(possible.begin(), possible.end(), device) == possible.end()) return;
    for (const int32_t member : units_[unit_of_[item]]) {
      requests_.push_back({member, device_[member], wish_[member]});
      device_[member] = device;
      dirty_.Set(at_[member]);
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
  requests_.clear();
  device_ = snapshot.device;
  wish_ = snapshot.wish;
  LiftAll();
}

PartedSolution PartState::Solution(const Snapshot& snapshot) const {
  return MakeParted(problem_, snapshot.device, snapshot.part_of, snapshot.num_parts, order_);
}

}  // namespace allot
