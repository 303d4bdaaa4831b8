// A model in a form of MLIR that others print, as a tree of our own form. Three forms are known:
// ours; onnx-mlir's, functions of operators "onnx.Conv"; torch-mlir's and IREE's, functions of
// "torch.operator" that name the operator.
#pragma once

#include <cstddef>

#include "absl/status/statusor.h"

#include "ir/text/decode_attributes.h"
#include "ir/text/syntax.h"

namespace allot {

enum class MlirForm { kOwn, kOnnxMlir, kTorch };

struct OwnForm {
  MlirForm form = MlirForm::kOwn;
  // Ops keep the offsets of those that they stand for.
  ir::text::Document document;
  size_t graph_offset = 0;  // of the op that holds the model: a graph or a function
};

// Finds the model and turns it into our form; a document in our form stays as it is. What stands
// around the function of the model has no meaning here and is dropped. Errors are made by `error`:
// no model, more than one, an operation that is no operator. Linear.
absl::StatusOr<OwnForm> ToOwnForm(ir::text::Document document, const ir::text::ErrorSite& error);

}  // namespace allot
