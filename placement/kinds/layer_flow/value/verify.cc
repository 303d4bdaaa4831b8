#include "placement/kinds/layer_flow/value/verify.h"

#include <algorithm>
#include <limits>
#include <vector>

#include "support/status.h"

namespace allot {
namespace {

constexpr int64_t kUnlimited = std::numeric_limits<int64_t>::max();

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

// A network as a matrix: what may still pass from row to column.
class Residual {
 public:
  explicit Residual(size_t nodes) : nodes_(nodes), left_(nodes * nodes) {}
  int64_t& Left(size_t from, size_t to) { return left_[from * nodes_ + to]; }

  // One shortest path that has something left, filled; how much, 0 if there is no path. Then
  // seen() is the source's side of a cut.
  int64_t Augment(size_t source, size_t sink) {
    std::vector<size_t> queue = {source};
    parent_.assign(nodes_, nodes_);
    parent_[source] = source;
    for (size_t next = 0; next < queue.size() && parent_[sink] == nodes_; ++next) {
      for (size_t to = 0; to < nodes_; ++to) {
        if (parent_[to] != nodes_ || Left(queue[next], to) == 0) continue;
        parent_[to] = queue[next];
        queue.push_back(to);
      }
    }
    if (parent_[sink] == nodes_) return 0;
    int64_t most = kUnlimited;
    for (size_t at = sink; at != source; at = parent_[at]) {
      most = std::min(most, Left(parent_[at], at));
    }
    for (size_t at = sink; at != source; at = parent_[at]) {
      Left(parent_[at], at) -= most;
      Left(at, parent_[at]) += most;
    }
    return most;
  }
  bool seen(size_t node) const { return parent_[node] != nodes_; }

 private:
  const size_t nodes_;
  std::vector<int64_t> left_;
  std::vector<size_t> parent_;
};

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

  // Server i is a node that takes tokens in, 2 i, and one that gives them out, 2 i + 1.
  const size_t source = 2 * n, sink = source + 1;
  Residual residual(2 * n + 2);
  struct Arc {
    size_t from, to;
    int64_t capacity;
  };
  std::vector<Arc> arcs;
  for (size_t i = 0; i < n; ++i) {
    arcs.push_back({2 * i, 2 * i + 1, Passes(problem, i, placement[i].layers, verified.depth)});
  }
  for (const FlowLink& link : links) {
    arcs.push_back({link.from == kFlowSource ? source : 2 * static_cast<size_t>(link.from) + 1,
                    link.to == kFlowSink ? sink : 2 * static_cast<size_t>(link.to), link.capacity});
  }
  for (const Arc& arc : arcs) residual.Left(arc.from, arc.to) = arc.capacity;
  while (const int64_t more = residual.Augment(source, sink)) verified.rate += more;
  // No more than a cut lets through, and as much: the most there can be.
  __extension__ __int128 cut = 0;
  for (const Arc& arc : arcs) {
    if (residual.seen(arc.from) && !residual.seen(arc.to)) cut += arc.capacity;
  }
  if (cut != verified.rate) {
    return absl::InternalError("the flow that was found is not the capacity of its cut");
  }
  return verified;
}

}  // namespace allot
