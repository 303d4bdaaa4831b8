#include "support/graph/modularity.h"

#include <algorithm>
#include <queue>
#include <set>
#include <tuple>
#include <utility>

#include "support/graph/contraction.h"
#include "support/units.h"

namespace allot {
namespace {

// A merge that was worth `gain` when it was written down. The gain of a pair falls when either
// side grows, so an entry is an upper bound: it is worked out again when it comes up.
struct Merge {
  Int128 gain = 0;
  int32_t a = 0, b = 0;
  // Largest gain first, then the smallest numbers.
  friend bool operator<(const Merge& x, const Merge& y) {
    return std::tie(x.gain, y.a, y.b) < std::tie(y.gain, x.a, x.b);
  }
};

class Agglomeration {
 public:
  Agglomeration(const CsrGraph& graph, absl::Span<const int64_t> vertex_size,
                const ModularityOptions& options)
      : contraction_(graph), options_(options) {
    const size_t n = static_cast<size_t>(graph.num_vertices());
    gamma_ = static_cast<int64_t>(std::clamp(options.resolution, 0.0, 1000.0) * 1000 + 0.5);
    size_.assign(n, 1);
    if (!vertex_size.empty()) size_.assign(vertex_size.begin(), vertex_size.end());
    out_.assign(n, 0);
    in_.assign(n, 0);
    for (int32_t v = 0; v < graph.num_vertices(); ++v) {
      for (int64_t weight : graph.out_weights(v)) total_ = SaturatingAdd(total_, weight);
    }
    // Products of two weights and gamma must fit 128 bits.
    while ((total_ >> shift_) >= (int64_t{1} << 50)) ++shift_;
    total_ = 0;
    for (int32_t v = 0; v < graph.num_vertices(); ++v) {
      const absl::Span<const int32_t> targets = graph.successors(v);
      for (size_t e = 0; e < targets.size(); ++e) {
        const int64_t weight = Scaled(graph.out_weights(v)[e]);
        out_[static_cast<size_t>(v)] += weight;
        in_[static_cast<size_t>(targets[e])] += weight;
        total_ += weight;
      }
    }
    for (int32_t v = 0; v < graph.num_vertices(); ++v) {
      for (int32_t next : graph.successors(v)) Push(v, next);
    }
    // Stale entries are pushed again; on odd graphs (one vertex joined to all others, no cap on
    // sizes) that could go on for n^2 steps.
    steps_left_ = 100 * (static_cast<int64_t>(n) + graph.num_edges()) + 1000;
  }

  std::vector<int32_t> Run() {
    while (!merges_.empty() && steps_left_-- > 0) {
      const Merge merge = merges_.top();
      merges_.pop();
      if (contraction_.Find(merge.a) != merge.a || contraction_.Find(merge.b) != merge.b) continue;
      const Int128 gain = Gain(merge.a, merge.b);
      if (gain <= 0) continue;
      if (gain < merge.gain) {
        merges_.push({gain, merge.a, merge.b});
        continue;
      }
      if (SaturatingAdd(Size(merge.a), Size(merge.b)) > options_.max_size) continue;
      Apply(merge.a, merge.b);
    }
    return contraction_.Groups();
  }

 private:
  int64_t Scaled(int64_t weight) const { return weight >> shift_; }
  int64_t Size(int32_t group) const { return size_[static_cast<size_t>(group)]; }
  size_t Degree(int32_t group) const {
    return contraction_.out(group).size() + contraction_.in(group).size();
  }

  int64_t Between(int32_t a, int32_t b) const {
    const auto out = contraction_.out(a).find(b);
    const auto in = contraction_.in(a).find(b);
    return (out == contraction_.out(a).end() ? 0 : Scaled(out->second)) +
           (in == contraction_.in(a).end() ? 0 : Scaled(in->second));
  }

  // What merging adds to 1000 m^2 Q.
  Int128 Gain(int32_t a, int32_t b) const {
    const size_t u = static_cast<size_t>(a), v = static_cast<size_t>(b);
    const Int128 expected =
        static_cast<Int128>(out_[u]) * in_[v] + static_cast<Int128>(out_[v]) * in_[u];
    return static_cast<Int128>(1000) * total_ * Between(a, b) - gamma_ * expected;
  }

  void Push(int32_t a, int32_t b) {
    if (a > b) std::swap(a, b);
    const Int128 gain = Gain(a, b);
    if (gain > 0) merges_.push({gain, a, b});
  }

  void Apply(int32_t a, int32_t b) {
    // The one with more neighbours survives: the edges of the other are moved.
    if (Degree(a) < Degree(b) || (Degree(a) == Degree(b) && b < a)) std::swap(a, b);
    std::set<int32_t> touched;
    for (const auto& [other, weight] : contraction_.out(b)) touched.insert(other);
    for (const auto& [other, weight] : contraction_.in(b)) touched.insert(other);
    if (!contraction_.TryMerge(a, b, options_.merge_effort)) return;
    const size_t u = static_cast<size_t>(a), v = static_cast<size_t>(b);
    size_[u] += size_[v];
    out_[u] += out_[v];
    in_[u] += in_[v];
    for (int32_t other : touched) {
      if (other != a) Push(a, other);
    }
  }

  AcyclicContraction contraction_;
  ModularityOptions options_;
  int64_t gamma_ = 1000, total_ = 0, steps_left_ = 0;
  int shift_ = 0;
  std::vector<int64_t> size_, out_, in_;
  std::priority_queue<Merge> merges_;
};

}  // namespace

Communities AcyclicCommunities(const CsrGraph& graph, absl::Span<const int64_t> vertex_size,
                               const ModularityOptions& options) {
  Communities communities;
  communities.of = Agglomeration(graph, vertex_size, options).Run();
  for (int32_t community : communities.of) {
    communities.count = std::max(communities.count, community + 1);
  }
  communities.modularity = Modularity(graph, communities.of, options.resolution);
  return communities;
}

double Modularity(const CsrGraph& graph, absl::Span<const int32_t> group_of, double resolution) {
  int32_t groups = 0;
  for (int32_t group : group_of) groups = std::max(groups, group + 1);
  std::vector<double> out(static_cast<size_t>(groups)), in(static_cast<size_t>(groups));
  double total = 0, inside = 0;
  for (int32_t v = 0; v < graph.num_vertices(); ++v) {
    const absl::Span<const int32_t> targets = graph.successors(v);
    const size_t from = static_cast<size_t>(group_of[static_cast<size_t>(v)]);
    for (size_t e = 0; e < targets.size(); ++e) {
      const double weight = static_cast<double>(graph.out_weights(v)[e]);
      const size_t to = static_cast<size_t>(group_of[static_cast<size_t>(targets[e])]);
      out[from] += weight;
      in[to] += weight;
      total += weight;
      if (from == to) inside += weight;
    }
  }
  if (total <= 0) return 0;
  double expected = 0;
  for (size_t g = 0; g < out.size(); ++g) expected += out[g] / total * (in[g] / total);
  return inside / total - resolution * expected;
}

}  // namespace allot
