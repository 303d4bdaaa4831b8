// Sparse rows: neurons of a network with sparse weights, divided among parts.
#include <cmath>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "placement/kinds/kind_of.h"
#include "placement/kinds/rows/format.h"
#include "placement/kinds/rows/model/evaluate.h"
#include "placement/kinds/rows/model/verify.h"
#include "placement/kinds/rows/solvers.h"
#include "support/json_schema.h"
#include "support/options.h"

namespace allot {
namespace rows {

Registry<Solver> Solvers() {
  Registry<Solver> solvers;
  solvers.Add(MultilevelEntry());
  solvers.Add(CyclicEntry());
  solvers.Add(ContiguousEntry());
  solvers.Add(RandomEntry());
  solvers.Add(ExhaustiveEntry());
  return solvers;
}

namespace {

constexpr absl::string_view kParts = "parts", kImbalance = "imbalance";

class Rows final : public KindWithSolvers<Problem, Division> {
 public:
  explicit Rows(std::vector<Entry<Solver>> more) : more_(std::move(more)) {}

  absl::string_view name() const override { return kName; }
  absl::string_view summary() const override {
    return "Rows of sparse weights, divided so that parts exchange few words.";
  }
  absl::string_view unit() const override { return "words"; }
  std::vector<KindFlag> flags() const override {
    return {{std::string(kParts), "N", "how many parts rows are divided among"},
            {std::string(kImbalance), "X", "what a part may exceed its share by, such as 0.03"}};
  }
  bool Recognizes(const Json& document) const override { return HasSchema(document, kSchema); }

  absl::Status Check(const Problem& problem) const override { return rows::Check(problem); }
  int64_t Evaluate(const Problem& problem, const Division& division) const override {
    return rows::Evaluate(problem, division);
  }
  absl::StatusOr<int64_t> Verify(const Problem& problem, const Division& division) const override {
    return rows::Verify(problem, division);
  }

  absl::StatusOr<Problem> ParseProblem(const Json& document, const std::string& file,
                                       const ProblemOptions& question) const override {
    ALLOT_ASSIGN_OR_RETURN(Problem problem, ReadProblem(document, file));
    for (const auto& [flag, value] : question.flags) {
      if (flag == kParts) {
        int64_t parts = 0;
        ALLOT_RETURN_IF_ERROR(ParseOption(value, parts), "--", flag, "=", value, ": ");
        if (parts < 1 || parts > kMaxParts) {
          return InputError("--", flag, "=", value, ": must be from 1 to ", kMaxParts);
        }
        problem.parts = static_cast<int32_t>(parts);
      } else if (flag == kImbalance) {
        double imbalance = 0;
        ALLOT_RETURN_IF_ERROR(ParseOption(value, imbalance), "--", flag, "=", value, ": ");
        if (!(imbalance >= 0 && imbalance <= 1000)) {
          return InputError("--", flag, "=", value, ": must be from 0 to 1000");
        }
        problem.imbalance = std::llround(imbalance * kMillion);
      }
    }
    return problem;
  }
  std::string PrintProblem(const Problem& problem) const override {
    return rows::PrintProblem(problem);
  }
  absl::StatusOr<Division> ParseAnswer(const Problem& problem, const Json& json,
                                       const std::string& file) const override {
    return ReadDivision(problem, json, file);
  }
  Json AnswerJson(const Problem& problem, const Division& division) const override {
    return DivisionJson(problem, division);
  }

 private:
  Registry<Solver> solvers() const override {
    Registry<Solver> solvers = Solvers();
    for (const Entry<Solver>& entry : more_) solvers.Add(entry);
    return solvers;
  }

  const std::vector<Entry<Solver>> more_;
};

}  // namespace

std::shared_ptr<const ProblemKind> KindWith(std::vector<Entry<Solver>> more) {
  return std::make_shared<const Rows>(std::move(more));
}

}  // namespace rows

std::shared_ptr<const ProblemKind> RowsKind() { return rows::KindWith({}); }

}  // namespace allot
