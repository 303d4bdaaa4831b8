#include "placement/kinds/rows/search/coarsen.h"

#include <algorithm>
#include <array>
#include <numeric>
#include <utility>

namespace allot::rows {
namespace {

constexpr size_t kMostPins = 256;  // larger nets hardly say who belongs together

// The part that a vertex's readers like best, -1: no matter.
int32_t Preference(const Phase& phase, size_t v) {
  const int64_t* const send = phase.Send(v);
  if (send == nullptr) return -1;
  return static_cast<int32_t>(std::min_element(send, send + phase.parts) - send);
}

// Two vertices that may become one.
struct Pair {
  int64_t rating = 0;
  int32_t a = 0, b = 0;
};

// The heavier first, ties by number.
bool Before(const Pair& x, const Pair& y) {
  if (x.rating != y.rating) return x.rating > y.rating;
  return std::pair(x.a, x.b) < std::pair(y.a, y.b);
}

int64_t MeanReceive(const Phase& phase, int32_t net) {
  const int64_t* const receive = phase.Receive(net);
  return std::accumulate(receive, receive + phase.parts, int64_t{0}) / phase.parts;
}

}  // namespace

Coarsened Contract(const Phase& fine, std::vector<int32_t> cluster_of, int32_t count) {
  const auto clusters = static_cast<size_t>(count), parts = static_cast<size_t>(fine.parts);
  Coarsened coarse;
  Phase& phase = coarse.phase;
  phase.parts = fine.parts;
  phase.limits = fine.limits;
  phase.num_nets = fine.num_nets;
  phase.receive = fine.receive;
  phase.weights.assign(clusters, 0);
  if (!fine.send.empty()) phase.send.assign(clusters * parts, 0);
  std::vector<std::vector<int32_t>> kinds(clusters);
  for (size_t v = 0; v < fine.num_vertices(); ++v) {
    const auto cluster = static_cast<size_t>(cluster_of[v]);
    phase.weights[cluster] += fine.weights[v];
    if (kinds[cluster].empty() || kinds[cluster].back() != fine.kind_of[v]) {
      kinds[cluster].push_back(fine.kind_of[v]);
    }
    if (const int64_t* const send = fine.Send(v)) {
      for (size_t p = 0; p < parts; ++p) phase.send[cluster * parts + p] += send[p];
    }
  }
  phase.kind_begin.push_back(0);
  std::vector<int32_t> nets;
  for (size_t cluster = 0; cluster < clusters; ++cluster) {
    nets.clear();
    for (const int32_t kind : kinds[cluster]) {
      const auto first = fine.nets.begin() + fine.kind_begin[static_cast<size_t>(kind)];
      const auto last = fine.nets.begin() + fine.kind_begin[static_cast<size_t>(kind) + 1];
      nets.insert(nets.end(), first, last);
    }
    std::sort(nets.begin(), nets.end());
    nets.erase(std::unique(nets.begin(), nets.end()), nets.end());
    phase.nets.insert(phase.nets.end(), nets.begin(), nets.end());
    phase.kind_begin.push_back(static_cast<int64_t>(phase.nets.size()));
    phase.kind_of.push_back(static_cast<int32_t>(cluster));
  }
  coarse.cluster_of = std::move(cluster_of);
  return coarse;
}

Coarsened MergeKinds(const Phase& fine, int64_t most_weight, const std::vector<int32_t>& part_of) {
  struct Key {
    int32_t kind, part, preference, vertex;
    auto operator<=>(const Key&) const = default;
  };
  std::vector<Key> keys;
  for (size_t v = 0; v < fine.num_vertices(); ++v) {
    keys.push_back({fine.kind_of[v], part_of.empty() ? 0 : part_of[v], Preference(fine, v),
                    static_cast<int32_t>(v)});
  }
  std::sort(keys.begin(), keys.end());
  std::vector<int32_t> cluster_of(fine.num_vertices());
  int32_t count = 0;
  for (size_t first = 0; first < keys.size();) {
    size_t last = first;
    int64_t weight = 0;
    for (; last < keys.size() && keys[last].kind == keys[first].kind &&
           keys[last].part == keys[first].part;
         ++last) {
      weight += fine.weights[static_cast<size_t>(keys[last].vertex)];
    }
    const int64_t limit = std::max<int64_t>(most_weight, 1);
    const int64_t pieces = std::max<int64_t>((weight + limit - 1) / limit, 1);
    const int64_t each = (weight + pieces - 1) / pieces;  // as equal as rows allow
    int64_t filled = 0;
    for (size_t i = first; i < last; ++i) {
      const auto v = static_cast<size_t>(keys[i].vertex);
      if (filled > 0 && filled + fine.weights[v] > each) filled = 0, ++count;
      filled += fine.weights[v];
      cluster_of[v] = count;
    }
    ++count;
    first = last;
  }
  return Contract(fine, std::move(cluster_of), count);
}

Coarsened MatchPairs(const Phase& fine, int64_t most_weight) {
  const size_t vertices = fine.num_vertices();
  // Vertices of each net.
  std::vector<int64_t> begin(static_cast<size_t>(fine.num_nets) + 1, 0);
  for (size_t v = 0; v < vertices; ++v) {
    for (const int32_t net : fine.Nets(v)) ++begin[static_cast<size_t>(net) + 1];
  }
  for (size_t net = 0; net + 1 < begin.size(); ++net) begin[net + 1] += begin[net];
  std::vector<int32_t> pins(static_cast<size_t>(begin.back()));
  std::vector<int64_t> at(begin.begin(), begin.end() - 1);
  for (size_t v = 0; v < vertices; ++v) {
    for (const int32_t net : fine.Nets(v)) {
      pins[static_cast<size_t>(at[static_cast<size_t>(net)]++)] = static_cast<int32_t>(v);
    }
  }
  constexpr int64_t kScale = 1024;
  std::vector<int64_t> share(static_cast<size_t>(fine.num_nets), 0);  // 0: says nothing
  for (size_t net = 0; net < share.size(); ++net) {
    const int64_t count = begin[net + 1] - begin[net];
    if (count < 2 || count > static_cast<int64_t>(kMostPins)) continue;
    share[net] = MeanReceive(fine, static_cast<int32_t>(net)) * kScale / (count - 1) + 1;
  }
  std::vector<Pair> pairs;
  std::vector<int64_t> rating(vertices, 0);
  std::vector<int32_t> touched;
  for (size_t v = 0; v < vertices; ++v) {
    touched.clear();
    for (const int32_t net : fine.Nets(v)) {
      const int64_t more = share[static_cast<size_t>(net)];
      if (more == 0) continue;
      const auto first = static_cast<size_t>(begin[static_cast<size_t>(net)]);
      const auto last = static_cast<size_t>(begin[static_cast<size_t>(net) + 1]);
      for (size_t i = first; i < last; ++i) {
        const auto other = static_cast<size_t>(pins[i]);
        if (rating[other] == 0) touched.push_back(pins[i]);
        rating[other] += more;
      }
    }
    // The three best that fit are enough: most of the others find partners of their own.
    std::array<Pair, 3> best = {};
    size_t kept = 0;
    for (const int32_t touch : touched) {
      const auto other = static_cast<size_t>(touch);
      Pair pair = {rating[other], static_cast<int32_t>(v), touch};
      rating[other] = 0;
      if (other == v) continue;
      if (kept == best.size() && !Before(pair, best[kept - 1])) continue;
      if (fine.weights[v] + fine.weights[other] > most_weight) continue;
      if (kept < best.size()) best[kept++] = pair;
      best[kept - 1] = pair;
      for (size_t i = kept - 1; i > 0 && Before(best[i], best[i - 1]); --i) {
        std::swap(best[i], best[i - 1]);
      }
    }
    pairs.insert(pairs.end(), best.begin(), best.begin() + kept);
  }
  std::sort(pairs.begin(), pairs.end(), Before);
  std::vector<int32_t> cluster_of(vertices, -1);
  int32_t count = 0;
  for (const Pair& pair : pairs) {
    int32_t& a = cluster_of[static_cast<size_t>(pair.a)];
    int32_t& b = cluster_of[static_cast<size_t>(pair.b)];
    if (a >= 0 || b >= 0) continue;
    a = b = count++;
  }
  for (int32_t& cluster : cluster_of) {
    if (cluster < 0) cluster = count++;
  }
  return Contract(fine, std::move(cluster_of), count);
}

}  // namespace allot::rows
