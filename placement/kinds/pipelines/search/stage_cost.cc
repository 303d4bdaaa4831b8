#include "placement/kinds/pipelines/search/stage_cost.h"

#include <algorithm>

namespace allot::pipelines {

StageCoster::StageCoster(const Problem& problem, const Width& width)
    : problem_(problem),
      width_(width),
      before_(problem.names.size()),
      after_(problem.names.size()),
      inside_(problem.names.size(), 0) {
  for (size_t e = 0; e < problem.edges.size(); ++e) {
    const auto [from, to] = problem.edges[e];
    before_[static_cast<size_t>(to)].push_back({from, e});
    after_[static_cast<size_t>(from)].push_back({to, e});
  }
}

int64_t StageCoster::Forward(absl::Span<const int32_t> layers) const {
  int64_t now = 0;
  for (const int32_t layer : layers) {
    for (const Neighbour& source : before_[static_cast<size_t>(layer)]) {
      if (!IsInside(source.layer)) now = std::max(now, width_.transfers[source.edge].ticks);
    }
    now += At(layer).forward;
  }
  return now;
}

int64_t StageCoster::Backward(absl::Span<const int32_t> layers, int64_t start) const {
  int64_t now = start;
  for (size_t i = layers.size(); i-- > 0;) {
    for (const Neighbour& user : after_[static_cast<size_t>(layers[i])]) {
      if (!IsInside(user.layer)) now = std::max(now, width_.transfers[user.edge].ticks);
    }
    now += At(layers[i]).backward;
  }
  return now;
}

StageCost StageCoster::Cost(absl::Span<const int32_t> layers) {
  ++stage_;
  StageCost cost;
  int64_t state = 0, made = 0, received = 0, again = 0;
  for (const int32_t layer : layers) {
    inside_[static_cast<size_t>(layer)] = stage_;
    const Layer& each = At(layer);
    state += each.state;
    made += each.activations;
    again += each.forward;
    cost.update += each.update;
    cost.split = cost.split || each.split;
  }
  const int64_t forward = Forward(layers);
  cost.last_load = forward + Backward(layers, 0);
  cost.other_load = problem_.recompute ? forward + Backward(layers, again) : cost.last_load;
  if (problem_.recompute) {
    for (const int32_t layer : layers) {
      for (const Neighbour& source : before_[static_cast<size_t>(layer)]) {
        if (!IsInside(source.layer)) received += width_.transfers[source.edge].memory;
      }
    }
  }
  const int64_t kept = problem_.recompute ? received : made;
  const auto all = static_cast<int64_t>(problem_.names.size());
  const int64_t left = problem_.memory - state - made;
  cost.most_behind = left < 0 ? 0 : kept == 0 ? all : std::min(all, 1 + left / kept);
  return cost;
}

}  // namespace allot::pipelines
