// Checks for our own bugs: a failed check prints the expression and where it stands, then aborts.
// Wrong input is never checked this way: it is a Status.
#pragma once

#include <cstdio>
#include <cstdlib>

namespace allot::internal {

[[noreturn]] inline void CheckFailed(const char* expression, const char* file, int line) {
  std::fprintf(stderr, "%s:%d: internal error: check failed: %s\n", file, line, expression);
  std::abort();
}

}  // namespace allot::internal

#define ALLOT_CHECK(condition)                                                        \
  do {                                                                                \
    if (!(condition)) ::allot::internal::CheckFailed(#condition, __FILE__, __LINE__); \
  } while (false)
