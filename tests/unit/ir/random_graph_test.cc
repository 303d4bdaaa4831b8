#include "tests/models/random_graph.h"

#include <gtest/gtest.h>

#include "tests/models/build_graph.h"

namespace allot::testing {
namespace {

TEST(RandomModuleTest, SameSeedSameModule) {
  for (uint64_t seed = 1; seed <= 5; ++seed) {
    RandomGraphOptions options;
    options.seed = seed;
    EXPECT_TRUE(ir::Equal(RandomModule(options), RandomModule(options))) << seed;
    RandomGraphOptions other = options;
    other.seed = seed + 100;
    EXPECT_FALSE(ir::Equal(RandomModule(options), RandomModule(other))) << seed;
  }
}

TEST(RandomModuleTest, EveryResultIsUsedOrAnOutput) {
  RandomGraphOptions options;
  options.nodes = 200;
  const ir::Module module = RandomModule(options);
  EXPECT_EQ(module.graph.num_nodes(), 200u);
  for (const ir::NodeId node : module.graph.nodes()) {
    for (const ir::ValueId value : module.graph.node(node).results) {
      EXPECT_EQ(module.graph.users(value).empty(), module.graph.IsOutput(value));
    }
  }
}

TEST(EqualTest, SeesEveryDifference) {
  const ir::Module cnn = SmallCnn();
  EXPECT_TRUE(ir::Equal(cnn, SmallCnn()));
  ir::Module changed = SmallCnn();
  changed.graph.mutable_attributes(ir::NodeId(0))["pads"].doc = "why";
  EXPECT_FALSE(ir::Equal(cnn, changed));
  changed = SmallCnn();
  changed.constants[ir::ConstantId(0)].storage = ir::FileBytes{};
  EXPECT_FALSE(ir::Equal(cnn, changed));
  changed = SmallCnn();
  changed.graph.SetOutputs({});
  EXPECT_FALSE(ir::Equal(cnn, changed));
  changed = SmallCnn();
  changed.graph.mutable_value(changed.graph.inputs()[0]).type = ir::Type::Unknown();
  EXPECT_FALSE(ir::Equal(cnn, changed));
  changed = NestedIf();
  changed.graph.mutable_regions(ir::NodeId(1))[0].name = "other";
  EXPECT_FALSE(ir::Equal(NestedIf(), changed));
  EXPECT_TRUE(ir::Equal(WithFunctions(), WithFunctions()));
}

}  // namespace
}  // namespace allot::testing
