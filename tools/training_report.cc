#include "tools/training_report.h"

#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"

#include "tools/text_table.h"

namespace allot {
namespace {

std::string Times(Picos value, Picos plan) {
  if (plan <= 0) return "";
  return absl::StrFormat("%.2fx", static_cast<double>(value) / static_cast<double>(plan));
}

// "1.2345 ms, 3.21 % below".
std::string BoundText(Picos bound, Picos value) {
  if (value <= 0) return Milliseconds(bound);
  const double gap = 100 * static_cast<double>(value - bound) / static_cast<double>(value);
  if (bound == value) return absl::StrCat(Milliseconds(bound), ", reached");
  return absl::StrFormat("%s, %.2f %% below", Milliseconds(bound), gap);
}

}  // namespace

std::string TrainingReport(const Compilation& compilation, const std::string& model_path,
                           const std::string& folder) {
  const ir::Training& training = *compilation.plan.training;
  const ir::Summary& summary = *compilation.plan.summary;
  std::string text = absl::StrCat(
      model_path, ": ", compilation.module->graph.num_nodes(), " nodes on ",
      compilation.target.name, ", one iteration of training: ", training.microbatches,
      training.microbatches == 1 ? " microbatch, " : " microbatches, ", training.optimizer, "\n\n");
  const auto line = [&](absl::string_view name, const std::string& value) {
    constexpr size_t kLabel = 20;
    absl::StrAppend(&text, name, std::string(kLabel - name.size(), ' '), value, "\n");
  };
  line("iteration", Milliseconds(training.iteration));
  line("period",
       absl::StrCat(Milliseconds(training.period), " per microbatch, in the steady state"));
  line("bubbles", absl::StrFormat("%.1f %% of the devices' time",
                                  static_cast<double>(training.BubblePermille()) / 10));
  if (training.iteration_bound > 0) {
    line("any ranges", absl::StrCat("iteration at least ",
                                    BoundText(training.iteration_bound, training.iteration)));
    line("", absl::StrCat("period at least ", BoundText(training.period_bound, training.period)));
  }
  line("any placement", absl::StrCat("iteration at least ",
                                     BoundText(training.any_iteration_bound, training.iteration)));
  line("trained", absl::StrCat(training.parameters, " parameters"));
  text += '\n';

  std::vector<std::vector<std::string>> rows = {{"stage", "nodes", "forward", "backward", "update",
                                                 "weights", "gradients", "optimizer", "in flight",
                                                 "activations", "memory", "of"}};
  std::vector<int64_t> nodes(training.stages.size());
  for (const ir::NodeId node : compilation.module->graph.nodes()) {
    const ir::PartId part = compilation.plan.PartOf(node);
    if (part.valid()) ++nodes[static_cast<size_t>(part.index())];
  }
  for (size_t i = 0; i < training.stages.size(); ++i) {
    const ir::TrainingStage& stage = training.stages[i];
    const Device& device = compilation.target.devices[stage.device];
    rows.push_back({absl::StrCat(i, " ", device.name), absl::StrCat(nodes[i]),
                    Milliseconds(stage.forward),
                    Milliseconds(stage.backward) + (stage.recomputes ? "*" : ""),
                    Milliseconds(stage.update), Size(stage.weights), Size(stage.gradients),
                    Size(stage.optimizer), absl::StrCat(stage.in_flight), Size(stage.activations),
                    Size(stage.Memory()), Size(device.memory)});
  }
  absl::StrAppend(&text, Table(rows));
  for (const ir::TrainingStage& stage : training.stages) {
    if (!stage.recomputes) continue;
    absl::StrAppend(&text, "* runs forward again before backward\n");
    break;
  }
  rows = {{"without Allot", "iteration", "times"}};
  for (const ir::Baseline& baseline : summary.baselines) {
    const bool fits = baseline.value.has_value();
    rows.push_back({baseline.name == "even" ? "equal ranges" : baseline.name,
                    fits ? Milliseconds(*baseline.value) : "does not fit",
                    fits ? Times(*baseline.value, training.iteration) : ""});
  }
  absl::StrAppend(&text, "\n", Table(FoldAlike(std::move(rows))));
  if (!folder.empty()) absl::StrAppend(&text, "\nfiles in ", folder, "\n");
  return text;
}

}  // namespace allot
