#include "design/report/result_json.h"

#include <algorithm>
#include <cmath>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"

#include "target/hardware/space_json.h"
#include "target/quantity.h"

namespace allot::design {
namespace {

Json::Object PlanMembers(const PlanChoice& plan, const Question& question) {
  Json::Object members = {{"microbatch", plan.microbatch},      {"hbm_gb", plan.memory_gib},
                          {"recompute", plan.recompute},        {"tensor", plan.tensor},
                          {"pipeline", plan.pipeline},          {"data", plan.data},
                          {"samples_per_s", plan.samples_per_s}};
  members.push_back(
      {question.objective == Objective::kLatency ? "latency_s" : "batch_s", plan.seconds});
  return members;
}

Json::Object OutcomeMembers(const Question& question, size_t configuration,
                            const Outcome& outcome) {
  const hardware::SizedConfiguration& sized = question.configurations[configuration];
  Json::Object members = hardware::ConfigurationJson(sized);
  for (Json::Member& member : PlanMembers(outcome.plans[0], question)) {
    members.push_back(std::move(member));
  }
  members.push_back({"value", outcome.value});
  if (outcome.watts > 0) members.push_back({"watts", outcome.watts});
  if (outcome.plans.size() == 1) return members;
  Json::Array models;
  for (size_t m = 0; m < outcome.plans.size(); ++m) {
    Json::Object each = {{"model", question.models[m].name}};
    for (Json::Member& member : PlanMembers(outcome.plans[m], question)) {
      each.push_back(std::move(member));
    }
    models.push_back(std::move(each));
  }
  members.push_back({"models", std::move(models)});
  return members;
}

std::string Name(const hardware::Configuration& c) {
  return absl::StrFormat("%dx%dx%d + %dx%d, %d MB", c.tensor_cores, c.width, c.depth,
                         c.vector_cores, c.vector_width, c.buffer_mb);
}

void AppendRow(const Question& question, const std::string& rank, size_t configuration,
               const Outcome& outcome, std::string& text) {
  const hardware::SizedConfiguration& sized = question.configurations[configuration];
  const PlanChoice& plan = outcome.plans[0];
  absl::StrAppendFormat(&text, "%4s  %-34s %9.2f %12.6g  %2d %4d %3s %5d x %3d x %4d\n", rank,
                        Name(sized.configuration), sized.area.value() * 1e-6, outcome.value,
                        plan.microbatch, plan.memory_gib, plan.recompute ? "yes" : "no",
                        plan.tensor, plan.pipeline, plan.data);
}

}  // namespace

std::string UnitOf(const Question& question) {
  std::string unit =
      question.objective == Objective::kLatency ? "samples/s of one in flight" : "samples/s";
  if (question.per == PerUnit::kArea) unit += " per mm2";
  if (question.per == PerUnit::kWatt) unit += " per W";
  return unit;
}

Json ResultJson(const Report& report) {
  const Question& question = report.search.question();
  const SearchResult& result = report.result;
  Json::Object json = {{"space", question.space.name},
                       {"unit", UnitOf(question)},
                       {"configurations", static_cast<int64_t>(question.configurations.size())},
                       {"evaluated", result.plans},
                       {"computed", result.computed},
                       {"excluded_by_bound", result.plans - result.computed}};
  Json best, rule;
  if (!result.ranking.empty()) {
    const size_t first = result.ranking[0];
    best = OutcomeMembers(question, first, result.outcomes.at(first));
  }
  if (report.rule.has_value()) {
    Json::Object members =
        OutcomeMembers(question, report.rule->configuration, report.rule->outcome);
    members.push_back({"explored", report.rule->explored});
    rule = std::move(members);
  }
  json.push_back({"best", std::move(best)});
  json.push_back({"stop_rule_best", std::move(rule)});
  json.push_back({"bound", result.bound});
  Json::Array why, ranking, front, notes;
  if (!result.ranking.empty()) {
    const size_t first = result.ranking[0];
    const Outcome& outcome = result.outcomes.at(first);
    for (size_t m = 0; m < outcome.plans.size(); ++m) {
      Json::Object shares;
      const Why each = Explain(report.search, m, first, outcome.plans[m]);
      for (const TimeShare& share : each.shares) {
        shares.push_back({BottleneckName(share.bound), share.part});
      }
      why.push_back(Json::Object{{"model", question.models[m].name},
                                 {"shares", std::move(shares)},
                                 {"fill", each.fill_part},
                                 {"update", each.update_part}});
    }
  }
  json.push_back({"why", std::move(why)});
  for (const size_t i : result.ranking) {
    ranking.push_back(OutcomeMembers(question, i, result.outcomes.at(i)));
  }
  for (const size_t i : result.front) {
    front.push_back(OutcomeMembers(question, i, result.outcomes.at(i)));
  }
  for (const LayerGraph& model : question.models) {
    for (const std::string& note : model.notes)
      notes.push_back(absl::StrCat(model.name, ": ", note));
  }
  json.push_back({"ranking", std::move(ranking)});
  json.push_back({"front", std::move(front)});
  json.push_back({"notes", std::move(notes)});
  return json;
}

std::string ResultText(const Report& report) {
  const Question& question = report.search.question();
  const SearchResult& result = report.result;
  std::string text;
  for (const LayerGraph& model : question.models) {
    absl::StrAppend(&text, model.name, ": ", model.num_layers(), " layers, ",
                    model.blocks.size() == 1 ? std::string("all alike")
                                             : absl::StrCat(model.blocks.size(), " different"),
                    "\n");
  }
  absl::StrAppend(&text, question.configurations.size(), " configurations, ", result.plans,
                  " plans: ", result.computed, " computed, ", result.plans - result.computed,
                  " excluded by a bound\n\n");
  if (result.ranking.empty())
    return text + "nothing fits: more memory or more devices are needed\n";
  absl::StrAppendFormat(&text, "%4s  %-34s %9s %12s  %2s %4s %3s %s\n", "rank",
                        "tensor cores + vector cores, buffer", "mm2", UnitOf(question), "mb", "GB",
                        "rec", "tensor x stages x copies");
  for (size_t rank = 0; rank < result.ranking.size(); ++rank) {
    const size_t i = result.ranking[rank];
    AppendRow(question, absl::StrCat(rank + 1), i, result.outcomes.at(i), text);
  }
  if (report.rule.has_value()) {
    text += "\n";
    AppendRow(question, "rule", report.rule->configuration, report.rule->outcome, text);
    const double best = result.outcomes.at(result.ranking[0]).value;
    absl::StrAppendFormat(
        &text,
        "      the published stop rule explores %d configurations and finds %.2f %% "
        "of the best\n",
        report.rule->explored, 100 * report.rule->outcome.value / best);
  }
  const size_t first = result.ranking[0];
  const Outcome& outcome = result.outcomes.at(first);
  absl::StrAppendFormat(&text,
                        "\nbound %.6g: no configuration does better, however its blocks are "
                        "scheduled\n",
                        result.bound);
  for (size_t m = 0; m < outcome.plans.size(); ++m) {
    const Why why = Explain(report.search, m, first, outcome.plans[m]);
    absl::StrAppend(&text, question.models[m].name, ": ");
    if (question.objective == Objective::kLatency) {
      absl::StrAppendFormat(&text, "%.4g ms from end to end; ", outcome.plans[m].seconds * 1e3);
    }
    absl::StrAppend(&text, Sentence(why, outcome.plans[m]), "\n");
  }
  return text;
}

namespace {

// Devices of one configuration on one link.
class TargetWriter {
 public:
  TargetWriter(const Question& question, const hardware::Configuration& configuration)
      : question_(question), c_(configuration) {}

