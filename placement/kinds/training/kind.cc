// Training on unlike GPUs: Sailor (Strati et al., SOSP 2025).
#include <string>
#include <vector>

#include "placement/kinds/kind_of.h"
#include "placement/kinds/training/formats/plan_json.h"
#include "placement/kinds/training/formats/sailor.h"
#include "placement/kinds/training/formats/training_json.h"
#include "placement/kinds/training/judge.h"
#include "placement/kinds/training/model/evaluate.h"
#include "placement/kinds/training/model/problem.h"
#include "placement/kinds/training/model/verify.h"
#include "placement/kinds/training/solvers/solvers.h"
#include "support/json_schema.h"
#include "support/status.h"

namespace allot {
namespace {

class Training final : public KindWithSolvers<TrainingProblem, TrainingPlan> {
 public:
  absl::string_view name() const override { return kTrainingKind; }
  absl::string_view summary() const override {
    return "Stages of a model and replicas of them, trained on unlike GPUs.";
  }
  absl::string_view unit() const override { return "s"; }

  std::vector<KindFlag> flags() const override {
    return {
        {"cluster", "GPU:N,...",
         "the machines, for a training configuration: types, perhaps @ZONE, and how many GPUs;\n"
         "or TRACE.csv:ROW"},
        {"cost", "MODEL",
         "what an iteration costs: sailor, as published (default), or own, as measured"},
        {"model", "NAME", "the model of a measured plan, where its folder does not tell"}};
  }

  bool Recognizes(const Json& document) const override {
    return IsOurs(document) || IsSailor(document);
  }

  absl::Status Check(const TrainingProblem& problem) const override {
    return CheckTrainingProblem(problem);
  }
  int64_t Evaluate(const TrainingProblem& problem, const TrainingPlan& plan) const override {
    return TrainingTables(problem).Times(plan).total;
  }
  absl::StatusOr<int64_t> Verify(const TrainingProblem& problem,
                                 const TrainingPlan& plan) const override {
    return VerifyTraining(problem, plan);
  }

  absl::StatusOr<TrainingProblem> ParseProblem(const Json& document, const std::string& file,
                                               const ProblemOptions& question) const override {
    TrainingProblem problem;
    if (IsOurs(document)) {
      for (const char* flag : {"cluster", "model"}) {
        if (question.flags.count(flag) == 0) continue;
        return InputError(file, ": --", flag, " is for Sailor's files; this one says it itself");
      }
      ALLOT_ASSIGN_OR_RETURN(problem, ReadTrainingProblem(document, file));
    } else {
      ALLOT_ASSIGN_OR_RETURN(problem, ReadSailor(document, file, question.flags));
    }
    if (const auto cost = question.flags.find("cost"); cost != question.flags.end()) {
      ALLOT_RETURN_IF_ERROR(ParseTrainingCost(cost->second, problem.cost), "--cost: ");
    }
    return problem;
  }
  std::string PrintProblem(const TrainingProblem& problem) const override {
    return PrintTrainingProblem(problem);
  }
  absl::StatusOr<TrainingPlan> ParseAnswer(const TrainingProblem& problem, const Json& json,
                                           const std::string& file) const override {
    return ParseTrainingPlan(problem, json, file);
  }
  Json AnswerJson(const TrainingProblem& problem, const TrainingPlan& plan) const override {
    return TrainingPlanJson(problem, plan);
  }

  Json Objective(const TrainingProblem&, int64_t value) const override {
    return TrainingSeconds(value);
  }
  absl::StatusOr<Json> Judge(const TrainingProblem& problem, const Json& json,
                             const std::string& file) const override {
    std::vector<std::string> notes;
    ALLOT_ASSIGN_OR_RETURN(const TrainingPlan plan, ParseTrainingPlan(problem, json, file, &notes));
    return JudgeTraining(problem, plan, json, notes);
  }

 private:
  Registry<Solver> solvers() const override { return TrainingSolvers(); }
  static bool IsOurs(const Json& document) { return HasSchema(document, kTrainingSchema); }
};

}  // namespace

Registry<TrainingSolver> TrainingSolvers() {
  Registry<TrainingSolver> solvers;
  solvers.Add(PlannerTrainingEntry());
  solvers.Add(UniformTrainingEntry());
  return solvers;
}

std::shared_ptr<const ProblemKind> TrainingKind() { return std::make_shared<const Training>(); }

}  // namespace allot
