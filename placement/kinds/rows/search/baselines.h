// Divisions that look at no nonzero: what a search is compared with.
#pragma once

#include <cstdint>

#include "placement/kinds/rows/model/problem.h"

namespace allot::rows {

// Row i in part i mod P; of unlike speeds each part as often as its speed says, spread evenly.
Division Cyclic(const Problem& problem);
// Rows in their order, part by part, each part up to its share of the weight.
Division Contiguous(const Problem& problem);
// Rows in an order drawn with `seed`, part by part as above.
Division RandomRows(const Problem& problem, uint64_t seed);

// The words of the first and the last of these: what results are reported beside. Neither is held
// to the limits.
struct Baselines {
  int64_t random_words = 0;  // with seed 1
  int64_t cyclic_words = 0;
};
Baselines BaselinesOf(const Problem& problem);

// Makes a division keep to the limits where it does not.
void KeepAllLimits(const Problem& problem, uint64_t seed, Division& division);

}  // namespace allot::rows
