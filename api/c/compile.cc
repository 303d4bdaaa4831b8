// allot_compile(), allot_prepare() and everything that is done with their results.
#include <cstdint>
#include <memory>
#include <string>
#include <utility>

#include "api/allot.h"
#include "api/c/handles.h"
#include "api/c/model.h"
#include "api/c/options.h"
#include "api/c/plan.h"
#include "api/c/status.h"
#include "api/compile.h"
#include "api/prepared_model.h"
#include "support/status.h"

namespace allot::capi {
namespace {

absl::Status CheckPath(const std::string& path) {
  if (path != "-") return absl::OkStatus();
  // The program's standard input is not for a library to read.
  return InputError("'-': a library does not read standard input; read the model and use the call ",
                    "for models in memory");
}

// Calls `make` with what is behind the options and diagnostics to fill; it returns StatusOr<T>, of
// which `wrap` makes the object that gets a handle.
template <typename Handle, typename Make, typename Wrap>
allot_status* MakeObject(const allot_options* options, Handle** handle, const Make& make,
                         const Wrap& wrap) {
  OptionsSnapshot asked;
  if (options != nullptr) {
    const auto object = HandleTable::Instance().Find<OptionsObject>(options);
    if (object == nullptr) return DeadHandle("options");
    asked = object->Snapshot();
  }
  Diagnostics diagnostics;
  auto made = make(asked.options, diagnostics);
  if (!made.ok()) return MakeStatus(made.status(), diagnostics);
  auto object = wrap(*std::move(made), std::move(asked), diagnostics);
  if (!object.ok()) return MakeStatus(object.status(), diagnostics);
  *handle = reinterpret_cast<Handle*>(HandleTable::Instance().Add(*std::move(object)));
  return nullptr;
}

template <typename CompileModel>
allot_status* MakePlan(const allot_options* options, allot_plan** plan,
                       const CompileModel& compile) {
  return MakeObject(
      options, plan, compile,
      [](Compilation compilation, OptionsSnapshot asked,
         const Diagnostics& diagnostics) -> absl::StatusOr<std::shared_ptr<PlanObject>> {
        if (!compilation.plan.summary.has_value()) {
          return InputError("pass-pipeline: it makes no schedule: end it with ",
                            "...,place,form-parts,schedule");
        }
        return std::make_shared<PlanObject>(std::move(compilation), std::move(asked.output),
                                            std::move(asked.registries), diagnostics);
      });
}

template <typename PrepareModel>
allot_status* MakeModel(const allot_options* options, allot_model** model,
                        const PrepareModel& prepare) {
  return MakeObject(
      options, model, prepare,
      [](PreparedModel prepared, OptionsSnapshot asked,
         const Diagnostics& diagnostics) -> absl::StatusOr<std::shared_ptr<ModelObject>> {
        return std::make_shared<ModelObject>(ModelObject{
            std::move(prepared), std::move(asked.registries), DiagnosticTexts(diagnostics)});
      });
}

// What `emit` makes of the plan, into *text.
allot_status* ReadText(const allot_plan* plan, const char* emit, const char** text) {
  *text = nullptr;
  if (plan == nullptr) return NullArgument("plan");
  const auto object = HandleTable::Instance().Find<PlanObject>(plan);
  if (object == nullptr) return DeadHandle("a plan");
  const absl::StatusOr<const char*> made = object->TextOf(emit);
  if (!made.ok()) return MakeStatus(made.status());
  *text = *made;
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
    if (const absl::Status status = allot::capi::CheckPath(path); !status.ok()) {
      return allot::capi::MakeStatus(status);
    }
    return allot::capi::MakePlan(
        options, plan, [&](const allot::CompileOptions& asked, allot::Diagnostics& diagnostics) {
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
    const absl::string_view text(static_cast<const char*>(bytes), size);
    const std::string shown = name == nullptr ? "model" : name;
    return allot::capi::MakePlan(
        options, plan, [&](const allot::CompileOptions& asked, allot::Diagnostics& diagnostics) {
          return allot::CompileBytes(text, shown, asked, diagnostics);
        });
  });
}

allot_status* allot_prepare(const allot_options* options, const char* model_path,
                            allot_model** model) {
  return allot::capi::Guard([&]() -> allot_status* {
    if (model == nullptr) return allot::capi::NullArgument("model");
    *model = nullptr;
    if (model_path == nullptr) return allot::capi::NullArgument("model_path");
    const std::string path = model_path;
    if (const absl::Status status = allot::capi::CheckPath(path); !status.ok()) {
      return allot::capi::MakeStatus(status);
    }
    return allot::capi::MakeModel(
        options, model, [&](const allot::CompileOptions& asked, allot::Diagnostics& diagnostics) {
          return allot::Prepare(path, asked, diagnostics);
        });
  });
}

allot_status* allot_prepare_memory(const allot_options* options, const void* bytes, size_t size,
                                   const char* name, allot_model** model) {
  return allot::capi::Guard([&]() -> allot_status* {
    if (model == nullptr) return allot::capi::NullArgument("model");
    *model = nullptr;
    if (bytes == nullptr && size != 0) return allot::capi::NullArgument("bytes");
    const absl::string_view text(static_cast<const char*>(bytes), size);
    const std::string shown = name == nullptr ? "model" : name;
    return allot::capi::MakeModel(
        options, model, [&](const allot::CompileOptions& asked, allot::Diagnostics& diagnostics) {
          return allot::PrepareBytes(text, shown, asked, diagnostics);
        });
  });
}

allot_status* allot_model_plan(const allot_model* model, const allot_options* options,
                               allot_plan** plan) {
  return allot::capi::Guard([&]() -> allot_status* {
    if (plan == nullptr) return allot::capi::NullArgument("plan");
    *plan = nullptr;
    if (model == nullptr) return allot::capi::NullArgument("model");
    const auto object = allot::capi::HandleTable::Instance().Find<allot::capi::ModelObject>(model);
    if (object == nullptr) return allot::capi::DeadHandle("a model");
    return allot::capi::MakePlan(
        options, plan, [&](const allot::CompileOptions& asked, allot::Diagnostics& diagnostics) {
          return allot::Plan(object->model, asked, diagnostics);
        });
  });
}

int64_t allot_model_num_nodes(const allot_model* model) {
  return allot::capi::ReadHandle<allot::capi::ModelObject>(
      model, int64_t{-1},
      [](const auto& object) { return object.model.module().graph.num_nodes(); });
}

int64_t allot_model_num_diagnostics(const allot_model* model) {
  return allot::capi::ReadHandle<allot::capi::ModelObject>(
      model, int64_t{-1}, [](const auto& object) { return object.diagnostics.size(); });
}

int32_t allot_model_diagnostic_severity(const allot_model* model, int64_t index) {
  return allot::capi::ReadHandle<allot::capi::ModelObject>(
      model, int32_t{-1}, [&](const auto& object) { return object.diagnostics.Severity(index); });
}

const char* allot_model_diagnostic(const allot_model* model, int64_t index) {
  return allot::capi::ReadHandle<allot::capi::ModelObject, const char*>(
      model, nullptr, [&](const auto& object) { return object.diagnostics.Text(index); });
}

allot_code allot_model_free(allot_model* model) {
  return allot::capi::FreeHandle<allot::capi::ModelObject>(model);
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
    return allot::capi::MakeStatus(object->Write(folder, emit == nullptr ? "" : emit, nullptr));
  });
}

