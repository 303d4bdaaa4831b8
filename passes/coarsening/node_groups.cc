#include "passes/coarsening/node_groups.h"

#include <algorithm>
#include <functional>
#include <queue>
#include <utility>

namespace allot {
namespace {

// Calls visit(user) for every use of a result of `node` by a placed node, repeats included.
template <typename Visit>
void ForEachUser(const ir::Graph& graph, const IdVector<ir::NodeId, bool>& placed, ir::NodeId node,
                 Visit visit) {
  for (const ir::ValueId result : graph.node(node).results) {
    for (const ir::NodeId user : graph.users(result)) {
      if (placed[user]) visit(user);
    }
  }
}

// The successors of each group's representative, in compressed rows.
struct QuotientEdges {
  std::vector<int32_t> begin;  // by node, and one past the last
  std::vector<ir::NodeId> to;
};

QuotientEdges BuildEdges(const ir::Graph& graph, const IdVector<ir::NodeId, bool>& placed,
                         const NodeGroups& groups) {
  const size_t n = graph.node_id_bound();
  QuotientEdges edges;
  edges.begin.assign(n + 1, 0);
  const auto for_each_edge = [&](auto visit) {
    for (const ir::NodeId node : placed.ids()) {
      if (!placed[node]) continue;
      const ir::NodeId from = groups.Find(node);
      ForEachUser(graph, placed, node, [&](ir::NodeId user) {
        const ir::NodeId to = groups.Find(user);
        if (to != from) visit(from, to);
      });
    }
  };
  for_each_edge([&](ir::NodeId from, ir::NodeId) { ++edges.begin[from.index() + 1]; });
  for (size_t i = 0; i < n; ++i) edges.begin[i + 1] += edges.begin[i];
  edges.to.resize(edges.begin[n]);
  std::vector<int32_t> next(edges.begin.begin(), edges.begin.end() - 1);
  for_each_edge([&](ir::NodeId from, ir::NodeId to) { edges.to[next[from.index()]++] = to; });
  return edges;
}

}  // namespace

IdVector<ItemId, std::vector<ir::NodeId>> NodeGrouping::Members() const {
  IdVector<ItemId, std::vector<ir::NodeId>> members(num_groups);
  for (const ir::NodeId node : group_of.ids()) {
    if (group_of[node].valid()) members[group_of[node]].push_back(node);
  }
  return members;
}

NodeGroups::NodeGroups(size_t num_nodes) : parent_(num_nodes), size_(num_nodes, 1) {
  for (const ir::NodeId node : parent_.ids()) parent_[node] = node;
}

ir::NodeId NodeGroups::Find(ir::NodeId node) const {
  while (parent_[node] != node) {
    parent_[node] = parent_[parent_[node]];
    node = parent_[node];
  }
  return node;
}

void NodeGroups::Merge(ir::NodeId a, ir::NodeId b) {
  a = Find(a);
  b = Find(b);
  if (a == b) return;
  if (b < a) std::swap(a, b);
  parent_[b] = a;
  size_[a] += size_[b];
}

void CloseCycles(const ir::Graph& graph, const IdVector<ir::NodeId, bool>& placed,
                 NodeGroups& groups) {
  const QuotientEdges edges = BuildEdges(graph, placed, groups);
  const size_t n = placed.size();
  struct Frame {
    ir::NodeId node;
    int32_t next_edge;
  };
  std::vector<int32_t> index(n, -1), low(n, 0);
  std::vector<char> on_stack(n, 0);
  std::vector<ir::NodeId> stack;
  std::vector<Frame> frames;
  std::vector<std::pair<ir::NodeId, ir::NodeId>> merges;
  int32_t counter = 0;
  const auto enter = [&](ir::NodeId node) {
    index[node.index()] = low[node.index()] = counter++;
    on_stack[node.index()] = 1;
    stack.push_back(node);
    frames.push_back({node, edges.begin[node.index()]});
  };
  for (const ir::NodeId root : placed.ids()) {
    if (!placed[root] || groups.Find(root) != root || index[root.index()] >= 0) continue;
    enter(root);
    while (!frames.empty()) {
      const ir::NodeId node = frames.back().node;
      if (frames.back().next_edge < edges.begin[node.index() + 1]) {
        const ir::NodeId to = edges.to[frames.back().next_edge++];
        if (index[to.index()] < 0) {
          enter(to);
        } else if (on_stack[to.index()]) {
          low[node.index()] = std::min(low[node.index()], index[to.index()]);
        }
        continue;
      }
      frames.pop_back();
      if (!frames.empty()) {
        int32_t& up = low[frames.back().node.index()];
        up = std::min(up, low[node.index()]);
      }
      if (low[node.index()] != index[node.index()]) continue;
      ir::NodeId member;
      do {
        member = stack.back();
        stack.pop_back();
        on_stack[member.index()] = 0;
        if (member != node) merges.emplace_back(node, member);
      } while (member != node);
    }
  }
  // Only now: the search above speaks of the old representatives.
  for (const auto& [a, b] : merges) groups.Merge(a, b);
}

NodeGrouping Number(const ir::Graph& graph, const IdVector<ir::NodeId, bool>& placed,
                    const NodeGroups& groups) {
  const QuotientEdges edges = BuildEdges(graph, placed, groups);
  std::vector<int32_t> missing(placed.size(), 0);
  for (const ir::NodeId to : edges.to) ++missing[to.index()];
  std::priority_queue<ir::NodeId, std::vector<ir::NodeId>, std::greater<>> ready;
  size_t num_representatives = 0;
  for (const ir::NodeId node : placed.ids()) {
    if (!placed[node] || groups.Find(node) != node) continue;
    ++num_representatives;
    if (missing[node.index()] == 0) ready.push(node);
  }
  NodeGrouping grouping;
  grouping.group_of.resize(placed.size());
  while (!ready.empty()) {
    const ir::NodeId node = ready.top();
    ready.pop();
    grouping.group_of[node] = ItemId(grouping.num_groups++);
    for (int32_t e = edges.begin[node.index()]; e < edges.begin[node.index() + 1]; ++e) {
      if (--missing[edges.to[e].index()] == 0) ready.push(edges.to[e]);
    }
  }
  ALLOT_CHECK(grouping.num_groups == num_representatives);
  for (const ir::NodeId node : placed.ids()) {
    if (placed[node]) grouping.group_of[node] = grouping.group_of[groups.Find(node)];
  }
  return grouping;
}

}  // namespace allot
