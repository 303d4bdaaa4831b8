// The floating point operations of one operator, by family. A multiply-add counts 2; what is
// unknown counts 0; sums saturate.
#pragma once

#include <cstdint>

#include "operators/op_family.h"
#include "operators/op_view.h"

namespace allot {

int64_t FlopsOf(const OpEntry& op, const OpView& view);

// The parts of the above; each knows the rules of its file and returns 0 for others.
int64_t MatrixFlops(const OpEntry& op, const OpView& view);
int64_t AttentionFlops(const OpEntry& op, const OpView& view);
int64_t WindowFlops(const OpEntry& op, const OpView& view);

// Of an Einsum: operands are contracted from left to right, each result keeping the labels that are
// still needed. 0 for a malformed equation.
int64_t EinsumFlops(absl::string_view equation,
                    const std::vector<std::vector<int64_t>>& operand_dims);

// The product of factors, saturated.
inline int64_t Product(std::initializer_list<int64_t> factors) {
  int64_t product = 1;
  for (int64_t factor : factors) product = SaturatingMultiply(product, factor);
  return product;
}

// The smallest n with 2^n >= count; 0 for counts below 2.
inline int64_t CeilLog2(int64_t count) {
  int64_t log = 0;
  while (log < 62 && (int64_t{1} << log) < count) ++log;
  return log;
}

}  // namespace allot
