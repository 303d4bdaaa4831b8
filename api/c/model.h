// A prepared model behind a handle of allot.h.
#pragma once

#include <memory>

#include "api/c/diagnostics.h"
#include "api/c/handles.h"
#include "api/prepared_model.h"
#include "api/registries.h"

namespace allot::capi {

struct ModelObject {
  static constexpr Kind kKind = Kind::kModel;
  PreparedModel model;
  std::shared_ptr<const Registries> registries;  // what prepared it may live in; nullptr: built-in
  DiagnosticTexts diagnostics;
};

}  // namespace allot::capi
