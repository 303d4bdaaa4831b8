// Status macros (Debian's Abseil has none) and the one helper that adds context on the way up.
#pragma once

#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"

namespace allot {

// `status` with `context` written before its message; OK stays OK.
inline absl::Status WithContext(const absl::Status& status, absl::string_view context) {
  if (status.ok() || context.empty()) return status;
  return absl::Status(status.code(), absl::StrCat(context, status.message()));
}

// A wrong input: exit status 1 and one line. The parts are concatenated.
template <typename... Parts>
absl::Status InputError(const Parts&... parts) {
  return absl::InvalidArgumentError(absl::StrCat(parts...));
}

}  // namespace allot

#define ALLOT_CONCAT_INNER(a, b) a##b
#define ALLOT_CONCAT(a, b) ALLOT_CONCAT_INNER(a, b)

// ALLOT_RETURN_IF_ERROR(expression [, context...]): returns the error, its message preceded by the
// concatenated context.
#define ALLOT_RETURN_IF_ERROR(expression, ...)                                \
  do {                                                                        \
    if (absl::Status allot_status = (expression); !allot_status.ok())         \
      return ::allot::WithContext(allot_status, ::absl::StrCat(__VA_ARGS__)); \
  } while (false)

// ALLOT_ASSIGN_OR_RETURN(declaration, expression [, context...])
#define ALLOT_ASSIGN_OR_RETURN(declaration, expression, ...)                                    \
  ALLOT_ASSIGN_OR_RETURN_IMPL(ALLOT_CONCAT(allot_statusor_, __LINE__), declaration, expression, \
                              __VA_ARGS__)
#define ALLOT_ASSIGN_OR_RETURN_IMPL(result, declaration, expression, ...)                      \
  auto result = (expression);                                                                  \
  if (!result.ok()) return ::allot::WithContext(result.status(), ::absl::StrCat(__VA_ARGS__)); \
  declaration = *std::move(result)
