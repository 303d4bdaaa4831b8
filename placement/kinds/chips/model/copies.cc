#include "placement/kinds/chips/model/copies.h"

#include <algorithm>
#include <limits>

namespace allot::chips {
namespace {

constexpr size_t kMostInCone = 256;

}  // namespace

CopyLimits UsualCopyLimits(const Problem& problem) {
  int64_t work = 0;
  for (const Node& node : problem.nodes) work = SaturatingAdd(work, node.work);
  return {work / problem.chips / 100,
          problem.memory.has_value() ? *problem.memory / 64 : std::numeric_limits<Bytes>::max()};
}

void MarkCopies(const CopyLimits& limits, Problem& problem) {
  std::vector<int32_t> readers(problem.nodes.size());
  for (const Node& node : problem.nodes) {
    for (const int32_t from : node.reads) ++readers[static_cast<size_t>(from)];
  }
  // By node: itself and all that it depends on, if that is copied.
  std::vector<std::vector<int32_t>> cone(problem.nodes.size());
  for (size_t v = 0; v < problem.nodes.size(); ++v) {
    Node& node = problem.nodes[v];
    node.copied = false;
    if (readers[v] == 0) continue;
    std::vector<int32_t>& all = cone[v];
    all = {static_cast<int32_t>(v)};
    bool copies = true;
    for (const int32_t from : node.reads) {
      const std::vector<int32_t>& other = cone[static_cast<size_t>(from)];
      copies = copies && problem.nodes[static_cast<size_t>(from)].copied &&
               all.size() + other.size() <= kMostInCone;
      if (!copies) break;
      all.insert(all.end(), other.begin(), other.end());
    }
    std::sort(all.begin(), all.end());
    all.erase(std::unique(all.begin(), all.end()), all.end());
    int64_t work = 0, weights = 0;
    for (const int32_t u : all) {
      work = SaturatingAdd(work, problem.nodes[static_cast<size_t>(u)].work);
      weights = SaturatingAdd(weights, problem.nodes[static_cast<size_t>(u)].weights);
    }
    const bool goes_along = node.reads.empty() && node.work == 0 && readers[v] == 1;
    node.copied = copies && ((work <= limits.work && weights <= limits.weights) || goes_along);
  }
}

}  // namespace allot::chips
