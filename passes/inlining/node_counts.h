// How many nodes graphs have, with all that is inside them.
#pragma once

#include <cstdint>
#include <vector>

#include "ir/called_function.h"
#include "ir/module.h"
#include "support/units.h"

namespace allot {

// Nodes of graphs, with what they call and hold; Constant nodes are none. Saturates.
class NodeCounts {
 public:
  NodeCounts(const ir::Module& module, const CalledFunctions& functions)
      : module_(module), functions_(functions), known_(module.functions.size(), -1) {}

  int64_t Of(const ir::Node& node, int depth = 0) {
    if (node.Is("Constant")) return 0;
    int64_t count = 1;
    if (const int32_t called = functions_.Find(node); called >= 0) {
      count = SaturatingAdd(count, OfFunction(static_cast<size_t>(called), depth));
    }
    for (const ir::Graph& body : node.regions) count = SaturatingAdd(count, Of(body, depth + 1));
    return count;
  }
  int64_t Of(const ir::Graph& graph, int depth = 0) {
    int64_t count = 0;
    for (const ir::NodeId id : graph.nodes()) {
      count = SaturatingAdd(count, Of(graph.node(id), depth));
    }
    return count;
  }

 private:
  int64_t OfFunction(size_t function, int depth) {
    if (known_[function] < 0) {
      known_[function] = 0;  // of one that calls itself, which verification refuses
      known_[function] = Of(module_.functions[function].body, depth + 1);
    }
    return known_[function];
  }

  const ir::Module& module_;
  const CalledFunctions& functions_;
  std::vector<int64_t> known_;  // by function; -1: not counted yet
};

}  // namespace allot
