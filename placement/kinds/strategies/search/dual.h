// A bound on what every answer costs, and good first answers, by passing messages along edges
// (sequential tree-reweighted message passing: Kolmogorov, PAMI 2006) while every moment has a
// price for what is used (Lagrange multipliers). All in whole numbers: whatever messages and prices
// are, the bound that they give is proved.
#pragma once

#include <cstdint>
#include <vector>

#include "placement/kinds/strategies/search/core.h"
#include "support/units.h"

namespace allot::strategies {

class Dual {
 public:
  // Keeps a reference to the core.
  explicit Dual(const Core& core);

  // One pass forth and one back. Linear in the matrices; returns how many entries were read.
  int64_t Sweep();
  // No answer of the core costs less, in scaled units without Core::constant.
  int64_t Bound() const;
  // The same in units of the problem, with Core::constant.
  int64_t BoundOfTotal() const;
  // For each strategy, by place in Core::cost: no answer with it costs less, scaled. One pass forth
  // and one back, several times the price of Sweep().
  std::vector<int64_t> BoundsOfStrategies();

  // Node by node the best strategy, given those chosen and the messages of the others.
  // `within_capacity`: among those that leave every moment within its capacity, where there is one.
  Choice Round(bool within_capacity) const;
  // What is paid for what the strategy uses, rounded down.
  int64_t Price(size_t place) const { return weight_[place]; }
  const std::vector<int64_t>& prices() const { return price_; }
  // By moment, in scaled units of cost per 2^kPriceBits of usage.
  void SetPrices(std::vector<int64_t> prices);
  static constexpr int kPriceBits = 20;

 private:
  void Send(size_t node, bool forward);
  void Gather(size_t node, std::vector<int64_t>& sum) const;
  int64_t LeastOfNode(size_t node) const;
  int64_t LeastOfEdge(const Core::Edge& edge) const;
  // For each strategy of the node: what the edge adds at least.
  void LeastWith(const Core::Edge& edge, size_t node, std::vector<int64_t>& least) const;
  Int128 LeastAround(size_t node) const;

  const Core& core_;
  std::vector<int64_t> message_;  // by Core::Edge::to_a, to_b: what the end is told
  std::vector<int64_t> price_;    // by moment, in units of 2^-kPriceBits
  std::vector<int64_t> weight_;   // by place in Core::cost
  int64_t paid_back_ = 0;         // for all of the capacity, rounded up
  std::vector<int64_t> sum_, share_, part_;
};

// What a choice uses at each moment.
std::vector<int64_t> UsedBy(const Core& core, const Choice& choice);
// Its cost, scaled; Core::forbidden or more if it is forbidden.
int64_t CostOf(const Core& core, const Choice& choice);

}  // namespace allot::strategies
