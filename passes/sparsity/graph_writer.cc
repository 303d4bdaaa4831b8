#include "passes/sparsity/graph_writer.h"

#include <memory>
#include <utility>

#include "absl/strings/str_cat.h"

namespace allot {

GraphWriter::GraphWriter(ir::Module& module) : module_(module) {
  const ir::Graph& graph = module.graph;
  for (size_t i = 0; i < graph.value_id_bound(); ++i) {
    names_.insert(graph.value(ir::ValueId(i)).name);
  }
  for (const ir::NodeId id : graph.nodes()) names_.insert(graph.node(id).name);
}

std::string GraphWriter::Fresh(std::string name) {
  for (int64_t i = 1; !names_.insert(name).second; ++i) {
    const std::string numbered = absl::StrCat(name, "_", i);
    if (names_.insert(numbered).second) return numbered;
  }
  return name;
}

ir::ValueId GraphWriter::Node(absl::string_view op_type, const std::string& name,
                              std::vector<ir::ValueId> operands, ir::AttributeMap attributes) {
  ir::Node node;
  node.op_type = std::string(op_type);
  node.attributes = std::move(attributes);
  return Copy(node, name, std::move(operands));
}

ir::ValueId GraphWriter::Copy(const ir::Node& node, const std::string& name,
                              std::vector<ir::ValueId> operands) {
  ir::Node copy;
  copy.op_type = node.op_type;
  copy.domain = node.domain;
  copy.attributes = node.attributes;
  copy.location = node.location;
  copy.name = Fresh(name);
  copy.operands = std::move(operands);
  const ir::Graph::Result result = {Fresh(copy.name + "_out"), ir::Type()};
  const ir::NodeId id = module_.graph.AddNode(std::move(copy), {&result, 1});
  return module_.graph.node(id).results[0];
}

ir::ValueId GraphWriter::Constant(const std::string& name, ir::Constant constant) {
  constant.name = Fresh(name);
  const std::string own = constant.name;
  const ir::Type type = constant.type();
  return module_.graph.AddInitializer(own, type, module_.constants.Add(std::move(constant)));
}

ir::ValueId GraphWriter::Integers(const std::string& name, const std::vector<int64_t>& values) {
  ir::Constant constant;
  constant.element = ir::ElementType::kInt64;
  constant.dims = {static_cast<int64_t>(values.size())};
  constant.storage = ir::InlineBytes{std::make_shared<const std::string>(
      reinterpret_cast<const char*>(values.data()), values.size() * 8)};
  return Constant(name, std::move(constant));
}

ir::ValueId GraphWriter::Gather(const std::string& name, ir::ValueId value,
                                const std::vector<int64_t>& indices, int64_t all, int64_t axis) {
  bool is_all = static_cast<int64_t>(indices.size()) == all;
  for (size_t i = 0; i < indices.size() && is_all; ++i) {
    is_all = indices[i] == static_cast<int64_t>(i);
  }
  if (is_all) return value;
  return Node("Gather", name, {value, Integers(name + ".rows", indices)},
              {{"axis", {.value = axis}}});
}

ir::ValueId GraphWriter::Concat(const std::string& name, std::vector<ir::ValueId> pieces,
                                int64_t axis) {
  if (pieces.size() == 1) return pieces[0];
  return Node("Concat", name, std::move(pieces), {{"axis", {.value = axis}}});
}

ir::ValueId GraphWriter::Transpose(const std::string& name, ir::ValueId value) {
  return Node("Transpose", name, {value}, {{"perm", {.value = std::vector<int64_t>{1, 0}}}});
}

void GraphWriter::TakeOver(ir::ValueId old, ir::ValueId value) {
  ir::Graph& graph = module_.graph;
  const std::string name = graph.value(old).name;
  const bool declared = graph.value(old).declared;
  ir::Type type = graph.value(old).type;
  graph.Rename(old, Fresh(name + ".whole"));
  graph.Rename(value, name);
  graph.mutable_value(value).type = std::move(type);
  graph.mutable_value(value).declared = declared;
  graph.ReplaceUses(old, value);
}

}  // namespace allot
