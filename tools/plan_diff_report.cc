#include "tools/plan_diff_report.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"

#include "lowering/emitters/micros.h"
#include "support/one_line.h"
#include "tools/text_table.h"

namespace allot {
namespace {

constexpr size_t kColumns = 100;
// Of groups of moves; what is left out is counted.
constexpr size_t kMostMoves = 8;

std::string Clipped(const std::string& text, size_t width) {
  return text.size() <= width ? text : absl::StrCat(text.substr(0, width - 3), "...");
}

std::string SignedTime(Picos change) {
  return absl::StrCat(change < 0 ? "-" : "+", Milliseconds(change < 0 ? -change : change));
}

// "1.0000 ms -> 1.2000 ms (+0.2000 ms, +20.0 %)".
std::string TimeChange(Picos before, Picos after) {
  const Picos change = after - before;
  std::string text =
      absl::StrCat(Milliseconds(before), " -> ", Milliseconds(after), " (", SignedTime(change));
  if (before > 0) {
    absl::StrAppendFormat(&text, ", %+.1f %%",
                          100 * static_cast<double>(change) / static_cast<double>(before));
  }
  return text + ")";
}

std::string PartName(const std::string& part) { return part.empty() ? "(no file)" : part; }

const char* ValueName(const PlanFile& plan) {
  if (plan.trains) return "iteration";
  return plan.made_from.objective == ir::Objective::kLatency ? "latency" : "period";
}

class DiffReport {
 public:
  DiffReport(const PlanDiff& diff, const PlanFile& before, const PlanFile& after)
      : diff_(diff), before_(before), after_(after) {}

  std::string Run(const std::string& before_name, const std::string& after_name) {
    if (diff_.equal && diff_.inputs.empty()) return "";
    absl::StrAppend(&text_, before_name, " -> ", after_name, ": ",
                    diff_.equal ? "the plans are the same" : "the plans differ", "\n");
    for (const PlanDiff::Change& change : diff_.inputs) {
      const size_t width = (kColumns - 2 - 18 - 4) / 2;
      Line(change.what,
           absl::StrCat(Clipped(change.before, width), " -> ", Clipped(change.after, width)));
    }
    if (diff_.equal) return std::move(text_);
    const size_t introduction = text_.size();
    Values();
    Lanes();
    Memory();
    Moves();
    Only("only before", diff_.only_before, before_);
    Only("only after", diff_.only_after, after_);
    Rest();
    if (text_.size() == introduction) Line("besides", "devices are busy for other times");
    return std::move(text_);
  }

 private:
  void Line(const std::string& what, const std::string& rest) {
    absl::StrAppendFormat(&text_, "  %-17s %s\n", what, OneLine(rest));
  }

  void Values() {
    if (!before_.predicted.has_value() || !after_.predicted.has_value()) return;
    const PlanFile::Predicted& before = *before_.predicted;
    const PlanFile::Predicted& after = *after_.predicted;
    if (before.value != after.value) Line(ValueName(after_), TimeChange(before.value, after.value));
    if (before.lower_bound != after.lower_bound) {
      Line("lower bound", TimeChange(before.lower_bound, after.lower_bound));
    }
    if (before.cut_bytes != after.cut_bytes) {
      Line("between devices", absl::StrCat(Size(before.cut_bytes), " -> ", Size(after.cut_bytes)));
    }
  }

  // "4 + 2 + 1 of 7".
  static std::string Shares(const PlanFile& plan) {
    if (plan.lanes.empty()) return "one lane";
    std::string shares = absl::StrCat(plan.share);
    int64_t cycle = plan.share;
    for (const PlanFile::Lane& lane : plan.lanes) {
      absl::StrAppend(&shares, " + ", lane.share);
      cycle += lane.share;
    }
    return absl::StrCat(shares, " of ", cycle);
  }

  void Lanes() {
    if (!diff_.other_lanes) return;
    const std::string before = Shares(before_), after = Shares(after_);
    Line("lanes", before == after ? absl::StrCat(before, ", with other parts or times")
                                  : absl::StrCat(before, " -> ", after));
  }

  void Memory() {
    std::vector<std::string> changes;
    for (const PlanFile::Device& after : after_.devices) {
      const auto before =
          std::find_if(before_.devices.begin(), before_.devices.end(),
                       [&](const PlanFile::Device& device) { return device.id == after.id; });
      if (before == before_.devices.end() || before->peak == after.peak) continue;
      // A change too small to be seen in such units is not shown.
      if (Size(before->peak) == Size(after.peak)) continue;
      changes.push_back(absl::StrCat(after.id, " ", Size(before->peak), " -> ", Size(after.peak)));
    }
    if (!changes.empty()) {
      Line("peak memory", Clipped(absl::StrJoin(changes, ", "), kColumns - 20));
    }
  }

  // Names as far as they fit in a line, and how many more there are.
  std::string Names(const std::vector<const PlanFile::Node*>& nodes, size_t width) const {
    std::string names;
    for (size_t i = 0; i < nodes.size(); ++i) {
      const std::string name = absl::StrCat(i == 0 ? "" : ", ", "'", OneLine(nodes[i]->name), "'");
      if (i > 0 && names.size() + name.size() + 16 > width) {
        return absl::StrCat(names, " and ", nodes.size() - i, " more");
      }
      names += name;
    }
    return names;
  }

