// What a placement of layers is worth: one maximum flow. Solvers count with this.
//
// With a limit on round trips, a link counts only if the longest route through it passes no more
// servers than that. So whatever way a router sends a token over the links that count, it stays
// within the limit; where all routes are equally long, nothing is lost.
#pragma once

#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

#include "placement/kinds/layer_flow/value/max_flow.h"
#include "placement/kinds/layer_flow/value/problem.h"

namespace allot {

// Keeps what follows from the problem, which must outlive it.
class FlowEvaluator {
 public:
  explicit FlowEvaluator(const LayerFlowProblem& problem);

  // Tokens per second of a placement whose intervals are within the model and the servers' tables;
  // in nano-tokens.
  int64_t Rate(const LayerPlacement& placement);
  // Of the longest route that counts, in the placement that was valued last; 0 without a route.
  int32_t depth() const { return depth_; }
  // Of a link between servers, 0 where there is none.
  int64_t Link(size_t from, size_t to) const { return links_[from * servers_ + to]; }
  int64_t FromSource(size_t to) const { return from_source_[to]; }
  int64_t ToSink(size_t from) const { return to_sink_[from]; }
  // As MaxFlow::work().
  int64_t work() const { return work_ + flow_.work(); }

 private:
  bool Starts(const LayerPlacement& placement, size_t server) const {
    return placement[server].first == 0 && from_source_[server] > 0;
  }
  bool Ends(const LayerPlacement& placement, size_t server) const {
    return placement[server].end() == problem_.layers && to_sink_[server] > 0;
  }
  void FindRoutes(const LayerPlacement& placement);

  const LayerFlowProblem& problem_;
  const size_t servers_;
  std::vector<int64_t> links_, from_source_, to_sink_;
  // Pairs of servers that a token may pass in turn, those that start first first.
  std::vector<std::pair<int32_t, int32_t>> hops_;
  std::vector<int32_t> by_start_, before_, after_;  // the longest routes to and from a server
  std::vector<int32_t> longest_;                    // to a server, by links that count
  std::vector<int32_t> bucket_;
  MaxFlow flow_;
  int32_t depth_ = 0;
  int64_t work_ = 0;
};

}  // namespace allot
