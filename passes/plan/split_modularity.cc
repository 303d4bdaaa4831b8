// Splits the clusters into modules that exchange little, so that each can be solved well by itself:
// communities of the flow graph by directed modularity, with an acyclic quotient (see
// support/graph/modularity.h and docs/placement.md).
#include <utility>

#include "passes/pipeline/pass.h"
#include "passes/problem/cluster_problem.h"
#include "support/graph/modularity.h"
#include "support/status.h"

namespace allot {
namespace {

struct SplitModularityOptions {
  int64_t max_size = 24;
  double resolution = 1.0;
};

class SplitModularity final : public PlanPass {
 public:
  explicit SplitModularity(SplitModularityOptions options) : options_(options) {}

  ir::PlanStage writes() const override { return ir::PlanStage::kModules; }

  absl::Status Run(const ir::Module& module, ir::Plan& plan, PassContext& context) const override {
    if (options_.max_size < 1)
      return InputError("max-size=", options_.max_size, " is not positive");
    if (options_.resolution < 0 || options_.resolution > 1000) {
      return InputError("resolution=", options_.resolution, " is not between 0 and 1000");
    }
    ALLOT_ASSIGN_OR_RETURN(const auto clusters, Analysis<ClusterProblem>(module, plan, context));
    const BuiltProblem& built = *clusters;
    const size_t n = built.problem.items.size();
    plan.module_of = IdVector<ir::ClusterId, ir::ModuleId>(n, ir::ModuleId(0));
    int32_t count = n > 0 ? 1 : 0;
    // What fits into one module is solved best as one.
    if (n > static_cast<size_t>(options_.max_size)) {
      const Communities communities =
          AcyclicCommunities(TrafficGraph(built.problem), {},
                             {.resolution = options_.resolution, .max_size = options_.max_size});
      for (const ir::ClusterId cluster : plan.module_of.ids()) {
        plan.module_of[cluster] =
            ir::ModuleId(communities.of[static_cast<size_t>(cluster.index())]);
      }
      count = communities.count;
      context.statistics->Add("modularity-permille",
                              static_cast<int64_t>(communities.modularity * 1000));
    }
    context.statistics->Add("modules", count);
    return absl::OkStatus();
  }

 private:
  // A tensor counts once, spread over its consumers; one byte more, so that small ones count.
  static CsrGraph TrafficGraph(const PlacementProblem& problem) {
    std::vector<WeightedEdge> edges;
    for (const PlacementProblem::Flow& flow : problem.flows) {
      const Bytes share = flow.bytes / static_cast<Bytes>(flow.to.size()) + 1;
      for (const ItemId to : flow.to) edges.push_back({flow.from.index(), to.index(), share});
    }
    return CsrGraph(static_cast<int32_t>(problem.items.size()), std::move(edges));
  }

  SplitModularityOptions options_;
};

}  // namespace

Entry<PlanPass> SplitModularityEntry() {
  return MakeEntry<PlanPass, SplitModularity>(
      "split-modularity", "split the clusters into modules that exchange little with each other",
      OptionSchema<SplitModularityOptions>()
          .Add("max-size", &SplitModularityOptions::max_size,
               "no module has more clusters; up to this many in all make one module")
          .Add("resolution", &SplitModularityOptions::resolution,
               "gamma of the modularity: larger makes smaller modules"));
}

}  // namespace allot
