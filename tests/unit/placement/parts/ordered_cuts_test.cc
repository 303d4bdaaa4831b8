// Chains along an order, held against all of them.
#include "placement/parts/ordered_cuts.h"

#include <algorithm>
#include <functional>
#include <limits>
#include <set>

#include "gtest/gtest.h"

#include "placement/lanes/lanes.h"
#include "placement/problem/device_symmetry.h"
#include "tests/models/random_problem.h"

namespace allot {
namespace {

using testing::Describe;
using testing::RandomOptions;
using testing::RandomProblem;
using testing::RandomProblemOptions;

constexpr Int128 kNoChain = static_cast<Int128>(1) << 120;

void ForEachChain(size_t length, size_t devices,
                  const std::function<void(const std::vector<DeviceId>&)>& visit) {
  std::vector<DeviceId> chain(length, DeviceId(0));
  while (true) {
    visit(chain);
    size_t i = 0;
    while (i < length && static_cast<size_t>(chain[i].index()) + 1 == devices) {
      chain[i++] = DeviceId(0);
    }
    if (i == length) return;
    chain[i] = DeviceId(chain[i].index() + 1);
  }
}

// Twice the sum that CheapestChain() makes least, from its definition.
Int128 Cost(const PlacementProblem& problem, const OrderedCuts& cuts,
            const std::vector<ItemId>& order, const std::vector<DeviceId>& chain,
            const std::vector<int64_t>& weight) {
  const auto of = [&](DeviceId d) { return weight[static_cast<size_t>(d.index())]; };
  Int128 cost = 0;
  for (size_t i = 0; i < chain.size(); ++i) {
    const std::optional<Picos>& time = problem.items[order[i]].time[chain[i]];
    if (!time.has_value()) return kNoChain;
    cost += 2 * static_cast<Int128>(of(chain[i])) * *time;
    if (i > 0 && chain[i] == chain[i - 1]) continue;
    cost += 2 * static_cast<Int128>(of(chain[i])) * problem.devices[chain[i]].part_cost;
    if (i == 0) continue;
    if (!cuts.MayCut(i, chain[i - 1], chain[i])) return kNoChain;
    Int128 price = 0;
    if (problem.communication == Communication::kBlocking) {
      price += of(chain[i - 1]) + of(chain[i]);
    }
    for (const ChannelId channel : problem.Channels(chain[i - 1], chain[i])) {
      price += 2 * weight[problem.devices.size() + static_cast<size_t>(channel.index())];
    }
    cost += price * cuts.Transfer(i, chain[i - 1], chain[i]);
  }
  return cost;
}

size_t Ranges(const std::vector<DeviceId>& chain) {
  size_t ranges = 1;
  for (size_t i = 1; i < chain.size(); ++i) ranges += chain[i] != chain[i - 1] ? 1 : 0;
  return ranges;
}

bool OncePerDevice(const std::vector<DeviceId>& chain) {
  return std::set<DeviceId>(chain.begin(), chain.end()).size() == Ranges(chain);
}

TEST(OrderedCutsTest, CheapestChainsAreTheCheapest) {
  int found = 0;
  for (uint64_t seed = 1; seed <= 150; ++seed) {
    RandomProblemOptions options = RandomOptions(seed, 6);
    options.objective = PlacementObjective::kThroughput;
    SCOPED_TRACE(::testing::Message() << "seed " << seed << ": " << Describe(options));
    const PlacementProblem problem = RandomProblem(seed, options);
    const ProblemGraph graph = BuildGraph(problem);
    const OrderedCuts cuts(problem, graph, graph.topological);
    std::vector<int64_t> weight;
    for (size_t r = 0; r < problem.devices.size() + problem.num_channels; ++r) {
      weight.push_back(static_cast<int64_t>((seed * 7 + r * 13) % 5));
    }
    const auto n = problem.items.size();
    Int128 least = kNoChain, least_of_two = kNoChain;
    ForEachChain(n, problem.devices.size(), [&](const std::vector<DeviceId>& chain) {
      const Int128 cost = Cost(problem, cuts, graph.topological, chain, weight);
      least = std::min(least, cost);
      if (Ranges(chain) <= 2) least_of_two = std::min(least_of_two, cost);
    });
    const IdVector<DeviceId, bool> all(problem.devices.size(), true);
    const std::vector<DeviceId> any = cuts.CheapestChain(weight, all, OrderedCuts::kManyParts + 1);
    ASSERT_EQ(any.empty(), least == kNoChain);
    const std::vector<DeviceId> two = cuts.CheapestChain(weight, all, 2);
    ASSERT_EQ(two.empty(), least_of_two == kNoChain);
    if (!any.empty()) {
      EXPECT_TRUE(Cost(problem, cuts, graph.topological, any, weight) == least);
      ++found;
    }
    if (two.empty()) continue;
    EXPECT_LE(Ranges(two), 2);
    EXPECT_TRUE(Cost(problem, cuts, graph.topological, two, weight) == least_of_two);
  }
  EXPECT_GT(found, 80);
}

// Where transfers take no resource the balanced chain is the best of all with a range per device.
TEST(OrderedCutsTest, BalancedChainsAreTheBestRanges) {
  int found = 0;
  for (uint64_t seed = 1; seed <= 150; ++seed) {
    RandomProblemOptions options = RandomOptions(seed, 6);
    options.objective = PlacementObjective::kThroughput;
    options.communication = Communication::kDelay;
    options.memory = false;
    options.launch_on_arrival = false;
    SCOPED_TRACE(::testing::Message() << "seed " << seed << ": " << Describe(options));
    PlacementProblem problem = RandomProblem(seed, options);
    // What crosses a cut must not decide either.
    problem.flows.clear();
    const ProblemGraph graph = BuildGraph(problem);
    const OrderedCuts cuts(problem, graph, graph.topological);
    Picos least = std::numeric_limits<Picos>::max();
    ForEachChain(problem.items.size(), problem.devices.size(),
                 [&](const std::vector<DeviceId>& chain) {
                   if (!OncePerDevice(chain)) return;
                   const PartedSolution parted = cuts.Parts(chain);
                   if (parted.score.feasible) least = std::min(least, parted.score.objective);
                 });
    const std::vector<DeviceId> chain = cuts.BalancedChain(
        DeviceClasses(problem), IdVector<DeviceId, bool>(problem.devices.size(), true), 128);
    ASSERT_EQ(chain.empty(), least == std::numeric_limits<Picos>::max());
    if (chain.empty()) continue;
    ++found;
    EXPECT_TRUE(OncePerDevice(chain));
    EXPECT_EQ(cuts.Parts(chain).score.objective, least);
  }
  EXPECT_GT(found, 80);
}

TEST(OrderedCutsTest, OrdersAreTopologicalAndRangesAtLeastAsGoodAsADevice) {
  for (uint64_t seed = 1; seed <= 200; ++seed) {
    const RandomProblemOptions options = RandomOptions(seed, 7);
    SCOPED_TRACE(::testing::Message() << "seed " << seed << ": " << Describe(options));
    const PlacementProblem problem = RandomProblem(seed, options);
    const ProblemGraph graph = BuildGraph(problem);
    for (const std::vector<ItemId>& order : OrdersToCut(problem, graph)) {
      ASSERT_EQ(order.size(), problem.items.size());
      std::set<ItemId> seen;
      for (const ItemId item : order) {
        for (const ItemId p : graph.predecessors[item]) EXPECT_TRUE(seen.contains(p));
        EXPECT_TRUE(seen.insert(item).second);
      }
    }
    const std::optional<PartedSolution> ranges = BestRanges(problem, graph);
    for (const DeviceId d : problem.devices.ids()) {
      PartedSolution alone;
      alone.items = {Placement(problem.items.size(), d), graph.topological};
      alone.parts = {IdVector<ItemId, ItemId>(problem.items.size(), ItemId(0)), 1};
      alone.score = EvaluateParts(problem, alone.items, alone.parts);
      if (!alone.score.feasible) continue;
      ASSERT_TRUE(ranges.has_value());
      EXPECT_FALSE(Better(alone.score, ranges->score));
    }
  }
}

}  // namespace
}  // namespace allot
