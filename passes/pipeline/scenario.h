// One of several uses of a model that share one placement: a prefill, a step of decoding.
#pragma once

#include <cstdint>
#include <string>

#include "operators/inference/dim_bindings.h"

namespace allot {

struct Scenario {
  std::string name;
  DimBindings dims;
  int64_t weight = 1;  // inferences of it in a round of all scenarios

  friend bool operator==(const Scenario&, const Scenario&) = default;
};

}  // namespace allot
