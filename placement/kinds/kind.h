// Kinds of problems: what all that works on any problem knows of one. A kind is written against
// kind_of.h, with its own types; here they are hidden.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

#include "placement/formats/problem_json.h"
#include "placement/solver.h"
#include "support/json.h"

namespace allot {

// What a search has ended with. Values are whole numbers, less is better; Objective() says what
// they are to users.
struct KindResult {
  Termination termination = Termination::kNoSolutionFound;
  std::optional<Json> answer;  // verified; set iff kOptimal or kFeasible
  int64_t value = 0;           // of the answer
  int64_t bound = 0;           // no answer is below; 0 claims nothing
  std::string bound_name, solver;
  int64_t work = 0;  // spent
};

// "heft{priority=gpu0}" in its two pieces.
struct SolverChoice {
  std::string name, options;
};

// A problem of some kind that has been read and checked.
class ProblemInstance {
 public:
  virtual ~ProblemInstance() = default;
  // The name of its kind.
  virtual absl::string_view kind() const = 0;
  // As text in its kind's schema; reading that gives an equal problem.
  virtual std::string Print() const = 0;
  // What a value, or a bound of values, is in the figure that those who publish such problems use,
  // in ProblemKind::unit().
  virtual Json Objective(int64_t value) const = 0;
  // Asks a solver of the kind; what it answers has been verified and valued by code that is no
  // solver's. `limits` as for Solve(). Errors: InvalidArgument for a solver that there is not or
  // for its options; Unimplemented, as CheckKind() says it, for one of other kinds; Internal, with
  // the name of the solver, for a wrong answer or claim.
  virtual absl::StatusOr<KindResult> Ask(const SolverChoice& solver,
                                         const SolveLimits& limits) const = 0;
  // The value of anybody's answer, in the form of KindResult::answer, or what is wrong with it.
  virtual absl::StatusOr<int64_t> VerifyAnswer(const Json& answer,
                                               const std::string& file) const = 0;
  // What a plan is worth that somebody has published, in the form of the answer or in theirs:
  // {"objective", ...}. Errors say what is wrong with it.
  virtual absl::StatusOr<Json> Judge(const Json& plan, const std::string& file) const = 0;
  // The problem, if it is one of items or calls: for what only placements have, such as replicas.
  virtual const PlacementProblem* placement() const { return nullptr; }
};

// A question that a kind takes beside what the file says, as a flag of allot-solve:
// --max-round-trip=N.
struct KindFlag {
  std::string name, metavar, help;
};

// Is always held by a shared_ptr, in which the problems that it has read keep it.
class ProblemKind : public std::enable_shared_from_this<ProblemKind> {
 public:
  virtual ~ProblemKind() = default;
  virtual absl::string_view name() const = 0;     // "items"
  virtual absl::string_view summary() const = 0;  // one sentence
  virtual absl::string_view unit() const = 0;     // of objectives: "ps"
  // Figures of an answer's JSON, in the unit, that tables show beside its objective: what else
  // would have been done. The label of a line, and the key.
  virtual std::vector<std::pair<std::string, std::string>> compared() const { return {}; }
  // Whether ProblemOptions mean anything to it.
  virtual bool takes_question() const { return false; }
  // What else may be asked, in ProblemOptions::flags. Kinds may share a flag.
  virtual std::vector<KindFlag> flags() const { return {}; }
  // The document that a text which is no JSON stands for, in a format of this kind: Recognizes()
  // knows it. nullopt: none of this kind.
  virtual absl::StatusOr<std::optional<Json>> FromText(absl::string_view text,
                                                       const std::string& file) const {
    static_cast<void>(text), static_cast<void>(file);
    return std::nullopt;
  }
  // Whether a document, an object, is a problem of this kind: by its schema.
  virtual bool Recognizes(const Json& document) const = 0;
  // Whether it reads a document that is asked about with these flags: one that it recognizes, or
  // one of another kind that a flag of its own turns into a problem of this kind.
  virtual bool Takes(const Json& document, const ProblemOptions& question) const {
    static_cast<void>(question);
    return Recognizes(document);
  }
  // Reads and checks it. All errors are found; each says where.
  virtual absl::StatusOr<std::unique_ptr<ProblemInstance>> Read(
      const Json& document, const std::string& file, const ProblemOptions& question) const = 0;
  // The names of its solvers, the one to ask by default first. `solvers`: those that take
  // placements, where plug-ins and programs have added some.
  virtual std::vector<std::string> SolverNames(const Registry<PlacementSolver>& solvers) const = 0;
};

// In the order in which a document is offered to them.
using Kinds = std::vector<std::shared_ptr<const ProblemKind>>;

// Those of registry.def.
Kinds BuiltinKinds();

// nullptr if there is none.
const ProblemKind* FindKind(const Kinds& kinds, absl::string_view name);

// Reads a problem of whatever kind its schema says; a document that no kind recognizes is for the
// first, which knows the formats of others. `question` is what is asked of it beside what the file
// says; where the kind has no such questions, one is an error.
absl::StatusOr<std::unique_ptr<ProblemInstance>> ReadProblemOfAnyKind(
    const Kinds& kinds, absl::string_view text, const std::string& file,
    const ProblemOptions& question = {});

}  // namespace allot
