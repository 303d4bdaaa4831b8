// Bounds and answers of a reduced problem by moving the prices of moments towards those at which
// nothing is used too much (subgradients with a deflected direction: Held and Karp 1971, Camerini
// et al. 1975), while messages keep the bound close to the best for these prices; what cannot be in
// a better answer is taken out on the way.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include "placement/kinds/strategies/search/dual.h"

namespace allot::strategies {

// What a search may spend, in entries of matrices read, and what it has.
struct Budget {
  int64_t limit = 0, spent = 0;
  std::function<bool()> stop;  // may be empty
  bool stopped = false;

  bool Over() {
    if (!stopped) stopped = spent >= limit || (stop && stop());
    return stopped;
  }
};

class PriceSearch {
 public:
  // Answers of `below` or more are not looked for. `prices`: by all moments that there were at
  // first, not scaled; empty: none are known.
  PriceSearch(Reduction reduction, int64_t below, std::vector<double> prices);

  // Until the bound meets the best answer, nothing moves any more, `iterations` prices were tried
  // or the budget is over.
  void Run(int64_t iterations, Budget& budget);

  // Whether no answer is better than `below`, or the one that was found.
  bool closed() const { return bound_ >= below_; }
  int64_t bound() const { return bound_; }  // of all answers; closed: at least below()
  // One less than it costs is what is looked for now.
  int64_t below() const { return below_; }
  // Below the first `below`: an answer of the problem.
  const std::optional<Choice>& best() const { return best_; }
  // Whether more iterations would change anything.
  bool stuck() const { return step_ <= kSmallestStep; }
  // How far prices move at first; smaller where they are known.
  void SetStep(double step) { step_ = step; }
  // Someone has found a better one.
  void Lower(int64_t below) { below_ = std::min(below_, below); }

  const std::vector<double>& prices() const { return prices_; }
  const Reduction& reduction() const { return reduction_; }
  // By node of the core: how often each strategy was best of late; sums to about one.
  const std::vector<std::vector<double>>& shares() const { return shares_; }
  // What the shares and the numbers of nodes below are of; there is one unless closed().
  const Core& core() const { return *core_; }
  // What is paid for what a strategy uses, by place in Core::cost.
  int64_t Price(size_t place) const { return dual_->Price(place); }
  // A choice of the core that is about the best for the prices, within capacities or not.
  const Choice& relaxed() const { return relaxed_; }

 private:
  static constexpr double kSmallestStep = 1e-6;

  bool Rebuild(Budget& budget);
  void Iterate(Budget& budget);
  void Offer(const Choice& choice);
  bool Prune(Budget& budget);

  Reduction reduction_;
  int64_t below_, bound_ = 0;
  std::optional<Choice> best_;
  std::vector<double> prices_;  // by all moments
  std::unique_ptr<Core> core_;
  std::unique_ptr<Dual> dual_;
  std::vector<double> direction_;  // by all moments
  double step_ = 0.1;
  int since_better_ = 0;
  int64_t best_of_core_ = 0;  // bound, scaled
  std::vector<std::vector<double>> shares_;
  Choice relaxed_;
};

}  // namespace allot::strategies
