#include "passes/coarsening/node_groups.h"

#include "absl/types/span.h"

#include "support/check.h"
#include "support/graph/strong_components.h"
#include "support/graph/topo_order.h"

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
  std::vector<int32_t> to;

  absl::Span<const int32_t> Of(int32_t node) const {
    const auto i = static_cast<size_t>(node);
    return absl::MakeConstSpan(to).subspan(static_cast<size_t>(begin[i]),
                                           static_cast<size_t>(begin[i + 1] - begin[i]));
  }
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
  for_each_edge(
      [&](ir::NodeId from, ir::NodeId to) { edges.to[next[from.index()]++] = to.index(); });
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

void NodeGroups::Merge(ir::NodeId a, ir::NodeId b) {
  const int32_t size = Size(a) + Size(b);
  if (sets_.Merge(a.index(), b.index())) size_[Find(a)] = size;
}

void CloseCycles(const ir::Graph& graph, const IdVector<ir::NodeId, bool>& placed,
                 NodeGroups& groups) {
  const QuotientEdges edges = BuildEdges(graph, placed, groups);
  const StrongComponents components = FindStrongComponents(
      static_cast<int32_t>(placed.size()), [&](int32_t node) { return edges.Of(node); });
  // Only now: the edges speak of the old representatives.
  std::vector<ir::NodeId> first(static_cast<size_t>(components.num_components));
  for (const ir::NodeId node : placed.ids()) {
    ir::NodeId& of = first[static_cast<size_t>(components.component_of[node.index()])];
    if (of.valid()) {
      groups.Merge(of, node);
    } else {
      of = node;
    }
  }
}

NodeGrouping Number(const ir::Graph& graph, const IdVector<ir::NodeId, bool>& placed,
                    const NodeGroups& groups) {
  const QuotientEdges edges = BuildEdges(graph, placed, groups);
  std::vector<int32_t> representatives;
  for (const ir::NodeId node : placed.ids()) {
    if (placed[node] && groups.Find(node) == node) representatives.push_back(node.index());
  }
  const std::vector<int32_t> order =
      SortTopologically(representatives, placed.size(), [&](int32_t node, const auto& visit) {
        for (const int32_t to : edges.Of(node)) visit(to);
      }).order;
  ALLOT_CHECK(order.size() == representatives.size());
  NodeGrouping grouping;
  grouping.group_of.resize(placed.size());
  for (const int32_t node : order) {
    grouping.group_of[ir::NodeId(node)] = ItemId(grouping.num_groups++);
  }
  for (const ir::NodeId node : placed.ids()) {
    if (placed[node]) grouping.group_of[node] = grouping.group_of[groups.Find(node)];
  }
  return grouping;
}

}  // namespace allot
