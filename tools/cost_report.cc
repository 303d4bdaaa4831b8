#include "tools/cost_report.h"

#include <optional>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"

#include "api/placement_setup.h"
#include "operators/inference/type_inference.h"
#include "operators/op_view.h"
#include "support/nearest_name.h"
#include "support/one_line.h"
#include "support/status.h"
#include "target/name_pattern.h"
#include "tools/text_table.h"

namespace allot {
namespace {

// "2 x [8, 64] [64, 16]", a text for each product.
std::vector<std::string> ProductsText(const OpWork& work) {
  std::vector<std::string> texts;
  for (const Extents& product : work.products) {
    texts.push_back(absl::StrCat(product.batch == 1 ? "" : absl::StrCat(product.batch, " x "), "[",
                                 product.m, ", ", product.k, "] [", product.k, ", ", product.n,
                                 "]"));
  }
  return texts;
}

// "'conv' (Conv) in float32: 236 operations, as products of [5, 7] [7, 3] and 15 more"
std::string Heading(const OpFeatures& op, const OpWork& work) {
  std::string text = absl::StrCat(
      "'", OneLine(op.name), "' (", op.domain.empty() ? "" : absl::StrCat(op.domain, ":"),
      op.op_type, ") in ", op.dtype, ": ", op.flops, op.flops == 1 ? " operation" : " operations");
  // What is folded, or has bodies, is not what the operator says of itself.
  if (op.flops != Flops(work) || work.products.empty()) return text + "\n";
  absl::StrAppend(&text, ", as products of ", absl::StrJoin(ProductsText(work), " and "));
  if (work.other_operations > 0) absl::StrAppend(&text, " and ", work.other_operations, " more");
  return text + "\n";
}

std::string Microseconds(Picos time) { return absl::StrFormat("%.3f us", ToMicros(time)); }

absl::StatusOr<std::string> CostTable(const OpFeatures& op, const CostModel& model,
                                      const Target& target) {
  std::vector<std::vector<std::string>> rows = {
      {"device", "compute", "memory", "launch", "other", "total"}};
  std::string unsupported;
  for (const Device& device : target.devices) {
    if (const std::optional<std::string> why = WhyUnsupported(op, device)) {
      absl::StrAppend(&unsupported, *why, "\n");
      continue;
    }
    ALLOT_ASSIGN_OR_RETURN(const CostBreakdown cost, model.Breakdown(op, device), "cost of node '",
                           op.name, "' (", op.op_type, ") on ", device.name, ": ");
    rows.push_back({device.name, Microseconds(cost.compute), Microseconds(cost.memory),
                    Microseconds(cost.launch), Microseconds(cost.other),
                    Microseconds(Total(cost))});
  }
  return absl::StrCat(rows.size() > 1 ? Table(rows) : "", unsupported);
}

}  // namespace

absl::StatusOr<std::string> CostReport(const Compilation& compilation,
                                       const CompileOptions& options, const std::string& pattern) {
  ALLOT_ASSIGN_OR_RETURN(const NamePattern wanted, NamePattern::Parse(pattern), "--print-costs: ");
  ALLOT_ASSIGN_OR_RETURN(const PlacementSetup setup, MakePlacementSetup(options));
  const ir::Module& module = *compilation.module;
  const ConcreteTypes types =
      InferConcreteTypes(module, setup.schemas.get(), setup.dims, setup.operators);
  const GraphTypes& main = types.inferred.main();
  std::string text;
  std::vector<std::string> names;
  for (const ir::NodeId id : module.graph.nodes()) {
    const OpFeatures& features = compilation.plan.features[id];
    names.push_back(features.name);
    if (!wanted.Matches(features.name)) continue;
    const ir::Node& node = module.graph.node(id);
    const Operator* op = setup.operators.Find(node.domain, node.op_type);
    OpWork work;
    if (op != nullptr && op->work != nullptr) {
      ALLOT_ASSIGN_OR_RETURN(
          work, op->work(OpView(module, module.graph, node, &main.types, &main.arguments)));
    }
    ALLOT_ASSIGN_OR_RETURN(const std::string table,
                           CostTable(features, *setup.cost_model, setup.target));
    absl::StrAppend(&text, text.empty() ? "" : "\n", Heading(features, work), table);
  }
  if (!text.empty()) return text;
  return InputError("--print-costs=", pattern, ": matches no node; the expression must match a ",
                    "node's whole name", OneLine(DidYouMean(pattern, names)));
}

}  // namespace allot
