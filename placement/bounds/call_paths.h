// A bound for execution in calls that sees memory and transfers: some path through the graph, cut
// into the cheapest calls and pool items that any placement could cut it into.
//
// The items of a path run one after the other, so the latency is at least the sum, over maximal
// runs of the path that share a call, of that call's duration. A call that holds the run i .. j of
// the path also holds every item on a way between two of its items, since it would otherwise wait
// for itself, and, if a device makes one call only, everything that must share their device: its
// closure. It pays for them all, and its device must have memory for them. The item of the path
// before the run is not in the call, so none of its ancestors is either, nor what must share a
// device with one of those, nor the ancestors of that if it feeds the call; in the same way the
// item behind the run keeps its descendants out. What the closure reads of all these is loaded,
// what they read of it is stored. The least sum over all ways to cut is a shortest path, with the
// number of calls so far as a second coordinate.
#pragma once

#include <cstdint>
#include <vector>

#include "placement/problem/allowed_times.h"
#include "placement/value/problem_facts.h"

namespace allot {

// A run of a path: its positions [begin, end), in one call, or else a single item on a pool.
struct PathRun {
  size_t begin = 0, end = 0;
  bool call = false;
  std::vector<ItemId> closure;  // of a call, ascending
};

struct CallPathBound {
  Picos value = 0;  // no solution is better; 0: nothing is known
  std::vector<PathRun> runs;
};

class CallPathBounder {
 public:
  // The most items for which ancestors and descendants are kept: n^2 / 4 bytes.
  static constexpr size_t kMaxItems = 8192;

  // Keeps references to the problem and its graph. The problem is one of calls and has at most
  // kMaxItems items.
  explicit CallPathBounder(const ProblemFacts& facts);

  // The bound of one path, given from its source on; each item feeds the next. Spends what it uses
  // of `work` (item visits) and knows nothing if that is not enough. If no way to cut it exists, no
  // placement does: then `value` is kNever.
  CallPathBound Bound(const std::vector<ItemId>& path, int64_t& work);

  // Paths worth trying, by themselves: longest ones by the time on pools, on other devices, by
  // memory, and by transfers.
  std::vector<std::vector<ItemId>> Candidates() const;

 private:
  using Word = uint64_t;
  using Bits = std::vector<Word>;

  const Word* ancestors(int32_t item) const { return &ancestors_[item * words_]; }
  const Word* descendants(int32_t item) const { return &descendants_[item * words_]; }
  void Close(int32_t item);
  void FindOutside(const std::vector<ItemId>& path);
  Picos CallCost(const Word* before, const Word* behind);

  const PlacementProblem& problem_;
  const ProblemGraph& graph_;
  const size_t num_items_, words_;
  const size_t num_devices_;
  Bits ancestors_, descendants_;             // [item][item], each with itself
  std::vector<size_t> kinds_;                // devices that make calls, one of each class
  std::vector<Picos> pool_time_;             // by item; negative: no pool runs it
  std::vector<std::vector<int32_t>> mates_;  // by item: what must be in the same call

  // By position on the path: what is not in a call that begins there, and in one that ends there.
  Bits outside_before_, outside_behind_;

  // The closure under construction.
  Bits inside_, above_, below_;  // members; their ancestors and descendants, with themselves
  std::vector<int32_t> members_;
  std::vector<Picos> call_time_;  // by device; negative: cannot
  std::vector<Bytes> call_memory_;
  std::vector<int64_t> stamp_;  // by flow
  int64_t now_ = 0, work_ = 0;
};

}  // namespace allot
