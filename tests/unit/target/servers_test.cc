// Servers, racks and networks of a target file.
#include <algorithm>
#include <iterator>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"

#include "support/random.h"
#include "target/target_json.h"
#include "tests/models/damaged_target.h"

namespace allot {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr char kFarm[] = R"({
  "schema": "allot.target/1", "name": "farm",
  "racks": [
    {"name": "r", "count": 2,
     "servers": [
       {"name": "s", "count": 2,
        "devices": [{"name": "cpu", "kind": "cpu", "memory": "64GiB", "flops": {"float32": "1T"},
                     "memory_bandwidth": "100GB/s"},
                    {"name": "gpu", "count": 3, "kind": "gpu", "memory": "16GiB",
                     "flops": {"float32": "10T"}, "memory_bandwidth": "1TB/s",
                     "runtime": {"provider": "cuda"}}],
        "switches": ["pcie"],
        "links": [{"from": "cpu", "to": "pcie", "bandwidth": "25GB/s", "latency_us": 1},
                  {"from": "gpu", "to": "pcie", "bandwidth": "20GB/s", "latency_us": 1,
                   "channel": "riser"},
                  {"from": "gpu", "to": "gpu", "bandwidth": "300GB/s", "latency_us": 2}]}],
     "network": {"bandwidth": "100Gb/s", "latency_us": 10}}],
  "network": {"bandwidth": "40Gb/s", "latency_us": 30},
  "rules": [{"pin": "r1.s0.gpu2", "name": "head"}]
})";

constexpr char kPair[] = R"({
  "schema": "allot.target/1", "name": "pair",
  "servers": [{"name": "a", "count": 2, "devices": [
    {"name": "cpu0", "kind": "cpu", "memory": "1GiB", "flops": {"float32": "1T"},
     "memory_bandwidth": "10GB/s"}]}],
  "network": {"bandwidth": "1Gb/s", "latency_us": 100}
})";

std::string Replace(std::string text, const std::string& from, const std::string& to) {
  const size_t at = text.find(from);
  EXPECT_NE(at, std::string::npos) << from;
  return text.replace(at, from.size(), to);
}

Target Parsed(const std::string& text) {
  absl::StatusOr<Target> target = ParseTarget(text, "t.json");
  EXPECT_TRUE(target.ok()) << target.status();
  return target.ok() ? *std::move(target) : Target();
}

const Route& RouteOf(const Target& target, const char* from, const char* to) {
  return *target.routes[*target.FindDevice(from)][*target.FindDevice(to)];
}

size_t SharedChannels(const Route& a, const Route& b) {
  std::vector<ChannelId> both;
  std::set_intersection(a.channels.begin(), a.channels.end(), b.channels.begin(), b.channels.end(),
                        std::back_inserter(both));
  return both.size();
}

TEST(Servers, StandForDevicesAndTheirHosts) {
  const Target pair = Parsed(kPair);
  ASSERT_EQ(pair.devices.size(), 2u);
  EXPECT_EQ(pair.devices[DeviceId(0)].name, "a0.cpu0");
  EXPECT_EQ(pair.devices[DeviceId(0)].host, "a0");
  EXPECT_EQ(pair.devices[DeviceId(1)].name, "a1.cpu0");
  EXPECT_EQ(pair.devices[DeviceId(1)].host, "a1");
  EXPECT_THAT(pair.switches, ElementsAre("network"));
  // The stated latency is that from server to server, bits are an eighth of a byte.
  EXPECT_THAT(RouteOf(pair, "a0.cpu0", "a1.cpu0").segments,
              ElementsAre(Route::Segment{100 * kPicosPerMicro, 125'000'000}));

  const Target named = Parsed(Replace(kPair, R"("name": "a", "count": 2)",
                                      R"("hosts": ["node7.example.org", "10.0.0.2"])"));
  EXPECT_EQ(named.devices[DeviceId(0)].name, "node7.example.org.cpu0");
  EXPECT_EQ(named.devices[DeviceId(1)].host, "10.0.0.2");

  const Target one = Parsed(Replace(kPair, R"("count": 2, )", ""));
  ASSERT_EQ(one.devices.size(), 1u);
  EXPECT_EQ(one.devices[DeviceId(0)].name, "a.cpu0");
}

