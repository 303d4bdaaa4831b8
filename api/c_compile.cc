// allot_compile() and everything that is done with its plan.
#include <cstdint>
#include <memory>
#include <string>
#include <utility>

#include "api/allot.h"
#include "api/c_handles.h"
#include "api/c_options.h"
#include "api/c_plan.h"
#include "api/c_status.h"
#include "support/status.h"

namespace allot::capi {
namespace {

// `compile` is given options and diagnostics and returns StatusOr<Compilation>.
template <typename CompileModel>
allot_status* MakePlan(const allot_options* options, const std::string& model_path,
                       allot_plan** plan, const CompileModel& compile) {
  OptionsSnapshot asked;
  if (options != nullptr) {
    const auto object = HandleTable::Instance().Find<OptionsObject>(options);
    if (object == nullptr) return DeadHandle("options");
    asked = object->Snapshot();
  }
  Diagnostics diagnostics;
  absl::StatusOr<Compilation> compilation = compile(asked.options, diagnostics);
  if (!compilation.ok()) return MakeStatus(compilation.status(), diagnostics);
  if (!compilation->plan.summary.has_value()) {
    return MakeStatus(InputError("pass-pipeline: it makes no schedule: end it with ",
                                 "...,place,form-parts,schedule"),
                      diagnostics);
  }
  auto object = std::make_shared<PlanObject>(*std::move(compilation), std::move(asked), model_path,
                                             diagnostics);
  *plan = reinterpret_cast<allot_plan*>(HandleTable::Instance().Add(std::move(object)));
  return nullptr;
}

}  // namespace
}  // namespace allot::capi

extern "C" {

allot_status* allot_compile(const allot_options* options, const char* model_path,
                            allot_plan** plan) {
  return allot::capi::Guard([&]() -> allot_status* {
    if (plan == nullptr) return allot::capi::NullArgument("plan");
    *plan = nullptr;
    if (model_path == nullptr) return allot::capi::NullArgument("model_path");
    const std::string path = model_path;
    if (path == "-") {  // the program's standard input is not for a library to read
      return allot::capi::MakeStatus(
          allot::InputError("'-': a library does not read standard input; read the model and use ",
                            "allot_compile_memory"));
    }
    return allot::capi::MakePlan(
        options, path, plan,
        [&](const allot::CompileOptions& asked, allot::Diagnostics& diagnostics) {
          return allot::Compile(path, asked, diagnostics);
        });
  });
}

allot_status* allot_compile_memory(const allot_options* options, const void* bytes, size_t size,
                                   const char* name, allot_plan** plan) {
  return allot::capi::Guard([&]() -> allot_status* {
    if (plan == nullptr) return allot::capi::NullArgument("plan");
    *plan = nullptr;
    if (bytes == nullptr && size != 0) return allot::capi::NullArgument("bytes");
    const absl::string_view model(static_cast<const char*>(bytes), size);
    const std::string shown = name == nullptr ? "model" : name;
    return allot::capi::MakePlan(
        options, "-", plan,
        [&](const allot::CompileOptions& asked, allot::Diagnostics& diagnostics) {
          return allot::CompileBytes(model, shown, asked, diagnostics);
        });
  });
}

allot_code allot_plan_free(allot_plan* plan) {
  return allot::capi::FreeHandle<allot::capi::PlanObject>(plan);
}

allot_status* allot_plan_write(const allot_plan* plan, const char* folder, const char* emit) {
  return allot::capi::Guard([&]() -> allot_status* {
    if (plan == nullptr) return allot::capi::NullArgument("plan");
    if (folder == nullptr) return allot::capi::NullArgument("folder");
    const auto object = allot::capi::HandleTable::Instance().Find<allot::capi::PlanObject>(plan);
    if (object == nullptr) return allot::capi::DeadHandle("a plan");
    return allot::capi::MakeStatus(object->Write(folder, emit == nullptr ? "" : emit));
  });
}

allot_status* allot_plan_json(const allot_plan* plan, const char** json) {
  return allot::capi::Guard([&]() -> allot_status* {
    if (json == nullptr) return allot::capi::NullArgument("json");
    *json = nullptr;
    if (plan == nullptr) return allot::capi::NullArgument("plan");
    const auto object = allot::capi::HandleTable::Instance().Find<allot::capi::PlanObject>(plan);
    if (object == nullptr) return allot::capi::DeadHandle("a plan");
    const absl::StatusOr<const char*> text = object->PlanJson();
    if (!text.ok()) return allot::capi::MakeStatus(text.status());
    *json = *text;
    return nullptr;
  });
}

}  // extern "C"
