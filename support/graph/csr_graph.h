// A directed graph over the vertices 0 .. n-1 as arrays: what every graph algorithm here works on.
#pragma once

#include <cstdint>
#include <vector>

#include "absl/types/span.h"

namespace allot {

struct WeightedEdge {
  int32_t from = 0, to = 0;
  int64_t weight = 1;
  friend bool operator==(const WeightedEdge&, const WeightedEdge&) = default;
};

// Immutable once built. Neighbours are distinct and ascending.
class CsrGraph {
 public:
  CsrGraph() = default;
  // Parallel edges become one whose weight is their sum; loops are dropped. Ends must be in range.
  // O(n + m log m).
  CsrGraph(int32_t num_vertices, std::vector<WeightedEdge> edges);

  int32_t num_vertices() const { return num_vertices_; }
  int64_t num_edges() const { return static_cast<int64_t>(targets_.size()); }

  absl::Span<const int32_t> successors(int32_t v) const { return Row(targets_, out_begin_, v); }
  absl::Span<const int32_t> predecessors(int32_t v) const { return Row(sources_, in_begin_, v); }
  // Weights of the edges to successors(v), from predecessors(v).
  absl::Span<const int64_t> out_weights(int32_t v) const { return Row(out_weight_, out_begin_, v); }
  absl::Span<const int64_t> in_weights(int32_t v) const { return Row(in_weight_, in_begin_, v); }

 private:
  template <typename T>
  static absl::Span<const T> Row(const std::vector<T>& items, const std::vector<int64_t>& begin,
                                 int32_t v) {
    const size_t first = static_cast<size_t>(begin[static_cast<size_t>(v)]);
    const size_t last = static_cast<size_t>(begin[static_cast<size_t>(v) + 1]);
    return absl::MakeConstSpan(items.data() + first, last - first);
  }

  int32_t num_vertices_ = 0;
  std::vector<int64_t> out_begin_ = {0}, in_begin_ = {0};
  std::vector<int32_t> targets_, sources_;
  std::vector<int64_t> out_weight_, in_weight_;
};

}  // namespace allot
