// Groups nodes into what is worth placing: kernels that a runtime fuses, then clusters.
//
// Up to max-items clusters, nothing is lost but the freedom to tear a kernel apart or to send away
// what costs nothing: values that cannot cross a file boundary hold their users together, fusible
// nodes, or nodes that were measured as one, form kernels, and free nodes go with a neighbour. Only
// beyond that are clusters merged to fewer, along the heaviest tensors; where blocks repeat, within
// each of them and alike. Every stage keeps the quotient acyclic.
#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"

#include "operators/features/training_roles.h"
#include "passes/coarsening/block_contraction.h"
#include "passes/coarsening/chain_of_blocks.h"
#include "passes/coarsening/contraction.h"
#include "passes/coarsening/fusion_patterns.h"
#include "passes/coarsening/kernel_groups.h"
#include "passes/coarsening/measured_fusion.h"
#include "passes/coarsening/uncuttable.h"
#include "passes/coarsening/whole_model.h"
#include "passes/nodes/travellers.h"
#include "passes/pipeline/analyses.h"
#include "passes/pipeline/pass.h"
#include "passes/problem/problem_builder.h"
#include "passes/problem/requirements.h"
#include "passes/problem/start_plan.h"
#include "support/status.h"

namespace allot {
namespace {

struct CoarsenOptions {
  int64_t max_items = 200;
  bool fuse = true;
};

template <typename IdType>
IdVector<ir::NodeId, IdType> Ids(const IdVector<ir::NodeId, ItemId>& group_of) {
  IdVector<ir::NodeId, IdType> ids;
  for (const ItemId group : group_of) ids.Add(IdType(group.index()));
  return ids;
}

class Coarsen final : public PlanPass {
 public:
  explicit Coarsen(CoarsenOptions options) : options_(options) {}

  ir::PlanStage writes() const override { return ir::PlanStage::kClusters; }

  absl::Status Run(const ir::Module& module, ir::Plan& plan, PassContext& context) const override {
    if (options_.max_items < 1) {
      return InputError("max-items=", options_.max_items, " is not positive");
    }
    const ir::Graph& graph = module.graph;
    ALLOT_RETURN_IF_ERROR(RequireMachine(context));
    ALLOT_RETURN_IF_ERROR(RequireStage(module, plan, context, ir::PlanStage::kCosts));
    ir::DropFrom(ir::PlanStage::kClusters, plan);

    ALLOT_ASSIGN_OR_RETURN(const auto constraints,
                           Analysis<PlanConstraints>(module, plan, context));
    for (const auto& [input, output] : constraints->torn_states()) {
      context.diagnostics->Warning(
          absl::StrCat("state '", input, "'"),
          absl::StrCat(
              "no device can run what reads it and what makes it ('", output,
              "'): it goes from one device to another after every inference, which no cost "
              "counts"));
    }
    ALLOT_ASSIGN_OR_RETURN(
        const auto travels,
        FindTravellers(module, plan, *constraints, *context.cost_model, *context.target));
    IdVector<ir::NodeId, bool> placed(graph.node_id_bound(), false);
    for (const ir::NodeId node : graph.nodes()) placed[node] = !travels[node];
    const NodeGrouping kernels = Kernels(module, plan, placed, *constraints, context);
    plan.kernel_of = Ids<ir::KernelId>(kernels.group_of);

    ALLOT_ASSIGN_OR_RETURN(const auto finest, Analysis<FinestGroups>(module, plan, context));
    NodeGrouping clusters = Number(graph, placed, finest->groups);
    const size_t before = clusters.num_groups;
    // Passes of an operator share a device: joining those of several would keep all of them
    // together.
    const bool trains = FindTrainingRoles(graph).trains();
    if (!trains && clusters.num_groups > static_cast<size_t>(options_.max_items)) {
      ALLOT_ASSIGN_OR_RETURN(const BuiltProblem built, BuildProblem(module, plan, clusters.group_of,
                                                                    clusters.num_groups, context));
      const auto most = static_cast<size_t>(options_.max_items);
      const ChainOfBlocks chain = FindChainOfBlocks(graph, clusters);
      const IdVector<ItemId, ItemId> contracted =
          chain.num_blocks > 0 ? ContractBlocks(built.problem, chain, most, clusters.num_groups)
                               : ContractToSize(built.problem, most, clusters.num_groups);
      for (ItemId& group : clusters.group_of) {
        if (group.valid()) group = contracted[group];
      }
    }
    if (context.start != nullptr) {
      int64_t divided = 0;
      clusters = DivideByStart(*context.start, graph, placed, clusters, finest->groups, divided);
      if (divided > 0) {
        context.diagnostics->Warning(
            context.start->file,
            absl::StrCat("cuts ", divided,
                         " groups of nodes that a runtime runs as one; each is taken to be where "
                         "its first node is"));
      }
    }
    plan.cluster_of = Ids<ir::ClusterId>(clusters.group_of);

    ReportWhatCannotBeSplit(module, plan, clusters, *context.diagnostics);
    context.statistics->Add("nodes", static_cast<int64_t>(graph.num_nodes()));
    context.statistics->Add("travelling", std::count(travels.begin(), travels.end(), true));
    context.statistics->Add("kernels", static_cast<int64_t>(kernels.num_groups));
    context.statistics->Add("clusters", static_cast<int64_t>(clusters.num_groups));
    context.statistics->Add(
        "contracted", static_cast<int64_t>(before) - static_cast<int64_t>(clusters.num_groups));
    context.statistics->Add("absorbed", finest->absorbed_groups);
    context.statistics->Add("uncuttable-values", finest->uncuttable_values);
    return absl::OkStatus();
  }

