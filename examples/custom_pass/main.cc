// A pass of one's own, registered beside the built-in ones and run in a textual pipeline.
// usage: custom_pass MODEL.onnx

#include <cstdio>
#include <memory>
#include <string>
#include <utility>

#include "ir/print.h"
#include "onnx_import/import.h"
#include "passes/pipeline/pipeline.h"
#include "support/status.h"

namespace {

// Gives every unnamed node a name, so that rules and measured costs can refer to it.
class NameNodes final : public allot::GraphPass {
 public:
  struct Options {
    std::string prefix = "node";
  };
  explicit NameNodes(Options options) : options_(std::move(options)) {}

  absl::StatusOr<bool> Run(allot::ir::Module& module, allot::PassContext& context) const override {
    bool changed = false;
    for (const allot::ir::NodeId id : module.graph.nodes()) {
      std::string& name = module.graph.mutable_node_name(id);
      if (!name.empty()) continue;
      name = options_.prefix + std::to_string(id.index());
      context.statistics->Add("nodes named", 1);
      changed = true;
    }
    return changed;
  }

 private:
  const Options options_;
};

absl::Status Run(const char* model) {
  allot::PassRegistry passes = allot::BuiltinPasses();
  passes.graph_passes.Add(allot::MakeEntry<allot::GraphPass, NameNodes>(
      "name-nodes", "give every unnamed node a name",
      allot::OptionSchema<NameNodes::Options>().Add("prefix", &NameNodes::Options::prefix,
                                                    "what names begin with")));
  ALLOT_ASSIGN_OR_RETURN(
      const allot::Pipeline pipeline,
      allot::ParsePipeline("onnx.graph(dead-nodes,name-nodes{prefix=n})", passes));

  allot::Diagnostics diagnostics;
  ALLOT_ASSIGN_OR_RETURN(allot::ir::Module module,
                         allot::ImportOnnx(model, allot::ImportOptions(), diagnostics));
  allot::PassStatistics statistics;
  allot::PassContext context;
  context.diagnostics = &diagnostics;
  context.statistics = &statistics;
  allot::ir::Plan plan;
  ALLOT_RETURN_IF_ERROR(allot::RunPipeline(pipeline, module, plan, context, {}));
  std::printf("%s\n", allot::ir::Print(module).c_str());
  return absl::OkStatus();
}

}  // namespace

int main(int argc, char** argv) {
  const absl::Status status =
      argc == 2 ? Run(argv[1]) : allot::InputError("usage: custom_pass MODEL.onnx");
  if (!status.ok()) std::fprintf(stderr, "%s\n", std::string(status.message()).c_str());
  return status.ok() ? 0 : 1;
}
