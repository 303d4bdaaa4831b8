#include "tools/solve_kind.h"

#include <optional>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/strip.h"

#include "support/status.h"

namespace allot {
namespace {

std::optional<double> Gap(const KindResult& result) {
  if (!result.answer.has_value()) return std::nullopt;
  if (result.termination == Termination::kOptimal) return 0.0;
  if (result.bound <= 0) return std::nullopt;
  return static_cast<double>(result.value - result.bound) / static_cast<double>(result.value);
}

}  // namespace

absl::StatusOr<SolverChoice> ParseSolverChoice(absl::string_view text) {
  const size_t brace = text.find('{');
  if (brace == text.npos) return SolverChoice{std::string(text), ""};
  absl::string_view options = text.substr(brace + 1);
  if (!absl::ConsumeSuffix(&options, "}")) {
    return InputError("--solver=", text, ": expected NAME{option=value ...}");
  }
  return SolverChoice{std::string(text.substr(0, brace)), std::string(options)};
}

Json KindResultJson(const ProblemKind& kind, const KindResult& result, double wall_s) {
  const bool solved = result.answer.has_value();
  const bool bounded = result.termination != Termination::kInfeasible;
  const std::optional<double> gap = Gap(result);
  return Json::Object{
      {"kind", std::string(kind.name())},
      {"status", absl::StrReplaceAll(TerminationName(result.termination), {{" ", "_"}})},
      {"value", solved ? Json(result.value) : Json()},
      {"unit", std::string(kind.unit())},
      {"lower_bound", bounded ? Json(result.bound) : Json()},
      {"bound_name", result.bound_name.empty() ? Json() : Json(result.bound_name)},
      {"gap", gap.has_value() ? Json(*gap) : Json()},
      {"proved_optimal", result.termination == Termination::kOptimal},
      {"solver", result.solver},
      {"wall_s", wall_s},
      {"work", result.work},
      {"answer", solved ? *result.answer : Json()}};
}

std::string KindResultTable(const ProblemKind& kind, const KindResult& result, double wall_s,
                            const std::string& name) {
  std::string text = absl::StrCat(name, ": a problem of the kind ", kind.name(), "\n\n");
  const auto line = [&text](absl::string_view label, const std::string& value) {
    absl::StrAppend(&text, label, std::string(20 - label.size(), ' '), value, "\n");
  };
  const bool proved = result.termination == Termination::kOptimal;
  line("status", std::string(TerminationName(result.termination)));
  if (result.answer.has_value()) line("value", absl::StrCat(result.value, " ", kind.unit()));
  if (result.termination != Termination::kInfeasible) {
    line("lower bound", result.bound > 0 || proved ? absl::StrCat(result.bound, " ", kind.unit(),
                                                                  " (", result.bound_name, ")")
                                                   : "none");
  }
  if (const std::optional<double> gap = Gap(result)) {
    line("gap", absl::StrFormat("%.2f %%%s", 100 * *gap, proved ? ", proved optimal" : ""));
  }
  line(result.answer.has_value() ? "found by" : "searched by",
       absl::StrCat(result.solver, absl::StrFormat(", %.2f s", wall_s)));
  return text;
}

}  // namespace allot
