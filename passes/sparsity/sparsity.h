// What can be said of where a matrix of weights is not zero.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "passes/sparsity/bit_matrix.h"

namespace allot {

struct Sparsity {
  int64_t neurons = 0, inputs = 0, nonzeros = 0;
  int64_t empty_neurons = 0, unread_inputs = 0;
  int64_t distinct_neurons = 0;  // that read different inputs; the empty ones count one
  // The largest of 32, 16, 8, 4, 2 such that aligned square blocks of it are all zero or have no
  // zero at all; 1: none.
  int64_t block = 1;
  // Aligned groups of so many inputs have at most so many nonzeros each, at most half of it: 2:4,
  // 4:8, 8:16, or fewer of each; 0: none.
  int64_t n = 0, m = 0;

  double density() const {
    return neurons * inputs == 0
               ? 0
               : static_cast<double>(nonzeros) / static_cast<double>(neurons * inputs);
  }
};

// Neurons are rows. O(rows * columns / 8) or so.
Sparsity SparsityOf(const BitMatrix& bits);

// "32768 of 1048576 nonzero (3.13 %), 64 distinct neurons of 1024, ..."
std::string Describe(const Sparsity& sparsity);

}  // namespace allot
