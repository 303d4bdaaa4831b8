// Which regions of a graph are worth a closer look than paths and loads give (region_bound.h).
#pragma once

#include <cstdint>
#include <vector>

#include "placement/bounds/path_bounds.h"

namespace allot {

// Pairs (entry, exit) between which a graph forks and joins: every path from the entry leads
// through the exit, or every path to the exit comes through the entry, and neither holds for
// anything nearer. Only pairs with something in parallel between them. O(flows * depth).
struct ForkJoin {
  int32_t entry, exit;
};
std::vector<ForkJoin> ForkJoins(const PathCosts& costs);

// What lies between two items: descends from the entry and precedes the exit.
struct Region {
  int32_t entry = 0, exit = 0;  // positions in the graph's topological order
  std::vector<int32_t> items;   // in that order
  bool overlaps = false;        // not of ForkJoins()
};

// Forks and their joins, and where these overlap, whatever else forks near what joins; of each kind
// those first that have most in parallel for their size, as far as `work` reaches: a unit is worth
// some hundred additions of RegionBound::Between().
std::vector<Region> ChooseRegions(const PathCosts& costs, int64_t work);

}  // namespace allot
