#include "operators/features/constant_work.h"

#include <algorithm>

#include "ir/travel.h"
#include "operators/operators.h"

namespace allot {

ConstantWork FindConstantWork(const ir::Module& module) {
  const ir::Graph& graph = module.graph;
  ConstantWork work;
  work.constant.resize(graph.node_id_bound(), false);
  work.folded.resize(graph.node_id_bound(), false);
  for (const ir::NodeId id : graph.nodes()) {
    const ir::Node& node = graph.node(id);
    // What else there is in these domains may be a function of the model, and random. So may be
    // what a plug-in knows of.
    if (BuiltinOperators().Find(node.domain, node.op_type) == nullptr) continue;
    if (!ir::MayTravel(graph, id, work.constant)) continue;
    work.constant[id] = true;
    work.folded[id] = node.op_type != "DequantizeLinear";
    for (const ir::ValueId operand : node.operands) {
      if (!operand.valid()) continue;
      const ir::Value& value = graph.value(operand);
      const bool computed = value.origin == ir::Value::Origin::kResult;
      if (!computed && !value.constant.valid()) work.constant[id] = false;
      const bool known =
          computed ? work.folded[value.producer] : value.origin == ir::Value::Origin::kInitializer;
      work.folded[id] = work.folded[id] && known;
    }
  }
  return work;
}

}  // namespace allot
