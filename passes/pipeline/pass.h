// Door 1: passes. Rewriting ends before deciding begins: a GraphPass edits the graph; a PlanPass
// sees it const and fills the plan. A pass has no state but its options, touches nothing outside
// its arguments, and never prints.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

#include "ir/module.h"
#include "ir/operator_schemas.h"
#include "ir/plan.h"
#include "ir/plan_stages.h"
#include "operators/inference/dim_bindings.h"
#include "operators/operators.h"
#include "passes/pipeline/scenario.h"
#include "placement/solver.h"
#include "support/diagnostics.h"
#include "support/registry.h"
#include "target/cost_model.h"
#include "target/target.h"

namespace allot {

class Analyses;    // analyses.h
struct StartPlan;  // start_plan.h

// Counts that a pass reports; kept in order of name.
class PassStatistics {
 public:
  void Add(const std::string& name, int64_t amount) { counts_[name] += amount; }
  const std::map<std::string, int64_t>& counts() const { return counts_; }

 private:
  std::map<std::string, int64_t> counts_;
};

// Told of the steps inside a pass, which nest; how timing learns of them.
class StepObserver {
 public:
  virtual ~StepObserver() = default;
  virtual void BeginStep(absl::string_view /*name*/) {}
  virtual void EndStep() {}
};

// All that a pass may see besides its subject.
struct PassContext {
  const Target* target = nullptr;                // nullptr: none given; passes that need one say so
  const CostModel* cost_model = nullptr;         // likewise
  const ir::OperatorSchemas* schemas = nullptr;  // may be absent
  const Operators* operators = &BuiltinOperators();  // never null
  const Registry<PlacementSolver>* solvers = nullptr;
  const StartPlan* start = nullptr;  // what is there already; nullptr: nothing
  ir::Objective objective = ir::Objective::kLatency;
  DimBindings dims;
  // Uses that share the placement: times are sums over a round of them, memory is the largest.
  // Empty: one use, with `dims`.
  std::vector<Scenario> scenarios;
  uint64_t seed = 1;
  int threads = 1;                       // never changes the result
  Diagnostics* diagnostics = nullptr;    // never null
  PassStatistics* statistics = nullptr;  // never null; of the running pass
  StepObserver* steps = nullptr;         // nullptr: nobody asks
  Analyses* analyses = nullptr;          // nullptr: nothing is kept; set by the runner
  // Asked now and then by passes that search; true: end with what there is. nullptr: never.
  std::function<bool()> stop = nullptr;
  // Told of what a search has reached. Never changes the result; nullptr: nobody listens.
  ProgressHook progress = nullptr;
};

// A step from here to the end of the scope.
class ScopedStep {
 public:
  ScopedStep(const PassContext& context, absl::string_view name) : steps_(context.steps) {
    if (steps_ != nullptr) steps_->BeginStep(name);
  }
  ~ScopedStep() {
    if (steps_ != nullptr) steps_->EndStep();
  }
  ScopedStep(const ScopedStep&) = delete;
  ScopedStep& operator=(const ScopedStep&) = delete;

 private:
  StepObserver* steps_;
};

class GraphPass {
 public:
  virtual ~GraphPass() = default;
  // Returns whether anything changed. The graph is compacted and verified afterwards.
  virtual absl::StatusOr<bool> Run(ir::Module& module, PassContext& context) const = 0;
};

class PlanPass {
 public:
  virtual ~PlanPass() = default;
  // The first stage that Run() changes; what was found out about it and later ones is forgotten.
  virtual ir::PlanStage writes() const { return ir::PlanStage::kCosts; }
  virtual absl::Status Run(const ir::Module& module, ir::Plan& plan,
                           PassContext& context) const = 0;
};

}  // namespace allot
