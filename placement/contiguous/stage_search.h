// Is there a chain of stages whose loads are all below U?
//
// A depth-first search over (downset, devices left). From a downset, the stages of a class are
// enumerated block by block: each in topological order joins or stays out, and then everything
// behind it stays out, too. Both sides are bounded: what has joined has a load that only grows
// (times, flows to and from blocks that are out for good), and what is out has a weight that the
// devices left must be able to carry (remaining_loads.h). So only downsets near the load that U
// leaves room for are ever met, however many there are.
//
// States that lead nowhere are remembered. They stay so for smaller U, hence asking again for less
// than the last answer costs little. And a stage is passed over if another block could join it that
// later stages can only be glad to lose (SpareBlock in stage_search.cc).
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "placement/contiguous/downset_table.h"
#include "placement/contiguous/linear_chain.h"
#include "placement/contiguous/remaining_loads.h"
#include "placement/contiguous/stages/stage_index.h"

namespace allot {

inline constexpr int32_t kMaxStageBlocks = 4096;

class StageSearch {
 public:
  // Keeps a reference. At most kMaxStageBlocks blocks: decisions nest as deep as there are blocks.
  explicit StageSearch(const StageIndex& index);

  struct Answer {
    bool complete = false;            // false: the work is spent, nothing is known
    std::optional<StageChain> chain;  // with all loads below the value asked for
  };
  // `upper` must not grow from one call to the next. Spends until work() reaches `work`.
  Answer Find(Picos upper, int64_t work);

  int64_t work() const { return work_; }  // decisions on blocks
  int32_t num_downsets() const { return downsets_.size(); }
  RemainingLoads& remaining() { return remaining_; }

 private:
  enum class Outcome { kFound, kNone, kStopped };
  struct Candidate {
    int32_t downset = 0, cls = 0, devices = 0;  // after the stage
    Picos load = 0;
    int64_t slack = 0;
  };
  struct Step {
    int32_t downset = 0, cls = 0;
    Picos load = 0;
  };

  Outcome Reach(int32_t downset, int32_t devices);
  void Enumerate(int32_t downset, int32_t devices, int32_t cls);
  void Decide(int32_t cursor, size_t joined, size_t excluded, Picos load, Bytes memory,
              int64_t weight);
  void Keep(size_t excluded, Picos load, Bytes memory, int64_t weight);
  bool SpareBlock(int32_t block, Picos load, Bytes memory) const;
  bool Failed(int32_t downset, int32_t devices) const;
  StageChain Chain() const;
  uint64_t* OutAt(size_t excluded) { return &out_[excluded * Words()]; }
  uint64_t* NearAt(size_t joined) { return &near_[joined * Words()]; }
  // Memory has an end, too.
  bool TooManyDownsets() const {
    return static_cast<size_t>(downsets_.size()) * Words() > (size_t{1} << 26);
  }
  size_t Words() const { return static_cast<size_t>(index_.words()); }

  const StageIndex& index_;
  const BlockClosures closures_;
  RemainingLoads remaining_;
  DownsetTable downsets_;
  std::vector<std::vector<int32_t>> failed_;  // by downset: sets of devices that did not do
  int32_t full_ = 0;                          // the downset of everything
  Picos upper_ = 0;
  int64_t work_ = 0, work_limit_ = 0;
  int64_t counted_ = 0;  // work of remaining_ that work_ contains
  std::vector<Step> path_;

  // Of the enumeration that goes on.
  int32_t cls_ = 0, devices_ = 0;  // devices_: left after the stage
  int64_t limit_ = 0;
  Bytes capacity_ = 0;
  const int64_t* weights_ = nullptr;  // of what is left to devices_
  std::vector<uint64_t> inside_;      // the stage
  std::vector<uint64_t> out_;         // by exclusions: the downset before and all that is out
  std::vector<uint64_t> near_;        // by blocks joined: what shares a flow with the stage
  std::vector<int32_t> excluded_;     // blocks that were decided against, outermost first
  std::vector<Candidate> candidates_;
  std::vector<uint64_t> scratch_;
};

}  // namespace allot
