// split_spec.py and split_spec.json: where stages begin, in the words of PyTorch's
// torch.distributed.pipelining.pipeline(split_spec=...): names of modules, each with
// SplitPoint.BEGINNING.
//
// Nodes of models exported from PyTorch say which modules made them (module_scopes.h). A stage
// begins before the outermost module none of whose nodes is in an earlier stage and that holds the
// stage's first such node. Nodes of the stage before that module run in the stage before; how many
// these are is said.
#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"

#include "ir/node_name.h"
#include "lowering/emitter.h"
#include "lowering/emitters/module_scopes.h"
#include "lowering/emitters/text_file.h"
#include "support/json.h"
#include "support/status.h"

namespace allot {
namespace {

struct Options {
  std::string root;
};

// The modules around a node within `root`, outermost first, without its name.
std::vector<std::string> ModulesOf(const ir::Node& node, const std::string& root) {
  std::vector<std::string> modules = ModuleScopes(node);
  if (root.empty()) return modules;
  const std::string prefix = absl::StrCat(root, ".");
  std::vector<std::string> inner;
  for (const std::string& module : modules) {
    if (absl::StartsWith(module, prefix)) inner.push_back(module.substr(prefix.size()));
  }
  return inner;
}

struct Split {
  std::string module;
  size_t moved = 0;  // nodes of the stage that run before the module
};

class SplitSpec final : public Emitter {
 public:
  explicit SplitSpec(Options options) : options_(std::move(options)) {}

  absl::StatusOr<std::vector<OutputFile>> Emit(const EmitInput& input) const override {
    if (input.plan.num_lanes() > 1) {
      return InputError("placements take turns, and a pipeline is one: plan with --replicas=no");
    }
    std::set<DeviceId> devices;
    for (const ir::Part& part : input.plan.parts) {
      if (!devices.insert(part.device).second) {
        return InputError("device '", input.target.devices[part.device].name, "' has several ",
                          "parts, and a pipeline has one stage on each: plan with ",
                          "--workload=training, or --contiguous");
      }
    }
    ALLOT_ASSIGN_OR_RETURN(const std::vector<Split> splits, FindSplits(input));
    std::vector<OutputFile> files;
    files.push_back(TextFile("split_spec.py", Python(input, splits)));
    files.push_back(TextFile("split_spec.json", PrintJson(Document(input, splits)) + "\n"));
    return files;
  }

 private:
  // By part but the first.
  absl::StatusOr<std::vector<Split>> FindSplits(const EmitInput& input) const {
    const ir::Graph& graph = input.module.graph;
    std::map<std::string, ir::PartId> earliest;  // by module: the first part with one of its nodes
    bool any = false;
    const auto visit = [&](auto of_node) {
      for (const ir::NodeId node : graph.nodes()) {
        const ir::PartId part = input.plan.PartOf(node);
        if (part.valid()) of_node(node, part);
      }
    };
    visit([&](ir::NodeId node, ir::PartId part) {
      for (std::string& module : ModulesOf(graph.node(node), options_.root)) {
        any = true;
        const auto [known, is_new] = earliest.emplace(std::move(module), part);
        if (!is_new) known->second = std::min(known->second, part);
      }
    });
    if (!any) {
      return InputError("no node has a scope that names a module, such as /encoder/layer.3/MatMul",
                        options_.root.empty() ? "" : absl::StrCat(" under '", options_.root, "'"),
                        ": export the model with torch.onnx.export, which notes them, or",
                        options_.root.empty() ? "" : " leave out root=, or",
                        " take the ranges from plan.json");
    }
    std::vector<Split> splits;
    for (size_t s = 1; s < input.plan.parts.size(); ++s) {
      std::optional<Split> split;
      size_t before = 0;
      visit([&](ir::NodeId node, ir::PartId part) {
        if (part != ir::PartId(s) || split.has_value()) return;
        for (const std::string& module : ModulesOf(graph.node(node), options_.root)) {
          if (earliest.at(module) != part) continue;
          split = Split{module, before};
          return;
        }
        ++before;
      });
      if (!split.has_value()) {
        return InputError("no module begins in stage ", s, ": all its nodes are of modules that ",
                          "begin before it; plan with --whole-layers, or fewer stages ",
                          "(--max-parts)");
      }
      splits.push_back(*std::move(split));
    }
    return splits;
  }

  static std::string Devices(const EmitInput& input) {
    std::vector<std::string> names;
    for (const ir::Part& part : input.plan.parts) {
      names.push_back(PrintJsonCompact(Json(input.target.devices[part.device].name)));
    }
    return absl::StrJoin(names, ", ");
  }

  // JSON's strings are Python's, too.
  static std::string Python(const EmitInput& input, const std::vector<Split>& splits) {
    std::string text =
        "\"\"\"Where the stages of a pipeline begin, as planned by allot; devices[i] runs stage "
        "i.\n\n"
        "    from torch.distributed.pipelining import pipeline\n"
        "    from split_spec import split_spec\n"
        "    pipe = pipeline(module, mb_args=(microbatch,), split_spec=split_spec)\n"
        "\"\"\"\n"
        "from torch.distributed.pipelining import SplitPoint\n\n"
        "split_spec = {\n";
    for (const Split& split : splits) {
      absl::StrAppend(&text, "    ", PrintJsonCompact(Json(split.module)),
                      ": SplitPoint.BEGINNING,\n");
    }
    absl::StrAppend(&text, "}\ndevices = [", Devices(input), "]\n");
    if (input.plan.training.has_value()) {
      absl::StrAppend(&text, "n_microbatches = ", input.plan.training->microbatches, "\n");
    }
    return text;
  }

  static Json Document(const EmitInput& input, const std::vector<Split>& splits) {
    Json::Object spec;
    Json::Array stages;
    for (size_t s = 0; s < input.plan.parts.size(); ++s) {
      const DeviceId device = input.plan.parts[ir::PartId(s)].device;
      Json::Object stage = {{"device", input.target.devices[device].name}};
      if (s > 0) {
        const Split& split = splits[s - 1];
        spec.emplace_back(split.module, "BEGINNING");
        stage.emplace_back("begins_at", split.module);
        stage.emplace_back("nodes_before", static_cast<int64_t>(split.moved));
      }
      stages.push_back(std::move(stage));
    }
    return Json::Object{{"schema", "allot.split-spec/1"},
                        {"split_spec", std::move(spec)},
                        {"stages", std::move(stages)}};
  }

  const Options options_;
};

}  // namespace

Entry<Emitter> SplitSpecEntry() {
  return MakeEntry<Emitter, SplitSpec>(
      "split-spec", "split_spec.py, split_spec.json: where stages begin, for PyTorch's pipelining",
      OptionSchema<Options>().Add(
          "root", &Options::root,
          "the module of the scopes that is given to pipeline(); empty: what was exported"));
}

}  // namespace allot
