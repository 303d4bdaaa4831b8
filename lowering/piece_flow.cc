#include "lowering/piece_flow.h"

#include <algorithm>
#include <map>
#include <string>

namespace allot {

Bytes ValueBytes(const ir::Graph& graph, const ir::Plan& plan, ir::ValueId value) {
  if (plan.value_bytes.Contains(value)) return plan.value_bytes[value];
  const ir::Type& type = graph.value(value).type;
  return type.is_static() ? ir::PackedBytes(type.element, *ir::NumElements(*type.shape)) : 0;
}

std::vector<PieceFlow> PieceFlows(const ir::Module& module, const ir::Plan& plan,
                                  const Bundle& bundle) {
  std::map<std::string, PieceFlow> by_name;
  for (size_t p = 0; p < bundle.pieces.size(); ++p) {
    for (const std::string& output : bundle.pieces[p].outputs) by_name[output].from = p;
  }
  for (size_t p = 0; p < bundle.pieces.size(); ++p) {
    for (const std::string& input : bundle.pieces[p].inputs) {
      const auto flow = by_name.find(input);
      if (flow != by_name.end()) flow->second.to.push_back(p);
    }
  }
  const ir::Graph& graph = module.graph;
  std::vector<PieceFlow> flows;
  for (ir::NodeId node : graph.nodes()) {
    for (ir::ValueId value : graph.node(node).results) {
      const auto found = by_name.find(graph.value(value).name);
      if (found == by_name.end() || found->second.to.empty()) continue;
      PieceFlow flow = std::move(found->second);
      flow.value = value;
      flow.bytes = ValueBytes(graph, plan, value);
      flows.push_back(std::move(flow));
    }
  }
  std::sort(flows.begin(), flows.end(),
            [](const PieceFlow& a, const PieceFlow& b) { return a.value < b.value; });
  return flows;
}

}  // namespace allot
