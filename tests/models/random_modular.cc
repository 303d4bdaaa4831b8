#include "tests/models/random_modular.h"

#include <algorithm>
#include <set>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"

#include "support/random.h"

namespace allot::testing {
namespace {

// The edges (lower, higher) of a Watts-Strogatz graph, ascending.
std::set<std::pair<int64_t, int64_t>> SmallWorld(Random& random,
                                                 const RandomModularOptions& options) {
  const int64_t n = options.nodes;
  std::set<std::pair<int64_t, int64_t>> edges;
  const auto edge = [](int64_t a, int64_t b) { return std::pair(std::min(a, b), std::max(a, b)); };
  for (int64_t hop = 1; hop <= options.neighbours / 2; ++hop) {
    for (int64_t a = 0; a < n; ++a) {
      if ((a + hop) % n != a) edges.insert(edge(a, (a + hop) % n));
    }
  }
  for (int64_t hop = 1; hop <= options.neighbours / 2; ++hop) {
    for (int64_t a = 0; a < n; ++a) {
      const auto old = edge(a, (a + hop) % n);
      if (random.Below(100) >= options.rewired || edges.count(old) == 0) continue;
      const int64_t to = random.Below(n);
      if (to == a || edges.count(edge(a, to)) != 0) continue;
      edges.erase(old);
      edges.insert(edge(a, to));
    }
  }
  return edges;
}

}  // namespace

PlacementProblem RandomModularProblem(uint64_t seed, const RandomModularOptions& options) {
  Random random(seed * 0x9e3779b97f4a7c15u + 11);
  PlacementProblem problem;
  problem.objective = PlacementObjective::kLatency;
  problem.communication = options.communication;
  std::vector<int64_t> slowness;  // in percent
  for (int64_t d = 0; d < options.devices; ++d) {
    problem.devices.Add({absl::StrCat("d", d), Bytes{1} << 40, 0});
    slowness.push_back(random.Between(100, 300));
  }
  slowness[static_cast<size_t>(random.Below(options.devices))] = 100;

  Int128 total = 0;
  const auto add = [&](int64_t share) {  // percent of a node
    PlacementProblem::Item item;
    item.name = absl::StrCat("n", problem.items.size());
    const int64_t nanos = random.Between(50'000, 150'000);
    for (int64_t d = 0; d < options.devices; ++d) {
      const int64_t noise = random.Between(50, 150);
      const Picos time = nanos * kPicosPerNano / 100 * slowness[static_cast<size_t>(d)] / 100 *
                         noise / 100 * share;
      total += time;
      item.time.Add(time);
    }
    return problem.items.Add(std::move(item));
  };
  std::vector<std::vector<ItemId>> consumers;
  const auto read = [&consumers](ItemId from, ItemId to) {
    consumers.resize(std::max(consumers.size(), static_cast<size_t>(to.index()) + 1));
    consumers[static_cast<size_t>(from.index())].push_back(to);
  };
  ItemId entry = add(10);
  for (int64_t stage = 0; stage < options.stages; ++stage) {
    std::vector<ItemId> nodes;
    for (int64_t i = 0; i < options.nodes; ++i) nodes.push_back(add(100));
    const ItemId exit = add(10);
    std::vector<char> reads(nodes.size(), 0), is_read(nodes.size(), 0);
    for (const auto& [from, to] : SmallWorld(random, options)) {
      read(nodes[static_cast<size_t>(from)], nodes[static_cast<size_t>(to)]);
      reads[static_cast<size_t>(to)] = is_read[static_cast<size_t>(from)] = 1;
    }
    for (size_t i = 0; i < nodes.size(); ++i) {
      if (!reads[i]) read(entry, nodes[i]);
      if (!is_read[i]) read(nodes[i], exit);
    }
    entry = exit;
  }
  // A tensor of a million bytes takes its pair's time.
  constexpr int64_t kTensor = 1'000'000;
  const auto mean =
      static_cast<Picos>(total / static_cast<int64_t>(problem.items.size()) / options.devices);
  for (const ItemId item : problem.items.ids()) {
    std::vector<ItemId>& to = consumers[static_cast<size_t>(item.index())];
    if (to.empty()) continue;
    std::sort(to.begin(), to.end());
    problem.flows.Add({item, to, kTensor / 100 * random.Between(50, 150), {}});
  }
  problem.num_channels = static_cast<size_t>(options.devices * options.devices);
  problem.routes.resize(problem.devices.size());
  for (const DeviceId from : problem.devices.ids()) {
    problem.routes[from].resize(problem.devices.size());
    for (const DeviceId to : problem.devices.ids()) {
      Route route;
      if (from != to) {
        const Int128 time =
            std::max<Int128>(static_cast<Int128>(mean) * options.communication_to_compute *
                                 random.Between(50, 150) / 10'000,
                             1);
        route.segments.push_back(
            {0, static_cast<int64_t>(static_cast<Int128>(kTensor) * kPicosPerSecond / time)});
        route.channels = {
            ChannelId(from.index() * static_cast<int32_t>(options.devices) + to.index())};
      }
      problem.routes[from][to] = std::move(route);
    }
  }
  return problem;
}

}  // namespace allot::testing
