// Contracting groups of vertices of a DAG so that what is left stays a DAG.
#pragma once

#include <cstdint>
#include <map>
#include <vector>

#include "absl/types/span.h"

#include "support/graph/csr_graph.h"
#include "support/graph/union_find.h"

namespace allot {

// The graph whose vertices are the groups; weights add up. group_of[v] in [0, num_groups).
CsrGraph QuotientGraph(const CsrGraph& graph, absl::Span<const int32_t> group_of,
                       int32_t num_groups);

bool IsAcyclicQuotient(const CsrGraph& graph, absl::Span<const int32_t> group_of,
                       int32_t num_groups);

// A quotient that grows coarser by one merge at a time. Keeps a topological order of the groups as
// Pearce and Kelly do (A dynamic topological sort algorithm for directed acyclic graphs, 2006):
// merging a and b, with an edge a -> b, is inserting b -> a while ignoring a -> b, so only what
// lies between the two in the order is ever looked at.
class AcyclicContraction {
 public:
  // `graph` must be acyclic. Every vertex starts as its own group.
  explicit AcyclicContraction(const CsrGraph& graph);

  // The group of a vertex: a number in [0, n) that stands for it until it is merged.
  int32_t Find(int32_t vertex) const { return groups_.Find(vertex); }

  // Merges two groups if that leaves no cycle and is seen to do so by looking at no more than
  // `effort` edges. Returns whether it did. The survivor is Find(a).
  bool TryMerge(int32_t a, int32_t b, int64_t effort);

  // Weights of the edges of a group to and from other groups.
  const std::map<int32_t, int64_t>& out(int32_t group) const {
    return out_[static_cast<size_t>(group)];
  }
  const std::map<int32_t, int64_t>& in(int32_t group) const {
    return in_[static_cast<size_t>(group)];
  }

  // Dense group numbers in topological order of the quotient, the group with the smallest vertex
  // first among the ready.
  std::vector<int32_t> Groups() const;

 private:
  bool Collect(int32_t from, int32_t other, bool forward, int64_t& effort,
               std::vector<int32_t>& found);

  const CsrGraph* graph_;
  UnionFind groups_;
  std::vector<int32_t> position_;
  std::vector<std::map<int32_t, int64_t>> out_, in_;
  std::vector<int64_t> mark_;  // stamp of the last search that saw the group
  int64_t stamp_ = 0;
};

}  // namespace allot
