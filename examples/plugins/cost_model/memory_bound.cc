// A cost model: operators take the time that their bytes take, as if arithmetic were free.
//
//   allot model.onnx --load-plugin=./memory_bound.so --cost-model='memory-bound{percent=80}'
#include <algorithm>
#include <memory>
#include <utility>

#include "allot/api/plugin.h"

namespace {

struct Options {
  int64_t percent = 100;
};

class MemoryBound final : public allot::CostModel {
 public:
  explicit MemoryBound(Options options) : options_(options) {}

  // In picoseconds, from 0 to allot::kMaxPicos, in integers only: plans must be the same on every
  // machine. The time of several operators in one kernel is the sum, as FusedTime() is not
  // overridden.
  absl::StatusOr<allot::Picos> OpTime(const allot::OpFeatures& op,
                                      const allot::Device& device) const override {
    if (op.family == allot::OpFamily::kNone) return 0;
    // An error ends the run. The program adds the operator and the device to it.
    if (device.memory_bandwidth <= 0) {
      return allot::InputError("the target does not say the device's memory_bandwidth");
    }
    const int64_t rate = std::max<int64_t>(1, device.memory_bandwidth / 100 * options_.percent);
    return allot::DurationAtRate(allot::Traffic(op), rate);
  }

 private:
  const Options options_;
};

allot::OptionSchema<Options> Schema() {
  return allot::OptionSchema<Options>().Add("percent", &Options::percent,
                                            "of the bandwidth that is reached, 1 to 100");
}

// The schema parses; which values make sense is for the plug-in to say.
absl::StatusOr<std::unique_ptr<allot::CostModel>> Make(absl::string_view text) {
  ALLOT_ASSIGN_OR_RETURN(const Options options, Schema().Parse(text));
  if (options.percent < 1 || options.percent > 100) {
    return allot::InputError("memory-bound: ", options.percent, " is no percentage from 1 to 100");
  }
  return std::make_unique<MemoryBound>(options);
}

void Register(allot::Registries& registries) {
  allot::Entry<allot::CostModel> entry = allot::MakeEntry<allot::CostModel, MemoryBound>(
      "memory-bound", "the bytes that an operator moves, at the memory's bandwidth", Schema());
  entry.make = Make;
  registries.cost_models.Add(std::move(entry));
}

}  // namespace

AllotPluginInfo allotGetPluginInfo() {
  return {ALLOT_PLUGIN_API_VERSION, "memory-bound", "1.0", Register, ALLOT_PLUGIN_BUILD};
}
