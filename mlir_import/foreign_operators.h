// A function of others' operators, as a graph of ours.
#pragma once

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

#include "ir/text/decode_attributes.h"
#include "ir/text/syntax.h"
#include "mlir_import/own_form.h"

namespace allot {

inline constexpr absl::string_view kTorchOperator = "torch.operator";

// `form` is not our own. Names of inputs, symbols of their sizes, and the operator sets come from
// the attributes of the function.
absl::StatusOr<ir::text::Op> GraphOfFunction(ir::text::Op function, MlirForm form,
                                             const ir::text::ErrorSite& error);

}  // namespace allot
