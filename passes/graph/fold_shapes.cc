// Replaces integer computations whose elements are all known at compile time (shapes, axes, ranges,
// masks over them) by Constant nodes of the same value name, node name and location. Only what
// holds for every size of the open dimensions is folded; sizes given for costs (--dim) play no
// role. On every nesting level; not in functions, whose shapes differ from call to call.
//
// Keeps nodes with a result that is a graph output, Constant nodes, and results that are not
// integers, however well known. Linear.
#include "operators/inference/type_inference.h"
#include "operators/rules/partial_value.h"
#include "passes/pipeline/pass.h"
#include "support/registry.h"
#include "support/status.h"

namespace allot {
namespace {

struct Options {};

bool IsFoldable(const ir::Graph& graph, const GraphTypes& types, ir::NodeId id) {
  const ir::Node& node = graph.node(id);
  if (node.Is("Constant") || node.results.empty()) return false;
  for (const ir::ValueId result : node.results) {
    if (graph.IsOutput(result)) return false;
    const bool used = !graph.users(result).empty();
    if (used && types.integers.count(result) == 0) return false;
  }
  return types.integers.count(node.results[0]) > 0;
}

// The elements, packed little endian.
ir::Constant MakeConstant(const KnownIntegers& integers) {
  const size_t width = static_cast<size_t>(ir::BitWidth(integers.element)) / 8;
  std::string bytes;
  bytes.reserve(integers.elements.size() * std::max<size_t>(width, 1));
  for (const int64_t element : integers.elements) {
    const uint64_t bits = static_cast<uint64_t>(element);
    for (size_t i = 0; i < std::max<size_t>(width, 1); ++i) {
      bytes.push_back(static_cast<char>((bits >> (8 * i)) & 0xff));
    }
  }
  ir::Constant constant;
  constant.element = integers.element;
  constant.dims = integers.dims;
  constant.storage = ir::InlineBytes{std::make_shared<const std::string>(std::move(bytes))};
  return constant;
}

// A Constant node in the place of `producer`, which is erased later.
void Replace(ir::Module& module, ir::Graph& graph, ir::NodeId producer, ir::ValueId value,
             const KnownIntegers& integers) {
  const ir::Node& folded = graph.node(producer);
  ir::Node node;
  node.op_type = "Constant";
  if (folded.results.size() == 1) node.name = folded.name;
  node.location = folded.location;
  node.attributes["value"].value = module.constants.Add(MakeConstant(integers));
  ir::Shape shape;
  for (const int64_t dim : integers.dims) shape.push_back(ir::Dim::Known(dim));
  const ir::Value& old = graph.value(value);
  const bool declared = old.declared;
  const ir::NodeId constant = graph.AddNode(
      std::move(node), {{old.name, ir::Type::Tensor(integers.element, std::move(shape))}});
  const ir::ValueId replacement = graph.node(constant).results[0];
  graph.mutable_value(replacement).declared = declared;
  graph.ReplaceUses(value, replacement);
}

int64_t FoldWithin(ir::Module& module, const InferredTypes& inferred, InstanceId instance,
                   ir::Graph& graph) {
  const GraphTypes& types = inferred.graphs[instance];
  std::vector<ir::NodeId> folded;
  IdVector<ir::NodeId, bool> is_folded(graph.node_id_bound(), false);
  for (const ir::NodeId id : graph.nodes()) {
    if (!IsFoldable(graph, types, id)) continue;
    folded.push_back(id);
    is_folded[id] = true;
  }
  for (const ir::NodeId id : folded) {
    // AddNode moves nodes: no reference into the graph lives across Replace.
    const std::vector<ir::ValueId> results = graph.node(id).results;
    for (const ir::ValueId result : results) {
      bool needed = false;
      for (const ir::NodeId user : graph.users(result)) {
        needed = needed || !is_folded.Contains(user) || !is_folded[user];
      }
      if (needed) Replace(module, graph, id, result, types.integers.at(result));
    }
  }
  for (size_t i = folded.size(); i-- > 0;) graph.Erase(folded[i]);
  int64_t count = static_cast<int64_t>(folded.size());
  for (const auto& [node, bodies] : types.bodies) {
    if (!graph.alive(node)) continue;
    std::vector<ir::Graph>& regions = graph.mutable_regions(node);
    for (size_t i = 0; i < regions.size() && i < bodies.size(); ++i) {
      if (bodies[i].valid()) count += FoldWithin(module, inferred, bodies[i], regions[i]);
    }
  }
  return count;
}

class FoldShapes final : public GraphPass {
 public:
  explicit FoldShapes(Options /*options*/) {}

  absl::StatusOr<bool> Run(ir::Module& module, PassContext& context) const override {
    Diagnostics repeated;  // infer-shapes has said it already
    ALLOT_ASSIGN_OR_RETURN(const InferredTypes inferred,
                           InferTypes(module, context.schemas, repeated, *context.operators));
    const int64_t folded = FoldWithin(module, inferred, InstanceId(0), module.graph);
    context.statistics->Add("nodes folded", folded);
    return folded > 0;
  }
};

}  // namespace

Entry<GraphPass> FoldShapesEntry() {
  return MakeEntry<GraphPass, FoldShapes>(
      "fold-shapes", "replace integer computations that are known at compile time by constants",
      OptionSchema<Options>());
}

}  // namespace allot
