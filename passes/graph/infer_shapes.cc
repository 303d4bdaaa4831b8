// Writes the types of all values into the graph and into the bodies of nodes, as far as they are
// certain for every size of the open dimensions; sizes given for costs (--dim) never get in.
// Keeps nodes, names and operands. Function bodies stay as they are: their types differ from call
// to call.
#include "absl/strings/str_cat.h"
#include "operators/inference/type_inference.h"
#include "passes/pipeline/pass.h"
#include "support/registry.h"
#include "support/status.h"

namespace allot {
namespace {

struct Options {
  bool strict = false;
};

int64_t Write(const InferredTypes& inferred, InstanceId instance, ir::Graph& graph) {
  const GraphTypes& types = inferred.graphs[instance];
  int64_t refined = 0;
  for (const ir::ValueId value : types.types.ids()) {
    if (graph.value(value).type == types.types[value]) continue;
    graph.mutable_value(value).type = types.types[value];
    ++refined;
  }
  for (const auto& [node, bodies] : types.bodies) {
    std::vector<ir::Graph>& regions = graph.mutable_regions(node);
    for (size_t i = 0; i < regions.size() && i < bodies.size(); ++i) {
      if (bodies[i].valid()) refined += Write(inferred, bodies[i], regions[i]);
    }
  }
  return refined;
}

// "com.acme.Foo (2 results), Bar (1 result); 12 more results depend on them"
std::string UntypedText(const InferredTypes& inferred) {
  if (inferred.untyped_ops.empty()) {
    return absl::StrCat("inputs have no type, nor have ", inferred.untyped_behind,
                        inferred.untyped_behind == 1 ? " result" : " results",
                        " that follow from them");
  }
  std::string text = "no rule gives the types of ";
  for (size_t i = 0; i < inferred.untyped_ops.size(); ++i) {
    const UntypedOp& op = inferred.untyped_ops[i];
    absl::StrAppend(&text, i == 0 ? "" : ", ", op.op, " (", op.results,
                    op.results == 1 ? " result)" : " results)");
  }
  if (inferred.untyped_behind > 0) {
    absl::StrAppend(&text, "; ", inferred.untyped_behind, " more results depend on them");
  }
  return text;
}

class InferShapes final : public GraphPass {
 public:
  explicit InferShapes(Options options) : options_(options) {}

  absl::StatusOr<bool> Run(ir::Module& module, PassContext& context) const override {
    ALLOT_ASSIGN_OR_RETURN(
        const InferredTypes inferred,
        InferTypes(module, context.schemas, *context.diagnostics, *context.operators));
    if (!inferred.untyped_ops.empty() || inferred.untyped_behind > 0) {
      const std::string text = UntypedText(inferred);
      if (options_.strict) {
        return InputError(text, "; declare them in value_info, or infer without strict");
      }
      context.diagnostics->Warning("", text + "; they cannot pass between parts");
    }
    const int64_t refined = Write(inferred, InstanceId(0), module.graph);
    context.statistics->Add("types refined", refined);
    return refined > 0;
  }

 private:
  Options options_;
};

}  // namespace

Entry<GraphPass> InferShapesEntry() {
  return MakeEntry<GraphPass, InferShapes>(
      "infer-shapes", "write the types of all values that follow from the operators",
      OptionSchema<Options>().Add("strict", &Options::strict,
                                  "make operators without a known type rule an error"));
}

}  // namespace allot
