// Of a reduction what is left where some nodes are fixed.
#include "placement/kinds/strategies/search/reduction.h"

#include <algorithm>

namespace allot::strategies {
namespace {

size_t Index(int32_t i) { return static_cast<size_t>(i); }

}  // namespace

Reduction::Part Reduction::PartOf(const std::vector<int32_t>& free, const Choice& fixed) const {
  Part part;
  part.nodes = free;
  Reduction& left = part.reduction;
  const size_t count = free.size();
  left.constant_ = constant_;
  left.infeasible_ = infeasible_;
  left.capacity_ = capacity_;
  left.nodes_.resize(count);
  left.original_.resize(count);
  left.decided_.resize(count);
  left.is_touched_.resize(count);
  std::vector<int32_t> number(nodes_.size(), -1);
  for (size_t i = 0; i < count; ++i) {
    const Node& node = nodes_[Index(free[i])];
    number[Index(free[i])] = static_cast<int32_t>(i);
    left.nodes_[i].cost = node.cost;
    left.nodes_[i].usages = node.usages;
    for (int32_t s = 0; s < node.strategies(); ++s) left.original_[i].push_back(s);
  }
  std::vector<int64_t> change(capacity_.size() + 1);
  for (size_t n = 0; n < nodes_.size(); ++n) {
    if (!nodes_[n].present || number[n] >= 0) continue;
    left.constant_ = AddCosts(left.constant_, nodes_[n].cost[Index(fixed[n])]);
    for (const auto& [interval, used] : nodes_[n].usages) {
      change[Index(interval.first)] += used[Index(fixed[n])];
      change[Index(interval.second)] -= used[Index(fixed[n])];
    }
  }
  int64_t used = 0;
  for (size_t m = 0; m < capacity_.size(); ++m) left.capacity_[m] -= used += change[m];
  for (const Edge& edge : edges_) {
    if (edge.cost.empty()) continue;
    const size_t a = Index(edge.a), b = Index(edge.b), columns = nodes_[b].cost.size();
    if (number[a] >= 0 && number[b] >= 0) {
      left.AddEdge(number[a], number[b], edge.cost);
    } else if (number[a] >= 0) {
      std::vector<int64_t>& cost = left.nodes_[Index(number[a])].cost;
      for (size_t s = 0; s < cost.size(); ++s) {
        cost[s] = AddCosts(cost[s], edge.cost[s * columns + Index(fixed[b])]);
      }
    } else if (number[b] >= 0) {
      std::vector<int64_t>& cost = left.nodes_[Index(number[b])].cost;
      for (size_t t = 0; t < columns; ++t) {
        cost[t] = AddCosts(cost[t], edge.cost[Index(fixed[a]) * columns + t]);
      }
    } else {
      left.constant_ =
          AddCosts(left.constant_, edge.cost[Index(fixed[a]) * columns + Index(fixed[b])]);
    }
  }
  left.num_moments_ = static_cast<int32_t>(capacity_.size());
  for (int32_t m = 0; m < left.num_moments_; ++m) left.moments_.push_back(m);
  left.DropSlackMoments();
  part.moments = left.moments_;
  left.num_moments_ = static_cast<int32_t>(left.moments_.size());
  for (int32_t m = 0; m < left.num_moments_; ++m) left.moments_[Index(m)] = m;
  return part;
}

}  // namespace allot::strategies