  // One that has what `count` accelerators have together, of which each has so much memory.
  void Add(const std::string& name, int64_t count, double memory_gib) {
    const hardware::Rates& rates = question_.space.rates;
    const auto number = static_cast<double>(count);
    const double multipliers = static_cast<double>(c_.tensor_cores * c_.width * c_.depth);
    const double flops = 2 * multipliers * rates.clock.value() * number;
    const double bandwidth =
        rates.memory.value() * rates.word.value() * rates.clock.value() * number;
    constexpr int64_t kMib = 1024;
    const int64_t memory = Rounded(memory_gib * kMib * number);
    devices_.push_back(Json::Object{
        {"name", name},
        {"kind", "npu"},
        {"memory",
         memory % kMib == 0 ? absl::StrCat(memory / kMib, "GiB") : absl::StrCat(memory, "MiB")},
        {"flops", Json::Object{{"default", PrintQuantity(Rounded(flops), Unit::kFlopsPerSecond)}}},
        {"memory_bandwidth", PrintQuantity(Rounded(bandwidth), Unit::kBytesPerSecond)}});
    links_.push_back(Json::Object{{"from", name},
                                  {"to", "network"},
                                  {"bandwidth", PrintQuantity(Rounded(question_.space.link.value()),
                                                              Unit::kBytesPerSecond)}});
  }

