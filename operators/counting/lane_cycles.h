// Cycles that a lane of a vector core needs for an element of the result.
#pragma once

#include "absl/strings/string_view.h"

namespace allot {

struct LaneCycles {
  double forward = 1, backward = 1;
};

// By operator. One that is not in the table takes a cycle for each of its `operations` on an
// element, and twice as many backward.
LaneCycles LaneCyclesOf(absl::string_view op_type, double operations);

}  // namespace allot
