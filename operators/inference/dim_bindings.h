// Sizes of what a model leaves open.
#pragma once

#include <cstdint>
#include <map>
#include <string>

namespace allot {

// Sizes for dimensions that the model leaves open, used for costs only and never written out.
struct DimBindings {
  std::map<std::string, int64_t> symbols;  // --dim N=4
  int64_t fallback = 1;                    // any other symbol or unknown dimension

  friend bool operator==(const DimBindings&, const DimBindings&) = default;
};

}  // namespace allot
