#include "placement/kinds/chips/learning/policy.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "placement/kinds/chips/learning/features.h"

namespace allot::chips {
namespace {

constexpr double kFreshSpread = 0.3, kLargestSpread = 0.5;
constexpr double kOwnNoise = 0.15;     // of a chip
constexpr double kLeastSpread = 0.15;  // of a chip: exploring never ends
constexpr double kLevellingNoise = 0.15, kLevellingRate = 0.5;
// Draws go as far as these times the spread, in turn: near ones refine, far ones find what is new.
constexpr double kReach[] = {0.3, 1, 1, 3};
constexpr double kMargin = 0.2;  // of a chip, between a target and the border

// Nearly normal, the same everywhere: the sum of twelve uniform numbers.
double Normal(Random& random) {
  double sum = -6;
  for (int i = 0; i < 12; ++i) sum += random.Unit();
  return sum;
}

PositionPolicy::Learned Fresh(Random& random) {
  GraphNet net(kFeatures.size());
  net.Initialize(random);
  const size_t parameters = net.parameters().size();
  return {std::move(net), Adam(parameters), kFreshSpread, 0};
}

PositionPolicy::Learned FromWeights(const ProposerWeights& weights) {
  GraphNet net(kFeatures.size());
  net.parameters() = weights.parameters;
  return {std::move(net), Adam(weights.parameters.size()), weights.spread, weights.levelling};
}

}  // namespace

PositionPolicy::PositionPolicy(const Compiled& problem, std::vector<double> features,
                               Random& random)
    : problem_(problem), features_(std::move(features)), learned_(Fresh(random)) {}

PositionPolicy::PositionPolicy(const Compiled& problem, std::vector<double> features,
                               const ProposerWeights& weights)
    : problem_(problem), features_(std::move(features)), learned_(FromWeights(weights)) {}

const std::vector<double>& PositionPolicy::MeanPositions() {
  if (mean_.empty()) {
    mean_ = learned_.net.Forward(problem_.graph(), features_).outputs;
    for (double& position : mean_) position += 0.5;
  }
  return mean_;
}

PositionPolicy::Draw PositionPolicy::Mean() { return {MeanPositions(), learned_.levelling}; }

PositionPolicy::Draw PositionPolicy::Explore(Random& random) {
  std::vector<double> positions = MeanPositions();
  double common[kFeatures.size()];
  const double spread =
      std::min(learned_.spread * kReach[random.Below(std::size(kReach))], kLargestSpread);
  for (double& each : common) each = spread * Normal(random);
  const double own = kOwnNoise / problem_.chips();
  for (size_t v = 0; v < positions.size(); ++v) {
    for (size_t f = 0; f < kFeatures.size(); ++f) {
      positions[v] +=
          common[f] * (features_[v * kFeatures.size() + f] - (f + 1 < kFeatures.size() ? 0.5 : 0));
    }
    positions[v] += own * Normal(random);
  }
  const double levelling =
      std::clamp(learned_.levelling + kLevellingNoise * Normal(random), 0.0, 1.0);
  return {std::move(positions), levelling};
}

double PositionPolicy::Target(double position, int32_t chip) const {
  const double chips = problem_.chips();
  return std::clamp(position, (chip + kMargin) / chips, (chip + 1 - kMargin) / chips);
}

void PositionPolicy::Learn(const std::vector<Lesson>& lessons, int steps, double rate) {
  const auto n = static_cast<double>(problem_.size());
  for (int step = 0; step < steps; ++step) {
    const GraphNet::Run run = learned_.net.Forward(problem_.graph(), features_);
    std::vector<double> slopes(run.outputs.size());
    for (size_t v = 0; v < slopes.size(); ++v) {
      const double mean = run.outputs[v] + 0.5;
      for (const Lesson& lesson : lessons) {
        const double near = lesson.positions.empty() ? mean : lesson.positions[v];
        slopes[v] += lesson.weight * (mean - Target(near, lesson.chips[v])) / n;
      }
    }
    learned_.adam.Step(learned_.net.Backward(problem_.graph(), features_, run, slopes), rate,
                       learned_.net.parameters());
  }
  mean_.clear();
  double change = 0;
  for (const Lesson& lesson : lessons) {
    if (!lesson.positions.empty()) {
      change += lesson.weight * (lesson.levelling - learned_.levelling);
    }
  }
  learned_.levelling += kLevellingRate * change;
}

void PositionPolicy::Exchange(Learned& other) {
  std::swap(learned_, other);
  mean_.clear();
}

void PositionPolicy::AdaptSpread(bool better) {
  learned_.spread = std::clamp(learned_.spread * (better ? 1.05 : 0.85),
                               kLeastSpread / problem_.chips(), kLargestSpread);
}

}  // namespace allot::chips
