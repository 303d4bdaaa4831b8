// What reports call a pass, as mlir-opt calls its passes by class and by argument.
#pragma once

#include <string>

#include "absl/strings/ascii.h"
#include "absl/strings/string_view.h"

namespace allot {

// "infer-shapes" -> "InferShapes".
inline std::string PassLabel(absl::string_view argument) {
  std::string label;
  bool begins = true;
  for (const char c : argument) {
    if (c == '-') {
      begins = true;
      continue;
    }
    label += begins ? absl::ascii_toupper(static_cast<unsigned char>(c)) : c;
    begins = false;
  }
  return label;
}

}  // namespace allot
