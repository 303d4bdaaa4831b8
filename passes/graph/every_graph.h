// Visits every graph of a module: the main graph, the bodies of functions, and the bodies of nodes
// at every depth, each before the ones inside it.
#pragma once

#include "ir/module.h"

namespace allot {

template <typename Function>
void ForEachGraphWithin(ir::Graph& graph, const Function& function) {
  function(graph);
  for (const ir::NodeId id : graph.nodes()) {
    if (graph.node(id).regions.empty()) continue;
    for (ir::Graph& body : graph.mutable_regions(id)) ForEachGraphWithin(body, function);
  }
}

template <typename Function>
void ForEachGraph(ir::Module& module, const Function& function) {
  ForEachGraphWithin(module.graph, function);
  for (ir::Function& callee : module.functions) ForEachGraphWithin(callee.body, function);
}

}  // namespace allot
