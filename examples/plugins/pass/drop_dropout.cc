// A pass: models that were exported in the middle of training still hold Dropout nodes, which do
// nothing when a model is used. This one takes them out.
//
//   allot-opt model.onnx --load-pass-plugin=./drop_dropout.so --drop-dropout
//   allot model.onnx --load-plugin=./drop_dropout.so --pass-pipeline='drop-dropout,place-default'
#include <string>
#include <utility>

#include "allot/api/plugin.h"

namespace {

struct Options {
  std::string keep;  // the name of a node that stays
};

// Passes have no state but their options: Run() is const, and may be called for many models.
class DropDropout final : public allot::GraphPass {
 public:
  explicit DropDropout(Options options) : options_(std::move(options)) {}

  // Returns whether anything changed. The program verifies the graph afterwards.
  absl::StatusOr<bool> Run(allot::ir::Module& module, allot::PassContext& context) const override {
    allot::ir::Graph& graph = module.graph;
    bool changed = false;
    for (const allot::ir::NodeId id : graph.nodes()) {
      const allot::ir::Node& node = graph.node(id);
      if (!node.Is("Dropout") || node.name == options_.keep || !DoesNothing(graph, node)) continue;
      graph.ReplaceUses(node.results[0], node.operands[0]);
      graph.Erase(id);
      context.statistics->Add("nodes dropped", 1);
      changed = true;
    }
    return changed;
  }

 private:
  // Not when its mask is used, when it is told to train, or when its result is an output of the
  // model, which has to keep its name.
  static bool DoesNothing(const allot::ir::Graph& graph, const allot::ir::Node& node) {
    const bool trains = node.operands.size() > 2 && node.operands[2].valid();
    const bool masks = node.results.size() > 1 && !graph.users(node.results[1]).empty();
    for (const allot::ir::ValueId result : node.results) {
      if (graph.IsOutput(result)) return false;
    }
    return !trains && !masks;
  }

  const Options options_;
};

// The name becomes a step of pipelines and a flag of allot-opt; the schema its options, which the
// program parses, checks and prints.
void Register(allot::Registries& registries) {
  registries.passes.graph_passes.Add(allot::MakeEntry<allot::GraphPass, DropDropout>(
      "drop-dropout", "take out the Dropout nodes, which only training needs",
      allot::OptionSchema<Options>().Add("keep", &Options::keep, "the name of a node that stays")));
}

}  // namespace

AllotPluginInfo allotGetPluginInfo() {
  return {ALLOT_PLUGIN_API_VERSION, "drop-dropout", "1.0", Register, ALLOT_PLUGIN_BUILD};
}
