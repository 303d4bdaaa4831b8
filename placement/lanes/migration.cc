#include "placement/lanes/migration.h"

#include <algorithm>
#include <numeric>

namespace allot {

Picos Migration::PriceOf(int64_t moved) const {
  return static_cast<Picos>(static_cast<Int128>(all) * moved / total);
}

Picos Migration::Price(const int32_t* device) const {
  int64_t moved = 0;
  for (size_t item = 0; item < weight.size(); ++item) {
    moved += home(ItemId(item), DeviceId(device[item])) != 0 ? 0 : weight[item];
  }
  return PriceOf(moved);
}

Picos Migration::Price(const Placement& device_of) const {
  int64_t moved = 0;
  for (const ItemId item : device_of.ids()) {
    moved += home(item, device_of[item]) != 0 ? 0 : weight[static_cast<size_t>(item.index())];
  }
  return PriceOf(moved);
}

Picos Migration::Price(const Lanes& lanes) const {
  IdTable<ItemId, DeviceId, char> held = home;
  int64_t moved = 0;
  for (const PartedSolution& lane : lanes.lanes) {
    for (const ItemId item : lane.items.device_of.ids()) {
      char& there = held(item, lane.items.device_of[item]);
      if (there == 0) moved = SaturatingAdd(moved, weight[static_cast<size_t>(item.index())]);
      there = 1;
    }
  }
  return PriceOf(moved);
}

bool BetterWith(const Migration* migration, const PartedSolution& a, const PartedSolution& b) {
  if (migration == nullptr || !a.score.feasible || !b.score.feasible) {
    return Better(a.score, b.score);
  }
  const Picos cost_of_a = a.score.objective + migration->Price(a.items.device_of);
  const Picos cost_of_b = b.score.objective + migration->Price(b.items.device_of);
  return cost_of_a != cost_of_b ? cost_of_a < cost_of_b : Better(a.score, b.score);
}

Migration MigrationFrom(const PlacementProblem& problem, const Lanes& there, Picos value,
                        int64_t permille) {
  Migration migration;
  migration.home.Assign(problem.items.size(), problem.devices.size(), 0);
  for (const PlacementProblem::Item& item : problem.items) migration.weight.push_back(item.memory);
  for (const PlacementProblem::SharedMemory& shared : problem.shared) {
    for (const ItemId item : shared.items) {
      int64_t& weight = migration.weight[static_cast<size_t>(item.index())];
      weight = SaturatingAdd(weight, shared.bytes / static_cast<Bytes>(shared.items.size()));
    }
  }
  for (const int64_t weight : migration.weight) {
    migration.total = SaturatingAdd(migration.total, weight);
  }
  if (migration.total == 0) {
    migration.weight.assign(problem.items.size(), 1);
    migration.total = std::max<int64_t>(static_cast<int64_t>(problem.items.size()), 1);
  }
  for (const PartedSolution& lane : there.lanes) {
    for (const ItemId item : lane.items.device_of.ids()) {
      migration.home(item, lane.items.device_of[item]) = 1;
    }
  }
  migration.all = static_cast<Picos>(static_cast<Int128>(value) * permille / 1000);
  return migration;
}

}  // namespace allot
