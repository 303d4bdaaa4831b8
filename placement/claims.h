// What solvers claim about one problem, held against the answers that are known.
#pragma once

#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"

#include "placement/solver.h"

namespace allot {

// A feasible answer refutes whoever has claimed that there is none, that a worse one is optimal, or
// a bound above its value; whether it came before the claim or comes after it. What contradicts an
// answer is an error of the code Internal that names who has claimed it.
class Claims {
 public:
  // A feasible answer of the value `value`; "the solution to start from" in messages.
  absl::Status Know(absl::string_view whose, Picos value);
  // What the solver `who` has returned; its score is that of its verified answer.
  absl::Status Add(absl::string_view who, const SolveResult& result);

 private:
  struct Known {
    std::string whose;  // "the solution that heft has found"
    Picos value = 0;
  };

  absl::Status Examine() const;

  std::optional<Known> best_;
  LowerBound bound_;      // the largest that was claimed
  std::string bound_by_;  // whose solver's it is
  bool optimum_ = false;  // it was the value of an answer called optimal
  std::string infeasible_by_;
};

}  // namespace allot
