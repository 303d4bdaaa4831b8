// Models that were divided in part are chains of blocks as before, and slices stay apart.
#include <set>
#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

#include "passes/coarsening/chain_of_blocks.h"
#include "passes/problem/cluster_problem.h"
#include "passes/splitting/slice_name.h"
#include "tests/models/build_graph.h"
#include "tests/unit/passes/planning.h"

namespace allot {
namespace {

using testing::F32;
using testing::ModuleBuilder;
using testing::Planning;
using testing::SlowTarget;

constexpr int kLayers = 12, kNodesOfLayer = 6;

ir::Module Layers() {
  ModuleBuilder m;
  ir::ValueId x = m.Op("Identity", {m.Input("x", F32({2, 64}))}, F32({2, 64}));
  for (int i = 0; i < kLayers; ++i) {
    const std::string name = "w" + std::to_string(i);
    const ir::ValueId norm = m.Op("Tanh", {x}, F32({2, 64}));
    const ir::ValueId scaled = m.Op("Sigmoid", {norm}, F32({2, 64}));
    const ir::ValueId up = m.Op("MatMul", {scaled, m.Weight(name + "up", {64, 64})}, F32({2, 64}));
    const ir::ValueId act = m.Op("Softplus", {up}, F32({2, 64}));
    const ir::ValueId down = m.Op("MatMul", {act, m.Weight(name + "down", {64, 64})}, F32({2, 64}));
    x = m.Op("Add", {x, down}, F32({2, 64}));
  }
  return std::move(m).Finish({x});
}

TEST(DividedBlocksTest, WidthsOfRangesLeaveAChain) {
  Planning planning(Layers(), SlowTarget(4));
  const int half = 1 + kLayers / 2 * kNodesOfLayer, all = 1 + kLayers * kNodesOfLayer;
  const std::string widths = std::to_string(half) + ":1;" + std::to_string(all) + ":2";
  const absl::Status status = planning.Run("infer-shapes,split-operators{widths=\"" + widths +
                                           "\"},estimate-cost,coarsen{max-items=30}");
  ASSERT_TRUE(status.ok()) << status;
  const absl::StatusOr<ChainOfBlocks> chain =
      BuildClusterBlocks(planning.module, planning.plan, planning.context);
  ASSERT_TRUE(chain.ok()) << chain.status();
  EXPECT_GE(chain->num_blocks, kLayers);
  // No cluster has nodes of two slices, and slices are in the second half alone.
  std::set<int32_t> slices;
  for (const ItemId item : chain->slice_of.ids()) {
    const int32_t slice = chain->slice_of[item];
    slices.insert(slice);
    if (slice >= 0) {
      EXPECT_GE(chain->block_of[item], kLayers / 2);
    }
  }
  EXPECT_EQ(slices, (std::set<int32_t>{kWhole, 0, 1}));
  const ir::Graph& graph = planning.module.graph;
  for (const ir::NodeId node : graph.nodes()) {
    const ir::ClusterId cluster = planning.plan.cluster_of[node];
    if (!cluster.valid()) continue;
    const std::optional<SliceOf> of = ParseSliceName(graph.node(node).name);
    if (!of.has_value()) continue;  // a sum may be fused with what it adds to
    EXPECT_EQ(chain->slice_of[ItemId(cluster.index())], of->slice) << graph.node(node).name;
  }
}

}  // namespace
}  // namespace allot
