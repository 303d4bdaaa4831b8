#include "placement/kinds/layer_flow/value/max_flow.h"

#include <algorithm>
#include <limits>

namespace allot {

void MaxFlow::Reset(int32_t nodes) {
  head_.assign(static_cast<size_t>(nodes), -1);
  edges_.clear();
}

int32_t MaxFlow::AddEdge(int32_t from, int32_t to, int64_t capacity) {
  const auto edge = static_cast<int32_t>(edges_.size());
  edges_.push_back({to, head_[static_cast<size_t>(from)], capacity});
  head_[static_cast<size_t>(from)] = edge;
  edges_.push_back({from, head_[static_cast<size_t>(to)], 0});
  head_[static_cast<size_t>(to)] = edge + 1;
  return edge / 2;
}

bool MaxFlow::Level(int32_t source, int32_t sink) {
  level_.assign(head_.size(), -1);
  queue_.clear();
  queue_.push_back(source);
  level_[static_cast<size_t>(source)] = 0;
  for (size_t next = 0; next < queue_.size(); ++next) {
    const auto node = static_cast<size_t>(queue_[next]);
    for (int32_t e = head_[node]; e >= 0; e = edges_[static_cast<size_t>(e)].next) {
      ++work_;
      const Edge& edge = edges_[static_cast<size_t>(e)];
      int32_t& level = level_[static_cast<size_t>(edge.to)];
      if (edge.left == 0 || level >= 0) continue;
      level = level_[node] + 1;
      queue_.push_back(edge.to);
    }
  }
  return level_[static_cast<size_t>(sink)] >= 0;
}

// Depth is that of the network, which is no more than its nodes.
int64_t MaxFlow::Push(int32_t node, int32_t sink, int64_t most) {
  if (node == sink) return most;
  int64_t pushed = 0;
  for (int32_t& e = at_[static_cast<size_t>(node)]; e >= 0;
       e = edges_[static_cast<size_t>(e)].next) {
    ++work_;
    Edge& edge = edges_[static_cast<size_t>(e)];
    if (edge.left == 0 ||
        level_[static_cast<size_t>(edge.to)] != level_[static_cast<size_t>(node)] + 1) {
      continue;
    }
    const int64_t got = Push(edge.to, sink, std::min(most - pushed, edge.left));
    edge.left -= got;
    edges_[static_cast<size_t>(e ^ 1)].left += got;
    pushed += got;
    if (pushed == most) break;  // the edge may have more left
  }
  return pushed;
}

int64_t MaxFlow::Solve(int32_t source, int32_t sink) {
  int64_t flow = 0;
  while (Level(source, sink)) {
    at_ = head_;
    flow += Push(source, sink, std::numeric_limits<int64_t>::max());
  }
  return flow;
}

}  // namespace allot
