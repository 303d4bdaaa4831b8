// A value that no solution can be below, and what proves it.
#pragma once

#include <string>

#include "support/units.h"

namespace allot {

struct LowerBound {
  Picos value = 0;
  std::string name;
};

}  // namespace allot
