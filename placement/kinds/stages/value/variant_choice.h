// One variant for each layer of a stage: least cost within a memory. The multiple-choice knapsack
// (Kellerer, Pferschy and Pisinger, "Knapsack Problems", 2004, ch. 11), by lists of undominated
// pairs that a linear relaxation cuts short. Published planners take a greedy rule here.
#pragma once

#include <cstdint>
#include <vector>

namespace allot {

struct VariantOption {
  int64_t cost = 0, memory = 0;
};

struct VariantChoice {
  bool possible = false;  // else nothing fits, proved
  int64_t cost = 0;       // of `option`
  int64_t lower = 0;      // no choice costs less; equal to `cost` unless the search grew too long
  std::vector<int32_t> option;  // by layer
  int64_t pairs = 0;            // that the search has grown
};

// options[layer] is not empty; costs and memories are not negative, and sums of costs fit.
// `most_pairs` limits the search.
VariantChoice ChooseVariants(const std::vector<std::vector<VariantOption>>& options, int64_t memory,
                             int64_t most_pairs);

}  // namespace allot
