// Topological orders.
#pragma once

#include <cstdint>
#include <functional>
#include <iterator>
#include <numeric>
#include <optional>
#include <queue>
#include <type_traits>
#include <utility>
#include <vector>

#include "support/graph/csr_graph.h"

namespace allot {

// Which vertex SortTopologically() takes next of those that are ready: the smallest,
template <typename Vertex>
class SmallestFirst {
 public:
  bool empty() const { return ready_.empty(); }
  void Push(Vertex vertex) { ready_.push(vertex); }
  Vertex Pop() {
    const Vertex vertex = ready_.top();
    ready_.pop();
    return vertex;
  }

 private:
  std::priority_queue<Vertex, std::vector<Vertex>, std::greater<>> ready_;
};

// the one with the smallest key(vertex), of several the smallest vertex,
template <typename Vertex, typename Key>
class SmallestKeyFirst {
 public:
  explicit SmallestKeyFirst(Key key) : key_(std::move(key)) {}
  bool empty() const { return ready_.empty(); }
  void Push(Vertex vertex) { ready_.Push({key_(vertex), vertex}); }
  Vertex Pop() { return ready_.Pop().second; }

 private:
  Key key_;
  SmallestFirst<std::pair<std::decay_t<std::invoke_result_t<Key, Vertex>>, Vertex>> ready_;
};
template <typename Vertex, typename Key>
SmallestKeyFirst<Vertex, Key> BySmallestKey(Key key) {
  return SmallestKeyFirst<Vertex, Key>(std::move(key));
}

// or the one that became ready last, so that a branch is followed to its end.
template <typename Vertex>
class LastFirst {
 public:
  bool empty() const { return ready_.empty(); }
  void Push(Vertex vertex) { ready_.push_back(vertex); }
  Vertex Pop() {
    const Vertex vertex = ready_.back();
    ready_.pop_back();
    return vertex;
  }

 private:
  std::vector<Vertex> ready_;
};

template <typename Vertex>
struct TopologicalSort {
  // Without the vertices that lie on a cycle or behind one.
  std::vector<Vertex> order;
  // By vertex: its edges from vertices that are not in the order. None for those that are.
  std::vector<int32_t> missing;
};

// The index of a vertex that is a number or an Id.
template <typename Vertex>
size_t VertexIndex(Vertex vertex) {
  if constexpr (std::is_integral_v<Vertex>) {
    return static_cast<size_t>(vertex);
  } else {
    return static_cast<size_t>(vertex.index());
  }
}

// Sorts the vertices of a range, numbers or ids below `bound`, so that edges lead forwards (A. B.
// Kahn, Topological sorting of large networks, CACM 1962). for_each_successor(v, visit) calls
// visit(to) for each edge v -> to, the same ones each time and all within the range. `ready`
// chooses among those whose turn it may be; to it come first the sources as the range has them,
// then, behind each vertex, its successors as they are visited. O(n + m), and what `ready` takes.
template <typename Vertices, typename ForEachSuccessor,
          typename Vertex = std::decay_t<decltype(*std::begin(std::declval<const Vertices&>()))>,
          typename Ready = SmallestFirst<Vertex>>
TopologicalSort<Vertex> SortTopologically(const Vertices& vertices, size_t bound,
                                          const ForEachSuccessor& for_each_successor,
                                          Ready ready = {}) {
  TopologicalSort<Vertex> sort;
  sort.missing.resize(bound);
  size_t count = 0;
  for (const Vertex vertex : vertices) {
    ++count;
    for_each_successor(vertex, [&](Vertex to) { ++sort.missing[VertexIndex(to)]; });
  }
  sort.order.reserve(count);
  for (const Vertex vertex : vertices) {
    if (sort.missing[VertexIndex(vertex)] == 0) ready.Push(vertex);
  }
  while (!ready.empty()) {
    const Vertex vertex = ready.Pop();
    sort.order.push_back(vertex);
    for_each_successor(vertex, [&](Vertex to) {
      if (--sort.missing[VertexIndex(to)] == 0) ready.Push(to);
    });
  }
  return sort;
}

// The same of the vertices 0 .. n-1.
template <typename Vertex, typename ForEachSuccessor, typename Ready = SmallestFirst<Vertex>,
          typename = std::enable_if_t<std::is_integral_v<Vertex>>>
TopologicalSort<Vertex> SortTopologically(Vertex n, const ForEachSuccessor& for_each_successor,
                                          Ready ready = {}) {
  std::vector<Vertex> vertices(static_cast<size_t>(n));
  std::iota(vertices.begin(), vertices.end(), Vertex{0});
  return SortTopologically(vertices, vertices.size(), for_each_successor, std::move(ready));
}

// For SortTopologically(): successors that stand in lists by vertex, which must outlive this.
template <typename Lists>
auto SuccessorsIn(const Lists& lists) {
  return [&lists](auto vertex, const auto& visit) {
    for (const auto to : lists[vertex]) visit(to);
  };
}

// The vertices in topological order, the smallest number first among those that are ready; nullopt
// if the graph has a cycle. O(m + n log n).
std::optional<std::vector<int32_t>> TopologicalOrder(const CsrGraph& graph);

// position[order[i]] = i.
std::vector<int32_t> Positions(const std::vector<int32_t>& order);

}  // namespace allot
