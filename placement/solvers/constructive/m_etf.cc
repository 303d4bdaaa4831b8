// m-ETF: earliest task first within memory (Baechi; Jeon et al., SoCC 2020).
#include "placement/solvers/constructive/earliest_task.h"
#include "placement/solvers/constructive/list_schedule.h"
#include "support/status.h"

namespace allot {
namespace {

struct MEtfOptions {
  std::string device;
};

OptionSchema<MEtfOptions> Schema() {
  return OptionSchema<MEtfOptions>().Add(
      "device", &MEtfOptions::device,
      "Where the item goes that can start first: the device of its first 'start', as published for "
      "devices that are alike, or of its first 'end'; empty: tries both");
}

class MEtf : public PlacementSolver {
 public:
  explicit MEtf(MEtfOptions options) : options_(std::move(options)) {}

  ProblemFeatures features() const override { return {.staged = true}; }

  absl::StatusOr<SolveResult> Solve(const SolveInput& input) const override {
    ALLOT_ASSIGN_OR_RETURN(const std::vector<DeviceRule> rules, ParseDeviceRules(options_.device));
    Evaluator evaluator(*input.facts);
    std::vector<SolutionBuilder> builders;
    for (const DeviceRule rule : rules) {
      builders.push_back([&, rule](const std::vector<Bytes>& capacity) {
        return EarliestTaskFirst(input.problem, input.graph, evaluator, rule, {}, capacity);
      });
    }
    return BestWithinMemory(input.problem, evaluator, builders);
  }

 private:
  const MEtfOptions options_;
};

}  // namespace

Entry<PlacementSolver> MEtfEntry() {
  return MakeEntry<PlacementSolver, MEtf>(
      "m-etf", "Places whatever can start first, as far as memory allows.", Schema());
}

}  // namespace allot
