// Problems and answers as JSON: as the contest published them, and the same with a schema.
#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

#include "placement/kinds/strategies/model/problem.h"
#include "support/json.h"

namespace allot::strategies {

inline constexpr absl::string_view kSchema = "allot.strategies/1";

// Whether a document is such a problem: by its schema or, without one, by its members.
bool LooksLikeProblem(const Json& document);

// Errors say where, all of them up to a dozen. What Check() finds is left to it.
absl::StatusOr<Problem> ReadProblem(const Json& document, const std::string& file);
// In the published form, with our schema.
std::string PrintProblem(const Problem& problem);

// [0, 2, ...], {"strategies": [...]}, or a result that has that member.
absl::StatusOr<Choice> ReadChoice(const Problem& problem, const Json& json,
                                  const std::string& file);
// {"strategies": [...]}
Json ChoiceJson(const Choice& choice);

}  // namespace allot::strategies
