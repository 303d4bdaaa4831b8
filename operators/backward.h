// What training adds to an operator: the work of its backward pass, and what of the forward pass it
// reads again.
#pragma once

#include <cstdint>
#include <functional>
#include <vector>

#include "operators/op_view.h"
#include "operators/op_work.h"
#include "support/units.h"

namespace allot {

struct Backward {
  // By operand: it gets a gradient. None where no gradient was wanted or the operator has none.
  std::vector<bool> gradients;
  OpWork work;  // of all these gradients together
  // By operand and by result: its elements are read again, so they have to be kept.
  std::vector<bool> keeps_operands, keeps_results;
  // What else the forward pass keeps: masks, statistics, what lies between its products.
  Bytes keeps_more = 0;
  // The first result is the first operand in another shape: the same bytes, kept once.
  bool view = false;

  // Whether it has a backward pass at all.
  bool any() const;
};

// `wanted`: by operand, whether anything asks for its gradient; `forward`: the work of the forward
// pass. Types are those of the run that is planned for; what is unknown counts nothing.
using BackwardRule = std::function<Backward(const OpView& view, const std::vector<bool>& wanted,
                                            const OpWork& forward)>;

// The gradients of both factors of a product [m, k] x [k, n] are products themselves: that of its
// result with the second factor, and of the first factor with it.
Extents GradientOfFirst(const Extents& product);
Extents GradientOfSecond(const Extents& product);

}  // namespace allot