allot_status* allot_plan_write_as(const allot_plan* plan, const allot_options* options,
                                  const char* folder, const char* emit) {
  return allot::capi::Guard([&]() -> allot_status* {
    if (plan == nullptr) return allot::capi::NullArgument("plan");
    if (folder == nullptr) return allot::capi::NullArgument("folder");
    const allot::capi::HandleTable& handles = allot::capi::HandleTable::Instance();
    const auto object = handles.Find<allot::capi::PlanObject>(plan);
    if (object == nullptr) return allot::capi::DeadHandle("a plan");
    allot::OutputOptions output;
    if (options != nullptr) {
      const auto asked = handles.Find<allot::capi::OptionsObject>(options);
      if (asked == nullptr) return allot::capi::DeadHandle("options");
      output = asked->Snapshot().output;
    }
    return allot::capi::MakeStatus(object->Write(folder, emit == nullptr ? "" : emit, &output));
  });
}

allot_status* allot_plan_json(const allot_plan* plan, const char** json) {
  return allot::capi::Guard([&]() -> allot_status* {
    if (json == nullptr) return allot::capi::NullArgument("json");
    return allot::capi::ReadText(plan, "plan", json);
  });
}

allot_status* allot_plan_text(const allot_plan* plan, const char* emit, const char** text) {
  return allot::capi::Guard([&]() -> allot_status* {
    if (text == nullptr) return allot::capi::NullArgument("text");
    *text = nullptr;
    if (emit == nullptr) return allot::capi::NullArgument("emit");
    return allot::capi::ReadText(plan, emit, text);
  });
}

}  // extern "C"
