#include "api/plugin_guard.h"

#include <algorithm>
#include <optional>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"

namespace allot {
namespace {

// Of what was made from an entry. `library` comes before what lives in it everywhere below, so that
// it is let go last.
struct Origin {
  std::shared_ptr<const void> library;
  std::string who;  // "plug-in 'p': solver 's': "
};

class GuardedGraphPass final : public GraphPass {
 public:
  GuardedGraphPass(Origin origin, std::unique_ptr<GraphPass> pass)
      : origin_(std::move(origin)), pass_(std::move(pass)) {}
  absl::StatusOr<bool> Run(ir::Module& module, PassContext& context) const override {
    return CallPlugin(origin_.who, [&] { return pass_->Run(module, context); });
  }

 private:
  Origin origin_;
  std::unique_ptr<GraphPass> pass_;
};

class GuardedPlanPass final : public PlanPass {
 public:
  GuardedPlanPass(Origin origin, std::unique_ptr<PlanPass> pass)
      : origin_(std::move(origin)), pass_(std::move(pass)) {}
  absl::Status Run(const ir::Module& module, ir::Plan& plan, PassContext& context) const override {
    return CallPlugin(origin_.who, [&] { return pass_->Run(module, plan, context); });
  }

 private:
  Origin origin_;
  std::unique_ptr<PlanPass> pass_;
};

class GuardedSolver final : public PlacementSolver {
 public:
  GuardedSolver(Origin origin, std::unique_ptr<PlacementSolver> solver)
      : origin_(std::move(origin)), solver_(std::move(solver)) {}
  // No way to tell of an error: a solver that throws here gets plain problems of items only.
  std::vector<absl::string_view> kinds() const override {
    try {
      return solver_->kinds();
    } catch (...) {
      return {kItemsKind};
    }
  }
  ProblemFeatures features() const override {
    try {
      return solver_->features();
    } catch (...) {
      return {};
    }
  }
  // Nor here: one that throws takes no part.
  std::optional<PortfolioPart> portfolio() const override {
    try {
      return solver_->portfolio();
    } catch (...) {
      return std::nullopt;
    }
  }
  absl::StatusOr<SolveResult> Solve(const SolveInput& input) const override {
    return CallPlugin(origin_.who, [&] { return solver_->Solve(input); });
  }

 private:
  Origin origin_;
  std::unique_ptr<PlacementSolver> solver_;
};

class GuardedCostModel final : public CostModel {
 public:
  GuardedCostModel(Origin origin, std::unique_ptr<CostModel> model)
      : origin_(std::move(origin)), model_(std::move(model)) {}
  absl::StatusOr<Picos> OpTime(const OpFeatures& op, const Device& device) const override {
    return Checked([&] { return model_->OpTime(op, device); });
  }
  absl::StatusOr<CostBreakdown> Breakdown(const OpFeatures& op,
                                          const Device& device) const override {
    ALLOT_ASSIGN_OR_RETURN(const Picos time, OpTime(op, device));
    ALLOT_ASSIGN_OR_RETURN(const CostBreakdown cost,
                           CallPlugin("", [&] { return model_->Breakdown(op, device); }),
                           origin_.who);
    const bool sound = std::min({cost.compute, cost.memory, cost.launch, cost.other}) >= 0;
    if (!sound || Total(cost) != time) {
      return InputError(origin_.who, "divides ", time,
                        " ps into parts that do not make it: ", cost.compute, ", ", cost.memory,
                        ", ", cost.launch, ", ", cost.other, "; please tell the plug-in's authors");
    }
    return cost;
  }
  absl::StatusOr<Picos> FusedTime(const std::vector<const OpFeatures*>& ops,
                                  const OpFeatures& fused, const Device& device) const override {
    return Checked([&] { return model_->FusedTime(ops, fused, device); });
  }
  // No way to tell of an error: nothing is known to be fused.
  std::string FusedInto(const OpFeatures& op, const Device& device) const override {
    try {
      return model_->FusedInto(op, device);
    } catch (...) {
      return "";
    }
  }

 private:
  template <typename Call>
  absl::StatusOr<Picos> Checked(const Call& call) const {
    // An error of the model's own does not say whose it is.
    ALLOT_ASSIGN_OR_RETURN(const Picos time,
                           CallPlugin("", [&]() -> absl::StatusOr<Picos> { return call(); }),
                           origin_.who);
    if (time < 0 || time > kMaxPicos) {
      return InputError(origin_.who, time, " ps is no time; expected 0 to ", kMaxPicos,
                        ", please tell the plug-in's authors");
    }
    return time;
  }

  Origin origin_;
  std::unique_ptr<CostModel> model_;
};

class GuardedEmitter final : public Emitter {
 public:
  GuardedEmitter(Origin origin, std::unique_ptr<Emitter> emitter)
      : origin_(std::move(origin)), emitter_(std::move(emitter)) {}
  absl::StatusOr<std::vector<OutputFile>> Emit(const EmitInput& input) const override {
    return CallPlugin(origin_.who, [&] { return emitter_->Emit(input); });
  }

