// Chains of blocks against all ways to draw them on small machines.
#include "placement/blocks/plan_by_blocks.h"

#include <algorithm>
#include <functional>
#include <numeric>
#include <random>
#include <string>

#include <gmock/gmock.h>

#include "placement/blocks/chain_search.h"

namespace allot {
namespace {

using ::testing::SizeIs;

// What a small decoder is to the search: an embedding, equal layers, a head, one tensor between two
// neighbours, on devices of a few kinds joined by equal links.
struct Drawn {
  PlacementProblem problem;
  IdVector<ItemId, int32_t> block_of;
  int32_t num_blocks = 0;
};

Drawn Draw(uint32_t seed, PlacementObjective objective, int layers, int items_of_layer) {
  std::mt19937 random(seed);
  const auto at_most = [&](int64_t most) { return static_cast<int64_t>(random() % (most + 1)); };
  Drawn drawn;
  PlacementProblem& problem = drawn.problem;
  problem.objective = objective;
  std::vector<size_t> kind_of;
  const size_t kinds = 1 + at_most(1);
  for (size_t kind = 0; kind < kinds; ++kind) {
    const int64_t members = 1 + at_most(1);
    for (int64_t i = 0; i < members; ++i) kind_of.push_back(kind);
  }
  const int64_t launch = at_most(3);
  for (size_t d = 0; d < kind_of.size(); ++d) {
    const Bytes memory = kind_of[d] == 0 ? 40 : 25;
    problem.devices.Add({.name = "d" + std::to_string(d), .memory = memory, .part_cost = launch});
  }
  const size_t devices = problem.devices.size();
  problem.num_channels = devices * devices;
  for (size_t from = 0; from < devices; ++from) {
    IdVector<DeviceId, std::optional<Route>> row;
    for (size_t to = 0; to < devices; ++to) {
      Route route;
      if (from != to) {
        route.segments.push_back({1, kPicosPerSecond});
        route.channels.push_back(ChannelId(from * devices + to));
      }
      row.Add(route);
    }
    problem.routes.Add(row);
  }
  std::vector<int64_t> layer, faster;
  for (int i = 0; i < items_of_layer; ++i) layer.push_back(2 + at_most(18));
  for (size_t kind = 0; kind < kinds; ++kind) faster.push_back(kind == 0 ? 1 : 1 + at_most(2));
  const auto add = [&](int64_t time, Bytes memory, int32_t block) {
    PlacementProblem::Item item;
    item.memory = memory;
    for (const size_t kind : kind_of) item.time.Add(time * faster[kind]);
    const ItemId id = problem.items.Add(std::move(item));
    drawn.block_of.Add(block);
    if (id.index() > 0) problem.flows.Add({ItemId(id.index() - 1), {id}, 1, {}});
  };
  add(at_most(4), 1, 0);
  for (int l = 0; l < layers; ++l) {
    for (const int64_t time : layer) add(time, 3, l + 1);
  }
  add(at_most(9), 2, layers + 1);
  drawn.num_blocks = layers + 2;
  return drawn;
}

// The best of all sequences of ranges over distinct devices that end where `may_end`, with room for
// what is resident.
Picos BestByHand(const Drawn& drawn, const std::function<bool(size_t)>& may_end) {
  const PlacementProblem& problem = drawn.problem;
  const size_t n = problem.items.size();
  Solution solution;
  solution.device_of = Placement(n, DeviceId(0));
  for (const ItemId item : problem.items.ids()) solution.order.push_back(item);
  Partition parts{IdVector<ItemId, ItemId>(n, ItemId(0)), 0};
  Picos best = kMaxPicos;
  std::vector<char> used(problem.devices.size(), 0);
  const std::function<void(size_t)> extend = [&](size_t begin) {
    if (begin == n) {
      const Score score = EvaluateParts(problem, solution, parts);
      if (score.feasible) best = std::min(best, score.objective);
      return;
    }
    for (const DeviceId d : problem.devices.ids()) {
      char& taken = used[static_cast<size_t>(d.index())];
      if (taken) continue;
      taken = 1;
      const ItemId part(parts.num_parts++);
      for (size_t end = begin + 1; end <= n; ++end) {
        solution.device_of[ItemId(end - 1)] = d;
        parts.part_of[ItemId(end - 1)] = part;
        if (end == n || may_end(end)) extend(end);
      }
      --parts.num_parts;
      taken = 0;
    }
  };
  extend(0);
  return best;
}

TEST(PlanByBlocksTest, HasTheLeastPeriodOfAllChains) {
  int within = 0;
  for (uint32_t seed = 0; seed < 40; ++seed) {
    const Drawn drawn = Draw(seed, PlacementObjective::kThroughput, 4, 2);
    const BlockChain chain(drawn.problem, drawn.block_of, drawn.num_blocks);
    ChainQuestion question;
    for (const auto& kind : chain.kinds()) question.counts.push_back(kind.size());
    for (const bool whole : {true, false}) {
      question.whole_blocks = whole;
      const Picos best = BestByHand(drawn, [&](size_t i) { return !whole || chain.IsStart(i); });
      const std::optional<PeriodChain> found =
          LeastPeriodChain(drawn.problem, chain, question, /*slack_permille=*/0);
      if (!found.has_value()) {
        EXPECT_EQ(best, kMaxPicos) << seed;
        continue;
      }
      // To one picosecond, at which the bisection stops.
      EXPECT_LT(found->bound, best) << seed;
      EXPECT_GE(found->bound + 1, best) << seed;
      within += found->inner_cuts > 0 ? 1 : 0;
    }
  }
  EXPECT_GT(within, 5);
}

TEST(PlanByBlocksTest, HasTheLeastLatencyOfAllChainsOfWholeBlocks) {
  int divided = 0;
  for (uint32_t seed = 0; seed < 40; ++seed) {
    const Drawn drawn = Draw(seed, PlacementObjective::kLatency, 9, 2);
    const BlockChain chain(drawn.problem, drawn.block_of, drawn.num_blocks);
    const Picos best = BestByHand(drawn, [&](size_t i) { return chain.IsStart(i); });
    // Tensors need room, too.
    const std::optional<BlockPlan> found = PlanByBlocks(drawn.problem, chain, {});
    if (best == kMaxPicos) {
      EXPECT_FALSE(found.has_value()) << seed;
      continue;
    }
    ASSERT_TRUE(found.has_value()) << seed;
    EXPECT_EQ(found->value, best) << seed;
    EXPECT_TRUE(IsOfRanges(chain, found->lanes.lanes[0]));
    divided += found->lanes.lanes[0].parts.num_parts > 1 ? 1 : 0;
  }
  EXPECT_GT(divided, 5);
}

TEST(PlanByBlocksTest, GroupsThatTakeTurnsHold) {
  for (uint32_t seed = 0; seed < 40; ++seed) {
    const Drawn drawn = Draw(seed, PlacementObjective::kThroughput, 4, 2);
    const BlockChain chain(drawn.problem, drawn.block_of, drawn.num_blocks);
    const std::optional<BlockPlan> found = PlanByBlocks(drawn.problem, chain, {});
    if (!found.has_value()) continue;
    EXPECT_TRUE(VerifyLanes(drawn.problem, found->lanes, found->value).ok()) << seed;
    EXPECT_LE(found->value, found->whole_value) << seed;
  }
}

TEST(BlockChainTest, CostsEachDistinctBlockOnce) {
  const Drawn drawn = Draw(1, PlacementObjective::kThroughput, 80, 3);
  const BlockChain chain(drawn.problem, drawn.block_of, drawn.num_blocks);
  EXPECT_EQ(chain.num_blocks(), 82u);
  EXPECT_EQ(chain.num_distinct(), 3u);
  for (size_t kind = 0; kind < chain.kinds().size(); ++kind) {
    Picos sum = 0;
    for (const auto& item : drawn.problem.items) sum += *item.time[chain.kinds()[kind][0]];
    const Picos launch = drawn.problem.devices[DeviceId(0)].part_cost;
    EXPECT_EQ(chain.Time(kind, 0, chain.size()), sum + launch);
  }
}

TEST(BlockChainTest, WhatIsTornIsNotOfRanges) {
  const Drawn drawn = Draw(3, PlacementObjective::kThroughput, 3, 1);
  const BlockChain chain(drawn.problem, drawn.block_of, drawn.num_blocks);
  PartedSolution solution;
  solution.items.device_of = Placement(5, DeviceId(0));
  solution.parts.part_of = IdVector<ItemId, ItemId>(5, ItemId(0));
  EXPECT_TRUE(IsOfRanges(chain, solution));
  solution.items.device_of[ItemId(2)] = DeviceId(1);
  solution.parts.part_of[ItemId(2)] = ItemId(1);
  solution.parts.part_of[ItemId(3)] = solution.parts.part_of[ItemId(4)] = ItemId(2);
  EXPECT_FALSE(IsOfRanges(chain, solution));  // a device has two parts
}

}  // namespace
}  // namespace allot
