// Of a reduction what has to do with usage: moments, and what does not fit in them.
#include "placement/kinds/strategies/search/reduction.h"

#include <algorithm>

namespace allot::strategies {
namespace {

// Pairs of neighbours that use at more intervals are not compared.
constexpr size_t kMostPairsOfUsages = 256;

size_t Index(int32_t i) { return static_cast<size_t>(i); }

}  // namespace

// At first all moments at which a node begins to live: what is used changes upwards there only.
void Reduction::MakeMoments(const Problem& problem) {
  std::vector<int64_t> begins;
  for (const strategies::Node& node : problem.nodes) {
    if (node.begin < node.end) begins.push_back(node.begin);
  }
  std::sort(begins.begin(), begins.end());
  begins.erase(std::unique(begins.begin(), begins.end()), begins.end());
  capacity_.assign(begins.size(), problem.usage_limit);
  num_moments_ = static_cast<int32_t>(begins.size());
  for (int32_t m = 0; m < num_moments_; ++m) moments_.push_back(m);
  const auto moment = [&begins](int64_t time) {
    return static_cast<int32_t>(std::lower_bound(begins.begin(), begins.end(), time) -
                                begins.begin());
  };
  for (size_t n = 0; n < nodes_.size(); ++n) {
    const strategies::Node& node = problem.nodes[n];
    if (node.begin >= node.end) continue;
    const auto first = problem.usages.begin() + static_cast<std::ptrdiff_t>(node.first);
    nodes_[n].usages[{moment(node.begin), moment(node.end)}].assign(first, first + node.strategies);
  }
}

// Takes the least that a node uses out of the capacity, and then the moments at which all may use
// what they like, and those at which others say as much.
void Reduction::DropSlackMoments() {
  const auto moments = static_cast<int32_t>(capacity_.size());
  std::vector<int64_t> least(capacity_.size() + 1), most(capacity_.size() + 1);
  std::vector<int32_t> begins(capacity_.size() + 1), ends(capacity_.size() + 1);
  for (Node& node : nodes_) {
    for (auto& [interval, used] : node.usages) {
      const int64_t low = *std::min_element(used.begin(), used.end());
      for (int64_t& each : used) each -= low;
      const int64_t high = *std::max_element(used.begin(), used.end());
      least[Index(interval.first)] += low, least[Index(interval.second)] -= low;
      most[Index(interval.first)] += high, most[Index(interval.second)] -= high;
    }
  }
  int64_t low = 0, high = 0;
  std::vector<char> keep(capacity_.size());
  for (int32_t m = 0; m < moments; ++m) {
    low += least[Index(m)], high += most[Index(m)];
    capacity_[Index(m)] -= low;
    if (capacity_[Index(m)] < 0) infeasible_ = true;
    keep[Index(m)] = high > capacity_[Index(m)];
  }
  const auto renumber = [&] {
    std::vector<int32_t> number(capacity_.size() + 1);
    int32_t next = 0;
    for (size_t m = 0; m < capacity_.size(); ++m) {
      number[m] = next;
      if (!keep[m]) continue;
      moments_[Index(next)] = moments_[m];
      capacity_[Index(next++)] = capacity_[m];
    }
    moments_.resize(Index(next));
    number[capacity_.size()] = next;
    capacity_.resize(Index(next));
    for (size_t n = 0; n < nodes_.size(); ++n) {
      Node& node = nodes_[n];
      Usages left;
      for (const auto& [interval, used] : node.usages) {
        const int32_t begin = number[Index(interval.first)], end = number[Index(interval.second)];
        if (begin == end || *std::max_element(used.begin(), used.end()) == 0) continue;
        std::vector<int64_t>& sum = left[{begin, end}];
        sum.resize(used.size());
        for (size_t s = 0; s < used.size(); ++s) sum[s] += used[s];
      }
      if (left.size() < node.usages.size()) Touch(static_cast<int32_t>(n));
      node.usages = std::move(left);
    }
  };
  renumber();
  begins.assign(capacity_.size() + 1, 0), ends = begins;
  for (const Node& node : nodes_) {
    for (const auto& [interval, used] : node.usages) {
      ++begins[Index(interval.first)], ++ends[Index(interval.second)];
    }
  }
  for (size_t m = 1; m < begins.size(); ++m) begins[m] += begins[m - 1], ends[m] += ends[m - 1];
  keep.assign(capacity_.size(), 1);
  std::vector<int32_t> kept;
  for (int32_t m = 0; m < static_cast<int32_t>(capacity_.size()); ++m) {
    while (!kept.empty()) {
      const bool some_begin = begins[Index(m)] > begins[Index(kept.back())];
      const bool some_end = ends[Index(m)] > ends[Index(kept.back())];
      if (!some_begin && capacity_[Index(m)] >= capacity_[Index(kept.back())]) {
        keep[Index(m)] = 0;
        break;
      }
      if (some_end || capacity_[Index(kept.back())] < capacity_[Index(m)]) break;
      keep[Index(kept.back())] = 0;
      kept.pop_back();
    }
    if (keep[Index(m)]) kept.push_back(m);
  }
  renumber();
}

// What does not fit where all others use the least: strategies, and pairs of neighbours'.
void Reduction::DropTooLarge() {
  // The least capacity of any interval, by tables of powers of two.
  std::vector<std::vector<int64_t>> least = {capacity_};
  for (size_t width = 1; 2 * width <= capacity_.size(); width *= 2) {
    std::vector<int64_t> wider;
    for (size_t m = 0; m + 2 * width <= capacity_.size(); ++m) {
      wider.push_back(std::min(least.back()[m], least.back()[m + width]));
    }
    least.push_back(std::move(wider));
  }
  const auto room = [&least](int32_t begin, int32_t end) {
    size_t level = 0;
    while ((int64_t{2} << level) <= end - begin) ++level;
    return std::min(least[level][Index(begin)], least[level][Index(end) - (size_t{1} << level)]);
  };
  for (size_t n = 0; n < nodes_.size(); ++n) {
    const Node& node = nodes_[n];
    std::vector<char> keep(node.cost.size(), 1);
    for (const auto& [interval, used] : node.usages) {
      const int64_t most = room(interval.first, interval.second);
      for (size_t s = 0; s < keep.size(); ++s) keep[s] = keep[s] && used[s] <= most;
    }
    if (std::find(keep.begin(), keep.end(), 0) != keep.end()) Keep(static_cast<int32_t>(n), keep);
    if (infeasible_) return;
  }
  for (const Edge& edge : edges_) {
    if (edge.cost.empty()) continue;
    const Node& a = nodes_[Index(edge.a)];
    const Node& b = nodes_[Index(edge.b)];
    if (a.usages.size() * b.usages.size() > kMostPairsOfUsages) continue;
    std::vector<char> forbidden(edge.cost.size());
    bool some = false;
    for (const auto& [of_a, used_a] : a.usages) {
      for (const auto& [of_b, used_b] : b.usages) {
        const int32_t begin = std::max(of_a.first, of_b.first);
        const int32_t end = std::min(of_a.second, of_b.second);
        if (begin >= end) continue;
        const int64_t most = room(begin, end);
        for (size_t s = 0; s < used_a.size(); ++s) {
          for (size_t t = 0; t < used_b.size(); ++t) {
            const size_t pair = s * used_b.size() + t;
            if (used_a[s] + used_b[t] <= most || edge.cost[pair] >= kForbidden) continue;
            forbidden[pair] = 1;
            some = true;
          }
        }
      }
    }
    if (some) Forbid(static_cast<int32_t>(&edge - edges_.data()), forbidden);
  }
}

}  // namespace allot::strategies
