// Lanes: worked out by hand, held against their parts and against enumeration.
#include "placement/lanes/lanes.h"

#include <algorithm>
#include <functional>

#include "gtest/gtest.h"

#include "support/random.h"
#include "tests/models/random_problem.h"

namespace allot {
namespace {

using testing::Describe;
using testing::RandomLoadOptions;
using testing::RandomProblem;
using testing::RandomProblemOptions;

// Two devices, the second half as fast, and a chain of two items of 10 that exchange 5 bytes over
// one channel at a byte a picosecond; launches cost 1.
PlacementProblem Chain() {
  PlacementProblem problem;
  problem.objective = PlacementObjective::kThroughput;
  problem.num_channels = 1;
  for (const char* name : {"fast", "slow"}) problem.devices.Add({name, 100, 1});
  problem.routes.resize(2);
  for (auto& row : problem.routes) {
    row.resize(2, Route{{{0, kPicosPerSecond}}, {ChannelId(0)}});
  }
  for (const char* name : {"a", "b"}) {
    PlacementProblem::Item item;
    item.name = name;
    item.memory = 30;
    item.time.Add(10);
    item.time.Add(20);
    problem.items.Add(std::move(item));
  }
  problem.flows.Add({ItemId(0), {ItemId(1)}, 5, {}});
  return problem;
}

PartedSolution Parted(const PlacementProblem& problem, const std::vector<int32_t>& devices,
                      const std::vector<int32_t>& parts) {
  PartedSolution solution;
  for (const int32_t device : devices) solution.items.device_of.Add(DeviceId(device));
  for (const int32_t part : parts) {
    solution.parts.part_of.Add(ItemId(part));
    solution.parts.num_parts = std::max(solution.parts.num_parts, static_cast<size_t>(part) + 1);
  }
  solution.items.order = BuildGraph(problem).topological;
  solution.score = EvaluateParts(problem, solution.items, solution.parts);
  return solution;
}

TEST(LanesTest, SharesOutLoadsLaunchesAndMemory) {
  const PlacementProblem problem = Chain();
  // Two of three inferences wholly on the fast device, every third begun there, done on the slow.
  const Lanes lanes{{Parted(problem, {0, 0}, {0, 0}), Parted(problem, {0, 1}, {0, 1})}, {2, 1}};
  const LanesScore score = EvaluateLanes(problem, lanes);
  EXPECT_TRUE(score.feasible);
  EXPECT_EQ(score.cycle_load, 2 * 21 + 11);
  EXPECT_EQ(score.period, 18);  // 53 / 3
  EXPECT_EQ(score.load[DeviceId(0)], 18);
  EXPECT_EQ(score.load[DeviceId(1)], 7);
  EXPECT_EQ(score.channel_load[ChannelId(0)], 2);  // 5 / 3
  EXPECT_EQ(score.slowest, 11 + 5 + 21);
  EXPECT_EQ(score.num_parts, 3u);
  EXPECT_EQ(score.transfers, 1u);
  EXPECT_EQ(score.moved, 5);
  // `a` is resident on the fast device once for both lanes; the tensors of both are live at once.
  EXPECT_EQ(score.resident[DeviceId(0)], 60);
  EXPECT_EQ(score.resident[DeviceId(1)], 30);
  EXPECT_EQ(score.peak[DeviceId(0)], 60 + 5 + 5);
  EXPECT_EQ(score.peak[DeviceId(1)], 30 + 5);
  EXPECT_TRUE(VerifyLanes(problem, lanes, 18).ok());
}

TEST(LanesTest, AreInfeasibleWhereTheyDoNotFitTogether) {
  PlacementProblem problem = Chain();
  const auto lanes = [&] {
    return Lanes{{Parted(problem, {0, 1}, {0, 1}), Parted(problem, {1, 0}, {0, 1})}, {1, 1}};
  };
  EXPECT_TRUE(EvaluateLanes(problem, lanes()).feasible);
  // Enough for each of them, and not for both.
  problem.devices[DeviceId(0)].memory = 50;
  EXPECT_TRUE(lanes().lanes[0].score.feasible && lanes().lanes[1].score.feasible);
  EXPECT_FALSE(EvaluateLanes(problem, lanes()).feasible);
  const absl::Status refused =
      VerifyLanes(problem, lanes(), EvaluateLanes(problem, lanes()).period);
  EXPECT_EQ(refused.message(), "device 0: 60 resident bytes are more than 50");
  // Weights that both lanes share are there once.
  for (PlacementProblem::Item& item : problem.items) item.memory = 0;
  problem.shared.push_back({35, {ItemId(0), ItemId(1)}});
  EXPECT_TRUE(EvaluateLanes(problem, lanes()).feasible);
}

TEST(LanesTest, ADeviceCountsThePartsOfAllLanesAndEqualOnesOnce) {
  PlacementProblem problem = Chain();
  const auto lanes = [&](const std::vector<int32_t>& second) {
    return Lanes{{Parted(problem, {0, 1}, {0, 1}), Parted(problem, second, {0, 1})}, {1, 1}};
  };
  problem.devices[DeviceId(0)].max_parts = 1;
  // The fast device has `a` for both.
  EXPECT_TRUE(EvaluateLanes(problem, lanes({0, 1})).feasible);
  EXPECT_TRUE(
      VerifyLanes(problem, lanes({0, 1}), EvaluateLanes(problem, lanes({0, 1})).period).ok());
  // It has `a` for one and `b` for the other.
  const LanesScore score = EvaluateLanes(problem, lanes({1, 0}));
  EXPECT_FALSE(score.feasible);
  EXPECT_EQ(VerifyLanes(problem, lanes({1, 0}), score.period).message(),
            "device 0: 2 parts are more than 1");
}

TEST(LanesTest, VerifyNamesWhatIsWrong) {
  const PlacementProblem problem = Chain();
  const Lanes good{{Parted(problem, {0, 0}, {0, 0}), Parted(problem, {0, 1}, {0, 1})}, {2, 1}};
  const auto message = [&](const std::function<void(Lanes&)>& damage) {
    Lanes bad = good;
    damage(bad);
    return std::string(VerifyLanes(problem, bad, 18).message());
  };
  EXPECT_EQ(message([](Lanes&) {}), "");
  EXPECT_EQ(message([](Lanes& l) { l.shares.pop_back(); }), "there are 2 lanes and 1 shares");
  EXPECT_EQ(message([](Lanes& l) { l.shares[1] = 0; }), "lane 1: its share is 0");
  EXPECT_EQ(message([](Lanes& l) { l.shares[1] = 2; }), "the period is 16 ps, not 18");
  EXPECT_EQ(message([](Lanes& l) { l.lanes[1].parts.num_parts = 3; }),
            "lane 1: a part is empty: there are 3, and 2 hold anything");
  EXPECT_EQ(message([](Lanes& l) { l.lanes[1].items.device_of[ItemId(1)] = DeviceId(0); }),
            "the period is 22 ps, not 18");
  EXPECT_EQ(message([](Lanes& l) { l.lanes[0].items.device_of[ItemId(1)] = DeviceId(1); }),
            "lane 0: part 0 is on two devices");
  EXPECT_EQ(message([](Lanes& l) {
              std::swap(l.lanes[1].parts.part_of[ItemId(0)], l.lanes[1].parts.part_of[ItemId(1)]);
            }),
            "lane 1: flow 0 leads from part 1 back to part 0");
}

TEST(LanesTest, CopiesShareOutBySpeed) {
  PlacementProblem problem = Chain();
  const Lanes copies = CopiesOf(problem, BuildGraph(problem));
  // A copy takes 21 or 41: the best of 64 turns are 41 and 21 of 62, the speeds themselves.
  ASSERT_EQ(copies.lanes.size(), 2u);
  EXPECT_EQ(copies.shares, (std::vector<int64_t>{41, 21}));
  EXPECT_EQ(copies.lanes[0].items.device_of[ItemId(0)], DeviceId(0));
  EXPECT_EQ(EvaluateLanes(problem, copies).period, 14);  // 21 * 41 / 62
  // Without room for the whole there is no copy.
  problem.devices[DeviceId(1)].memory = 60;
  ASSERT_EQ(CopiesOf(problem, BuildGraph(problem)).lanes.size(), 1u);
  EXPECT_EQ(CopiesOf(problem, BuildGraph(problem)).shares, (std::vector<int64_t>{1}));
  problem.devices[DeviceId(0)].memory = 60;
  EXPECT_TRUE(CopiesOf(problem, BuildGraph(problem)).lanes.empty());
}

// The least load of a cycle over the cycle, over all cycles; 0 / 0: none. The load of a cycle is
// that of some device, so for each cycle all multiples of a device's time are tried.
std::pair<Int128, int64_t> BestCopies(const PlacementProblem& problem) {
  std::vector<Picos> time, loads = {0};
  for (const DeviceId device : problem.devices.ids()) {
    const size_t n = problem.items.size();
    const PartedSolution copy =
        Parted(problem, std::vector<int32_t>(n, device.index()), std::vector<int32_t>(n, 0));
    if (!copy.score.feasible) continue;
    time.push_back(copy.score.objective);
    for (int64_t share = 1; share <= kMaxLaneCycle; ++share) loads.push_back(time.back() * share);
  }
  std::sort(loads.begin(), loads.end());
  std::pair<Int128, int64_t> best{0, 0};
  for (int64_t cycle = 1; cycle <= kMaxLaneCycle; ++cycle) {
    const auto enough = [&](Picos load) {
      int64_t served = 0;
      for (const Picos one : time) served += one == 0 ? cycle : load / one;
      return served >= cycle;
    };
    const auto most = std::find_if(loads.begin(), loads.end(), enough);
    if (most == loads.end()) continue;
    if (best.second == 0 || static_cast<Int128>(*most) * best.second < best.first * cycle) {
      best = {*most, cycle};
    }
  }
  return best;
}

TEST(LanesTest, CopiesAreTheBestMixtureOfWholeCopies) {
  int64_t with_copies = 0;
  for (uint64_t seed = 0; seed < 300; ++seed) {
    const RandomProblemOptions options = RandomLoadOptions(seed, 6);
    const PlacementProblem problem = RandomProblem(seed, options);
    const ProblemGraph graph = BuildGraph(problem);
    const Lanes copies = CopiesOf(problem, graph);
    const auto [most, cycle] = BestCopies(problem);
    ASSERT_EQ(copies.lanes.empty(), cycle == 0) << "seed " << seed << " " << Describe(options);
    if (cycle == 0) continue;
    with_copies += copies.lanes.size() > 1 ? 1 : 0;
    const LanesScore score = EvaluateLanes(problem, copies);
    EXPECT_TRUE(score.feasible) << "seed " << seed;
    EXPECT_TRUE(score.cycle_load * cycle == most * copies.cycle())
        << "seed " << seed << " " << Describe(options);
    EXPECT_TRUE(std::is_sorted(copies.shares.rbegin(), copies.shares.rend()));
    const absl::Status verified = VerifyLanes(problem, copies, score.period);
    EXPECT_TRUE(verified.ok()) << "seed " << seed << ": " << verified;
  }
  EXPECT_GT(with_copies, 30);
}

// Any placements with any parts take turns: the loads are those of the lanes, the verifier agrees,
// and one lane by itself is worth what its parts are.
TEST(LanesTest, EvaluationAndVerifierAgree) {
  int64_t agreed = 0;
  for (uint64_t seed = 0; seed < 400; ++seed) {
    RandomProblemOptions options = RandomLoadOptions(seed, 7);
    options.contiguous = false;
    const PlacementProblem problem = RandomProblem(seed, options);
    const ProblemGraph graph = BuildGraph(problem);
    Random random(seed);
    Lanes lanes;
    for (int64_t i = random.Between(1, 3); i > 0; --i) {
      Solution solution{Placement(problem.items.size()), graph.topological, {}};
      for (DeviceId& device : solution.device_of) {
        device = DeviceId(
            static_cast<size_t>(random.Below(static_cast<int64_t>(problem.devices.size()))));
      }
      for (const std::vector<ItemId>& group : JoinedGroups(problem)) {
        for (const ItemId item : group) solution.device_of[item] = solution.device_of[group[0]];
      }
      lanes.lanes.push_back(FormParts(problem, graph, solution, 50));
      lanes.shares.push_back(random.Between(1, 9));
    }
    const LanesScore score = EvaluateLanes(problem, lanes);
    if (lanes.lanes.size() == 1) {
      EXPECT_EQ(score.feasible, lanes.lanes[0].score.feasible) << "seed " << seed;
    }
    if (!score.feasible) continue;
    ++agreed;
    if (lanes.lanes.size() == 1) {
      EXPECT_EQ(score.period, lanes.lanes[0].score.objective) << "seed " << seed;
      EXPECT_EQ(score.slowest, lanes.lanes[0].score.makespan) << "seed " << seed;
      EXPECT_EQ(score.peak, lanes.lanes[0].score.peak) << "seed " << seed;
    }
    const absl::Status verified = VerifyLanes(problem, lanes, score.period);
    EXPECT_TRUE(verified.ok()) << "seed " << seed << " " << Describe(options) << ": " << verified;
    EXPECT_FALSE(VerifyLanes(problem, lanes, score.period + 1).ok()) << "seed " << seed;
  }
  EXPECT_GT(agreed, 60);
}

}  // namespace
}  // namespace allot
