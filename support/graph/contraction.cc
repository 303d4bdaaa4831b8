#include "support/graph/contraction.h"

#include <algorithm>
#include <utility>

#include "support/check.h"
#include "support/graph/topo_order.h"

namespace allot {

CsrGraph QuotientGraph(const CsrGraph& graph, absl::Span<const int32_t> group_of,
                       int32_t num_groups) {
  std::vector<WeightedEdge> edges;
  edges.reserve(static_cast<size_t>(graph.num_edges()));
  for (int32_t v = 0; v < graph.num_vertices(); ++v) {
    const absl::Span<const int32_t> targets = graph.successors(v);
    for (size_t e = 0; e < targets.size(); ++e) {
      const int32_t from = group_of[static_cast<size_t>(v)];
      const int32_t to = group_of[static_cast<size_t>(targets[e])];
      if (from != to) edges.push_back({from, to, graph.out_weights(v)[e]});
    }
  }
  return CsrGraph(num_groups, std::move(edges));
}

bool IsAcyclicQuotient(const CsrGraph& graph, absl::Span<const int32_t> group_of,
                       int32_t num_groups) {
  return TopologicalOrder(QuotientGraph(graph, group_of, num_groups)).has_value();
}

AcyclicContraction::AcyclicContraction(const CsrGraph& graph)
    : graph_(&graph), groups_(static_cast<size_t>(graph.num_vertices())) {
  const std::optional<std::vector<int32_t>> order = TopologicalOrder(graph);
  ALLOT_CHECK(order.has_value());
  position_ = Positions(*order);
  const size_t n = static_cast<size_t>(graph.num_vertices());
  out_.resize(n);
  in_.resize(n);
  mark_.assign(n, 0);
  for (int32_t v = 0; v < graph.num_vertices(); ++v) {
    const absl::Span<const int32_t> targets = graph.successors(v);
    for (size_t e = 0; e < targets.size(); ++e) {
      out_[static_cast<size_t>(v)].emplace_hint(out_[static_cast<size_t>(v)].end(), targets[e],
                                                graph.out_weights(v)[e]);
      in_[static_cast<size_t>(targets[e])][v] = graph.out_weights(v)[e];
    }
  }
}

// Gathers what `from` reaches (or what reaches it) strictly between it and `other` in the order,
// ignoring the edge between the two. False if that meets `other` or costs too much; both answers
// depend on the sets alone, not on the order of the search.
bool AcyclicContraction::Collect(int32_t from, int32_t other, bool forward, int64_t& effort,
                                 std::vector<int32_t>& found) {
  ++stamp_;
  const int32_t end = position_[static_cast<size_t>(other)];
  found.push_back(from);
  for (size_t i = 0; i < found.size(); ++i) {
    const int32_t v = found[i];
    for (const auto& [next, weight] :
         forward ? out_[static_cast<size_t>(v)] : in_[static_cast<size_t>(v)]) {
      if (--effort < 0) return false;
      if (next == other) {
        if (v != from) return false;
        continue;
      }
      const int32_t at = position_[static_cast<size_t>(next)];
      if (forward ? at > end : at < end) continue;
      if (std::exchange(mark_[static_cast<size_t>(next)], stamp_) != stamp_) found.push_back(next);
    }
  }
  return true;
}

bool AcyclicContraction::TryMerge(int32_t a, int32_t b, int64_t effort) {
  a = Find(a);
  b = Find(b);
  if (a == b) return true;
  const int32_t survivor = a;
  if (position_[static_cast<size_t>(a)] > position_[static_cast<size_t>(b)]) std::swap(a, b);
  std::vector<int32_t> after, before;
  if (!Collect(a, b, /*forward=*/true, effort, after)) return false;
  if (!Collect(b, a, /*forward=*/false, effort, before)) return false;

  // Everything before b, then the merged group, then everything after a, in the places they held.
  const auto by_position = [this](int32_t x, int32_t y) {
    return position_[static_cast<size_t>(x)] < position_[static_cast<size_t>(y)];
  };
  std::sort(before.begin(), before.end(), by_position);
  std::sort(after.begin(), after.end(), by_position);
  std::vector<int32_t> moved = before;                    // ends with b
  moved.insert(moved.end(), after.begin(), after.end());  // goes on with a
  std::vector<int32_t> places;
  places.reserve(moved.size());
  for (int32_t v : moved) places.push_back(position_[static_cast<size_t>(v)]);
  std::sort(places.begin(), places.end());
  for (size_t i = 0; i < moved.size(); ++i) position_[static_cast<size_t>(moved[i])] = places[i];

  const int32_t gone = survivor == a ? b : a;
  groups_.MergeInto(survivor, gone);
  const auto move_edges = [&](std::vector<std::map<int32_t, int64_t>>& near,
                              std::vector<std::map<int32_t, int64_t>>& far) {
    std::map<int32_t, int64_t>& into = near[static_cast<size_t>(survivor)];
    into.erase(gone);
    for (const auto& [other, weight] : near[static_cast<size_t>(gone)]) {
      if (other == survivor) continue;
      into[other] += weight;
      std::map<int32_t, int64_t>& back = far[static_cast<size_t>(other)];
      back.erase(gone);
      back[survivor] += weight;
    }
    near[static_cast<size_t>(gone)].clear();
  };
  move_edges(out_, in_);
  move_edges(in_, out_);
  return true;
}

std::vector<int32_t> AcyclicContraction::Groups() const {
  // Groups numbered by their smallest vertex, so that the order does not depend on which vertex
  // stands for a group.
  auto [group_of, count] = groups_.Number();
  const std::optional<std::vector<int32_t>> order =
      TopologicalOrder(QuotientGraph(*graph_, group_of, count));
  ALLOT_CHECK(order.has_value());
  const std::vector<int32_t> rank = Positions(*order);
  for (int32_t& group : group_of) group = rank[static_cast<size_t>(group)];
  return group_of;
}

}  // namespace allot
