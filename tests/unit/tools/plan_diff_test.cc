#include "tools/plan_diff.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"

#include "tools/explain_report.h"
#include "tools/plan_diff_report.h"

namespace allot {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

// Four nodes in a row, two on each device, with a cut between.
PlanFile Row() {
  PlanFile plan;
  plan.tool_version = "1";
  plan.model = "m.onnx";
  plan.target = "t";
  plan.pipeline = "builtin.module(onnx.graph(coarsen{a=1 b=2},place{solver=auto work=0}))";
  plan.predicted = {4 * kPicosPerMilli, 3 * kPicosPerMilli, "load", "auto", 1024};
  plan.devices = {{"cpu0", 1 << 20, 1, 2, 3}, {"gpu0", 1 << 20, 1, 2, 3}};
  plan.parts = {{"p0", "cpu0", 0, 2}, {"p1", "gpu0", 2, 4}};
  plan.cuts = {{"t1", "n1", {"n2"}, "p0", {"p1"}, "cpu0", {"gpu0"}, 1024, "objective", "cheap"}};
  for (int64_t i = 0; i < 4; ++i) {
    PlanFile::Node node;
    node.name = absl::StrCat("n", i);
    node.op_type = "Relu";
    node.device = i < 2 ? "cpu0" : "gpu0";
    node.part = i < 2 ? "p0" : "p1";
    node.kernel = node.cluster = i;
    node.module = 0;
    node.start = i;
    node.end = i + 1;
    node.reason = absl::StrCat("reason ", i);
    plan.nodes.push_back(node);
    plan.order.push_back(i);
  }
  return plan;
}

std::vector<std::string> Lines(const PlanFile& before, const PlanFile& after) {
  const std::string text = DiffText(ComparePlans(before, after), before, after, "a", "b");
  std::vector<std::string> lines = absl::StrSplit(text, '\n');
  EXPECT_EQ(lines.back(), "");
  lines.pop_back();
  return lines;
}

TEST(PlanDiffTest, EqualPlansSayNothing) { EXPECT_THAT(Lines(Row(), Row()), IsEmpty()); }

TEST(PlanDiffTest, WhatPlansWereMadeFromIsNoDifference) {
  PlanFile after = Row();
  after.tool_version = "2";
  after.made_from.pins = {"n0=cpu0"};
  after.pipeline = "builtin.module(onnx.graph(coarsen{a=1 b=2},place{solver=milp work=0}))";
  EXPECT_TRUE(ComparePlans(Row(), after).equal);
  EXPECT_THAT(
      Lines(Row(), after),
      ElementsAre("a -> b: the plans are the same", "  --pin             none -> n0=cpu0",
                  "  pipeline          solver=auto -> solver=milp", "  allot             1 -> 2"));
}

TEST(PlanDiffTest, OneNodeMoves) {
  PlanFile after = Row();
  after.nodes[1].device = "gpu0";
  after.nodes[1].part = "p1";
  after.nodes[1].reason = std::string(200, 'r');
  after.predicted->value = 5 * kPicosPerMilli;
  after.devices[0].peak = 1;
  const std::vector<std::string> lines = Lines(Row(), after);
  EXPECT_THAT(lines, SizeIs(::testing::Lt(10)));
  for (const std::string& line : lines) EXPECT_LE(line.size(), 100u) << line;
  EXPECT_THAT(
      lines, ::testing::IsSupersetOf(
                 {"  latency           4.0000 ms -> 5.0000 ms (+1.0000 ms, +25.0 %)",
                  "  peak memory       cpu0 3 B -> 1 B",
                  "  moved             cpu0 p0 -> gpu0 p1: 'n1'", "    was             reason 1"}));
}

TEST(PlanDiffTest, EveryDifferenceIsSeen) {
  const PlanFile before = Row();
  const auto differs = [&](void (*change)(PlanFile&)) {
    PlanFile after = Row();
    change(after);
    EXPECT_FALSE(ComparePlans(after, before).equal);
    EXPECT_THAT(Lines(after, before), SizeIs(::testing::Ge(1)));
    return !ComparePlans(before, after).equal;
  };
  EXPECT_TRUE(differs([](PlanFile& plan) { plan.nodes.pop_back(); }));
  EXPECT_TRUE(differs([](PlanFile& plan) { plan.nodes[2].name = "other"; }));
  EXPECT_TRUE(differs([](PlanFile& plan) { plan.nodes[2].part = "p0"; }));
  EXPECT_TRUE(differs([](PlanFile& plan) { plan.nodes[2].end += 1; }));
  EXPECT_TRUE(differs([](PlanFile& plan) { plan.parts[1].end += 1; }));
  EXPECT_TRUE(differs([](PlanFile& plan) { std::swap(plan.order[0], plan.order[1]); }));
  EXPECT_TRUE(differs([](PlanFile& plan) { plan.devices[1].peak += 1; }));
  EXPECT_TRUE(differs([](PlanFile& plan) { plan.predicted->value += 1; }));
  EXPECT_TRUE(differs([](PlanFile& plan) { plan.predicted.reset(); }));
}

// The plan above in turns with a copy of the model on the first device.
PlanFile WithCopy() {
  PlanFile plan = Row();
  plan.made_from.objective = ir::Objective::kThroughput;
  plan.share = 3;
  plan.lanes = {{1, {{"p2", "cpu0", 0, 5}}, {0, 1, 2, 3}, {"p2", "p2", "p2", "p2"}}};
  return plan;
}

TEST(PlanDiffTest, LanesAreCompared) {
  EXPECT_THAT(Lines(WithCopy(), WithCopy()), IsEmpty());
  PlanFile one = WithCopy();
  one.share = 1;
  one.lanes.clear();
  EXPECT_THAT(Lines(one, WithCopy()), ElementsAre("a -> b: the plans differ",
                                                  "  lanes             one lane -> 3 + 1 of 4"));
  PlanFile later = WithCopy();
  later.lanes[0].parts[0].end = 6;
  EXPECT_THAT(Lines(WithCopy(), later),
              ElementsAre("a -> b: the plans differ",
                          "  lanes             3 + 1 of 4, with other parts or times"));
  EXPECT_EQ(*DiffJson(ComparePlans(WithCopy(), later), WithCopy(), later).Find("other_lanes"),
            Json(true));
}

TEST(ExplainReportTest, ListsLanesAndCountsWhatTheyHold) {
  const std::string text = ExplainPlan(WithCopy());
  EXPECT_THAT(text, HasSubstr("2 lanes take turns; nodes and cuts below are those of the first\n"
                              "  3 of 4 inferences: 2 parts on cpu0 and gpu0\n"
                              "  1 of 4 inferences: a copy of the model on cpu0\n"));
  EXPECT_THAT(text, HasSubstr("cpu0        2      4 "));
  EXPECT_THAT(text, HasSubstr("gpu0        1      2 "));
  EXPECT_THAT(ExplainNode(WithCopy(), WithCopy().nodes[0]),
              HasSubstr("next best  not tried: lanes are worth what they are together"));
  const Json json = ExplainPlanJson(WithCopy());
  EXPECT_EQ(json.Find("plan")->Find("lanes")->If<Json::Array>()->size(), 2u);
}

TEST(PlanDiffTest, NodesOfOneNameAreMatchedInOrder) {
  PlanFile before = Row(), after = Row();
  for (PlanFile* plan : {&before, &after}) plan->nodes[3].name = "n0";
  EXPECT_TRUE(ComparePlans(before, after).equal);
  after.nodes.pop_back();
  EXPECT_THAT(ComparePlans(before, after).only_before, ElementsAre(3u));
}

TEST(ExplainReportTest, FindsNodes) {
  PlanFile plan = Row();
  plan.nodes[3].name = "n10";
  plan.travelling = {"constant"};
  const auto found = [&](const std::string& text) {
    const absl::StatusOr<const PlanFile::Node*> node = FindNode(plan, text);
    return node.ok() ? (*node)->name : std::string(node.status().message());
  };
  EXPECT_EQ(found("n1"), "n1");  // though n10 contains it
  EXPECT_EQ(found("10"), "n10");
  EXPECT_EQ(found("n[2-9]"), "n2");
  EXPECT_EQ(found("n"), "'n' could be 'n0', 'n1', 'n2', 'n10'; say more of the name");
  EXPECT_THAT(found("nx"), HasSubstr("the plan has no node 'nx'; did you mean 'n"));
  EXPECT_THAT(found("constant"), HasSubstr("copied to every part"));
}

TEST(ExplainReportTest, NamesAreOneLineOfPlainText) {
  PlanFile plan = Row();
  plan.nodes[2].name = "a\n\x1b[2Jb";
  const std::string text = ExplainPlan(plan) + ExplainNode(plan, plan.nodes[2]) +
                           std::string(FindNode(plan, "a\n\x1b[2Jc").status().message());
  EXPECT_THAT(text, HasSubstr("'a\\n\\x1b[2Jb' (Relu) is on gpu0"));
  EXPECT_THAT(text, HasSubstr("no node 'a\\n\\x1b[2Jc'; did you mean 'a\\n\\x1b[2Jb'?"));
  EXPECT_EQ(text.find('\x1b'), text.npos);
}

TEST(ExplainReportTest, NodeTellsItsCuts) {
  const PlanFile plan = Row();
  EXPECT_THAT(ExplainNode(plan, plan.nodes[2]),
              AllOf(HasSubstr("'n2' (Relu) is on gpu0\n  why        reason 2\n"),
                    HasSubstr("cpu0 p0 -> gpu0 p1  1.0 KiB  objective  't1'\n      cheap\n")));
  EXPECT_THAT(ExplainNode(plan, plan.nodes[3]), HasSubstr("none at this node"));
}

}  // namespace
}  // namespace allot
