#include "lowering/host_nodes.h"

#include <vector>

namespace allot {

IdVector<ir::NodeId, ir::NodeId> HostNodes(const ir::Graph& graph, const ir::Plan& plan) {
  IdVector<ir::NodeId, ir::NodeId> hosts(graph.node_id_bound());
  const std::vector<ir::NodeId> nodes = graph.nodes();
  for (auto id = nodes.rbegin(); id != nodes.rend(); ++id) {
    if (plan.PartOf(*id).valid()) hosts[*id] = *id;
    if (hosts[*id].valid() || graph.node(*id).Is("Constant")) continue;
    for (const ir::ValueId result : graph.node(*id).results) {
      for (const ir::NodeId user : graph.users(result)) {
        const ir::NodeId host = hosts[user];
        if (host.valid() && (!hosts[*id].valid() || host < hosts[*id])) hosts[*id] = host;
      }
    }
  }
  return hosts;
}

}  // namespace allot