 private:
  NodeGrouping Kernels(const ir::Module& module, const ir::Plan& plan,
                       const IdVector<ir::NodeId, bool>& placed,
                       const DeviceConstraints& constraints, PassContext& context) const {
    const ir::Graph& graph = module.graph;
    if (!options_.fuse) return Number(graph, placed, NodeGroups(graph.node_id_bound()));
    NodeGroups uncuttable(graph.node_id_bound());
    JoinUncuttable(graph, placed, uncuttable);
    // Gradients are kernels of their own.
    const TrainingRoles roles = FindTrainingRoles(graph);
    IdVector<ir::NodeId, bool> fusable = placed;
    for (const ir::NodeId node : graph.nodes()) {
      if (roles.role[node] != TrainingRole::kForward) fusable[node] = false;
    }
    NodeGroups kernels = FuseKernels(graph, plan, fusable, constraints, uncuttable);
    const MeasuredFusion measured =
        JoinMeasuredKernels(graph, plan, placed, constraints, uncuttable, *context.cost_model,
                            *context.target, kernels);
    if (measured.merges > 0) context.statistics->Add("joined-as-measured", measured.merges);
    if (!measured.apart.empty()) {
      context.diagnostics->Warning(
          "", absl::StrCat("nodes that were measured as part of another node's kernel cannot stay "
                           "with it (",
                           measured.apart.size(), ", first '",
                           plan.features[measured.apart.front()].name,
                           "'), so what they take is predicted too low; rules that part them, or "
                           "a cycle, are why"));
    }
    return Number(graph, placed, kernels);
  }

  CoarsenOptions options_;
};

}  // namespace

Entry<PlanPass> CoarsenEntry() {
  return MakeEntry<PlanPass, Coarsen>(
      "coarsen", "group nodes into fused kernels and clusters that are placed as one",
      OptionSchema<CoarsenOptions>()
          .Add("max-items", &CoarsenOptions::max_items,
               "merge clusters further until there are at most this many")
          .Add("fuse", &CoarsenOptions::fuse,
               "expect the runtime to fuse: Conv and its activation, LayerNorm, QDQ groups, ...; "
               "what was measured as one kernel"));
}

}  // namespace allot
