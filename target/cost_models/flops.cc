// Arithmetic at the peak rate and nothing else: no bytes, no launches. A lower bound of the
// roofline model, and the model that much published work uses; here to show what the rest is worth.
#include "target/cost_model.h"
#include "target/peak_rate.h"

namespace allot {
namespace {

struct FlopsOptions {};

class Flops final : public CostModel {
 public:
  explicit Flops(FlopsOptions /*options*/) {}

  absl::StatusOr<Picos> OpTime(const OpFeatures& op, const Device& device) const override {
    return ComputeTime(op.flops, op.dtype, 100, device);
  }
  absl::StatusOr<CostBreakdown> Breakdown(const OpFeatures& op,
                                          const Device& device) const override {
    return CostBreakdown{.compute = ComputeTime(op.flops, op.dtype, 100, device)};
  }
};

}  // namespace

Entry<CostModel> FlopsEntry() {
  return MakeEntry<CostModel, Flops>("flops", "arithmetic at the peak rate, nothing else",
                                     OptionSchema<FlopsOptions>());
}

}  // namespace allot
