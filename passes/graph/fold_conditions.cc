// Puts the branch that is taken in the place of every If whose condition is known at compile time,
// on every nesting level; not in functions, whose conditions differ from call to call. Needs
// nothing before it; types and dead nodes are others' work. Near linear.
//
// With `needed`, only in the main graph, and only an If that holds more than half of the model's
// nodes, as nothing can be placed apart inside it: so long as there are such. Where its branch is
// likewise a call, that is opened as by inline-functions{needed=true}.
#include <map>
#include <set>
#include <utility>

#include "ir/called_function.h"
#include "operators/inference/type_inference.h"
#include "passes/graph/needed_calls.h"
#include "passes/inlining/inlining.h"
#include "passes/inlining/node_counts.h"
#include "passes/pipeline/pass.h"
#include "support/registry.h"
#include "support/status.h"

namespace allot {
namespace {

struct Options {
  bool needed = false;
};

// The branches taken in a graph and in the bodies of its nodes, by graph and node.
using Taken = std::map<std::pair<const ir::Graph*, ir::NodeId>, const ir::Graph*>;

void FindTaken(const InferredTypes& inferred, InstanceId instance, const ir::Graph& graph,
               Taken& taken) {
  for (const auto& [id, bodies] : inferred.graphs[instance].bodies) {
    const ir::Node& node = graph.node(id);
    for (size_t i = 0; i < node.regions.size() && i < bodies.size(); ++i) {
      if (!bodies[i].valid()) continue;
      FindTaken(inferred, bodies[i], node.regions[i], taken);
      const bool is_if = node.Is("If") && node.regions.size() == 2;
      if (is_if && inferred.graphs[bodies[i]].iterations == 1)
        taken[{&graph, id}] = &node.regions[i];
    }
  }
}

// Of the main graph: each If that holds more than half of the model's nodes.
std::set<ir::NodeId> Large(const ir::Module& module) {
  std::set<ir::NodeId> large;
  const CalledFunctions functions(module);
  NodeCounts counts(module, functions);
  for (const ir::NodeId id : module.graph.nodes()) {
    const ir::Node& node = module.graph.node(id);
    // The rest must be counted only where there is an If.
    if (node.Is("If") && counts.Of(node) > counts.Of(module.graph) / 2) large.insert(id);
  }
  return large;
}

class FoldConditions final : public GraphPass {
 public:
  explicit FoldConditions(Options options) : options_(options) {}

  absl::StatusOr<bool> Run(ir::Module& module, PassContext& context) const override {
    int64_t folded = 0;
    // What is in a body whose names had to change is found the next time.
    while (true) {
      ALLOT_ASSIGN_OR_RETURN(const int64_t more, Fold(module, context));
      if (more == 0) break;
      folded += more;
      if (options_.needed) InlineNeededCalls(module, context);
    }
    context.statistics->Add("branches folded", folded);
    return folded > 0;
  }

 private:
  // How many branches took the place of their Ifs.
  absl::StatusOr<int64_t> Fold(ir::Module& module, PassContext& context) const {
    const std::set<ir::NodeId> large = options_.needed ? Large(module) : std::set<ir::NodeId>();
    if (options_.needed && large.empty()) return 0;
    Diagnostics repeated;  // infer-shapes says it
    ALLOT_ASSIGN_OR_RETURN(const InferredTypes inferred,
                           InferTypes(module, context.schemas, repeated, *context.operators));
    Taken taken;
    FindTaken(inferred, InstanceId(0), module.graph, taken);
    Inliner inliner(module,
                    [&](const ir::Graph& graph, const ir::Node& node, ir::NodeId id,
                        bool) -> std::optional<Inlined> {
                      const bool is_large = &graph == &module.graph && large.count(id) > 0;
                      if (options_.needed && !is_large) return std::nullopt;
                      const auto found = taken.find({&graph, id});
                      if (found == taken.end()) return std::nullopt;
                      Inlined inlined;
                      inlined.body = found->second;
                      inlined.arguments = node.captures;
                      return inlined;
                    });
    ir::Graph graph = inliner.Run();
    if (inliner.num_inlined() > 0) module.graph = std::move(graph);
    return inliner.num_inlined();
  }

  Options options_;
};

}  // namespace

Entry<GraphPass> FoldConditionsEntry() {
  return MakeEntry<GraphPass, FoldConditions>(
      "fold-conditions", "put the branch that is taken in the place of an If that is known",
      OptionSchema<Options>().Add("needed", &Options::needed,
                                  "only those that hold more than half of the model"));
}

}  // namespace allot
