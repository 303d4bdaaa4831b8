#include "placement/contiguous/stage_search.h"

#include <algorithm>
#include <bit>
#include <utility>

namespace allot {
namespace {

constexpr int64_t kHeaviest = RemainingLoads::kForbidden;

}  // namespace

StageSearch::StageSearch(const StageIndex& index)
    : index_(index),
      closures_(index),
      remaining_(index),
      downsets_(index.words()),
      inside_(Words()),
      out_((static_cast<size_t>(index.num_blocks()) + 2) * Words()),
      near_((static_cast<size_t>(index.num_blocks()) + 2) * Words()),
      excluded_(static_cast<size_t>(index.num_blocks()) + 1),
      scratch_(Words()) {
  downsets_.Number(scratch_.data());
  for (int32_t b = 0; b < index.num_blocks(); ++b) AddBlock(scratch_.data(), b);
  full_ = downsets_.Number(scratch_.data());
}

StageSearch::Answer StageSearch::Find(Picos upper, int64_t work) {
  upper_ = upper;
  work_limit_ = work;
  path_.clear();
  if (upper <= 0) return {true, std::nullopt};
  if (full_ == 0) return {true, StageChain()};
  switch (Reach(0, remaining_.All())) {
    case Outcome::kFound:
      return {true, Chain()};
    case Outcome::kNone:
      return {true, std::nullopt};
    case Outcome::kStopped:
      return {false, std::nullopt};
  }
  return {};
}

bool StageSearch::Failed(int32_t downset, int32_t devices) const {
  const auto i = static_cast<size_t>(downset);
  if (i >= failed_.size()) return false;
  return std::any_of(failed_[i].begin(), failed_[i].end(),
                     [&](int32_t others) { return remaining_.Includes(others, devices); });
}

StageSearch::Outcome StageSearch::Reach(int32_t downset, int32_t devices) {
  if (downset == full_) return Outcome::kFound;
  candidates_.clear();
  for (int32_t c = 0; c < index_.num_classes(); ++c) {
    if (remaining_.Counts(devices)[static_cast<size_t>(c)] == 0) continue;
    Enumerate(downset, devices, c);
    if (work_ >= work_limit_ || TooManyDownsets()) return Outcome::kStopped;
  }
  std::vector<Candidate> candidates = std::move(candidates_);
  candidates_ = {};
  // Those that leave the most room first.
  std::stable_sort(candidates.begin(), candidates.end(),
                   [](const Candidate& a, const Candidate& b) { return a.slack > b.slack; });
  for (const Candidate& next : candidates) {
    if (Failed(next.downset, next.devices)) continue;
    path_.push_back({next.downset, next.cls, next.load});
    const Outcome outcome = Reach(next.downset, next.devices);
    if (outcome != Outcome::kNone) return outcome;
    path_.pop_back();
  }
  if (failed_.size() < static_cast<size_t>(downsets_.size())) {
    failed_.resize(static_cast<size_t>(downsets_.size()));
  }
  failed_[static_cast<size_t>(downset)].push_back(devices);
  return Outcome::kNone;
}

void StageSearch::Enumerate(int32_t downset, int32_t devices, int32_t cls) {
  const StageProblem::Class& kind = index_.problem().classes[static_cast<size_t>(cls)];
  cls_ = cls;
  devices_ = remaining_.Without(devices, cls);
  work_ += remaining_.work() - counted_;
  counted_ = remaining_.work();
  limit_ = remaining_.Limit(devices_, upper_ - 1);
  weights_ = remaining_.Weights(devices_).data();
  capacity_ = kind.memory;
  std::fill(inside_.begin(), inside_.end(), 0);
  std::copy_n(downsets_.Get(downset), Words(), OutAt(0));
  std::fill_n(NearAt(0), Words(), 0);
  if (kind.launch < upper_) Decide(0, 0, 0, kind.launch, 0, 0);
}

// Decides on the next block that is neither in nor out. `load` is what the stage carries for sure;
// `weight` is what stays out.
void StageSearch::Decide(int32_t cursor, size_t joined, size_t excluded, Picos load, Bytes memory,
                         int64_t weight) {
  if (++work_ >= work_limit_ || TooManyDownsets()) return;
  uint64_t* const out = OutAt(excluded);
  uint64_t* const near = NearAt(joined);
  const auto words = static_cast<int32_t>(Words());
  int32_t block = -1;
  for (int32_t w = cursor >> 6; w < words; ++w) {
    uint64_t open = ~(out[w] | inside_[static_cast<size_t>(w)]);
    if (w == cursor >> 6) open &= ~uint64_t{0} << (cursor & 63);
    if (open == 0) continue;
    block = w * 64 + std::countr_zero(open);
    break;
  }
  if (block < 0 || block >= index_.num_blocks()) {
    if (joined > 0) Keep(excluded, load, memory, weight);
    return;
  }
  const Picos time = index_.Time(block, cls_);
  if (time >= 0) {
    Picos with = load + time;
    for (const int32_t flow : index_.Made(block)) {
      bool leaves = false;
      for (const int32_t reader : index_.To(flow)) leaves = leaves || HasBlock(out, reader);
      if (leaves) with += index_.Cost(flow, cls_);
    }
    for (const int32_t flow : index_.Read(block)) {
      if (!HasBlock(out, index_.From(flow))) continue;
      bool loaded = false;
      for (const int32_t reader : index_.To(flow)) {
        loaded = loaded || HasBlock(inside_.data(), reader);
      }
      if (!loaded) with += index_.Cost(flow, cls_);
    }
    const Bytes held = memory + index_.MemoryJoining(inside_.data(), block);
    if (with < upper_ && held <= capacity_) {
      const uint64_t* const neighbours = closures_.Neighbours(block);
      uint64_t* const wider = NearAt(joined + 1);
      for (size_t w = 0; w < Words(); ++w) wider[w] = near[w] | neighbours[w];
      AddBlock(inside_.data(), block);
      Decide(block + 1, joined + 1, excluded, with, held, weight);
      RemoveBlock(inside_.data(), block);
    }
  }
  // Out, with all that must follow it.
  const uint64_t* const upset = closures_.Upset(block);
  if (excluded == 0) {
    weight = remaining_.UpsetWeight(devices_, block, upset);
  } else {
    ForEachBlock(
        words, [&](int32_t w) { return upset[w] & ~out[w]; },
        [&](int32_t b) { weight = std::min(weight + weights_[b], kHeaviest); });
  }
  if (weight > limit_) return;
  uint64_t* const next = OutAt(excluded + 1);
  for (size_t w = 0; w < Words(); ++w) next[w] = out[w] | (upset[w] & ~near[w]);
  ForEachBlock(
      words, [&](int32_t w) { return upset[w] & near[w] & ~out[w]; },
      [&](int32_t b) {
        for (const int32_t flow : index_.Read(b)) {
          if (!HasBlock(inside_.data(), index_.From(flow))) continue;
          bool stored = false;
          for (const int32_t reader : index_.To(flow)) {
            stored = stored || HasBlock(next, reader);
          }
          if (!stored) load += index_.Cost(flow, cls_);
        }
        for (const int32_t flow : index_.Made(b)) {
          bool loaded = false;
          for (const int32_t reader : index_.To(flow)) {
            loaded = loaded || HasBlock(inside_.data(), reader);
          }
          if (loaded) load += index_.Cost(flow, cls_);
        }
        AddBlock(next, b);
      });
  if (load >= upper_) return;
  excluded_[excluded] = block;
  Decide(block + 1, joined, excluded + 1, load, memory, weight);
}

void StageSearch::Keep(size_t excluded, Picos load, Bytes memory, int64_t weight) {
  for (size_t i = 0; i < excluded; ++i) {
    if (SpareBlock(excluded_[i], load, memory)) return;
  }
  // The downset before, kept where nothing is excluded yet, and the stage.
  for (size_t w = 0; w < Words(); ++w) scratch_[w] = OutAt(0)[w] | inside_[w];
  const int32_t downset = downsets_.Number(scratch_.data());
  if (Failed(downset, devices_)) return;
  candidates_.push_back({downset, cls_, devices_, load, limit_ - weight});
}

// Whether a minimal block outside may join the stage, and no later stage T that has it would carry
// more without it. T no longer spends the block's time, and
// - of a flow that the block makes: loads it if it reads it, but stored it before if anyone up to
//   the stage reads it;
// - of a flow that the block reads: if made up to the stage, T need not load it for the block, and
//   not at all if no one else outside reads it; if made later, T may have to store it now, unless
//   someone up to the stage reads it, too.
// So whatever continues this chain also continues the one with the block.
bool StageSearch::SpareBlock(int32_t block, Picos load, Bytes memory) const {
  if (index_.Time(block, cls_) < 0) return false;
  if (memory + index_.MemoryJoining(inside_.data(), block) > capacity_) return false;
  if (load + index_.Joining(inside_.data(), block, cls_) >= upper_) return false;
  const uint64_t* const before = &out_[0];
  const auto done = [&](int32_t b) { return HasBlock(before, b) || HasBlock(inside_.data(), b); };
  const std::vector<int32_t>& counts = remaining_.Counts(devices_);
  for (int32_t c = 0; c < index_.num_classes(); ++c) {
    if (counts[static_cast<size_t>(c)] == 0 || index_.Time(block, c) < 0) continue;
    Picos change = -index_.Time(block, c);
    for (const int32_t flow : index_.Made(block)) {
      bool read = false;
      for (const int32_t reader : index_.To(flow)) read = read || done(reader);
      if (!read) change += index_.Cost(flow, c);
    }
    for (const int32_t flow : index_.Read(block)) {
      const bool made = done(index_.From(flow));
      bool read = false, others = false;
      for (const int32_t reader : index_.To(flow)) {
        (done(reader) ? read : others) |= reader != block;
      }
      if (made && !others) change -= index_.Cost(flow, c);
      if (!made && !read) change += index_.Cost(flow, c);
    }
    if (change > 0) return false;
  }
  return true;
}

StageChain StageSearch::Chain() const {
  StageChain chain;
  int32_t before = 0;
  for (const Step& step : path_) {
    StageChain::Stage& stage = chain.stages.emplace_back();
    stage.cls = step.cls;
    const uint64_t *from = downsets_.Get(before), *to = downsets_.Get(step.downset);
    ForEachBlock(
        index_.words(), [&](int32_t w) { return to[w] & ~from[w]; },
        [&stage](int32_t b) { stage.blocks.push_back(b); });
    chain.value = std::max(chain.value, step.load);
    before = step.downset;
  }
  return chain;
}

}  // namespace allot
