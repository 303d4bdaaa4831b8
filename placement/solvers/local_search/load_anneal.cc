// Throughput by annealing loads (placement/loads/unit_annealing.h) over what a cutoff leaves to
// decide (placement/loads/load_reduction.h), from splits of a depth-first order and from coarse
// placements.
#include "placement/loads/unit_annealing.h"

#include <algorithm>
#include <optional>
#include <set>
#include <utility>

#include "placement/loads/linear_split.h"
#include "placement/loads/load_reduction.h"
#include "placement/patterns/pattern_bound.h"
#include "placement/proofs/lower_bounds.h"
#include "placement/solver.h"
#include "placement/value/evaluator.h"
#include "support/status.h"

namespace allot {
namespace {

// Beyond these, a table of direct transfers, or of stretches, takes too much memory.
constexpr size_t kMaxTransferEntries = size_t{1} << 26;
constexpr int32_t kMaxSplitUnits = 2'000;
constexpr int32_t kMaxPatternUnits = 4'000;
constexpr int kCutoffs = 8;
constexpr size_t kMaxArrangements = 12;

struct LoadAnnealOptions {
  int64_t rounds = 24;
};

OptionSchema<LoadAnnealOptions> Schema() {
  return OptionSchema<LoadAnnealOptions>().Add(
      "rounds", &LoadAnnealOptions::rounds,
      "Anneals from other starts, each with its share of work");
}

class Run {
 public:
  Run(const SolveInput& input, int64_t rounds)
      : input_(input),
        rounds_(rounds),
        evaluator_(*input.facts),
        model_(BuildLoadModel(*input.facts)),
        unlimited_(model_) {}

  // After so many rounds, whether the value can be better at all.
  static constexpr int64_t kFirstProof = 3, kSecondProof = 9;

  SolveResult Solve() {
    if (SomeUnitFitsNowhere()) {
      SolveResult result;
      result.termination = Termination::kInfeasible;
      return result;
    }
    Picos serial = 0;  // everything where it is slowest, one after the other
    for (int32_t unit = 0; unit < model_.num_units; ++unit) {
      Picos longest = 0;
      for (int32_t d = 0; d < model_.num_devices; ++d) {
        longest = std::max(longest, model_.Time(unit, d));
      }
      serial += longest;
    }
    target_ = std::max<Picos>(serial / model_.num_devices, 1);
    if (input_.incumbent != nullptr) Offer(FromSolution(model_, *input_.incumbent));
    const int64_t share = std::max<int64_t>(input_.limits.work / 2 / (rounds_ + 1), 1);
    Split(share);
    // What is left after this looks for a bound.
    const int64_t search = input_.limits.work / 2;
    for (int64_t round = 0; round < rounds_ && spent_ < search && !proved_; ++round) {
      Reduce(share);
      if (round == kFirstProof || round == kSecondProof) Prove(2 * share);
      if (proved_) break;
      const uint64_t seed = input_.limits.seed * 1000 + static_cast<uint64_t>(round);
      // Every third round goes on from the best.
      const bool again = round % 3 == 2 && value_.has_value();
      const LoadModel& model = reduction_.has_value() ? reduction_->model : model_;
      const AnnealedLoads found =
          again ? AnnealLoads(model, Joined(best_), share, seed, spent_)
                : AnnealCoarsely(model, value_.value_or(target_), share, seed, spent_);
      if (found.feasible) Offer(Apart(found.device));
    }
    SolveResult result;
    result.work = spent_;
    if (!value_.has_value()) return result;
    result.best = solution_;
    result.termination = Termination::kFeasible;
    if (proved_) {
      result.lower_bound = {*value_, reduction_->possible ? "patterns" : "unit-cut"};
      return result;
    }
    const int64_t bounds = std::max<int64_t>(input_.limits.work - spent_, 0);
    Picos known = 0;
    for (const LowerBound& bound : LowerBounds(*input_.facts, Launch::kIgnore, bounds / 8)) {
      if (bound.value > known) result.lower_bound = bound;
      known = std::max(known, bound.value);
    }
    if (model_.num_units > kMaxPatternUnits) return result;
    const Picos bound = BoundByPatterns(unlimited_, known, *value_, kCutoffs, bounds, spent_);
    if (bound > known) result.lower_bound = {bound, "patterns"};
    result.work = spent_;
    return result;
  }

 private:
  bool SomeUnitFitsNowhere() const {
    for (int32_t unit = 0; unit < model_.num_units; ++unit) {
      bool any = false;
      for (int32_t d = 0; d < model_.num_devices; ++d) {
        any = any || model_.Time(unit, d) != kNotAllowed;
      }
      if (!any) return true;
    }
    return false;
  }

  // Placements of the model's units and of those that the reduction has left.
  std::vector<int32_t> Apart(const std::vector<int32_t>& device) const {
    if (!reduction_.has_value()) return device;
    std::vector<int32_t> apart;
    for (const int32_t unit : reduction_->joined)
      apart.push_back(device[static_cast<size_t>(unit)]);
    return apart;
  }
  std::vector<int32_t> Joined(const std::vector<int32_t>& device) const {
    if (!reduction_.has_value()) return device;
    std::vector<int32_t> joined(static_cast<size_t>(reduction_->model.num_units));
    for (size_t unit = 0; unit < device.size(); ++unit) {
      joined[static_cast<size_t>(reduction_->joined[unit])] = device[unit];
    }
    // The best placement is no better than the cutoff, so it may be what the reduction forbids.
    for (int32_t unit = 0; unit < reduction_->model.num_units; ++unit) {
      int32_t& d = joined[static_cast<size_t>(unit)];
      if (reduction_->model.Time(unit, d) != kNotAllowed) continue;
      d = 0;
      while (reduction_->model.Time(unit, d) == kNotAllowed) ++d;
    }
    return joined;
  }

