// MLIR in, ir::Module out: our own text form and those of onnx-mlir and torch-mlir.
#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

#include "ir/parse.h"
#include "ir/text/decode_attributes.h"
#include "ir/text/syntax.h"
#include "mlir_import/own_form.h"

namespace allot {

struct MlirModel {
  MlirForm form = MlirForm::kOwn;
  size_t graph_offset = 0;  // of the op that holds the model
  // Of a foreign form the plan is empty: only our own text holds plans.
  ir::ParsedModule parsed;
};

// Reads a text by what it contains. Errors and arguments as of ir::Parse().
absl::StatusOr<MlirModel> ImportMlir(absl::string_view text, absl::string_view file_name,
                                     const Target* target,
                                     ir::UnnamedOps unnamed = ir::UnnamedOps::kLieNowhere);
// The same of the tree of that text.
absl::StatusOr<MlirModel> ImportMlirTree(ir::text::Document document, absl::string_view text,
                                         absl::string_view file_name, const Target* target,
                                         ir::UnnamedOps unnamed);
// The same of a tree from elsewhere, where only `error` knows what the offsets of its ops mean.
absl::StatusOr<MlirModel> ImportMlirTree(ir::text::Document document,
                                         const ir::text::ErrorSite& error);

// Takes away what a tree in our own form says of a plan, for whoever makes a new one.
void DropPlan(ir::text::Document& document);

}  // namespace allot
