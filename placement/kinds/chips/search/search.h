// A search by finders that take turns.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "placement/kinds/chips/search/proposer.h"

namespace allot::chips {

// A finder, and what it may spend: turns of all finders follow each other until one of the limits
// of the search is reached.
struct Finder {
  std::unique_ptr<Proposer> proposer;
  double share = 1;  // of the steps
  int64_t most = 0;  // proposals; 0: any number
};

struct SearchLimits {
  int64_t steps = 0;
  int64_t evaluations = 0;  // 0: any number
  std::function<bool()> stop = nullptr;
  std::function<void(Picos best, int64_t steps)> progress = nullptr;
};

struct SearchResult {
  std::optional<Cutting> best;  // by compiled node
  std::string finder;
  int64_t evaluations = 0;
  std::vector<Picos> history;  // the best value after each evaluation
};

// Ends early where the bound of the workshop is reached.
SearchResult Search(Workshop& workshop, const std::vector<Finder>& finders,
                    const SearchLimits& limits);

// The value of an assignment, kDoesNotFit if its memory is exceeded.
Picos Worth(const Compiled& problem, const Assignment& compiled);

}  // namespace allot::chips
