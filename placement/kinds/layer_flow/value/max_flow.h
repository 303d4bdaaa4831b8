// Maximum flow by blocking flows (Dinic 1970), for networks of some dozens of nodes that are built
// and solved again and again: the memory stays.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace allot {

class MaxFlow {
 public:
  // Forgets all edges.
  void Reset(int32_t nodes);
  // Returns the number of the edge.
  int32_t AddEdge(int32_t from, int32_t to, int64_t capacity);
  // The sum of what gets from source to sink must fit. Once after each Reset().
  int64_t Solve(int32_t source, int32_t sink);
  // What an edge carries, after Solve().
  int64_t Flow(int32_t edge) const { return edges_[static_cast<size_t>(2 * edge + 1)].left; }
  // How many times edges were looked at since the object was made.
  int64_t work() const { return work_; }

 private:
  struct Edge {
    int32_t to, next;
    int64_t left;
  };
  bool Level(int32_t source, int32_t sink);
  int64_t Push(int32_t node, int32_t sink, int64_t most);

  std::vector<int32_t> head_, at_, level_, queue_;
  std::vector<Edge> edges_;  // an edge and its reverse stand side by side
  int64_t work_ = 0;
};

}  // namespace allot
