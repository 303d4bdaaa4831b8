// The loads of units: incremental against full, reductions and cuts against enumeration.
#include "placement/loads/load_model.h"

#include <algorithm>
#include <functional>

#include "gtest/gtest.h"

#include "placement/loads/linear_split.h"
#include "placement/loads/load_reduction.h"
#include "placement/loads/load_state.h"
#include "placement/loads/unit_annealing.h"
#include "placement/value/evaluator.h"
#include "support/random.h"
#include "tests/models/random_problem.h"

namespace allot {
namespace {

using testing::Describe;
using testing::RandomLoadOptions;
using testing::RandomProblem;
using testing::RandomProblemOptions;

// Whether every unit is allowed somewhere.
bool AllAllowed(const LoadModel& model) {
  for (int32_t unit = 0; unit < model.num_units; ++unit) {
    bool any = false;
    for (int32_t d = 0; d < model.num_devices; ++d) any = any || model.Time(unit, d) != kNotAllowed;
    if (!any) return false;
  }
  return true;
}

std::vector<int32_t> Anywhere(const LoadModel& model, Random& random) {
  std::vector<int32_t> device;
  for (int32_t unit = 0; unit < model.num_units; ++unit) {
    int32_t d = -1;
    while (d < 0 || model.Time(unit, d) == kNotAllowed) {
      d = static_cast<int32_t>(random.Below(model.num_devices));
    }
    device.push_back(d);
  }
  return device;
}

// Calls visit(device by unit) for all placements on allowed devices.
void ForEachPlacement(const LoadModel& model,
                      const std::function<void(const std::vector<int32_t>&)>& visit) {
  std::vector<int32_t> device(static_cast<size_t>(model.num_units));
  const std::function<void(int32_t)> place = [&](int32_t unit) {
    if (unit == model.num_units) return visit(device);
    for (int32_t d = 0; d < model.num_devices; ++d) {
      if (model.Time(unit, d) == kNotAllowed) continue;
      device[static_cast<size_t>(unit)] = d;
      place(unit + 1);
    }
  };
  place(0);
}

bool MissesRoute(const LoadModel& model, const std::vector<int32_t>& device) {
  return LoadState(model, device).missing_routes() > 0;
}

TEST(LoadModelTest, LoadsAreThoseOfTheEvaluator) {
  int infeasible = 0;
  for (uint64_t seed = 1; seed <= 600; ++seed) {
    const RandomProblemOptions options = RandomLoadOptions(seed, 12);
    SCOPED_TRACE(::testing::Message() << "seed " << seed << ": " << Describe(options));
    const PlacementProblem problem = RandomProblem(seed, options);
    const ProblemGraph graph = BuildGraph(problem);
    const LoadModel model = BuildLoadModel(ProblemFacts(problem));
    if (!AllAllowed(model)) continue;
    Random random(seed);
    const std::vector<int32_t> device = Anywhere(model, random);
    const Solution solution = ToSolution(model, graph, device);
    EXPECT_EQ(FromSolution(model, solution), device);
    Evaluator evaluator(problem, graph);
    const Score score = evaluator.FullScore(solution);
    std::vector<Picos> loads;
    EXPECT_EQ(LargestLoad(model, device, &loads), score.objective);
    for (const DeviceId d : problem.devices.ids()) EXPECT_EQ(loads[d.index()], score.load[d]);
    for (size_t c = 0; c < problem.num_channels; ++c) {
      EXPECT_EQ(loads[problem.devices.size() + c], score.channel_load[ChannelId(c)]);
    }
    const bool missing = MissesRoute(model, device);
    EXPECT_EQ(missing, evaluator.Violations([&] {
      std::vector<int32_t> by_item;
      for (const DeviceId d : solution.device_of) by_item.push_back(d.index());
      return by_item;
    }()
                                                .data()) > 0);
    infeasible += missing ? 1 : 0;
    if (HasFailure()) return;
  }
  EXPECT_GT(infeasible, 0);
}

TEST(LoadStateTest, MovesKeepAllSums) {
  for (uint64_t seed = 1; seed <= 300; ++seed) {
    const RandomProblemOptions options = RandomLoadOptions(seed, 14);
    SCOPED_TRACE(::testing::Message() << "seed " << seed << ": " << Describe(options));
    const PlacementProblem problem = RandomProblem(seed, options);
    const LoadModel model = BuildLoadModel(ProblemFacts(problem));
    if (!AllAllowed(model)) continue;
    Random random(seed);
    LoadState state(model, Anywhere(model, random));
    std::vector<Picos> settled = state.loads();
    for (int move = 0; move < 60; ++move) {
      const auto unit = static_cast<int32_t>(random.Below(model.num_units));
      const auto to = static_cast<int32_t>(random.Below(model.num_devices));
      if (model.Time(unit, to) == kNotAllowed) continue;
      state.Move(unit, to);
      const LoadState fresh(model, state.device());
      ASSERT_EQ(state.loads(), fresh.loads());
      EXPECT_EQ(state.excess(), fresh.excess());
      EXPECT_EQ(state.missing_routes(), fresh.missing_routes());
      std::vector<Picos> loads;
      EXPECT_EQ(state.Largest(), LargestLoad(model, state.device(), &loads));
      EXPECT_EQ(state.loads(), loads);
      // Whatever differs from the last settling is known with its old value.
      for (const auto& [resource, before] : state.touched()) {
        EXPECT_EQ(settled[static_cast<size_t>(resource)], before);
        settled[static_cast<size_t>(resource)] = loads[static_cast<size_t>(resource)];
      }
      EXPECT_EQ(settled, loads);
      state.Settle();
      settled = loads;
      if (HasFailure()) return;
    }
  }
}

TEST(LoadModelTest, JoiningKeepsLoads) {
  for (uint64_t seed = 1; seed <= 300; ++seed) {
    const PlacementProblem problem = RandomProblem(seed, RandomLoadOptions(seed, 12));
    const LoadModel model = BuildLoadModel(ProblemFacts(problem));
    if (!AllAllowed(model)) continue;
    Random random(seed);
    // Units of one device are joined at random.
    const std::vector<int32_t> device = Anywhere(model, random);
    std::vector<int32_t> joined(device.size(), -1), of_joined;
    for (size_t unit = 0; unit < device.size(); ++unit) {
      for (size_t other = 0; other < unit; ++other) {
        if (device[other] == device[unit] && random.Below(2) == 0) joined[unit] = joined[other];
      }
      if (joined[unit] >= 0) continue;
      joined[unit] = static_cast<int32_t>(of_joined.size());
      of_joined.push_back(device[unit]);
    }
    const LoadModel coarse = JoinUnits(model, joined, static_cast<int32_t>(of_joined.size()));
    std::vector<Picos> fine_loads, coarse_loads;
    LargestLoad(model, device, &fine_loads);
    LargestLoad(coarse, of_joined, &coarse_loads);
    EXPECT_EQ(fine_loads, coarse_loads);
    EXPECT_EQ(LoadState(model, device).excess(), LoadState(coarse, of_joined).excess());
  }
}

TEST(LoadReductionTest, KeepsEveryPlacementBelowTheCutoff) {
  int joined = 0, taken = 0, impossible = 0;
  for (uint64_t seed = 1; seed <= 1500; ++seed) {
    const RandomProblemOptions options = RandomLoadOptions(seed, 7);
    SCOPED_TRACE(::testing::Message() << "seed " << seed << ": " << Describe(options));
    const PlacementProblem problem = RandomProblem(seed, options);
    const LoadModel model = BuildLoadModel(ProblemFacts(problem));
    if (!AllAllowed(model)) continue;
    Random random(seed);
    Picos best = std::numeric_limits<Picos>::max();
    ForEachPlacement(model, [&](const std::vector<int32_t>& device) {
      if (!MissesRoute(model, device)) best = std::min(best, LargestLoad(model, device));
    });
    if (best == std::numeric_limits<Picos>::max()) continue;
    const Picos cutoff = best + random.Between(0, 1) * random.Between(1, best / 4 + 2);
    int64_t spent = 0;
    const LoadReduction reduction = ReduceLoads(model, cutoff, 1'000'000, spent);
    if (!reduction.possible) {
      EXPECT_GE(best, cutoff);
      ++impossible;
      continue;
    }
    joined += reduction.model.num_units < model.num_units ? 1 : 0;
    ForEachPlacement(model, [&](const std::vector<int32_t>& device) {
      const Picos value = LargestLoad(model, device);
      if (value >= cutoff || MissesRoute(model, device)) return;
      std::vector<int32_t> on(static_cast<size_t>(reduction.model.num_units), -1);
      for (size_t unit = 0; unit < device.size(); ++unit) {
        const int32_t to = reduction.joined[unit];
        int32_t& d = on[static_cast<size_t>(to)];
        if (d < 0) d = device[unit];
        EXPECT_EQ(d, device[unit]);
        EXPECT_NE(reduction.model.Time(to, d), kNotAllowed);
        EXPECT_LE(reduction.least[static_cast<size_t>(to)], value);
      }
    });
    for (const Picos time : reduction.model.time.cells()) taken += time == kNotAllowed ? 1 : 0;
    if (HasFailure()) return;
  }
  EXPECT_GT(joined, 50);
  EXPECT_GT(taken, 50);
  EXPECT_GT(impossible, 50);
}

TEST(LinearSplitTest, IsTheBestOfItsKind) {
  for (uint64_t seed = 1; seed <= 300; ++seed) {
    RandomProblemOptions options = RandomLoadOptions(seed, 7);
    options.staged = true;
    options.communication = Communication::kBlocking;
    SCOPED_TRACE(::testing::Message() << "seed " << seed << ": " << Describe(options));
    const PlacementProblem problem = RandomProblem(seed, options);
    const ProblemGraph graph = BuildGraph(problem);
    LoadModel model = BuildLoadModel(ProblemFacts(problem));
    model.shared.clear();
    const std::vector<int32_t> order = DepthFirstOrder(problem, graph, model);
    std::vector<int32_t> sorted = order, devices;
    std::sort(sorted.begin(), sorted.end());
    for (int32_t unit = 0; unit < model.num_units; ++unit) {
      ASSERT_EQ(sorted[static_cast<size_t>(unit)], unit);
    }
    for (int32_t d = 0; d < model.num_devices; ++d) devices.push_back(d);
    int64_t work = 0;
    const std::vector<int32_t> split = SplitInOrder(model, order, devices, work);
    Picos best = std::numeric_limits<Picos>::max();
    ForEachPlacement(model, [&](const std::vector<int32_t>& device) {
      for (size_t i = 1; i < order.size(); ++i) {
        if (device[static_cast<size_t>(order[i])] < device[static_cast<size_t>(order[i - 1])])
          return;
      }
      const LoadState state(model, device);
      if (state.excess() == 0) best = std::min(best, state.Largest());
    });
    if (split.empty()) {
      EXPECT_EQ(best, std::numeric_limits<Picos>::max());
    } else {
      EXPECT_EQ(LargestLoad(model, split), best);
    }
    if (HasFailure()) return;
  }
}

TEST(LoadAnnealTest, FindsTheBestOfSmallProblems) {
  int optimal = 0, total = 0;
  for (uint64_t seed = 1; seed <= 200; ++seed) {
    const RandomProblemOptions options = RandomLoadOptions(seed, 8);
    SCOPED_TRACE(::testing::Message() << "seed " << seed << ": " << Describe(options));
    const PlacementProblem problem = RandomProblem(seed, options);
    const LoadModel model = BuildLoadModel(ProblemFacts(problem));
    if (!AllAllowed(model)) continue;
    Random random(seed);
    Picos best = std::numeric_limits<Picos>::max();
    ForEachPlacement(model, [&](const std::vector<int32_t>& device) {
      const LoadState state(model, device);
      if (state.excess() == 0 && state.missing_routes() == 0) {
        best = std::min(best, state.Largest());
      }
    });
    int64_t spent = 0;
    const AnnealedLoads found = AnnealLoads(model, Anywhere(model, random), 100'000, seed, spent);
    if (!found.feasible) continue;
    EXPECT_EQ(LargestLoad(model, found.device), found.value);
    EXPECT_GE(found.value, best);
    ++total;
    optimal += found.value == best ? 1 : 0;
  }
  EXPECT_GT(total, 100);
  EXPECT_GE(optimal * 100, total * 97);
}

}  // namespace
}  // namespace allot
