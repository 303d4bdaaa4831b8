#include "placement/kinds/layer_flow/value/verify.h"

#include <algorithm>
#include <vector>

#include "support/graph/min_cut.h"
#include "support/status.h"

namespace allot {
namespace {

absl::Status CheckPlacement(const LayerFlowProblem& problem, const LayerPlacement& placement) {
  if (placement.size() != problem.servers.size()) {
    return InputError("placement: has intervals for ", placement.size(), " servers, but there are ",
                      problem.servers.size());
  }
  for (size_t i = 0; i < placement.size(); ++i) {
    const int64_t first = placement[i].first, layers = placement[i].layers;
    if (layers < 1) {
      return InputError("placement[", i, "]: every server holds at least one layer, not ", layers);
    }
    if (layers > static_cast<int64_t>(problem.servers[i].throughput.size())) {
      return InputError("placement[", i, "]: server ", i, " holds at most ",
                        problem.servers[i].throughput.size(), " layers, not ", layers);
    }
    if (first < 0 || first + layers > problem.layers) {
      return InputError("placement[", i, "]: the interval from layer ", first, " to ",
                        first + layers, " is not within the ", problem.layers, " layers");
    }
  }
  return absl::OkStatus();
}

// What a server's computing and its cache let through: every token on its way occupies
// entries_per_query for depth * hop_ns.
int64_t Passes(const LayerFlowProblem& problem, size_t i, int32_t layers, int32_t depth) {
  const FlowServer& server = problem.servers[i];
  int64_t rate = server.throughput[static_cast<size_t>(layers) - 1];
  if (problem.kv.has_value() && depth > 0) {
    __extension__ typedef unsigned __int128 Uint128;
    const auto entries = static_cast<Uint128>(server.kv_capacity[static_cast<size_t>(layers) - 1]);
    const Uint128 held_ns = static_cast<Uint128>(problem.kv->entries_per_query) *
                            static_cast<Uint128>(problem.kv->hop_ns) * static_cast<Uint128>(depth);
    // Whole nano-tokens per second: entries * 1e9 ns / held_ns tokens/s.
    const Uint128 limit = entries * 1'000'000'000u * 1'000'000'000u / held_ns;
    if (limit < static_cast<Uint128>(rate)) rate = static_cast<int64_t>(limit);
  }
  return rate;
}

// A link's rule: source -> i where i begins the model, i -> sink where i ends it, i -> j where j
// goes on with the next layer.
bool Joins(const LayerFlowProblem& problem, const LayerPlacement& placement, const FlowLink& link) {
  if (link.capacity == 0) return false;
  const int32_t has = link.from == kFlowSource
                          ? 0
                          : placement[static_cast<size_t>(link.from)].first +
                                placement[static_cast<size_t>(link.from)].layers;
  const int32_t needs =
      link.to == kFlowSink ? problem.layers : placement[static_cast<size_t>(link.to)].first;
  return has == needs;
}

// The coordinator is two nodes: n sends, n + 1 takes back.
struct Ends {
  size_t from, to;
};

Ends EndsOf(const LayerFlowProblem& problem, const FlowLink& link) {
  const size_t n = problem.servers.size();
  return {link.from == kFlowSource ? n : static_cast<size_t>(link.from),
          link.to == kFlowSink ? n + 1 : static_cast<size_t>(link.to)};
}

// The most links on a route from the coordinator to each node, or from each node back to it; -1
// where there is none. Routes have no circles: intervals lead on.
std::vector<int32_t> Longest(const LayerFlowProblem& problem, const std::vector<FlowLink>& links,
                             bool from_source) {
  const size_t n = problem.servers.size();
  std::vector<int32_t> longest(n + 2, -1);
  longest[from_source ? n : n + 1] = 0;
  for (bool changed = true; changed;) {
    changed = false;
    for (const FlowLink& link : links) {
      const Ends ends = EndsOf(problem, link);
      const int32_t known = longest[from_source ? ends.from : ends.to];
      int32_t& other = longest[from_source ? ends.to : ends.from];
      if (known < 0 || other > known) continue;
      other = known + 1;
      changed = true;
    }
  }
  return longest;
}

}  // namespace

absl::StatusOr<VerifiedFlow> VerifyLayerFlow(const LayerFlowProblem& problem,
                                             const LayerPlacement& placement) {
  ALLOT_RETURN_IF_ERROR(CheckPlacement(problem, placement));
  const size_t n = problem.servers.size();
  std::vector<FlowLink> links;
  for (const FlowLink& link : problem.links) {
    if (Joins(problem, placement, link)) links.push_back(link);
  }
  if (problem.max_round_trip > 0) {
    const std::vector<int32_t> to = Longest(problem, links, true);
    const std::vector<int32_t> from = Longest(problem, links, false);
    std::erase_if(links, [&](const FlowLink& link) {
      const Ends ends = EndsOf(problem, link);
      if (to[ends.from] < 0 || from[ends.to] < 0) return true;
      // A route of so many links passes one server less.
      return to[ends.from] + 1 + from[ends.to] - 1 > problem.max_round_trip;
    });
  }
  VerifiedFlow verified;
  verified.depth = std::max(0, Longest(problem, links, true)[n + 1] - 1);

  // Server i is a node that takes tokens in, 2 i, and one that gives them out, 2 i + 1. The most
  // that passes is what the smallest cut lets through; how it passes is found by whoever evaluates.
  const auto source = static_cast<int32_t>(2 * n), sink = source + 1;
  std::vector<CapacityArc> arcs;
  for (size_t i = 0; i < n; ++i) {
    const auto in = static_cast<int32_t>(2 * i);
    arcs.push_back({in, in + 1, Passes(problem, i, placement[i].layers, verified.depth)});
  }
  for (const FlowLink& link : links) {
    arcs.push_back({link.from == kFlowSource ? source : 2 * link.from + 1,
                    link.to == kFlowSink ? sink : 2 * link.to, link.capacity});
  }
  const MinCut smallest = MinimumCut(sink + 1, arcs, source, sink);
  verified.rate = smallest.value;
  const auto before = [&](int32_t node) {
    return smallest.source_side[static_cast<size_t>(node)] != 0;
  };
  __extension__ __int128 cut = 0;
  for (const CapacityArc& arc : arcs) {
    if (before(arc.from) && !before(arc.to)) cut += arc.capacity;
  }
  if (cut != verified.rate || !before(source) || before(sink)) {
    return absl::InternalError("the rate is not the capacity of the smallest cut");
  }
  return verified;
}

}  // namespace allot
