// A problem of any kind that is not a placement (problem_fuzz.cc has those): read, printed and read
// again, and solved by each of its kind's solvers with little work. Behind a line "// -----" stands
// a plan to judge; a first line such as "// chips=4 memory=1GiB" has flags, as of allot-solve.
#include <memory>
#include <string>
#include <utility>

#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"

#include "placement/kinds/kind.h"
#include "placement/solver.h"
#include "tests/fuzz/fuzz_input.h"

namespace allot::fuzz {
namespace {

constexpr int64_t kWork = 500;

// Takes the flags from the text.
ProblemOptions Flags(absl::string_view& text) {
  ProblemOptions question;
  if (!absl::ConsumePrefix(&text, "// ")) return question;
  const std::pair<absl::string_view, absl::string_view> line =
      absl::StrSplit(text, absl::MaxSplits('\n', 1));
  text = line.second;
  for (const absl::string_view flag : absl::StrSplit(line.first, ' ', absl::SkipEmpty())) {
    question.flags.insert(absl::StrSplit(flag, absl::MaxSplits('=', 1)));
  }
  return question;
}

void Solve(const ProblemInstance& problem, const ProblemKind& kind) {
  SolveLimits limits;
  limits.work = kWork;
  for (const std::string& solver : kind.SolverNames(BuiltinSolvers())) {
    const absl::StatusOr<KindResult> result = problem.Ask({solver, ""}, limits);
    CheckBlame(result.status());  // an answer that is wrong
    if (!result.ok() || !result->answer.has_value()) continue;
    const absl::StatusOr<int64_t> value = problem.VerifyAnswer(*result->answer, "own answer");
    ALLOT_FUZZ_CHECK(value.ok());
    ALLOT_FUZZ_CHECK(*value == result->value);
    ALLOT_FUZZ_CHECK(result->bound <= result->value);
    ALLOT_FUZZ_CHECK(problem.Judge(*result->answer, "own answer").ok());
  }
}

}  // namespace
}  // namespace allot::fuzz

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace allot;
  static const Kinds& kinds = *new Kinds(BuiltinKinds());
  auto [text, plan] = fuzz::TwoTexts(fuzz::Text(data, size));
  const ProblemOptions question = fuzz::Flags(text);
  const absl::StatusOr<std::unique_ptr<ProblemInstance>> problem =
      ReadProblemOfAnyKind(kinds, text, "p.json", question);
  if (!problem.ok() || (*problem)->placement() != nullptr) return 0;
  const std::string written = (*problem)->Print();
  const absl::StatusOr<std::unique_ptr<ProblemInstance>> again =
      ReadProblemOfAnyKind(kinds, written, "again.json");
  if (!again.ok()) std::fprintf(stderr, "%s\n", std::string(again.status().message()).c_str());
  ALLOT_FUZZ_CHECK(again.ok());
  ALLOT_FUZZ_CHECK((*again)->Print() == written);
  if (!plan.empty()) {
    const absl::StatusOr<Json> json = ParseJson(plan);
    if (json.ok()) (void)(*problem)->Judge(*json, "plan.json").status();
    return 0;
  }
  fuzz::Solve(**problem, *FindKind(kinds, (*problem)->kind()));
  return 0;
}