  void Moves() {
    for (size_t i = 0; i < diff_.moves.size(); ++i) {
      const PlanDiff::Move& move = diff_.moves[i];
      if (i == kMostMoves) {
        size_t nodes = 0;
        for (size_t j = i; j < diff_.moves.size(); ++j) nodes += diff_.moves[j].nodes.size();
        Line("moved", absl::StrCat(nodes, " more between other devices"));
        return;
      }
      const PlanFile::Node& before = before_.nodes[move.nodes[0].before];
      const PlanFile::Node& after = after_.nodes[move.nodes[0].after];
      std::string places = absl::StrCat(move.from, " -> ", move.to);
      if (move.nodes.size() == 1) {
        places = absl::StrCat(move.from, " ", PartName(before.part), " -> ", move.to, " ",
                              PartName(after.part));
      }
      std::vector<const PlanFile::Node*> nodes;
      for (const PlanDiff::Pair& pair : move.nodes) nodes.push_back(&before_.nodes[pair.before]);
      Line("moved", absl::StrCat(places, ": ", Names(nodes, kColumns - 22 - places.size())));
      if (!before.reason.empty()) Line("  was", Clipped(before.reason, kColumns - 20));
      if (!after.reason.empty()) Line("  is", Clipped(after.reason, kColumns - 20));
    }
  }

  void Only(const std::string& what, const std::vector<size_t>& indices, const PlanFile& plan) {
    if (indices.empty()) return;
    std::vector<const PlanFile::Node*> nodes;
    for (const size_t index : indices) nodes.push_back(&plan.nodes[index]);
    Line(what, absl::StrCat(nodes.size(), nodes.size() == 1 ? " node: " : " nodes: ",
                            Names(nodes, kColumns - 32)));
  }

  void Rest() {
    std::vector<std::string> rest;
    if (before_.parts.size() != after_.parts.size()) {
      rest.push_back(absl::StrCat(before_.parts.size(), " -> ", after_.parts.size(), " parts"));
    }
    const auto nodes = [](size_t count) {
      return absl::StrCat(count, count == 1 ? " node" : " nodes");
    };
    if (!diff_.other_part.empty()) {
      rest.push_back(absl::StrCat(nodes(diff_.other_part.size()), " in another part"));
    }
    if (!diff_.other_time.empty()) {
      rest.push_back(absl::StrCat(nodes(diff_.other_time.size()), " at another time"));
    }
    if (rest.empty() && diff_.other_parts) rest.push_back("parts run at other times");
    if (rest.empty() && diff_.other_order) rest.push_back("another order within parts");
    if (!rest.empty()) Line("besides", Clipped(absl::StrJoin(rest, ", "), kColumns - 20));
  }

  const PlanDiff& diff_;
  const PlanFile& before_;
  const PlanFile& after_;
  std::string text_;
};

Json::Object PlaceJson(const PlanFile::Node& node) {
  return {{"device", node.device},
          {"part", node.part.empty() ? Json(nullptr) : Json(node.part)},
          {"start_us", Micros(node.start)},
          {"end_us", Micros(node.end)},
          {"reason", node.reason}};
}

}  // namespace

std::string DiffText(const PlanDiff& diff, const PlanFile& before, const PlanFile& after,
                     const std::string& before_name, const std::string& after_name) {
  return DiffReport(diff, before, after).Run(before_name, after_name);
}

Json DiffJson(const PlanDiff& diff, const PlanFile& before, const PlanFile& after) {
  Json::Array inputs, moved, only_before, only_after, other_part, other_time, devices;
  for (const PlanDiff::Change& change : diff.inputs) {
    inputs.push_back(
        Json::Object{{"what", change.what}, {"before", change.before}, {"after", change.after}});
  }
  const auto pair_json = [&](const PlanDiff::Pair& pair) {
    return Json(Json::Object{{"name", before.nodes[pair.before].name},
                             {"before", PlaceJson(before.nodes[pair.before])},
                             {"after", PlaceJson(after.nodes[pair.after])}});
  };
  for (const PlanDiff::Move& move : diff.moves) {
    for (const PlanDiff::Pair& pair : move.nodes) moved.push_back(pair_json(pair));
  }
  for (const PlanDiff::Pair& pair : diff.other_part) other_part.push_back(pair_json(pair));
  for (const PlanDiff::Pair& pair : diff.other_time) other_time.push_back(pair_json(pair));
  for (const size_t node : diff.only_before) only_before.push_back(before.nodes[node].name);
  for (const size_t node : diff.only_after) only_after.push_back(after.nodes[node].name);
  const auto values = [](const PlanFile& plan) {
    Json::Object object;
    if (plan.predicted.has_value()) {
      object = {{"value_us", Micros(plan.predicted->value)},
                {"lower_bound_us", Micros(plan.predicted->lower_bound)},
                {"cut_bytes", plan.predicted->cut_bytes}};
    }
    object.emplace_back("parts", static_cast<int64_t>(plan.parts.size()));
    Json::Object peaks;
    for (const PlanFile::Device& device : plan.devices) peaks.emplace_back(device.id, device.peak);
    object.emplace_back("peak_bytes", std::move(peaks));
    return object;
  };
  return Json::Object{{"schema", "allot.diff/1"},
                      {"equal", diff.equal},
                      {"inputs", std::move(inputs)},
                      {"before", values(before)},
                      {"after", values(after)},
                      {"moved", std::move(moved)},
                      {"only_before", std::move(only_before)},
                      {"only_after", std::move(only_after)},
                      {"other_part", std::move(other_part)},
                      {"other_time", std::move(other_time)},
                      {"other_order", diff.other_order},
                      {"other_lanes", diff.other_lanes}};
}

}  // namespace allot
