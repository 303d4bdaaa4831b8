#include "tools/reference.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"

#include "target/builtin_targets.h"
#include "target/host/host_target.h"
#include "tools/program_registries.h"

namespace allot {
namespace {

void AppendOptions(const OptionSchemaView& schema, std::string& text) {
  if (schema.options.empty()) return;
  absl::StrAppend(&text, "| option | default | |\n|---|---|---|\n");
  for (const OptionDoc& option : schema.options) {
    const std::string value = absl::StrReplaceAll(option.default_value, {{"|", "\\|"}});
    absl::StrAppend(&text, "| `", option.name, "` | ",
                    value.empty() ? "" : absl::StrCat("`", value, "`"), " | ",
                    absl::StrReplaceAll(option.summary, {{"|", "\\|"}}), " |\n");
  }
  text += '\n';
}

template <typename Interface>
void Append(const Registry<Interface>& registry, std::string& text) {
  for (const Entry<Interface>& entry : registry.entries()) {
    absl::StrAppend(&text, "### ", entry.name, "\n\n", entry.summary, "\n\n");
    if (entry.on_request) absl::StrAppend(&text, "Only if asked for by name.\n\n");
    AppendOptions(entry.options, text);
  }
}

}  // namespace

std::string ReferenceMarkdown() {
  const Registries registries = ProgramRegistries();
  const PassRegistry& passes = registries.passes;
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
    AppendOptions(pipeline.options, text);
  }
  absl::StrAppend(&text, "## Solvers\n\nFor `place{solver=...}` and `allot --solver=...`.\n\n");
  Append(registries.solvers, text);
  absl::StrAppend(&text, "## Cost models\n\nFor `--cost-model=...`.\n\n");
  Append(registries.cost_models, text);
  absl::StrAppend(
      &text, "## Outputs\n\nFor `--emit=...`; without it, all but those that say otherwise.\n\n");
  Append(registries.emitters, text);
  absl::StrAppend(&text,
                  "## Built-in targets\n\nFor `--target=...`; any other value is a file.\n\n");
  for (const std::string& name : BuiltinTargetNames()) absl::StrAppend(&text, "- `", name, "`\n");
  absl::StrAppend(&text, "- `", kHostTargetUsage, "`: this machine, see target.md\n");
  return text;
}

}  // namespace allot
