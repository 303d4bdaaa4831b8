// The version of this program, as in the project() line of CMakeLists.txt (a test compares them).
#pragma once

// A macro too, for texts that the preprocessor puts together.
#define ALLOT_VERSION "0.1.0"

namespace allot {

inline constexpr char kVersion[] = ALLOT_VERSION;

}  // namespace allot
