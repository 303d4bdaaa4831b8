#include "ir/travel.h"

#include <algorithm>

#include "absl/strings/match.h"

namespace allot::ir {
namespace {

bool DrawsRandomNumbers(const Node& node) {
  return absl::StartsWith(node.op_type, "Random") || absl::StrContains(node.op_type, "Dropout") ||
         absl::StrContains(node.op_type, "Sampling") || node.op_type == "Multinomial" ||
         node.op_type == "Bernoulli";
}

}  // namespace

bool IsRepeatable(const Node& node) {
  const bool known_domain =
      node.domain.empty() || node.domain == "ai.onnx.ml" || node.domain == "com.microsoft";
  // Only functions have overloads.
  return known_domain && node.overload.empty() && node.regions.empty() && !DrawsRandomNumbers(node);
}

bool MayTravel(const Graph& graph, NodeId id, const IdVector<NodeId, bool>& travels) {
  const Node& node = graph.node(id);
  return IsRepeatable(node) &&
         std::all_of(node.operands.begin(), node.operands.end(), [&](ValueId operand) {
           if (!operand.valid()) return true;
           const Value& value = graph.value(operand);
           if (value.origin != Value::Origin::kResult) {
             return value.origin != Value::Origin::kCapture;
           }
           return travels.Contains(value.producer) && travels[value.producer];
         });
}

}  // namespace allot::ir