 private:
  Origin origin_;
  std::unique_ptr<Emitter> emitter_;
};

struct GuardedShape {
  Origin origin;
  ShapeRule rule;

  absl::Status operator()(RuleContext& context) const {
    ALLOT_RETURN_IF_ERROR(CallPlugin(origin.who, [&] { return rule(context); }));
    for (size_t i = 0; i < context.results().size(); ++i) {
      const ir::Type& type = context.results()[i];
      if (!type.shape.has_value()) continue;
      for (const ir::Dim& dim : *type.shape) {
        if (dim.size < -1) {
          return InputError(origin.who, "gives result ", i, " a size of ", dim.size,
                            "; please tell the plug-in's authors");
        }
      }
    }
    return absl::OkStatus();
  }
};

// No way to tell of an error: nothing is known of elements.
struct GuardedValue {
  Origin origin;
  ValueRule rule;

  void operator()(RuleContext& context) const {
    try {
      rule(context);
    } catch (...) {
      for (std::optional<PartialValue>& value : context.values()) value.reset();
    }
  }
};

struct GuardedWork {
  Origin origin;
  WorkRule rule;

  absl::StatusOr<OpWork> operator()(const OpView& view) const {
    ALLOT_ASSIGN_OR_RETURN(OpWork work, CallPlugin("", [&] { return rule(view); }), origin.who);
    int64_t least = std::min(work.other_operations, work.window);
    for (const Extents& product : work.products) {
      least = std::min({least, product.batch, product.m, product.n, product.k});
    }
    if (least < 0) {
      return InputError(origin.who, "says that its work is ", least,
                        " of something; please tell the plug-in's authors");
    }
    return work;
  }
};

Operator GuardOperator(Operator op, const std::string& plugin,
                       const std::shared_ptr<const void>& library) {
  const Origin origin{library,
                      absl::StrCat("plug-in '", plugin, "': operator '", OperatorName(op), "': ")};
  if (op.shape != nullptr) op.shape = GuardedShape{origin, std::move(op.shape)};
  if (op.value != nullptr) op.value = GuardedValue{origin, std::move(op.value)};
  if (op.work != nullptr) op.work = GuardedWork{origin, std::move(op.work)};
  return op;
}

template <typename Interface, typename Guarded>
struct GuardedMake {
  Origin origin;
  decltype(Entry<Interface>::make) make;

  absl::StatusOr<std::unique_ptr<Interface>> operator()(absl::string_view options) const {
    ALLOT_ASSIGN_OR_RETURN(std::unique_ptr<Interface> made,
                           CallPlugin(origin.who, [&] { return make(options); }));
    if (made == nullptr) return InputError(origin.who, "made nothing; please tell its authors");
    return std::make_unique<Guarded>(origin, std::move(made));
  }
};

// Of options to text.
struct GuardedText {
  Origin origin;
  std::function<absl::StatusOr<std::string>(absl::string_view options)> text;

  absl::StatusOr<std::string> operator()(absl::string_view options) const {
    return CallPlugin(origin.who, [&] { return text(options); });
  }
};

template <typename Guarded, typename Interface>
Registry<Interface> GuardAll(const Registry<Interface>& registry, absl::string_view kind,
                             const std::string& plugin,
                             const std::shared_ptr<const void>& library) {
  Registry<Interface> guarded;
  for (Entry<Interface> entry : registry.entries()) {
    const Origin origin{library,
                        absl::StrCat("plug-in '", plugin, "': ", kind, " '", entry.name, "': ")};
    entry.make = GuardedMake<Interface, Guarded>{origin, std::move(entry.make)};
    entry.normalize = GuardedText{origin, std::move(entry.normalize)};
    guarded.Add(std::move(entry));
  }
  return guarded;
}

}  // namespace

Registries Guard(const Registries& entries, const std::string& plugin,
                 const std::shared_ptr<const void>& library) {
  Registries guarded;
  const PassRegistry& passes = entries.passes;
  guarded.passes.graph_passes =
      GuardAll<GuardedGraphPass>(passes.graph_passes, "pass", plugin, library);
  guarded.passes.plan_passes =
      GuardAll<GuardedPlanPass>(passes.plan_passes, "pass", plugin, library);
  for (NamedPipeline pipeline : passes.pipelines) {
    if (pipeline.expand != nullptr) {
      const Origin origin{library,
                          absl::StrCat("plug-in '", plugin, "': pipeline '", pipeline.name, "': ")};
      pipeline.expand = GuardedText{origin, std::move(pipeline.expand)};
    }
    guarded.passes.pipelines.push_back(std::move(pipeline));
  }
  guarded.solvers = GuardAll<GuardedSolver>(entries.solvers, "solver", plugin, library);
  guarded.cost_models =
      GuardAll<GuardedCostModel>(entries.cost_models, "cost model", plugin, library);
  guarded.emitters = GuardAll<GuardedEmitter>(entries.emitters, "output", plugin, library);
  for (const Operator& op : entries.operators.records()) {
    guarded.operators.Add(GuardOperator(op, plugin, library));
  }
  return guarded;
}

}  // namespace allot
