#include "mlir_import/import.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "ir/text/plan_attributes.h"
#include "support/status.h"

namespace allot {
namespace {

void DropPlanOf(std::vector<ir::text::Op>& ops) {
  for (ir::text::Op& op : ops) {
    for (ir::text::Dictionary* entries : {&op.properties, &op.attributes}) {
      entries->erase(std::remove_if(entries->begin(), entries->end(),
                                    [](const ir::text::NamedAttr& entry) {
                                      return ir::text::IsPlanAttribute(entry.name);
                                    }),
                     entries->end());
    }
    for (ir::text::Region& region : op.regions) DropPlanOf(region.ops);
  }
}

}  // namespace

absl::StatusOr<MlirModel> ImportMlir(absl::string_view text, absl::string_view file_name,
                                     const Target* target, ir::UnnamedOps unnamed) {
  ALLOT_ASSIGN_OR_RETURN(ir::text::Document document,
                         ir::text::ParseDocument(text, file_name, ir::text::DialectsOf(text)));
  return ImportMlirTree(std::move(document), text, file_name, target, unnamed);
}

absl::StatusOr<MlirModel> ImportMlirTree(ir::text::Document document, absl::string_view text,
                                         absl::string_view file_name, const Target* target,
                                         ir::UnnamedOps unnamed) {
  MlirModel model;
  ALLOT_ASSIGN_OR_RETURN(OwnForm own,
                         ToOwnForm(std::move(document), ir::text::ErrorSite(text, file_name)));
  model.form = own.form;
  model.graph_offset = own.graph_offset;
  ALLOT_ASSIGN_OR_RETURN(model.parsed,
                         ir::ParseTree(std::move(own.document), text, file_name, target, unnamed));
  return model;
}

absl::StatusOr<MlirModel> ImportMlirTree(ir::text::Document document,
                                         const ir::text::ErrorSite& error) {
  MlirModel model;
  ALLOT_ASSIGN_OR_RETURN(OwnForm own, ToOwnForm(std::move(document), error));
  model.form = own.form;
  model.graph_offset = own.graph_offset;
  ALLOT_ASSIGN_OR_RETURN(model.parsed, ir::ParseTree(own.document, error, nullptr));
  return model;
}

void DropPlan(ir::text::Document& document) { DropPlanOf(document.ops); }

}  // namespace allot
