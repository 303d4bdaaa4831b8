// Merges nodes of one graph that compute the same: equal operator, attributes and operands, where
// constants count by their elements. The first of equal nodes stays; its location becomes the fused
// locations of all. On every nesting level and in functions, each graph for itself. Near linear.
//
// Keeps: nodes with a result that is a graph output (unless they are the first), random operators,
// nodes with bodies, calls of functions, and operators of domains that are not known to be pure.
#include <unordered_map>

#include "absl/strings/str_cat.h"
#include "ir/called_function.h"
#include "operators/attribute_key.h"
#include "passes/graph/every_graph.h"
#include "passes/nodes/pure_nodes.h"
#include "passes/pipeline/pass.h"
#include "support/registry.h"

namespace allot {
namespace {

struct Options {
  int64_t constant_bytes = 4096;
};

using SameConstants = IdVector<ir::ConstantId, ir::ConstantId>;

// Nodes with equal keys compute the same.
std::string KeyOf(const ir::Graph& graph, const ir::Node& node, const SameConstants& same) {
  std::string key;
  for (const std::string* text : {&node.domain, &node.op_type, &node.overload}) {
    absl::StrAppend(&key, text->size(), ":", *text);
  }
  for (const ir::ValueId operand : node.operands) {
    const bool initializer =
        operand.valid() && graph.value(operand).origin == ir::Value::Origin::kInitializer;
    if (initializer && same.Contains(graph.value(operand).constant)) {
      absl::StrAppend(&key, " c", same[graph.value(operand).constant].index());
    } else {
      absl::StrAppend(&key, " v", operand.index());
    }
  }
  for (const auto& [name, attribute] : node.attributes) {
    absl::StrAppend(&key, " ", name.size(), ":", name);
    AppendAttributeKey(attribute, same.raw(), key);
  }
  // Optional results that only one of two nodes has change what is computed.
  for (const ir::ValueId result : node.results) {
    key += graph.value(result).name.empty() ? " -" : " +";
  }
  return key;
}

bool HasOutput(const ir::Graph& graph, const ir::Node& node) {
  for (const ir::ValueId result : node.results) {
    if (graph.IsOutput(result)) return true;
  }
  return false;
}

// Both types hold of the merged value. False if they contradict each other.
bool MergeTypes(ir::Graph& graph, const ir::Node& first, const ir::Node& second) {
  std::vector<ir::Type> merged;
  for (size_t i = 0; i < first.results.size(); ++i) {
    std::optional<ir::Type> met =
        ir::Meet(graph.value(first.results[i]).type, graph.value(second.results[i]).type);
    if (!met) return false;
    merged.push_back(*std::move(met));
  }
  for (size_t i = 0; i < first.results.size(); ++i) {
    graph.mutable_value(first.results[i]).type = std::move(merged[i]);
  }
  return true;
}

void AddLocation(ir::Location& location, const ir::Location& other) {
  if (location.fused.empty()) {
    ir::Location only = std::move(location);
    location = ir::Location();
    location.fused.push_back(std::move(only));
  }
  if (other.fused.empty()) {
    location.fused.push_back(other);
  } else {
    location.fused.insert(location.fused.end(), other.fused.begin(), other.fused.end());
  }
}

int64_t MergeWithin(ir::Graph& graph, const SameConstants& same, const CalledFunctions& functions) {
  int64_t merged = 0;
  std::unordered_map<std::string, ir::NodeId> seen;
  for (const ir::NodeId id : graph.nodes()) {
    const ir::Node& node = graph.node(id);
    if (!IsPure(node, functions)) continue;
    const auto [found, is_new] = seen.emplace(KeyOf(graph, node, same), id);
    if (is_new) continue;
    const ir::NodeId first = found->second;
    if (HasOutput(graph, node) || !MergeTypes(graph, graph.node(first), node)) continue;
    for (size_t i = 0; i < node.results.size(); ++i) {
      graph.ReplaceUses(node.results[i], graph.node(first).results[i]);
    }
    AddLocation(graph.mutable_location(first), node.location);
    graph.Erase(id);
    ++merged;
  }
  return merged;
}

class Cse final : public GraphPass {
 public:
  explicit Cse(Options options) : options_(options) {}

  absl::StatusOr<bool> Run(ir::Module& module, PassContext& context) const override {
    const SameConstants same = EqualConstants(module.constants, options_.constant_bytes);
    const CalledFunctions functions(module);
    int64_t merged = 0;
    ForEachGraph(module, [&](ir::Graph& graph) { merged += MergeWithin(graph, same, functions); });
    context.statistics->Add("nodes merged", merged);
    return merged > 0;
  }

 private:
  Options options_;
};

}  // namespace

Entry<GraphPass> CseEntry() {
  return MakeEntry<GraphPass, Cse>(
      "cse", "merge nodes that compute the same from the same operands",
      OptionSchema<Options>().Add("constant-bytes", &Options::constant_bytes,
                                  "compare the elements of constants up to this size"));
}

}  // namespace allot