  std::string Text(const std::string& note) {
    Json::Object json = {{"schema", "allot.target/1"},
                         {"name", absl::StrCat("design-", question_.space.name)},
                         {"note", note}};
    const bool linked = devices_.size() > 1;
    json.push_back({"devices", std::move(devices_)});
    if (linked) {
      json.push_back({"topology", Json::Object{{"switches", Json::Array{"network"}},
                                               {"links", std::move(links_)}}});
    }
    return PrintJson(std::move(json)) + "\n";
  }

 private:
  static int64_t Rounded(double amount) { return std::llround(std::min(amount, 9e18)); }

  const Question& question_;
  const hardware::Configuration& c_;
  Json::Array devices_, links_;
};

std::string FoundBy(const Question& question, const hardware::SizedConfiguration& sized) {
  return absl::StrCat("Found by allot design in the space ", question.space.name, ": ",
                      Name(sized.configuration),
                      absl::StrFormat(", %.2f mm2. Peak rates; the estimates of the "
                                      "search are finer.",
                                      sized.area.value() * 1e-6));
}

}  // namespace

std::string TargetText(const Report& report) {
  const Question& question = report.search.question();
  const size_t first = report.result.ranking[0];
  const hardware::SizedConfiguration& sized = question.configurations[first];
  const PlanChoice& plan = report.result.outcomes.at(first).plans[0];
  // As many as one copy of the pipeline needs.
  const int64_t devices = std::clamp<int64_t>(plan.tensor * plan.pipeline, 1, 64);
  TargetWriter target(question, sized.configuration);
  for (int64_t i = 0; i < devices; ++i) {
    target.Add(absl::StrCat("accelerator", i), 1, static_cast<double>(plan.memory_gib));
  }
  return target.Text(FoundBy(question, sized));
}

std::string StagesTargetText(const Report& report, size_t model, double word_bytes) {
  const Question& question = report.search.question();
  const size_t first = report.result.ranking[0];
  const hardware::SizedConfiguration& sized = question.configurations[first];
  const PlanChoice& plan = report.result.outcomes.at(first).plans[model];
  const double stored = std::max(1.0, word_bytes / question.space.rates.word.value());
  TargetWriter target(question, sized.configuration);
  const Why why = Explain(report.search, model, first, plan);
  for (size_t stage = 0; stage < why.stages.size(); ++stage) {
    target.Add(absl::StrCat("stage", stage), why.stages[stage].devices,
               stored * static_cast<double>(plan.memory_gib));
  }
  std::string note = FoundBy(question, sized) + " A device here is all of a stage.";
  if (stored > 1) {
    absl::StrAppend(&note, absl::StrFormat(" The model stores %.3g times the bytes that the space "
                                           "counts for a word, and memory is given as much more.",
                                           stored));
  }
  return target.Text(note);
}

Json StagesJson(const Report& report, const std::vector<std::string>& folders) {
  const Question& question = report.search.question();
  Json::Array models;
  if (report.result.ranking.empty()) return models;
  const size_t first = report.result.ranking[0];
  const Outcome& outcome = report.result.outcomes.at(first);
  for (size_t m = 0; m < outcome.plans.size(); ++m) {
    const LayerGraph& model = question.models[m];
    const Why why = Explain(report.search, m, first, outcome.plans[m]);
    Json::Array stages;
    for (const PlannedStage& stage : why.stages) {
      // Of the first block by its first node.
      const int32_t first_layer = stage.layers.front();
      const auto first_block =
          static_cast<size_t>(model.block_of[static_cast<size_t>(first_layer)]);
      Json::Object each = {{"first_layer", int64_t{first_layer}},
                           {"layers", static_cast<int64_t>(stage.layers.size())}};
      if (stage.layers.back() - first_layer >= static_cast<int32_t>(stage.layers.size())) {
        Json::Array numbers;  // not one after another
        for (const int32_t layer : stage.layers) numbers.push_back(int64_t{layer});
        each.push_back({"layer_numbers", std::move(numbers)});
      }
      each.push_back({"begins_like", model.blocks[first_block].name});
      each.push_back({"devices", stage.devices});
      each.push_back({"microbatch_s", stage.seconds});
      stages.push_back(std::move(each));
    }
    Json::Object members = {{"model", model.name}};
    for (Json::Member& member : PlanMembers(outcome.plans[m], question)) {
      members.push_back(std::move(member));
    }
    members.push_back({"stages", std::move(stages)});
    if (!folders.empty()) members.push_back({"folder", folders[m]});
    models.push_back(std::move(members));
  }
  return models;
}

}  // namespace allot::design
