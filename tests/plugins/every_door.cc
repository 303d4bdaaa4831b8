// A plug-in with something for every door, good and bad.
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "api/plugin.h"

namespace {

using allot::MakeEntry;
using allot::OptionSchema;

struct NoOptions {};

class Rename final : public allot::GraphPass {
 public:
  struct Options {
    std::string to = "renamed";
  };
  explicit Rename(Options options) : options_(std::move(options)) {}
  absl::StatusOr<bool> Run(allot::ir::Module& module, allot::PassContext&) const override {
    module.graph.name = options_.to;
    return true;
  }

 private:
  const Options options_;
};

class ThrowingPass final : public allot::PlanPass {
 public:
  explicit ThrowingPass(NoOptions) {}
  absl::Status Run(const allot::ir::Module&, allot::ir::Plan&, allot::PassContext&) const override {
    throw std::out_of_range("index 7");
  }
};

class ThrowingSolver final : public allot::PlacementSolver {
 public:
  explicit ThrowingSolver(NoOptions) {}
  std::vector<absl::string_view> kinds() const override { throw 1; }
  allot::ProblemFeatures features() const override { throw 1; }
  std::optional<allot::PortfolioPart> portfolio() const override { throw 1; }
  absl::StatusOr<allot::SolveResult> Solve(const allot::SolveInput&) const override { throw 2; }
};

class FixedCost final : public allot::CostModel {
 public:
  struct Options {
    int64_t picos = 1;
  };
  explicit FixedCost(Options options) : options_(options) {}
  absl::StatusOr<allot::Picos> OpTime(const allot::OpFeatures&,
                                      const allot::Device&) const override {
    if (options_.picos == 13) return allot::InputError("13 brings bad luck");
    return options_.picos;
  }
  std::string FusedInto(const allot::OpFeatures&, const allot::Device&) const override { throw 3; }

 private:
  const Options options_;
};

class Hello final : public allot::Emitter {
 public:
  explicit Hello(NoOptions) {}
  absl::StatusOr<std::vector<allot::OutputFile>> Emit(const allot::EmitInput&) const override {
    allot::OutputFile file{.name = "hello.txt", .chunks = {}};
    file.chunks.push_back({.bytes = "hello\n", .source = ""});
    return std::vector<allot::OutputFile>{file};
  }
};

allot::OpWork PerElement(const allot::OpView& view) {
  allot::OpWork work;
  work.other_operations = 3 * view.ResultElements(0);
  return work;
}
absl::Status SameType(allot::RuleContext& context) {
  context.SetType(0, context.type(0));
  return absl::OkStatus();
}
allot::OpWork ThrowingWork(const allot::OpView&) { throw std::out_of_range("no size 4"); }
allot::OpWork NegativeWork(const allot::OpView&) {
  allot::OpWork work;
  work.products.push_back({.m = 2, .n = -3, .k = 4});
  return work;
}
absl::Status ThrowingShape(allot::RuleContext&) { throw std::out_of_range("no dimension 9"); }
void ThrowingValue(allot::RuleContext&) { throw 5; }
absl::Status NegativeShape(allot::RuleContext& context) {
  context.Set(0, allot::ir::ElementType::kFloat, allot::ir::Shape{allot::ir::Dim::Known(-7)});
  return absl::OkStatus();
}

void Register(allot::Registries& registries) {
  registries.passes.graph_passes.Add(MakeEntry<allot::GraphPass, Rename>(
      "door-rename", "rename the graph",
      OptionSchema<Rename::Options>().Add("to", &Rename::Options::to, "the new name")));
  registries.passes.plan_passes.Add(
      MakeEntry<allot::PlanPass, ThrowingPass>("door-throws", "throw", OptionSchema<NoOptions>()));
  registries.passes.pipelines.push_back(
      {.name = "door-pipeline", .summary = "rename twice", .text = "door-rename,door-rename"});
  registries.solvers.Add(MakeEntry<allot::PlacementSolver, ThrowingSolver>(
      "door-solver", "throw", OptionSchema<NoOptions>()));
  registries.cost_models.Add(MakeEntry<allot::CostModel, FixedCost>(
      "door-cost", "the same for all",
      OptionSchema<FixedCost::Options>().Add("picos", &FixedCost::Options::picos, "how much")));
  registries.emitters.Add(
      MakeEntry<allot::Emitter, Hello>("door-hello", "hello.txt", OptionSchema<NoOptions>()));
  registries.operators.Add({.domain = "door",
                            .op_type = "Same",
                            .family = allot::OpFamily::kElementwise,
                            .work = PerElement,
                            .shape = SameType});
  registries.operators.Add({.domain = "door",
                            .op_type = "Throws",
                            .family = allot::OpFamily::kElementwise,
                            .work = ThrowingWork,
                            .shape = ThrowingShape,
                            .value = ThrowingValue});
  registries.operators.Add(
      {.domain = "door", .op_type = "Minus", .work = NegativeWork, .shape = NegativeShape});
  allot::Entry<allot::Emitter> nothing =
      MakeEntry<allot::Emitter, Hello>("door-nothing", "nothing", OptionSchema<NoOptions>());
  nothing.on_request = true;
  nothing.make = [](absl::string_view) { return std::unique_ptr<allot::Emitter>(); };
  registries.emitters.Add(std::move(nothing));
}

}  // namespace

AllotPluginInfo allotGetPluginInfo() {
  return {ALLOT_PLUGIN_API_VERSION, "every-door", "2.5", Register, ALLOT_PLUGIN_BUILD};
}
