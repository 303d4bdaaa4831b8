#include "placement/kinds/stages/search/orders.h"

#include <algorithm>
#include <utility>

namespace allot {
namespace {

// next(ready) takes one of those that are ready out of them.
template <typename Next>
std::vector<int32_t> Order(const BlockGraph& blocks, Next next) {
  std::vector<size_t> open;
  std::vector<int32_t> ready, order;
  for (size_t b = blocks.size(); b-- > 0;) {
    if (blocks.before[b].empty()) ready.push_back(static_cast<int32_t>(b));
  }
  for (const std::vector<int32_t>& before : blocks.before) open.push_back(before.size());
  while (!ready.empty()) {
    const int32_t block = next(ready);
    order.push_back(block);
    const std::vector<int32_t>& after = blocks.after[static_cast<size_t>(block)];
    for (size_t i = after.size(); i-- > 0;) {
      if (--open[static_cast<size_t>(after[i])] == 0) ready.push_back(after[i]);
    }
  }
  return order;
}

int32_t TakeAt(std::vector<int32_t>& ready, size_t at) {
  const int32_t block = ready[at];
  ready.erase(ready.begin() + static_cast<ptrdiff_t>(at));
  return block;
}

}  // namespace

std::vector<int32_t> DepthFirstOrder(const BlockGraph& blocks) {
  return Order(blocks, [](std::vector<int32_t>& ready) { return TakeAt(ready, ready.size() - 1); });
}

std::vector<int32_t> BreadthFirstOrder(const BlockGraph& blocks) {
  return Order(blocks, [](std::vector<int32_t>& ready) { return TakeAt(ready, 0); });
}

std::vector<int32_t> RandomOrder(const BlockGraph& blocks, const std::vector<int32_t>& rank,
                                 Random& random) {
  return Order(blocks, [&](std::vector<int32_t>& ready) {
    int32_t least = rank[static_cast<size_t>(ready[0])];
    for (const int32_t b : ready) least = std::min(least, rank[static_cast<size_t>(b)]);
    std::vector<size_t> first;
    for (size_t i = 0; i < ready.size(); ++i) {
      if (rank[static_cast<size_t>(ready[i])] == least) first.push_back(i);
    }
    // Mostly along a branch: then cuts lie between branches too.
    const bool along = random.Below(4) != 0;
    return TakeAt(
        ready, along
                   ? first.back()
                   : first[static_cast<size_t>(random.Below(static_cast<int64_t>(first.size())))]);
  });
}

}  // namespace allot
