// Says of every matrix of weights where it is not zero. Reads the weights, as hardly any pass does,
// once and in pieces; changes nothing.
#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"

#include "ir/node_name.h"
#include "passes/pipeline/pass.h"
#include "passes/sparsity/sparsity.h"
#include "passes/sparsity/weights.h"
#include "support/registry.h"
#include "support/status.h"

namespace allot {
namespace {

struct Options {};

// Which operand of a node its weights are, and whether neurons are the first dimension; -1: it has
// none.
struct WeightOperand {
  int index = -1;
  bool neurons_first = true;
};

WeightOperand WeightOperandOf(const ir::Node& node) {
  if (node.Is("MatMul")) return {1, false};
  if (node.Is("Conv") || node.Is("QLinearConv")) return {node.Is("Conv") ? 1 : 3, true};
  if (node.Is("ConvTranspose")) return {1, false};
  if (node.Is("Gather")) return {0, true};
  if (node.Is("Gemm")) {
    const auto* const transposed = FindAttribute<int64_t>(node.attributes, "transB");
    return {1, transposed != nullptr && *transposed != 0};
  }
  if (node.Is("MatMulInteger")) return {1, false};
  return {};
}

class SparsityAnalysis final : public GraphPass {
 public:
  explicit SparsityAnalysis(Options) {}

  absl::StatusOr<bool> Run(ir::Module& module, PassContext& context) const override {
    for (const ir::NodeId id : module.graph.nodes()) {
      const ir::Node& node = module.graph.node(id);
      const WeightOperand operand = WeightOperandOf(node);
      if (operand.index < 0 || static_cast<size_t>(operand.index) >= node.operands.size()) {
        continue;
      }
      const ir::ValueId value = node.operands[static_cast<size_t>(operand.index)];
      const std::optional<Weights> weights = FindWeights(module, value);
      if (!weights.has_value() || weights->dims.size() < 2) continue;
      const std::string where = absl::StrCat("weights '", module.graph.value(value).name, "' of ",
                                             node.op_type, " '", ir::NameOrPlace(node), "'");
      absl::StatusOr<BitMatrix> bits = NonzerosOf(module, *weights);
      if (absl::IsUnimplemented(bits.status())) {
        context.diagnostics->Note(where, absl::StrCat("not looked at: ", bits.status().message()));
        continue;
      }
      if (!bits.ok()) return WithContext(bits.status(), absl::StrCat(where, ": "));
      if (!operand.neurons_first && weights->dims.size() == 2) bits = bits->Transposed();
      context.diagnostics->Note(where, Describe(SparsityOf(*bits)));
      context.statistics->Add("weights", 1);
      context.statistics->Add("nonzeros", bits->Count());
    }
    return false;
  }
};

}  // namespace

Entry<GraphPass> SparsityAnalysisEntry() {
  return MakeEntry<GraphPass, SparsityAnalysis>(
      "sparsity-analysis", "say of all matrices of weights where they are not zero",
      OptionSchema<Options>());
}

}  // namespace allot
