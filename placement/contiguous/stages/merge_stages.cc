#include "placement/contiguous/stages/merge_stages.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "placement/contiguous/stages/stage_index.h"
#include "placement/problem/allowed_times.h"

namespace allot {
namespace {

class Merger {
 public:
  Merger(const StageIndex& index, bool memory_binds)
      : index_(index), closures_(index), memory_binds_(memory_binds) {}

  // The block to merge `block` into, if there is one.
  std::optional<int32_t> Anchor(int32_t block) const {
    if (memory_binds_ && (index_.Memory(block) > 0 || !index_.SharedOf(block).empty())) {
      return std::nullopt;
    }
    // The nearest block before must follow all others before, so that the stages stay downsets.
    const auto nearest = [](absl::Span<const int32_t> all, const uint64_t* beyond) {
      return std::all_of(all.begin(), all.end(),
                         [beyond](int32_t other) { return HasBlock(beyond, other); });
    };
    for (const int32_t anchor : index_.Before(block)) {
      const uint64_t* const side = closures_.Downset(anchor);
      if (nearest(index_.Before(block), side) && Inseparable(block, anchor, side)) return anchor;
    }
    for (const int32_t anchor : index_.After(block)) {
      const uint64_t* const side = closures_.Upset(anchor);
      if (nearest(index_.After(block), side) && Inseparable(block, anchor, side)) return anchor;
    }
    return std::nullopt;
  }

 private:
  // Whether `block` may leave any stage B for the stage A of the anchor. `side`: blocks that are
  // surely not in B, being as far beyond as the anchor is.
  bool Inseparable(int32_t block, int32_t anchor, const uint64_t* side) const {
    for (int32_t c = 0; c < index_.num_classes(); ++c) {
      if (index_.Time(anchor, c) >= 0) {
        if (index_.Time(block, c) < 0 || Joining(block, anchor, c) > 0) return false;
      }
      if (index_.Time(block, c) >= 0 && Leaving(block, side, c) > 0) return false;
    }
    return true;
  }

  // The most that A can gain, on a device of class c.
  Picos Joining(int32_t block, int32_t anchor, int32_t c) const {
    Picos change = index_.Time(block, c);
    for (const int32_t flow : index_.Made(block)) {
      const absl::Span<const int32_t> to = index_.To(flow);
      if (std::find(to.begin(), to.end(), anchor) == to.end()) {
        change += index_.Cost(flow, c);  // may have to be stored
      } else if (to.size() == 1) {
        change -= index_.Cost(flow, c);  // was loaded, and no one else reads it
      }
    }
    for (const int32_t flow : index_.Read(block)) {
      const absl::Span<const int32_t> to = index_.To(flow);
      if (index_.From(flow) == anchor) {
        if (to.size() == 1) change -= index_.Cost(flow, c);  // was stored for the block alone
      } else if (std::find(to.begin(), to.end(), anchor) == to.end()) {
        change += index_.Cost(flow, c);  // may have to be loaded
      }
    }
    return change;
  }

  // The most that B can gain without the block.
  Picos Leaving(int32_t block, const uint64_t* side, int32_t c) const {
    Picos change = -index_.Time(block, c);
    for (const int32_t flow : index_.Made(block)) {
      const absl::Span<const int32_t> to = index_.To(flow);
      const auto elsewhere = std::count_if(
          to.begin(), to.end(), [side](int32_t reader) { return HasBlock(side, reader); });
      if (elsewhere == static_cast<std::ptrdiff_t>(to.size())) {
        change -= index_.Cost(flow, c);  // was stored, and is not loaded
      } else if (elsewhere == 0) {
        change += index_.Cost(flow, c);  // may have to be loaded
      }
    }
    for (const int32_t flow : index_.Read(block)) {
      const absl::Span<const int32_t> to = index_.To(flow);
      if (HasBlock(side, index_.From(flow))) {
        if (to.size() == 1) change -= index_.Cost(flow, c);  // was loaded for the block alone
      } else if (std::none_of(to.begin(), to.end(),
                              [side](int32_t reader) { return HasBlock(side, reader); })) {
        change += index_.Cost(flow, c);  // may have to be stored for the block
      }
    }
    return change;
  }

