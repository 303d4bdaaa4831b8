// A placement problem as JSON, ours or that of others; solved, if it is small, and its answer read
// back and verified. Behind a line "// -----" stands an answer to check.

#include <memory>
#include <string>

#include "placement/formats/problem_json.h"
#include "placement/formats/solution_json.h"
#include "placement/lanes/steady_state.h"
#include "placement/solver.h"
#include "tests/fuzz/fuzz_input.h"

namespace allot::fuzz {
namespace {

constexpr int64_t kWork = 500;
constexpr size_t kMaxItems = 40, kMaxDevices = 6;

void SolveSmall(const PlacementProblem& problem, uint64_t choice) {
  if (problem.items.size() > kMaxItems || problem.devices.size() > kMaxDevices) return;
  const ProblemGraph graph = BuildGraph(problem);
  static const Registry<PlacementSolver>& solvers =
      *new Registry<PlacementSolver>(BuiltinSolvers());
  SolveLimits limits;
  limits.work = kWork;
  // Any solver may be asked; `auto`, the usual one, half of the time.
  const auto& entries = solvers.entries();
  const Entry<PlacementSolver>* entry =
      choice & 1 ? &entries[(choice >> 1) % entries.size()] : solvers.Find("auto");
  const absl::StatusOr<std::unique_ptr<PlacementSolver>> solver = entry->make("");
  ALLOT_FUZZ_CHECK(solver.ok());
  const absl::StatusOr<SolveResult> result =
      Solve(**solver, entry->name, SolveInput{problem, graph, limits, nullptr, {}});
  CheckBlame(result.status());  // an answer that is wrong
  if (!result.ok()) return;
  if (result->best.has_value()) {
    const Json answer = Json::Object{{"placement", PlacementJson(problem, *result->best)}};
    ALLOT_FUZZ_CHECK(ReadClaim(problem, PrintJson(answer), "own answer").ok());
  }
  if (!CheckReplicable(problem).ok()) return;
  const absl::StatusOr<SteadyState> state = SolveSteadyState(
      problem, graph, result->best.has_value() ? &*result->best : nullptr, kWork, 8);
  CheckBlame(state.status());
  if (!state.ok()) return;
  const absl::Status verified =
      VerifySteadyState(problem, *state, result->best.has_value() ? &result->score : nullptr);
  if (!verified.ok()) std::fprintf(stderr, "%s\n", std::string(verified.message()).c_str());
  ALLOT_FUZZ_CHECK(verified.ok());
}

}  // namespace
}  // namespace allot::fuzz

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace allot;
  const absl::string_view bytes = fuzz::Text(data, size);
  const auto [text, claim] = fuzz::TwoTexts(bytes);
  const absl::StatusOr<PlacementProblem> problem = ReadProblem(text, "p.json");
  if (!problem.ok()) return 0;
  const std::string written = WriteProblem(*problem);
  const absl::StatusOr<PlacementProblem> again = ReadProblem(written, "again.json");
  if (!again.ok()) std::fprintf(stderr, "%s\n", std::string(again.status().message()).c_str());
  ALLOT_FUZZ_CHECK(again.ok());
  ALLOT_FUZZ_CHECK(WriteProblem(*again) == written);
  if (!claim.empty()) {
    const absl::StatusOr<Claim> read = ReadClaim(*problem, claim, "claim.json");
    if (read.ok()) (void)VerifyClaim(*problem, *read).status();
    return 0;
  }
  fuzz::SolveSmall(*problem, fuzz::Choice(bytes));
  return 0;
}
