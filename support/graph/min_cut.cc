#include "support/graph/min_cut.h"

#include <algorithm>
#include <limits>

#include "support/check.h"
#include "support/units.h"

namespace allot {
namespace {

class PushRelabel {
 public:
  PushRelabel(int32_t num_vertices, const std::vector<CapacityArc>& arcs, int32_t source,
              int32_t sink)
      : n_(num_vertices),
        source_(source),
        sink_(sink),
        first_(static_cast<size_t>(num_vertices) + 1),
        height_(num_vertices),
        current_(num_vertices),
        excess_(num_vertices),
        active_(num_vertices),
        level_(static_cast<size_t>(num_vertices) + 1, -1),
        next_(num_vertices, -1),
        previous_(num_vertices, -1) {
    for (const CapacityArc& arc : arcs) {
      if (arc.from == arc.to) continue;
      ++first_[static_cast<size_t>(arc.from) + 1];
      ++first_[static_cast<size_t>(arc.to) + 1];
    }
    for (int32_t v = 0; v < n_; ++v) first_[v + 1] += first_[v];
    arcs_.resize(static_cast<size_t>(first_[n_]));
    std::vector<int64_t> next(first_.begin(), first_.end() - 1);
    for (const CapacityArc& arc : arcs) {
      if (arc.from == arc.to) continue;
      const int64_t there = next[arc.from]++, back = next[arc.to]++;
      arcs_[there] = {arc.to, back, arc.capacity};
      arcs_[back] = {arc.from, there, 0};
    }
  }

  MinCut Run() {
    Relabel();
    for (int64_t a = first_[source_]; a < first_[source_ + 1]; ++a) Push(source_, a);
    while (highest_ >= 0) {
      if (active_[highest_].empty()) {
        --highest_;
        continue;
      }
      const int32_t v = active_[highest_].back();
      active_[highest_].pop_back();
      Discharge(v);
      if (work_ > int64_t{6} * n_ + static_cast<int64_t>(arcs_.size())) Relabel();
    }
    Relabel();
    MinCut cut;
    constexpr Int128 kMost = std::numeric_limits<int64_t>::max();
    cut.value = static_cast<int64_t>(std::min(excess_[sink_], kMost));
    for (int32_t v = 0; v < n_; ++v) cut.source_side.push_back(height_[v] >= n_ ? 1 : 0);
    return cut;
  }

 private:
  struct Arc {
    int32_t to = 0;
    int64_t back = 0;  // the opposite arc
    int64_t left = 0;  // what can still be pushed
  };

  // Exact distances to the sink; what cannot reach it is at n or above and never active again.
  void Relabel() {
    work_ = 0;
    std::fill(height_.begin(), height_.end(), n_);
    for (std::vector<int32_t>& vertices : active_) vertices.clear();
    highest_ = -1;
    std::fill(level_.begin(), level_.end(), -1);
    top_ = 0;
    height_[sink_] = 0;
    queue_.assign(1, sink_);
    for (size_t i = 0; i < queue_.size(); ++i) {
      const int32_t v = queue_[i];
      current_[v] = first_[v];
      Enter(v);
      if (v != sink_ && excess_[v] > 0) Activate(v);
      for (int64_t a = first_[v]; a < first_[v + 1]; ++a) {
        const int32_t u = arcs_[a].to;
        if (height_[u] < n_ || u == source_ || arcs_[arcs_[a].back].left == 0) continue;
        height_[u] = height_[v] + 1;
        queue_.push_back(u);
      }
    }
  }

  // Lists of the vertices at a height below n.
  void Enter(int32_t v) {
    int32_t& head = level_[height_[v]];
    next_[v] = head;
    previous_[v] = -1;
    if (head >= 0) previous_[head] = v;
    head = v;
    top_ = std::max(top_, height_[v]);
  }
  void Leave(int32_t v) {
    if (previous_[v] >= 0) {
      next_[previous_[v]] = next_[v];
    } else {
      level_[height_[v]] = next_[v];
    }
    if (next_[v] >= 0) previous_[next_[v]] = previous_[v];
  }

  // Nobody is left at this height, so nothing above it reaches the sink.
  void CutOff(int32_t height) {
    for (int32_t h = height + 1; h <= top_; ++h) {
      for (int32_t v = level_[h]; v >= 0; v = next_[v]) height_[v] = n_;
      level_[h] = -1;
      active_[h].clear();
    }
    top_ = height;
  }

  void Activate(int32_t v) {
    active_[height_[v]].push_back(v);
    highest_ = std::max(highest_, height_[v]);
  }

  void Push(int32_t from, int64_t a) {
    Arc& arc = arcs_[a];
    const int64_t amount =
        from == source_
            ? arc.left
            : static_cast<int64_t>(std::min<Int128>(excess_[from], static_cast<Int128>(arc.left)));
    if (amount == 0) return;
    arc.left -= amount;
    arcs_[arc.back].left += amount;
    excess_[from] -= amount;
    const bool idle = excess_[arc.to] == 0;
    excess_[arc.to] += amount;
    if (idle && arc.to != sink_ && arc.to != source_ && height_[arc.to] < n_) Activate(arc.to);
  }

  // Sends the excess of a vertex on, and lifts the vertex while some is left.
  void Discharge(int32_t v) {
    while (excess_[v] > 0 && height_[v] < n_) {
      for (int64_t& a = current_[v]; a < first_[v + 1]; ++a) {
        if (arcs_[a].left == 0 || height_[v] != height_[arcs_[a].to] + 1) continue;
        Push(v, a);
        if (excess_[v] == 0) return;
      }
      int32_t lowest = n_;
      for (int64_t a = first_[v]; a < first_[v + 1]; ++a) {
        if (arcs_[a].left > 0) lowest = std::min(lowest, height_[arcs_[a].to] + 1);
      }
      work_ += 12 + first_[v + 1] - first_[v];
      const int32_t old = height_[v];
      Leave(v);
      height_[v] = std::min(lowest, n_);
      current_[v] = first_[v];
      if (height_[v] < n_) Enter(v);
      if (level_[old] < 0) CutOff(old);
    }
  }

  const int32_t n_, source_, sink_;
  std::vector<int64_t> first_;  // arcs of v: [first_[v], first_[v + 1])
  std::vector<Arc> arcs_;
  std::vector<int32_t> height_;
  std::vector<int64_t> current_;  // by vertex: earlier arcs lead nowhere
  std::vector<Int128> excess_;
  std::vector<std::vector<int32_t>> active_;  // by height: vertices with excess, but the two ends
  int32_t highest_ = -1;
  // Vertices of the same height below n are linked; level_ has the first of each, top_ is the
  // highest.
  std::vector<int32_t> level_, next_, previous_;
  int32_t top_ = 0;
  int64_t work_ = 0;  // since the distances were exact
  std::vector<int32_t> queue_;
};

}  // namespace

MinCut MinimumCut(int32_t num_vertices, const std::vector<CapacityArc>& arcs, int32_t source,
                  int32_t sink) {
  ALLOT_CHECK(source != sink);
  return PushRelabel(num_vertices, arcs, source, sink).Run();
}

}  // namespace allot
