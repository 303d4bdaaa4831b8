#include "tools/explain_report.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"

#include "lowering/emitters/micros.h"
#include "support/nearest_name.h"
#include "support/one_line.h"
#include "support/status.h"
#include "target/name_pattern.h"
#include "tools/text_table.h"

namespace allot {
namespace {

constexpr size_t kColumns = 100;

// Words in lines that fit, all indented; a longer word has a line of its own.
std::string Wrapped(const std::string& text, size_t indent) {
  std::string out;
  size_t column = 0;
  const std::string line = OneLine(text);
  for (const absl::string_view word : absl::StrSplit(line, ' ')) {
    if (column > 0 && column + 1 + word.size() > kColumns) {
      out += '\n';
      column = 0;
    }
    if (column == 0) {
      out.append(indent, ' ');
      column = indent;
    } else {
      out += ' ';
      ++column;
    }
    absl::StrAppend(&out, word);
    column += word.size();
  }
  return out + "\n";
}

// "  why        text", with further lines below the text.
std::string Labelled(const std::string& label, const std::string& text) {
  constexpr size_t kIndent = 13;
  std::string lines = Wrapped(text, kIndent);
  return text.empty() ? absl::StrCat("  ", label, "\n")
                      : absl::StrFormat("  %-11s", label) + lines.substr(kIndent);
}

std::string PartName(const std::string& part) { return part.empty() ? "(no file)" : part; }

const char* ValueName(const PlanFile& plan) {
  if (plan.trains) return "iteration";
  return plan.made_from.objective == ir::Objective::kLatency ? "latency" : "period";
}

std::string Destination(const PlanFile::Cut& cut) {
  std::vector<std::string> parts;
  for (const std::string& part : cut.to) parts.push_back(PartName(part));
  return absl::StrCat(cut.to_devices.empty() ? "" : cut.to_devices.front(), " ",
                      absl::StrJoin(parts, ","));
}

bool ChangesDevice(const PlanFile::Cut& cut) {
  return !cut.to_devices.empty() && cut.to_devices.front() != cut.from_device;
}

std::string CutText(const PlanFile::Cut& cut) {
  return absl::StrCat("  ", cut.from_device, " ", PartName(cut.from), " -> ", Destination(cut),
                      "  ", Size(cut.bytes), "  ", cut.cause, "  '", OneLine(cut.tensor), "'\n",
                      Wrapped(cut.why, 6));
}

std::vector<const PlanFile::Cut*> CutsOf(const PlanFile& plan, const PlanFile::Node& node) {
  std::vector<const PlanFile::Cut*> cuts;
  for (const PlanFile::Cut& cut : plan.cuts) {
    if (cut.producer == node.name ||
        std::find(cut.readers.begin(), cut.readers.end(), node.name) != cut.readers.end()) {
      cuts.push_back(&cut);
    }
  }
  return cuts;
}

std::vector<std::string> NamesWith(const PlanFile& plan, int64_t PlanFile::Node::*field,
                                   const PlanFile::Node& node) {
  std::vector<std::string> names;
  for (const PlanFile::Node& other : plan.nodes) {
    if (&other != &node && other.*field == node.*field) {
      names.push_back(absl::StrCat("'", other.name, "'"));
    }
  }
  return names;
}

std::string Shortened(std::vector<std::string> names) {
  constexpr size_t kShown = 6;
  if (names.size() > kShown) {
    const size_t more = names.size() - kShown;
    names.resize(kShown);
    return absl::StrCat(absl::StrJoin(names, ", "), " and ", more, " more");
  }
  return absl::StrJoin(names, ", ");
}

// "3 of 8 inferences: a copy of the model on gpu0", a line for each lane; nothing if there is one.
std::string LanesText(const PlanFile& plan) {
  if (plan.lanes.empty()) return "";
  int64_t cycle = plan.share;
  for (const PlanFile::Lane& lane : plan.lanes) cycle += lane.share;
  std::string text;
  const auto add = [&](int64_t share, const std::vector<PlanFile::Part>& parts) {
    std::vector<std::string> names;
    for (const PlanFile::Part& part : parts) {
      if (std::find(names.begin(), names.end(), part.device) == names.end()) {
        names.push_back(part.device);
      }
    }
    absl::StrAppend(
        &text, "  ", share, " of ", cycle, " inferences: ",
        parts.size() == 1 ? "a copy of the model" : absl::StrCat(parts.size(), " parts"), " on ",
        absl::StrJoin(names, " and "), "\n");
  };
  add(plan.share, plan.parts);
  for (const PlanFile::Lane& lane : plan.lanes) add(lane.share, lane.parts);
  return absl::StrCat(plan.lanes.size() + 1,
                      " lanes take turns; nodes and cuts below are those of ", "the first\n", text);
}

// Where a further lane runs the node; empty: the lane's parts do not say.
std::string DeviceIn(const PlanFile::Lane& lane, const PlanFile::Node& node) {
  if (node.cluster < 0 || static_cast<size_t>(node.cluster) >= lane.part_of.size()) return "";
  const std::string& id = lane.part_of[static_cast<size_t>(node.cluster)];
  for (const PlanFile::Part& part : lane.parts) {
    if (part.id == id) return part.device;
  }
  return "";
}

Json LanesJson(const PlanFile& plan) {
  Json::Array lanes;
  const auto add = [&](int64_t share, const std::vector<PlanFile::Part>& parts) {
    Json::Array ids, devices;
    for (const PlanFile::Part& part : parts) {
      ids.push_back(part.id);
      devices.push_back(part.device);
    }
    lanes.push_back(
        Json::Object{{"share", share}, {"parts", std::move(ids)}, {"devices", std::move(devices)}});
  };
  add(plan.share, plan.parts);
  for (const PlanFile::Lane& lane : plan.lanes) add(lane.share, lane.parts);
  return Json(std::move(lanes));
}

Json CutJson(const PlanFile::Cut& cut) {
  const auto part = [](const std::string& id) { return id.empty() ? Json(nullptr) : Json(id); };
  Json::Array to;
  for (const std::string& id : cut.to) to.push_back(part(id));
  return Json::Object{{"tensor", cut.tensor},
                      {"from", part(cut.from)},
                      {"to", std::move(to)},
                      {"from_device", cut.from_device},
                      {"to_devices", Json::Array(cut.to_devices.begin(), cut.to_devices.end())},
                      {"bytes", cut.bytes},
                      {"cause", cut.cause},
                      {"why", cut.why},
                      {"producer", cut.producer},
                      {"readers", Json::Array(cut.readers.begin(), cut.readers.end())}};
}

Json SummaryJson(const PlanFile& plan) {
  Json::Object summary = {{"model", plan.model.empty() ? Json(nullptr) : Json(plan.model)},
                          {"target", plan.target},
                          {"objective", ir::ObjectiveName(plan.made_from.objective)}};
  if (plan.predicted.has_value()) {
    summary.emplace_back("value_us", Micros(plan.predicted->value));
    summary.emplace_back("lower_bound_us", Micros(plan.predicted->lower_bound));
    summary.emplace_back("bound", plan.predicted->bound);
    summary.emplace_back("solver", plan.predicted->solver);
    summary.emplace_back("cut_bytes", plan.predicted->cut_bytes);
  }
  if (!plan.lanes.empty()) summary.emplace_back("lanes", LanesJson(plan));
  return summary;
}

}  // namespace

absl::StatusOr<const PlanFile::Node*> FindNode(const PlanFile& plan, const std::string& text) {
  for (const PlanFile::Node& node : plan.nodes) {
    if (node.name == text) return &node;
  }
  if (std::find(plan.travelling.begin(), plan.travelling.end(), text) != plan.travelling.end()) {
    return InputError("node '", OneLine(text),
                      "' has no place of its own: it is copied to every part that uses it");
  }
  std::vector<const PlanFile::Node*> found;
  for (const PlanFile::Node& node : plan.nodes) {
    if (absl::StrContains(node.name, text)) found.push_back(&node);
  }
  if (found.empty()) {
    const absl::StatusOr<NamePattern> pattern = NamePattern::Parse(text);
    for (const PlanFile::Node& node : plan.nodes) {
      if (pattern.ok() && pattern->Matches(node.name)) found.push_back(&node);
    }
  }
  if (found.size() == 1) return found.front();
  if (found.empty()) {
    std::vector<std::string> names;
    for (const PlanFile::Node& node : plan.nodes) names.push_back(node.name);
    return InputError("the plan has no node '", OneLine(text), "'",
                      OneLine(DidYouMean(text, names)));
  }
  std::vector<std::string> names;
  for (const PlanFile::Node* node : found)
    names.push_back(absl::StrCat("'", OneLine(node->name), "'"));
  return InputError("'", OneLine(text), "' could be ", Shortened(std::move(names)),
                    "; say more of the name");
}

std::string ExplainPlan(const PlanFile& plan) {
  std::string text = absl::StrCat(plan.model.empty() ? "the model" : OneLine(plan.model), " on ",
                                  plan.target, ": ");
  if (plan.predicted.has_value()) {
    const PlanFile::Predicted& predicted = *plan.predicted;
    absl::StrAppend(&text, ValueName(plan), " ", Milliseconds(predicted.value), "\nfound by ",
                    predicted.solver, "; no plan can be below ",
                    Milliseconds(predicted.lower_bound), " (", predicted.bound, ")\n");
  } else {
    text += "no schedule\n";
  }
  text += LanesText(plan);
  std::vector<std::vector<std::string>> rows = {
      {"device", "parts", "nodes", "busy", "peak memory", "of"}};
  for (const PlanFile::Device& device : plan.devices) {
    const auto on_device = [&](const auto& thing) { return thing.device == device.id; };
    auto parts = std::count_if(plan.parts.begin(), plan.parts.end(), on_device);
    for (const PlanFile::Lane& lane : plan.lanes) {
      parts += std::count_if(lane.parts.begin(), lane.parts.end(), on_device);
    }
    const auto here = [&](const PlanFile::Node& node) {
      return node.device == device.id ||
             std::any_of(plan.lanes.begin(), plan.lanes.end(), [&](const PlanFile::Lane& lane) {
               return DeviceIn(lane, node) == device.id;
             });
    };
    rows.push_back({device.id, absl::StrCat(parts),
                    absl::StrCat(std::count_if(plan.nodes.begin(), plan.nodes.end(), here)),
                    Milliseconds(device.busy), Size(device.peak), Size(device.memory)});
  }
  absl::StrAppend(&text, Table(rows));
  if (plan.cuts.empty()) return text + "no tensor crosses between parts\n";
  for (const bool between : {true, false}) {
    size_t count = 0;
    Bytes bytes = 0;
    for (const PlanFile::Cut& cut : plan.cuts) {
      if (ChangesDevice(cut) != between) continue;
      ++count;
      bytes = SaturatingAdd(bytes, cut.bytes);
    }
    if (count == 0) continue;
    absl::StrAppend(&text, "\n", count, count == 1 ? " tensor crosses" : " tensors cross",
                    between ? " between devices, " : " between parts of one device, ", Size(bytes),
                    ":\n");
    for (const PlanFile::Cut& cut : plan.cuts) {
      if (ChangesDevice(cut) == between) text += CutText(cut);
    }
  }
  return text;
}

std::string ExplainNode(const PlanFile& plan, const PlanFile::Node& node) {
  std::string text = absl::StrCat("'", OneLine(node.name), "' (",
                                  node.domain.empty() ? "" : absl::StrCat(node.domain, ":"),
                                  node.op_type, ") is on ", node.device, "\n");
  if (!node.reason.empty()) absl::StrAppend(&text, Labelled("why", node.reason));
  if (node.next_best.has_value()) {
    std::string next = absl::StrCat(node.next_best->device, ": ", ValueName(plan), " ",
                                    Milliseconds(node.next_best->value));
    if (plan.predicted.has_value()) {
      const Picos change = node.next_best->value - plan.predicted->value;
      absl::StrAppend(&next, " (", change < 0 ? "-" : "+",
                      Milliseconds(change < 0 ? -change : change), ")");
    }
    absl::StrAppend(&text, Labelled("next best", next));
  } else if (!plan.lanes.empty()) {
    absl::StrAppend(&text,
                    Labelled("next best", "not tried: lanes are worth what they are together"));
  } else {
    absl::StrAppend(&text, Labelled("next best", "none that it could move to alone"));
  }
  absl::StrAppend(&text, Labelled("where", absl::StrCat("part ", PartName(node.part), ", cluster ",
                                                        node.cluster, ", kernel ", node.kernel,
                                                        ", module ", node.module)));
  if (node.end > 0) {
    absl::StrAppend(&text, Labelled("when", absl::StrCat(MicrosText(node.start), " us to ",
                                                         MicrosText(node.end), " us")));
  }
  const std::vector<std::string> together = NamesWith(plan, &PlanFile::Node::cluster, node);
  if (!together.empty()) {
    absl::StrAppend(&text, Labelled("moves with", Shortened(together)));
  }
  const std::vector<const PlanFile::Cut*> cuts = CutsOf(plan, node);
  absl::StrAppend(&text, Labelled("cuts", cuts.empty() ? "none at this node" : ""));
  for (const PlanFile::Cut* cut : cuts) text += CutText(*cut);
  return text;
}

Json ExplainPlanJson(const PlanFile& plan) {
  Json::Array cuts;
  for (const PlanFile::Cut& cut : plan.cuts) cuts.push_back(CutJson(cut));
  return Json::Object{
      {"schema", "allot.explain/1"}, {"plan", SummaryJson(plan)}, {"cuts", std::move(cuts)}};
}

Json ExplainNodeJson(const PlanFile& plan, const PlanFile::Node& node) {
  Json::Object object = {{"name", node.name},
                         {"op_type", node.op_type},
                         {"domain", node.domain},
                         {"device", node.device},
                         {"part", node.part.empty() ? Json(nullptr) : Json(node.part)},
                         {"cluster", node.cluster},
                         {"kernel", node.kernel},
                         {"module", node.module},
                         {"start_us", Micros(node.start)},
                         {"end_us", Micros(node.end)},
                         {"reason", node.reason}};
  if (node.next_best.has_value()) {
    object.emplace_back("next_best", Json::Object{{"device", node.next_best->device},
                                                  {"value_us", Micros(node.next_best->value)}});
  }
  Json::Array cuts;
  for (const PlanFile::Cut* cut : CutsOf(plan, node)) cuts.push_back(CutJson(*cut));
  return Json::Object{{"schema", "allot.explain/1"},
                      {"plan", SummaryJson(plan)},
                      {"node", std::move(object)},
                      {"cuts", std::move(cuts)}};
}

}  // namespace allot
