#include "placement/glpk/exact_rows.h"

#include <algorithm>
#include <cmath>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "placement/glpk/glpk.h"
#include "placement/kinds/rows/exact/phase_model.h"
#include "placement/kinds/rows/model/evaluate.h"
#include "placement/kinds/rows/model/limits.h"
#include "placement/kinds/rows/search/divide.h"
#include "placement/kinds/rows/solvers.h"
#include "support/status.h"

namespace allot {
namespace rows {
namespace {

struct Options {
  int64_t nodes = 0;
  int64_t max_rows = 2000;
  int64_t sweeps = 2;
};

// Goes through the layers of what Divide() finds and replaces each by its optimum with the rest
// standing still, in turn from the last to the first and back: what is found is never worse.
class Exact final : public Solver {
 public:
  explicit Exact(Options options) : options_(options) {}
  std::vector<absl::string_view> kinds() const override { return {kName}; }

  absl::StatusOr<ResultOf<Division>> Solve(const Problem& problem,
                                           const SolveLimits& limits) const override {
    Divided divided = Divide(problem, Effort(), limits);
    ResultOf<Division> result;
    result.work = divided.work;
    Division division = std::move(divided.division);
    std::vector<size_t> layers;
    for (size_t t = 0; t < division.size(); ++t) {
      if (!problem.tensors[t].is_input()) layers.push_back(t);
    }
    size_t too_large = 0, proved = 0;
    int64_t visits = options_.sweeps * static_cast<int64_t>(layers.size());  // to come
    for (int64_t sweep = 0; sweep < options_.sweeps; ++sweep) {
      const int64_t before = Evaluate(problem, division);
      too_large = proved = 0;
      for (size_t i = 0; i < layers.size() && !(limits.stop && limits.stop()); ++i) {
        const size_t t = layers[sweep % 2 == 0 ? layers.size() - 1 - i : i];
        ALLOT_ASSIGN_OR_RETURN(const Outcome outcome,
                               Improve(problem, t, limits, visits--, division, result.work));
        too_large += outcome == Outcome::kTooLarge;
        proved += outcome == Outcome::kProved;
      }
      if (Evaluate(problem, division) == before) break;
    }
    if (!layers.empty() && too_large == layers.size()) {
      return InputError("every layer takes a model of more than ", options_.max_rows,
                        " rows; max-rows=N takes larger ones");
    }
    // One layer whose inputs go where they are read: its optimum is that of the problem.
    const bool all = layers.size() == 1 && proved == 1 && problem.link_costs.empty();
    result.termination = all ? Termination::kOptimal : Termination::kFeasible;
    result.best = std::move(division);
    return result;
  }

 private:
  enum class Outcome { kTooLarge, kProved, kCutOff };

  // `visits`: of layers, this one among them, that share what is left of the work.
  absl::StatusOr<Outcome> Improve(const Problem& problem, size_t t, const SolveLimits& limits,
                                  int64_t visits, Division& division, int64_t& work) const {
    const Tensor& tensor = problem.tensors[t];
    const Phase phase =
        PhaseOf(problem, division, t, StructureOf(tensor), LimitsOf(problem, tensor).most);
    // Rows of the model, at most; most are those that say what is read.
    const auto pins = static_cast<int64_t>(phase.nets.size());
    const auto vertices = static_cast<int64_t>(phase.num_vertices());
    if (std::max(pins, vertices) * phase.parts > 16 * options_.max_rows) return Outcome::kTooLarge;
    const PhaseModel model = PhaseModel::Make(phase);
    const auto rows = static_cast<int64_t>(model.model().rows.size());
    if (rows > options_.max_rows) return Outcome::kTooLarge;
    const int64_t left = std::max<int64_t>(limits.work - work, 0) / visits;
    const int64_t nodes = options_.nodes > 0 ? options_.nodes : left / (rows + 1);
    if (nodes == 0) return Outcome::kCutOff;
    const std::vector<double> start = model.PointOf(division[t]);
    ALLOT_ASSIGN_OR_RETURN(const MilpResult solved, SolveWithGlpk(model.model(), &start, nodes));
    work += solved.nodes * rows;
    const bool found =
        solved.status == MilpStatus::kOptimal || solved.status == MilpStatus::kFeasible;
    if (!found) return Outcome::kCutOff;
    const std::vector<int32_t> part_of = model.DivisionOf(solved.values);
    // Costs are whole numbers, and the solver's bound is right to a millionth.
    const double bound = solved.bound - 1e-6 * std::max(1.0, std::abs(solved.bound));
    const bool proved = std::ceil(bound) >= static_cast<double>(model.CostOf(part_of));
    Take(problem, t, part_of, division);
    return proved ? Outcome::kProved : Outcome::kCutOff;
  }

  // Another division of a layer, with inputs where they then belong, if that is less.
  static void Take(const Problem& problem, size_t t, std::vector<int32_t> part_of,
                   Division& division) {
    Division changed = division;
    changed[t] = std::move(part_of);
    PlaceInputs(problem, changed);
    if (Evaluate(problem, changed) < Evaluate(problem, division)) division = std::move(changed);
  }

  Options options_;
};

Entry<Solver> ExactEntry() {
  return MakeEntry<Solver, Exact>(
      "milp", "the division of multilevel, each layer of it then the best for the rest, by GLPK",
      OptionSchema<Options>()
          .Add("nodes", &Options::nodes,
               "of the search tree of a layer; 0: its share of the work, at one unit for each row "
               "and "
               "node")
          .Add("max-rows", &Options::max_rows, "leave layers with larger models as they are")
          .Add("sweeps", &Options::sweeps, "over all layers, while one gains"));
}

}  // namespace
}  // namespace rows

void AddExactRows(Kinds& kinds) {
  for (std::shared_ptr<const ProblemKind>& kind : kinds) {
    if (kind->name() == rows::kName) kind = rows::KindWith({rows::ExactEntry()});
  }
}

}  // namespace allot
