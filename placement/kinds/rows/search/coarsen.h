// Smaller phases that stand for a larger one.
#pragma once

#include <cstdint>
#include <vector>

#include "placement/kinds/rows/search/phase.h"

namespace allot::rows {

// A phase whose vertices are clusters of another's. A division of it is one of the other.
struct Coarsened {
  Phase phase;
  std::vector<int32_t> cluster_of;  // of each vertex of the finer phase
};

// Clusters by number, 0 .. count-1. O(nets of all vertices).
Coarsened Contract(const Phase& fine, std::vector<int32_t> cluster_of, int32_t count);

// Vertices of one kind, in each kind as few and as equal clusters as keep to `most_weight`; those
// that would rather be sent from the same part together. Where `part_of` is not empty, no cluster
// spans two parts.
Coarsened MergeKinds(const Phase& fine, int64_t most_weight, const std::vector<int32_t>& part_of);

// Pairs of vertices that share nets, the heaviest sum of cost/(size - 1) first (Catalyurek and
// Aykanat, 1999), up to `most_weight` together. O(sum of squares of nets, of at most 256 vertices).
Coarsened MatchPairs(const Phase& fine, int64_t most_weight);

}  // namespace allot::rows
