#include "placement/trained/device_sets.h"

#include <algorithm>

namespace allot {
namespace {

// Sets in which devices keep their order: for each n, the last k of the first n.
DeviceSets InOrder(const std::vector<size_t>& order, size_t most) {
  DeviceSets result;
  result.complete = false;
  result.sets.emplace_back();
  for (size_t n = 1; n <= std::min(order.size(), most); ++n) {
    size_t from = 0;
    for (size_t k = 1; k <= n; ++k) {
      result.sets.push_back({k, {{order[n - k], from}}});
      from = result.sets.size() - 1;
    }
  }
  return result;
}

}  // namespace

size_t DeviceSets::num_ways() const {
  size_t ways = 0;
  for (const Set& set : sets) ways += set.ways.size();
  return ways;
}

DeviceSets MakeDeviceSets(const std::vector<size_t>& counts, const std::vector<size_t>& order,
                          size_t most) {
  size_t size = 1;
  std::vector<size_t> stride;
  for (const size_t count : counts) {
    stride.push_back(size);
    size *= std::min(count, most) + 1;
    if (size > kMostTrainedSets) return InOrder(order, most);
  }
  // Numbered such that subsets come first.
  DeviceSets result;
  for (size_t set = 0; set < size; ++set) {
    DeviceSets::Set& of = result.sets.emplace_back();
    for (size_t c = 0; c < counts.size(); ++c) {
      const size_t used = set / stride[c] % (std::min(counts[c], most) + 1);
      of.num_devices += used;
      if (used > 0) of.ways.push_back({c, set - stride[c]});
    }
    // Larger ones are there, so that numbers are places, but nothing grows to them.
    if (of.num_devices > most) of.ways.clear();
  }
  return result;
}

}  // namespace allot
