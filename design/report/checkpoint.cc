#include "design/report/checkpoint.h"

#include "absl/strings/str_cat.h"

#include "support/diagnostics.h"
#include "support/json.h"
#include "support/json_reader.h"
#include "support/status.h"
#include "target/hardware/space_json.h"

namespace allot::design {
namespace {

// A digest of text that is the same everywhere (FNV-1a).
class Digest {
 public:
  void Add(absl::string_view text) {
    for (const char c : text) {
      state_ = (state_ ^ static_cast<unsigned char>(c)) * 1099511628211u;
    }
    state_ = (state_ ^ 0xff) * 1099511628211u;
  }
  void Add(double number) { Add(PrintJsonCompact(number)); }
  void Add(int64_t number) { Add(absl::StrCat(number)); }
  std::string Text() const { return absl::StrCat(absl::Hex(state_, absl::kZeroPad16)); }

 private:
  uint64_t state_ = 14695981039346656037u;
};

void AddModel(const LayerGraph& model, Digest& digest) {
  digest.Add(model.name);
  for (const int32_t block : model.block_of) digest.Add(int64_t{block});
  for (const LayerEdge& edge : model.edges) {
    for (const int64_t part : {int64_t{edge.from}, int64_t{edge.to}, edge.elements})
      digest.Add(part);
  }
  for (const Block& block : model.blocks) {
    digest.Add(block.tables);
    for (const Operation& operation : block.operations) {
      digest.Add(operation.op_type);
      for (const Extents& p : operation.products) {
        for (const int64_t extent : {p.batch, p.m, p.n, p.k}) digest.Add(extent);
      }
      for (const int64_t number : {operation.elements, operation.read, operation.weights,
                                   static_cast<int64_t>(operation.role)}) {
        digest.Add(number);
      }
      digest.Add(operation.forward), digest.Add(operation.backward);
      for (const int32_t source : operation.sources) digest.Add(int64_t{source});
    }
  }
}

std::string DigestOf(const Question& q) {
  Digest digest;
  for (const hardware::SizedConfiguration& each : q.configurations) {
    digest.Add(PrintJsonCompact(hardware::ConfigurationJson(each)));
  }
  const hardware::Rates& rates = q.space.rates;
  for (const double number :
       {rates.clock.value(), rates.word.value(), rates.buffer.value(), rates.memory.value(),
        rates.dispatch.value(), rates.cores_per_read, q.space.link.value()}) {
    digest.Add(number);
  }
  if (q.space.power.has_value()) {
    const hardware::PowerModel& power = *q.space.power;
    for (const double number :
         {power.multiply.value(), power.lane_cycle.value(), power.buffer_byte.value(),
          power.memory_byte.value(), power.link_byte.value(), power.leakage_per_mm2.value()}) {
      digest.Add(number);
    }
  }
  for (const LayerGraph& model : q.models) AddModel(model, digest);
  for (const double weight : q.weights) digest.Add(weight);
  for (const int64_t number :
       {static_cast<int64_t>(q.objective), static_cast<int64_t>(q.combination),
        static_cast<int64_t>(q.per), q.devices, q.batch, static_cast<int64_t>(q.adam)}) {
    digest.Add(number);
  }
  for (const auto* values : {&q.microbatches, &q.memories_gib, &q.tensor_widths}) {
    for (const int64_t value : *values) digest.Add(value);
    digest.Add("");
  }
  for (const bool recompute : q.recompute) digest.Add(int64_t{recompute});
  for (const auto& [task, ticks] : q.measured) digest.Add(task), digest.Add(ticks);
  return digest.Text();
}

absl::StatusOr<std::pair<size_t, Outcome>> ReadLine(absl::string_view line, const std::string& file,
                                                    const Question& question) {
  ALLOT_ASSIGN_OR_RETURN(const Json json, ParseJson(line), file, ": ");
  Diagnostics diagnostics;
  JsonReader reader(json, file, "", diagnostics);
  int64_t configuration = -1;
  Outcome outcome;
  reader.Require("configuration", configuration);
  reader.Require("value", outcome.value);
  reader.Require("watts", outcome.watts);
  for (JsonReader& each : reader.Objects("plans")) {
    PlanChoice& plan = outcome.plans.emplace_back();
    each.Require("microbatch", plan.microbatch);
    each.Require("memory", plan.memory_gib);
    each.Require("recompute", plan.recompute);
    each.Require("tensor", plan.tensor);
    each.Require("pipeline", plan.pipeline);
    each.Require("data", plan.data);
    each.Require("rate", plan.samples_per_s);
    each.Require("seconds", plan.seconds);
    each.Finish();
  }
  reader.Finish();
  ALLOT_RETURN_IF_ERROR(diagnostics.ToStatus());
  const bool known = configuration >= 0 &&
                     configuration < static_cast<int64_t>(question.configurations.size()) &&
                     outcome.plans.size() == question.models.size();
  if (!known) return InputError(file, ": a line is of no configuration; remove the file");
  return std::pair(static_cast<size_t>(configuration), std::move(outcome));
}

}  // namespace

std::string CheckpointHeader(const Question& question) {
  return absl::StrCat(PrintJsonCompact(Json::Object{{"schema", "allot.design-search/1"},
                                                    {"question", DigestOf(question)}}),
                      "\n");
}

std::string CheckpointLine(size_t configuration, const Outcome& outcome) {
  Json::Array plans;
  for (const PlanChoice& plan : outcome.plans) {
    plans.push_back(Json::Object{{"microbatch", plan.microbatch},
                                 {"memory", plan.memory_gib},
                                 {"recompute", plan.recompute},
                                 {"tensor", plan.tensor},
                                 {"pipeline", plan.pipeline},
                                 {"data", plan.data},
                                 {"rate", plan.samples_per_s},
                                 {"seconds", plan.seconds}});
  }
  return absl::StrCat(
      PrintJsonCompact(Json::Object{{"configuration", static_cast<int64_t>(configuration)},
                                    {"value", outcome.value},
                                    {"watts", outcome.watts},
                                    {"plans", std::move(plans)}}),
      "\n");
}

absl::StatusOr<std::map<size_t, Outcome>> ReadCheckpoint(absl::string_view text,
                                                         const std::string& file,
                                                         const Question& question) {
  std::map<size_t, Outcome> outcomes;
  const std::string header = CheckpointHeader(question);
  if (text.size() < header.size()) return outcomes;  // killed before the first line ended
  if (text.substr(0, header.size()) != header) {
    return InputError(file, ": is of a search that was asked something else; remove it, or choose ",
                      "another folder");
  }
  text.remove_prefix(header.size());
  while (!text.empty()) {
    const size_t end = text.find('\n');
    if (end == text.npos) break;
    ALLOT_ASSIGN_OR_RETURN(auto line, ReadLine(text.substr(0, end), file, question));
    outcomes.insert(std::move(line));
    text.remove_prefix(end + 1);
  }
  return outcomes;
}

}  // namespace allot::design
