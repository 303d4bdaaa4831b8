// Erases nodes of which no result is used, and initializers that nobody uses, on every nesting
// level and in functions. Keeps inputs, outputs and nodes without results (they must be there for
// something). Linear.
#include "passes/graph/every_graph.h"
#include "passes/pipeline/pass.h"
#include "support/registry.h"

namespace allot {
namespace {

struct Options {};

bool IsDead(const ir::Graph& graph, ir::NodeId id) {
  const ir::Node& node = graph.node(id);
  if (node.results.empty()) return false;
  for (const ir::ValueId result : node.results) {
    if (!graph.users(result).empty() || graph.IsOutput(result)) return false;
  }
  return true;
}

int64_t EraseDeadNodes(ir::Graph& graph) {
  int64_t erased = 0;
  std::vector<ir::NodeId> work = graph.nodes();
  // Last first: users come before what they use, so one look at each node does, and a second one
  // at those whose last user goes later (in graphs that are not sorted).
  while (!work.empty()) {
    const ir::NodeId id = work.back();
    work.pop_back();
    if (!graph.alive(id) || !IsDead(graph, id)) continue;
    const ir::Node& node = graph.node(id);
    for (const auto* used : {&node.operands, &node.captures}) {
      for (const ir::ValueId value : *used) {
        if (value.valid() && graph.value(value).producer.valid()) {
          work.push_back(graph.value(value).producer);
        }
      }
    }
    graph.Erase(id);
    ++erased;
  }
  return erased;
}

// Compacting the graph after the pass drops them.
int64_t CountUnusedInitializers(const ir::Graph& graph) {
  int64_t unused = 0;
  for (const ir::ValueId id : graph.initializers()) {
    if (graph.users(id).empty() && !graph.IsOutput(id)) ++unused;
  }
  return unused;
}

class DeadNodes final : public GraphPass {
 public:
  explicit DeadNodes(Options /*options*/) {}

  absl::StatusOr<bool> Run(ir::Module& module, PassContext& context) const override {
    int64_t nodes = 0, initializers = 0;
    ForEachGraph(module, [&](ir::Graph& graph) {
      nodes += EraseDeadNodes(graph);
      initializers += CountUnusedInitializers(graph);
    });
    context.statistics->Add("nodes erased", nodes);
    context.statistics->Add("initializers erased", initializers);
    return nodes + initializers > 0;
  }
};

}  // namespace

Entry<GraphPass> DeadNodesEntry() {
  return MakeEntry<GraphPass, DeadNodes>(
      "dead-nodes", "erase nodes and initializers that no output needs", OptionSchema<Options>());
}

}  // namespace allot
