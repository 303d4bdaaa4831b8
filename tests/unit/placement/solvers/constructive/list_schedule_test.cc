// The classical heuristics on the examples of their papers and on small ones worked out by hand.
#include "placement/solvers/constructive/list_schedule.h"

#include <algorithm>
#include <string>

#include "gtest/gtest.h"

#include "placement/solver.h"
#include "support/random.h"
#include "tests/models/random_problem.h"

namespace allot {
namespace {

using testing::Describe;
using testing::RandomOptions;
using testing::RandomProblem;
using testing::RandomProblemOptions;

const std::vector<std::string> kListSchedulers = {"priority-greedy", "heft", "peft", "m-etf",
                                                  "m-sct"};

absl::StatusOr<SolveResult> RunSolver(const std::string& name, const std::string& options,
                                      const PlacementProblem& problem) {
  const Registry<PlacementSolver> registry = BuiltinSolvers();
  absl::StatusOr<std::unique_ptr<PlacementSolver>> solver = registry.Find(name)->make(options);
  if (!solver.ok()) return solver.status();
  const ProblemGraph graph = BuildGraph(problem);
  const SolveLimits limits{200'000, 1, 1};
  return Solve(**solver, name, SolveInput{problem, graph, limits, nullptr, {}});
}

// The objective of its answer; -1 if it has none.
Picos Value(const std::string& name, const std::string& options, const PlacementProblem& problem) {
  const absl::StatusOr<SolveResult> result = RunSolver(name, options, problem);
  EXPECT_TRUE(result.ok()) << result.status();
  return result.ok() && result->best.has_value() ? result->score.objective : -1;
}

// Transfers only delay, and take the same time between any two devices.
class Delays {
 public:
  explicit Delays(size_t num_devices) {
    problem_.communication = Communication::kDelay;
    for (size_t d = 0; d < num_devices; ++d) {
      problem_.devices.Add({"d" + std::to_string(d), 1'000'000, 0});
    }
  }

  // A negative time: cannot run there.
  ItemId Item(const std::vector<Picos>& times, Bytes memory = 0) {
    PlacementProblem::Item item;
    item.name = "i" + std::to_string(problem_.items.size());
    item.memory = memory;
    for (const Picos time : times) {
      item.time.Add(time < 0 ? std::nullopt : std::optional<Picos>(time));
    }
    return problem_.items.Add(std::move(item));
  }
  void Flow(ItemId from, std::vector<ItemId> to, Picos time) {
    PlacementProblem::Flow flow{from, std::move(to), 1, {}};
    for (const DeviceId a : problem_.devices.ids()) {
      flow.time.Add({});
      for (const DeviceId b : problem_.devices.ids()) flow.time[a].Add(a == b ? 0 : time);
    }
    problem_.flows.Add(std::move(flow));
  }

  PlacementProblem problem_;
};

struct Edge {
  int from, to;
  Picos time;
};

// Tasks count from one, as in the papers.
PlacementProblem Published(const std::vector<std::vector<Picos>>& times,
                           const std::vector<Edge>& edges) {
  Delays delays(times[0].size());
  for (const std::vector<Picos>& row : times) delays.Item(row);
  for (const Edge& edge : edges) {
    delays.Flow(ItemId(size_t(edge.from) - 1), {ItemId(size_t(edge.to) - 1)}, edge.time);
  }
  return delays.problem_;
}

TEST(ListSchedule, HeftOnItsPapersExample) {
  const PlacementProblem problem = Published({{14, 16, 9},
                                              {13, 19, 18},
                                              {11, 13, 19},
                                              {13, 8, 17},
                                              {12, 13, 10},
                                              {13, 16, 9},
                                              {7, 15, 11},
                                              {5, 11, 14},
                                              {18, 12, 20},
                                              {21, 7, 16}},
                                             {{1, 2, 18},
                                              {1, 3, 12},
                                              {1, 4, 9},
                                              {1, 5, 11},
                                              {1, 6, 14},
                                              {2, 8, 19},
                                              {2, 9, 16},
                                              {3, 7, 23},
                                              {4, 8, 27},
                                              {4, 9, 23},
                                              {5, 9, 13},
                                              {6, 8, 15},
                                              {7, 10, 17},
                                              {8, 10, 11},
                                              {9, 10, 13}});
  EXPECT_EQ(Value("heft", "rank=mean", problem), 80);
}

TEST(ListSchedule, PeftOnItsPapersExample) {
  const PlacementProblem problem = Published({{22, 21, 36},
                                              {22, 18, 18},
                                              {32, 27, 43},
                                              {7, 10, 4},
                                              {29, 27, 35},
                                              {26, 17, 24},
                                              {14, 25, 30},
                                              {29, 23, 36},
                                              {15, 21, 8},
                                              {13, 16, 33}},
                                             {{1, 2, 17},
                                              {1, 3, 31},
                                              {1, 4, 29},
                                              {1, 5, 13},
                                              {1, 6, 7},
                                              {2, 8, 3},
                                              {2, 9, 30},
                                              {3, 7, 16},
                                              {4, 8, 11},
                                              {4, 9, 7},
                                              {5, 9, 57},
                                              {6, 8, 5},
                                              {7, 10, 9},
                                              {8, 10, 42},
                                              {9, 10, 7}});
  EXPECT_EQ(Value("peft", "", problem), 122);
  EXPECT_EQ(Value("heft", "rank=mean", problem), 133);
}

TEST(ListSchedule, PeftLooksAhead) {
  // a ends first on d0, but b runs on d1 alone: 4 + 10 + 3 against 6 + 3.
  Delays delays(2);
  const ItemId a = delays.Item({4, 6}), b = delays.Item({-1, 3});
  delays.Flow(a, {b}, 10);
  EXPECT_EQ(Value("heft", "", delays.problem_), 17);
  EXPECT_EQ(Value("peft", "", delays.problem_), 9);
}

TEST(ListSchedule, OnlyHeftFillsGaps) {
  // y waits for x, which leaves d0 idle for 10; z comes last by rank.
  Delays delays(2);
  const ItemId x = delays.Item({-1, 10}), y = delays.Item({10, -1});
  delays.Item({5, -1});
  delays.Flow(x, {y}, 0);
  EXPECT_EQ(Value("heft", "", delays.problem_), 20);
  EXPECT_EQ(Value("priority-greedy", "", delays.problem_), 25);
}

TEST(ListSchedule, EarliestTaskFirstByStartOrByEnd) {
  // The second item can start at once on the slow device, and ends first behind the other.
  Delays delays(2);
  delays.Item({2, 10});
  delays.Item({2, 10});
  EXPECT_EQ(Value("m-etf", "device=start", delays.problem_), 10);
  EXPECT_EQ(Value("m-etf", "device=end", delays.problem_), 4);
  EXPECT_EQ(Value("m-etf", "", delays.problem_), 4);
  EXPECT_EQ(RunSolver("m-etf", "device=middle", delays.problem_).status().code(),
            absl::StatusCode::kInvalidArgument);
}

TEST(ListSchedule, EarliestTaskFirstOvertakesRank) {
  // c has the lower rank but can start at 2, b only at 6: so c goes first on the one device that
  // both need, and b follows.
  Delays delays(2);
  const ItemId a = delays.Item({-1, 6}), b = delays.Item({7, -1});
  const ItemId e = delays.Item({2, -1}), c = delays.Item({4, -1});
  delays.Flow(a, {b}, 0);
  delays.Flow(e, {c}, 0);
  const absl::StatusOr<SolveResult> result = RunSolver("m-etf", "", delays.problem_);
  ASSERT_TRUE(result.ok() && result->best.has_value());
  EXPECT_EQ(result->score.objective, 13);
  const auto& order = result->best->order;
  EXPECT_LT(std::find(order.begin(), order.end(), c), std::find(order.begin(), order.end(), b));
}

TEST(ListSchedule, DevicesAreKeptForFavouriteChildren) {
  // b, behind a and e, is on the longest path. When a ends on d0 at 4, c could start there, and b
  // only at 6, when e's tensor is there. Earliest task first lets c in; b ends on d1 at 7 + 10.
  // Kept until 7, when a's tensor could be elsewhere, d0 gets b at 6, and c waits for d1.
  Delays delays(2);
  const ItemId a = delays.Item({4'000, 9'000}), e = delays.Item({9'000, 4'500});
  const ItemId b = delays.Item({10'000, 10'000}), c = delays.Item({4'000, 4'000});
  delays.Flow(a, {b}, 3'000);
  delays.Flow(a, {c}, 3'000);
  delays.Flow(e, {b}, 1'500);
  EXPECT_EQ(Value("m-etf", "device=end", delays.problem_), 17'000);
  EXPECT_EQ(Value("m-sct", "device=end", delays.problem_), 16'000);
}

TEST(ListSchedule, MemorySendsItemsElsewhere) {
  // Two of three items fit on the fast device; on the slow one an item takes 7.
  Delays delays(2);
  for (int i = 0; i < 3; ++i) delays.Item({2, 7}, 4);
  delays.problem_.devices[DeviceId(0)].memory = 9;
  for (const std::string& name : kListSchedulers) {
    EXPECT_EQ(Value(name, "", delays.problem_), 7) << name;
  }
  EXPECT_EQ(Value("min-cut", "", delays.problem_), 7);
}

TEST(ListSchedule, ThroughputSpreadsLoads) {
  Delays delays(2);
  for (int i = 0; i < 4; ++i) delays.Item({5, 5});
  delays.problem_.objective = PlacementObjective::kThroughput;
  for (const std::string& name : kListSchedulers) {
    EXPECT_EQ(Value(name, "", delays.problem_), 10) << name;
  }
}

TEST(ListSchedule, ThroughputKeepsFavouriteChildrenWithinAnEvenShare) {
  // a and b are a chain of 3 + 3, c takes 6: alone, loads would send b away from a.
  Delays delays(2);
  const ItemId a = delays.Item({3, 3}), b = delays.Item({3, 3});
  delays.Item({6, 6});
  delays.Flow(a, {b}, 1);
  delays.problem_.objective = PlacementObjective::kThroughput;
  const absl::StatusOr<SolveResult> result = RunSolver("m-sct", "", delays.problem_);
  ASSERT_TRUE(result.ok() && result->best.has_value());
  EXPECT_EQ(result->score.objective, 6);
  EXPECT_EQ(result->best->device_of[a], result->best->device_of[b]);
}

TEST(ListSchedule, AnnealingIsNeverWorseThanItsStart) {
  for (uint64_t seed = 1; seed <= 12; ++seed) {
    SCOPED_TRACE(::testing::Message() << "seed " << seed);
    RandomProblemOptions options;
    options.items = 40;
    options.absent_times = 0;
    options.missing_routes = 0;
    if (seed % 2 == 0) options.objective = PlacementObjective::kThroughput;
    const PlacementProblem problem = RandomProblem(seed, options);
    EXPECT_LE(Value("annealing", "", problem), Value("heft", "rank=mean", problem));
  }
}

// All times of items and transfers; -1 if the placement is impossible.
Picos SumOfTimes(const PlacementProblem& problem, const Placement& device_of) {
  Picos sum = 0;
  for (const ItemId item : problem.items.ids()) {
    const std::optional<Picos>& time = problem.items[item].time[device_of[item]];
    if (!time.has_value()) return -1;
    sum += *time;
  }
  for (const FlowId flow : problem.flows.ids()) {
    const DeviceId from = device_of[problem.flows[flow].from];
    for (const DeviceId to : problem.devices.ids()) {
      const auto& consumers = problem.flows[flow].to;
      const bool used = std::any_of(consumers.begin(), consumers.end(),
                                    [&](ItemId item) { return device_of[item] == to; });
      if (!used || to == from) continue;
      const std::optional<Picos> time = problem.TransferTime(flow, from, to);
      if (!time.has_value()) return -1;
      sum += *time;
    }
  }
  for (const std::vector<ItemId>& group : JoinedGroups(problem)) {
    for (const ItemId item : group) {
      if (device_of[item] != device_of[group[0]]) return -1;
    }
  }
  return sum;
}

TEST(MinCutSolver, PaysOneTensorOnce) {
  // Both consumers want d1, where they save 4 each; the tensor costs 6, once. At 9 they stay.
  for (const Picos transfer : {6, 9}) {
    Delays delays(2);
    const ItemId a = delays.Item({1, 50});
    const ItemId b = delays.Item({5, 1}), c = delays.Item({5, 1});
    delays.Flow(a, {b, c}, transfer);
    const absl::StatusOr<SolveResult> result = RunSolver("min-cut", "", delays.problem_);
    ASSERT_TRUE(result.ok() && result->best.has_value());
    const DeviceId expected(transfer == 6 ? 1 : 0);
    EXPECT_EQ(result->best->device_of[a], DeviceId(0));
    EXPECT_EQ(result->best->device_of[b], expected);
    EXPECT_EQ(result->best->device_of[c], expected);
  }
}

TEST(MinCutSolver, FindsTheLeastSumOrThatThereIsNone) {
  int solved = 0, impossible = 0;
  for (uint64_t seed = 1; seed <= 300; ++seed) {
    RandomProblemOptions options = RandomOptions(seed, 8);
    options.devices = 2;
    options.memory = false;
    options.launch_on_arrival = false;
    SCOPED_TRACE(::testing::Message() << "seed " << seed << ": " << Describe(options));
    const PlacementProblem problem = RandomProblem(seed, options);
    Picos least = -1;
    for (uint32_t mask = 0; mask < 1u << problem.items.size(); ++mask) {
      Placement device_of;
      for (const ItemId item : problem.items.ids())
        device_of.Add(DeviceId(size_t(mask >> item.index() & 1)));
      const Picos sum = SumOfTimes(problem, device_of);
      if (sum >= 0 && (least < 0 || sum < least)) least = sum;
    }
    const absl::StatusOr<SolveResult> result = RunSolver("min-cut", "", problem);
    ASSERT_TRUE(result.ok()) << result.status();
    if (least < 0) {
      ++impossible;
      EXPECT_EQ(result->termination, Termination::kInfeasible);
      continue;
    }
    ++solved;
    ASSERT_TRUE(result->best.has_value());
    EXPECT_EQ(SumOfTimes(problem, result->best->device_of), least);
  }
  EXPECT_GT(solved, 200);
  EXPECT_GT(impossible, 0);
}

TEST(MinCutSolver, RefusesOtherNumbersOfDevices) {
  Delays delays(3);
  delays.Item({1, 1, 1});
  const absl::Status status = RunSolver("min-cut", "", delays.problem_).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kUnimplemented);
  EXPECT_EQ(status.message(), "min-cut: cuts between exactly 2 devices, not 3");
}

}  // namespace
}  // namespace allot