TEST(Servers, StandInRacks) {
  const Target farm = Parsed(kFarm);
  ASSERT_EQ(farm.devices.size(), 16u);
  EXPECT_EQ(farm.devices[DeviceId(15)].name, "r1.s1.gpu2");
  EXPECT_EQ(farm.devices[DeviceId(15)].host, "r1.s1");
  EXPECT_EQ(farm.devices[DeviceId(15)].runtime.ordinal, 2);
  EXPECT_EQ(farm.switches.size(), 7u);
  EXPECT_EQ(farm.links.size(), 4u * (1 + 3 + 3 + 1) + 2);
  EXPECT_EQ(farm.rules[0].device, *farm.FindDevice("r1.s0.gpu2"));

  // Each level costs its own latency and is as fast as its slowest link.
  const Picos us = kPicosPerMicro;
  EXPECT_THAT(RouteOf(farm, "r0.s0.gpu0", "r0.s0.gpu1").segments,
              ElementsAre(Route::Segment{2 * us, 300'000'000'000}));
  EXPECT_THAT(RouteOf(farm, "r0.s0.gpu0", "r0.s1.gpu1").segments,
              ElementsAre(Route::Segment{(1 + 10 + 1) * us, 12'500'000'000}));
  EXPECT_THAT(RouteOf(farm, "r0.s0.gpu0", "r1.s1.gpu1").segments,
              ElementsAre(Route::Segment{(1 + 10 + 30 + 1) * us, 5'000'000'000}));
}

TEST(Servers, ShareTheirPort) {
  const Target farm = Parsed(kFarm);
  // Out of one server by different ways: its port, and of the riser what each holds.
  EXPECT_EQ(SharedChannels(RouteOf(farm, "r0.s0.gpu0", "r0.s1.cpu"),
                           RouteOf(farm, "r0.s0.cpu", "r1.s1.cpu")),
            1u);
  EXPECT_EQ(SharedChannels(RouteOf(farm, "r0.s0.gpu0", "r0.s1.cpu"),
                           RouteOf(farm, "r0.s0.gpu1", "r1.s1.cpu")),
            2u);
  EXPECT_EQ(SharedChannels(RouteOf(farm, "r0.s0.cpu", "r0.s1.cpu"),
                           RouteOf(farm, "r0.s1.cpu", "r0.s0.cpu")),
            0u)
      << "full duplex";
  // Two racks' traffic with each other shares the way between them.
  EXPECT_EQ(SharedChannels(RouteOf(farm, "r0.s0.cpu", "r1.s0.cpu"),
                           RouteOf(farm, "r0.s1.cpu", "r1.s1.cpu")),
            2u);
}

TEST(Servers, AreWrittenAsWhatTheyStandFor) {
  for (const char* text : {kFarm, kPair}) {
    const Target target = Parsed(text);
    const std::string printed = PrintTarget(target);
    const Target again = Parsed(printed);
    EXPECT_EQ(PrintTarget(again), printed);
    EXPECT_EQ(again.routes, target.routes);
  }
}

TEST(Servers, StandBesideDevicesAndLinksOfOnesOwn) {
  const Target target = Parsed(
      Replace(kPair, R"("network": {"bandwidth": "1Gb/s", "latency_us": 100})",
              R"("devices": [{"name": "desk", "kind": "cpu", "memory": 1, "flops": {"default": 1},
                      "memory_bandwidth": 1}],
         "topology": {"switches": ["hub"], "links": [
            {"from": "a0.cpu0", "to": "hub", "bandwidth": "1GB/s"},
            {"from": "a1.cpu0", "to": "hub", "bandwidth": "1GB/s"},
            {"from": "desk", "to": "hub", "bandwidth": "1GB/s"}]})"));
  ASSERT_EQ(target.devices.size(), 3u);
  EXPECT_EQ(target.devices[DeviceId(0)].name, "desk");
  EXPECT_EQ(target.devices[DeviceId(0)].host, "");
  EXPECT_EQ(RouteOf(target, "desk", "a1.cpu0").segments.size(), 1u);
}

struct WrongCase {
  const char *from, *to, *message;
};

void ExpectErrors(const char* text, const std::vector<WrongCase>& cases) {
  for (const WrongCase& wrong : cases) {
    const absl::StatusOr<Target> parsed =
        ParseTarget(Replace(text, wrong.from, wrong.to), "t.json");
    ASSERT_FALSE(parsed.ok()) << wrong.message;
    EXPECT_EQ(std::string(parsed.status().message()), absl::StrCat("t.json: ", wrong.message));
  }
}

TEST(Servers, OfALargeMachineAShareIsTaken) {
  const std::string text = Replace(kPair, R"("count": 2)", R"("count": 1024)");
  Diagnostics notes;
  const absl::StatusOr<Target> target = ParseTarget(text, "t.json", notes);
  ASSERT_TRUE(target.ok()) << target.status();
  EXPECT_EQ(target->devices.size(), 128u);
  ASSERT_EQ(notes.all().size(), 1u);
  EXPECT_EQ(notes.all()[0].severity, Severity::kNote);
  EXPECT_THAT(notes.all()[0].message, HasSubstr("has 1024 devices; planned is one of 8"));
  // It is what would be read of a machine of that size.
  const absl::StatusOr<Target> small =
      ParseTarget(Replace(kPair, R"("count": 2)", R"("count": 128)"), "t.json");
  EXPECT_EQ(PrintTarget(*target), PrintTarget(*small));
}

TEST(Servers, AShareMayBeASingleServer) {
  // A prime number of servers.
  const absl::StatusOr<Target> target =
      ParseTarget(Replace(kPair, R"("count": 2)", R"("count": 131)"), "t.json");
  ASSERT_TRUE(target.ok()) << target.status();
  EXPECT_EQ(target->devices.size(), 1u);
}

TEST(Servers, EachMistakeIsOneErrorWithItsPlace) {
  ExpectErrors(
      kPair,
      {{R"("count": 2)", R"("count": 0)", "servers[0].count: must lie between 1 and 4096"},
       {R"("count": 2)", R"("count": 4097)", "servers[0].count: must lie between 1 and 4096"},
       {R"("name": "a", )", "", "servers[0]: key 'name' is missing"},
       {R"("name": "a")", R"("hosts": [])",
        "servers[0].hosts: stands in place of 'name' and "
        "'count'\nerror: t.json: servers[0].hosts: names no "
        "server"},
       {R"("name": "a", "count": 2)", R"("hosts": ["b", "b"])",
        "servers[0].hosts: 'b.cpu0' is declared twice"},
       {R"("name": "cpu0", )", R"("name": "cpu0", "host": "b", )",
        "servers[0].devices[0].host: is that of the server; leave it out"},
       {R"("memory": "1GiB", )", "", "servers[0].devices[0]: 'memory' is missing"},
       {R"("count": 2, "devices": [)", R"("count": 2, "uplinc": "cpu0", "devices": [)",
        "servers[0]: unknown key 'uplinc'; did you mean 'uplink'?"},
       {R"("count": 2, "devices": [)", R"("count": 2, "uplink": "cpu1", "devices": [)",
        "servers[0].uplink: 'cpu1' is neither a device nor a switch of this server; did you mean "
        "'cpu0'?"},
       {R"("count": 2, "devices": [)", R"("count": 2, "switches": ["p", "q"], "devices": [)",
        "servers[0]: 'uplink' is missing: which of cpu0, p, q reaches the network"},
       {R"("name": "cpu0", )", R"("name": "cpu", "count": 2, )",
        "servers[0]: 'uplink' is missing: which of cpu0, cpu1 reaches the network"},
       {R"("name": "cpu0", )", R"("name": "cpu0", "count": 2, "runtime": {"cores": "0"}, )",
        "servers[0].devices[0].runtime.cores: are the same for 2 devices; describe each by itself, "
        "without 'count'"},
       {R"("bandwidth": "1Gb/s", )", "", "network: 'bandwidth' is missing"},
       {R"("1Gb/s")", R"("1Gs")",
        "network.bandwidth: cannot read '1Gs'; write it like '25Gb/s' or '3.125GB/s'"},
       {R"(,
  "network": {"bandwidth": "1Gb/s", "latency_us": 100})",
        "",
        "'network' is missing: what joins the 2 servers; write it like {\"bandwidth\": "
        "\"25Gb/s\"}"}});
}

TEST(Servers, EachMistakeInARackIsOneErrorWithItsPlace) {
  ExpectErrors(
      kFarm,
      {{R"(
  "network": {"bandwidth": "40Gb/s", "latency_us": 30},)",
        "",
        "'network' is missing: what joins the 2 racks; write it like {\"bandwidth\": \"25Gb/s\"}"},
       {R"("name": "s", "count": 2)", R"("name": "s", "count": 40)",
        "racks: with them the target has 320 devices, more than 128"},
       {R"("count": 3)", R"("count": 128)",
        "racks[0].servers[0].devices[1].count: with it the server has more than 128 devices"},
       {R"("from": "cpu", "to": "pcie")", R"("from": "cpu", "to": "cpu")",
        "racks[0].servers[0].links[0].to: the link joins 'cpu' to itself"},
       {R"("latency_us": 2})", R"("duplex": "half", "channel": "riser"})",
        "racks[0].servers[0].links[2].duplex: the links of channel 'riser' must all be full or all "
        "be half duplex"},
       {R"("switches": ["pcie"])", R"("switches": ["pcie", "gpu0"])",
        "racks[0].servers[0].switches: 'gpu0' is declared twice"},
       {R"("pin": "r1.s0.gpu2")", R"("pin": "r1.s0.gpu3")",
        "rules[0].pin: there is no device 'r1.s0.gpu3'; did you mean 'r1.s0.gpu0'?"},
       {R"(,
     "network": {"bandwidth": "100Gb/s", "latency_us": 10})",
        "", "racks[0]: 'network' is missing: what joins the rack's servers"}});
}

TEST(Servers, ANetworkJoinsSomething) {
  const std::string text =
      Replace(kPair, R"("servers": [{"name": "a", "count": 2, "devices": [)", R"("devices": [)");
  EXPECT_EQ(
      ParseTarget(Replace(text, "\"10GB/s\"}]}]", "\"10GB/s\"}]"), "t.json").status().message(),
      "t.json: network: joins servers or racks, and there are none");
}

TEST(Servers, SurviveDamagedText) {
  EXPECT_GT(testing::AcceptedWhenDamaged({kFarm, kPair}, "gpu", 4000, Random(8)), 100);
}

}  // namespace
}  // namespace allot
