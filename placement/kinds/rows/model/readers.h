// Which parts read a tensor's neurons.
#pragma once

#include <cstdint>
#include <vector>

#include "placement/kinds/rows/model/problem.h"

namespace allot::rows {

// A set of parts for each neuron, 64 to a word.
class ReaderParts {
 public:
  ReaderParts(int32_t neurons, int32_t parts)
      : stride_((static_cast<size_t>(parts) + 63) / 64),
        bits_(static_cast<size_t>(neurons) * stride_) {}

  size_t stride() const { return stride_; }
  const uint64_t* Of(size_t neuron) const { return bits_.data() + neuron * stride_; }
  bool Has(size_t neuron, int32_t part) const {
    return (Of(neuron)[static_cast<size_t>(part) / 64] >> (part % 64) & 1) != 0;
  }
  // visit(part), ascending.
  template <typename Visit>
  void ForEach(size_t neuron, Visit visit) const {
    for (size_t w = 0; w < stride_; ++w) {
      for (uint64_t bits = Of(neuron)[w]; bits != 0; bits &= bits - 1) {
        visit(static_cast<int32_t>(w * 64) + __builtin_ctzll(bits));
      }
    }
  }
  // Adds the parts of the rows of a tensor that reads these neurons through `source`. O(rows +
  // columns of patterns * parts / 64).
  void Add(const Source& source, const std::vector<int32_t>& part_of_row);

 private:
  size_t stride_;
  std::vector<uint64_t> bits_;
};

// The parts that read tensor `t`, through all tensors whose division is there (not empty), but for
// `without` (-1: none is left out).
ReaderParts ReadersOf(const Problem& problem, const Division& division, size_t t, int32_t without);

}  // namespace allot::rows
