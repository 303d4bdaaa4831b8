#include "onnx_import/captures.h"

#include <unordered_set>

#include "onnx_import/onnx_types.h"

namespace allot {

bool IsBody(const onnx::AttributeProto& attribute) {
  return attribute.ref_attr_name().empty() &&
         AttributeTypeOf(attribute) == onnx::AttributeProto::GRAPH;
}

const std::vector<std::string_view>& FreeNames::OfGraph(const onnx::GraphProto& graph) {
  if (const auto found = known_.find(&graph); found != known_.end()) return found->second;

  // What the graph defines, wherever it does: nodes need not be sorted.
  std::unordered_set<std::string_view> seen;
  for (const auto& input : graph.input()) seen.insert(input.name());
  for (const auto& tensor : graph.initializer()) seen.insert(tensor.name());
  for (const auto& tensor : graph.sparse_initializer()) seen.insert(tensor.values().name());
  for (const auto& node : graph.node()) {
    for (const std::string& output : node.output()) seen.insert(output);
  }

  std::vector<std::string_view> names;
  const auto use = [&](std::string_view name) {
    if (!name.empty() && seen.insert(name).second) names.push_back(name);
  };
  for (const auto& node : graph.node()) {
    for (const std::string& input : node.input()) use(input);
    for (std::string_view name : OfBodies(node)) use(name);
  }
  for (const auto& output : graph.output()) use(output.name());
  return known_.emplace(&graph, std::move(names)).first->second;
}

std::vector<std::string_view> FreeNames::OfBodies(const onnx::NodeProto& node) {
  std::vector<std::string_view> names;
  std::unordered_set<std::string_view> seen;
  for (const auto& attribute : node.attribute()) {
    if (!IsBody(attribute)) continue;
    for (std::string_view name : OfGraph(attribute.g())) {
      if (seen.insert(name).second) names.push_back(name);
    }
  }
  return names;
}

}  // namespace allot
