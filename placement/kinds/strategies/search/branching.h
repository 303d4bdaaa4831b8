// Branch and bound over what a price search leaves open: the problem with the least bound first,
// then down into the more promising half of each.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <vector>

#include "placement/kinds/strategies/search/price_search.h"

namespace allot::strategies {

class Branching {
 public:
  // `root` has been run. `iterations`: prices tried for each problem.
  Branching(PriceSearch root, int64_t iterations);

  // Until the best answer is proved or the budget is over.
  void Run(Budget& budget);
  // Someone has found a better answer.
  void Lower(int64_t below);

  // Nothing is left to be branched on.
  bool exhausted() const { return open_.empty() && !current_.has_value(); }
  // The best answer is proved.
  bool closed() const { return exhausted() && given_up_ >= below_; }
  // What no answer is below; below() at most.
  int64_t bound() const;
  int64_t below() const { return below_; }
  const std::optional<Choice>& best() const { return best_; }
  // Called whenever one of both gets better.
  std::function<void()> on_progress;

 private:
  struct Open {
    Reduction reduction;
    std::vector<double> prices;
  };

  void Take(const PriceSearch& search);
  void Branch(Budget& budget);

  int64_t below_;
  std::optional<Choice> best_;
  const int64_t iterations_;
  std::optional<PriceSearch> current_;
  int64_t current_bound_ = 0;
  std::multimap<int64_t, Open> open_;  // by bound
  int64_t given_up_ = kForbidden;      // the least bound of what there was no room to keep
};

// The strategies of one node, parted in two: the first half looks more promising.
struct Split {
  int32_t node = 0;  // of the reduction
  std::vector<char> first;
};
// Where to part: a node that the prices leave most undecided. The search must not be closed.
Split ChooseSplit(const PriceSearch& search);

}  // namespace allot::strategies
