// A StageProblem as arrays: who makes and reads what, what a stage gains and loses with a block,
// and what lies before and after it.
#pragma once

#include <cstdint>
#include <vector>

#include "absl/types/span.h"

#include "placement/contiguous/stages/block_set.h"
#include "placement/contiguous/stages/stage_problem.h"
#include "support/id_table.h"

namespace allot {

class StageIndex {
 public:
  // Keeps a reference.
  explicit StageIndex(const StageProblem& problem);

  const StageProblem& problem() const { return *problem_; }
  int32_t num_blocks() const { return num_blocks_; }
  int32_t num_classes() const { return num_classes_; }
  int32_t words() const { return words_; }  // of a set of blocks

  // kNotAllowed (negative) where it cannot be.
  Picos Time(int32_t block, int32_t cls) const { return time_(block, cls); }
  Bytes Memory(int32_t block) const { return memory_[static_cast<size_t>(block)]; }
  Picos Cost(int32_t flow, int32_t cls) const { return cost_(flow, cls); }
  int32_t From(int32_t flow) const { return from_[static_cast<size_t>(flow)]; }
  absl::Span<const int32_t> To(int32_t flow) const { return Row(to_, to_begin_, flow); }
  absl::Span<const int32_t> Made(int32_t block) const { return Row(made_, made_begin_, block); }
  absl::Span<const int32_t> Read(int32_t block) const { return Row(read_, read_begin_, block); }
  absl::Span<const int32_t> Before(int32_t block) const { return Row(pred_, pred_begin_, block); }
  absl::Span<const int32_t> After(int32_t block) const { return Row(succ_, succ_begin_, block); }
  // Which of problem().shared a block uses.
  absl::Span<const int32_t> SharedOf(int32_t block) const {
    return Row(shared_, shared_begin_, block);
  }

  // What the load of a stage on `cls` changes by when a block joins it; without the launch. `block`
  // must not be in `inside`.
  Picos Joining(const uint64_t* inside, int32_t block, int32_t cls) const;
  // The same for shared and own memory.
  Bytes MemoryJoining(const uint64_t* inside, int32_t block) const;

 private:
  static absl::Span<const int32_t> Row(const std::vector<int32_t>& items,
                                       const std::vector<int32_t>& begin, int32_t row) {
    const auto first = static_cast<size_t>(begin[static_cast<size_t>(row)]);
    const auto last = static_cast<size_t>(begin[static_cast<size_t>(row) + 1]);
    return absl::MakeConstSpan(items.data() + first, last - first);
  }

  const StageProblem* problem_;
  int32_t num_blocks_, num_classes_, words_;
  IdTable<int32_t, int32_t, Picos> time_, cost_;  // by block or flow, and class
  std::vector<Bytes> memory_;
  std::vector<int32_t> from_, to_, to_begin_, made_, made_begin_, read_, read_begin_;
  std::vector<int32_t> pred_, pred_begin_, succ_, succ_begin_, shared_, shared_begin_;
};

// By block: the blocks that must follow it and those that must precede it, itself included, and
// those that share a flow with it. 3 blocks^2 bits, O(blocks * order / 64) to build.
class BlockClosures {
 public:
  explicit BlockClosures(const StageIndex& index);

  const uint64_t* Upset(int32_t block) const { return &upset_[Line(block)]; }
  const uint64_t* Downset(int32_t block) const { return &downset_[Line(block)]; }
  const uint64_t* Neighbours(int32_t block) const { return &neighbours_[Line(block)]; }

 private:
  size_t Line(int32_t block) const { return static_cast<size_t>(block) * words_; }

  size_t words_;
  std::vector<uint64_t> upset_, downset_, neighbours_;
};

}  // namespace allot
