#include "placement/batching.h"

#include <utility>

#include "placement/claims.h"
#include "placement/verify/verify.h"
#include "support/status.h"

namespace allot {
namespace {

class CaseSearch {
 public:
  CaseSearch(const BatchCase& batch, const PlacementSolver& solver, absl::string_view name,
             const SolveLimits& limits)
      : problem_(batch.problem), solver_(solver), name_(name), limits_(limits) {
    problem_.objective = PlacementObjective::kThroughput;
    graph_ = BuildGraph(problem_);
  }

  absl::StatusOr<BatchAnswer> Run(Picos latency_limit) {
    ALLOT_ASSIGN_OR_RETURN(answer_.result, Search(problem_, nullptr));
    SolveResult& result = answer_.result;
    if (!result.best.has_value()) return std::move(answer_);
    PlacementProblem quick = problem_;
    quick.objective = PlacementObjective::kLatency;
    if (result.score.makespan > latency_limit) {
      PlacementProblem there = quick;
      for (const ItemId item : there.items.ids()) {
        for (const DeviceId device : there.devices.ids()) {
          if (device != result.best->device_of[item]) there.items[item].time[device].reset();
        }
      }
      ALLOT_ASSIGN_OR_RETURN(SolveResult ordered, Search(there, &*result.best));
      ALLOT_RETURN_IF_ERROR(TakeIfQuicker(std::move(ordered)));
    }
    if (result.score.makespan > latency_limit) {
      ALLOT_ASSIGN_OR_RETURN(SolveResult quickest, Search(quick, &*result.best));
      answer_.least_latency = quickest.lower_bound;
      ALLOT_RETURN_IF_ERROR(TakeIfQuicker(std::move(quickest)));
    }
    answer_.in_time = result.score.makespan <= latency_limit;
    return std::move(answer_);
  }

 private:
  absl::StatusOr<SolveResult> Search(const PlacementProblem& problem, const Solution* incumbent) {
    return Solve(solver_, name_, SolveInput{problem, graph_, limits_, incumbent, {}});
  }

  // What was found for latency, as an answer for throughput.
  absl::Status TakeIfQuicker(SolveResult found) {
    SolveResult& result = answer_.result;
    result.work += found.work;
    if (!found.best.has_value()) return absl::OkStatus();
    Score score = Evaluate(problem_, graph_, *found.best);
    if (!score.feasible || score.makespan >= result.score.makespan) return absl::OkStatus();
    ALLOT_RETURN_IF_ERROR(
        Verify(problem_, *found.best, Simulate(problem_, graph_, *found.best), score.objective),
        name_, ": wrong answer: ");
    result.best = std::move(found.best);
    result.score = std::move(score);
    result.solver = std::move(found.solver);
    Claims claims;
    ALLOT_RETURN_IF_ERROR(claims.Add(name_, result));
    result.termination = result.lower_bound.value >= result.score.objective
                             ? Termination::kOptimal
                             : Termination::kFeasible;
    return absl::OkStatus();
  }

  PlacementProblem problem_;
  ProblemGraph graph_;
  const PlacementSolver& solver_;
  const absl::string_view name_;
  const SolveLimits& limits_;
  BatchAnswer answer_;
};

bool BetterThanChosen(const std::vector<BatchCase>& cases, const BatchChoice& choice, size_t i) {
  if (!choice.chosen.has_value()) return true;
  const size_t j = *choice.chosen;
  const Score& here = choice.answers[i].result.score;
  const Score& there = choice.answers[j].result.score;
  const Int128 load = static_cast<Int128>(here.objective) * cases[j].size;
  const Int128 other = static_cast<Int128>(there.objective) * cases[i].size;
  return load < other || (load == other && here.makespan < there.makespan);
}

}  // namespace

absl::StatusOr<BatchChoice> ChooseBatch(const std::vector<BatchCase>& cases, Picos latency_limit,
                                        const PlacementSolver& solver, absl::string_view name,
                                        const SolveLimits& limits) {
  BatchChoice choice;
  for (size_t i = 0; i < cases.size(); ++i) {
    const BatchCase& batch = cases[i];
    if (batch.size < 1) return InputError("batch ", i, ": its size is ", batch.size);
    ALLOT_RETURN_IF_ERROR(Check(batch.problem), "batch of ", batch.size, ": ");
    ALLOT_ASSIGN_OR_RETURN(BatchAnswer answer,
                           CaseSearch(batch, solver, name, limits).Run(latency_limit), "batch of ",
                           batch.size, ": ");
    answer.period = (answer.result.score.objective + batch.size - 1) / batch.size;
    choice.answers.push_back(std::move(answer));
    if (choice.answers[i].in_time && BetterThanChosen(cases, choice, i)) choice.chosen = i;
  }
  return choice;
}

}  // namespace allot
