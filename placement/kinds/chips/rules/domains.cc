#include "placement/kinds/chips/rules/domains.h"

#include <algorithm>

namespace allot::chips {
namespace {

constexpr uint64_t Bit(int32_t i) { return uint64_t{1} << i; }

}  // namespace

Domains::Domains(const RuleGraph& rules)
    : rules_(rules),
      domain_(static_cast<size_t>(rules.size()),
              rules.chips() == kMaxChips ? ~uint64_t{0} : Bit(rules.chips()) - 1),
      support_(static_cast<size_t>(rules.chips()), rules.size()),
      weights_(static_cast<size_t>(rules.chips())),
      graph_(rules.chips()),
      is_changed_(static_cast<size_t>(rules.size())) {}

Assignment Domains::Decided() const {
  Assignment chips(domain_.size());
  for (size_t v = 0; v < domain_.size(); ++v) chips[v] = chip(static_cast<int32_t>(v));
  return chips;
}

bool Domains::Decide(int32_t v, int32_t chip) {
  levels_.push_back({trail_.size(), false});
  used_before_.push_back(used_);
  return Narrow(v, Bit(chip)) && Propagate();
}

bool Domains::Exclude(int32_t v, int32_t chip) { return Narrow(v, ~Bit(chip)) && Propagate(); }

void Domains::Undo() {
  const Level level = levels_.back();
  levels_.pop_back();
  while (trail_.size() > level.trail) {
    const auto [v, before] = trail_.back();
    trail_.pop_back();
    uint64_t& now = domain_[static_cast<size_t>(v)];
    if (IsDecided(v) && now != 0 && rules_.memory().has_value()) {
      weights_[static_cast<size_t>(__builtin_ctzll(now))] -=
          rules_.problem().weights()[static_cast<size_t>(v)];
    }
    for (uint64_t more = before & ~now; more != 0; more &= more - 1) {
      ++support_[static_cast<size_t>(__builtin_ctzll(more))];
    }
    now = before;
  }
  if (level.graph_saved) {
    graph_ = saved_.back();
    saved_.pop_back();
    near_ = {};
  }
  used_ = used_before_.back();
  used_before_.pop_back();
  for (const int32_t v : changed_) is_changed_[static_cast<size_t>(v)] = false;
  changed_.clear();
  graph_changed_ = false;
}

bool Domains::Change(int32_t v, uint64_t after) {
  uint64_t& now = domain_[static_cast<size_t>(v)];
  ++steps_;
  trail_.emplace_back(v, now);
  for (uint64_t gone = now & ~after; gone != 0; gone &= gone - 1) {
    --support_[static_cast<size_t>(__builtin_ctzll(gone))];
  }
  now = after;
  if (after == 0) {
    failed_ = v;
    return false;
  }
  if (!is_changed_[static_cast<size_t>(v)]) {
    is_changed_[static_cast<size_t>(v)] = true;
    changed_.push_back(v);
  }
  used_ = std::max(used_, __builtin_ctzll(after));
  return (after & (after - 1)) != 0 || AddWeights(v);
}

bool Domains::AddWeights(int32_t v) {
  if (!rules_.memory().has_value()) return true;
  Bytes& weights = weights_[static_cast<size_t>(chip(v))];
  weights += rules_.problem().weights()[static_cast<size_t>(v)];
  failed_ = v;
  return weights <= *rules_.memory();
}

bool Domains::Propagate() {
  while (true) {
    while (!changed_.empty()) {
      const int32_t v = changed_.back();
      changed_.pop_back();
      is_changed_[static_cast<size_t>(v)] = false;
      if (!NarrowNeighbours(v) || !NarrowInside(v) || !NarrowAround(v)) return false;
      if (IsDecided(v) && !AddChipEdges(v)) return false;
    }
    if (graph_changed_) {
      graph_changed_ = false;
      for (int32_t v = 0; v < rules_.size(); ++v) {
        if (!NarrowNeighbours(v)) return false;
      }
      continue;
    }
    if (!KeepPrefix()) return false;
    if (changed_.empty() && !graph_changed_) return true;
  }
}

// A neighbour is on the same chip, or on one that an edge may lead to.
bool Domains::NarrowNeighbours(int32_t v) {
  // Many nodes have the same chips.
  if (of(v) != near_.domain) {
    near_ = {of(v), 0, 0};
    for (uint64_t chips = of(v); chips != 0; chips &= chips - 1) {
      const int32_t chip = __builtin_ctzll(chips);
      near_.after |= graph_.AfterOf(chip);
      near_.before |= graph_.BeforeOf(chip);
    }
  }
  const uint64_t after = near_.after, before = near_.before;
  for (const int32_t w : rules_.graph().successors(v)) {
    if (!Narrow(w, after)) return false;
  }
  for (const int32_t u : rules_.graph().predecessors(v)) {
    if (!Narrow(u, before)) return false;
  }
  return true;
}

// What lies inside an edge is on the chip of one of its ends: else there were a way through a
// third.
bool Domains::NarrowInside(int32_t v) {
  for (const int32_t s : rules_.EndsOf(v)) {
    const Shortcut& shortcut = rules_.shortcuts()[static_cast<size_t>(s)];
    const uint64_t either = of(shortcut.from) | of(shortcut.to);
    for (const int32_t w : shortcut.inside) {
      if (!Narrow(w, either)) return false;
      if (IsDecided(w) && !NarrowAround(w)) return false;
    }
  }
  return true;
}
bool Domains::NarrowAround(int32_t v) {
  if (!IsDecided(v)) return true;
  for (const int32_t s : rules_.Around(v)) {
    const Shortcut& shortcut = rules_.shortcuts()[static_cast<size_t>(s)];
    if ((of(shortcut.from) & of(v)) == 0 && !Narrow(shortcut.to, of(v))) return false;
    if ((of(shortcut.to) & of(v)) == 0 && !Narrow(shortcut.from, of(v))) return false;
  }
  return true;
}

bool Domains::AddChipEdges(int32_t v) {
  for (const int32_t w : rules_.graph().successors(v)) {
    if (IsDecided(w) && !AddChipEdge(chip(v), chip(w))) return false;
  }
  for (const int32_t u : rules_.graph().predecessors(v)) {
    if (IsDecided(u) && !AddChipEdge(chip(u), chip(v))) return false;
  }
  return true;
}

bool Domains::AddChipEdge(int32_t from, int32_t to) {
  if (from == to || graph_.Has(from, to)) return true;
  if (from > to || !graph_.Allows(from, to)) {
    failed_ = -1;
    return false;
  }
  if (!levels_.empty() && !levels_.back().graph_saved) {
    levels_.back().graph_saved = true;
    saved_.push_back(graph_);
  }
  graph_.Add(from, to);
  near_ = {};
  graph_changed_ = true;
  return true;
}

// Every chip up to the last one that is needed has a node; one that only one node can be on gets
// it.
bool Domains::KeepPrefix() {
  for (int32_t c = 0; c <= used_; ++c) {
    const int32_t support = support_[static_cast<size_t>(c)];
    if (support > 1) continue;
    failed_ = -1;
    if (support == 0) return false;
    for (int32_t v = 0; v < rules_.size(); ++v) {
      if ((of(v) & Bit(c)) == 0) continue;
      if (!Narrow(v, Bit(c))) return false;
      break;
    }
  }
  return FillGaps();
}

// Chips up to the last one that is needed and have no decided node yet, run by run: as many nodes
// can be there, or more; if no more, they are there.
bool Domains::FillGaps() {
  uint64_t occupied = 0;
  for (const uint64_t domain : domain_) {
    if ((domain & (domain - 1)) == 0) occupied |= domain;
  }
  uint64_t empty = used_ + 1 >= kMaxChips ? ~occupied : (Bit(used_ + 1) - 1) & ~occupied;
  gaps_.clear();
  while (empty != 0) {
    // The lowest run of ones.
    const uint64_t low = empty & (~empty + 1);
    const uint64_t run = empty & ~(empty + low);
    gaps_.push_back({run, 0});
    empty &= ~run;
  }
  if (gaps_.empty()) return true;
  for (const uint64_t domain : domain_) {
    if ((domain & (domain - 1)) == 0) continue;
    for (Gap& gap : gaps_) gap.nodes += (domain & gap.chips) != 0 ? 1 : 0;
  }
  for (const Gap& gap : gaps_) {
    const int32_t chips = __builtin_popcountll(gap.chips);
    if (gap.nodes > chips) continue;
    failed_ = -1;
    if (gap.nodes < chips) return false;
    for (int32_t v = 0; v < rules_.size(); ++v) {
      if (!IsDecided(v) && (of(v) & gap.chips) != 0 && !Narrow(v, gap.chips)) return false;
    }
  }
  return true;
}

}  // namespace allot::chips
