#include "placement/parts/parts.h"

#include <algorithm>
#include <limits>
#include <set>
#include <utility>

#include "gtest/gtest.h"

#include "placement/exact/brute_force_parts.h"
#include "placement/exact/exact_parts.h"
#include "placement/parts/part_evaluator.h"
#include "placement/proofs/lower_bounds.h"
#include "placement/refinement/refine_parts.h"
#include "placement/solver.h"
#include "placement/verify/verify.h"
#include "support/random.h"
#include "tests/models/random_problem.h"

namespace allot {
namespace {

using testing::Describe;
using testing::RandomOptions;
using testing::RandomProblem;
using testing::RandomProblemOptions;

// Two devices; a chain a -> b -> c on the first, and x on the second between a and c.
PlacementProblem Detour(Picos part_cost) {
  PlacementProblem problem;
  problem.communication = Communication::kDelay;
  for (const char* name : {"d0", "d1"}) problem.devices.Add({name, 1000, part_cost});
  problem.routes.resize(2);
  for (auto& row : problem.routes) row.resize(2, Route{{{0, kPicosPerSecond}}, {}});
  for (const char* name : {"a", "b", "c", "x"}) {
    PlacementProblem::Item item;
    item.name = name;
    item.time.resize(2, Picos{10});
    problem.items.Add(item);
  }
  problem.flows.Add({ItemId(0), {ItemId(1), ItemId(3)}, 3, {}});
  problem.flows.Add({ItemId(1), {ItemId(2)}, 3, {}});
  problem.flows.Add({ItemId(3), {ItemId(2)}, 3, {}});
  return problem;
}

Solution DetourSolution() {
  Solution solution;
  for (const int32_t d : {0, 0, 0, 1}) solution.device_of.Add(DeviceId(d));
  for (const int32_t i : {0, 1, 3, 2}) solution.order.emplace_back(i);
  return solution;
}

// What every answer must be, whatever it is worth.
void ExpectWellFormed(const PlacementProblem& problem, const PartedSolution& parted) {
  ASSERT_EQ(parted.parts.part_of.size(), problem.items.size());
  std::vector<DeviceId> device(parted.parts.num_parts);
  for (const ItemId item : problem.items.ids()) {
    const ItemId part = parted.parts.part_of[item];
    ASSERT_LT(static_cast<size_t>(part.index()), parted.parts.num_parts);
    DeviceId& known = device[part.index()];
    if (known.valid()) {
      EXPECT_EQ(known, parted.items.device_of[item]);
    }
    known = parted.items.device_of[item];
  }
  for (const DeviceId d : device) EXPECT_TRUE(d.valid()) << "an empty part";
  for (const PlacementProblem::Flow& flow : problem.flows) {
    for (const ItemId to : flow.to) {
      EXPECT_LE(parted.parts.part_of[flow.from], parted.parts.part_of[to]);
    }
  }
  // Items stand part by part, in a topological order.
  std::set<ItemId> seen;
  ItemId last(0);
  for (const ItemId item : parted.items.order) {
    EXPECT_LE(last, parted.parts.part_of[item]);
    last = parted.parts.part_of[item];
    EXPECT_TRUE(seen.insert(item).second);
  }
  EXPECT_EQ(seen.size(), problem.items.size());
  const Score again = EvaluateParts(problem, parted.items, parted.parts);
  EXPECT_EQ(again.objective, parted.score.objective);
  EXPECT_EQ(again.feasible, parted.score.feasible);
}

TEST(EvaluateParts, ChargesLaunchesAndWaitsForWholeParts) {
  const PlacementProblem problem = Detour(5);
  // {a, b} | x | c: 5 + 20, transfer 3, 5 + 10, transfer 3, 5 + 10.
  Partition parts;
  for (const int32_t part : {0, 0, 2, 1}) parts.part_of.Add(ItemId(part));
  parts.num_parts = 3;
  EXPECT_EQ(EvaluateParts(problem, DetourSolution(), parts).objective, 25 + 3 + 15 + 3 + 15);
  // a | b | x | c: x starts after 15 + 3 and ends at 33; c starts at 36 (b ended at 30).
  parts = Partition();
  for (const int32_t part : {0, 1, 3, 2}) parts.part_of.Add(ItemId(part));
  parts.num_parts = 4;
  EXPECT_EQ(EvaluateParts(problem, DetourSolution(), parts).objective, 15 + 3 + 15 + 3 + 15);
}

TEST(EvaluateParts, RefusesPartsOnTwoDevicesAndOutOfOrder) {
  const PlacementProblem problem = Detour(5);
  Partition parts;
  for (const int32_t part : {0, 0, 1, 1}) parts.part_of.Add(ItemId(part));
  parts.num_parts = 2;
  EXPECT_FALSE(EvaluateParts(problem, DetourSolution(), parts).feasible);
  parts = Partition();
  for (const int32_t part : {2, 2, 0, 1}) parts.part_of.Add(ItemId(part));
  parts.num_parts = 3;
  EXPECT_FALSE(EvaluateParts(problem, DetourSolution(), parts).feasible);
}

TEST(FormParts, KeepsOneDeviceInOnePart) {
  PlacementProblem problem = Detour(0);
  Solution solution = DetourSolution();
  solution.device_of[ItemId(3)] = DeviceId(0);
  const PartedSolution parted = FormParts(problem, BuildGraph(problem), solution, 100);
  EXPECT_EQ(parted.parts.num_parts, 1u);
  EXPECT_EQ(parted.score.objective, 40);
}

TEST(FormParts, SplitsWhereWaitingCostsMoreThanALaunch) {
  // Launching b apart from a costs 5 but lets x start 10 earlier; b may also wait for c.
  const PlacementProblem problem = Detour(5);
  const PartedSolution parted = FormParts(problem, BuildGraph(problem), DetourSolution(), 100);
  ExpectWellFormed(problem, parted);
  // a | x | {b, c}: 15 + 3 + 15 + 3 + 25 = 61; four parts: 51, see above.
  EXPECT_EQ(parted.score.objective, 51);
}

TEST(FormParts, MergesWhenLaunchesAreDear) {
  // In a latency the launch of b would hide behind x; in a load nothing hides.
  PlacementProblem problem = Detour(100);
  problem.objective = PlacementObjective::kThroughput;
  const PartedSolution parted = FormParts(problem, BuildGraph(problem), DetourSolution(), 100);
  EXPECT_EQ(parted.parts.num_parts, 3u);
}

// Direct transfers and, every other time, loads with transfers through host memory.
RandomProblemOptions DirectOrStaged(uint64_t seed, int64_t max_items) {
  if (seed % 2 == 0) return RandomOptions(seed, max_items);
  RandomProblemOptions options = testing::RandomLoadOptions(seed, max_items);
  options.contiguous = options.training = options.calls = false;
  return options;
}

TEST(PartEvaluator, AgreesWithTheDefinition) {
  for (uint64_t seed = 1; seed <= 800; ++seed) {
    const RandomProblemOptions options = DirectOrStaged(seed, 12);
    SCOPED_TRACE(::testing::Message() << "seed " << seed << ": " << Describe(options));
    const PlacementProblem problem = RandomProblem(seed, options);
    const ProblemGraph graph = BuildGraph(problem);
    Random random(seed);
    PartEvaluator evaluator(problem, graph);
    for (int trial = 0; trial < 5; ++trial) {
      // Random stages give random acyclic parts.
      std::vector<int32_t> device, label(problem.items.size());
      std::vector<int64_t> rank;
      Solution solution;
      solution.order = graph.topological;
      for (size_t i = 0; i < problem.items.size(); ++i) {
        device.push_back(static_cast<int32_t>(random.Below(options.devices)));
        solution.device_of.Add(DeviceId(device.back()));
      }
      std::vector<int32_t> stage(problem.items.size());
      std::vector<std::pair<int32_t, int32_t>> keys;
      for (const ItemId item : graph.topological) {
        int32_t& own = stage[item.index()];
        own = static_cast<int32_t>(random.Below(3));
        for (const ItemId p : graph.predecessors[item]) {
          const bool same = device[p.index()] == device[item.index()];
          own = std::max(own, stage[p.index()] + (same ? 0 : 1));
        }
        const std::pair key(own, device[item.index()]);
        auto it = std::find(keys.begin(), keys.end(), key);
        label[item.index()] = static_cast<int32_t>(it - keys.begin());
        if (it == keys.end()) keys.push_back(key);
      }
      for (const auto& [s, d] : keys) rank.push_back(s);
      const auto num_parts = static_cast<int32_t>(keys.size());
      ASSERT_TRUE(evaluator.NumberParts(rank, num_parts, label.data()));
      Partition parts;
      for (const int32_t l : label) parts.part_of.Add(ItemId(l));
      parts.num_parts = keys.size();
      const SearchValue value = evaluator.Value(device.data(), label.data(), num_parts);
      const Score score = EvaluateParts(problem, solution, parts);
      EXPECT_EQ(value.feasible(), score.feasible);
      // What cannot run is charged nothing, item by item or part by part.
      if (value.violations == 0) {
        EXPECT_EQ(value.objective, score.objective);
      }
    }
    if (HasFailure()) return;
  }
}

TEST(Parts, OracleIsNeverBeatenAndOftenReached) {
  int solved = 0, formed_best = 0, refined_best = 0, proved = 0;
  for (uint64_t seed = 1; seed <= 260; ++seed) {
    const RandomProblemOptions options = DirectOrStaged(seed, 6);
    SCOPED_TRACE(::testing::Message() << "seed " << seed << ": " << Describe(options));
    const PlacementProblem problem = RandomProblem(seed, options);
    const ProblemGraph graph = BuildGraph(problem);
    const std::optional<PartedSolution> best = BestParts(problem, graph);
    if (best.has_value()) {
      EXPECT_TRUE(best->score.feasible);
      ExpectWellFormed(problem, *best);
      for (const LowerBound& bound : LowerBounds(problem, graph, Launch::kPerGroup, 200'000)) {
        EXPECT_LE(bound.value, best->score.objective) << bound.name;
      }
      const std::optional<PartedSolution> exact = ExactParts(problem, graph, nullptr, 2'000'000);
      if (exact.has_value()) {
        EXPECT_EQ(exact->score.objective, best->score.objective);
        ++proved;
      }
    }
    const auto solver = BuiltinSolvers().Find("local-search")->make("");
    const auto found = Solve(**solver, "local-search",
                             SolveInput{problem, graph, SolveLimits{20'000, 1, 1}, nullptr, {}});
    ASSERT_TRUE(found.ok()) << found.status();
    Solution start{Placement(problem.items.size(), DeviceId(0)), graph.topological};
    if (found->best.has_value()) start = *found->best;
    const PartedSolution formed = FormParts(problem, graph, start, 200);
    ExpectWellFormed(problem, formed);
    const PartedSolution refined = RefineParts(problem, graph, formed, {40'000, 7});
    ExpectWellFormed(problem, refined);
    EXPECT_FALSE(Better(formed.score, refined.score));
    const PartedSolution again = RefineParts(problem, graph, formed, {40'000, 7});
    EXPECT_EQ(again.items, refined.items);
    EXPECT_EQ(again.parts.part_of, refined.parts.part_of);
    for (const PartedSolution* answer : {&formed, &refined}) {
      if (!answer->score.feasible) continue;
      ASSERT_TRUE(best.has_value());
      EXPECT_GE(answer->score.objective, best->score.objective);
    }
    if (HasFailure()) return;
    if (!best.has_value()) continue;
    ++solved;
    formed_best += formed.score.feasible && formed.score.objective == best->score.objective;
    refined_best += refined.score.feasible && refined.score.objective == best->score.objective;
  }
  RecordProperty("solved", solved);
  RecordProperty("formed_best", formed_best);
  RecordProperty("refined_best", refined_best);
  EXPECT_GT(solved, 180);
  EXPECT_GT(proved, 90);
  EXPECT_GE(refined_best, solved * 9 / 10) << "of " << solved << ", formed " << formed_best;
}

// Devices that can have one part: judged alike everywhere, and never more where fewer will do.
// do.
TEST(Parts, AsManyAsADeviceMayHave) {
  int solved = 0, bound = 0, formed_fits = 0, refined_best = 0;
  for (uint64_t seed = 1; seed <= 240; ++seed) {
    const RandomProblemOptions options = DirectOrStaged(seed, 6);
    SCOPED_TRACE(::testing::Message() << "seed " << seed << ": " << Describe(options));
    PlacementProblem problem = RandomProblem(seed, options);
    // Where launches are free, many parts pay.
    for (PlacementProblem::MachineDevice& device : problem.devices) device.part_cost = 0;
    const ProblemGraph graph = BuildGraph(problem);
    const std::optional<PartedSolution> free = BestParts(problem, graph);
    Random random(seed);
    for (PlacementProblem::MachineDevice& device : problem.devices) {
      device.max_parts = random.Below(8) > 0 ? 1 : 0;
    }
    const std::optional<PartedSolution> best = BestParts(problem, graph);
    if (!best.has_value()) continue;
    ASSERT_TRUE(free.has_value());
    ++solved;
    EXPECT_TRUE(best->score.feasible);
    EXPECT_GE(best->score.objective, free->score.objective);
    bound += best->score.objective > free->score.objective ? 1 : 0;
    EXPECT_FALSE(ExactParts(problem, graph, nullptr, 2'000'000).has_value() &&
                 std::any_of(problem.devices.begin(), problem.devices.end(),
                             [](const auto& device) { return device.max_parts > 0; }));
    for (const LowerBound& lower : LowerBounds(problem, graph, Launch::kPerGroup, 200'000)) {
      EXPECT_LE(lower.value, best->score.objective) << lower.name;
    }
    // The search and the definition agree about what is too much.
    PartEvaluator evaluator(problem, graph);
    for (const PartedSolution* answer : {&*free, &*best}) {
      std::vector<int32_t> device, part_of;
      IdVector<DeviceId, std::set<ItemId>> parts(problem.devices.size());
      for (const ItemId item : problem.items.ids()) {
        device.push_back(answer->items.device_of[item].index());
        part_of.push_back(answer->parts.part_of[item].index());
        parts[answer->items.device_of[item]].insert(answer->parts.part_of[item]);
      }
      bool allowed = true;
      for (const DeviceId d : problem.devices.ids()) {
        const int64_t most = problem.devices[d].max_parts;
        allowed = allowed && (most == 0 || static_cast<int64_t>(parts[d].size()) <= most);
      }
      const auto num_parts = static_cast<int32_t>(answer->parts.num_parts);
      const SearchValue value = evaluator.Value(device.data(), part_of.data(), num_parts);
      const Score score = EvaluateParts(problem, answer->items, answer->parts);
      EXPECT_EQ(value.feasible(), allowed);
      EXPECT_EQ(score.feasible, allowed);
      EXPECT_EQ(value.objective, score.objective);
    }
    // Merging makes room.
    const Solution start{free->items.device_of, graph.topological};
    const PartedSolution formed = FormParts(problem, graph, start, 200);
    ExpectWellFormed(problem, formed);
    const PartedSolution refined = RefineParts(problem, graph, formed, {40'000, 7});
    ExpectWellFormed(problem, refined);
    formed_fits += formed.score.feasible ? 1 : 0;
    refined_best += refined.score.feasible && refined.score.objective == best->score.objective;
    if (HasFailure()) return;
  }
  EXPECT_GT(solved, 120);
  EXPECT_GT(bound, 10);
  EXPECT_GE(refined_best, solved * 8 / 10) << "of " << solved << ", formed " << formed_fits;
}

TEST(RefineParts, RepairsWhatDoesNotFit) {
  PlacementProblem problem = Detour(5);
  for (PlacementProblem::Item& item : problem.items) item.memory = 10;
  for (PlacementProblem::MachineDevice& device : problem.devices) device.memory = 35;
  const ProblemGraph graph = BuildGraph(problem);
  Solution solution = DetourSolution();
  solution.device_of[ItemId(3)] = DeviceId(0);
  const PartedSolution start = FormParts(problem, graph, solution, 100);
  ASSERT_FALSE(start.score.feasible);
  EXPECT_TRUE(RefineParts(problem, graph, start, {10'000, 1}).score.feasible);
}

}  // namespace
}  // namespace allot
