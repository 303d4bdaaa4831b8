// What a step of training takes with a division: forward, back, and the gradient of the weights.
#pragma once

#include <cstdint>
#include <vector>

#include "placement/kinds/rows/model/problem.h"

namespace allot::rows {

// Forward, a part multiplies its rows with what it reads. Back, it multiplies the transposed rows
// with their gradients, which gives a partial sum for each neuron that it reads; these go the way
// of the forward words, in the other direction, and the owner adds them. The gradient of a weight
// is the product of what its part has by then: it takes no words, and is kept where weights are not
// zero. Inputs without a home are data: nothing goes back to them, and no transposed product is
// made for them.
struct TrainingStep {
  int64_t words = 0;              // for each sample
  int64_t cost = 0;               // words times what their links cost
  std::vector<int64_t> links;     // words from part to part, row by row
  int64_t messages = 0;           // pairs of parts that exchange words, forward and back
  int64_t most_sent = 0;          // the most words that one part sends
  std::vector<int64_t> forward;   // by part: what its rows weigh, as for the balance
  std::vector<int64_t> backward;  // by part: the same of transposed products and of gradients
};

// O(nonzeros of patterns * parts / 64 + neurons * readers + tensors * parts^2).
TrainingStep TrainingOf(const Problem& problem, const Division& division);

}  // namespace allot::rows
