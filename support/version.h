// The version of this program, as in the project() line of CMakeLists.txt (a test compares them).
#pragma once

namespace allot {

inline constexpr char kVersion[] = "0.1.0";

}  // namespace allot
