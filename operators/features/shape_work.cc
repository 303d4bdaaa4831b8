#include "operators/features/shape_work.h"

#include <algorithm>

namespace allot {
namespace {

bool IsInteger(ir::ElementType element) {
  return element == ir::ElementType::kInt64 || element == ir::ElementType::kInt32 ||
         element == ir::ElementType::kBool;
}

// Makes a tensor as large as its operand says.
bool Fills(const ir::Node& node) {
  return node.Is("ConstantOfShape") || node.Is("Expand") || node.Is("OneHot") ||
         node.Is("EyeLike") || node.Is("Tile");
}

bool SmallResults(const OpView& view) {
  for (size_t i = 0; i < view.node().results.size(); ++i) {
    const ir::Type& type = view.ResultType(i);
    if (!type.is_static() || view.ResultElements(i) > kMaxShapeElements) return false;
    if (Fills(view.node()) && !IsInteger(type.element)) return false;
  }
  return true;
}

bool MayComputeShapes(const ir::Node& node, const Operators& operators) {
  const Operator* op = operators.Find(node.domain, node.op_type);
  if (op == nullptr || op->int8 || !node.regions.empty()) return false;
  return op->family == OpFamily::kNone || op->family == OpFamily::kElementwise ||
         op->family == OpFamily::kReduction || op->family == OpFamily::kMovement;
}

}  // namespace

IdVector<ir::NodeId, bool> FindShapeWork(const ir::Module& module, const ir::Graph& graph,
                                         const ValueTypes* types, const Operators& operators) {
  IdVector<ir::NodeId, bool> works(graph.node_id_bound(), false);
  for (const ir::NodeId id : graph.nodes()) {
    const ir::Node& node = graph.node(id);
    if (node.Is("Shape") || node.Is("Size")) {
      works[id] = true;
      continue;
    }
    if (!MayComputeShapes(node, operators)) continue;
    const OpView view(module, graph, node, types, nullptr);
    bool any = false;
    const bool all =
        std::all_of(node.operands.begin(), node.operands.end(), [&](ir::ValueId operand) {
          if (!operand.valid()) return true;
          const ir::Value& value = graph.value(operand);
          const bool produced = value.producer.valid();
          if (produced && works[value.producer]) return any = true;
          return value.constant.valid() || (produced && graph.node(value.producer).Is("Constant"));
        });
    works[id] = all && any && SmallResults(view);
  }
  return works;
}

}  // namespace allot
