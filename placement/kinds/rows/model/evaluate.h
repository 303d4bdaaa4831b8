// What a division is worth, as searches count it: by groups of readers, with sets of parts as bits.
#pragma once

#include <cstdint>
#include <vector>

#include "placement/kinds/rows/model/problem.h"

namespace allot::rows {

struct Traffic {
  int64_t cost = 0;               // words times what their links cost
  int64_t words = 0;              // for each sample
  std::vector<int64_t> words_of;  // by tensor that is sent
  std::vector<int64_t> links;     // words from part to part, row by row
  int64_t messages = 0;           // pairs of parts that exchange words, over all tensors
  int64_t most_sent = 0;          // the most words that one part sends
};

// Words of one tensor's neurons from part to part, row by row: each is sent once to each part that
// reads it, except its own. O(nonzeros of patterns that read it * parts / 64 + neurons * readers +
// parts^2).
std::vector<int64_t> LinksOf(const Problem& problem, const Division& division, size_t t);

// Each neuron is sent once to each part that reads it, except its own. O(nonzeros of patterns *
// parts / 64 + neurons * readers).
Traffic TrafficOf(const Problem& problem, const Division& division);

// Traffic::cost alone: the value of a division.
int64_t Evaluate(const Problem& problem, const Division& division);

// The words of sending each neuron that anybody reads to all other parts. Rows that only follow
// (OnlyFollows()) are with what they read, here and below.
int64_t BroadcastWords(const Problem& problem);

// The words of a division in which each neuron's part is drawn alone and evenly, expected: for a
// neuron with d readers (P-1)(1 - (1-1/P)^d); one of an input without a home, which goes to a part
// that reads it, P(1 - (1-1/P)^d) - 1.
double ExpectedRandomWords(const Problem& problem);

}  // namespace allot::rows
