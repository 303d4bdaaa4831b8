// Models as text, and their optima against trying everything.
#include <algorithm>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "gtest/gtest.h"

#include "placement/milp/assignment.h"
#include "placement/milp/lp_text.h"
#include "placement/milp/model.h"
#include "placement/problem/device_symmetry.h"
#include "placement/solver.h"
#include "tests/unit/placement/exact/exhaustive.h"

namespace allot {
namespace {

PlacementProblem TwoOnTwo(PlacementObjective objective) {
  PlacementProblem problem;
  problem.objective = objective;
  problem.devices.Add({"cpu", 100, 0});
  problem.devices.Add({"gpu", 10, 0});
  problem.num_channels = 1;
  problem.routes = IdVector<DeviceId, IdVector<DeviceId, std::optional<Route>>>(
      2,
      IdVector<DeviceId, std::optional<Route>>(2, Route{{{2, kPicosPerSecond}}, {ChannelId(0)}}));
  for (int i = 0; i < 3; ++i) {
    PlacementProblem::Item item{"i", 6, 0, IdVector<DeviceId, std::optional<Picos>>(2)};
    item.time[DeviceId(0)] = 10 + 2 * i;
    if (i != 2) item.time[DeviceId(1)] = 4;
    problem.items.Add(item);
  }
  problem.flows.Add({ItemId(0), {ItemId(1), ItemId(2)}, 4, {}});
  return problem;
}

TEST(LpTextTest, PrintsEverySection) {
  MilpModel model;
  model.name = "sample";
  const int32_t x = model.AddColumn({"x", MilpModel::Kind::kBinary, 0, 1, 2});
  const int32_t y = model.AddColumn({"y", MilpModel::Kind::kContinuous, -1, 2.5, -0.25});
  const int32_t z =
      model.AddColumn({"z", MilpModel::Kind::kContinuous, -kMilpInfinity, kMilpInfinity, 0});
  const int32_t b = model.AddColumn({"b", MilpModel::Kind::kBinary, 1, 1, 0});
  model.AddRow({"sum", {{z, 1}, {x, 1}, {x, 2}, {b, 0}}, 1, 4});
  model.AddRow({"equal", {{y, -1}, {z, 1}}, 0, 0});
  model.AddRow({"most", {{b, 1.5}}, -kMilpInfinity, 3});
  ASSERT_TRUE(Check(model).ok());
  EXPECT_EQ(PrintLp(model),
            "\\ sample\n"
            "Minimize\n"
            " objective: 2 x - 0.25 y\n"
            "Subject To\n"
            " sum_lo: 3 x + z >= 1\n"
            " sum_up: 3 x + z <= 4\n"
            " equal: - y + z = 0\n"
            " most: 1.5 b <= 3\n"
            "Bounds\n"
            " -1 <= y <= 2.5\n"
            " z free\n"
            " 1 <= b <= 1\n"
            "Generals\n"
            " b\n"
            "Binaries\n"
            " x\n"
            "End\n");
}

TEST(MilpModelTest, CheckNamesWhatIsWrong) {
  MilpModel model;
  model.AddColumn({"x y", MilpModel::Kind::kContinuous, 0, 1, 0});
  EXPECT_EQ(Check(model).message(), "'x y' is no name for a column");
  model.columns[0].name = "x";
  model.columns[0].lower = 2;
  EXPECT_EQ(Check(model).message(), "column 'x': its bounds are not a range");
  model.columns[0].lower = 0;
  model.AddRow({"r", {{5, 1}}, 0, 1});
  EXPECT_EQ(Check(model).message(), "row 'r': its columns do not ascend within the model");
}

TEST(PlacementMilpTest, LoadFormAsText) {
  const PlacementProblem problem = TwoOnTwo(PlacementObjective::kThroughput);
  const auto milp = BuildPlacementMilp(ProblemFacts(problem), MilpForm::kLoad, 100, 1000);
  ASSERT_TRUE(milp.ok()) << milp.status();
  EXPECT_EQ(milp->step, 2);
  EXPECT_EQ(PrintLp(milp->model),
            "\\ placement, load form\n"
            "Minimize\n"
            " objective: T\n"
            "Subject To\n"
            " placed_0: x_0_0 + x_0_1 = 1\n"
            " placed_1: x_1_0 + x_1_1 = 1\n"
            " placed_2: x_2_0 = 1\n"
            " sent_0_1_0: - x_0_0 + z_0_1_0_0 + z_0_1_0_1 = 0\n"
            " received_0_1_0: - x_1_0 + z_0_1_0_0 + z_0_1_1_0 = 0\n"
            " sent_0_1_1: - x_0_1 + z_0_1_1_0 + z_0_1_1_1 = 0\n"
            " received_0_1_1: - x_1_1 + z_0_1_0_1 + z_0_1_1_1 = 0\n"
            " sent_0_2_0: - x_0_0 + z_0_2_0_0 = 0\n"
            " received_0_2_0: - x_2_0 + z_0_2_0_0 + z_0_2_1_0 = 0\n"
            " sent_0_2_1: - x_0_1 + z_0_2_1_0 = 0\n"
            " paid_0_1_0_0: - z_0_1_1_0 + y_0_1_0 >= 0\n"
            " paid_0_1_0_1: - z_0_2_1_0 + y_0_1_0 >= 0\n"
            " load_0: T - 5 x_0_0 - 6 x_1_0 - 7 x_2_0 >= 0\n"
            " load_1: T - 2 x_0_1 - 2 x_1_1 >= 0\n"
            " channel_0: T - 3 z_0_1_0_1 - 3 y_0_1_0 >= 0\n"
            " memory_1: 6 x_0_1 + 6 x_1_1 <= 10\n"
            "Bounds\n"
            " 0 <= T <= 50\n"
            " 0 <= z_0_1_0_0 <= 1\n"
            " 0 <= z_0_1_0_1 <= 1\n"
            " 0 <= z_0_1_1_0 <= 1\n"
            " 0 <= z_0_1_1_1 <= 1\n"
            " 0 <= z_0_2_0_0 <= 1\n"
            " 0 <= z_0_2_1_0 <= 1\n"
            " 0 <= y_0_1_0 <= 1\n"
            "Binaries\n"
            " x_0_0\n"
            " x_0_1\n"
            " x_1_0\n"
            " x_1_1\n"
            " x_2_0\n"
            "End\n");
}

TEST(PlacementMilpTest, SchedulingFormOrdersWhatMayOverlap) {
  PlacementProblem problem = TwoOnTwo(PlacementObjective::kLatency);
  problem.communication = Communication::kDelay;
  const auto milp = BuildPlacementMilp(ProblemFacts(problem), MilpForm::kScheduling, 100, 1000);
  ASSERT_TRUE(milp.ok()) << milp.status();
  const std::string text = PrintLp(milp->model);
  // Items 1 and 2 are the only pair that neither precedes; they share the first device only.
  EXPECT_NE(
      text.find(" order_1_2_0: - 56 x_1_0 - 2 x_1_1 - 50 x_2_0 - s_1 + s_2 - 50 o_1_2 >= -150\n"),
      std::string::npos)
      << text;
  EXPECT_NE(text.find(" redro_1_2_0: - 50 x_1_0 - 57 x_2_0 + s_1 - s_2 + 50 o_1_2 >= -100\n"),
            std::string::npos)
      << text;
  EXPECT_EQ(text.find("order_0"), std::string::npos);
  EXPECT_NE(text.find(" after_0_1: - 5 x_0_0 - 2 x_0_1 - 3 z_0_1_0_1 - 3 z_0_1_1_0 - s_0 + s_1 >= "
                      "0\n"),
            std::string::npos)
      << text;
}

TEST(PlacementMilpTest, RefusesWhatIsTooLargeOrOfTheWrongKind) {
  const PlacementProblem problem = TwoOnTwo(PlacementObjective::kThroughput);
  const ProblemGraph graph = BuildGraph(problem);
  EXPECT_EQ(
      BuildPlacementMilp(ProblemFacts(problem, graph), MilpForm::kLoad, 100, 5).status().message(),
      "the model would have more than 5 rows (3 items on 2 devices)");
  EXPECT_FALSE(
      BuildPlacementMilp(ProblemFacts(problem, graph), MilpForm::kScheduling, 100, 1000).ok());
}

// Every feasible solution is a feasible point whose T is at most its objective, and reads back.
TEST(PlacementMilpTest, SolutionsBecomeFeasiblePoints) {
  Random random(51);
  int written = 0;
  for (int round = 0; round < 1500; ++round) {
    SmallProblemOptions options;
    options.max_items = 7;
    options.memory = round % 3 == 1;
    options.groups = round % 3 == 2;
    const PlacementProblem problem = SmallProblem(random, options);
    const ProblemGraph graph = BuildGraph(problem);
    Solution solution{Placement(problem.items.size()), graph.topological};
    for (DeviceId& device : solution.device_of) {
      device = DeviceId(
          static_cast<int32_t>(random.Below(static_cast<int64_t>(problem.devices.size()))));
    }
    for (const std::vector<ItemId>& group : JoinedGroups(problem)) {
      for (const ItemId item : group) solution.device_of[item] = solution.device_of[group[0]];
    }
    const Score score = Evaluate(problem, graph, solution);
    if (!score.feasible) continue;
    for (const MilpForm form : {MilpForm::kLoad, MilpForm::kScheduling}) {
      const auto milp =
          BuildPlacementMilp(ProblemFacts(problem, graph), form, score.objective, 100'000);
      if (!milp.ok()) continue;
      ASSERT_TRUE(Check(milp->model).ok()) << Check(milp->model);
      const std::vector<double> values = WriteColumns(problem, graph, *milp, solution);
      ASSERT_LT(Violation(milp->model, values), 1e-6) << "round " << round;
      const Solution read = ReadColumns(problem, graph, *milp, values);
      const Score again = Evaluate(problem, graph, read);
      ASSERT_TRUE(again.feasible || options.memory);
      // Devices that look alike may have changed places, which under kLink decides between
      // transfers of one instant.
      if (form == MilpForm::kScheduling && problem.communication == Communication::kDelay) {
        ASSERT_EQ(again.objective, score.objective);
      }
      ++written;
    }
  }
  EXPECT_GT(written, 700);
}

TEST(DeviceClassesTest, FindsWhatMayBeExchanged) {
  PlacementProblem problem;
  for (const Bytes memory : {5, 9, 5, 9}) problem.devices.Add({"d", memory, 0});
  problem.items.Add({"i", 0, 0, IdVector<DeviceId, std::optional<Picos>>(4, Picos{1})});
  EXPECT_EQ(DeviceClasses(problem), (std::vector<int32_t>{0, 1, 0, 1}));
  problem.items[ItemId(0)].time[DeviceId(3)] = 2;
  EXPECT_EQ(DeviceClasses(problem), (std::vector<int32_t>{0, 1, 0, 3}));
}

}  // namespace
}  // namespace allot
