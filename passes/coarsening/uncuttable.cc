#include "passes/coarsening/uncuttable.h"

#include <algorithm>

#include "absl/strings/str_cat.h"

namespace allot {

bool IsUncuttable(const ir::Type& type) { return !type.is_ranked_tensor(); }

std::string WhyUncuttable(const ir::Value& value) {
  const std::string name = absl::StrCat("'", value.name, "' ");
  switch (value.type.kind) {
    case ir::Type::Kind::kUnknown:
      return name + "has no known type";
    case ir::Type::Kind::kTensor:
      return name +
             (value.type.shape.has_value() ? "has no known element type" : "has no known rank");
    case ir::Type::Kind::kSparseTensor:
      return name + "is a sparse tensor";
    case ir::Type::Kind::kSequence:
      return name + "is a sequence";
    case ir::Type::Kind::kOptional:
      return name + "is an optional";
    case ir::Type::Kind::kMap:
      return name + "is a map";
    case ir::Type::Kind::kOpaque:
      return name + "is of an opaque type";
  }
  return name + "is no tensor";
}

std::string RemedyFor(const ir::Type& type) {
  const bool open = type.kind == ir::Type::Kind::kUnknown || type.is_tensor();
  return open ? "declare its type in the model's value_info, and it can"
              : "only tensors can: nodes that pass it on stay on one device";
}

ir::ValueId FirstUncuttable(const ir::Graph& graph, absl::Span<const ir::NodeId> nodes) {
  for (const ir::NodeId node : nodes) {
    for (const ir::ValueId result : graph.node(node).results) {
      if (!IsUncuttable(graph.value(result).type)) continue;
      for (const ir::NodeId user : graph.users(result)) {
        if (std::binary_search(nodes.begin(), nodes.end(), user)) return result;
      }
    }
  }
  return ir::ValueId();
}

int64_t JoinUncuttable(const ir::Graph& graph, const IdVector<ir::NodeId, bool>& placed,
                       NodeGroups& groups) {
  int64_t joined = 0;
  for (const ir::NodeId node : placed.ids()) {
    if (!placed[node]) continue;
    for (const ir::ValueId result : graph.node(node).results) {
      if (graph.users(result).empty() || !IsUncuttable(graph.value(result).type)) continue;
      ++joined;
      for (const ir::NodeId user : graph.users(result)) groups.Merge(node, user);
    }
  }
  if (joined > 0) CloseCycles(graph, placed, groups);
  return joined;
}

}  // namespace allot
