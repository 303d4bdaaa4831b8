// What it costs to move work away from where it lies already: a search that counts it prefers what
// is there, and moves only what is worth the trouble.
#pragma once

#include <cstdint>
#include <vector>

#include "placement/lanes/lanes.h"
#include "placement/problem/problem.h"
#include "support/id_table.h"

namespace allot {

// A placement costs, on top of its objective, its share of `all`: the weights that devices would
// have to be given, of all weights. What a device holds of an item that it runs already costs
// nothing, and neither does dropping it.
struct Migration {
  IdTable<ItemId, DeviceId, char> home;  // it lies there
  std::vector<int64_t> weight;           // by item; what several items share counts in equal parts
  int64_t total = 0;                     // of the weights; positive
  Picos all = 0;                         // what moving everything must gain

  // Of a device for each item. Linear.
  Picos Price(const int32_t* device) const;
  Picos Price(const Placement& device_of) const;
  // Of lanes together: what a device runs in any of them.
  Picos Price(const Lanes& lanes) const;

 private:
  Picos PriceOf(int64_t moved) const;
};

// Better() with the price of moving; `migration` may be nullptr.
bool BetterWith(const Migration* migration, const PartedSolution& a, const PartedSolution& b);

// From a plan that is there, whose value is `value`: moving everything must gain `permille`
// thousandths of that. Where nothing has weights, all items weigh the same.
Migration MigrationFrom(const PlacementProblem& problem, const Lanes& there, Picos value,
                        int64_t permille);

}  // namespace allot
