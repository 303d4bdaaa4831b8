#include "placement/kinds/rows/solvers.h"

#include <optional>
#include <utility>

#include "placement/kinds/rows/model/evaluate.h"
#include "placement/kinds/rows/model/verify.h"
#include "placement/kinds/rows/search/baselines.h"
#include "placement/kinds/rows/search/divide.h"

namespace allot::rows {
namespace {

struct NoOptions {};

class Multilevel final : public Solver {
 public:
  explicit Multilevel(Effort effort) : effort_(effort) {}
  std::vector<absl::string_view> kinds() const override { return {kName}; }
  absl::StatusOr<ResultOf<Division>> Solve(const Problem& problem,
                                           const SolveLimits& limits) const override {
    Divided divided = Divide(problem, effort_, limits);
    ResultOf<Division> result;
    result.termination = Termination::kFeasible;
    result.best = std::move(divided.division);
    result.work = divided.work;
    return result;
  }

 private:
  Effort effort_;
};

using Baseline = Division (*)(const Problem&, uint64_t seed);

template <Baseline baseline>
class BaselineSolver final : public Solver {
 public:
  explicit BaselineSolver(NoOptions) {}
  std::vector<absl::string_view> kinds() const override { return {kName}; }
  absl::StatusOr<ResultOf<Division>> Solve(const Problem& problem,
                                           const SolveLimits& limits) const override {
    ResultOf<Division> result;
    result.termination = Termination::kFeasible;
    result.best = baseline(problem, limits.seed);
    KeepAllLimits(problem, limits.seed, *result.best);
    return result;
  }
};

Division CyclicOf(const Problem& problem, uint64_t) { return Cyclic(problem); }
Division ContiguousOf(const Problem& problem, uint64_t) { return Contiguous(problem); }

class Exhaustive final : public Solver {
 public:
  explicit Exhaustive(NoOptions) {}
  std::vector<absl::string_view> kinds() const override { return {kName}; }
  absl::StatusOr<ResultOf<Division>> Solve(const Problem& problem,
                                           const SolveLimits&) const override {
    constexpr int64_t kMost = 1'000'000;
    int64_t count = 1;
    Division division(problem.tensors.size());
    std::vector<int32_t*> digits;
    for (size_t t = 0; t < division.size(); ++t) {
      if (problem.tensors[t].sources.empty()) continue;
      division[t].assign(static_cast<size_t>(problem.tensors[t].neurons), 0);
      for (int32_t& part : division[t]) {
        digits.push_back(&part);
        count = std::min(count * problem.parts, kMost + 1);
      }
    }
    if (count > kMost) return InputError("exhaustive: there are more than ", kMost, " divisions");
    ResultOf<Division> result;
    int64_t best = 0;
    for (int64_t i = 0; i < count; ++i) {
      PlaceInputs(problem, division);
      ++result.work;
      const absl::StatusOr<int64_t> value = Verify(problem, division);
      if (value.ok() && (!result.best.has_value() || *value < best)) {
        best = *value;
        result.best = division;
      }
      for (size_t d = 0; d < digits.size() && ++*digits[d] == problem.parts; ++d) *digits[d] = 0;
    }
    result.termination = result.best.has_value() ? Termination::kOptimal : Termination::kInfeasible;
    return result;
  }
};

}  // namespace

Entry<Solver> MultilevelEntry() {
  auto schema = OptionSchema<Effort>()
                    .Add("sweeps", &Effort::sweeps,
                         "how often all layers are gone through with their readers known")
                    .Add("steps", &Effort::steps, "of annealing for each cluster of equal rows")
                    .Add("starts", &Effort::starts, "first divisions of a layer");
  return MakeEntry<Solver, Multilevel>(
      "multilevel",
      "layer by layer, from clusters of rows to rows, then sweeps that look both ways",
      std::move(schema));
}
Entry<Solver> CyclicEntry() {
  return MakeEntry<Solver, BaselineSolver<CyclicOf>>("cyclic", "row i goes to part i mod P",
                                                     OptionSchema<NoOptions>());
}
Entry<Solver> ContiguousEntry() {
  return MakeEntry<Solver, BaselineSolver<ContiguousOf>>(
      "contiguous", "rows in their order, part by part", OptionSchema<NoOptions>());
}
Entry<Solver> RandomEntry() {
  return MakeEntry<Solver, BaselineSolver<RandomRows>>(
      "random", "rows in an order drawn with the seed, part by part", OptionSchema<NoOptions>());
}
Entry<Solver> ExhaustiveEntry() {
  return MakeEntry<Solver, Exhaustive>("exhaustive", "tries every division",
                                       OptionSchema<NoOptions>());
}

}  // namespace allot::rows
