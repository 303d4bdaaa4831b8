// Whole shares of a cycle near fractions of it.
#pragma once

#include <algorithm>
#include <cstdint>
#include <utility>
#include <vector>

namespace allot {

// Whole numbers near `uses`, which add up to `sum` > 0, that add up to the cycle: the largest
// remainders are rounded up, of equal ones the first. O(n log n).
inline std::vector<int64_t> WholeShares(const std::vector<double>& uses, double sum,
                                        int64_t cycle) {
  std::vector<int64_t> shares(uses.size());
  std::vector<std::pair<double, size_t>> rest;
  int64_t left = cycle;
  for (size_t i = 0; i < uses.size(); ++i) {
    const double exact = uses[i] / sum * static_cast<double>(cycle);
    shares[i] = static_cast<int64_t>(exact);
    left -= shares[i];
    rest.emplace_back(static_cast<double>(shares[i]) - exact, i);
  }
  std::sort(rest.begin(), rest.end());
  for (size_t i = 0; left > 0 && i < rest.size(); ++i, --left) ++shares[rest[i].second];
  return shares;
}

}  // namespace allot
