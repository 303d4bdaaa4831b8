#include "mlir_import/own_form.h"

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/strip.h"

#include "ir/text/keys.h"
#include "mlir_import/foreign_operators.h"
#include "support/status.h"

namespace allot {
namespace {

using ir::text::Dictionary;
using ir::text::Document;
using ir::text::ErrorSite;
using ir::text::Op;

bool IsFunction(const Op& op) { return op.name == "func.func" || op.name == "util.func"; }

// What the body of a function, or all that is nested in it, is made of.
MlirForm FormOf(const std::vector<Op>& ops) {
  for (const Op& op : ops) {
    if (op.name == kTorchOperator) return MlirForm::kTorch;
  }
  const bool onnx = std::any_of(ops.begin(), ops.end(), [](const Op& op) {
    return absl::StartsWith(op.name, ir::text::kOpPrefix);
  });
  return onnx ? MlirForm::kOnnxMlir : MlirForm::kOwn;
}

struct Found {
  Op* function = nullptr;
  MlirForm form = MlirForm::kOwn;
  std::string name;
};

struct Survey {
  bool own = false;  // there is something in our form
  size_t graph_offset = 0;
  std::vector<Found> functions;
  std::string entry;  // of onnx-mlir's entry point, without @
};

void Look(std::vector<Op>& ops, Survey& survey) {
  for (Op& op : ops) {
    if (op.name == ir::text::kGraphOp) survey.graph_offset = op.offset;
    if (op.name == ir::text::kGraphOp || op.name == ir::text::kFunctionOp) survey.own = true;
    if (op.name == ir::text::kModuleOp) {
      for (ir::text::Region& region : op.regions) Look(region.ops, survey);
    }
    if (op.name == "onnx.EntryPoint") {
      const ir::text::Attr* function = op.FindAttr("func");
      const auto* symbol = function == nullptr ? nullptr : function->If<ir::text::Verbatim>();
      if (symbol != nullptr) survey.entry = std::string(absl::StripPrefix(symbol->text, "@"));
    }
    if (!IsFunction(op) || op.regions.size() != 1) continue;
    Found found{&op, FormOf(op.regions[0].ops), ""};
    if (found.form == MlirForm::kOwn) continue;
    if (const ir::text::Attr* name = op.FindAttr("sym_name")) {
      if (const auto* text = name->If<std::string>()) found.name = *text;
    }
    survey.functions.push_back(std::move(found));
  }
}

absl::StatusOr<Found> TheModel(Survey& survey, const ErrorSite& error) {
  if (survey.functions.empty()) {
    return error(0,
                 "there is no model: neither an \"onnx.graph\" nor a function with operators of "
                 "ONNX (\"onnx.Conv\", torch.operator \"onnx.Conv\")");
  }
  if (survey.functions.size() == 1) return survey.functions[0];
  std::vector<std::string> names;
  for (const Found& found : survey.functions) {
    if (!survey.entry.empty() && found.name == survey.entry) return found;
    names.push_back(absl::StrCat("@", found.name));
  }
  return error(
      survey.functions[1].function->offset,
      absl::StrCat("more than one function holds operators of ONNX: ", absl::StrJoin(names, ", "),
                   "; keep one of them, or name it by an \"onnx.EntryPoint\""));
}

}  // namespace

absl::StatusOr<OwnForm> ToOwnForm(Document document, const ErrorSite& error) {
  Survey survey;
  Look(document.ops, survey);
  OwnForm result;
  if (survey.own) {
    result.graph_offset = survey.graph_offset;
    result.document = std::move(document);
    return result;
  }
  ALLOT_ASSIGN_OR_RETURN(const Found found, TheModel(survey, error));
  result.form = found.form;
  result.graph_offset = found.function->offset;
  ALLOT_ASSIGN_OR_RETURN(Op graph, GraphOfFunction(std::move(*found.function), found.form, error));
  result.document.ops.push_back(std::move(graph));
  result.document.blobs = std::move(document.blobs);
  result.document.external_resources = std::move(document.external_resources);
  return result;
}

}  // namespace allot
