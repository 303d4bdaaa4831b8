// Which devices slices may be placed on.
#include "api/slice_placement.h"

#include "gmock/gmock.h"
#include "gtest/gtest.h"

#include "passes/splitting/slice_name.h"

namespace allot {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

// A MatMul by 64 floats for each slice of each block.
ir::Module Sliced(int64_t blocks, int64_t slices) {
  ir::Module module;
  ir::Graph& graph = module.graph;
  const ir::Type type =
      ir::Type::Tensor(ir::ElementType::kFloat, ir::Shape{ir::Dim::Known(8), ir::Dim::Known(8)});
  const ir::ValueId x = graph.AddInput("x", type);
  for (int64_t block = 0; block < blocks; ++block) {
    for (int64_t slice = 0; slice < slices; ++slice) {
      ir::Constant weights;
      weights.element = ir::ElementType::kFloat;
      weights.dims = {8, 8};
      weights.storage = ir::FileBytes{};
      const std::string name = SliceName("n", {block, slice});
      ir::Node node;
      node.op_type = "MatMul";
      node.name = name;
      node.operands = {
          x, graph.AddInitializer(name + "/w", type, module.constants.Add(std::move(weights)))};
      graph.AddNode(std::move(node), {{name + "/y", type}});
    }
  }
  return module;
}

Target Machine(const std::vector<std::string>& hosts, Bytes memory) {
  Target target;
  for (const std::string& host : hosts) {
    Device device;
    device.name = "d" + std::to_string(target.devices.size());
    device.host = host;
    device.memory = memory;
    target.devices.Add(device);
  }
  return target;
}

TEST(SlicePlacementTest, NothingDividedIsNoChoice) {
  EXPECT_THAT(SlicePlacements(Sliced(0, 2), Machine({"", ""}, 1000)), IsEmpty());
  EXPECT_THAT(SlicePlacements(Sliced(1, 3), Machine({"", ""}, 1000)), IsEmpty());
}

TEST(SlicePlacementTest, SlicesOfOneNumberAreOnOneDevice) {
  EXPECT_THAT(SlicePlacements(Sliced(2, 2), Machine({"", ""}, 1000)),
              ElementsAre(ElementsAre(".*/block(0|1)/slice0=d0", ".*/block(0|1)/slice1=d1")));
}

TEST(SlicePlacementTest, SetsAreOfOneHostAndBecomePipelines) {
  EXPECT_THAT(SlicePlacements(Sliced(2, 2), Machine({"a", "b", "a", "b"}, 1000)),
              ElementsAre(ElementsAre(".*/block(0|1)/slice0=d0", ".*/block(0|1)/slice1=d2"),
                          ElementsAre(".*/block(0)/slice0=d0", ".*/block(0)/slice1=d2",
                                      ".*/block(1)/slice0=d1", ".*/block(1)/slice1=d3")));
}

TEST(SlicePlacementTest, WhatDoesNotFitIsLeftOut) {
  const auto ways = SlicePlacements(Sliced(2, 2), Machine({"a", "a", "b", "b"}, 300));
  ASSERT_EQ(ways.size(), 1u);
  EXPECT_EQ(ways[0].size(), 4u);
}

}  // namespace
}  // namespace allot
