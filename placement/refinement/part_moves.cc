#include "placement/refinement/part_moves.h"

#include <algorithm>

namespace allot {

void TakeBack(PartState& state, int32_t part, int32_t device) {
  const std::vector<int32_t>& members = state.members(part);
  int32_t low = state.part_stage(part), high = low;
  for (const int32_t member : members) {
    for (const ItemId p : state.graph().predecessors[ItemId(member)]) {
      if (state.device(p.index()) == device) low = std::min(low, state.stage(p.index()));
    }
    for (const ItemId s : state.graph().successors[ItemId(member)]) {
      if (state.device(s.index()) == device) high = std::max(high, state.stage(s.index()));
    }
  }
  for (const int32_t member : members) state.Send(member, device, low);
  for (int32_t i = 0; i < state.num_items(); ++i) {
    const int32_t stage = state.stage(i);
    if (state.device(i) == device && stage > low && stage <= high) state.Ask(i, low);
  }
}

PartMoves::PartMoves(PartState& state, Random& random)
    : state_(state),
      random_(random),
      side_(static_cast<size_t>(state.num_items())),
      stamp_(static_cast<size_t>(state.num_items())) {}

void PartMoves::Propose() {
  const int32_t kind = Below(64);
  if (kind < 18) return MoveItem();
  if (kind < 20) return Exchange();
  if (kind < 40) return MovePiece();
  if (kind < 52) return Offload();
  if (kind < 63) return TakeBackOne();
  SwapDevices();
}

void PartMoves::Shake() {
  for (int32_t item = 0; item < state_.num_items(); ++item) {
    const std::vector<int32_t>& choices = state_.choices(item);
    if (choices.empty() || Below(2) == 0) continue;
    state_.Send(item, choices[Below(choices.size())], state_.stage(item));
  }
}

// A stage near `stage` for a device: the same, a new one before or after, or that of the nearest
// part of the device before or after.
int32_t PartMoves::SomeStage(int32_t stage, int32_t device) {
  switch (Below(5)) {
    case 0:
      return stage + 1;
    case 1:
      return std::max(stage - 1, 0);
    case 2:
    case 3: {
      const bool up = Below(2) == 0;
      int32_t found = stage;
      for (int32_t part = 0; part < state_.num_parts(); ++part) {
        if (state_.part_device(part) != device) continue;
        if (!up && state_.part_stage(part) < stage) found = state_.part_stage(part);
        if (up && state_.part_stage(part) > stage) return state_.part_stage(part);
      }
      return found;
    }
    default:
      return stage;
  }
}

int32_t PartMoves::Neighbour(int32_t item) {
  const std::vector<ItemId>& before = state_.graph().predecessors[ItemId(item)];
  const std::vector<ItemId>& after = state_.graph().successors[ItemId(item)];
  if (before.empty() && after.empty()) return -1;
  const auto pick = static_cast<size_t>(Below(before.size() + after.size()));
  return (pick < before.size() ? before[pick] : after[pick - before.size()]).index();
}

// One item goes to a neighbour's part, or anywhere.
void PartMoves::MoveItem() {
  const int32_t item = Below(static_cast<size_t>(state_.num_items()));
  if (Below(3) > 0) {
    const int32_t other = Neighbour(item);
    if (other >= 0) {
      if (state_.part(other) == state_.part(item)) return;
      return state_.Send(item, state_.device(other), state_.stage(other));
    }
  }
  const std::vector<int32_t>& choices = state_.choices(item);
  if (choices.empty()) return;
  const int32_t device = choices[Below(choices.size())];
  state_.Send(item, device, SomeStage(state_.stage(item), device));
}

void PartMoves::Grow(int32_t seed, Growth growth, size_t limit) {
  const int32_t part = state_.part(seed);
  piece_.assign(1, seed);
  stamp_[seed] = ++now_;
  const auto grow = [&](const std::vector<ItemId>& items) {
    for (const ItemId id : items) {
      const int32_t item = id.index();
      if (stamp_[item] == now_ || state_.part(item) != part) continue;
      stamp_[item] = now_;
      piece_.push_back(item);
    }
  };
  for (size_t i = 0; i < piece_.size() && piece_.size() < limit; ++i) {
    if (growth != Growth::kUp) grow(state_.graph().successors[ItemId(piece_[i])]);
    if (growth != Growth::kDown) grow(state_.graph().predecessors[ItemId(piece_[i])]);
  }
  if (piece_.size() > limit) piece_.resize(limit);
}

// A part, or what precedes or follows one of its items inside it, or a cluster around an item, goes
// to a device and a stage. On its own device that splits or merges.
void PartMoves::MovePiece() {
  const auto n = static_cast<size_t>(state_.num_items());
  const int32_t seed = Below(n);
  switch (Below(4)) {
    case 0:
      piece_ = state_.members(state_.part(seed));
      break;
    case 1:
      Grow(seed, Growth::kUp, n);
      break;
    case 2:
      Grow(seed, Growth::kDown, n);
      break;
    default: {
      size_t limit = 2;
      while (limit < n && Below(3) != 0) limit *= 2;
      Grow(seed, Growth::kBoth, limit);
    }
  }
  int32_t device = state_.device(seed);
  if (Below(2) == 0) {
    const std::vector<int32_t>& choices = state_.choices(seed);
    if (choices.empty()) return;
    device = choices[Below(choices.size())];
  }
  const int32_t stage = SomeStage(state_.stage(seed), device);
  if (device == state_.device(seed) && stage == state_.stage(seed)) return;
  for (const int32_t item : piece_) state_.Send(item, device, stage);
}

// A piece of a part goes to another device to run beside what is left there: what precedes it
// stays, what follows it becomes a part of its own, and what is neither runs meanwhile.
void PartMoves::Offload() {
  const auto n = static_cast<size_t>(state_.num_items());
  const int32_t seed = Below(n);
  const int32_t part = state_.part(seed);
  const std::vector<int32_t>& choices = state_.choices(seed);
  if (choices.size() < 2) return;
  const int32_t device = choices[Below(choices.size())];
  if (device == state_.device(seed)) return;
  // Sizes are spread over orders of magnitude.
  size_t limit = 1;
  while (limit < n && Below(4) != 0) limit *= 2;
  const size_t more = static_cast<size_t>(Below(limit));
  const int growth = Below(3);
  Grow(seed,
       growth == 0   ? Growth::kBoth
       : growth == 1 ? Growth::kUp
                     : Growth::kDown,
       limit / 2 + more + 1);
  // 1: the piece needs it, 2: it needs the piece, 3: both, so it belongs to the piece.
  const std::vector<int32_t>& members = state_.members(part);  // in topological order
  for (const int32_t item : members) side_[item] = 0;
  for (const int32_t item : piece_) side_[item] = 3;
  for (auto it = members.rbegin(); it != members.rend(); ++it) {
    for (const ItemId s : state_.graph().successors[ItemId(*it)]) {
      if (state_.part(s.index()) == part && (side_[s.index()] & 1) != 0) side_[*it] |= 1;
    }
  }
  for (const int32_t item : members) {
    for (const ItemId p : state_.graph().predecessors[ItemId(item)]) {
      if (state_.part(p.index()) == part && (side_[p.index()] & 2) != 0) side_[item] |= 2;
    }
  }
  const int32_t stage = state_.stage(seed);
  state_.Spread(stage, 6);
  // Of what is neither, a stretch at the front may stay with what precedes, one at the back with
  // what follows.
  const int kind = Below(4);
  const auto count = static_cast<int32_t>(members.size());
  const int32_t first = kind == 1 || kind == 3 ? Below(members.size() + 1) : 0;
  const int32_t last = kind >= 2 ? first + Below(static_cast<size_t>(count - first) + 1) : count;
  for (int32_t i = 0; i < count; ++i) {
    const int32_t item = members[i];
    switch (side_[item]) {
      case 0:
        state_.Ask(item, i < first ? stage : i < last ? stage + 2 : stage + 4);
        break;
      case 1:
        break;
      case 2:
        state_.Ask(item, stage + 4);
        break;
      default:
        state_.Send(item, device, stage + 2);
    }
  }
}

// The way back from Offload().
void PartMoves::TakeBackOne() {
  const int32_t part = state_.part(Below(static_cast<size_t>(state_.num_items())));
  const std::vector<int32_t>& members = state_.members(part);
  const int32_t other = Neighbour(members[Below(members.size())]);
  if (other < 0 || state_.device(other) == state_.part_device(part)) return;
  TakeBack(state_, part, state_.device(other));
}

// A part and a piece of another change places: where a device takes one thing or another, and
// either by itself is worse than both.
void PartMoves::Exchange() {
  const auto n = static_cast<size_t>(state_.num_items());
  const int32_t seed = Below(n), other = Below(n);
  const int32_t part = state_.part(seed), stage = state_.stage(seed);
  if (state_.part(other) == part) return;
  const int32_t device = state_.device(seed), away = state_.device(other);
  const std::vector<int32_t>& members = state_.members(part);
  Grow(other, Growth::kBoth, 1 + Below(2 * members.size()));
  for (const int32_t item : members) state_.Send(item, away, state_.stage(other));
  for (const int32_t item : piece_) state_.Send(item, device, stage);
}

// Two devices change places: what nearly alike devices need, and no smaller move can do.
void PartMoves::SwapDevices() {
  const int32_t a = Below(static_cast<size_t>(state_.num_devices()));
  const int32_t b = Below(static_cast<size_t>(state_.num_devices()));
  if (a == b) return;
  // Items that must be together move with the first of them.
  for (int32_t item = 0; item < state_.num_items(); ++item) {
    side_[item] = state_.device(item) == a ? 1 : state_.device(item) == b ? 2 : 0;
  }
  for (int32_t item = 0; item < state_.num_items(); ++item) {
    if (side_[item] == 1) state_.Send(item, b, state_.stage(item));
    if (side_[item] == 2) state_.Send(item, a, state_.stage(item));
  }
}

}  // namespace allot
