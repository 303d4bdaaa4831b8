// The plan's clusters as a placement problem, and solutions of it back in the plan: cluster i is
// item i, part p is part p.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"

#include "ir/plan_stages.h"
#include "passes/coarsening/chain_of_blocks.h"
#include "passes/pipeline/analyses.h"
#include "passes/pipeline/pass.h"
#include "passes/problem/problem_builder.h"
#include "placement/lanes/lanes.h"
#include "placement/parts/parts.h"

namespace allot {

// Needs clusters.
absl::StatusOr<BuiltProblem> BuildClusterProblem(const ir::Module& module, const ir::Plan& plan,
                                                 const PassContext& context);

// The finest level at which a placement with this plan's kernels could decide: BuildKernelGroups()
// as items. Bounds proven here hold whatever coarsening did.
absl::StatusOr<BuiltProblem> BuildKernelProblem(const ir::Module& module, const ir::Plan& plan,
                                                const PassContext& context);

// The above, kept for as long as clusters and kernels stay.
using ClusterProblem = MadeBy<&BuildClusterProblem, ir::PlanStage::kClusters>;
using KernelProblem = MadeBy<&BuildKernelProblem, ir::PlanStage::kClusters>;

// The clusters as a chain of repeated blocks; no blocks where the model is none.
absl::StatusOr<ChainOfBlocks> BuildClusterBlocks(const ir::Module& module, const ir::Plan& plan,
                                                 const PassContext& context);
using ClusterBlocks = MadeBy<&BuildClusterBlocks, ir::PlanStage::kClusters>;

// module_of by item; empty if nothing has split the problem.
std::vector<int32_t> ModulesOf(const ir::Plan& plan);

// What the plan says. Needs a placement; parts.
Solution PlannedSolution(const ir::Plan& plan);
Partition PlannedParts(const ir::Plan& plan);

// The plan's placement and parts as a solution of BuildKernelProblem(); nullopt if they divide one
// of its items. Needs parts.
std::optional<PartedSolution> PlanOnKernels(const BuiltProblem& kernels, const ir::Plan& plan);

// All lanes of the plan, of which a plan without further ones has one. Scores are left empty. Needs
// parts.
Lanes PlannedLanes(const ir::Plan& plan);

// Writes device_of, order, part_of and the devices of parts, which becomes the only lane; drops
// what later passes derive.
void StoreSolution(const PartedSolution& solution, ir::Plan& plan);

// The same for lanes, by falling share; equal ones stay in their order. A lane by itself has the
// share 1. There must be one.
void StoreLanes(const Lanes& lanes, ir::Plan& plan);

// The value of a solution of either objective, for messages: "1.2500 ms".
std::string TimeText(Picos time);

// A number of evaluations that takes about as long for any size of problem: `total` item visits,
// within [least, most].
int64_t EffortFor(const PlacementProblem& problem, int64_t total, int64_t least, int64_t most);

}  // namespace allot
