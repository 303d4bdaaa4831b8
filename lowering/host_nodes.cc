#include "lowering/host_nodes.h"

#include <algorithm>

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

IdVector<ir::NodeId, std::vector<DeviceId>> DevicesOfCopies(const ir::Graph& graph,
                                                            const ir::Plan& plan) {
  IdVector<ir::NodeId, std::vector<DeviceId>> devices(graph.node_id_bound());
  const std::vector<ir::NodeId> nodes = graph.nodes();
  for (auto id = nodes.rbegin(); id != nodes.rend(); ++id) {
    std::vector<DeviceId>& here = devices[*id];
    if (const DeviceId device = plan.DeviceOf(*id); device.valid()) {
      here = {device};
      continue;
    }
    for (const ir::ValueId result : graph.node(*id).results) {
      for (const ir::NodeId user : graph.users(result)) {
        here.insert(here.end(), devices[user].begin(), devices[user].end());
      }
    }
    std::sort(here.begin(), here.end());
    here.erase(std::unique(here.begin(), here.end()), here.end());
  }
  return devices;
}

}  // namespace allot
