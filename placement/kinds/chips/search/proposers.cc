#include <algorithm>
#include <cmath>
#include <utility>

#include "placement/kinds/chips/model/evaluate.h"
#include "placement/kinds/chips/search/orders.h"
#include "placement/kinds/chips/search/proposer.h"

namespace allot::chips {
namespace {

class RandomProposer final : public Proposer {
 public:
  explicit RandomProposer(Workshop& workshop)
      : workshop_(workshop),
        even_(static_cast<size_t>(workshop.rules.size()) *
                  static_cast<size_t>(workshop.rules.chips()),
              1.0) {}
  absl::string_view name() const override { return "random"; }
  std::optional<Assignment> Propose(const Cutting*) override {
    return workshop_.repair.Sample(even_, workshop_.random);
  }

 private:
  Workshop& workshop_;
  const ChipWeights even_;
};

// Nodes in the order of their numbers, as much work on each chip.
Assignment Balanced(const Compiled& problem) {
  Assignment chips;
  Int128 before = 0;
  for (const Picos work : problem.work()) {
    const Int128 middle = 2 * before + work;
    chips.push_back(static_cast<int32_t>(
        std::min<Int128>(problem.chips() - 1,
                         middle * problem.chips() /
                             std::max<Int128>(2 * static_cast<Int128>(problem.total_work()), 1))));
    before += work;
  }
  return chips;
}

class AnnealingProposer final : public Proposer {
 public:
  AnnealingProposer(Workshop& workshop, AnnealingStart start, int64_t proposals)
      : workshop_(workshop), start_(start), proposals_(std::max<int64_t>(proposals, 2)) {}
  absl::string_view name() const override { return "annealing"; }

  std::optional<Assignment> Propose(const Cutting* best) override {
    if (turn_ == proposals_) {
      turn_ = 0;
      if (best != nullptr) {
        current_ = best->chips;
        value_ = best->value;
      }
    }
    if (turn_++ == 0 && current_.empty()) {
      if (start_ == AnnealingStart::kBalanced) {
        return workshop_.repair.Fix(Balanced(workshop_.problem), workshop_.random);
      }
      const ChipWeights even(static_cast<size_t>(workshop_.rules.size() * workshop_.rules.chips()),
                             1.0);
      return workshop_.repair.Sample(even, workshop_.random);
    }
    Assignment changed = current_;
    Random& random = workshop_.random;
    for (int64_t moves = 1 + random.Below(4); moves > 0; --moves) {
      const auto v = static_cast<size_t>(random.Below(static_cast<int64_t>(changed.size())));
      const int32_t step = random.Below(2) == 0 ? -1 : 1;
      changed[v] = std::clamp(changed[v] + step, 0, workshop_.rules.chips() - 1);
    }
    return workshop_.repair.Fix(changed, random);
  }

  void Learn(const Assignment& proposed, Picos value) override {
    const double cooled = static_cast<double>(turn_) / static_cast<double>(proposals_);
    const double temperature = kWarm * std::pow(kCold / kWarm, cooled);
    const bool accept = current_.empty() || value <= value_ ||
                        (value != kDoesNotFit &&
                         workshop_.random.Unit() <
                             std::exp(-static_cast<double>(value - value_) /
                                      (temperature * std::max(static_cast<double>(value_), 1.0))));
    if (!accept) return;
    current_ = proposed;
    value_ = value;
  }

 private:
  // Temperatures as shares of the value at hand.
  static constexpr double kWarm = 0.1, kCold = 0.001;

  Workshop& workshop_;
  const AnnealingStart start_;
  const int64_t proposals_;
  int64_t turn_ = 0;
  Assignment current_;
  Picos value_ = 0;
};

class SlicesProposer final : public Proposer {
 public:
  explicit SlicesProposer(Workshop& workshop) : workshop_(workshop) {}
  absl::string_view name() const override { return "slices"; }

  std::optional<Assignment> Propose(const Cutting* best) override {
    const Picos limit = best == nullptr ? kDoesNotFit : best->value;
    std::optional<Cutting> found = workshop_.slicer.Cut(NextOrder(best), limit, workshop_.bound);
    if (!found.has_value()) return std::nullopt;
    return std::move(found->chips);
  }

 private:
  std::vector<int32_t> NextOrder(const Cutting* best) {
    const Compiled& problem = workshop_.problem;
    Random& random = workshop_.random;
    switch (turn_++) {
      case 0:
        return LateSources(problem, 0, random);
      case 1:
        return BranchByBranch(problem);
      case 2:
        return ByKeys(problem, std::vector<double>(static_cast<size_t>(problem.size())));
    }
    if (best == nullptr || random.Below(4) == 0) {
      return LateSources(problem, kDetours[random.Below(4)], random);
    }
    // Nodes of a chip stay together; some cross to where they may be cut off differently.
    const double noise = kNoise[random.Below(4)];
    std::vector<double> keys;
    for (const int32_t chip : best->chips) keys.push_back(chip + noise * random.Unit());
    return ByKeys(problem, keys);
  }

  static constexpr double kDetours[] = {0.02, 0.05, 0.2, 1};
  static constexpr double kNoise[] = {0.9, 1.2, 2, 4};

  Workshop& workshop_;
  int64_t turn_ = 0;
};

}  // namespace

std::unique_ptr<Proposer> MakeRandomProposer(Workshop& workshop) {
  return std::make_unique<RandomProposer>(workshop);
}

std::unique_ptr<Proposer> MakeAnnealingProposer(Workshop& workshop, AnnealingStart start,
                                                int64_t proposals) {
  return std::make_unique<AnnealingProposer>(workshop, start, proposals);
}

std::unique_ptr<Proposer> MakeSlicesProposer(Workshop& workshop) {
  return std::make_unique<SlicesProposer>(workshop);
}

std::optional<Cutting> PlainSlices(Workshop& workshop) {
  return workshop.slicer.Cut(LateSources(workshop.problem, 0, workshop.random), kDoesNotFit,
                             workshop.bound);
}

}  // namespace allot::chips
