#include "placement/kinds/chips/solvers.h"

#include <algorithm>
#include <memory>
#include <utility>
#include <vector>

#include "placement/kinds/chips/search/chips_search.h"
#include "placement/kinds/chips/search/learned.h"
#include "support/read_file.h"
#include "support/status.h"

namespace allot::chips {
namespace {

struct Budget {
  int64_t evaluations = 0;
};

OptionSchema<Budget> BudgetSchema() {
  return OptionSchema<Budget>().Add("evaluations", &Budget::evaluations,
                                    "proposals at most; 0: as the work allows");
}

// What a search by finders has found, with the bound.
template <typename AddFinders>
ResultOf<Assignment> Find(const Problem& problem, const SolveLimits& limits, int64_t evaluations,
                          const AddFinders& add_finders) {
  ChipsFound found = SearchChips(problem, limits, evaluations, add_finders);
  ResultOf<Assignment> result;
  result.bound = found.bound.value;
  result.bound_name = found.bound.name;
  result.work = found.work;
  result.solver = found.finder;
  result.termination = found.best.has_value()   ? Termination::kFeasible
                       : found.bound.infeasible ? Termination::kInfeasible
                                                : Termination::kNoSolutionFound;
  result.best = std::move(found.best);
  return result;
}

class Auto final : public Solver {
 public:
  explicit Auto(Budget options) : options_(options) {}
  std::vector<absl::string_view> kinds() const override { return {kName}; }
  absl::StatusOr<ResultOf<Assignment>> Solve(const Problem& problem,
                                             const SolveLimits& limits) const override {
    return Find(
        problem, limits, options_.evaluations,
        [](Workshop& workshop, std::vector<Finder>& finders) {
          finders.push_back({MakeSlicesProposer(workshop), 3});
          finders.push_back({MakeAnnealingProposer(workshop, AnnealingStart::kBalanced, 1'000), 1});
        });
  }

 private:
  const Budget options_;
};

class Cuts final : public Solver {
 public:
  explicit Cuts(Budget options) : options_(options) {}
  std::vector<absl::string_view> kinds() const override { return {kName}; }
  absl::StatusOr<ResultOf<Assignment>> Solve(const Problem& problem,
                                             const SolveLimits& limits) const override {
    return Find(problem, limits, options_.evaluations,
                [](Workshop& workshop, std::vector<Finder>& finders) {
                  finders.push_back({MakeSlicesProposer(workshop), 1});
                });
  }

 private:
  const Budget options_;
};

class Draws final : public Solver {
 public:
  explicit Draws(Budget options) : options_(options) {}
  std::vector<absl::string_view> kinds() const override { return {kName}; }
  absl::StatusOr<ResultOf<Assignment>> Solve(const Problem& problem,
                                             const SolveLimits& limits) const override {
    return Find(problem, limits, options_.evaluations,
                [](Workshop& workshop, std::vector<Finder>& finders) {
                  finders.push_back({MakeRandomProposer(workshop), 1});
                });
  }

 private:
  const Budget options_;
};

class Annealing final : public Solver {
 public:
  struct Options {
    int64_t evaluations = 0;
    bool balanced = false;
  };
  explicit Annealing(Options options) : options_(options) {}
  std::vector<absl::string_view> kinds() const override { return {kName}; }
  absl::StatusOr<ResultOf<Assignment>> Solve(const Problem& problem,
                                             const SolveLimits& limits) const override {
    return Find(problem, limits, options_.evaluations,
                [&](Workshop& workshop, std::vector<Finder>& finders) {
                  finders.push_back(
                      {MakeAnnealingProposer(
                           workshop,
                           options_.balanced ? AnnealingStart::kBalanced : AnnealingStart::kRandom,
                           options_.evaluations > 0 ? options_.evaluations : 1'000),
                       1});
                });
  }

 private:
  const Options options_;
};

// What learns, from the weights that come with Allot, from those of a file, or from nothing.
class LearnedSolver final : public Solver {
 public:
  struct Options {
    std::string weights = "shipped";
    int64_t evaluations = 0;
    bool order = false;
  };
  explicit LearnedSolver(Options options) : options_(std::move(options)) {}
  std::vector<absl::string_view> kinds() const override { return {kName}; }
  absl::StatusOr<ResultOf<Assignment>> Solve(const Problem& problem,
                                             const SolveLimits& limits) const override {
    const ProposerWeights* weights = nullptr;
    ProposerWeights read;
    if (options_.weights == "shipped") {
      weights = &ShippedWeights();
    } else if (options_.weights != "none") {
      ALLOT_ASSIGN_OR_RETURN(const std::string text, ReadTextFile(options_.weights));
      ALLOT_ASSIGN_OR_RETURN(read, ReadProposerWeights(text, options_.weights));
      weights = &read;
    }
    return Find(
        problem, limits, options_.evaluations,
        [&](Workshop& workshop, std::vector<Finder>& finders) {
          finders.push_back(
              {MakeLearnedProposer(
                   workshop, options_.order ? LearnedUse::kOrder : LearnedUse::kChips, weights),
               1});
        });
  }

 private:
  const Options options_;
};

}  // namespace

Registry<Solver> Solvers() {
  Registry<Solver> solvers;
  solvers.Add(MakeEntry<Solver, Auto>("auto", "all finders in turn; the result names the one",
                                      BudgetSchema()));
  solvers.Add(MakeEntry<Solver, Cuts>("slices", "the best slices of orders", BudgetSchema()));
  solvers.Add(MakeEntry<Solver, Annealing>(
      "annealing", "moves of nodes, repaired by the constraint solver",
      OptionSchema<Annealing::Options>()
          .Add("evaluations", &Annealing::Options::evaluations,
               "proposals at most; 0: as the work allows")
          .Add("balanced", &Annealing::Options::balanced,
               "starts with the same work on each chip, not with a random assignment")));
  solvers.Add(MakeEntry<Solver, Draws>("random", "random chips, decided by the constraint solver",
                                       BudgetSchema()));
  solvers.Add(MakeEntry<Solver, LearnedSolver>(
      "learned", "positions by a network, repaired by the constraint solver",
      OptionSchema<LearnedSolver::Options>()
          .Add("weights", &LearnedSolver::Options::weights,
               "a file of allot train-proposer; shipped: those of Allot; none: learns from nothing")
          .Add("evaluations", &LearnedSolver::Options::evaluations,
               "proposals at most; 0: as the work allows")
          .Add("order", &LearnedSolver::Options::order,
               "positions are an order, of which the best slices are taken")));
  solvers.Add(ExhaustiveEntry());
  return solvers;
}

}  // namespace allot::chips
