#include "placement/kinds/layer_flow/value/evaluate.h"

#include <algorithm>

namespace allot {

FlowEvaluator::FlowEvaluator(const LayerFlowProblem& problem)
    : problem_(problem),
      servers_(problem.servers.size()),
      links_(servers_ * servers_),
      from_source_(servers_),
      to_sink_(servers_) {
  for (const FlowLink& link : problem.links) {
    if (link.from == kFlowSource) {
      from_source_[static_cast<size_t>(link.to)] = link.capacity;
    } else if (link.to == kFlowSink) {
      to_sink_[static_cast<size_t>(link.from)] = link.capacity;
    } else {
      links_[static_cast<size_t>(link.from) * servers_ + static_cast<size_t>(link.to)] =
          link.capacity;
    }
  }
}

// Fills hops_, and how many servers the longest route through each server has before and after it,
// itself included; 0 where none leads to the coordinator.
void FlowEvaluator::FindRoutes(const LayerPlacement& placement) {
  bucket_.assign(static_cast<size_t>(problem_.layers) + 2, 0);
  for (const LayerInterval& interval : placement) {
    ++bucket_[static_cast<size_t>(interval.first) + 1];
  }
  for (size_t b = 1; b < bucket_.size(); ++b) bucket_[b] += bucket_[b - 1];
  by_start_.resize(servers_);
  for (size_t i = 0; i < servers_; ++i) {
    by_start_[static_cast<size_t>(bucket_[static_cast<size_t>(placement[i].first)]++)] =
        static_cast<int32_t>(i);
  }
  // Now bucket_[b] is where those that start at b end.
  hops_.clear();
  for (const int32_t i : by_start_) {
    const int32_t end = placement[static_cast<size_t>(i)].end();
    if (end >= problem_.layers) continue;
    const auto from = static_cast<size_t>(bucket_[static_cast<size_t>(end) - 1]);
    const auto to = static_cast<size_t>(bucket_[static_cast<size_t>(end)]);
    for (size_t at = from; at < to; ++at) {
      ++work_;
      const int32_t j = by_start_[at];
      if (Link(static_cast<size_t>(i), static_cast<size_t>(j)) > 0) hops_.emplace_back(i, j);
    }
  }
  before_.assign(servers_, 0);
  after_.assign(servers_, 0);
  for (size_t i = 0; i < servers_; ++i) {
    if (Starts(placement, i)) before_[i] = 1;
    if (Ends(placement, i)) after_[i] = 1;
  }
  for (const auto& [i, j] : hops_) {
    const int32_t count = before_[static_cast<size_t>(i)];
    if (count > 0) {
      int32_t& here = before_[static_cast<size_t>(j)];
      here = std::max(here, count + 1);
    }
  }
  for (size_t h = hops_.size(); h-- > 0;) {
    const int32_t count = after_[static_cast<size_t>(hops_[h].second)];
    if (count > 0) {
      int32_t& here = after_[static_cast<size_t>(hops_[h].first)];
      here = std::max(here, count + 1);
    }
  }
}

int64_t FlowEvaluator::Rate(const LayerPlacement& placement) {
  FindRoutes(placement);
  const auto length = [&](int32_t i, int32_t j) {
    const int32_t before = before_[static_cast<size_t>(i)], after = after_[static_cast<size_t>(j)];
    return before == 0 || after == 0 ? 0 : before + after;
  };
  const int32_t limit = problem_.max_round_trip;
  if (limit > 0) {
    std::erase_if(hops_, [&](const auto& hop) { return length(hop.first, hop.second) > limit; });
  }
  // The source's links and the sink's count by the same rule.
  const auto counts = [&](int32_t servers) { return limit == 0 || servers <= limit; };
  longest_.assign(servers_, 0);
  depth_ = 0;
  for (size_t i = 0; i < servers_; ++i) {
    if (Starts(placement, i) && counts(after_[i])) longest_[i] = 1;
  }
  for (const auto& [i, j] : hops_) {
    const int32_t count = longest_[static_cast<size_t>(i)];
    int32_t& here = longest_[static_cast<size_t>(j)];
    if (count > 0) here = std::max(here, count + 1);
  }
  for (size_t i = 0; i < servers_; ++i) {
    if (Ends(placement, i) && counts(before_[i])) depth_ = std::max(depth_, longest_[i]);
  }
  const auto source = static_cast<int32_t>(2 * servers_), sink = source + 1;
  flow_.Reset(sink + 1);
  for (size_t i = 0; i < servers_; ++i) {
    if (before_[i] == 0 || after_[i] == 0) continue;
    const auto in = static_cast<int32_t>(2 * i);
    flow_.AddEdge(in, in + 1, ServerRate(problem_, i, placement[i].layers, depth_));
    if (Starts(placement, i) && counts(after_[i])) flow_.AddEdge(source, in, from_source_[i]);
    if (Ends(placement, i) && counts(before_[i])) flow_.AddEdge(in + 1, sink, to_sink_[i]);
  }
  for (const auto& [i, j] : hops_) {
    if (length(i, j) == 0) continue;
    flow_.AddEdge(2 * i + 1, 2 * j, Link(static_cast<size_t>(i), static_cast<size_t>(j)));
  }
  return flow_.Solve(source, sink);
}

}  // namespace allot
