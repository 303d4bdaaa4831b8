#include "tools/plan_diff.h"

#include <algorithm>
#include <map>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/string_view.h"

namespace allot {
namespace {

std::string Listed(const std::vector<std::string>& values) {
  return values.empty() ? "none" : absl::StrJoin(values, ", ");
}

std::string Listed(const std::map<std::string, int64_t>& dims) {
  std::vector<std::string> texts;
  for (const auto& [name, size] : dims) texts.push_back(absl::StrCat(name, "=", size));
  return Listed(texts);
}

// A digest by its beginning, enough to tell two apart.
absl::string_view Short(absl::string_view sha256) { return sha256.substr(0, 12); }

// Measured costs count by what is in them; where they lie does not matter.
std::string Listed(const std::vector<Provenance::File>& files) {
  std::vector<std::string> texts;
  for (const Provenance::File& file : files) {
    const absl::string_view path =
        file.path.empty() ? absl::string_view("a pipe") : absl::string_view(file.path);
    texts.push_back(
        absl::StrCat(path.substr(path.rfind('/') + 1), " (sha256 ", Short(file.sha256), ")"));
  }
  return Listed(texts);
}

bool SameContent(const std::vector<Provenance::File>& a, const std::vector<Provenance::File>& b) {
  const auto same = [](const auto& one, const auto& other) { return one.sha256 == other.sha256; };
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), same);
}

// The stretch of two pipelines in which they differ, from step to step or option to option.
PlanDiff::Change PipelineChange(absl::string_view before, absl::string_view after) {
  const auto ends_word = [](char c) { return c == ',' || c == '{' || c == '(' || c == ' '; };
  const size_t shorter = std::min(before.size(), after.size());
  size_t head = 0;
  while (head < shorter && before[head] == after[head]) ++head;
  while (head > 0 && !ends_word(before[head - 1])) --head;
  size_t tail = 0;
  while (tail < shorter - head &&
         before[before.size() - 1 - tail] == after[after.size() - 1 - tail])
    ++tail;
  const auto begins_next = [](char c) { return c == ',' || c == '}' || c == ')' || c == ' '; };
  while (tail > 0 && !begins_next(before[before.size() - tail])) --tail;
  const auto middle = [&](absl::string_view text) {
    const absl::string_view part = text.substr(head, text.size() - head - tail);
    return part.empty() ? std::string("nothing") : std::string(part);
  };
  return {"pipeline", middle(before), middle(after)};
}

class Comparison {
 public:
  Comparison(const PlanFile& before, const PlanFile& after) : before_(before), after_(after) {}

  PlanDiff Run() {
    CompareInputs();
    MatchNodes();
    diff_.other_parts = before_.parts != after_.parts;
    diff_.other_order = before_.order != after_.order;
    diff_.other_lanes = before_.share != after_.share || before_.lanes != after_.lanes;
    diff_.other_values = ValuesDiffer();
    diff_.equal = diff_.moves.empty() && diff_.only_before.empty() && diff_.only_after.empty() &&
                  diff_.other_part.empty() && diff_.other_time.empty() && !diff_.other_parts &&
                  !diff_.other_order && !diff_.other_lanes && !diff_.other_values;
    return std::move(diff_);
  }

 private:
  void Input(const std::string& what, const std::string& before, const std::string& after) {
    if (before != after) diff_.inputs.push_back({what, before, after});
  }

  void InputFiles(const std::string& what, const std::vector<Provenance::File>& before,
                  const std::vector<Provenance::File>& after) {
    if (!SameContent(before, after)) Input(what, Listed(before), Listed(after));
  }

