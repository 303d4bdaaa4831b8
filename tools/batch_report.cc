#include "tools/batch_report.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"

#include "tools/solve_report.h"
#include "tools/text_table.h"

namespace allot {
namespace {

// Whether no placement of the case can be in time.
bool ProvedTooSlow(const BatchReport& report, const BatchAnswer& answer) {
  return answer.result.termination == Termination::kInfeasible ||
         (report.latency_limit.has_value() && answer.least_latency.value > *report.latency_limit);
}

// The bound of what is loaded, for one inference of the batch.
Picos BoundPerInference(const BatchReport& report, size_t i) {
  const int64_t size = report.cases[i].size;
  return (report.choice.answers[i].result.lower_bound.value + size - 1) / size;
}

Json CaseJson(const BatchReport& report, size_t i) {
  const BatchAnswer& answer = report.choice.answers[i];
  const bool solved = answer.result.best.has_value();
  const bool bounded = answer.result.termination != Termination::kInfeasible;
  return Json::Object{
      {"batch", report.cases[i].size},
      {"status", absl::StrReplaceAll(TerminationName(answer.result.termination), {{" ", "_"}})},
      {"in_time", answer.in_time},
      {"proved_too_slow", ProvedTooSlow(report, answer)},
      {"period", solved ? Json(ToMillis(answer.period)) : Json()},
      {"lower_bound", bounded ? Json(ToMillis(BoundPerInference(report, i))) : Json()},
      {"latency", solved ? Json(ToMillis(answer.result.score.makespan)) : Json()},
      {"least_latency",
       answer.least_latency.value > 0 ? Json(ToMillis(answer.least_latency.value)) : Json()},
      {"work", answer.result.work}};
}

// The chosen case as a problem of its own. `graph` is of its problem.
SolveReport ChosenReport(const BatchReport& report, const ProblemGraph& graph) {
  const PlacementProblem& problem = report.cases[*report.choice.chosen].problem;
  return {.problem = problem,
          .graph = graph,
          .result = report.choice.answers[*report.choice.chosen].result,
          .wall_s = report.wall_s,
          .best_single = BestSingleDevice(problem, graph)};
}

}  // namespace

std::string BatchVerdict(const BatchReport& report, size_t i) {
  const BatchAnswer& answer = report.choice.answers[i];
  if (report.choice.chosen == i) return "chosen";
  if (answer.in_time) return "";
  if (!answer.result.best.has_value())
    return std::string(TerminationName(answer.result.termination));
  return ProvedTooSlow(report, answer) ? "too slow, proved" : "too slow";
}

Json BatchJson(const BatchReport& report) {
  const BatchChoice& choice = report.choice;
  Json::Object json;
  if (choice.chosen.has_value()) {
    const ProblemGraph graph = BuildGraph(report.cases[*choice.chosen].problem);
    json = *SolveJson(ChosenReport(report, graph)).If<Json::Object>();
  } else {
    const bool proved =
        std::all_of(choice.answers.begin(), choice.answers.end(),
                    [&](const BatchAnswer& answer) { return ProvedTooSlow(report, answer); });
    json = {{"status", proved ? "infeasible" : "no_solution_found"}, {"wall_s", report.wall_s}};
  }
  Json::Array cases;
  for (size_t i = 0; i < report.cases.size(); ++i) cases.push_back(CaseJson(report, i));
  json.emplace_back(
      "batching",
      Json::Object{
          {"latency_limit",
           report.latency_limit.has_value() ? Json(ToMillis(*report.latency_limit)) : Json()},
          {"chosen", choice.chosen.has_value() ? Json(report.cases[*choice.chosen].size) : Json()},
          {"batches", std::move(cases)}});
  return json;
}

std::string BatchTable(const BatchReport& report) {
  std::vector<std::vector<std::string>> rows = {
      {"batch", "per inference", "lower bound", "latency", ""}};
  for (size_t i = 0; i < report.cases.size(); ++i) {
    const BatchAnswer& answer = report.choice.answers[i];
    const bool solved = answer.result.best.has_value();
    rows.push_back(
        {absl::StrCat(report.cases[i].size), solved ? Milliseconds(answer.period) : "none",
         answer.result.lower_bound.value > 0 ? Milliseconds(BoundPerInference(report, i)) : "none",
         solved ? Milliseconds(answer.result.score.makespan) : "none", BatchVerdict(report, i)});
  }
  std::string text =
      absl::StrCat(report.cases.size(), " sizes of a batch, latency ",
                   report.latency_limit.has_value()
                       ? absl::StrCat("at most ", Milliseconds(*report.latency_limit))
                       : "without a limit",
                   "\n\n", Table(rows));
  if (!report.choice.chosen.has_value()) return text;
  const size_t chosen = *report.choice.chosen;
  const ProblemGraph graph = BuildGraph(report.cases[chosen].problem);
  return absl::StrCat(text, "\n", SolveTable(ChosenReport(report, graph), report.files[chosen]));
}

}  // namespace allot
