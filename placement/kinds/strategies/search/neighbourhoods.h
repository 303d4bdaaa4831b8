// Better answers from a good one: all but a few nodes stay as they are, and what is left is solved
// by prices and branches (large neighbourhood search: Shaw, CP 1998).
#pragma once

#include <cstdint>
#include <utility>
#include <vector>

#include "placement/kinds/strategies/search/branching.h"
#include "support/random.h"

namespace allot::strategies {

class Neighbourhoods {
 public:
  // `base`: all its nodes are present, and no strategy of the answer is missing. `prices`: by its
  // moments, as a price search has found them. Starts from an answer of that value.
  // Keeps a reference to the base.
  Neighbourhoods(const Reduction& base, std::vector<double> prices, uint64_t seed, Choice answer,
                 int64_t value);

  // Goes on from a better answer.
  void Start(Choice answer, int64_t value) {
    choice_ = std::move(answer);
    value_ = value;
  }
  void SetPrices(std::vector<double> prices) { prices_ = std::move(prices); }
  // Frees some nodes and looks for something better. True if it was found.
  bool Step(Budget& budget);

  int64_t value() const { return value_; }
  // A choice of the base.
  const Choice& answer() const { return choice_; }

 private:
  std::vector<int32_t> ChooseFree();
  void FreeAround(int32_t node, size_t count, std::vector<char>& free);
  void FreeAtMoment(size_t count, std::vector<char>& free);

  const Reduction& base_;
  std::vector<double> prices_;
  Random random_;
  std::vector<std::vector<int32_t>> users_;  // by moment: who uses something
  Choice choice_;                            // of the base
  int64_t value_ = kForbidden;
  double size_ = 40;  // how many nodes are freed
};

}  // namespace allot::strategies
