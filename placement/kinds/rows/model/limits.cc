#include "placement/kinds/rows/model/limits.h"

#include <algorithm>
#include <numeric>

#include "support/units.h"

namespace allot::rows {
namespace {

int64_t TotalSpeed(const Problem& problem) {
  int64_t total = 0;
  for (int32_t p = 0; p < problem.parts; ++p) total += problem.Speed(p);
  return total;
}

std::vector<int64_t> MostOf(const Problem& problem, int64_t weight, int64_t imbalance) {
  const int64_t speed = TotalSpeed(problem);
  std::vector<int64_t> most;
  for (int32_t p = 0; p < problem.parts; ++p) {
    const Int128 scaled = static_cast<Int128>(weight) * problem.Speed(p) * (kMillion + imbalance);
    most.push_back(static_cast<int64_t>(
        std::min<Int128>(scaled / (static_cast<Int128>(kMillion) * speed), weight)));
  }
  return most;
}

// Whether rows with these weights, heaviest first, can be packed.
bool Fit(const std::vector<int64_t>& weights, const std::vector<int64_t>& most) {
  if (weights.empty() || weights.front() == 0) return true;
  if (weights.front() == weights.back()) {
    Int128 room = 0;
    for (const int64_t each : most) room += each / weights.front();
    return room >= static_cast<Int128>(weights.size());
  }
  return !PackRows(weights, most).empty();
}

}  // namespace

std::vector<int32_t> PackRows(const std::vector<int64_t>& weights,
                              const std::vector<int64_t>& most) {
  std::vector<size_t> order(weights.size());
  std::iota(order.begin(), order.end(), 0);
  std::stable_sort(order.begin(), order.end(),
                   [&](size_t a, size_t b) { return weights[a] > weights[b]; });
  std::vector<int64_t> room = most;
  std::vector<int32_t> part_of(weights.size());
  for (const size_t row : order) {
    size_t best = 0;
    for (size_t p = 1; p < room.size(); ++p) {
      if (static_cast<Int128>(room[p]) * std::max<int64_t>(most[best], 1) >
          static_cast<Int128>(room[best]) * std::max<int64_t>(most[p], 1)) {
        best = p;
      }
    }
    if (room[best] < weights[row]) {  // the part with most room in proportion may be a small one
      best = static_cast<size_t>(std::max_element(room.begin(), room.end()) - room.begin());
      if (room[best] < weights[row]) return {};
    }
    room[best] -= weights[row];
    part_of[row] = static_cast<int32_t>(best);
  }
  return part_of;
}

PartLimits LimitsOf(const Problem& problem, const Tensor& tensor) {
  std::vector<int64_t> weights = RowWeights(tensor);
  std::sort(weights.begin(), weights.end(), std::greater<>());
  const int64_t total = std::accumulate(weights.begin(), weights.end(), int64_t{0});
  int64_t low = problem.imbalance;
  if (!Fit(weights, MostOf(problem, total, low))) {
    // With so much all rows go into the fastest part.
    int64_t high = kMillion * TotalSpeed(problem);
    while (low + 1 < high) {
      const int64_t middle = low + (high - low) / 2;
      (Fit(weights, MostOf(problem, total, middle)) ? high : low) = middle;
    }
    low = high;
  }
  return {low, MostOf(problem, total, low)};
}

int64_t ImbalanceOf(const Problem& problem, const Tensor& tensor,
                    const std::vector<int32_t>& part_of) {
  const std::vector<int64_t> weights = RowWeights(tensor);
  std::vector<int64_t> loads(static_cast<size_t>(problem.parts));
  for (size_t row = 0; row < weights.size(); ++row) {
    loads[static_cast<size_t>(part_of[row])] += weights[row];
  }
  const int64_t total = std::accumulate(loads.begin(), loads.end(), int64_t{0});
  if (total == 0) return 0;
  int64_t worst = 0;
  for (int32_t p = 0; p < problem.parts; ++p) {
    const Int128 share = static_cast<Int128>(total) * problem.Speed(p);
    const Int128 above = static_cast<Int128>(loads[static_cast<size_t>(p)]) * TotalSpeed(problem);
    if (above <= share) continue;
    worst = std::max(worst, static_cast<int64_t>(((above - share) * kMillion + share - 1) / share));
  }
  return worst;
}

}  // namespace allot::rows
