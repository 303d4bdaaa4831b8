// Chains whose blocks are divided among several devices: against all ways to draw them, and what is
// made of problems that were divided.
#include <functional>
#include <random>
#include <set>
#include <string>

#include <gmock/gmock.h>

#include "placement/blocks/chain_search.h"
#include "placement/blocks/choose_widths.h"
#include "placement/blocks/near_devices.h"
#include "placement/blocks/plan_by_blocks.h"

namespace allot {
namespace {

using ::testing::ElementsAre;

constexpr Bytes kRoom = 1'000'000;

// Two kinds of devices, two servers of each with two devices; links within a server are ten times
// as fast.
PlacementProblem Servers(PlacementObjective objective, Picos launch, Bytes memory = kRoom) {
  PlacementProblem problem;
  problem.objective = objective;
  for (int d = 0; d < 8; ++d) {
    problem.devices.Add({.name = "d" + std::to_string(d), .memory = memory, .part_cost = launch});
  }
  problem.num_channels = 64;
  for (size_t from = 0; from < 8; ++from) {
    IdVector<DeviceId, std::optional<Route>> row;
    for (size_t to = 0; to < 8; ++to) {
      Route route;
      if (from != to) {
        // Servers {0, 2}, {1, 3}, {4, 5}, {6, 7}: not in the order of numbers.
        const auto server = [](size_t d) { return d < 4 ? d % 2 : d / 2; };
        route.segments.push_back({server(from) == server(to) ? 1 : 10, kPicosPerSecond});
        route.channels.push_back(ChannelId(from * 8 + to));
      }
      row.Add(route);
    }
    problem.routes.Add(row);
  }
  return problem;
}

struct Divided {
  PlacementProblem problem;
  IdVector<ItemId, int32_t> block_of, slice_of;
  int32_t num_blocks = 0;
};

// Layers of one operator that is whole, two slices, and a sum; the first `whole` layers are not
// divided: an operator between two others.
Divided Layers(PlacementProblem machine, int whole, int divided, Picos time) {
  Divided model;
  model.problem = std::move(machine);
  PlacementProblem& problem = model.problem;
  const auto add = [&](Picos takes, Bytes memory, int32_t slice, std::vector<ItemId> reads) {
    PlacementProblem::Item item;
    item.memory = memory;
    for (int d = 0; d < 8; ++d) item.time.Add(d < 4 ? takes : 2 * takes);
    const ItemId id = problem.items.Add(std::move(item));
    model.block_of.Add(model.num_blocks);
    model.slice_of.Add(slice);
    for (const ItemId from : reads) {
      const auto known =
          std::find_if(problem.flows.begin(), problem.flows.end(),
                       [&](const PlacementProblem::Flow& flow) { return flow.from == from; });
      if (known == problem.flows.end()) {
        problem.flows.Add({from, {id}, 1, {}});
      } else {
        known->to.push_back(id);
      }
    }
    return id;
  };
  std::vector<ItemId> last;
  for (int layer = 0; layer < whole + divided; ++layer) {
    const ItemId norm = add(1, 1, -1, last);
    if (layer < whole) {
      last = {add(1, 1, -1, {add(time, 100, -1, {norm})})};
    } else {
      const ItemId first = add(time / 2, 50, 0, {norm}), second = add(time / 2, 50, 1, {norm});
      last = {add(1, 1, -1, {first, second})};
    }
    ++model.num_blocks;
  }
  return model;
}

TEST(NearDevicesTest, ServersAreFound) {
  const PlacementProblem problem = Servers(PlacementObjective::kLatency, 0);
  const auto near = NearDevices(problem, {DeviceId(0), DeviceId(1), DeviceId(2), DeviceId(3)});
  EXPECT_THAT(near, ElementsAre(ElementsAre(DeviceId(0), DeviceId(2)),
                                ElementsAre(DeviceId(1), DeviceId(3))));
  EXPECT_TRUE(DealsOut(near, 2));
  EXPECT_FALSE(DealsOut(near, 4));
}

// The least value of all chains of whole blocks, by the sums of the chain alone.
Picos LeastByHand(const BlockChain& chain, const ChainQuestion& question, bool latency) {
  std::vector<size_t> left = question.counts;
  Picos best = kMaxPicos;
  const std::function<void(size_t, Picos)> extend = [&](size_t block, Picos value) {
    if (block == chain.num_blocks()) {
      best = std::min(best, value);
      return;
    }
    const size_t begin = chain.StartOf(block);
    for (size_t kind = 0; kind < left.size(); ++kind) {
      for (const size_t width : chain.WidthsOf(kind)) {
        if (question.counts[kind] % width != 0 || left[kind] < width) continue;
        left[kind] -= width;
        for (size_t end = block + 1; end <= chain.num_blocks(); ++end) {
          const size_t last = chain.StartOf(end);
          if (chain.Resident(kind, width, begin, last) > kRoom) break;
          const std::optional<Picos> time = latency ? chain.Latency(kind, width, begin, last)
                                                    : chain.Load(kind, width, begin, last);
          if (!time.has_value()) continue;
          const Picos crossing = begin > 0 ? chain.Crossing(begin) : 0;
          extend(end, latency ? value + crossing + *time : std::max({value, crossing, *time}));
        }
        left[kind] += width;
      }
    }
  };
  extend(0, 0);
  return best;
}

TEST(DividedChainTest, NoChainOfWholeBlocksIsBetter) {
  std::mt19937 random(7);
  int wide = 0;
  for (int round = 0; round < 60; ++round) {
    const bool latency = round % 2 == 1;
    Divided model =
        Layers(Servers(latency ? PlacementObjective::kLatency : PlacementObjective::kThroughput,
                       static_cast<Picos>(random() % 4)),
               4, 0, 20 + static_cast<Picos>(random() % 50));
    BlockChain chain(model.problem, model.block_of, model.num_blocks);
    for (size_t kind = 0; kind < 2; ++kind) {
      std::vector<std::optional<DividedCost>> costs;
      for (size_t block = 0; block < chain.num_blocks(); ++block) {
        const auto cost = static_cast<Picos>(10 + random() % 60);
        costs.emplace_back(
            DividedCost{cost, cost + static_cast<Picos>(random() % 9), cost + 5, 60, 50});
        if (random() % 8 == 0) costs.back().reset();
      }
      chain.AddWidth(kind, 2, costs);
    }
    const ChainQuestion question{{2, 2}, true, 1000, 1};
    const Picos best = LeastByHand(chain, question, latency);
    std::vector<ChainRange> ranges;
    if (latency) {
      const auto found = LeastLatencyChain(model.problem, chain, question);
      ASSERT_TRUE(found.has_value());
      ranges = *found;
      Picos sum = 0;
      for (const ChainRange& range : ranges) {
        sum += *chain.Latency(range.kind, range.width, range.begin, range.end);
        if (range.begin > 0) sum += chain.Crossing(range.begin);
      }
      EXPECT_EQ(sum, best) << round;
    } else {
      const auto found = LeastPeriodChain(model.problem, chain, question, 0);
      ASSERT_TRUE(found.has_value());
      ranges = found->ranges;
      EXPECT_LT(found->bound, best) << round;
      EXPECT_GE(found->bound + 1, best) << round;
    }
    size_t at = 0;
    for (const ChainRange& range : ranges) {
      EXPECT_EQ(range.begin, at);
      at = range.end;
      wide += range.width > 1 ? 1 : 0;
    }
    EXPECT_EQ(at, chain.size());
  }
  EXPECT_GT(wide, 20);
}

TEST(DividedChainTest, SlicesAreOnDevicesOfOneServer) {
  for (const PlacementObjective objective :
       {PlacementObjective::kLatency, PlacementObjective::kThroughput}) {
    const Divided model = Layers(Servers(objective, 1), 2, 2, 1000);
    BlockChain chain(model.problem, model.block_of, model.num_blocks);
    chain.AddSlices(model.slice_of, objective);
    EXPECT_THAT(chain.WidthsOf(0), ElementsAre(1, 2));
    BlockPlanOptions options;
    options.turns = false;
    const std::optional<BlockPlan> plan = PlanByBlocks(model.problem, chain, options);
    ASSERT_TRUE(plan.has_value());
    const PartedSolution& lane = plan->lanes.lanes[0];
    EXPECT_TRUE(lane.score.feasible);
    EXPECT_EQ(EvaluateParts(model.problem, lane.items, lane.parts).objective, plan->value);
    if (objective != PlacementObjective::kLatency) continue;
    // Two halves at once are faster than one after the other.
    std::set<DeviceId> devices;
    for (const ItemId item : model.slice_of.ids()) {
      if (model.slice_of[item] >= 0) devices.insert(lane.items.device_of[item]);
    }
    EXPECT_TRUE(devices == (std::set<DeviceId>{DeviceId(0), DeviceId(2)}) ||
                devices == (std::set<DeviceId>{DeviceId(1), DeviceId(3)}));
    EXPECT_LT(plan->value, 2 * 1002 + 2 * 1002);
  }
}

TEST(ChooseWidthsTest, DividesWhereItPays) {
  for (const bool latency : {true, false}) {
    const Divided model =
        Layers(Servers(latency ? PlacementObjective::kLatency : PlacementObjective::kThroughput, 1),
               4, 0, 1000);
    BlockChain chain(model.problem, model.block_of, model.num_blocks);
    const std::vector<std::optional<DividedCost>> costs(4, DividedCost{520, 510, 530, 60, 50});
    chain.AddWidth(0, 2, costs);
    const std::optional<ChosenWidths> chosen = ChooseWidths(model.problem, chain, {});
    ASSERT_TRUE(chosen.has_value());
    // One inference is through in half the time; a stream has work for all devices anyway.
    EXPECT_EQ(chosen->divided(), latency);
    if (latency) {
      EXPECT_THAT(chosen->width, ElementsAre(2, 2, 2, 2));
    }
  }
}

TEST(ChooseWidthsTest, KeepsALimitOnOneInference) {
  const Divided model = Layers(Servers(PlacementObjective::kThroughput, 1), 4, 0, 1000);
  BlockChain chain(model.problem, model.block_of, model.num_blocks);
  const std::vector<std::optional<DividedCost>> costs(4, DividedCost{520, 510, 530, 60, 50});
  chain.AddWidth(0, 2, costs);
  BlockPlanOptions options;
  options.latency_limit = 3000;
  const std::optional<ChosenWidths> chosen = ChooseWidths(model.problem, chain, options);
  ASSERT_TRUE(chosen.has_value());
  EXPECT_TRUE(chosen->divided());
  options.latency_limit = 2000;
  EXPECT_FALSE(ChooseWidths(model.problem, chain, options).has_value());
}

}  // namespace
}  // namespace allot
