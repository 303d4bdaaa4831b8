#include "placement/kinds/chips/learning/features.h"

#include <algorithm>

namespace allot::chips {
namespace {

// The middle of each node in an order, as a share of all work.
std::vector<double> Positions(const Compiled& problem, const std::vector<int32_t>& order) {
  std::vector<double> position(order.size());
  double before = 0, all = 0;
  for (const Picos work : problem.work()) all += static_cast<double>(work);
  for (const int32_t v : order) {
    const auto work = static_cast<double>(problem.work()[static_cast<size_t>(v)]);
    position[static_cast<size_t>(v)] = all > 0 ? (before + work / 2) / all : 0;
    before += work;
  }
  return position;
}

// By node: the longest path to it, and the work of all that lead to it; or from it.
struct Lines {
  std::vector<double> length, work;
};
Lines LinesTo(const Compiled& problem, bool backwards) {
  const int32_t n = problem.size();
  const size_t words = static_cast<size_t>(n + 63) / 64;
  Lines lines{std::vector<double>(static_cast<size_t>(n)),
              std::vector<double>(static_cast<size_t>(n))};
  std::vector<uint64_t> reached(static_cast<size_t>(n) * words);
  double longest = 1, all = 1;
  for (const Picos work : problem.work()) all += static_cast<double>(work);
  for (int32_t i = 0; i < n; ++i) {
    const int32_t v = backwards ? n - 1 - i : i;
    uint64_t* const row = reached.data() + static_cast<size_t>(v) * words;
    double& length = lines.length[static_cast<size_t>(v)];
    for (const int32_t u :
         backwards ? problem.graph().successors(v) : problem.graph().predecessors(v)) {
      const uint64_t* const other = reached.data() + static_cast<size_t>(u) * words;
      for (size_t w = 0; w < words; ++w) row[w] |= other[w];
      row[static_cast<size_t>(u) / 64] |= uint64_t{1} << (u & 63);
      length = std::max(length, lines.length[static_cast<size_t>(u)] + 1);
    }
    longest = std::max(longest, length);
    for (size_t w = 0; w < words; ++w) {
      for (uint64_t bits = row[w]; bits != 0; bits &= bits - 1) {
        lines.work[static_cast<size_t>(v)] += static_cast<double>(
            problem.work()[w * 64 + static_cast<size_t>(__builtin_ctzll(bits))]);
      }
    }
  }
  for (double& length : lines.length) length /= longest;
  for (double& work : lines.work) work /= all;
  return lines;
}

double Saturated(size_t count) {
  return static_cast<double>(count) / (static_cast<double>(count) + 2);
}

}  // namespace

std::vector<double> FeaturesOf(const Compiled& problem, const std::vector<int32_t>& late_sources) {
  std::vector<int32_t> numbered;
  for (int32_t v = 0; v < problem.size(); ++v) numbered.push_back(v);
  const std::vector<double> late = Positions(problem, late_sources);
  const std::vector<double> plain = Positions(problem, numbered);
  const Lines above = LinesTo(problem, false), below = LinesTo(problem, true);
  double weights = 1;
  for (const Bytes each : problem.weights()) weights += static_cast<double>(each);
  const double share = static_cast<double>(problem.total_work()) / problem.chips() + 1;
  const double largest =
      static_cast<double>(*std::max_element(problem.work().begin(), problem.work().end())) / share;
  const double chips = problem.chips();
  std::vector<double> features;
  for (int32_t v = 0; v < problem.size(); ++v) {
    const auto i = static_cast<size_t>(v);
    const double row[kFeatures.size()] = {
        late[i],
        plain[i],
        above.length[i],
        1 - below.length[i],
        above.work[i],
        1 - below.work[i],
        std::min(static_cast<double>(problem.work()[i]) / share, 4.0) / 4,
        std::min(static_cast<double>(problem.transfer()[i]) / share, 2.0) / 2,
        Saturated(problem.graph().successors(v).size()),
        Saturated(problem.graph().predecessors(v).size()),
        std::min(static_cast<double>(problem.weights()[i]) * problem.chips() / weights, 4.0) / 4,
        largest / (largest + 1),
        chips / (chips + 16),
        1};
    features.insert(features.end(), std::begin(row), std::end(row));
  }
  return features;
}

}  // namespace allot::chips
