// The contract of a kind of problems, with its types. A kind derives from KindOf<Problem, Answer>,
// in a folder of its own, and has a row in registry.def; that makes it one that `allot-solve`
// reads, checks, solves, verifies and prints, and that the test of all kinds examines. What it
// shares with others it takes from placement/problem/: Machine, Workload and their checks.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"

#include "placement/kinds/kind.h"
#include "placement/solver_kinds.h"
#include "support/nearest_name.h"
#include "support/registry.h"
#include "support/status.h"

namespace allot {

// What a solver has ended with; as SolveResult, for answers of any type.
template <typename Answer>
struct ResultOf {
  Termination termination = Termination::kNoSolutionFound;
  std::optional<Answer> best;
  int64_t bound = 0;
  std::string bound_name;
  int64_t work = 0;
  std::string solver;  // empty: the one that was asked
};

// A solver of such problems. It may assume Check(); "infeasible" is a result, not an error.
template <typename Problem, typename Answer>
class SolverOf {
 public:
  virtual ~SolverOf() = default;
  // The kinds that it takes: several may have the same types.
  virtual std::vector<absl::string_view> kinds() const = 0;
  virtual absl::StatusOr<ResultOf<Answer>> Solve(const Problem& problem,
                                                 const SolveLimits& limits) const = 0;
};

// The solver of that name, made, if it takes the kind.
template <typename Solver>
absl::StatusOr<std::unique_ptr<Solver>> MakeSolver(const Registry<Solver>& registry,
                                                   const SolverChoice& choice,
                                                   absl::string_view kind) {
  const Entry<Solver>* const entry = registry.Find(choice.name);
  if (entry == nullptr) {
    return InputError("there is no solver '", choice.name, "'",
                      DidYouMean(choice.name, registry.names(), ", "),
                      "; --list-solvers prints them");
  }
  ALLOT_ASSIGN_OR_RETURN(std::unique_ptr<Solver> solver, entry->make(choice.options), choice.name,
                         ": ");
  ALLOT_RETURN_IF_ERROR(CheckKind(choice.name, solver->kinds(), kind));
  return solver;
}

template <typename ProblemType, typename AnswerType>
class KindOf : public ProblemKind {
 public:
  using Problem = ProblemType;
  using Answer = AnswerType;

  // The rules. What passes Check() can be solved and printed.
  virtual absl::Status Check(const Problem& problem) const = 0;
  // What an answer that keeps the rules is worth, as solvers count it.
  virtual int64_t Evaluate(const Problem& problem, const Answer& answer) const = 0;
  // The same from the definitions, sharing no code with Evaluate() or any solver; or one error that
  // names the rule that the answer breaks.
  virtual absl::StatusOr<int64_t> Verify(const Problem& problem, const Answer& answer) const = 0;
  // The JSON form. Errors say where; nobody need look for what Check() or Verify() finds.
  virtual absl::StatusOr<Problem> ParseProblem(const Json& document, const std::string& file,
                                               const ProblemOptions& question) const = 0;
  virtual std::string PrintProblem(const Problem& problem) const = 0;
  virtual absl::StatusOr<Answer> ParseAnswer(const Problem& problem, const Json& json,
                                             const std::string& file) const = 0;
  virtual Json AnswerJson(const Problem& problem, const Answer& answer) const = 0;
  // As ProblemInstance::Objective() and Judge().
  virtual Json Objective(const Problem& problem, int64_t value) const {
    static_cast<void>(problem);
    return value;
  }
  virtual absl::StatusOr<Json> Judge(const Problem& problem, const Json& plan,
                                     const std::string& file) const {
    ALLOT_ASSIGN_OR_RETURN(const Answer answer, ParseAnswer(problem, plan, file));
    ALLOT_ASSIGN_OR_RETURN(const int64_t value, Verify(problem, answer));
    return Json::Object{{"objective", Objective(problem, value)}};
  }
  // Asks one of the kind's solvers, found with MakeSolver().
  virtual absl::StatusOr<ResultOf<Answer>> Solve(const Problem& problem, const SolverChoice& choice,
                                                 const SolveLimits& limits) const = 0;

