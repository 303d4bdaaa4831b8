// Forwards the operand of every Identity to its users, on every nesting level and in functions.
// Keeps an Identity whose result is a graph output: dropping it would rename the output. Near
// linear.
#include "passes/graph/every_graph.h"
#include "passes/pipeline/pass.h"
#include "support/registry.h"

namespace allot {
namespace {

struct Options {};

// What is known of the result is known of the operand. Types of inputs stay as the model states
// them.
void RefineType(ir::Graph& graph, ir::ValueId value, const ir::Type& type) {
  if (graph.value(value).origin != ir::Value::Origin::kResult || graph.IsOutput(value)) return;
  if (std::optional<ir::Type> met = ir::Meet(graph.value(value).type, type)) {
    graph.mutable_value(value).type = *std::move(met);
  }
}

int64_t DropWithin(ir::Graph& graph) {
  int64_t dropped = 0;
  for (const ir::NodeId id : graph.nodes()) {
    const ir::Node& node = graph.node(id);
    if (!node.Is("Identity") || node.operands.size() != 1 || node.results.size() != 1) continue;
    const ir::ValueId operand = node.operands[0], result = node.results[0];
    if (!operand.valid() || graph.IsOutput(result)) continue;
    RefineType(graph, operand, graph.value(result).type);
    if (!graph.users(result).empty()) graph.ReplaceUses(result, operand);
    graph.Erase(id);
    ++dropped;
  }
  return dropped;
}

class DropIdentity final : public GraphPass {
 public:
  explicit DropIdentity(Options /*options*/) {}

  absl::StatusOr<bool> Run(ir::Module& module, PassContext& context) const override {
    int64_t dropped = 0;
    ForEachGraph(module, [&](ir::Graph& graph) { dropped += DropWithin(graph); });
    context.statistics->Add("nodes dropped", dropped);
    return dropped > 0;
  }
};

}  // namespace

Entry<GraphPass> DropIdentityEntry() {
  return MakeEntry<GraphPass, DropIdentity>(
      "drop-identity", "forward the operands of Identity nodes", OptionSchema<Options>());
}

}  // namespace allot
