// What no placement of layers can exceed, whatever the servers' intervals are. In whole numbers
// throughout: what is claimed here is proved.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "placement/kinds/layer_flow/value/problem.h"

namespace allot {

struct RateBound {
  int64_t rate = 0;  // no placement passes more, in nano-tokens per second
  std::string name;
};

// What server i passes at most when it holds k layers, by server and k - 1: its throughput, its
// cache where routes are as short as they can be, and all of its links together. Entries for more
// layers than the model has are left out.
std::vector<std::vector<int64_t>> HighestRates(const LayerFlowProblem& problem);

// The least of four. "layers": 0 where as many servers as a token may pass cannot hold all.
// "links": what the coordinator's links carry to and from what servers pass. "capped": of a server
// with k layers each layer uses no more than the whole rate F, so sum_i max_k k min(T_i(k), F) >= L
// F. "round-trip": the same where a token may pass N servers and every passage costs a price, which
// is the best of some dozen.
RateBound FastRateBound(const LayerFlowProblem& problem);

}  // namespace allot
