#include "api/c/status.h"

#include <memory>

#include "support/version.h"

using allot::capi::HandleTable;
using allot::capi::StatusObject;

namespace allot::capi {
namespace {

// Even, so never a handle of the table.
constexpr uintptr_t kOutOfMemory = 2;

bool IsOutOfMemory(const allot_status* status) {
  return reinterpret_cast<uintptr_t>(status) == kOutOfMemory;
}

allot_status* AddStatus(StatusObject object) {
  return reinterpret_cast<allot_status*>(
      HandleTable::Instance().Add(std::make_shared<StatusObject>(std::move(object))));
}

}  // namespace

allot_status* OutOfMemory() noexcept { return reinterpret_cast<allot_status*>(kOutOfMemory); }

allot_status* MakeStatus(const absl::Status& status, const Diagnostics& diagnostics) {
  if (status.ok()) return nullptr;
  StatusObject object;
  object.code =
      status.code() == absl::StatusCode::kInternal ? ALLOT_INTERNAL_ERROR : ALLOT_INVALID_INPUT;
  object.message = std::string(status.message());
  object.diagnostics = DiagnosticTexts(diagnostics);
  return AddStatus(std::move(object));
}

allot_status* MakeStatus(allot_code code, std::string message) {
  StatusObject object;
  object.code = code;
  object.message = std::move(message);
  return AddStatus(std::move(object));
}

allot_status* NullArgument(const char* name) {
  return MakeStatus(ALLOT_NULL_ARGUMENT, std::string("argument '") + name + "' is NULL");
}

allot_status* DeadHandle(const char* what) {
  return MakeStatus(ALLOT_INVALID_HANDLE,
                    std::string("not a live handle of ") + what +
                        ": it was freed, is of another kind, or never was one");
}

}  // namespace allot::capi

extern "C" {

const char* allot_version(void) { return allot::kVersion; }

int32_t allot_abi_version(void) { return ALLOT_ABI_VERSION; }

allot_code allot_status_code(const allot_status* status) {
  if (status == nullptr) return ALLOT_OK;
  if (allot::capi::IsOutOfMemory(status)) return ALLOT_OUT_OF_MEMORY;
  return allot::capi::ReadHandle<StatusObject, allot_code>(
      status, ALLOT_INVALID_HANDLE, [](const StatusObject& object) { return object.code; });
}

const char* allot_status_message(const allot_status* status) {
  if (status == nullptr) return "";
  if (allot::capi::IsOutOfMemory(status)) return "out of memory";
  return allot::capi::ReadHandle<StatusObject, const char*>(
      status, "not a live handle of a status",
      [](const StatusObject& object) { return object.message.c_str(); });
}

int64_t allot_status_num_diagnostics(const allot_status* status) {
  if (status == nullptr || allot::capi::IsOutOfMemory(status)) return 0;
  return allot::capi::ReadHandle<StatusObject, int64_t>(
      status, -1, [](const StatusObject& object) { return object.diagnostics.size(); });
}

int32_t allot_status_diagnostic_severity(const allot_status* status, int64_t index) {
  return allot::capi::ReadHandle<StatusObject, int32_t>(
      status, -1, [&](const StatusObject& object) { return object.diagnostics.Severity(index); });
}

const char* allot_status_diagnostic(const allot_status* status, int64_t index) {
  return allot::capi::ReadHandle<StatusObject, const char*>(
      status, nullptr, [&](const StatusObject& object) { return object.diagnostics.Text(index); });
}

allot_code allot_status_free(allot_status* status) {
  if (allot::capi::IsOutOfMemory(status)) return ALLOT_OK;
  return allot::capi::FreeHandle<StatusObject>(status);
}

}  // extern "C"
