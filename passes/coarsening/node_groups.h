// A partition of a graph's nodes that only ever gets coarser, and its quotient graph.
#pragma once

#include <optional>
#include <vector>

#include "ir/graph.h"
#include "ir/plan.h"
#include "placement/problem/problem.h"
#include "support/graph/union_find.h"
#include "support/id.h"

namespace allot {

// A partition with dense ids in topological order of its quotient; invalid for nodes that travel.
struct NodeGrouping {
  IdVector<ir::NodeId, ItemId> group_of;
  size_t num_groups = 0;

  // The nodes of each group, ascending.
  IdVector<ItemId, std::vector<ir::NodeId>> Members() const;
};

// Each set is represented by its smallest node. Merging never splits.
class NodeGroups {
 public:
  explicit NodeGroups(size_t num_nodes) : sets_(num_nodes), size_(num_nodes, 1) {}

  ir::NodeId Find(ir::NodeId node) const { return ir::NodeId(sets_.Find(node.index())); }
  void Merge(ir::NodeId a, ir::NodeId b);
  // The number of nodes in the group of `node`.
  int32_t Size(ir::NodeId node) const { return size_[Find(node)]; }

 private:
  UnionFind sets_;
  IdVector<ir::NodeId, int32_t> size_;
};

// Merges groups that lie on a common cycle of the quotient, so that it becomes acyclic: its
// strongly connected components. Linear.
void CloseCycles(const ir::Graph& graph, const IdVector<ir::NodeId, bool>& placed,
                 NodeGroups& groups);

// Numbers the groups, smallest node first among the ready ones. The quotient must be acyclic.
NodeGrouping Number(const ir::Graph& graph, const IdVector<ir::NodeId, bool>& placed,
                    const NodeGroups& groups);

// The partition that `id_of` states, with its own numbers; nodes with an invalid id travel.
template <typename IdType>
NodeGroups GroupsOf(const IdVector<ir::NodeId, IdType>& id_of) {
  NodeGroups groups(id_of.size());
  std::vector<ir::NodeId> first;
  for (const ir::NodeId node : id_of.ids()) {
    if (!id_of[node].valid()) continue;
    const size_t id = static_cast<size_t>(id_of[node].index());
    if (id >= first.size()) first.resize(id + 1);
    if (first[id].valid()) {
      groups.Merge(first[id], node);
    } else {
      first[id] = node;
    }
  }
  return groups;
}

}  // namespace allot
