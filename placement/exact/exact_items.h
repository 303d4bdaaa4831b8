// The best placement and order of a small problem, with proof, as far as the work reaches.
#pragma once

#include <optional>

#include "placement/bounds/path_bounds.h"
#include "placement/problem/allowed_times.h"
#include "placement/sequences/nested_bounds.h"
#include "placement/value/evaluate.h"
#include "placement/value/problem_facts.h"

namespace allot {

struct ExactItemsResult {
  // Whether `solution` is the best there is, or, without one, that none is feasible (and better
  // than the limit that was asked for).
  bool proved = false;
  std::optional<Solution> solution;
  Picos value = 0;
  Picos lower = 0;  // proven, also when the search was cut off
  int64_t work = 0;
};

struct ItemBounds {
  NestedBounds before, after;
};

inline constexpr size_t kMaxExactItems = 64, kMaxExactDevices = 64;

// Latency: the search over orders of starts (sequence_search.h). Under kDelay it is exact by
// itself. Under kLink and kBlocking, and when the peak of memory may bind, its optimum is a bound;
// where the true value is larger, all sequences that the bound leaves are judged by Evaluate(),
// which covers every placement and every sequence of every device, but reaches fewer items. When
// the work does not suffice, some of it goes into proving bounds: that nothing lies below targets
// nearer to the bound, for which the search is shorter. Throughput: the search over loads
// (load_search.h); when the peak of memory binds, it proves only what holds for the topological
// order. What the search knows of each item's ancestors and descendants (nested_bounds.h) is worked
// out first, if the problem turns out to need it, or taken from `known`, numbered as
// graph.topological. At most kMaxExactItems items and kMaxExactDevices devices. `incumbent` may be
// null. Only what is below `upper` is looked for; the bound may then be `upper` itself.
ExactItemsResult ExactItems(const ProblemFacts& facts, const Solution* incumbent, int64_t work,
                            Picos upper = kNever, const ItemBounds* known = nullptr);

}  // namespace allot
