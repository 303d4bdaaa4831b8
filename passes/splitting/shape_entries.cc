#include "passes/splitting/shape_entries.h"

#include "operators/op_view.h"

namespace allot {
namespace {

// Chains of views of one number; longer ones are no shapes that an exporter writes.
constexpr int kMaxDepth = 32;

using Entries = std::vector<std::optional<int64_t>>;

Entries EntriesOf(const ir::Module& module, ir::ValueId id, int depth) {
  const ir::Graph& graph = module.graph;
  const ir::Value& value = graph.value(id);
  if (const auto known = ConstantIntegers(module, id)) return {known->begin(), known->end()};
  // As many as the type says.
  Entries unknown;
  if (value.type.is_static() && value.type.shape->size() <= 1) {
    const int64_t size = *ir::NumElements(*value.type.shape);
    constexpr int64_t kMostAxes = 64;
    if (size <= kMostAxes) unknown.resize(static_cast<size_t>(size));
  }
  if (!value.producer.valid() || depth > kMaxDepth) return unknown;
  const ir::Node& node = graph.node(value.producer);
  if (node.Is("Concat")) {
    Entries all;
    for (const ir::ValueId operand : node.operands) {
      const Entries some = EntriesOf(module, operand, depth + 1);
      if (some.empty()) return unknown;
      all.insert(all.end(), some.begin(), some.end());
    }
    return all;
  }
  const bool same = node.Is("Unsqueeze") || node.Is("Squeeze") || node.Is("Cast") ||
                    node.Is("Identity") || node.Is("Reshape");
  if (same && !node.operands.empty() && node.operands[0].valid()) {
    Entries entries = EntriesOf(module, node.operands[0], depth + 1);
    return entries.empty() ? unknown : entries;
  }
  return unknown;
}

}  // namespace

std::optional<std::vector<int64_t>> ConstantIntegers(const ir::Module& module, ir::ValueId id) {
  const ir::Graph& graph = module.graph;
  const ir::Value& value = graph.value(id);
  if (value.origin == ir::Value::Origin::kInitializer) {
    return module.constants[value.constant].AsIntegers();
  }
  if (!value.producer.valid() || !graph.node(value.producer).Is("Constant")) return std::nullopt;
  const ir::AttributeMap& attributes = graph.node(value.producer).attributes;
  if (const auto* tensor = ir::FindAttribute<ir::ConstantId>(attributes, "value")) {
    return module.constants[*tensor].AsIntegers();
  }
  if (const auto* list = ir::FindAttribute<std::vector<int64_t>>(attributes, "value_ints")) {
    return *list;
  }
  if (const auto* number = ir::FindAttribute<int64_t>(attributes, "value_int")) {
    return std::vector<int64_t>{*number};
  }
  return std::nullopt;
}

std::vector<std::optional<int64_t>> ShapeEntries(const ir::Module& module, ir::ValueId value) {
  return EntriesOf(module, value, 0);
}

}  // namespace allot
