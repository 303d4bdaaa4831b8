// An operator of one's own: acme:LowRankLinear multiplies the rows of X [..., k] with A [k, rank]
// and what that gives with B [rank, n]. Its runtime has one kernel for each of the two products.
//
//   allot model.onnx --load-plugin=./low_rank.so --cost-model=two-kernels
#include <memory>
#include <utility>
#include <vector>

#include "allot/api/plugin.h"

namespace {

// The type of Y [..., n]. What is not known stays unknown; only known sizes that cannot fit are an
// error, which the program completes with the node and the types.
absl::Status Shape(allot::RuleContext& context) {
  const allot::ir::Shape* x = context.shape(0);
  const allot::ir::Shape* a = context.shape(1);
  const allot::ir::Shape* b = context.shape(2);
  if (x == nullptr || x->empty()) return absl::OkStatus();
  allot::ir::Shape y = *x;
  y.back() = b != nullptr && b->size() == 2 ? (*b)[1] : allot::ir::Dim::Unknown();
  if (a != nullptr && a->size() == 2 && (*a)[0].known() && x->back().known() &&
      (*a)[0].size != x->back().size) {
    return allot::InputError("rows of ", x->back().size, " do not fit a matrix with ", (*a)[0].size,
                             " rows");
  }
  context.Set(0, context.element(0), std::move(y));
  return absl::OkStatus();
}

// Two products, with the sizes of the run that is planned for; unknown ones read as 0.
allot::OpWork Work(const allot::OpView& view) {
  const std::vector<int64_t> a = view.OperandDims(1), b = view.OperandDims(2);
  allot::OpWork work;
  if (a.size() != 2 || b.size() != 2 || a[0] == 0) return work;
  const int64_t rows = view.OperandElements(0) / a[0];
  work.products.push_back({.m = rows, .n = a[1], .k = a[0]});
  work.products.push_back({.m = rows, .n = b[1], .k = b[0]});
  return work;
}

struct Options {};

// The built-in model for everything, but two launches for this operator.
class TwoKernels final : public allot::CostModel {
 public:
  explicit TwoKernels(Options)
      : roofline_(allot::BuiltinCostModels().Find("roofline")->make("").value()) {}

  absl::StatusOr<allot::Picos> OpTime(const allot::OpFeatures& op,
                                      const allot::Device& device) const override {
    ALLOT_ASSIGN_OR_RETURN(const allot::CostBreakdown cost, Breakdown(op, device));
    return allot::Total(cost);
  }

  absl::StatusOr<allot::CostBreakdown> Breakdown(const allot::OpFeatures& op,
                                                 const allot::Device& device) const override {
    ALLOT_ASSIGN_OR_RETURN(allot::CostBreakdown cost, roofline_->Breakdown(op, device));
    if (op.domain == "acme" && op.op_type == "LowRankLinear") cost.launch *= 2;
    return cost;
  }

 private:
  const std::unique_ptr<allot::CostModel> roofline_;
};

void Register(allot::Registries& registries) {
  registries.operators.Add({.domain = "acme",
                            .op_type = "LowRankLinear",
                            .family = allot::OpFamily::kMatrix,
                            .work = Work,
                            .shape = Shape});
  registries.cost_models.Add(allot::MakeEntry<allot::CostModel, TwoKernels>(
      "two-kernels", "roofline, with two launches for acme:LowRankLinear",
      allot::OptionSchema<Options>()));
}

}  // namespace

AllotPluginInfo allotGetPluginInfo() {
  return {ALLOT_PLUGIN_API_VERSION, "low-rank", "1.0", Register, ALLOT_PLUGIN_BUILD};
}
