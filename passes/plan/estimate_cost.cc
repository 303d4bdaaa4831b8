// Measures every operator and tensor: how much arithmetic, how many bytes. Dimensions that the
// model leaves open get a size for this purpose alone; nothing of it is written to any file.
#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"

#include "operators/features/op_features.h"
#include "operators/inference/type_inference.h"
#include "passes/pipeline/pass.h"
#include "support/status.h"

namespace allot {
namespace {

struct EstimateCostOptions {};

// More symbols than this are only counted in the note.
constexpr size_t kNamedSymbols = 8;

// What one value holds; 0 if that is not known: containers, tensors of unknown rank.
Bytes BytesOf(const ir::Type& type) {
  if (!type.is_static()) return 0;
  return ir::PackedBytes(type.element, *ir::NumElements(*type.shape));
}

void NoteDefaults(const ConcreteTypes& types, const PassContext& context) {
  std::vector<std::string> assumed;
  for (const std::string& symbol : types.defaulted) {
    if (assumed.size() == kNamedSymbols) {
      assumed.push_back(absl::StrCat(types.defaulted.size() - kNamedSymbols, " more"));
      break;
    }
    assumed.push_back(absl::StrCat(symbol, "=", context.dims.fallback));
  }
  if (types.unknown_dims > 0) {
    assumed.push_back(absl::StrCat(context.dims.fallback, " for ", types.unknown_dims,
                                   " sizes that only a run tells"));
  }
  if (!assumed.empty()) {
    context.diagnostics->Note(
        "", absl::StrCat("costs assume ", absl::StrJoin(assumed, ", "),
                         types.defaulted.empty() ? "" : "; set sizes with --dim"));
  }
  if (!types.misfit.empty()) {
    context.diagnostics->Warning(
        "", absl::StrCat("the model cannot run with the sizes that costs assume: ", types.misfit,
                         "; costs behind that are guesses, set sizes with --dim"));
  }
}

class EstimateCost final : public PlanPass {
 public:
  explicit EstimateCost(EstimateCostOptions) {}

  absl::Status Run(const ir::Module& module, ir::Plan& plan, PassContext& context) const override {
    const ir::Graph& graph = module.graph;
    const ConcreteTypes types =
        InferConcreteTypes(module, context.schemas, context.dims, *context.operators);
    ALLOT_ASSIGN_OR_RETURN(plan.features,
                           FeaturesOfGraph(module, types.inferred, *context.operators));
    plan.value_bytes = IdVector<ir::ValueId, Bytes>(graph.value_id_bound());
    for (const ir::ValueId value : plan.value_bytes.ids()) {
      const ir::Type& inferred = types.inferred.main().types[value];
      const bool known = inferred.kind != ir::Type::Kind::kUnknown;
      plan.value_bytes[value] = BytesOf(known ? inferred : graph.value(value).type);
    }
    NoteDefaults(types, context);

    int64_t flops = 0;
    for (const OpFeatures& features : plan.features) flops = SaturatingAdd(flops, features.flops);
    context.statistics->Add("flops", flops);
    context.statistics->Add("symbols-defaulted", static_cast<int64_t>(types.defaulted.size()));
    context.statistics->Add("sizes-unknown", types.unknown_dims);
    return absl::OkStatus();
  }
};

}  // namespace

Entry<PlanPass> EstimateCostEntry() {
  return MakeEntry<PlanPass, EstimateCost>(
      "estimate-cost", "count the arithmetic and the bytes of every operator and tensor",
      OptionSchema<EstimateCostOptions>());
}

}  // namespace allot
