#include "placement/kinds/chips/search/slices.h"

#include <algorithm>
#include <limits>

#include "placement/kinds/chips/model/evaluate.h"
#include "support/graph/topo_order.h"

namespace allot::chips {
namespace {

constexpr int32_t kNone = std::numeric_limits<int32_t>::max();

}  // namespace

Slicer::Slicer(const Compiled& problem)
    : problem_(problem), inside_(static_cast<size_t>(problem.size())) {}

void Slicer::SetOrder(const std::vector<int32_t>& order) {
  order_ = order;
  const std::vector<int32_t> position = Positions(order);
  const size_t n = order.size();
  crossing_.assign(n + 1, 0);
  farthest_.assign(n + 1, -1);
  for (size_t i = 0; i < n; ++i) {
    int32_t last = -1;
    for (const int32_t w : problem_.graph().successors(order[i])) {
      last = std::max(last, position[static_cast<size_t>(w)]);
    }
    farthest_[i + 1] = std::max(farthest_[i], last);
    if (last < 0) continue;
    const Picos transfer = problem_.transfer()[static_cast<size_t>(order[i])];
    crossing_[i + 1] += transfer;
    crossing_[static_cast<size_t>(last) + 1] -= transfer;
  }
  for (size_t i = 1; i <= n; ++i) crossing_[i] += crossing_[i - 1];
}

bool Slicer::Fits(size_t begin, size_t end) const {
  std::vector<int32_t> nodes(order_.begin() + static_cast<int64_t>(begin),
                             order_.begin() + static_cast<int64_t>(end));
  std::sort(nodes.begin(), nodes.end());
  for (const int32_t v : nodes) inside_[static_cast<size_t>(v)] = true;
  const bool fits = PeakMemoryOf(problem_, nodes, inside_) <= *problem_.problem().memory;
  for (const int32_t v : nodes) inside_[static_cast<size_t>(v)] = false;
  return fits;
}

std::optional<Assignment> Slicer::Within(Picos most) {
  const size_t n = order_.size();
  const bool limited = problem_.problem().memory.has_value();
  const Bytes memory = limited ? *problem_.problem().memory : 0;
  slices_.assign(n + 1, kNone);
  from_.assign(n + 1, -1);
  copy_seen_.assign(problem_.shared().size(), -1);
  slices_[0] = 0;
  for (size_t end = 1; end <= n; ++end) {
    if (crossing_[end] > most) continue;
    Picos work = 0;
    Bytes weights = 0;
    for (size_t begin = end; begin-- > 0;) {
      ++steps_;
      const auto v = static_cast<size_t>(order_[begin]);
      work += problem_.work()[v];
      weights += problem_.weights()[v];
      for (const int32_t copy : problem_.needs()[v]) {
        int32_t& seen = copy_seen_[static_cast<size_t>(copy)];
        if (seen == static_cast<int32_t>(end)) continue;
        seen = static_cast<int32_t>(end);
        work += problem_.shared()[static_cast<size_t>(copy)].work;
        weights += problem_.shared()[static_cast<size_t>(copy)].weights;
      }
      if (work > most || (limited && weights > memory)) break;
      if (farthest_[begin] >= static_cast<int32_t>(end) || slices_[begin] == kNone) continue;
      if (slices_[begin] + 1 >= slices_[end] || slices_[begin] >= problem_.chips()) continue;
      if (limited && !Fits(begin, end)) continue;
      slices_[end] = slices_[begin] + 1;
      from_[end] = static_cast<int32_t>(begin);
    }
  }
  if (slices_[n] == kNone) return std::nullopt;
  Assignment chips(n);
  int32_t chip = slices_[n] - 1;
  for (size_t end = n; end > 0; --chip) {
    const auto begin = static_cast<size_t>(from_[end]);
    for (size_t i = begin; i < end; ++i) chips[static_cast<size_t>(order_[i])] = chip;
    end = begin;
  }
  return chips;
}

std::optional<Cutting> Slicer::Cut(const std::vector<int32_t>& order, Picos limit, Picos bound) {
  if (limit <= bound) return std::nullopt;
  SetOrder(order);
  std::optional<Cutting> best;
  Picos low = bound, high = limit - 1;  // nothing is below `low`; first ask whether anything is
  Picos next = high;
  while (low <= high) {
    if (std::optional<Assignment> chips = Within(next)) {
      const Picos value = Bottleneck(problem_, *chips);
      best = Cutting{*std::move(chips), value};
      high = value - 1;
    } else {
      low = next + 1;
    }
    next = low + (high - low) / 2;
  }
  return best;
}

}  // namespace allot::chips
