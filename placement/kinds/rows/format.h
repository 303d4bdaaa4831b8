// Problems and answers as JSON, schema allot.rows/1.
#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

#include "placement/kinds/rows/model/problem.h"
#include "support/json.h"

namespace allot::rows {

inline constexpr absl::string_view kSchema = "allot.rows/1";

// Errors say where, all of them up to a dozen. What Check() finds is left to it.
absl::StatusOr<Problem> ReadProblem(const Json& document, const std::string& file);
std::string PrintProblem(const Problem& problem);

// {"tensors": [{"tensor", "owner"}, ...], "inputs": [...]}, a plan with that as its member `rows`,
// or the tensors alone; where inputs are left out, their neurons go to parts that read them. Every
// name is one of the problem, every list as long as its tensor.
absl::StatusOr<Division> ReadDivision(const Problem& problem, const Json& json,
                                      const std::string& file);
// {"parts", "words", "random_words", "random_words_expected", "cyclic_words",
// "broadcast_words", "imbalance",
// "messages", "most_sent", "links": [{"from", "to", "words"}], "training", "tensors", "inputs"};
// words are for one sample. "training" is TrainingStep: {"words", "cost", "messages", "most_sent",
// "forward", "backward", "links"}.
Json DivisionJson(const Problem& problem, const Division& division);

}  // namespace allot::rows
