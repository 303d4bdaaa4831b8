// Strategies: one for each node, with costs of nodes and edges, and a limit of what is used at any
// time.
#include <memory>
#include <string>
#include <vector>

#include "placement/kinds/kind_of.h"
#include "placement/kinds/strategies/model/evaluate.h"
#include "placement/kinds/strategies/model/format.h"
#include "placement/kinds/strategies/model/verify.h"
#include "placement/kinds/strategies/solvers.h"

namespace allot {
namespace strategies {

Registry<Solver> Solvers() {
  Registry<Solver> solvers;
  solvers.Add(PricesEntry());
  solvers.Add(ExhaustiveEntry());
  return solvers;
}

namespace {

class Strategies final : public KindWithSolvers<Problem, Choice> {
 public:
  absl::string_view name() const override { return kName; }
  absl::string_view summary() const override {
    return "One strategy for each node, costs on nodes and edges, usage over time.";
  }
  absl::string_view unit() const override { return "cost"; }
  bool Recognizes(const Json& document) const override { return LooksLikeProblem(document); }

  absl::Status Check(const Problem& problem) const override { return strategies::Check(problem); }
  int64_t Evaluate(const Problem& problem, const Choice& choice) const override {
    return strategies::Evaluate(problem, choice);
  }
  absl::StatusOr<int64_t> Verify(const Problem& problem, const Choice& choice) const override {
    return strategies::Verify(problem, choice);
  }

  absl::StatusOr<Problem> ParseProblem(const Json& document, const std::string& file,
                                       const ProblemOptions&) const override {
    return ReadProblem(document, file);
  }
  std::string PrintProblem(const Problem& problem) const override {
    return strategies::PrintProblem(problem);
  }
  absl::StatusOr<Choice> ParseAnswer(const Problem& problem, const Json& json,
                                     const std::string& file) const override {
    return ReadChoice(problem, json, file);
  }
  Json AnswerJson(const Problem&, const Choice& choice) const override {
    return ChoiceJson(choice);
  }

 private:
  Registry<Solver> solvers() const override { return Solvers(); }
};

}  // namespace
}  // namespace strategies

std::shared_ptr<const ProblemKind> StrategiesKind() {
  return std::make_shared<const strategies::Strategies>();
}

}  // namespace allot
