#include "passes/inlining/inlining.h"

#include <utility>

#include "absl/strings/str_cat.h"

#include "support/check.h"

namespace allot {
namespace {

using ir::Graph;
using ir::Node;
using ir::NodeId;
using ir::Value;
using ir::ValueId;

template <typename Visit>
void ForEachGraphIn(const Graph& graph, const Visit& visit) {
  visit(graph);
  for (const NodeId id : graph.nodes()) {
    for (const Graph& body : graph.node(id).regions) ForEachGraphIn(body, visit);
  }
}

// Attribute references become what they stand for, or go.
void Resolve(const ir::AttributeMap& arguments, ir::AttributeMap& attributes) {
  for (auto entry = attributes.begin(); entry != attributes.end();) {
    const auto* reference = entry->second.If<ir::AttributeReference>();
    if (reference == nullptr) {
      ++entry;
      continue;
    }
    const auto argument = arguments.find(reference->name);
    if (argument == arguments.end()) {
      entry = attributes.erase(entry);
    } else {
      entry->second = argument->second;
      ++entry;
    }
  }
}

void CopyTexts(const Value& from, Value& to) {
  to.doc = from.doc;
  to.unknown_fields = from.unknown_fields;
  to.declared = from.declared;
}

}  // namespace

Inliner::Inliner(const ir::Module& module, Choose choose, std::map<ValueId, ir::ConstantId> fixed)
    : module_(module), choose_(std::move(choose)), fixed_(std::move(fixed)) {
  ForEachGraphIn(module.graph, [&](const Graph& graph) {
    for (size_t i = 0; i < graph.value_id_bound(); ++i) {
      const Value& value = graph.value(ValueId(i));
      const bool gone = value.origin == Value::Origin::kResult && !graph.alive(value.producer);
      if (gone || value.origin == Value::Origin::kCapture || value.name.empty()) continue;
      ++value_uses_[value.name];
      values_.insert(value.name);
    }
    for (const NodeId id : graph.nodes()) {
      if (graph.node(id).name.empty()) continue;
      ++node_uses_[graph.node(id).name];
      nodes_.insert(graph.node(id).name);
    }
  });
}

Graph Inliner::Run() {
  Graph graph = Copy(module_.graph, nullptr, /*at_top=*/true);
  ALLOT_CHECK(graph.Compact());
  return graph;
}

Graph Inliner::Copy(const Graph& graph, const ir::AttributeMap* attributes, bool at_top) {
  Graph out;
  out.name = graph.name;
  out.doc = graph.doc;
  out.unknown_fields = graph.unknown_fields;
  out.quantization_annotations = graph.quantization_annotations;
  Scope scope{graph, "", false, attributes, at_top, {}, {}};
  scope.here.resize(graph.value_id_bound());
  scope.wanted.resize(graph.value_id_bound());
  const auto add = [&](ValueId id, ValueId copy) {
    CopyTexts(graph.value(id), out.mutable_value(copy));
    scope.here[id] = copy;
  };
  for (const ValueId id : graph.inputs()) {
    const Value& value = graph.value(id);
    const auto fixed = at_top ? fixed_.find(id) : fixed_.end();
    if (fixed == fixed_.end()) {
      add(id, out.AddInput(value.name, value.type, value.constant));
    } else {
      const ir::Constant& constant = module_.constants[fixed->second];
      add(id, out.AddInitializer(value.name, constant.type(), fixed->second));
    }
  }
  for (const ValueId id : graph.captures()) {
    add(id, out.AddCapture(graph.value(id).name, graph.value(id).type));
  }
  AddConstants(scope, out);
  // What is given out must have a node or an input of its own name.
  for (const ValueId id : graph.outputs()) scope.wanted[id] = graph.value(id).name;
  CopyNodes(scope, out);
  std::vector<ValueId> outputs;
  for (const ValueId id : graph.outputs()) outputs.push_back(scope.here[id]);
  out.SetOutputs(std::move(outputs));
  return out;
}

void Inliner::AddConstants(Scope& scope, Graph& out) {
  for (const ValueId id : scope.graph.initializers()) {
    const Value& value = scope.graph.value(id);
    scope.here[id] = out.AddInitializer(ValueName(scope, id), value.type, value.constant);
    CopyTexts(value, out.mutable_value(scope.here[id]));
  }
}

void Inliner::CopyNodes(Scope& scope, Graph& out) {
  for (const NodeId id : scope.graph.nodes()) {
    Node node = scope.graph.node(id);
    if (scope.attributes != nullptr) Resolve(*scope.attributes, node.attributes);
    if (const std::optional<Inlined> inlined = choose_(scope.graph, node, id, scope.at_top)) {
      Open(scope, id, node, *inlined, out);
    } else {
      CopyNode(scope, id, std::move(node), out);
    }
  }
}

void Inliner::CopyNode(Scope& scope, NodeId id, Node node, Graph& out) {
  ++num_nodes_;
  node.name = NodeName(scope, node);
  if (!scope.prefix.empty()) node.location.name = node.name;
  for (ValueId& operand : node.operands) {
    if (operand.valid()) operand = scope.here[operand];
  }
  for (ValueId& capture : node.captures) capture = scope.here[capture];
  const std::vector<Graph>& bodies = scope.graph.node(id).regions;
  for (size_t r = 0; r < bodies.size(); ++r) {
    Graph& body = node.regions[r];
    bool renamed = scope.function;
    if (scope.function) RenameInside(body, scope.prefix);
    // New names are nowhere else in the model, so none of the body's own is in their way.
    for (size_t i = 0; i < body.captures().size(); ++i) {
      const std::string& name = out.value(node.captures[i]).name;
      if (body.value(body.captures()[i]).name == name) continue;
      body.Rename(body.captures()[i], name);
      renamed = true;
    }
    body = Copy(renamed ? body : bodies[r], scope.attributes, /*at_top=*/false);
  }
  const std::vector<ValueId> old = scope.graph.node(id).results;
  std::vector<Graph::Result> results;
  for (const ValueId result : old) {
    results.push_back({ValueName(scope, result), scope.graph.value(result).type});
  }
  const NodeId copy = out.AddNode(std::move(node), results);
  for (size_t i = 0; i < old.size(); ++i) {
    scope.here[old[i]] = out.node(copy).results[i];
    CopyTexts(scope.graph.value(old[i]), out.mutable_value(scope.here[old[i]]));
  }
}

void Inliner::Open(Scope& scope, NodeId id, const Node& node, const Inlined& inlined, Graph& out) {
  ++num_inlined_;
  const Graph& body = *inlined.body;
  const std::string name = NodeName(scope, node);
  const bool function = inlined.attributes.has_value();
  Scope inner{body,
              absl::StrCat(name.empty() ? node.op_type : name, "/"),
              function || scope.function,
              function ? &*inlined.attributes : scope.attributes,
              scope.at_top,
              {},
              {}};
  inner.here.resize(body.value_id_bound());
  inner.wanted.resize(body.value_id_bound());
  size_t argument = 0;
  for (const std::vector<ValueId>* formal : {&body.inputs(), &body.captures()}) {
    for (const ValueId value : *formal) {
      const ValueId given = inlined.arguments[argument++];
      if (given.valid()) inner.here[value] = scope.here[given];
    }
  }
  AddConstants(inner, out);
  const std::vector<ValueId> results = scope.graph.node(id).results;
  std::vector<std::string> names;
  for (size_t i = 0; i < results.size(); ++i) {
    names.push_back(scope.graph.value(results[i]).name.empty() ? "" : ValueName(scope, results[i]));
    if (names[i].empty() || i >= body.outputs().size()) continue;
    const ValueId given = body.outputs()[i];
    if (body.value(given).origin != Value::Origin::kResult || !inner.wanted[given].empty()) {
      continue;
    }
    inner.wanted[given] = names[i];
  }
  CopyNodes(inner, out);
  for (size_t i = 0; i < results.size() && i < body.outputs().size(); ++i) {
    if (names[i].empty()) continue;
    const Value& result = scope.graph.value(results[i]);
    ValueId value = inner.here[body.outputs()[i]];
    if (out.value(value).name != names[i]) {
      // An operand that is passed on, or a value that is given out twice.
      if (!scope.wanted[results[i]].empty()) {
        Node identity;
        identity.op_type = "Identity";
        identity.operands = {value};
        identity.location = node.location;
        value = out.node(out.AddNode(std::move(identity), {{names[i], result.type}})).results[0];
      }
    } else {
      Value& kept = out.mutable_value(value);
      CopyTexts(result, kept);
      if (std::optional<ir::Type> met = ir::Meet(result.type, kept.type)) {
        kept.type = *std::move(met);
      } else {
        kept.type = result.type;
      }
    }
    scope.here[results[i]] = value;
  }
}

void Inliner::RenameInside(Graph& body, const std::string& prefix) {
  for (size_t i = 0; i < body.value_id_bound(); ++i) {
    const Value& value = body.value(ValueId(i));
    if (value.origin == Value::Origin::kCapture || value.name.empty()) continue;
    body.Rename(ValueId(i), Fresh(absl::StrCat(prefix, value.name), values_));
  }
  for (const NodeId id : body.nodes()) {
    std::string& name = body.mutable_node_name(id);
    if (!name.empty()) name = Fresh(absl::StrCat(prefix, name), nodes_);
    for (Graph& inner : body.mutable_regions(id)) RenameInside(inner, prefix);
  }
}

std::string Inliner::ValueName(const Scope& scope, ValueId value) {
  const std::string& name = scope.graph.value(value).name;
  if (!scope.wanted[value].empty()) return scope.wanted[value];
  if (scope.prefix.empty() || name.empty()) return name;
  const auto uses = value_uses_.find(name);
  if (!scope.function && uses != value_uses_.end() && uses->second == 1) return name;
  return Fresh(absl::StrCat(scope.prefix, name), values_);
}

std::string Inliner::NodeName(const Scope& scope, const Node& node) {
  if (scope.prefix.empty() || node.name.empty()) return node.name;
  const auto uses = node_uses_.find(node.name);
  if (!scope.function && uses != node_uses_.end() && uses->second == 1) return node.name;
  return Fresh(absl::StrCat(scope.prefix, node.name), nodes_);
}

std::string Inliner::Fresh(const std::string& stem, absl::flat_hash_set<std::string>& taken) const {
  std::string name = stem;
  for (int i = 1; !taken.insert(name).second; ++i) name = absl::StrCat(stem, "_", i);
  return name;
}

}  // namespace allot
