// The work of one operator: which matrix products it comes down to, and what else it computes.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <vector>

#include "support/units.h"

namespace allot {

// `batch` products of a matrix [m, k] with a matrix [k, n]: 2 * batch * m * n * k operations, a
// multiply-add counting 2. What an array of multipliers is filled with, and what may be tiled or
// divided among devices.
struct Extents {
  int64_t batch = 1;
  int64_t m = 1, n = 1, k = 1;
  friend bool operator==(const Extents&, const Extents&) = default;
};

// What is unknown counts nothing: no products, no operations.
struct OpWork {
  std::vector<Extents> products;
  // The elements of the data below a window that slides: 9 of a 3x3 convolution or pooling; 1 if
  // there is none. Of a convolution k = channels * window, or n if it is transposed.
  int64_t window = 1;
  int64_t other_operations = 0;  // beside the products
};

// All operations, saturated. No number may be negative.
int64_t Flops(const OpWork& work);

// The product of factors, saturated.
inline int64_t Product(std::initializer_list<int64_t> factors) {
  int64_t product = 1;
  for (int64_t factor : factors) product = SaturatingMultiply(product, factor);
  return product;
}

// `wanted` if it divides `total`, else 1: total = FactorOf(total, wanted) * the rest, whatever a
// broken model says.
inline int64_t FactorOf(int64_t total, int64_t wanted) {
  return wanted > 0 && total % wanted == 0 ? wanted : 1;
}

}  // namespace allot