  void CompareInputs() {
    const Provenance& before = before_.made_from;
    const Provenance& after = after_.made_from;
    Input("model", before_.model, after_.model);
    Input("target", before_.target, after_.target);
    if (before_.target == after_.target) {
      Input("target's content", absl::StrCat("sha256 ", Short(before.target.sha256)),
            absl::StrCat("sha256 ", Short(after.target.sha256)));
    }
    Input("--objective", std::string(ir::ObjectiveName(before.objective)),
          std::string(ir::ObjectiveName(after.objective)));
    Input("--dim", Listed(before_.dims), Listed(after_.dims));
    Input("--default-dim", absl::StrCat(before_.default_dim), absl::StrCat(after_.default_dim));
    Input("--pin", Listed(before.pins), Listed(after.pins));
    Input("--forbid", Listed(before.forbids), Listed(after.forbids));
    Input("--together", Listed(before.together), Listed(after.together));
    Input("--cost-model", before.cost_model, after.cost_model);
    InputFiles("--costs", before.costs, after.costs);
    const auto start = [](const Provenance& made_from) {
      std::vector<Provenance::File> files;
      if (made_from.start.has_value()) files.push_back(*made_from.start);
      return files;
    };
    InputFiles("--start", start(before), start(after));
    Input("--seed", absl::StrCat(before.seed), absl::StrCat(after.seed));
    if (before_.pipeline != after_.pipeline) {
      diff_.inputs.push_back(PipelineChange(before_.pipeline, after_.pipeline));
    }
    Input("allot", before_.tool_version, after_.tool_version);
  }

  void MatchNodes() {
    std::map<absl::string_view, std::vector<size_t>> by_name;
    for (size_t i = 0; i < after_.nodes.size(); ++i) by_name[after_.nodes[i].name].push_back(i);
    std::map<absl::string_view, size_t> used;
    std::vector<char> matched(after_.nodes.size());
    std::map<std::pair<absl::string_view, absl::string_view>, size_t> move_of;
    for (size_t i = 0; i < before_.nodes.size(); ++i) {
      const PlanFile::Node& node = before_.nodes[i];
      const auto found = by_name.find(node.name);
      size_t& next = used[node.name];
      if (found == by_name.end() || next >= found->second.size()) {
        diff_.only_before.push_back(i);
        continue;
      }
      const size_t other = found->second[next++];
      matched[other] = 1;
      Place({i, other}, move_of);
    }
    for (size_t i = 0; i < after_.nodes.size(); ++i) {
      if (!matched[i]) diff_.only_after.push_back(i);
    }
  }

  void Place(PlanDiff::Pair pair,
             std::map<std::pair<absl::string_view, absl::string_view>, size_t>& move_of) {
    const PlanFile::Node& before = before_.nodes[pair.before];
    const PlanFile::Node& after = after_.nodes[pair.after];
    if (before.device != after.device) {
      const auto [entry, is_new] =
          move_of.try_emplace({before.device, after.device}, diff_.moves.size());
      if (is_new) diff_.moves.push_back({before.device, after.device, {}});
      diff_.moves[entry->second].nodes.push_back(pair);
    } else if (before.part != after.part) {
      diff_.other_part.push_back(pair);
    } else if (before.start != after.start || before.end != after.end) {
      diff_.other_time.push_back(pair);
    }
  }

  bool ValuesDiffer() const {
    if (before_.predicted.has_value() != after_.predicted.has_value()) return true;
    if (before_.predicted.has_value() &&
        (before_.predicted->value != after_.predicted->value ||
         before_.predicted->cut_bytes != after_.predicted->cut_bytes)) {
      return true;
    }
    return !std::equal(
        before_.devices.begin(), before_.devices.end(), after_.devices.begin(),
        after_.devices.end(), [](const PlanFile::Device& a, const PlanFile::Device& b) {
          return a.id == b.id && a.busy == b.busy && a.resident == b.resident && a.peak == b.peak;
        });
  }

  const PlanFile& before_;
  const PlanFile& after_;
  PlanDiff diff_;
};

}  // namespace

PlanDiff ComparePlans(const PlanFile& before, const PlanFile& after) {
  return Comparison(before, after).Run();
}

}  // namespace allot
