// plan.json written and read back; reading damaged ones.
#include "lowering/plan_file.h"

#include "gmock/gmock.h"
#include "gtest/gtest.h"

#include "tests/models/damaged_json.h"
#include "tests/unit/lowering/emit_case.h"

namespace allot {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

Case TwoParts() {
  return Case(ModelText(Input("x") + Output("z") + Typed("y") + Op("Relu", "a", {"x"}, {"y"}) +
                        Op("Relu", "b", {"y"}, {"z"})),
              AFirst);
}

std::string PlanText(const Case& model, const EmitInput& input) {
  return Text(model.Emit({"plan"}, input), "plan.json");
}

TEST(PlanFileTest, ReadsWhatIsWritten) {
  Case model = TwoParts();
  const ir::ValueId y = model.module.graph.node(ir::NodeId(0)).results[0];
  model.plan.cuts = {
      {y, ir::PartId(0), {ir::PartId(1)}, 8, ir::CutCause::kMemory, "it does not fit"}};
  model.plan.alternatives.resize(2);
  model.plan.alternatives[ir::ClusterId(1)] = ir::Alternative{DeviceId(0), 5'000'001};
  EmitInput input = model.Input();
  input.dims = {{"N", 4}};
  input.default_dim = 2;
  input.made_from = {{"machine.json", "00ff"},
                     ir::Objective::kThroughput,
                     {"a=cpu0"},
                     {"b=cpu0"},
                     {"c.*"},
                     "roofline",
                     {{"c.csv", "11"}},
                     Provenance::File{"before/plan.json", "22"},
                     7};
  const absl::StatusOr<PlanFile> plan = ParsePlanFile(PlanText(model, input), "plan.json");
  ASSERT_TRUE(plan.ok()) << plan.status();
  EXPECT_EQ(plan->made_from, input.made_from);
  EXPECT_EQ(plan->dims, input.dims);
  EXPECT_EQ(plan->default_dim, 2);
  EXPECT_EQ(plan->model, "model.onnx");
  EXPECT_EQ(plan->pipeline, input.pipeline);
  ASSERT_TRUE(plan->predicted.has_value());
  EXPECT_EQ(plan->predicted->value, 4'000'000);
  EXPECT_EQ(plan->predicted->bound, "load");
  EXPECT_EQ(plan->devices,
            (std::vector<PlanFile::Device>{
                {"cpu0", model.target.devices[DeviceId(0)].memory, 1'000'000, 10, 20},
                {"gpu0", model.target.devices[DeviceId(1)].memory, 1'000'000, 10, 20}}));
  EXPECT_EQ(plan->parts, (std::vector<PlanFile::Part>{{"p0", "cpu0", 0, 500},
                                                      {"p1", "gpu0", 1'000'000, 1'000'500}}));
  EXPECT_THAT(plan->order, ElementsAre(0, 1));
  ASSERT_EQ(plan->nodes.size(), 2u);
  EXPECT_EQ(plan->nodes[1].name, "b");
  EXPECT_EQ(plan->nodes[1].part, "p1");
  EXPECT_EQ(plan->nodes[1].end, 1'123'456);
  ASSERT_TRUE(plan->nodes[1].next_best.has_value());
  EXPECT_EQ(plan->nodes[1].next_best->value, 5'000'001);
  EXPECT_FALSE(plan->nodes[0].next_best.has_value());
  ASSERT_EQ(plan->cuts.size(), 1u);
  const PlanFile::Cut& cut = plan->cuts[0];
  EXPECT_EQ(cut.tensor, "y");
  EXPECT_EQ(cut.producer, "a");
  EXPECT_THAT(cut.readers, ElementsAre("b"));
  EXPECT_EQ(cut.from, "p0");
  EXPECT_THAT(cut.to, ElementsAre("p1"));
  EXPECT_EQ(cut.from_device, "cpu0");
  EXPECT_THAT(cut.to_devices, ElementsAre("gpu0"));
  EXPECT_EQ(cut.bytes, 8);
  EXPECT_EQ(cut.cause, "memory");
  EXPECT_EQ(cut.why, "it does not fit");
}

TEST(PlanFileTest, DamageIsAnErrorThatSaysWhere) {
  const Case model = TwoParts();
  const std::string text = PlanText(model, model.Input());
  Random random(3);
  int refused = 0;
  for (int i = 0; i < 500; ++i) {
    const std::string damaged = testing::DamagedJson(text, "gpu0", random);
    const absl::StatusOr<PlanFile> plan = ParsePlanFile(damaged, "p.json");
    if (plan.ok()) continue;
    ++refused;
    EXPECT_THAT(std::string(plan.status().message()), ::testing::StartsWith("p.json: "));
  }
  EXPECT_GT(refused, 100);
  EXPECT_THAT(std::string(ParsePlanFile("{}", "p.json").status().message()),
              HasSubstr("p.json: is no plan.json"));
}

}  // namespace
}  // namespace allot
