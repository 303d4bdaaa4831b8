// The branches of a stretch of a model.
#pragma once

#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

namespace allot::design {

// Nodes in an order in which edges lead forward.
struct Stretch {
  std::vector<std::vector<int32_t>> before;  // by node: whose data it reads, ascending
  std::vector<bool> product;                 // by node: whether it has a matrix product
  std::vector<int64_t> work;                 // by node
};

struct Branches {
  std::vector<int32_t> branch_of;                  // by node
  std::vector<std::pair<int32_t, int32_t>> edges;  // ascending; they lead forward
  size_t size = 0;
};

// Longest runs of nodes of which each is the only one to read the one before and reads nothing else
// of the stretch, cut before each further product; a run without a product goes with the run that
// is its only source, or else its only user. Runs without edges go with the first. O((nodes +
// edges) log(nodes)).
Branches FindBranches(const Stretch& stretch);

// The same as at most `most` pieces in one order, about equally long: an edge leads from each to
// the next.
Branches InOneOrder(const Stretch& stretch, const Branches& branches, size_t most);

}  // namespace allot::design
