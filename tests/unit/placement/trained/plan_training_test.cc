// Plans of small chains against every plan there is, and what the verifier must catch.
#include "placement/trained/plan_training.h"

#include <algorithm>
#include <functional>
#include <limits>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "placement/trained/verify.h"
#include "tests/models/random_trained.h"

namespace allot {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

struct Best {
  Picos period = std::numeric_limits<Picos>::max(), iteration = std::numeric_limits<Picos>::max();
  int64_t plans = 0;
};

Best TryAll(const TrainedChain& chain) {
  Best best;
  testing::ForEachTrainedPlan(chain, [&](const TrainedPlan& plan) {
    const TrainedSchedule schedule = ScheduleIteration(chain, plan);
    const absl::Status verified = VerifyTrained(chain, plan, schedule);
    ASSERT_TRUE(verified.ok()) << verified;
    best.period = std::min(best.period, schedule.period);
    best.iteration = std::min(best.iteration, schedule.iteration);
    ++best.plans;
  });
  return best;
}

TEST(PlanTrainingTest, BoundsAreThoseOfAllPlansAndReached) {
  int planned = 0, optimal = 0, refused = 0;
  for (uint64_t seed = 1; seed <= 400; ++seed) {
    const TrainedChain chain = testing::RandomTrainedChain(seed, 3 + seed % 4, 2 + seed % 3);
    const Best best = TryAll(chain);
    const absl::StatusOr<TrainedAnswer> answer = PlanTraining(chain, {});
    SCOPED_TRACE(seed);
    if (best.plans == 0) {
      EXPECT_EQ(answer.status().code(), absl::StatusCode::kResourceExhausted) << answer.status();
      ++refused;
      continue;
    }
    ASSERT_TRUE(answer.ok()) << answer.status();
    ++planned;
    // The period is exact; bounds of the iteration hold, and the search is near the best.
    EXPECT_EQ(answer->period_bound, best.period);
    EXPECT_LE(answer->iteration_bound, best.iteration);
    EXPECT_LE(answer->any_period_bound, best.period);
    EXPECT_LE(answer->any_iteration_bound, best.iteration);
    EXPECT_GE(answer->schedule.iteration, best.iteration);
    EXPECT_LE(answer->schedule.iteration, best.iteration * 5 / 4);
    optimal += answer->schedule.iteration == best.iteration ? 1 : 0;
  }
  EXPECT_GT(planned, 250);
  EXPECT_GT(refused, 10);
  EXPECT_GT(optimal, planned * 9 / 10);
}

// Four equal cells on two equal devices: two each, and the figures by hand.
TrainedChain FourCells() {
  TrainedChain chain;
  chain.microbatches = 3;
  for (const char* name : {"a", "b"}) {
    chain.devices.Add({.name = name, .memory = 1'000'000});
    chain.memory_bandwidth.Add(0);
  }
  chain.routes.resize(2, IdVector<DeviceId, std::optional<Route>>(2));
  for (const DeviceId from : chain.devices.ids()) {
    for (const DeviceId to : chain.devices.ids()) {
      Route route;
      if (from != to) {
        route.segments = {{10, kPicosPerSecond}};
        route.channels = {ChannelId(chain.num_channels++)};
      }
      chain.routes[from][to] = route;
    }
  }
  for (int32_t i = 0; i < 4; ++i) {
    TrainedChain::Cell cell;
    cell.name = std::string(1, static_cast<char>('A' + i));
    cell.forward.resize(2, std::optional<Picos>(100));
    cell.backward.resize(2, std::optional<Picos>(200));
    chain.cells.push_back(cell);
    chain.cuts.push_back({true, 5, 5});
    chain.parameters.push_back({1000, 1000, 2000, 0, {i}});
    chain.kept.push_back({700, {i}});
  }
  return chain;
}

TEST(PlanTrainingTest, TwoStagesByHand) {
  const TrainedChain chain = FourCells();
  const absl::StatusOr<TrainedAnswer> answer = PlanTraining(chain, {});
  ASSERT_TRUE(answer.ok()) << answer.status();
  ASSERT_EQ(answer->plan.size(), 2U);
  EXPECT_EQ(answer->plan[0].end, 2);
  // Forward 200 and backward 400 of each stage; a transfer takes 10 and 5.
  EXPECT_EQ(answer->schedule.period, 600);
  // The first forward pass and its transfer, three microbatches on the second stage, a transfer and
  // the last backward pass. The second stage waits 30 for the third microbatch, which goes forward
  // on the first stage only once the first has been there and back.
  EXPECT_EQ(answer->schedule.iteration, 200 + 15 + 3 * 600 + 30 + 15 + 400);
  EXPECT_EQ(answer->schedule.stages[0].in_flight, 2);
  EXPECT_EQ(answer->schedule.stages[0].Memory(), 2 * 4000 + 2 * 2 * 700);
  EXPECT_EQ(answer->schedule.stages[1].Memory(), 2 * 4000 + 2 * 700);
  EXPECT_EQ(answer->baselines.size(), 3U);
  EXPECT_EQ(answer->baselines[0].iteration, 3 * 4 * 300);
}

TEST(PlanTrainingTest, RecomputesWhereMemoryAsksForIt) {
  TrainedChain chain = FourCells();
  for (TrainedChain::Cut& cut : chain.cuts) cut.forward = cut.backward = 5;
  // The first stage keeps two microbatches of 1,400: 10,800 with the rest. Recomputing keeps one,
  // and the inputs of two.
  for (Machine::MachineDevice& device : chain.devices) device.memory = 10'000;
  const absl::StatusOr<TrainedAnswer> answer = PlanTraining(chain, {});
  ASSERT_TRUE(answer.ok()) << answer.status();
  ASSERT_EQ(answer->plan.size(), 2U);
  EXPECT_TRUE(answer->plan[0].recomputes);
  EXPECT_FALSE(answer->plan[1].recomputes);
  EXPECT_EQ(answer->schedule.stages[0].Memory(), 8000 + 1400 + 2 * 5);
  EXPECT_EQ(answer->schedule.stages[0].backward, 600);
  chain.recompute = Recompute::kNo;
  const absl::StatusOr<TrainedAnswer> without = PlanTraining(chain, {});
  EXPECT_EQ(without.status().code(), absl::StatusCode::kResourceExhausted);
  EXPECT_THAT(std::string(without.status().message()), HasSubstr("--recompute=auto"));
}

TEST(PlanTrainingTest, ManyDevicesKeepTheirOrder) {
  TrainedChain chain = testing::RandomTrainedChain(7, 30, 1);
  chain.recompute = Recompute::kAuto;
  // Unlike ones, more than there can be sets of.
  chain = testing::RandomTrainedChain(11, 26, 18);
  for (Machine::MachineDevice& device : chain.devices) device.memory *= 10;
  const absl::StatusOr<TrainedAnswer> answer = PlanTraining(chain, {});
  ASSERT_TRUE(answer.ok()) << answer.status();
  EXPECT_EQ(answer->period_bound, 0);
  EXPECT_GT(answer->any_iteration_bound, 0);
  EXPECT_LE(answer->any_iteration_bound, answer->schedule.iteration);
}

TEST(PlanTrainingTest, StagesCanBeFewer) {
  TrainedChain chain = FourCells();
  const absl::StatusOr<TrainedAnswer> answer = PlanTraining(chain, {.max_stages = 1});
  ASSERT_TRUE(answer.ok()) << answer.status();
  EXPECT_EQ(answer->plan.size(), 1U);
  EXPECT_EQ(answer->schedule.iteration, 3 * 1200);
}

// Each rule, broken by hand.
TEST(VerifyTrainedTest, CatchesWhatIsWrong) {
  const TrainedChain chain = FourCells();
  const absl::StatusOr<TrainedAnswer> answer = PlanTraining(chain, {});
  ASSERT_TRUE(answer.ok()) << answer.status();
  struct Lie {
    const char* rule;
    std::function<void(TrainedChain&, TrainedPlan&, TrainedSchedule&)> tell;
  };
  const Lie lies[] = {
      {"ranges", [](auto&, auto& plan, auto&) { plan[1].begin = 3; }},
      {"devices", [](auto&, auto& plan, auto&) { plan[1].device = plan[0].device; }},
      {"cuts", [](auto& of, auto&, auto&) { of.cuts[2].allowed = false; }},
      {"colocated",
       [](auto& of, auto&, auto&) {
         of.cells[0].backward[DeviceId(0)].reset(), of.cells[0].backward[DeviceId(1)].reset();
       }},
      {"recompute", [](auto& of, auto&, auto&) { of.recompute = Recompute::kYes; }},
      {"one at a time", [](auto&, auto&, auto& schedule) { schedule.steps[1].start = 0; }},
      {"times", [](auto&, auto&, auto& schedule) { schedule.steps[0].end -= 1; }},
      {"steps", [](auto&, auto&, auto& schedule) { schedule.steps.pop_back(); }},
      {"transfers", [](auto&, auto&, auto& schedule) { schedule.transfers.pop_back(); }},
      {"order", [](auto&, auto&, auto& schedule) { schedule.transfers[0].start -= 1; }},
      {"memory", [](auto& of, auto&, auto&) { of.devices[DeviceId(0)].memory = 10'799; }},
      {"memory", [](auto&, auto&, auto& schedule) { schedule.stages[0].kept -= 1; }},
      {"iteration", [](auto&, auto&, auto& schedule) { schedule.iteration -= 1; }},
      {"period", [](auto&, auto&, auto& schedule) { schedule.period -= 1; }},
  };
  for (const Lie& lie : lies) {
    TrainedChain of = chain;
    TrainedPlan plan = answer->plan;
    TrainedSchedule schedule = answer->schedule;
    ASSERT_TRUE(VerifyTrained(of, plan, schedule).ok());
    lie.tell(of, plan, schedule);
    const absl::Status verified = VerifyTrained(of, plan, schedule);
    EXPECT_FALSE(verified.ok()) << lie.rule;
    EXPECT_THAT(std::string(verified.message()), StartsWith(lie.rule));
  }
}

TEST(PlanTrainingTest, RefusesWhatMakesNoSense) {
  const auto broken = [](const std::function<void(TrainedChain&)>& edit) {
    TrainedChain chain = FourCells();
    edit(chain);
    return std::string(PlanTraining(chain, {}).status().message());
  };
  EXPECT_THAT(broken([](TrainedChain& of) { of.microbatches = 0; }), HasSubstr("microbatches"));
  EXPECT_THAT(broken([](TrainedChain& of) { of.cells.clear(); }), HasSubstr("nothing to train"));
  EXPECT_THAT(broken([](TrainedChain& of) { of.cuts.pop_back(); }), HasSubstr("cut"));
  EXPECT_THAT(broken([](TrainedChain& of) { of.cells[1].forward[DeviceId(0)].reset(); }),
              HasSubstr("'B': runs forward and backward"));
  EXPECT_THAT(broken([](TrainedChain& of) { of.kept[1].cells = {4}; }), HasSubstr("kept[1]"));
  EXPECT_THAT(
      broken([](TrainedChain& of) { of.cells[0].forward[DeviceId(0)] = kLongestIteration; }),
      HasSubstr("longer than can be counted"));
}

}  // namespace
}  // namespace allot
