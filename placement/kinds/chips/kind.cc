// Chips as a kind of problem (../kind_of.h).
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "placement/kinds/chips/formats/answer_json.h"
#include "placement/kinds/chips/formats/chips_json.h"
#include "placement/kinds/chips/formats/published_graph.h"
#include "placement/kinds/chips/formats/read_chips.h"
#include "placement/kinds/chips/model/compiled.h"
#include "placement/kinds/chips/model/evaluate.h"
#include "placement/kinds/chips/model/verify.h"
#include "placement/kinds/chips/solvers.h"
#include "placement/kinds/kind_of.h"

namespace allot {
namespace chips {
namespace {

class Chips final : public KindWithSolvers<Problem, Assignment> {
 public:
  absl::string_view name() const override { return kName; }
  absl::string_view summary() const override {
    return "A model over equal chips in a ring with little memory each.";
  }
  absl::string_view unit() const override { return "ms"; }
  std::vector<std::pair<std::string, std::string>> compared() const override {
    return {{"slice DP", kSliceDpKey}};
  }
  std::vector<KindFlag> flags() const override {
    return {{kChipsFlag, "N", "how many there are; reads a published graph as one of chips"},
            {kMemoryFlag, "BYTES", "of each device, such as 16GiB"},
            {kBandwidthFlag, "BYTES/s", "between devices, such as 25GB/s"},
            {kRingFlag, "KIND", "how chips are linked: one-way, two-way or grid:COLUMNS"}};
  }
  bool Recognizes(const Json& document) const override { return HasChipsSchema(document); }
  bool Takes(const Json& document, const ProblemOptions& question) const override {
    return Recognizes(document) ||
           (question.flags.count(kChipsFlag) > 0 && IsPublishedGraph(document));
  }

  absl::Status Check(const Problem& problem) const override { return chips::Check(problem); }
  int64_t Evaluate(const Problem& problem, const Assignment& assignment) const override {
    const Compiled compiled(problem);
    return Bottleneck(compiled, compiled.Reduce(assignment));
  }
  absl::StatusOr<int64_t> Verify(const Problem& problem,
                                 const Assignment& assignment) const override {
    return chips::Verify(problem, assignment);
  }

  absl::StatusOr<Problem> ParseProblem(const Json& document, const std::string& file,
                                       const ProblemOptions& question) const override {
    return ReadChips(document, file, question.flags);
  }
  std::string PrintProblem(const Problem& problem) const override {
    return chips::PrintProblem(problem);
  }
  absl::StatusOr<Assignment> ParseAnswer(const Problem& problem, const Json& json,
                                         const std::string& file) const override {
    return ReadAssignment(problem, json, file);
  }
  Json AnswerJson(const Problem& problem, const Assignment& assignment) const override {
    return AssignmentJson(problem, assignment);
  }
  // Milliseconds between two inputs.
  Json Objective(const Problem&, int64_t value) const override { return ToMillis(value); }

 private:
  Registry<Solver> solvers() const override { return Solvers(); }
};

}  // namespace
}  // namespace chips

std::shared_ptr<const ProblemKind> ChipsKind() { return std::make_shared<const chips::Chips>(); }

}  // namespace allot
