#include "target/routing.h"

#include <algorithm>
#include <functional>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "support/random.h"

namespace allot {
namespace {

Target Machine(std::vector<std::string> devices, std::vector<std::string> switches,
               std::vector<Link> links) {
  Target target;
  for (std::string& name : devices) {
    Device device;
    device.name = std::move(name);
    target.devices.Add(std::move(device));
  }
  target.switches = std::move(switches);
  target.links = std::move(links);
  BuildRoutes(target);
  return target;
}

std::vector<std::string> ChannelNames(const Target& target, int from, int to) {
  std::vector<std::string> names;
  for (ChannelId id : target.routes[DeviceId(from)][DeviceId(to)].value().channels) {
    names.push_back(target.channels[id]);
  }
  return names;
}

using Names = std::vector<std::string>;
constexpr int64_t kGB = 1'000'000'000;
constexpr Picos kUs = kPicosPerMicro;

TEST(Routing, SwitchesCutThroughAndDevicesStore) {
  const Target target = Machine({"a", "b", "c"}, {"s"},
                                {{"a", "s", 10 * kGB, 2 * kUs, "", false},
                                 {"s", "b", 5 * kGB, 3 * kUs, "", false},
                                 {"b", "c", 20 * kGB, kUs, "", false}});
  const Route& ab = target.routes[DeviceId(0)][DeviceId(1)].value();
  ASSERT_EQ(ab.segments.size(), 1u);
  EXPECT_EQ(ab.segments[0], (Route::Segment{5 * kUs, 5 * kGB}));
  const Route& ac = target.routes[DeviceId(0)][DeviceId(2)].value();
  ASSERT_EQ(ac.segments.size(), 2u);
  EXPECT_EQ(ac.segments[1], (Route::Segment{kUs, 20 * kGB}));
  // 10 kB: 5 us + 2 us, then 1 us + 0.5 us.
  EXPECT_EQ(ac.Time(10'000), 8 * kUs + kUs / 2);
  EXPECT_EQ(ChannelNames(target, 0, 2), (Names{"a->s", "s->b", "b->c"}));
  EXPECT_EQ(ChannelNames(target, 2, 0), (Names{"s->a", "b->s", "c->b"}));
  EXPECT_EQ(target.routes[DeviceId(1)][DeviceId(1)], Route{});
  EXPECT_EQ(Route{}.Time(1 << 20), 0);
}

TEST(Routing, NoPathIsNoRoute) {
  const Target target = Machine({"a", "b"}, {"s"}, {{"a", "s", kGB, 0, "", false}});
  EXPECT_FALSE(target.routes[DeviceId(0)][DeviceId(1)].has_value());
  EXPECT_TRUE(target.routes[DeviceId(0)][DeviceId(0)].has_value());
}

TEST(Routing, ChannelsAreSharedByNameAndByHalfDuplex) {
  const Target target = Machine({"a", "b", "c", "d"}, {},
                                {{"a", "b", kGB, 0, "bus", true},
                                 {"b", "c", kGB, 0, "bus", true},
                                 {"c", "d", kGB, 0, "up", false},
                                 {"d", "a", kGB, 0, "up", false},
                                 {"a", "c", kGB * 100, 0, "", true},
                                 {"a", "c", kGB * 100, 0, "", true}});
  EXPECT_EQ(ChannelNames(target, 0, 1), (Names{"bus"}));
  EXPECT_EQ(ChannelNames(target, 1, 2), (Names{"bus"}));
  EXPECT_EQ(ChannelNames(target, 2, 3), (Names{"up>"}));
  EXPECT_EQ(ChannelNames(target, 3, 2), (Names{"up<"}));
  EXPECT_EQ(ChannelNames(target, 3, 0), (Names{"up>"}));
  EXPECT_EQ(ChannelNames(target, 0, 2), (Names{"a<->c"})) << "the earlier of two equal wires";
  EXPECT_EQ(target.channels.raw(), (Names{"bus", "up>", "up<", "a<->c", "a<->c#2"}));
}

TEST(Routing, TakesTheWiderPathWhenBytesDecide) {
  // Through s: 1 us but narrow; through t and u: 30 us but wide. 1 MiB decides.
  std::vector<Link> links = {
      {"a", "s", kGB, 0, "", false},      {"s", "b", kGB, kUs, "", false},
      {"a", "t", 50 * kGB, 0, "", false}, {"t", "s", 50 * kGB, 15 * kUs, "", false},
      {"s", "u", 50 * kGB, 0, "", false}, {"u", "b", 50 * kGB, 15 * kUs, "", false}};
  const Target target = Machine({"a", "b"}, {"s", "t", "u"}, links);
  EXPECT_EQ(ChannelNames(target, 0, 1), (Names{"a->t", "t->s", "s->u", "u->b"}));
}

// Every simple path, tried one by one.
Picos BestByEnumeration(const Target& target, int from, int to) {
  const size_t n = target.devices.size();
  std::vector<std::string> names;
  for (const Device& device : target.devices) names.push_back(device.name);
  names.insert(names.end(), target.switches.begin(), target.switches.end());
  std::vector<bool> used(names.size());
  Picos best = -1;
  Route route;
  const std::function<void(size_t, bool)> walk = [&](size_t at, bool fresh) {
    if (at == static_cast<size_t>(to)) {
      const Picos time = route.Time(kRoutedBytes);
      if (best < 0 || time < best) best = time;
      return;
    }
    used[at] = true;
    for (const Link& link : target.links) {
      for (const bool forward : {true, false}) {
        const std::string& here = forward ? link.from : link.to;
        const std::string& there = forward ? link.to : link.from;
        if (here != names[at]) continue;
        const size_t next =
            static_cast<size_t>(std::find(names.begin(), names.end(), there) - names.begin());
        if (used[next]) continue;
        const Route saved = route;
        if (fresh) {
          route.segments.push_back({link.latency, link.bandwidth});
        } else {
          route.segments.back().latency += link.latency;
          route.segments.back().bandwidth =
              std::min(route.segments.back().bandwidth, link.bandwidth);
        }
        walk(next, next < n);
        route = saved;
      }
    }
    used[at] = false;
  };
  walk(static_cast<size_t>(from), true);
  return best;
}

TEST(Routing, IsOptimalOnRandomMachines) {
  Random random(3);
  int reached = 0, multi = 0;
  for (int round = 0; round < 300; ++round) {
    std::vector<std::string> devices, switches, ends;
    for (int64_t i = random.Between(2, 4); i > 0; --i) devices.push_back("d" + std::to_string(i));
    for (int64_t i = random.Between(0, 3); i > 0; --i) switches.push_back("s" + std::to_string(i));
    ends = devices;
    ends.insert(ends.end(), switches.begin(), switches.end());
    std::vector<Link> links;
    for (int64_t i = random.Between(1, 8); i > 0; --i) {
      const size_t from = static_cast<size_t>(random.Below(static_cast<int64_t>(ends.size())));
      const size_t to = static_cast<size_t>(random.Below(static_cast<int64_t>(ends.size())));
      if (from == to) continue;
      links.push_back({ends[from], ends[to], random.Between(1, 5) * 10 * kGB,
                       random.Between(0, 4) * 20 * kUs, "", false});
    }
    const Target target = Machine(devices, switches, links);
    for (int from = 0; from < static_cast<int>(devices.size()); ++from) {
      for (int to = 0; to < static_cast<int>(devices.size()); ++to) {
        if (from == to) continue;
        const std::optional<Route>& route = target.routes[DeviceId(from)][DeviceId(to)];
        const Picos best = BestByEnumeration(target, from, to);
        ASSERT_EQ(route.has_value(), best >= 0);
        if (!route.has_value()) continue;
        ASSERT_EQ(route->Time(kRoutedBytes), best) << "round " << round;
        ++reached;
        multi += route->segments.size() > 1;
      }
    }
  }
  EXPECT_GT(reached, 500);
  EXPECT_GT(multi, 20);
}

TEST(Routing, TimesSaturate) {
  const Route slow = {{{kMaxPicos, 1}, {kMaxPicos, 1}}, {}};
  EXPECT_EQ(slow.Time(int64_t{1} << 62), kMaxPicos);
  const Route broken = {{{0, 0}}, {}};
  EXPECT_EQ(broken.Time(1), kMaxPicos);
}

}  // namespace
}  // namespace allot