  const StageIndex& index_;
  const BlockClosures closures_;
  const bool memory_binds_;
};

}  // namespace

bool MemoryMayBind(const StageProblem& problem, Picos upper) {
  Bytes shared = 0;
  for (const StageProblem::Shared& each : problem.shared) {
    shared = SaturatingAdd(shared, each.bytes);
  }
  for (size_t c = 0; c < problem.classes.size(); ++c) {
    std::vector<const StageProblem::Block*> blocks;
    for (const StageProblem::Block& block : problem.blocks) {
      if (block.time[c] != kNotAllowed && block.memory > 0) blocks.push_back(&block);
    }
    // The most bytes per time first.
    std::stable_sort(blocks.begin(), blocks.end(), [c](const auto* a, const auto* b) {
      return static_cast<Int128>(a->memory) * b->time[c] >
             static_cast<Int128>(b->memory) * a->time[c];
    });
    Bytes held = shared;
    Picos time = problem.classes[c].launch;
    for (const StageProblem::Block* block : blocks) {
      if (time >= upper) break;  // the last one counted in full
      held = SaturatingAdd(held, block->memory);
      time += block->time[c];
    }
    if (held > problem.classes[c].memory) return true;
  }
  return false;
}

StageProblem MergeInseparable(StageProblem problem, Picos upper, int64_t& work) {
  for (StageProblem::Block& block : problem.blocks) {
    for (size_t c = 0; c < block.time.size(); ++c) {
      if (block.time[c] >= upper - problem.classes[c].launch) block.time[c] = kNotAllowed;
    }
  }
  const bool memory_binds = MemoryMayBind(problem, upper);
  for (;;) {
    const StageIndex index(problem);
    const Merger merger(index, memory_binds);
    const auto n = static_cast<size_t>(index.num_blocks());
    std::vector<int32_t> into(n);
    for (size_t b = 0; b < n; ++b) into[b] = static_cast<int32_t>(b);
    // One move must not change what another was judged by: who has moved takes no one in, and
    // neither who shares a flow with it nor who takes it in moves in the same round.
    std::vector<char> fixed(n, 0), moved(n, 0);
    bool any = false;
    for (int32_t b = 0; b < index.num_blocks(); ++b) {
      ++work;
      if (fixed[static_cast<size_t>(b)]) continue;
      const std::optional<int32_t> anchor = merger.Anchor(b);
      if (!anchor.has_value() || moved[static_cast<size_t>(*anchor)]) continue;
      into[static_cast<size_t>(b)] = *anchor;
      moved[static_cast<size_t>(b)] = 1;
      any = true;
      fixed[static_cast<size_t>(*anchor)] = 1;
      const auto fix = [&](absl::Span<const int32_t> blocks) {
        for (const int32_t other : blocks) fixed[static_cast<size_t>(other)] = 1;
      };
      fix(index.Before(b));
      fix(index.After(b));
      for (const int32_t flow : index.Made(b)) fix(index.To(flow));
      for (const int32_t flow : index.Read(b)) {
        fix(index.To(flow));
        fixed[static_cast<size_t>(index.From(flow))] = 1;
      }
    }
    if (!any) return problem;
    // Anchors have not moved, so one step leads to where a block ends up.
    std::vector<int32_t> group_of(n, -1);
    int32_t num_groups = 0;
    for (size_t b = 0; b < n; ++b) {
      if (!moved[b]) group_of[b] = num_groups++;
    }
    for (size_t b = 0; b < n; ++b) {
      if (moved[b]) group_of[b] = group_of[static_cast<size_t>(into[b])];
    }
    problem = MergeBlocks(problem, group_of, num_groups);
  }
}

}  // namespace allot
