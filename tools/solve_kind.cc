#include "tools/solve_kind.h"

#include <cmath>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/strip.h"

#include "support/status.h"

namespace allot {
namespace {

std::optional<double> Gap(const ProblemInstance& problem, const KindResult& result) {
  if (!result.answer.has_value()) return std::nullopt;
  if (result.termination == Termination::kOptimal) return 0.0;
  return GapOf(problem, result.value, result.bound);
}

std::optional<double> Number(const Json& json) {
  if (const auto* const whole = json.If<int64_t>()) return static_cast<double>(*whole);
  if (const auto* const real = json.If<double>()) return *real;
  return std::nullopt;
}

// Whether its bound claims anything.
bool IsBounded(const KindResult& result) {
  return result.bound > 0 || result.termination == Termination::kOptimal;
}

}  // namespace

std::optional<double> GapOf(const ProblemInstance& problem, int64_t value, int64_t bound) {
  if (bound <= 0) return std::nullopt;
  // Not of the values: where more is better they are no figure that anybody knows.
  const std::optional<double> objective = Number(problem.Objective(value));
  const std::optional<double> limit = Number(problem.Objective(bound));
  if (!objective.has_value() || !limit.has_value() || *objective == 0) return std::nullopt;
  return std::abs(*objective - *limit) / std::abs(*objective);
}

absl::StatusOr<SolverChoice> ParseSolverChoice(absl::string_view text) {
  const size_t brace = text.find('{');
  if (brace == text.npos) return SolverChoice{std::string(text), ""};
  absl::string_view options = text.substr(brace + 1);
  if (!absl::ConsumeSuffix(&options, "}")) {
    return InputError("--solver=", text, ": expected NAME{option=value ...}");
  }
  return SolverChoice{std::string(text.substr(0, brace)), std::string(options)};
}

Json KindResultJson(const ProblemKind& kind, const ProblemInstance& problem,
                    const KindResult& result, double wall_s) {
  const bool solved = result.answer.has_value();
  const std::optional<double> gap = Gap(problem, result);
  Json::Object json = {
      {"kind", std::string(kind.name())},
      {"status", absl::StrReplaceAll(TerminationName(result.termination), {{" ", "_"}})},
      {"objective", solved ? problem.Objective(result.value) : Json()},
      {"unit", std::string(kind.unit())},
      {"bound", IsBounded(result) ? problem.Objective(result.bound) : Json()},
      {"bound_name", result.bound_name.empty() ? Json() : Json(result.bound_name)},
      {"gap", gap.has_value() ? Json(*gap) : Json()},
      {"proved_optimal", result.termination == Termination::kOptimal},
      {"solver", result.solver},
      {"wall_s", wall_s},
      {"work", result.work}};
  const auto* const members = solved ? result.answer->If<Json::Object>() : nullptr;
  if (members == nullptr) {
    json.push_back({"answer", solved ? *result.answer : Json()});
  } else {
    json.insert(json.end(), members->begin(), members->end());
  }
  return json;
}

std::string KindResultTable(const ProblemKind& kind, const ProblemInstance& problem,
                            const KindResult& result, double wall_s, const std::string& name) {
  std::string text = absl::StrCat(name, ": a problem of the kind ", kind.name(), "\n\n");
  const auto line = [&text](absl::string_view label, const std::string& value) {
    absl::StrAppend(&text, label, std::string(20 - label.size(), ' '), value, "\n");
  };
  const auto figure = [&](int64_t value) {
    return absl::StrCat(PrintJsonCompact(problem.Objective(value)), kind.unit().empty() ? "" : " ",
                        kind.unit());
  };
  const bool proved = result.termination == Termination::kOptimal;
  line("status", std::string(TerminationName(result.termination)));
  if (result.answer.has_value()) line("objective", figure(result.value));
  if (result.termination != Termination::kInfeasible) {
    line("bound", IsBounded(result)
                      ? absl::StrCat(figure(result.bound), " (", result.bound_name, ")")
                      : "none");
  }
  if (const std::optional<double> gap = Gap(problem, result)) {
    line("gap", absl::StrFormat("%.2f %%%s", 100 * *gap, proved ? ", proved optimal" : ""));
  }
  for (const auto& [label, key] : kind.compared()) {
    const Json* const other = result.answer.has_value() ? result.answer->Find(key) : nullptr;
    if (other == nullptr) continue;
    const bool is_known = Number(*other).has_value();
    line(label, is_known ? absl::StrCat(PrintJsonCompact(*other), " ", kind.unit()) : "none");
  }
  line(result.answer.has_value() ? "found by" : "searched by",
       absl::StrCat(result.solver, absl::StrFormat(", %.2f s", wall_s)));
  return text;
}

}  // namespace allot
