#include "placement/kinds/training/bounds/reduce_speeds.h"

#include <algorithm>
#include <cmath>
#include <iterator>
#include <limits>

namespace allot {
namespace {

constexpr double kInfinite = std::numeric_limits<double>::infinity();
// Megabytes of a whole bucket, and of the least part that there is: a byte cut in four, among 2^16.
constexpr double kBucket = 500, kLeast = 0.25e-6 / 65536;

// No less than a polynomial anywhere from `low` to `high`: on short pieces, by intervals.
double Ceiling(const std::vector<double>& coefficients, double low, double high, int pieces) {
  double most = -kInfinite;
  for (int piece = 0; piece < pieces; ++piece) {
    const double a = low + (high - low) * piece / pieces,
                 b = low + (high - low) * (piece + 1) / pieces;
    double least_value = 0, most_value = 0;
    for (const double coefficient : coefficients) {
      const double corners[] = {least_value * a, least_value * b, most_value * a, most_value * b};
      least_value = *std::min_element(std::begin(corners), std::end(corners)) + coefficient;
      most_value = *std::max_element(std::begin(corners), std::end(corners)) + coefficient;
    }
    most = std::max(most, most_value);
  }
  return most;
}

}  // namespace

const std::vector<double>& ReduceSpeeds::PicosPerByte(int64_t replicas) {
  const auto [found, is_new] = known_.insert({replicas, {}});
  if (!is_new) return found->second;
  const auto d = static_cast<double>(replicas);
  const double low = std::log2(kLeast), high = std::log2(kBucket / d);
  for (size_t sort = 0; sort < sorts_.size(); ++sort) {
    double speed = 0;  // bytes per picosecond
    for (const TrainingProblem::Link* link : Links(sort)) {
      speed = std::max(speed, 1e-3 * Ceiling(link->coefficients, low, high, 64));
    }
    const double each = speed > 0 ? 2 * (d - 1) / d / speed : kInfinite;
    found->second.push_back(replicas == 1 ? 0 : each);
  }
  return found->second;
}

double ReduceSpeeds::Least(size_t sort, double bytes, int64_t least, int64_t most) {
  if (least <= 1 || !(bytes > 0)) return 0;
  const auto [found, is_new] = least_.insert({{sort, bytes, least}, kInfinite});
  if (!is_new) return found->second;
  const auto d = static_cast<double>(least);
  const double full = std::floor(bytes / kBucket / 1e6), rest = bytes / 1e6 - full * kBucket;
  for (const TrainingProblem::Link* link : Links(sort)) {
    double time = 0;
    const auto add = [&](double megabytes) {
      const double speed =
          1e-9 * Ceiling(link->coefficients, std::log2(megabytes / static_cast<double>(most)),
                         std::log2(megabytes / d), least == most ? 1 : 8);
      time = speed > 0 ? time + megabytes / speed : kInfinite;
    };
    if (full > 0) add(kBucket), time *= full;
    if (rest > 0) add(rest);
    found->second = std::min(found->second, 2 * (d - 1) / d * time);
  }
  return found->second;
}

// Those that replicas of a sort speak over to their neighbours.
std::vector<const TrainingProblem::Link*> ReduceSpeeds::Links(size_t sort) const {
  const std::vector<int64_t>& pools = sorts_[sort].pools;
  const auto has = [&](int64_t pool) {
    return std::find(pools.begin(), pools.end(), pool) != pools.end();
  };
  std::vector<const TrainingProblem::Link*> links;
  for (const TrainingProblem::Link& link : problem_.links) {
    if (link.from_width != 1 || link.to_width != 1 || (!has(link.from) && !has(link.to))) continue;
    links.push_back(&link);
  }
  return links;
}

}  // namespace allot
