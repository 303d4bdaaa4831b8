#include "tools/report.h"

#include <algorithm>
#include <utility>

#include "absl/algorithm/container.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/strip.h"

#include "lowering/emitters/training_json.h"
#include "lowering/placement_hints.h"
#include "target/rule.h"
#include "tools/repetition_report.h"
#include "tools/text_table.h"
#include "tools/training_report.h"

namespace allot {
namespace {

constexpr char kAnnotatedFile[] = "model.annotated.onnx";

struct DeviceCounts {
  int parts = 0, nodes = 0;
};

IdVector<DeviceId, DeviceCounts> CountPerDevice(const Compilation& compilation) {
  IdVector<DeviceId, DeviceCounts> counts(compilation.target.devices.size());
  const ir::Graph& graph = compilation.module->graph;
  // Nodes that several lanes put on a device are there once.
  IdVector<DeviceId, IdVector<ir::NodeId, char>> seen(counts.size());
  for (IdVector<ir::NodeId, char>& nodes : seen) nodes.resize(graph.node_id_bound());
  for (size_t lane = 0; lane < compilation.plan.num_lanes(); ++lane) {
    const ir::Plan plan = ir::LaneView(compilation.plan, lane);
    for (const ir::Part& part : plan.parts) ++counts[part.device].parts;
    for (const ir::NodeId node : graph.nodes()) {
      const DeviceId device = plan.DeviceOf(node);
      if (device.valid() && !std::exchange(seen[device][node], 1)) ++counts[device].nodes;
    }
  }
  return counts;
}

// Files that hold one placement and no more.
constexpr absl::string_view kFilesOfOnePlacement[] = {kAnnotatedFile, "model.dot",
                                                      "openvino/affinities.json",
                                                      "model.onnx-mlir.json", "iree/model.mlir"};

// "lane 1", "3 of 8 inferences by a copy of the model on gpu0", for each; empty if there is one.
std::vector<std::pair<std::string, std::string>> LaneLines(const Compilation& compilation) {
  std::vector<std::pair<std::string, std::string>> lines;
  const ir::Plan& plan = compilation.plan;
  const auto parts = [&](size_t lane) -> const IdVector<ir::PartId, ir::Part>& {
    return lane == 0 ? plan.parts : plan.lanes[lane - 1].parts;
  };
  const auto name = [&](size_t lane) {
    return compilation.target.devices[parts(lane)[ir::PartId(0)].device].name;
  };
  constexpr size_t kFewest = 4;  // copies that follow each other are said as one
  for (size_t i = 0; i < plan.num_lanes() && !plan.lanes.empty();) {
    size_t end = i + 1;
    while (end < plan.num_lanes() && parts(i).size() == 1 && parts(end).size() == 1 &&
           plan.ShareOf(end) == plan.ShareOf(i)) {
      ++end;
    }
    if (end - i < kFewest) end = i + 1;
    const std::string share = absl::StrCat(plan.ShareOf(i), " of ", plan.cycle(), " inferences ");
    if (end - i > 1) {
      lines.emplace_back(
          absl::StrCat("lanes ", i, " to ", end - 1),
          absl::StrCat(share, "each by copies of the model on ", name(i), " to ", name(end - 1)));
    } else {
      lines.emplace_back(absl::StrCat("lane ", i),
                         absl::StrCat(share, "by ", ir::DescribeLane(plan, i, compilation.target)));
    }
    i = end;
  }
  return lines;
}

// Whether what is proved of the plan holds for these slices, or rows, only.
bool IsOfSlices(const Compilation& compilation) {
  return compilation.made_from.undivided ||
         absl::StrContains(compilation.pipeline, "split-operators");
}

size_t CountAll(const ir::Plan& plan, size_t first, size_t (*of_lane)(const ir::Lane&)) {
  for (const ir::Lane& lane : plan.lanes) first += of_lane(lane);
  return first;
}

size_t CountParts(const ir::Plan& plan) {
  return CountAll(plan, plan.parts.size(), [](const ir::Lane& lane) { return lane.parts.size(); });
}

size_t CountTransfers(const ir::Plan& plan) {
  return CountAll(plan, plan.transfers.size(),
                  [](const ir::Lane& lane) { return lane.transfers.size(); });
}

}  // namespace

std::optional<Picos> UnsplitComparison::best() const {
  if (device.empty()) return copies;
  return copies.has_value() ? std::min(value, *copies) : value;
}

UnsplitComparison CompareWithUnsplit(const ir::Summary& summary) {
  UnsplitComparison result;
  for (const ir::Baseline& baseline : summary.baselines) {
    absl::string_view name = baseline.name;
    if (name == "copies") result.copies = baseline.value;
    if (!absl::ConsumePrefix(&name, "single:") || !baseline.value.has_value()) continue;
    if (!result.device.empty() && *baseline.value >= result.value) continue;
    result.device = std::string(name);
    result.value = *baseline.value;
  }
  result.splitting_pays = !result.best().has_value() || summary.value < *result.best();
  return result;
}

double Gap(const ir::Summary& summary) {
  if (summary.value <= 0) return 0;
  return static_cast<double>(summary.value - summary.lower_bound) /
         static_cast<double>(summary.value);
}

std::string TableReport(const Compilation& compilation, const std::string& model_path,
                        const std::string& folder, const std::vector<std::string>& files) {
  if (compilation.plan.training.has_value()) {
    return TrainingReport(compilation, model_path, folder);
  }
  const ir::Summary& summary = *compilation.plan.summary;
  const UnsplitComparison unsplit = CompareWithUnsplit(summary);
  const bool latency = summary.objective == ir::Objective::kLatency;

  std::vector<std::vector<std::string>> head;
  std::string text = absl::StrCat(
      model_path, ": ", compilation.module->graph.num_nodes(), " nodes on ",
      compilation.target.name, ", ",
      latency ? "latency of one inference" : "period of a steady stream of inferences", "\n\n");
  const size_t label = 20;
  const auto line = [&](absl::string_view name, const std::string& value) {
    absl::StrAppend(&text, name, std::string(label - name.size(), ' '), value, "\n");
  };
  const bool rounds = !compilation.made_from.scenarios.empty();
  line("value", absl::StrCat(Milliseconds(summary.value), rounds    ? " per round of all scenarios"
                                                          : latency ? ""
                                                                    : " per inference"));
  // Rules bind what is compared with, too: without them one device might do better.
  const bool undivided = compilation.made_from.undivided;
  const std::string yours = HasRulesOfUser(compilation.target) ? " under your rules" : "";
  const std::string rules = absl::StrCat(undivided ? ", the model undivided" : "", yours);
  if (unsplit.device.empty()) {
    line("best single device",
         absl::StrCat("none can run the whole model", undivided ? " undivided" : "", yours));
  } else {
    const double speedup =
        summary.value > 0 ? static_cast<double>(unsplit.value) / static_cast<double>(summary.value)
                          : 1.0;
    line("best single device", absl::StrCat(Milliseconds(unsplit.value), " on ", unsplit.device,
                                            absl::StrFormat(" (%.2fx)", speedup), rules));
  }
  if (unsplit.copies.has_value() && summary.value > 0) {
    const double speedup =
        static_cast<double>(*unsplit.copies) / static_cast<double>(summary.value);
    line("whole copies", absl::StrCat(Milliseconds(*unsplit.copies), " per inference, in turns",
                                      absl::StrFormat(" (%.2fx)", speedup), rules));
  }
  // What was divided otherwise may do better than what is proved of these slices.
  const bool divided = IsOfSlices(compilation);
  line("lower bound", absl::StrCat(Milliseconds(summary.lower_bound), " (", summary.bound_name,
                                   divided ? ", of these slices)" : ")"));
  line("gap", absl::StrFormat("%.2f %%%s", 100 * Gap(summary),
                              summary.value == summary.lower_bound ? ", proved optimal" : ""));
  for (const Provenance::Scenario& scenario : compilation.made_from.scenarios) {
    line("scenario",
         absl::StrCat(scenario.weight, " x ", scenario.name, ", ", Milliseconds(scenario.value),
                      latency ? " each" : " per inference"));
  }
  for (const auto& [name, value] : LaneLines(compilation)) line(name, value);
  if (summary.latency > 0) {
    line("one inference", absl::StrCat(Milliseconds(summary.latency), " on the slowest lane"));
  }
  line("cut", absl::StrCat(Size(summary.cut_bytes), " in ", CountTransfers(compilation.plan),
                           " transfers between ", CountParts(compilation.plan), " parts"));
  line("found by", summary.solver);
  for (const std::string& repetition : RepetitionLines(compilation.module->graph)) {
    line("repeats", repetition);
  }
  if (summary.blocks > 0) {
    line("costed", absl::StrCat(summary.distinct_blocks, " of ", summary.blocks,
                                " blocks, the others are like them"));
  }
  if (!unsplit.splitting_pays) {
    const bool copies =
        unsplit.copies.has_value() && (unsplit.device.empty() || *unsplit.copies < unsplit.value);
    absl::StrAppend(&text, "\nsplitting does not pay: ",
                    copies ? absl::StrCat("whole copies of the model",
                                          undivided ? " undivided" : "", " that take turns are")
                           : absl::StrCat("the whole model", undivided ? " undivided" : "", " on ",
                                          unsplit.device, " is"),
                    summary.value > *unsplit.best() ? " faster" : " as fast", yours, "\n");
  }
  text += '\n';

  const IdVector<DeviceId, DeviceCounts> counts = CountPerDevice(compilation);
  std::vector<std::vector<std::string>> rows = {
      {"device", "parts", "nodes", "busy", "load", "weights", "peak memory", "of"}};
  for (const DeviceId device : compilation.target.devices.ids()) {
    const ir::DeviceUse& use = summary.devices[device];
    const double load =
        summary.value > 0 ? 100 * static_cast<double>(use.busy) / static_cast<double>(summary.value)
                          : 0.0;
    rows.push_back({compilation.target.devices[device].name, absl::StrCat(counts[device].parts),
                    absl::StrCat(counts[device].nodes), Milliseconds(use.busy),
                    absl::StrFormat("%.1f %%", load), Size(use.resident), Size(use.peak),
                    Size(compilation.target.devices[device].memory)});
  }
  absl::StrAppend(&text, Table(FoldAlike(std::move(rows))), "\n");

  rows = {{"without Allot", "value", "weights are"}};
  for (const ir::Baseline& baseline : summary.baselines) {
    rows.push_back(
        {baseline.name, baseline.value.has_value() ? Milliseconds(*baseline.value) : "infeasible",
         baseline.name == "copies" ? "on every device that takes part" : "on one device each"});
  }
  if (rows.size() > 1) absl::StrAppend(&text, Table(FoldAlike(std::move(rows))));
  if (!folder.empty()) absl::StrAppend(&text, "\nfiles in ", folder, "\n");
  for (const absl::string_view file : kFilesOfOnePlacement) {
    if (compilation.plan.lanes.empty() || !absl::c_linear_search(files, file)) continue;
    absl::StrAppend(&text, file, " holds lane 0 alone, as it can say one placement only\n");
  }
  const std::string settings = SessionSettings(compilation.target, compilation.plan);
  if (!settings.empty() && absl::c_linear_search(files, kAnnotatedFile)) {
    absl::StrAppend(&text, "one session of ONNX Runtime runs ", kAnnotatedFile,
                    " with the option\n    session.layer_assignment_settings=", settings, "\n");
  }
  return text;
}

Json JsonReport(const Compilation& compilation, const std::string& model_path,
                const std::string& folder, const std::vector<std::string>& files,
                const Diagnostics& diagnostics) {
  const ir::Summary& summary = *compilation.plan.summary;
  const UnsplitComparison unsplit = CompareWithUnsplit(summary);
  Json::Object json;
  json.emplace_back("schema", "allot.report/1");
  json.emplace_back("model", model_path);
  json.emplace_back("target", compilation.target.name);
  json.emplace_back("objective", ir::ObjectiveName(summary.objective));
  json.emplace_back("nodes", static_cast<int64_t>(compilation.module->graph.num_nodes()));
  json.emplace_back("value_us", ToMicros(summary.value));
  json.emplace_back("cluster_value_us", ToMicros(summary.cluster_value));
  json.emplace_back("best_single_device", unsplit.device.empty() ? Json() : Json(unsplit.device));
  json.emplace_back("best_single_us",
                    unsplit.device.empty() ? Json() : Json(ToMicros(unsplit.value)));
  json.emplace_back("copies_us",
                    unsplit.copies.has_value() ? Json(ToMicros(*unsplit.copies)) : Json());
  json.emplace_back("splitting_pays", unsplit.splitting_pays);
  json.emplace_back("compared_with",
                    compilation.made_from.undivided ? "the model undivided" : "the model as it is");
  json.emplace_back("rules", static_cast<int64_t>(compilation.target.rules.size()));
  json.emplace_back("lower_bound_us", ToMicros(summary.lower_bound));
  json.emplace_back("bound", summary.bound_name);
  json.emplace_back("bound_of", IsOfSlices(compilation) ? "plans with these slices"
                                : absl::StrContains(compilation.pipeline, "chips=true")
                                    ? "plans that keep the rules of the module"
                                    : "plans of the model as it is");
  json.emplace_back("gap", Gap(summary));
  json.emplace_back("proved_optimal", summary.value == summary.lower_bound);
  json.emplace_back("solver", summary.solver);
  json.emplace_back("cut_bytes", summary.cut_bytes);
  json.emplace_back("transfers", static_cast<int64_t>(CountTransfers(compilation.plan)));
  json.emplace_back("parts", static_cast<int64_t>(CountParts(compilation.plan)));
  if (!compilation.made_from.scenarios.empty()) {
    Json::Array scenarios;
    for (const Provenance::Scenario& scenario : compilation.made_from.scenarios) {
      scenarios.push_back(Json::Object{{"name", scenario.name},
                                       {"weight", scenario.weight},
                                       {"value_us", ToMicros(scenario.value)}});
    }
    json.emplace_back("scenarios", std::move(scenarios));
  }
  if (compilation.plan.training.has_value()) {
    json.emplace_back("training",
                      TrainingJson(*compilation.module, compilation.target, compilation.plan));
  }
  json.emplace_back("blocks", RepetitionJson(compilation.module->graph));
  if (summary.blocks > 0) {
    json.emplace_back("chain_blocks", summary.blocks);
    json.emplace_back("costed_blocks", summary.distinct_blocks);
  }
  if (!compilation.plan.lanes.empty()) {
    json.emplace_back("latency_us", ToMicros(summary.latency));
    Json::Array lanes;
    for (size_t i = 0; i < compilation.plan.num_lanes(); ++i) {
      lanes.push_back(
          Json::Object{{"share", compilation.plan.ShareOf(i)},
                       {"what", ir::DescribeLane(compilation.plan, i, compilation.target)}});
    }
    json.emplace_back("lanes", std::move(lanes));
  }

  const IdVector<DeviceId, DeviceCounts> counts = CountPerDevice(compilation);
  Json::Array devices;
  for (const DeviceId device : compilation.target.devices.ids()) {
    const ir::DeviceUse& use = summary.devices[device];
    const double load = summary.value > 0
                            ? static_cast<double>(use.busy) / static_cast<double>(summary.value)
                            : 0.0;
    devices.push_back(Json::Object{{"name", compilation.target.devices[device].name},
                                   {"parts", counts[device].parts},
                                   {"nodes", counts[device].nodes},
                                   {"busy_us", ToMicros(use.busy)},
                                   {"load", load},
                                   {"resident_bytes", use.resident},
                                   {"peak_bytes", use.peak},
                                   {"memory_bytes", compilation.target.devices[device].memory}});
  }
  json.emplace_back("devices", std::move(devices));
  Json::Array baselines;
  for (const ir::Baseline& baseline : summary.baselines) {
    baselines.push_back(Json::Object{
        {"name", baseline.name},
        {"value_us", baseline.value.has_value() ? Json(ToMicros(*baseline.value)) : Json()}});
  }
  json.emplace_back("baselines", std::move(baselines));
  json.emplace_back("pipeline", compilation.pipeline);
  json.emplace_back("output", folder.empty() ? Json() : Json(folder));
  Json::Array names;
  for (const std::string& file : files) names.emplace_back(file);
  json.emplace_back("files", std::move(names));
  Json::Array messages;
  for (const Diagnostic& diagnostic : diagnostics.all())
    messages.emplace_back(ToString(diagnostic));
  json.emplace_back("messages", std::move(messages));
  return json;
}

}  // namespace allot
