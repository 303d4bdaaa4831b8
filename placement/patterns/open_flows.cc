#include "placement/patterns/open_flows.h"

#include <algorithm>
#include <limits>
#include <utility>

namespace allot {
namespace {

size_t Size(int32_t i) { return static_cast<size_t>(i); }

// Orders of units by how many flows they leave open: greedily from a first unit, always the one
// that opens the fewest. What touches a single flow of two comes right behind the other end.
class Ordering {
 public:
  Ordering(const LoadModel& model, const std::vector<char>& kept)
      : model_(model), flows_(Size(model.num_units)), leaves_(flows_.size()) {
    for (size_t f = 0; f < model.flows.size(); ++f) {
      if (!kept[f]) continue;
      flows_[Size(model.flows[f].from)].push_back(static_cast<int32_t>(f));
      for (const int32_t to : model.flows[f].to)
        flows_[Size(to)].push_back(static_cast<int32_t>(f));
    }
    is_leaf_.assign(flows_.size(), 0);
    for (size_t unit = 0; unit < flows_.size(); ++unit) {
      if (flows_[unit].size() != 1) continue;
      const LoadModel::Flow& flow = model.flows[Size(flows_[unit][0])];
      if (flow.to.size() != 1) continue;
      const size_t other = Size(flow.from) == unit ? Size(flow.to[0]) : Size(flow.from);
      if (flows_[other].size() == 1) continue;
      is_leaf_[unit] = 1;
      leaves_[other].push_back(static_cast<int32_t>(unit));
    }
  }

  // Tries several first units, and going on with what was opened last or first.
  std::vector<int32_t> Best() {
    constexpr int32_t kStarts = 6;
    std::vector<int32_t> best;
    double least = 0;
    for (int32_t i = 0; i < kStarts; ++i) {
      const auto start = static_cast<int32_t>(static_cast<int64_t>(i) * model_.num_units / kStarts);
      for (const int32_t newest : {1, -1}) {
        std::vector<int32_t> order;
        const double cost = Greedy(start, newest, order);
        if (!best.empty() && cost >= least) continue;
        least = cost;
        best = std::move(order);
      }
    }
    return best;
  }

 private:
  // Returns about the number of states.
  double Greedy(int32_t start, int32_t newest, std::vector<int32_t>& order) {
    const size_t n = flows_.size();
    std::vector<char> done(n, 0);
    std::vector<int32_t> left(model_.flows.size()), opened(model_.flows.size(), -1);
    for (size_t f = 0; f < left.size(); ++f) {
      left[f] = static_cast<int32_t>(model_.flows[f].to.size()) + 1;
    }
    int32_t open = 0;
    double cost = 0;
    const auto process = [&](int32_t unit) {
      done[Size(unit)] = 1;
      order.push_back(unit);
      for (const int32_t f : flows_[Size(unit)]) {
        if (opened[Size(f)] < 0) {
          opened[Size(f)] = static_cast<int32_t>(order.size());
          ++open;
        }
        if (--left[Size(f)] == 0) --open;
      }
      cost += static_cast<double>(uint64_t{1} << std::min(open, 60));
    };
    while (order.size() < n) {
      std::pair<int32_t, int32_t> best;  // more open flows, then age
      int32_t chosen = -1;
      for (int32_t unit = 0; unit < model_.num_units; ++unit) {
        if (order.empty() && unit != start && !is_leaf_[Size(start)]) continue;
        if (done[Size(unit)] || is_leaf_[Size(unit)]) continue;
        std::pair<int32_t, int32_t> key{-static_cast<int32_t>(leaves_[Size(unit)].size()),
                                        std::numeric_limits<int32_t>::max()};
        for (const int32_t f : flows_[Size(unit)]) {
          if (opened[Size(f)] < 0) {
            ++key.first;
          } else {
            key.second = std::min(key.second, -newest * opened[Size(f)]);
          }
          if (left[Size(f)] == 1) --key.first;
        }
        if (chosen >= 0 && key >= best) continue;
        best = key;
        chosen = unit;
      }
      process(chosen);
      for (const int32_t leaf : leaves_[Size(chosen)]) process(leaf);
    }
    return cost;
  }

  const LoadModel& model_;
  std::vector<std::vector<int32_t>> flows_, leaves_;  // by unit
  std::vector<char> is_leaf_;
};

}  // namespace

std::vector<int32_t> OrderByOpenFlows(const LoadModel& model, const std::vector<char>& counts) {
  return Ordering(model, counts).Best();
}

}  // namespace allot
