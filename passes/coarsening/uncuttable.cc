#include "passes/coarsening/uncuttable.h"

namespace allot {

bool IsUncuttable(const ir::Type& type) { return !type.is_ranked_tensor(); }

int64_t JoinUncuttable(const ir::Graph& graph, const IdVector<ir::NodeId, bool>& placed,
                       NodeGroups& groups) {
  int64_t joined = 0;
  for (const ir::NodeId node : placed.ids()) {
    if (!placed[node]) continue;
    for (const ir::ValueId result : graph.node(node).results) {
      if (graph.users(result).empty() || !IsUncuttable(graph.value(result).type)) continue;
      ++joined;
      for (const ir::NodeId user : graph.users(result)) groups.Merge(node, user);
    }
  }
  if (joined > 0) CloseCycles(graph, placed, groups);
  return joined;
}

}  // namespace allot
