#include "placement/kinds/layer_flow/bounds/rate_bound.h"

#include <algorithm>
#include <functional>
#include <numeric>

namespace allot {
namespace {

__extension__ typedef __int128 Int128;

// Prices of passing a server are so many quarters of a layer.
constexpr int64_t kPriceParts = 4;

using Rates = std::vector<std::vector<int64_t>>;

int64_t Saturated(Int128 rate) {
  return rate > kMaxTokenRate ? kMaxTokenRate : static_cast<int64_t>(rate);
}

int64_t LinkBound(const LayerFlowProblem& problem, const Rates& rates) {
  Int128 from_source = 0, to_sink = 0;
  for (const FlowLink& link : problem.links) {
    const auto most = [&](int32_t server) {
      const std::vector<int64_t>& of = rates[static_cast<size_t>(server)];
      return std::min(link.capacity, *std::max_element(of.begin(), of.end()));
    };
    if (link.from == kFlowSource) {
      from_source += most(link.to);
    } else if (link.to == kFlowSink) {
      to_sink += most(link.from);
    }
  }
  return Saturated(std::min(from_source, to_sink));
}

// Whether a rate may be possible: each token gets its L layers from servers that it passes, at most
// N of them, so sum_i (k_i - p) f_i >= (L - p N) F for any price p >= 0 of a passage, where no
// server has a part f_i above F. The left side grows no faster than the rate, so what holds for a
// rate holds for all below.
bool Allows(const LayerFlowProblem& problem, const Rates& rates, int64_t price, int64_t rate) {
  Int128 supply = 0;
  for (const std::vector<int64_t>& of : rates) {
    Int128 best = 0;
    for (size_t k = 0; k < of.size(); ++k) {
      const Int128 layers = static_cast<Int128>(k + 1) * kPriceParts - price;
      best = std::max(best, layers * std::min(of[k], rate));
    }
    supply += best;
  }
  const Int128 demand = static_cast<Int128>(problem.layers) * kPriceParts -
                        static_cast<Int128>(price) * problem.max_round_trip;
  return supply >= demand * rate;
}

int64_t PricedBound(const LayerFlowProblem& problem, const Rates& rates, int64_t price,
                    int64_t most) {
  if (Allows(problem, rates, price, most)) return most;
  int64_t low = 0, high = most;  // high is not allowed
  while (high - low > 1) {
    const int64_t middle = low + (high - low) / 2;
    (Allows(problem, rates, price, middle) ? low : high) = middle;
  }
  return low;
}

// Whether as many servers as a token may pass can hold all layers at all.
bool CanHoldAll(const LayerFlowProblem& problem) {
  std::vector<int64_t> most;
  for (size_t i = 0; i < problem.servers.size(); ++i) most.push_back(MostLayers(problem, i));
  std::sort(most.begin(), most.end(), std::greater<>());
  if (problem.max_round_trip > 0 && most.size() > static_cast<size_t>(problem.max_round_trip)) {
    most.resize(static_cast<size_t>(problem.max_round_trip));
  }
  return std::accumulate(most.begin(), most.end(), int64_t{0}) >= problem.layers;
}

}  // namespace

std::vector<std::vector<int64_t>> HighestRates(const LayerFlowProblem& problem) {
  const size_t n = problem.servers.size();
  std::vector<Int128> in(n), out(n);
  for (const FlowLink& link : problem.links) {
    if (link.to != kFlowSink) in[static_cast<size_t>(link.to)] += link.capacity;
    if (link.from != kFlowSource) out[static_cast<size_t>(link.from)] += link.capacity;
  }
  const int32_t depth = LeastDepth(problem);
  Rates rates(n);
  for (size_t i = 0; i < n; ++i) {
    const int64_t links = Saturated(std::min(in[i], out[i]));
    for (int32_t k = 1; k <= MostLayers(problem, i); ++k) {
      rates[i].push_back(std::min(links, ServerRate(problem, i, k, depth)));
    }
  }
  return rates;
}

RateBound FastRateBound(const LayerFlowProblem& problem) {
  if (!CanHoldAll(problem)) return {0, "layers"};
  if (problem.kv.has_value()) {
    // A placement has some depth, and the caches are those of that depth.
    RateBound best;
    for (int32_t depth = LeastDepth(problem); depth <= MostDepth(problem); ++depth) {
      const RateBound at = FastRateBound(AtDepth(problem, depth));
      if (at.rate >= best.rate) best = at;
    }
    return best;
  }
  const Rates rates = HighestRates(problem);
  RateBound best{LinkBound(problem, rates), "links"};
  if (const int64_t capped = PricedBound(problem, rates, 0, best.rate); capped < best.rate) {
    best = {capped, "capped"};
  }
  if (problem.max_round_trip > 0) {
    const int64_t limit = int64_t{problem.layers} * kPriceParts / problem.max_round_trip;
    const int64_t step = std::max<int64_t>(1, limit / 64);
    for (int64_t price = step; price <= limit; price += step) {
      const int64_t priced = PricedBound(problem, rates, price, best.rate);
      if (priced < best.rate) best = {priced, "round-trip"};
    }
  }
  return best;
}

}  // namespace allot
