// The roofline model (Williams, Waterman and Patterson, CACM 2009): an op takes the longer of the
// time for its arithmetic and the time for its bytes, plus a fixed cost per kernel. What a kernel
// reaches of the two peaks depends on the family of the op and the kind of the device; the
// percentages below are round figures for well-tuned libraries, not measurements of one machine.
// Measured tables (measured.h) replace them op by op.
//
// Integers only: the same time on every machine. See docs/cost-model.md.
#include <algorithm>
#include <utility>
#include <vector>

#include "absl/strings/string_view.h"

#include "target/cost_model.h"
#include "target/peak_rate.h"

namespace allot {
namespace {

struct RooflineOptions {
  int64_t compute_percent = 100;
  int64_t bandwidth_percent = 100;
};

OptionSchema<RooflineOptions> RooflineSchema() {
  return OptionSchema<RooflineOptions>()
      .Add("compute-percent", &RooflineOptions::compute_percent,
           "scales the arithmetic rate of every device, 1 to 1000")
      .Add("bandwidth-percent", &RooflineOptions::bandwidth_percent,
           "scales the memory bandwidth of every device, 1 to 1000");
}

// What is reached of a peak, in percent.
struct Efficiency {
  int64_t compute, bandwidth;
};

Efficiency EfficiencyOf(OpFamily family, absl::string_view kind) {
  const bool gpu = kind == "gpu", npu = kind == "npu";
  switch (family) {
    case OpFamily::kMatrix:
      // Large products come near the peak of a CPU; tensor cores and systolic arrays starve more
      // easily.
      return {npu ? 50 : gpu ? 60 : 70, 80};
    case OpFamily::kElementwise:
      // Vector units, not matrix units: a small part of the peak, so mostly bandwidth decides.
      return {npu ? 5 : gpu ? 15 : 25, npu ? 70 : 80};
    case OpFamily::kReduction:
      return {npu ? 5 : gpu ? 10 : 20, npu ? 50 : 70};
    case OpFamily::kMovement:
      // Strided access.
      return {100, npu ? 40 : 60};
    case OpFamily::kControl:
      return {npu ? 20 : gpu ? 30 : 50, 60};
    case OpFamily::kNone:
    case OpFamily::kOther:
      break;
  }
  return {npu ? 5 : gpu ? 10 : 25, 50};
}

class Roofline final : public CostModel {
 public:
  explicit Roofline(RooflineOptions options) : options_(options) {}

  absl::StatusOr<Picos> OpTime(const OpFeatures& op, const Device& device) const override {
    return Total(Divided(op, device));
  }

  absl::StatusOr<CostBreakdown> Breakdown(const OpFeatures& op,
                                          const Device& device) const override {
    return Divided(op, device);
  }

  // One kernel: the arithmetic of all ops, the bytes that cross its boundary, one launch.
  absl::StatusOr<Picos> FusedTime(const std::vector<const OpFeatures*>& ops,
                                  const OpFeatures& fused, const Device& device) const override {
    Picos arithmetic = 0, launches = 0;
    // Constants are read whole, except those of ops that say how much of them they touch.
    Bytes traffic = SaturatingAdd(fused.read, fused.written);
    OpFamily family = OpFamily::kNone;
    for (const OpFeatures* op : ops) {
      if (op->family == OpFamily::kNone) continue;
      arithmetic = Sum(arithmetic, Arithmetic(*op, device));
      traffic = SaturatingAdd(traffic, Traffic(*op) - SaturatingAdd(op->read, op->written));
      launches = std::max(launches, Launches(*op, device));
      // The family whose access is the most regular leads, as the enumeration orders them.
      if (family == OpFamily::kNone || op->family < family) family = op->family;
    }
    if (family == OpFamily::kNone) return 0;
    return Sum(std::max(arithmetic, Memory(traffic, family, device)), launches);
  }

 private:
  CostBreakdown Divided(const OpFeatures& op, const Device& device) const {
    if (op.family == OpFamily::kNone) return {};
    return {.compute = Arithmetic(op, device),
            .memory = Memory(Traffic(op), op.family, device),
            .launch = Launches(op, device)};
  }
  static Picos Sum(Picos a, Picos b) { return std::min(kMaxPicos, SaturatingAdd(a, b)); }
  static Picos Launches(const OpFeatures& op, const Device& device) {
    const int64_t count = std::max<int64_t>(1, op.launches);
    return std::min(kMaxPicos, SaturatingMultiply(count, device.op_cost));
  }
  Picos Arithmetic(const OpFeatures& op, const Device& device) const {
    const bool bytes_only = op.family == OpFamily::kMovement || op.family == OpFamily::kOther;
    if (bytes_only) return 0;
    const int64_t percent =
        EfficiencyOf(op.family, device.kind).compute * options_.compute_percent / 100;
    return ComputeTime(op.flops, op.dtype, std::max<int64_t>(1, percent), device);
  }
  Picos Memory(Bytes traffic, OpFamily family, const Device& device) const {
    if (traffic <= 0 || device.memory_bandwidth <= 0) return 0;
    const int64_t percent =
        EfficiencyOf(family, device.kind).bandwidth * options_.bandwidth_percent / 100;
    return DurationAtRate(traffic,
                          PercentOf(device.memory_bandwidth, std::max<int64_t>(1, percent)));
  }

  RooflineOptions options_;
};

absl::Status CheckRanges(absl::string_view text) {
  ALLOT_ASSIGN_OR_RETURN(const RooflineOptions options, RooflineSchema().Parse(text));
  for (const int64_t percent : {options.compute_percent, options.bandwidth_percent}) {
    if (percent < 1 || percent > 1000) {
      return InputError("roofline: a percentage of ", percent, " is not between 1 and 1000");
    }
  }
  return absl::OkStatus();
}

}  // namespace

Entry<CostModel> RooflineEntry() {
  Entry<CostModel> entry = MakeEntry<CostModel, Roofline>(
      "roofline", "the longer of arithmetic and memory traffic, plus a cost per kernel",
      RooflineSchema());
  entry.make = [make = std::move(entry.make)](
                   absl::string_view text) -> absl::StatusOr<std::unique_ptr<CostModel>> {
    ALLOT_RETURN_IF_ERROR(CheckRanges(text));
    return make(text);
  };
  return entry;
}

}  // namespace allot
