// Is there a path? Answered from bitsets on small graphs, and on large ones by filters that settle
// most questions at once, with a search behind them.
#pragma once

#include <cstdint>
#include <vector>

#include "support/graph/csr_graph.h"

namespace allot {

// The graph must be acyclic and outlive this.
class Reachability {
 public:
  // Graphs of at most `bitset_limit` vertices get bitsets: n^2 bits and O(n m / 64) to build.
  explicit Reachability(const CsrGraph& graph, int32_t bitset_limit = 4096);

  // Whether a path (of any length, also none) leads from one to the other. O(1) with bitsets.
  // Otherwise levels and post-order intervals (GRAIL; Yildirim, Chaoji and Zaki, VLDB 2010)
  // answer most questions in O(1), and the rest cost a search between the two.
  bool Reaches(int32_t from, int32_t to) const;
  bool Comparable(int32_t a, int32_t b) const { return Reaches(a, b) || Reaches(b, a); }

 private:
  bool Refuted(int32_t from, int32_t to) const;

  const CsrGraph* graph_;
  size_t words_ = 0;             // per row of bits_
  std::vector<uint64_t> bits_;   // row v: what v reaches
  std::vector<int32_t> level_;   // longest path from a source
  std::vector<int32_t> rank_;    // post-order number of a depth-first forest
  std::vector<int32_t> lowest_;  // smallest rank_ among what v reaches
};

}  // namespace allot
