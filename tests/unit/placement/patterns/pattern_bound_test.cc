// Patterns of single devices against enumeration, and the bound that they give.
#include "placement/patterns/pattern_bound.h"

#include <algorithm>
#include <functional>
#include <limits>
#include <numeric>

#include "gtest/gtest.h"

#include "placement/loads/load_state.h"
#include "placement/patterns/load_patterns.h"
#include "placement/patterns/open_flows.h"
#include "placement/patterns/pattern_master.h"
#include "support/random.h"
#include "tests/models/random_problem.h"

namespace allot {
namespace {

using testing::Describe;
using testing::RandomLoadOptions;
using testing::RandomProblem;
using testing::RandomProblemOptions;

// The least largest load over all placements on allowed devices and routes; negative: none.
Picos Best(const LoadModel& model) {
  std::vector<int32_t> device(static_cast<size_t>(model.num_units));
  Picos best = -1;
  const std::function<void(int32_t)> place = [&](int32_t unit) {
    if (unit == model.num_units) {
      const LoadState state(model, device);
      if (state.missing_routes() > 0 || state.excess() > 0) return;
      if (best < 0 || state.Largest() < best) best = state.Largest();
      return;
    }
    for (int32_t d = 0; d < model.num_devices; ++d) {
      if (model.Time(unit, d) == kNotAllowed) continue;
      device[static_cast<size_t>(unit)] = d;
      place(unit + 1);
    }
  };
  place(0);
  return best;
}

// What a set of units costs a device, from the definition.
Picos LoadOfSet(const LoadModel& model, const BoundaryCosts& costs, int32_t d, uint32_t set) {
  const auto in = [set](int32_t unit) { return (set >> unit & 1) != 0; };
  Picos load = set != 0 ? model.once[static_cast<size_t>(d)] : 0;
  for (int32_t unit = 0; unit < model.num_units; ++unit) {
    if (!in(unit)) continue;
    if (model.Time(unit, d) == kNotAllowed) return BoundaryCosts::kForbidden;
    load += model.Time(unit, d);
  }
  for (size_t f = 0; f < model.flows.size(); ++f) {
    const LoadModel::Flow& flow = model.flows[f];
    const bool some_in = std::any_of(flow.to.begin(), flow.to.end(), in);
    const bool all_in = std::all_of(flow.to.begin(), flow.to.end(), in);
    if (in(flow.from) && !all_in) load += costs.send(f, d);
    if (!in(flow.from) && some_in) load += costs.receive(f, d);
  }
  return std::min(load, BoundaryCosts::kForbidden);
}

TEST(LoadPatternsTest, KnowsTheLeastLoadOfEachWorth) {
  int64_t compared = 0;
  for (uint64_t seed = 1; seed <= 800; ++seed) {
    const RandomProblemOptions options = RandomLoadOptions(seed, 9);
    SCOPED_TRACE(::testing::Message() << "seed " << seed << ": " << Describe(options));
    const LoadModel model = BuildLoadModel(ProblemFacts(RandomProblem(seed, options)));
    const BoundaryCosts costs = MakeBoundaryCosts(model);
    Random random(seed);
    const auto d = static_cast<int32_t>(random.Below(model.num_devices));
    const Picos cutoff = random.Between(20, 200);
    std::vector<Picos> send, receive;
    for (size_t f = 0; f < model.flows.size(); ++f) {
      send.push_back(costs.send(f, d));
      receive.push_back(costs.receive(f, d));
    }
    // Few states now and then: then loads may only be lower.
    const bool narrow = random.Below(4) == 0;
    LoadPatterns patterns(model, send, receive, d, cutoff, narrow ? 4 : 1 << 12, 1 << 20);
    std::vector<int32_t> worth;
    for (int32_t u = 0; u < model.num_units; ++u) {
      worth.push_back(static_cast<int32_t>(random.Between(0, 6)));
    }
    patterns.Run(worth);
    std::vector<Picos> least(
        static_cast<size_t>(std::accumulate(worth.begin(), worth.end(), 0)) + 1,
        BoundaryCosts::kForbidden);
    for (uint32_t set = 0; set < uint32_t{1} << model.num_units; ++set) {
      size_t w = 0;
      for (int32_t u = 0; u < model.num_units; ++u) {
        if ((set >> u & 1) != 0) w += static_cast<size_t>(worth[static_cast<size_t>(u)]);
      }
      least[w] = std::min(least[w], LoadOfSet(model, costs, d, set));
    }
    for (size_t w = 1; w < least.size(); ++w) {
      const Picos known = w < patterns.least().size() ? patterns.least()[w] : LoadPatterns::kNone;
      if (narrow) {
        EXPECT_TRUE(least[w] >= cutoff || known <= least[w]);
        continue;
      }
      EXPECT_EQ(known, least[w] < cutoff ? least[w] : LoadPatterns::kNone) << "worth " << w;
      if (known >= cutoff) continue;
      ++compared;
      const std::vector<char> pattern = patterns.Pattern(static_cast<int32_t>(w));
      uint32_t set = 0;
      for (size_t u = 0; u < pattern.size(); ++u) set |= pattern[u] ? uint32_t{1} << u : 0;
      EXPECT_EQ(LoadOfSet(model, costs, d, set), known);
    }
    if (HasFailure()) return;
  }
  EXPECT_GT(compared, 1000);
}

TEST(OpenFlowsTest, OrdersAllUnits) {
  for (uint64_t seed = 1; seed <= 100; ++seed) {
    const LoadModel model =
        BuildLoadModel(ProblemFacts(RandomProblem(seed, RandomLoadOptions(seed, 30))));
    std::vector<int32_t> order = OrderByOpenFlows(model, std::vector<char>(model.flows.size(), 1));
    std::sort(order.begin(), order.end());
    ASSERT_EQ(order.size(), static_cast<size_t>(model.num_units));
    for (size_t i = 0; i < order.size(); ++i) EXPECT_EQ(order[i], static_cast<int32_t>(i));
  }
}

TEST(PatternMasterTest, CoversWithFractions) {
  // Three units; patterns hold two each, used twice in all: everything is covered 4/3 times.
  PatternMaster master(3, {2});
  master.Add(0, std::vector<char>{1, 1, 0});
  EXPECT_NEAR(master.Solve(100), 0, 1e-4);
  master.Add(0, std::vector<char>{0, 1, 1});
  master.Add(0, std::vector<char>{1, 0, 1});
  EXPECT_NEAR(master.Solve(100), 4.0 / 3, 1e-4);
  for (const double worth : master.Worths()) EXPECT_NEAR(worth, 1.0 / 3, 1e-4);
}

TEST(PatternBoundTest, NeverExceedsTheBest) {
  int64_t tight = 0, total = 0;
  for (uint64_t seed = 1; seed <= 1500; ++seed) {
    const RandomProblemOptions options = RandomLoadOptions(seed, 7);
    SCOPED_TRACE(::testing::Message() << "seed " << seed << ": " << Describe(options));
    const LoadModel model = BuildLoadModel(ProblemFacts(RandomProblem(seed, options)));
    const Picos best = Best(model);
    if (best < 0) continue;
    Random random(seed);
    // A value that is the best there is, or not.
    const Picos value = best + (random.Below(2) == 0 ? 0 : random.Between(0, 20));
    int64_t spent = 0;
    const Picos bound = BoundByPatterns(model, 0, value, 6, 20'000, spent);
    EXPECT_LE(bound, best);
    ++total;
    tight += bound * 10 >= best * 9 ? 1 : 0;
    if (HasFailure()) return;
  }
  EXPECT_GT(total, 1000);
  EXPECT_GT(tight * 10, total * 6);
}

}  // namespace
}  // namespace allot
