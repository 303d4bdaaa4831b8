#include "target/routing.h"

#include <algorithm>
#include <limits>
#include <map>
#include <queue>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"

#include "support/check.h"

namespace allot {
namespace {

// One direction of a link. Nodes are devices by id, then switches.
struct Edge {
  int to = 0;
  Picos latency = 0;
  int64_t bandwidth = 0;
  ChannelId channel;
};

struct Segment {
  bool exists = false;
  Route::Segment cost;
  int num_links = 0;
  std::vector<ChannelId> channels;
};

using Adjacency = std::vector<std::vector<Edge>>;

// Channels by their names, made on first use.
class ChannelNames {
 public:
  explicit ChannelNames(Target& target) : target_(target) {}

  ChannelId Shared(const std::string& name) {
    const auto [found, is_new] = by_name_.try_emplace(name);
    if (is_new) found->second = target_.channels.Add(name);
    return found->second;
  }
  // The same name again means a second wire beside the first.
  ChannelId Own(const std::string& name) {
    const int count = ++uses_[name];
    return Shared(count == 1 ? name : absl::StrCat(name, "#", count));
  }

 private:
  Target& target_;
  std::map<std::string, ChannelId> by_name_;
  std::map<std::string, int> uses_;
};

std::pair<ChannelId, ChannelId> ChannelsOf(const Link& link, ChannelNames& names) {
  if (!link.channel.empty()) {
    if (link.half_duplex) return {names.Shared(link.channel), names.Shared(link.channel)};
    const ChannelId forward = names.Shared(absl::StrCat(link.channel, ">"));
    return {forward, names.Shared(absl::StrCat(link.channel, "<"))};
  }
  if (link.half_duplex) {
    const ChannelId both = names.Own(absl::StrCat(link.from, "<->", link.to));
    return {both, both};
  }
  const ChannelId forward = names.Own(absl::StrCat(link.from, "->", link.to));
  return {forward, names.Own(absl::StrCat(link.to, "->", link.from))};
}

Adjacency BuildEdges(Target& target) {
  std::map<std::string, int> node_of;
  for (const Device& device : target.devices) {
    node_of.emplace(device.name, static_cast<int>(node_of.size()));
  }
  for (const std::string& name : target.switches) {
    node_of.emplace(name, static_cast<int>(node_of.size()));
  }
  Adjacency edges(node_of.size());
  ChannelNames names(target);
  for (const Link& link : target.links) {
    const auto from = node_of.find(link.from), to = node_of.find(link.to);
    ALLOT_CHECK(from != node_of.end() && to != node_of.end());
    const auto [forward, backward] = ChannelsOf(link, names);
    edges[static_cast<size_t>(from->second)].push_back(
        {to->second, link.latency, link.bandwidth, forward});
    edges[static_cast<size_t>(to->second)].push_back(
        {from->second, link.latency, link.bandwidth, backward});
  }
  return edges;
}

// A way to reach a node from the source through switches.
struct Label {
  Picos latency = 0;
  int num_links = 0;
  int64_t bandwidth = std::numeric_limits<int64_t>::max();
  int node = 0;
  int parent = -1;  // index of the label before it
  ChannelId channel;
};

// The best segments from `source` to every device.
std::vector<Segment> SegmentsFrom(int source, size_t num_devices, const Adjacency& edges) {
  std::vector<Segment> best(num_devices);
  std::vector<Picos> best_time(num_devices, kMaxPicos);
  // Labels leave the queue by latency, so one is dominated iff an earlier one at its node is at
  // least as wide.
  std::vector<int64_t> widest(edges.size(), 0);
  std::vector<Label> labels;
  using Key = std::tuple<Picos, int, int>;  // latency, links, index into labels
  std::priority_queue<Key, std::vector<Key>, std::greater<>> queue;
  labels.push_back({});
  labels.back().node = source;
  queue.emplace(0, 0, 0);
  while (!queue.empty()) {
    const int index = std::get<2>(queue.top());
    queue.pop();
    const Label label = labels[static_cast<size_t>(index)];
    const size_t node = static_cast<size_t>(label.node);
    if (label.bandwidth <= widest[node]) continue;
    widest[node] = label.bandwidth;
    const bool is_device = node < num_devices;
    if (is_device && label.node != source) {
      const Route::Segment cost = {label.latency, label.bandwidth};
      const Picos time = Route{{cost}, {}}.Time(kRoutedBytes);
      Segment& segment = best[node];
      if (segment.exists &&
          std::pair(best_time[node], segment.num_links) <= std::pair(time, label.num_links)) {
        continue;
      }
      best_time[node] = time;
      segment = {true, cost, label.num_links, {}};
      for (int i = index; labels[static_cast<size_t>(i)].parent >= 0;
           i = labels[static_cast<size_t>(i)].parent) {
        segment.channels.push_back(labels[static_cast<size_t>(i)].channel);
      }
      continue;
    }
    for (const Edge& edge : edges[node]) {
      Label next;
      next.latency = std::min(kMaxPicos, SaturatingAdd(label.latency, edge.latency));
      next.num_links = label.num_links + 1;
      next.bandwidth = std::min(label.bandwidth, edge.bandwidth);
      next.node = edge.to;
      next.parent = index;
      next.channel = edge.channel;
      if (edge.to == source || next.bandwidth <= widest[static_cast<size_t>(edge.to)]) continue;
      queue.emplace(next.latency, next.num_links, static_cast<int>(labels.size()));
      labels.push_back(next);
    }
  }
  return best;
}

// Dijkstra over devices, in O(devices^2): segments add up.
std::vector<std::optional<Route>> RoutesFrom(size_t source,
                                             const std::vector<std::vector<Segment>>& segments) {
  const size_t n = segments.size();
  struct Reached {
    Picos time = 0;
    int num_segments = 0, num_links = 0;
    bool known = false, done = false;
    size_t previous = 0;
    auto Key() const { return std::tuple(time, num_segments, num_links); }
  };
  std::vector<Reached> reached(n);
  reached[source].known = true;
  while (true) {
    size_t next = n;
    for (size_t i = 0; i < n; ++i) {
      if (!reached[i].known || reached[i].done) continue;
      if (next == n || reached[i].Key() < reached[next].Key()) next = i;
    }
    if (next == n) break;
    reached[next].done = true;
    for (size_t i = 0; i < n; ++i) {
      const Segment& segment = segments[next][i];
      if (!segment.exists || reached[i].done) continue;
      Reached way = reached[next];
      way.done = false;
      way.previous = next;
      way.time = std::min(kMaxPicos,
                          SaturatingAdd(way.time, Route{{segment.cost}, {}}.Time(kRoutedBytes)));
      ++way.num_segments;
      way.num_links += segment.num_links;
      if (!reached[i].known || way.Key() < reached[i].Key()) reached[i] = way;
    }
  }
  std::vector<std::optional<Route>> routes(n);
  for (size_t i = 0; i < n; ++i) {
    if (!reached[i].known) continue;
    Route route;
    for (size_t at = i; at != source; at = reached[at].previous) {
      const Segment& segment = segments[reached[at].previous][at];
      route.segments.push_back(segment.cost);
      route.channels.insert(route.channels.end(), segment.channels.begin(), segment.channels.end());
    }
    std::reverse(route.segments.begin(), route.segments.end());
    std::sort(route.channels.begin(), route.channels.end());
    route.channels.erase(std::unique(route.channels.begin(), route.channels.end()),
                         route.channels.end());
    routes[i] = std::move(route);
  }
  return routes;
}

}  // namespace

void BuildRoutes(Target& target) {
  target.channels.clear();
  target.routes.clear();
  const Adjacency edges = BuildEdges(target);
  const size_t n = target.devices.size();
  std::vector<std::vector<Segment>> segments;
  for (size_t i = 0; i < n; ++i) {
    segments.push_back(SegmentsFrom(static_cast<int>(i), n, edges));
  }
  for (size_t i = 0; i < n; ++i) {
    IdVector<DeviceId, std::optional<Route>> routes;
    routes.raw() = RoutesFrom(i, segments);
    target.routes.Add(std::move(routes));
  }
}

}  // namespace allot
