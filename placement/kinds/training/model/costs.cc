#include "placement/kinds/training/model/costs.h"

#include <algorithm>
#include <cmath>
#include <set>

#include "placement/kinds/training/model/problem.h"

namespace allot {
namespace {

constexpr int64_t kNear = 8;
constexpr double kBucket = 5e8, kPicosPerSecond = 1e12;

// Seconds; infinite where nothing gets through.
double Seconds(const TrainingProblem::Link& link, double bytes) {
  const double log = std::log2(bytes / 1e6);
  double speed = 0;
  for (const double coefficient : link.coefficients) speed = speed * log + coefficient;
  if (!(speed > 1e-9)) return HUGE_VAL;
  return bytes / 1e9 / speed;
}

Picos Rounded(double seconds) {
  const double picos = seconds * kPicosPerSecond;
  if (!(picos < static_cast<double>(kNeverPicos))) return kNeverPicos;
  return std::llround(picos);
}

struct Line {
  double fixed = 0, per_sample = 0;
};

// Least squares of relative errors through (x, y); through the origin where that would start below
// it, flat where it would fall.
Line FitLine(const std::vector<std::pair<double, double>>& points) {
  double weights = 0, x_mean = 0, y_mean = 0;
  for (const auto& [x, y] : points) {
    const double weight = 1 / (std::max(y, 1.0) * std::max(y, 1.0));
    weights += weight, x_mean += weight * x, y_mean += weight * y;
  }
  x_mean /= weights, y_mean /= weights;
  double xx = 0, xy = 0, xx0 = 0, xy0 = 0;
  for (const auto& [x, y] : points) {
    const double weight = 1 / (std::max(y, 1.0) * std::max(y, 1.0));
    xx += weight * (x - x_mean) * (x - x_mean), xy += weight * (x - x_mean) * (y - y_mean);
    xx0 += weight * x * x, xy0 += weight * x * y;
  }
  const double slope = xx > 0 ? xy / xx : 0;
  if (slope <= 0) return {y_mean, 0};
  if (y_mean - slope * x_mean < 0) return {0, xy0 / xx0};
  return {y_mean - slope * x_mean, slope};
}

}  // namespace

Picos AddPicos(Picos a, Picos b) { return a >= kNeverPicos - b ? kNeverPicos : a + b; }

Picos TimesPicos(int64_t n, Picos a) { return n > 0 && a > kNeverPicos / n ? kNeverPicos : n * a; }

Picos TransferTime(const TrainingProblem::Link& link, double bytes) {
  return bytes > 0 ? Rounded(Seconds(link, bytes)) : 0;
}

Picos AllReduceTime(const TrainingProblem::Link& link, double bytes, int64_t replicas) {
  if (replicas <= 1 || !(bytes > 0)) return 0;
  const auto parts = static_cast<double>(replicas);
  const double full = std::floor(bytes / kBucket), rest = bytes - full * kBucket;
  double seconds = full > 0 ? full * Seconds(link, kBucket / parts) : 0;
  if (rest > 0) seconds += Seconds(link, rest / parts);
  return Rounded(2 * (parts - 1) * seconds);
}

const TrainingProblem::Link* FindLink(const TrainingProblem& problem, int64_t from,
                                      int64_t from_width, int64_t to, int64_t to_width) {
  for (const TrainingProblem::Link& link : problem.links) {
    if (link.from == from && link.to == to && link.from_width == from_width &&
        link.to_width == to_width) {
      return &link;
    }
  }
  return nullptr;
}

const TrainingProblem::Profile* FindProfile(const TrainingProblem::Gpu& gpu, int64_t micro_batch,
                                            int64_t width) {
  for (const TrainingProblem::Profile& profile : gpu.profiles) {
    if (profile.micro_batch == micro_batch && profile.width == width) return &profile;
  }
  return nullptr;
}

const TrainingProblem::Footprint* FindFootprint(const TrainingProblem& problem, int64_t width) {
  for (const TrainingProblem::Footprint& footprint : problem.footprints) {
    if (footprint.width == width) return &footprint;
  }
  return nullptr;
}

std::vector<Picos> LayerTimes(const TrainingProblem& problem, const TrainingProblem::Gpu& gpu,
                              const TrainingProblem::Profile& profile) {
  std::vector<Picos> times;
  for (size_t layer = 0; layer < profile.layers.size(); ++layer) {
    if (problem.cost == TrainingCost::kSailor) {
      times.push_back(profile.layers[layer].forward + profile.layers[layer].backward);
      continue;
    }
    std::vector<std::pair<double, double>> points;
    for (const TrainingProblem::Profile& other : gpu.profiles) {
      const bool near = other.micro_batch <= kNear * profile.micro_batch &&
                        profile.micro_batch <= kNear * other.micro_batch;
      if (other.width != profile.width || !near) continue;
      const TrainingProblem::LayerTime& time = other.layers[layer];
      points.emplace_back(static_cast<double>(other.micro_batch),
                          static_cast<double>(time.forward + time.backward));
    }
    const Line line = FitLine(points);
    times.push_back(
        std::llround(line.fixed + line.per_sample * static_cast<double>(profile.micro_batch)));
  }
  return times;
}

Picos OwnTransfer(Picos on_network, Bytes bytes) {
  return AddPicos(on_network, Rounded(static_cast<double>(bytes) / kOwnCopyBytesPerSecond));
}

Bytes RuntimeBytes(int64_t width) { return width == 1 ? 2'000'000'000 : 3'000'000'000; }

Bytes StageBytes(const TrainingProblem& problem, const TrainingProblem::Footprint& footprint,
                 int64_t first, int64_t last, int64_t micro_batch, int64_t under_way) {
  int64_t parameters = 0;
  Bytes activations = 0;
  for (auto layer = static_cast<size_t>(first); layer <= static_cast<size_t>(last); ++layer) {
    parameters += footprint.parameters[layer];
    activations += footprint.activations[layer];
  }
  const auto samples = static_cast<double>(micro_batch) * static_cast<double>(under_way);
  const double bytes =
      static_cast<double>(parameters) * static_cast<double>(problem.bytes_per_parameter) +
      static_cast<double>(activations) * samples;
  constexpr double kMost = 4e18;
  if (bytes > kMost) return static_cast<Bytes>(kMost);
  return parameters * problem.bytes_per_parameter + activations * micro_batch * under_way;
}

std::vector<int64_t> UsableWidths(const TrainingProblem& problem,
                                  const TrainingProblem::Pool& pool) {
  std::set<int64_t> profiled;
  for (const TrainingProblem::Profile& each :
       problem.gpus[static_cast<size_t>(pool.gpu)].profiles) {
    const bool held = FindFootprint(problem, each.width) != nullptr;
    if (held && pool.per_machine % each.width == 0) profiled.insert(each.width);
  }
  std::vector<int64_t> widths(profiled.begin(), profiled.end());
  // By the last of a chain: how long, and which came before.
  std::vector<size_t> length(widths.size(), 1), before(widths.size(), widths.size());
  size_t best = 0;
  for (size_t i = 0; i < widths.size(); ++i) {
    for (size_t j = 0; j < i; ++j) {
      if (widths[i] % widths[j] == 0 && length[j] + 1 > length[i]) {
        length[i] = length[j] + 1, before[i] = j;
      }
    }
    if (length[i] > length[best]) best = i;
  }
  std::vector<int64_t> chain;
  for (size_t i = best; i < widths.size(); i = before[i]) chain.insert(chain.begin(), widths[i]);
  return chain;
}

}  // namespace allot
