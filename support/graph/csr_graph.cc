#include "support/graph/csr_graph.h"

#include <algorithm>
#include <tuple>
#include <utility>

#include "support/check.h"

namespace allot {

CsrGraph::CsrGraph(int32_t num_vertices, std::vector<WeightedEdge> edges)
    : num_vertices_(num_vertices) {
  std::sort(edges.begin(), edges.end(), [](const WeightedEdge& a, const WeightedEdge& b) {
    return std::tie(a.from, a.to) < std::tie(b.from, b.to);
  });
  const size_t n = static_cast<size_t>(num_vertices);
  out_begin_.assign(n + 1, 0);
  in_begin_.assign(n + 1, 0);
  std::vector<WeightedEdge> distinct;
  distinct.reserve(edges.size());
  for (const WeightedEdge& edge : edges) {
    ALLOT_CHECK(edge.from >= 0 && edge.from < num_vertices && edge.to >= 0 &&
                edge.to < num_vertices);
    if (edge.from == edge.to) continue;
    if (!distinct.empty() && distinct.back().from == edge.from && distinct.back().to == edge.to) {
      distinct.back().weight += edge.weight;
    } else {
      distinct.push_back(edge);
    }
  }
  for (const WeightedEdge& edge : distinct) {
    ++out_begin_[static_cast<size_t>(edge.from) + 1];
    ++in_begin_[static_cast<size_t>(edge.to) + 1];
  }
  for (size_t v = 0; v < n; ++v) {
    out_begin_[v + 1] += out_begin_[v];
    in_begin_[v + 1] += in_begin_[v];
  }
  targets_.resize(distinct.size());
  out_weight_.resize(distinct.size());
  sources_.resize(distinct.size());
  in_weight_.resize(distinct.size());
  std::vector<int64_t> next = in_begin_;
  for (size_t e = 0; e < distinct.size(); ++e) {
    targets_[e] = distinct[e].to;
    out_weight_[e] = distinct[e].weight;
    const size_t slot = static_cast<size_t>(next[static_cast<size_t>(distinct[e].to)]++);
    sources_[slot] = distinct[e].from;
    in_weight_[slot] = distinct[e].weight;
  }
}

}  // namespace allot