  void Offer(const std::vector<int32_t>& device) {
    Solution solution = ToSolution(model_, input_.graph, device);
    const SearchValue value = evaluator_.Value(solution);
    spent_ += static_cast<int64_t>(input_.problem.items.size());
    if (value.excess > 0 && value.violations == 0) {
      // What is live besides weights has no place in the model: leave room for it from now on.
      const Score score = evaluator_.FullScore(solution);
      for (const DeviceId d : input_.problem.devices.ids()) {
        const Bytes over = score.peak[d] - input_.problem.devices[d].memory;
        Bytes& capacity = model_.capacity[static_cast<size_t>(d.index())];
        if (over > 0) capacity = std::max<Bytes>(capacity - over, 0);
      }
      if (reduction_.has_value()) reduction_->model.capacity = model_.capacity;
    }
    if (!value.feasible() || (value_.has_value() && value.objective >= *value_)) return;
    value_ = value.objective;
    best_ = device;
    solution_ = std::move(solution);
    if (input_.limits.progress) input_.limits.progress(*value_, 0, spent_);
  }

  // Every order of the devices that differs from theirs by the place of one.
  std::vector<std::vector<int32_t>> Arrangements() const {
    std::vector<std::vector<int32_t>> arrangements;
    std::set<std::vector<int32_t>> seen;  // by class
    for (int32_t moved = model_.num_devices; moved-- > 0;) {
      for (int32_t place = 0; place < model_.num_devices; ++place) {
        std::vector<int32_t> devices, classes;
        for (int32_t d = 0; d < model_.num_devices; ++d) {
          if (d != moved) devices.push_back(d);
        }
        devices.insert(devices.begin() + place, moved);
        for (const int32_t d : devices) {
          classes.push_back(model_.device_class[static_cast<size_t>(d)]);
        }
        if (!seen.insert(std::move(classes)).second) continue;
        arrangements.push_back(std::move(devices));
        if (arrangements.size() == kMaxArrangements) return arrangements;
      }
    }
    return arrangements;
  }

  void Split(int64_t share) {
    if (model_.num_units > kMaxSplitUnits || SplitEffort(model_) > input_.limits.work / 8) return;
    const std::vector<int32_t> order = DepthFirstOrder(input_.problem, input_.graph, model_);
    const std::vector<std::vector<int32_t>> arrangements = Arrangements();
    for (const std::vector<int32_t>& devices : arrangements) {
      const std::vector<int32_t> device = SplitInOrder(model_, order, devices, spent_);
      if (!device.empty()) Offer(device);
      if (spent_ > share) break;
    }
    if (!value_.has_value()) return;
    for (int i = 0; i < 2; ++i) {
      const AnnealedLoads found = RefineLoads(model_, best_, share / 2, input_.limits.seed, spent_);
      if (found.feasible) Offer(found.device);
    }
  }

  // After an improvement, again.
  void Reduce(int64_t share) {
    if (!value_.has_value() || (reduction_.has_value() && reduced_at_ == *value_)) return;
    reduced_at_ = *value_;
    reduction_ = ReduceLoads(model_, reduced_at_, share, spent_);
    proved_ = !reduction_->possible;
  }

  void Prove(int64_t work) {
    if (!value_.has_value() || model_.num_units > kMaxPatternUnits || proved_) return;
    proved_ = BoundByPatterns(unlimited_, 0, *value_, 1, work, spent_) == *value_;
  }

  const SolveInput& input_;
  const int64_t rounds_;
  Evaluator evaluator_;
  LoadModel model_;            // with memory for what is live besides weights set aside
  const LoadModel unlimited_;  // without
  Picos target_ = 1;
  int64_t spent_ = 0;
  std::optional<LoadReduction> reduction_;  // against the value `reduced_at_`
  Picos reduced_at_ = 0;
  bool proved_ = false;
  std::optional<Picos> value_;
  std::vector<int32_t> best_;
  Solution solution_;
};

class LoadAnneal : public PlacementSolver {
 public:
  explicit LoadAnneal(LoadAnnealOptions options) : options_(options) {}

  ProblemFeatures features() const override { return {.staged = true}; }

  absl::StatusOr<SolveResult> Solve(const SolveInput& input) const override {
    const PlacementProblem& problem = input.problem;
    if (problem.objective != PlacementObjective::kThroughput) {
      return InputError("only the throughput is the largest load");
    }
    if (options_.rounds < 1) return InputError("rounds must be at least 1");
    if (problem.items.empty()) {
      SolveResult result;
      result.best = Solution();
      result.termination = Termination::kOptimal;
      return result;
    }
    const size_t num_devices = problem.devices.size();
    size_t direct = 0;
    for (const PlacementProblem::Flow& flow : problem.flows) direct += flow.staging.empty() ? 1 : 0;
    if (direct * num_devices * num_devices > kMaxTransferEntries) {
      return InputError(direct, " flows between ", num_devices, " devices are too many");
    }
    return Run(input, options_.rounds).Solve();
  }

 private:
  const LoadAnnealOptions options_;
};

}  // namespace

Entry<PlacementSolver> LoadAnnealEntry() {
  return MakeEntry<PlacementSolver, LoadAnneal>(
      "load-anneal",
      "Anneals the loads of devices and channels (throughput), millions of moves a second.",
      Schema());
}

}  // namespace allot