  absl::StatusOr<std::unique_ptr<ProblemInstance>> Read(
      const Json& document, const std::string& file,
      const ProblemOptions& question) const override {
    ALLOT_ASSIGN_OR_RETURN(Problem problem, ParseProblem(document, file, question));
    ALLOT_RETURN_IF_ERROR(Check(problem), file, ": ");
    return MakeInstance(std::move(problem));
  }

 protected:
  class Instance : public ProblemInstance {
   public:
    Instance(const KindOf& kind, Problem problem)
        : held_(kind.shared_from_this()), kind_(kind), problem_(std::move(problem)) {}

    absl::string_view kind() const override { return kind_.name(); }
    std::string Print() const override { return kind_.PrintProblem(problem_); }
    Json Objective(int64_t value) const override { return kind_.Objective(problem_, value); }

    absl::StatusOr<KindResult> Ask(const SolverChoice& choice,
                                   const SolveLimits& limits) const override {
      ALLOT_ASSIGN_OR_RETURN(ResultOf<Answer> found, kind_.Solve(problem_, choice, limits));
      KindResult result{found.termination,
                        std::nullopt,
                        0,
                        found.bound,
                        std::move(found.bound_name),
                        found.solver.empty() ? choice.name : std::move(found.solver),
                        found.work};
      const auto wrong = [&](auto&&... what) {
        return absl::InternalError(absl::StrCat(result.solver, ": ", what...));
      };
      const bool claims =
          found.termination == Termination::kOptimal || found.termination == Termination::kFeasible;
      if (claims != found.best.has_value()) {
        return wrong("ends ", TerminationName(found.termination),
                     claims ? " without a solution" : " with a solution");
      }
      if (!claims) return result;
      result.value = kind_.Evaluate(problem_, *found.best);
      const absl::StatusOr<int64_t> verified = kind_.Verify(problem_, *found.best);
      if (!verified.ok()) return wrong("wrong answer: ", verified.status().message());
      if (*verified != result.value) {
        return wrong("its solution is evaluated as ", result.value, ", but is worth ", *verified);
      }
      if (result.bound > result.value) {
        return wrong("its bound ", result.bound_name, " of ", result.bound, " exceeds the value ",
                     result.value, " of its own solution");
      }
      if (found.termination == Termination::kOptimal && result.bound < result.value) {
        result.bound = result.value;
        result.bound_name = result.solver;
      }
      if (result.bound == result.value) result.termination = Termination::kOptimal;
      result.answer = kind_.AnswerJson(problem_, *found.best);
      return result;
    }

    absl::StatusOr<int64_t> VerifyAnswer(const Json& answer,
                                         const std::string& file) const override {
      ALLOT_ASSIGN_OR_RETURN(const Answer parsed, kind_.ParseAnswer(problem_, answer, file));
      return kind_.Verify(problem_, parsed);
    }

    absl::StatusOr<Json> Judge(const Json& plan, const std::string& file) const override {
      return kind_.Judge(problem_, plan, file);
    }

   protected:
    const std::shared_ptr<const ProblemKind> held_;  // it is kind_
    const KindOf& kind_;
    const Problem problem_;
  };

  virtual std::unique_ptr<ProblemInstance> MakeInstance(Problem problem) const {
    return std::make_unique<Instance>(*this, std::move(problem));
  }
};

// A kind whose solvers are its own.
template <typename ProblemType, typename AnswerType>
class KindWithSolvers : public KindOf<ProblemType, AnswerType> {
 public:
  using Solver = SolverOf<ProblemType, AnswerType>;

  absl::StatusOr<ResultOf<AnswerType>> Solve(const ProblemType& problem, const SolverChoice& choice,
                                             const SolveLimits& limits) const override {
    ALLOT_ASSIGN_OR_RETURN(const std::unique_ptr<Solver> solver,
                           MakeSolver(solvers(), choice, this->name()));
    return solver->Solve(problem, limits);
  }
  std::vector<std::string> SolverNames(const Registry<PlacementSolver>&) const override {
    return solvers().names();
  }

 private:
  virtual Registry<Solver> solvers() const = 0;
};

}  // namespace allot
