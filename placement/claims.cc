#include "placement/claims.h"

#include "absl/strings/str_cat.h"

#include "support/status.h"

namespace allot {

absl::Status Claims::Know(absl::string_view whose, Picos value) {
  if (!best_.has_value() || value < best_->value) best_ = Known{std::string(whose), value};
  return Examine();
}

absl::Status Claims::Add(absl::string_view who, const SolveResult& result) {
  if (result.termination == Termination::kInfeasible) infeasible_by_ = std::string(who);
  const bool optimum = result.termination == Termination::kOptimal;
  LowerBound bound = result.lower_bound;
  if (optimum && bound.value < result.score.objective) bound.value = result.score.objective;
  if (bound.value > bound_.value) {
    bound_ = std::move(bound);
    bound_by_ = std::string(who);
    optimum_ = optimum && bound_.value == result.score.objective;
  }
  // A bound that its own solver has refuted is told as such.
  const bool own = bound_by_ == who && bound_.value > result.score.objective;
  if (!result.best.has_value()) return Examine();
  return Know(own ? "its own solution" : absl::StrCat("the solution that ", who, " has found"),
              result.score.objective);
}

absl::Status Claims::Examine() const {
  if (!best_.has_value()) return absl::OkStatus();
  if (!infeasible_by_.empty()) {
    return absl::InternalError(absl::StrCat(infeasible_by_,
                                            ": claims that there is no solution, but ",
                                            best_->whose, " has the value ", best_->value, " ps"));
  }
  if (bound_.value <= best_->value) return absl::OkStatus();
  if (optimum_) {
    return absl::InternalError(absl::StrCat(bound_by_, ": claims that ", bound_.value,
                                            " ps is optimal, but ", best_->whose, " has the value ",
                                            best_->value, " ps"));
  }
  return absl::InternalError(absl::StrCat(bound_by_, ": its bound ", bound_.name, " of ",
                                          bound_.value, " ps exceeds the value ", best_->value,
                                          " ps of ", best_->whose));
}

}  // namespace allot
