#include "support/graph/reachability.h"

#include <algorithm>
#include <unordered_set>
#include <utility>

#include "support/check.h"
#include "support/graph/topo_order.h"

namespace allot {

Reachability::Reachability(const CsrGraph& graph, int32_t bitset_limit) : graph_(&graph) {
  const std::optional<std::vector<int32_t>> order = TopologicalOrder(graph);
  ALLOT_CHECK(order.has_value());
  const size_t n = static_cast<size_t>(graph.num_vertices());
  if (graph.num_vertices() <= bitset_limit) {
    words_ = (n + 63) / 64;
    bits_.assign(words_ * n, 0);
    for (auto it = order->rbegin(); it != order->rend(); ++it) {
      const size_t v = static_cast<size_t>(*it);
      bits_[v * words_ + v / 64] |= uint64_t{1} << (v % 64);
      for (int32_t next : graph.successors(*it)) {
        const size_t row = static_cast<size_t>(next) * words_;
        for (size_t w = 0; w < words_; ++w) bits_[v * words_ + w] |= bits_[row + w];
      }
    }
    return;
  }
  level_.assign(n, 0);
  rank_.assign(n, -1);
  lowest_.assign(n, 0);
  for (int32_t v : *order) {
    for (int32_t next : graph.successors(v)) {
      level_[static_cast<size_t>(next)] =
          std::max(level_[static_cast<size_t>(next)], level_[static_cast<size_t>(v)] + 1);
    }
  }
  // Depth-first from the sources with an explicit stack: graphs are deep.
  int32_t next_rank = 0;
  std::vector<std::pair<int32_t, size_t>> stack;
  for (int32_t root : *order) {
    if (rank_[static_cast<size_t>(root)] != -1) continue;
    stack.emplace_back(root, 0);
    rank_[static_cast<size_t>(root)] = -2;
    while (!stack.empty()) {
      auto& [v, child] = stack.back();
      if (child < graph.successors(v).size()) {
        const int32_t next = graph.successors(v)[child++];
        if (rank_[static_cast<size_t>(next)] == -1) {
          rank_[static_cast<size_t>(next)] = -2;
          stack.emplace_back(next, 0);
        }
        continue;
      }
      rank_[static_cast<size_t>(v)] = next_rank++;
      stack.pop_back();
    }
  }
  for (auto it = order->rbegin(); it != order->rend(); ++it) {
    const size_t v = static_cast<size_t>(*it);
    lowest_[v] = rank_[v];
    for (int32_t next : graph.successors(*it)) {
      lowest_[v] = std::min(lowest_[v], lowest_[static_cast<size_t>(next)]);
    }
  }
}

bool Reachability::Refuted(int32_t from, int32_t to) const {
  const size_t u = static_cast<size_t>(from), v = static_cast<size_t>(to);
  return level_[u] >= level_[v] || rank_[v] > rank_[u] || lowest_[v] < lowest_[u];
}

bool Reachability::Reaches(int32_t from, int32_t to) const {
  if (from == to) return true;
  if (words_ != 0) {
    const size_t v = static_cast<size_t>(to);
    return (bits_[static_cast<size_t>(from) * words_ + v / 64] >> (v % 64)) & 1;
  }
  if (Refuted(from, to)) return false;
  std::unordered_set<int32_t> seen = {from};
  std::vector<int32_t> stack = {from};
  while (!stack.empty()) {
    const int32_t v = stack.back();
    stack.pop_back();
    for (int32_t next : graph_->successors(v)) {
      if (next == to) return true;
      if (!Refuted(next, to) && seen.insert(next).second) stack.push_back(next);
    }
  }
  return false;
}

}  // namespace allot
