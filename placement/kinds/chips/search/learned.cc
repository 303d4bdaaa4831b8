#include "placement/kinds/chips/search/learned.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <utility>

#include "placement/kinds/chips/learning/features.h"
#include "placement/kinds/chips/search/orders.h"

namespace allot::chips {
namespace {

constexpr size_t kBatch = 16, kLearnFrom = 5;
constexpr int kSteps = 6;
constexpr double kWeightOfBest = 0.5;

PositionPolicy MakePolicy(Workshop& workshop, const ProposerWeights* weights) {
  Random unused(1);
  std::vector<double> features =
      FeaturesOf(workshop.problem, LateSources(workshop.problem, 0, unused));
  if (weights != nullptr) return PositionPolicy(workshop.problem, std::move(features), *weights);
  return PositionPolicy(workshop.problem, std::move(features), workshop.random);
}

// Positions as shares of the work that comes before, in the order that they say and edges allow;
// `degree` of the way there.
std::vector<double> Levelled(const Compiled& problem, const std::vector<double>& positions,
                             double degree) {
  std::vector<double> levelled(positions.size());
  double before = 0, all = 0;
  for (const Picos work : problem.work()) all += static_cast<double>(work);
  for (const int32_t v : ByKeys(problem, positions)) {
    const auto i = static_cast<size_t>(v);
    const auto work = static_cast<double>(problem.work()[i]);
    const double middle = all > 0 ? (before + work / 2) / all : 0;
    levelled[i] = positions[i] + degree * (middle - positions[i]);
    before += work;
  }
  return levelled;
}

class LearnedProposer final : public Proposer {
 public:
  LearnedProposer(Workshop& workshop, LearnedUse use, const ProposerWeights* weights)
      : use_(use), batches_(workshop, use, weights) {}
  absl::string_view name() const override {
    return use_ == LearnedUse::kChips ? "policy" : "order";
  }
  std::optional<Assignment> Propose(const Cutting* best) override {
    static_cast<void>(best);
    return batches_.Next();
  }
  void Learn(const Assignment& proposed, Picos value) override { batches_.Learn(proposed, value); }

 private:
  const LearnedUse use_;
  LearnedBatches batches_;
};

}  // namespace

LearnedBatches::LearnedBatches(Workshop& workshop, LearnedUse use, const ProposerWeights* weights)
    : workshop_(workshop), use_(use), policy_(MakePolicy(workshop, weights)) {}

std::optional<Assignment> LearnedBatches::Next() {
  Trial& trial = batch_.emplace_back();
  trial.draw = batch_.size() == 1 ? policy_.Mean() : policy_.Explore(workshop_.random);
  if (use_ == LearnedUse::kChips) {
    const Compiled& problem = workshop_.problem;
    trial.draw.positions = Levelled(problem, trial.draw.positions, trial.draw.levelling);
    Assignment candidate;
    for (const double position : trial.draw.positions) {
      const double chip = std::floor(position * problem.chips());
      candidate.push_back(static_cast<int32_t>(std::clamp<double>(chip, 0, problem.chips() - 1)));
    }
    return workshop_.repair.Fix(candidate, workshop_.random);
  }
  std::optional<Cutting> cut = workshop_.slicer.Cut(ByKeys(workshop_.problem, trial.draw.positions),
                                                    kDoesNotFit, workshop_.bound);
  if (cut.has_value()) return std::move(cut->chips);
  if (batch_.size() >= kBatch) EndBatch();
  return std::nullopt;
}

void LearnedBatches::Learn(const Assignment& chips, Picos value) {
  Trial& trial = batch_.back();
  trial.chips = chips;
  trial.value = value;
  if (value != kDoesNotFit) Show({chips, value});
  if (batch_.size() >= kBatch) EndBatch();
}

void LearnedBatches::Show(const Cutting& found) {
  if (!best_.has_value() || found.value < best_->value) best_ = found;
}

void LearnedBatches::EndBatch() {
  const Picos mean = batch_[0].value;
  std::stable_sort(batch_.begin(), batch_.end(),
                   [](const Trial& a, const Trial& b) { return a.value < b.value; });
  policy_.AdaptSpread(batch_[0].value < mean);
  std::vector<PositionPolicy::Lesson> lessons;
  double all = 0;
  for (size_t i = 0; i < kLearnFrom && batch_[i].value != kDoesNotFit; ++i) {
    const double weight =
        std::log(static_cast<double>(kLearnFrom) + 0.5) - std::log(static_cast<double>(i) + 1);
    all += weight;
    lessons.push_back({std::move(batch_[i].draw.positions), std::move(batch_[i].chips),
                       batch_[i].draw.levelling, weight});
  }
  for (PositionPolicy::Lesson& lesson : lessons) lesson.weight *= (1 - kWeightOfBest) / all;
  if (best_.has_value()) lessons.push_back({{}, best_->chips, 0, kWeightOfBest});
  if (!lessons.empty()) policy_.Learn(lessons, kSteps, rate_);
  batch_.clear();
}

std::unique_ptr<Proposer> MakeLearnedProposer(Workshop& workshop, LearnedUse use,
                                              const ProposerWeights* weights) {
  return std::make_unique<LearnedProposer>(workshop, use, weights);
}

}  // namespace allot::chips
