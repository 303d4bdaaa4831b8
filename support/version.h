// The version of Allot, and the one place that has it: CMake and the Python package read this line.
// docs/releasing.md says when it changes.
#pragma once

// A macro too, for texts that the preprocessor puts together.
#define ALLOT_VERSION "0.1.0"

namespace allot {

inline constexpr char kVersion[] = ALLOT_VERSION;

}  // namespace allot
