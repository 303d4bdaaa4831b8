// The border of the C interface: what goes wrong inside becomes a status, exceptions included.
#pragma once

#include <exception>
#include <new>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"

#include "api/allot.h"
#include "api/c/diagnostics.h"
#include "api/c/handles.h"
#include "support/diagnostics.h"

namespace allot::capi {

struct StatusObject {
  static constexpr Kind kKind = Kind::kStatus;
  allot_code code = ALLOT_INTERNAL_ERROR;
  std::string message;
  DiagnosticTexts diagnostics;
};

// A handle for `status` (NULL if it is OK) with what was found before it.
allot_status* MakeStatus(const absl::Status& status, const Diagnostics& diagnostics = {});
allot_status* MakeStatus(allot_code code, std::string message);
allot_status* NullArgument(const char* name);
// `what`: "plan", ...
allot_status* DeadHandle(const char* what);
// The status that needs no memory.
allot_status* OutOfMemory() noexcept;

// `body` returns allot_status*.
template <typename Body>
allot_status* Guard(const Body& body) noexcept {
  try {
    try {
      return body();
    } catch (const std::bad_alloc&) {
      return OutOfMemory();
    } catch (const std::exception& exception) {
      return MakeStatus(ALLOT_INTERNAL_ERROR, std::string("unexpected: ") + exception.what());
    } catch (...) {
      return MakeStatus(ALLOT_INTERNAL_ERROR, "unexpected exception");
    }
  } catch (...) {  // no memory for that status
    return OutOfMemory();
  }
}

// What `read` says of the object behind `handle`, or `otherwise`.
template <typename T, typename Value, typename Read>
Value ReadHandle(const void* handle, Value otherwise, const Read& read) noexcept {
  try {
    const std::shared_ptr<T> object = HandleTable::Instance().Find<T>(handle);
    return object == nullptr ? otherwise : static_cast<Value>(read(*object));
  } catch (...) {
    return otherwise;
  }
}

template <typename T>
allot_code FreeHandle(const void* handle) noexcept {
  if (handle == nullptr) return ALLOT_OK;
  try {
    return HandleTable::Instance().Remove<T>(handle) ? ALLOT_OK : ALLOT_INVALID_HANDLE;
  } catch (...) {
    return ALLOT_INTERNAL_ERROR;
  }
}

}  // namespace allot::capi
