// The border between a program and what a plug-in registered.
#pragma once

#include <exception>
#include <memory>
#include <string>

#include "absl/strings/string_view.h"

#include "api/registries.h"
#include "support/status.h"

namespace allot {

// What `call` returns, a Status or StatusOr; an error that begins with `who` if it throws.
template <typename Call>
auto CallPlugin(absl::string_view who, const Call& call) -> decltype(call()) {
  constexpr char kRemedy[] = "; a plug-in must return its errors: please tell its authors";
  try {
    return call();
  } catch (const std::exception& exception) {
    return InputError(who, "threw an exception: ", exception.what(), kRemedy);
  } catch (...) {
    return InputError(who, "threw an exception", kRemedy);
  }
}

// The same entries, so wrapped that whatever is made by them
// - keeps `library` open for as long as it lives,
// - turns exceptions into errors that name the plug-in; only destructors must not throw,
// - is never null, and costs nothing below zero or above kMaxPicos.
// The rules of operators are wrapped in the same way, and sizes and work below zero are errors;
// what a value rule throws, which has no errors, counts as not known. Every entry must have its
// functions.
Registries Guard(const Registries& entries, const std::string& plugin,
                 const std::shared_ptr<const void>& library);

}  // namespace allot
