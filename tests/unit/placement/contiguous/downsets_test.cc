// Contiguous pipelines against a plain dynamic program over all downsets, written from the
// definitions.
#include <algorithm>
#include <map>
#include <set>

#include "gtest/gtest.h"

#include "placement/contiguous/contiguous_optimum.h"
#include "placement/contiguous/linear_chain.h"
#include "placement/contiguous/remaining_loads.h"
#include "placement/contiguous/stage_search.h"
#include "placement/contiguous/stages/merge_stages.h"
#include "placement/problem/allowed_times.h"
#include "placement/problem/contiguity.h"
#include "placement/problem/device_symmetry.h"
#include "placement/solver.h"
#include "placement/verify/verify.h"
#include "support/random.h"
#include "tests/models/random_problem.h"

namespace allot {
namespace {

constexpr int64_t kPlenty = 1'000'000'000;

// The load of the items of some blocks on a device, as the documentation defines it; kNever if they
// cannot be there.
Picos LoadOf(const PlacementProblem& problem, const ContiguityBlocks& blocks, uint64_t stage,
             DeviceId device) {
  const auto inside = [&](ItemId item) { return (stage >> blocks.block_of[item]) & 1; };
  Picos load = problem.launch_on_arrival ? problem.devices[device].part_cost : 0;
  Bytes memory = 0;
  for (const ItemId item : problem.items.ids()) {
    if (!inside(item)) continue;
    if (!problem.items[item].time[device].has_value()) return kNever;
    load += *problem.items[item].time[device];
    memory += problem.items[item].memory;
  }
  for (const PlacementProblem::SharedMemory& shared : problem.shared) {
    if (std::any_of(shared.items.begin(), shared.items.end(), inside)) memory += shared.bytes;
  }
  if (memory > problem.devices[device].memory) return kNever;
  if (problem.communication != Communication::kBlocking) return load;
  for (const PlacementProblem::Flow& flow : problem.flows) {
    const auto count = std::count_if(flow.to.begin(), flow.to.end(), inside);
    const bool made = inside(flow.from);
    if (made && count < static_cast<int64_t>(flow.to.size())) load += flow.staging[device];
    if (!made && count > 0) load += flow.staging[device];
  }
  return load;
}

// The least largest load over all chains of downsets and all orders of the devices; kNever if there
// is none. `num_downsets` is set, if given.
Picos ByAllDownsets(const PlacementProblem& problem, const ContiguityBlocks& blocks,
                    size_t* num_downsets = nullptr) {
  const auto n = static_cast<size_t>(blocks.num_blocks);
  std::vector<uint64_t> before(n, 0);
  for (int32_t b = 0; b < blocks.num_blocks; ++b) {
    for (const int32_t p : blocks.order.predecessors(b))
      before[static_cast<size_t>(b)] |= uint64_t{1} << p;
  }
  std::set<uint64_t> seen = {0};
  std::vector<uint64_t> downsets = {0};
  for (size_t i = 0; i < downsets.size(); ++i) {
    for (size_t b = 0; b < n; ++b) {
      if ((downsets[i] >> b) & 1 || (before[b] & ~downsets[i]) != 0) continue;
      const uint64_t wider = downsets[i] | uint64_t{1} << b;
      if (seen.insert(wider).second) downsets.push_back(wider);
    }
  }
  if (num_downsets != nullptr) *num_downsets = downsets.size();
  // Subsets come earlier. [downset][set of used devices]
  const size_t num_sets = size_t{1} << problem.devices.size();
  std::vector<std::vector<Picos>> best(downsets.size(), std::vector<Picos>(num_sets, kNever));
  best[0][0] = 0;
  std::map<std::pair<uint64_t, int32_t>, Picos> loads;
  for (size_t i = 0; i < downsets.size(); ++i) {
    for (size_t j = i + 1; j < downsets.size(); ++j) {
      if ((downsets[i] & ~downsets[j]) != 0) continue;
      const uint64_t stage = downsets[j] & ~downsets[i];
      for (const DeviceId device : problem.devices.ids()) {
        const auto [it, is_new] = loads.try_emplace({stage, device.index()});
        if (is_new) it->second = LoadOf(problem, blocks, stage, device);
        if (it->second == kNever) continue;
        const size_t bit = size_t{1} << device.index();
        for (size_t used = 0; used < num_sets; ++used) {
          if (used & bit || best[i][used] == kNever) continue;
          Picos& value = best[j][used | bit];
          value = std::min(value, std::max(best[i][used], it->second));
        }
      }
    }
  }
  for (size_t i = 0; i < downsets.size(); ++i) {
    if (downsets[i] == (n == 64 ? ~uint64_t{0} : (uint64_t{1} << n) - 1)) {
      return *std::min_element(best[i].begin(), best[i].end());
    }
  }
  return kNever;
}

Picos ByAllDownsets(const PlacementProblem& problem, size_t* num_downsets = nullptr) {
  return ByAllDownsets(problem, BuildContiguityBlocks(problem), num_downsets);
}

ContiguityBlocks BlocksOf(const PlacementProblem& problem, const StageProblem& stages) {
  ContiguityBlocks blocks;
  blocks.block_of = IdVector<ItemId, int32_t>(problem.items.size());
  blocks.num_blocks = stages.num_blocks();
  for (int32_t b = 0; b < stages.num_blocks(); ++b) {
    for (const ItemId item : stages.blocks[static_cast<size_t>(b)].items) blocks.block_of[item] = b;
  }
  std::vector<WeightedEdge> order;
  for (const auto& [before, after] : stages.order) order.push_back({before, after});
  blocks.order = CsrGraph(stages.num_blocks(), std::move(order));
  return blocks;
}

// What the search alone finds, without a good value to start from.
Picos BySearch(const StageProblem& stages) {
  const StageIndex index(stages);
  StageSearch search(index);
  for (Picos upper = kNever;;) {
    const StageSearch::Answer answer = search.Find(upper, kPlenty);
    EXPECT_TRUE(answer.complete);
    if (!answer.chain.has_value()) return upper;
    EXPECT_LT(answer.chain->value, upper);
    upper = answer.chain->value;
  }
}

void ExpectOptimum(const PlacementProblem& problem, Picos expected) {
  const ProblemGraph graph = BuildGraph(problem);
  const absl::StatusOr<ContiguousResult> result =
      ContiguousOptimum(ProblemFacts(problem, graph), kPlenty, kNever);
  ASSERT_TRUE(result.ok()) << result.status();
  EXPECT_TRUE(result->complete);
  ASSERT_EQ(result->solution.has_value(), expected != kNever);
  if (expected == kNever) return;
  EXPECT_EQ(result->value, expected);
  EXPECT_EQ(result->lower, expected);
  const Score score = Evaluate(problem, graph, *result->solution);
  EXPECT_TRUE(score.feasible);
  EXPECT_EQ(score.objective, expected);
  // Nothing is below the optimum, and it is found by who asks for it.
  const auto below = ContiguousOptimum(ProblemFacts(problem, graph), kPlenty, expected);
  EXPECT_TRUE(below->complete);
  EXPECT_FALSE(below->solution.has_value());
  EXPECT_EQ(below->lower, expected);
  EXPECT_EQ(ContiguousOptimum(ProblemFacts(problem, graph), kPlenty, expected + 1)->value,
            expected);
  // Less work gives less, but nothing wrong.
  for (const int64_t work : {0, 5, 40, 300}) {
    const auto some = ContiguousOptimum(ProblemFacts(problem, graph), work, kNever);
    EXPECT_LE(some->lower, expected);
    EXPECT_TRUE(!some->complete || some->lower == expected);
    EXPECT_TRUE(!some->solution.has_value() || some->value >= expected);
  }
}

// The first device by itself, the others alike; memory of weights alone.
PlacementProblem MakeAlike(PlacementProblem problem) {
  const DeviceId model(1);
  problem.routes.clear();
  problem.num_channels = 0;
  for (const DeviceId device : problem.devices.ids()) {
    if (device <= model) continue;
    problem.devices[device].memory = problem.devices[model].memory;
    problem.devices[device].part_cost = problem.devices[model].part_cost;
    for (PlacementProblem::Item& item : problem.items) item.time[device] = item.time[model];
    for (PlacementProblem::Flow& flow : problem.flows) {
      if (!flow.staging.empty()) flow.staging[device] = flow.staging[model];
    }
  }
  for (PlacementProblem::Item& item : problem.items) item.workspace = 0;
  for (PlacementProblem::Flow& flow : problem.flows) flow.bytes = 0;
  return problem;
}

TEST(DownsetsTest, RandomProblemsAgainstAllDownsets) {
  int impossible = 0, several = 0;
  for (uint64_t seed = 1; seed <= 400; ++seed) {
    Random random(seed * 77);
    testing::RandomProblemOptions options;
    options.objective = PlacementObjective::kThroughput;
    options.communication = random.Below(5) == 0 ? Communication::kLink : Communication::kBlocking;
    options.staged = options.contiguous = true;
    options.training = random.Below(2) == 0;
    options.items = options.training ? random.Between(3, 7) : random.Between(3, 11);
    options.devices = random.Between(2, 4);
    options.edge_density = random.Between(5, 50);
    options.memory = random.Below(2) == 0;
    options.groups = random.Below(3) == 0;
    options.launch_on_arrival = random.Below(4) == 0;
    options.measured_flows = 0;
    SCOPED_TRACE(::testing::Message() << "seed " << seed << ": " << testing::Describe(options));
    PlacementProblem problem = testing::RandomProblem(seed, options);
    if (random.Below(4) != 0) {
      problem = MakeAlike(std::move(problem));
    } else {
      for (PlacementProblem::Item& item : problem.items) item.workspace = 0;
      for (PlacementProblem::Flow& flow : problem.flows) flow.bytes = 0;
    }
    if (!Check(problem).ok()) continue;  // an item without a device
    const Picos expected = ByAllDownsets(problem);
    impossible += expected == kNever ? 1 : 0;
    EXPECT_EQ(BySearch(*BuildStageProblem(problem, DeviceClasses(problem))), expected);
    ExpectOptimum(problem, expected);
    if (HasFailure()) return;
    if (expected == kNever) continue;
    const auto solution = ContiguousOptimum(ProblemFacts(problem), kPlenty, kNever)->solution;
    std::set<DeviceId> used;
    for (const DeviceId device : solution->device_of) used.insert(device);
    several += used.size() > 1 ? 1 : 0;
  }
  EXPECT_GT(impossible, 0);
  EXPECT_GT(several, 150);
}

// Rows of blocks in which each leads to the next of its row and to that of the next row: many
// downsets. With a backward pass the same again, mirrored, in groups with the forward items.
PlacementProblem Grid(uint64_t seed, int32_t rows, int32_t columns, int32_t accelerators,
                      bool training) {
  Random random(seed);
  PlacementProblem problem;
  problem.objective = PlacementObjective::kThroughput;
  problem.communication = Communication::kBlocking;
  problem.contiguous = true;
  problem.devices.Add({"cpu", 1'000'000, 0});
  for (int32_t k = 0; k < accelerators; ++k) problem.devices.Add({"accelerator", 2'000, 0});
  const auto add_item = [&](bool backward) {
    PlacementProblem::Item item;
    const Picos time = random.Below(4) == 0 ? 0 : random.Between(1, 100);
    item.time.Add(time * 10);
    for (int32_t k = 0; k < accelerators; ++k) item.time.Add(time);
    item.memory = random.Between(0, 100);
    item.backward = backward;
    return problem.items.Add(std::move(item));
  };
  const auto add_flow = [&](ItemId from, std::vector<ItemId> to) {
    if (to.empty()) return;
    std::sort(to.begin(), to.end());
    PlacementProblem::Flow flow{from, std::move(to), 0, {}};
    const Picos cost = random.Between(0, 40);
    flow.staging.Add(0);
    for (int32_t k = 0; k < accelerators; ++k) flow.staging.Add(cost);
    problem.flows.Add(std::move(flow));
  };
  const auto at = [columns](int32_t r, int32_t c) { return ItemId(r * columns + c); };
  for (int32_t i = 0; i < rows * columns; ++i) add_item(false);
  for (int32_t r = 0; r < rows; ++r) {
    for (int32_t c = 0; c < columns; ++c) {
      std::vector<ItemId> to;
      if (c + 1 < columns) to.push_back(at(r, c + 1));
      if (r + 1 < rows) to.push_back(at(r + 1, c));
      add_flow(at(r, c), std::move(to));
    }
  }
  if (!training) return problem;
  const int32_t n = rows * columns;
  const auto image = [n](ItemId item) { return ItemId(2 * n - 1 - item.index()); };
  for (int32_t i = 0; i < n; ++i) add_item(true);
  for (int32_t r = 0; r < rows; ++r) {
    for (int32_t c = 0; c < columns; ++c) {
      // One image in seven stands for itself.
      if (random.Below(7) != 0) problem.together.push_back({at(r, c), image(at(r, c))});
      std::vector<ItemId> to;
      if (c > 0) to.push_back(image(at(r, c - 1)));
      if (r > 0) to.push_back(image(at(r - 1, c)));
      add_flow(image(at(r, c)), std::move(to));
    }
  }
  add_flow(at(rows - 1, columns - 1), {image(at(rows - 1, columns - 1))});
  return problem;
}

TEST(DownsetsTest, GridsWithManyDownsetsAgainstAllOfThem) {
  size_t most = 0;
  for (uint64_t seed = 1; seed <= 16; ++seed) {
    SCOPED_TRACE(::testing::Message() << "seed " << seed);
    const bool training = seed % 2 == 0;
    const PlacementProblem problem = Grid(seed, 3, 4 + static_cast<int32_t>(seed % 3),
                                          2 + static_cast<int32_t>(seed % 2), training);
    ASSERT_TRUE(Check(problem).ok()) << Check(problem);
    size_t num_downsets = 0;
    ExpectOptimum(problem, ByAllDownsets(problem, &num_downsets));
    most = std::max(most, num_downsets);
    if (HasFailure()) return;
  }
  EXPECT_GT(most, 80u);
}

// Constants, ops that only reshape, and real work, as in graphs of operators; some of it trains.
PlacementProblem Operators(uint64_t seed, bool training) {
  Random random(seed);
  const auto n = static_cast<int32_t>(training ? random.Between(3, 7) : random.Between(4, 11));
  PlacementProblem problem;
  problem.objective = PlacementObjective::kThroughput;
  problem.communication = Communication::kBlocking;
  problem.contiguous = true;
  const auto accelerators = static_cast<int32_t>(random.Between(1, 3));
  const auto cpus = static_cast<int32_t>(random.Between(0, 2));
  const Bytes memory = random.Below(3) == 0 ? random.Between(60, 200) : 10'000;
  for (int32_t k = 0; k < cpus; ++k) problem.devices.Add({"cpu", 10'000, 0});
  for (int32_t k = 0; k < accelerators; ++k) problem.devices.Add({"accelerator", memory, 0});
  const auto add_item = [&](bool backward, bool constant) {
    PlacementProblem::Item item;
    const Picos time = constant || random.Below(2) == 0 ? 0 : random.Between(1, 50);
    const int64_t slower = random.Between(1, 5);
    for (int32_t k = 0; k < cpus; ++k) item.time.Add(time * slower);
    const bool only_cpu = cpus > 0 && random.Below(15) == 0;
    for (int32_t k = 0; k < accelerators; ++k) {
      item.time.Add(only_cpu ? std::nullopt : std::optional<Picos>(time));
    }
    item.memory = random.Below(2) == 0 ? 0 : random.Between(0, 60);
    item.backward = backward;
    return problem.items.Add(std::move(item));
  };
  const auto add_flow = [&](ItemId from, std::vector<ItemId> to) {
    if (to.empty()) return;
    std::sort(to.begin(), to.end());
    to.erase(std::unique(to.begin(), to.end()), to.end());
    PlacementProblem::Flow flow{from, std::move(to), 0, {}};
    const Picos cost = random.Below(4) == 0 ? 0 : random.Between(1, 30);
    for (int32_t k = 0; k < cpus; ++k) flow.staging.Add(0);
    for (int32_t k = 0; k < accelerators; ++k) flow.staging.Add(cost);
    problem.flows.Add(std::move(flow));
  };
  std::vector<std::vector<ItemId>> to(static_cast<size_t>(n)), back(static_cast<size_t>(n));
  const auto image = [n](int32_t item) { return ItemId(2 * n - 1 - item); };
  for (int32_t i = 0; i < n; ++i) {
    const bool constant = i == 0 || random.Below(4) == 0;
    add_item(false, constant);
    if (constant) continue;
    for (int64_t inputs = random.Between(1, 3); inputs > 0; --inputs) {
      const auto from = static_cast<int32_t>(random.Between(std::max(0, i - 4), i - 1));
      to[static_cast<size_t>(from)].push_back(ItemId(i));
      back[static_cast<size_t>(i)].push_back(image(from));
    }
  }
  for (int32_t i = 0; i < n; ++i) add_flow(ItemId(i), to[static_cast<size_t>(i)]);
  if (!training) return problem;
  for (int32_t i = n; i-- > 0;) {
    add_item(true, false);
    if (random.Below(3) != 0) problem.together.push_back({ItemId(i), image(i)});
  }
  for (int32_t i = n; i-- > 0;) {
    add_flow(image(i), back[static_cast<size_t>(i)]);
    if (random.Below(2) == 0) add_flow(ItemId(i), {image(i)});
  }
  return problem;
}

TEST(DownsetsTest, OperatorsAgainstAllDownsets) {
  int merged = 0, memory_binds = 0;
  for (uint64_t seed = 1; seed <= 900; ++seed) {
    SCOPED_TRACE(::testing::Message() << "seed " << seed);
    const PlacementProblem problem = Operators(seed, seed % 3 == 0);
    ASSERT_TRUE(Check(problem).ok()) << Check(problem);
    const Picos expected = ByAllDownsets(problem);
    ExpectOptimum(problem, expected);
    if (HasFailure()) return;
    const StageProblem stages = *BuildStageProblem(problem, DeviceClasses(problem));
    // Each part by itself: merging loses nothing, even if told how good the optimum is, and the
    // search needs no help.
    int64_t work = 0;
    const StageProblem all = MergeInseparable(stages, kNever, work);
    merged += all.num_blocks() < stages.num_blocks() ? 1 : 0;
    EXPECT_EQ(ByAllDownsets(problem, BlocksOf(problem, all)), expected);
    if (expected != kNever) {
      const StageProblem near = MergeInseparable(stages, expected + 1, work);
      EXPECT_EQ(ByAllDownsets(problem, BlocksOf(problem, near)), expected);
    }
    EXPECT_EQ(BySearch(stages), expected);
    if (HasFailure()) return;
    memory_binds += MemoryMayBind(stages, kNever) ? 1 : 0;
  }
  EXPECT_GT(merged, 450);
  EXPECT_GT(memory_binds, 50);
}

TEST(DownsetsTest, ConstantsStayWithTheirReader) {
  // 40 constants feed a line of 4 ops, 10 each: any set of them could come first.
  PlacementProblem problem;
  problem.objective = PlacementObjective::kThroughput;
  problem.communication = Communication::kBlocking;
  problem.contiguous = true;
  for (int k = 0; k < 2; ++k) problem.devices.Add({"d", 1'000, 0});
  const auto add = [&](Picos time) {
    PlacementProblem::Item item;
    for (int k = 0; k < 2; ++k) item.time.Add(time);
    item.memory = 1;
    return problem.items.Add(std::move(item));
  };
  for (int32_t op = 0; op < 4; ++op) add(10);
  for (int32_t op = 0; op < 4; ++op) {
    if (op > 0)
      problem.flows.Add({ItemId(op - 1), {ItemId(op)}, 0, {}, IdVector<DeviceId, Picos>(2, 2)});
    for (int c = 0; c < 10; ++c) {
      problem.flows.Add({add(0), {ItemId(op)}, 0, {}, IdVector<DeviceId, Picos>(2, 1)});
    }
  }
  ASSERT_TRUE(Check(problem).ok()) << Check(problem);
  int64_t work = 0;
  EXPECT_EQ(MergeInseparable(*BuildStageProblem(problem, DeviceClasses(problem)), kNever, work)
                .num_blocks(),
            4);
  const auto result = ContiguousOptimum(ProblemFacts(problem), 10'000, kNever);
  EXPECT_TRUE(result->complete);
  EXPECT_EQ(result->value, 22);
}

TEST(DownsetsTest, LargeGridsAreProvedWithoutVisitingTheirDownsets) {
  // 9 rows of 9 have C(18, 9) = 48620 downsets.
  const PlacementProblem problem = Grid(5, 9, 9, 4, false);
  const ProblemGraph graph = BuildGraph(problem);
  const auto result = ContiguousOptimum(ProblemFacts(problem, graph), 20'000'000, kNever);
  ASSERT_TRUE(result.ok()) << result.status();
  EXPECT_TRUE(result->complete);
  EXPECT_LT(result->downsets, 20'000);
  ASSERT_TRUE(result->solution.has_value());
  const Score score = Evaluate(problem, graph, *result->solution);
  EXPECT_TRUE(score.feasible);
  EXPECT_EQ(score.objective, result->value);
}

TEST(DownsetsTest, ReportsWhatImproves) {
  const PlacementProblem problem = Grid(5, 8, 8, 4, false);
  Picos last_value = -1, last_bound = 0;
  int calls = 0;
  const ProgressHook hook = [&](Picos value, Picos bound, int64_t) {
    ++calls;
    EXPECT_TRUE(last_value < 0 || value <= last_value);
    EXPECT_GE(bound, last_bound);
    EXPECT_TRUE(value < 0 || bound <= value);
    last_value = value;
    last_bound = bound;
  };
  const SolveLimits limits{20'000'000, 1, 1, hook};
  const ProblemGraph graph = BuildGraph(problem);
  const auto solver = BuiltinSolvers().Find("downset-dp")->make("");
  const auto result =
      Solve(**solver, "downset-dp", SolveInput{problem, graph, limits, nullptr, {}});
  ASSERT_TRUE(result.ok()) << result.status();
  EXPECT_EQ(result->termination, Termination::kOptimal);
  EXPECT_GT(calls, 1);
  EXPECT_EQ(last_value, result->score.objective);
  EXPECT_EQ(last_bound, result->score.objective);
}

TEST(DownsetsTest, OneOrderIsCutAtItsBestPlaces) {
  // Times 4 2 3 3 2 4 in a line, every flow 1: cut after 2 and after 4.
  PlacementProblem problem;
  problem.objective = PlacementObjective::kThroughput;
  problem.communication = Communication::kBlocking;
  problem.contiguous = true;
  for (int k = 0; k < 3; ++k) problem.devices.Add({"d", 100, 0});
  for (const Picos time : {4, 2, 3, 3, 2, 4}) {
    PlacementProblem::Item item;
    for (int k = 0; k < 3; ++k) item.time.Add(time);
    problem.items.Add(item);
  }
  for (int32_t i = 0; i < 5; ++i) {
    problem.flows.Add({ItemId(i), {ItemId(i + 1)}, 0, {}, IdVector<DeviceId, Picos>(3, 1)});
  }
  ASSERT_TRUE(Check(problem).ok()) << Check(problem);
  const StageProblem stages = *BuildStageProblem(problem, DeviceClasses(problem));
  ASSERT_EQ(stages.num_classes(), 1);
  const StageIndex index(stages);
  int64_t work = 0;
  const auto chain = BestChainAlong(index, {0, 1, 2, 3, 4, 5}, 1, kNever, work);
  ASSERT_TRUE(chain.has_value());
  EXPECT_EQ(chain->value, 8);  // 3 + 3 in the middle, one load and one store
  EXPECT_EQ(chain->stages.size(), 3u);
  EXPECT_FALSE(BestChainAlong(index, {0, 1, 2, 3, 4, 5}, 1, 8, work).has_value());
  // With cuts after every third block only, two devices are enough.
  EXPECT_EQ(BestChainAlong(index, {0, 1, 2, 3, 4, 5}, 3, kNever, work)->value, 10);
  EXPECT_EQ(StrideWithin(36, 6), 2);
  EXPECT_EQ(StrideWithin(37, 6), 1);
  EXPECT_EQ(StrideWithin(0, 6), 6);
  ExpectOptimum(problem, 8);
  // Without a way to cut, everything is one stage.
  problem.together = {{ItemId(0), ItemId(5)}};
  ExpectOptimum(problem, 18);
}

TEST(DownsetsTest, WeightsBoundWhatDevicesCanCarry) {
  const PlacementProblem problem = Grid(9, 3, 5, 3, false);
  const StageProblem stages = *BuildStageProblem(problem, DeviceClasses(problem));
  const StageIndex index(stages);
  RemainingLoads remaining(index);
  const Picos optimum = ByAllDownsets(problem);
  EXPECT_LE(remaining.LowerBound(remaining.All()), optimum);
  EXPECT_LE(remaining.TotalWeight(remaining.All()), remaining.Limit(remaining.All(), optimum));
  const BlockClosures closures(index);
  const auto upset = [&](int32_t b) {
    return remaining.UpsetWeight(remaining.All(), b, closures.Upset(b));
  };
  EXPECT_EQ(upset(0), remaining.TotalWeight(remaining.All()));  // all follows the first corner
  EXPECT_EQ(upset(14), remaining.Weights(remaining.All())[14]);
  // Devices go away one by one until none is left.
  int32_t devices = remaining.All();
  for (int k = 0; k < 3; ++k) devices = remaining.Without(devices, 1);
  EXPECT_EQ(remaining.Without(devices, 1), -1);
  EXPECT_TRUE(remaining.Includes(remaining.All(), devices));
  EXPECT_FALSE(remaining.Includes(devices, remaining.All()));
  // The CPU alone can carry everything in the sum of its times and no less.
  Picos total = 0;
  for (const StageProblem::Block& block : stages.blocks) total += block.time[0];
  EXPECT_LE(remaining.TotalWeight(devices), remaining.Limit(devices, total));
  EXPECT_GT(remaining.TotalWeight(devices), remaining.Limit(devices, total - 1));
  const int32_t none = remaining.Without(devices, 0);
  EXPECT_EQ(remaining.TotalWeight(none), RemainingLoads::kForbidden);
}

TEST(DownsetsTest, RefusesCostsThatDependOnTheOtherEnd) {
  PlacementProblem problem = Grid(1, 2, 2, 2, false);
  problem.flows[FlowId(0)].staging.clear();
  problem.flows[FlowId(0)].time =
      IdVector<DeviceId, IdVector<DeviceId, Picos>>(3, IdVector<DeviceId, Picos>(3, 5));
  ASSERT_TRUE(Check(problem).ok()) << Check(problem);
  const auto optimum = [](const PlacementProblem& p) {
    return ContiguousOptimum(ProblemFacts(p), kPlenty, kNever).status().code();
  };
  EXPECT_EQ(optimum(problem), absl::StatusCode::kUnimplemented);
  problem.communication = Communication::kDelay;
  EXPECT_EQ(optimum(problem), absl::StatusCode::kOk);
  problem.objective = PlacementObjective::kLatency;
  EXPECT_EQ(optimum(problem), absl::StatusCode::kUnimplemented);
}

}  // namespace
}  // namespace allot
