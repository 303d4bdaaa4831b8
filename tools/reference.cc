#include "tools/reference.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"

#include "lowering/emitter.h"
#include "passes/registry.h"
#include "placement/solver.h"
#include "target/builtin_targets.h"
#include "target/cost_model.h"
#include "target/host_target.h"

namespace allot {
namespace {

template <typename Interface>
void Append(const Registry<Interface>& registry, std::string& text) {
  for (const Entry<Interface>& entry : registry.entries()) {
    absl::StrAppend(&text, "### ", entry.name, "\n\n", entry.summary, "\n\n");
    if (entry.on_request) absl::StrAppend(&text, "Only if asked for by name.\n\n");
    if (entry.options.options.empty()) continue;
    absl::StrAppend(&text, "| option | default | |\n|---|---|---|\n");
    for (const OptionDoc& option : entry.options.options) {
      const std::string value = absl::StrReplaceAll(option.default_value, {{"|", "\\|"}});
      absl::StrAppend(&text, "| `", option.name, "` | ",
                      value.empty() ? "" : absl::StrCat("`", value, "`"), " | ",
                      absl::StrReplaceAll(option.summary, {{"|", "\\|"}}), " |\n");
    }
    text += '\n';
  }
}

}  // namespace

std::string ReferenceMarkdown() {
  const PassRegistry passes = BuiltinPasses();
  std::string text =
      "# Reference\n\nMade by `allot-opt --print-reference`; a test compares.\n\n"
      "## Graph passes\n\nThey rewrite the graph, before anything is decided.\n\n";
  Append(passes.graph_passes, text);
  absl::StrAppend(&text, "## Plan passes\n\nThey decide; the graph no longer changes.\n\n");
  Append(passes.plan_passes, text);
  absl::StrAppend(&text, "## Pipelines\n\n");
  for (const NamedPipeline& pipeline : passes.pipelines) {
    absl::StrAppend(&text, "### ", pipeline.name, "\n\n", pipeline.summary, "\n\n    ",
                    pipeline.text, "\n\n");
  }
  absl::StrAppend(&text, "## Solvers\n\nFor `place{solver=...}` and `allot --solver=...`.\n\n");
  Append(BuiltinSolvers(), text);
  absl::StrAppend(&text, "## Cost models\n\nFor `--cost-model=...`.\n\n");
  Append(BuiltinCostModels(), text);
  absl::StrAppend(
      &text, "## Outputs\n\nFor `--emit=...`; without it, all but those that say otherwise.\n\n");
  Append(BuiltinEmitters(), text);
  absl::StrAppend(&text,
                  "## Built-in targets\n\nFor `--target=...`; any other value is a file.\n\n");
  for (const std::string& name : BuiltinTargetNames()) absl::StrAppend(&text, "- `", name, "`\n");
  absl::StrAppend(&text, "- `", kHostTargetUsage, "`: this machine, see target.md\n");
  return text;
}

}  // namespace allot
