#include "placement/formats/problem_json.h"

#include <string>
#include <utility>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/random.h"
#include "tests/models/damaged_json.h"
#include "tests/models/random_problem.h"

namespace allot {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

// Everything that the schema can say.
constexpr char kFull[] = R"({
  "schema": "allot.problem/1",
  "note": "two devices and a bus",
  "objective": "throughput",
  "communication": "blocking",
  "contiguous": true,
  "launch_on_arrival": true,
  "devices": [
    {"name": "cpu", "memory": "16GiB", "part_cost": "2us"},
    {"name": "gpu", "note": "no limit", "max_parts": 3}
  ],
  "channels": 2,
  "routes": [
    {"from": "cpu", "to": "gpu", "segments": [{"latency": "10us", "bandwidth": "25GB/s"},
                                              {"bandwidth": 1000000000}], "channels": [1, 0]},
    {"from": "gpu", "to": 0}
  ],
  "items": [
    {"name": "a", "time": [1500, "0.5ns"], "memory": 100, "workspace": "1KiB"},
    {"name": "b", "time": [null, "3ms"], "backward": true},
    {"name": "c", "time": ["1 s", 0]}
  ],
  "flows": [
    {"from": "a", "to": ["c", "b"], "bytes": "4KiB"},
    {"from": "b", "to": ["c"], "time": [[0, "1us"], [7, 0]]},
    {"from": "c", "to": [], "staging": ["1us", 2]}
  ],
  "shared": [{"bytes": 64, "items": ["c", 0]}],
  "together": [["a", "b"], ["b", "c"]]
})";

std::string Replace(std::string text, const std::string& from, const std::string& to) {
  const size_t at = text.find(from);
  EXPECT_NE(at, std::string::npos) << from;
  return text.replace(at, from.size(), to);
}

// Names every field, so that a new one does not compile until it is compared and written, too.
void ExpectEqual(const PlacementProblem& a, const PlacementProblem& b) {
  const auto& [devices, num_channels, routes] = static_cast<const Machine&>(a);
  const auto& [items, flows, shared, together] = static_cast<const Workload&>(a);
  const auto& [objective, communication, execution, calls_per_device, contiguous,
               launch_on_arrival] = static_cast<const PlacementQuestion&>(a);
  EXPECT_EQ(objective, b.objective);
  EXPECT_EQ(communication, b.communication);
  EXPECT_EQ(execution, b.execution);
  EXPECT_EQ(calls_per_device, b.calls_per_device);
  EXPECT_EQ(contiguous, b.contiguous);
  EXPECT_EQ(launch_on_arrival, b.launch_on_arrival);
  EXPECT_EQ(num_channels, b.num_channels);
  EXPECT_EQ(together, b.together);
  ASSERT_EQ(routes.size(), b.routes.size());
  ASSERT_EQ(devices.size(), b.devices.size());
  for (const DeviceId id : devices.ids()) {
    const auto& [name, memory, part_cost, pool, max_parts] = devices[id];
    EXPECT_EQ(name, b.devices[id].name);
    EXPECT_EQ(memory, b.devices[id].memory);
    EXPECT_EQ(part_cost, b.devices[id].part_cost);
    EXPECT_EQ(max_parts, b.devices[id].max_parts);
    EXPECT_EQ(pool, b.devices[id].pool);
    for (const DeviceId to : devices.ids()) {
      if (routes.empty() || id == to) continue;
      EXPECT_EQ(routes[id][to], b.routes[id][to]);
    }
  }
  ASSERT_EQ(items.size(), b.items.size());
  for (const ItemId id : items.ids()) {
    const auto& [name, memory, workspace, time, backward] = items[id];
    EXPECT_EQ(name, b.items[id].name);
    EXPECT_EQ(memory, b.items[id].memory);
    EXPECT_EQ(workspace, b.items[id].workspace);
    EXPECT_EQ(time, b.items[id].time);
    EXPECT_EQ(backward, b.items[id].backward);
  }
  ASSERT_EQ(flows.size(), b.flows.size());
  for (const FlowId id : flows.ids()) {
    const auto& [from, to, bytes, time, staging] = flows[id];
    EXPECT_EQ(from, b.flows[id].from);
    EXPECT_EQ(to, b.flows[id].to);
    EXPECT_EQ(bytes, b.flows[id].bytes);
    EXPECT_EQ(time, b.flows[id].time);
    EXPECT_EQ(staging, b.flows[id].staging);
  }
  ASSERT_EQ(shared.size(), b.shared.size());
  for (size_t i = 0; i < shared.size(); ++i) {
    const auto& [bytes, sharers] = shared[i];
    EXPECT_EQ(bytes, b.shared[i].bytes);
    EXPECT_EQ(sharers, b.shared[i].items);
  }
}

TEST(ProblemJson, ReadsEverything) {
  const absl::StatusOr<PlacementProblem> read = ReadProblem(kFull, "full.json");
  ASSERT_TRUE(read.ok()) << read.status();
  const DeviceId cpu(0), gpu(1);
  EXPECT_EQ(read->objective, PlacementObjective::kThroughput);
  EXPECT_EQ(read->communication, Communication::kBlocking);
  EXPECT_TRUE(read->contiguous);
  EXPECT_TRUE(read->launch_on_arrival);
  EXPECT_EQ(read->devices[cpu].memory, Bytes{16} << 30);
  EXPECT_EQ(read->devices[cpu].part_cost, 2 * kPicosPerMicro);
  EXPECT_GE(read->devices[gpu].memory, Bytes{1} << 50);
  EXPECT_EQ(read->num_channels, 2u);
  ASSERT_TRUE(read->routes[cpu][gpu].has_value());
  EXPECT_EQ(*read->routes[cpu][gpu],
            (Route{{{10 * kPicosPerMicro, 25'000'000'000}, {0, 1'000'000'000}},
                   {ChannelId(0), ChannelId(1)}}));
  EXPECT_EQ(read->routes[gpu][cpu], Route());
  EXPECT_THAT(read->items[ItemId(0)].time.raw(), ElementsAre(1500, 500));
  EXPECT_EQ(read->items[ItemId(0)].memory, 100);
  EXPECT_EQ(read->items[ItemId(0)].workspace, 1024);
  EXPECT_THAT(read->items[ItemId(1)].time.raw(), ElementsAre(std::nullopt, 3 * kPicosPerMilli));
  EXPECT_TRUE(read->items[ItemId(1)].backward);
  EXPECT_THAT(read->items[ItemId(2)].time.raw(), ElementsAre(kPicosPerSecond, 0));
  EXPECT_THAT(read->flows[FlowId(0)].to, ElementsAre(ItemId(1), ItemId(2))) << "sorted";
  EXPECT_EQ(read->flows[FlowId(0)].bytes, 4096);
  EXPECT_EQ(read->flows[FlowId(1)].time[gpu][cpu], 7);
  EXPECT_THAT(read->flows[FlowId(2)].staging.raw(), ElementsAre(kPicosPerMicro, 2));
  EXPECT_THAT(read->shared[0].items, ElementsAre(ItemId(2), ItemId(0)));
  EXPECT_EQ(read->together.size(), 2u);

  const absl::StatusOr<PlacementProblem> again = ReadProblem(WriteProblem(*read), "again.json");
  ASSERT_TRUE(again.ok()) << again.status();
  ExpectEqual(*read, *again);
}

TEST(ProblemJson, OptionsAskAnotherQuestion) {
  ProblemOptions options;
  options.objective = PlacementObjective::kLatency;
  options.communication = Communication::kDelay;
  options.format = "allot";
  const absl::StatusOr<PlacementProblem> read = ReadProblem(kFull, "full.json", options);
  ASSERT_TRUE(read.ok()) << read.status();
  EXPECT_EQ(read->objective, PlacementObjective::kLatency);
  EXPECT_EQ(read->communication, Communication::kDelay);
  options.calls_per_device = 2;
  EXPECT_THAT(std::string(ReadProblem(kFull, "full.json", options).status().message()),
              HasSubstr("full.json: execution: is not 'calls'"));
}

TEST(ProblemJson, WritesAndReadsAnyProblem) {
  for (uint64_t seed = 0; seed < 400; ++seed) {
    SCOPED_TRACE(seed);
    const PlacementProblem problem =
        testing::RandomProblem(seed, seed % 2 == 0 ? testing::RandomOptions(seed, 12)
                                                   : testing::RandomStagedOptions(seed, 12));
    const std::string text = WriteProblem(problem);
    const absl::StatusOr<PlacementProblem> read = ReadProblem(text, "p.json");
    ASSERT_TRUE(read.ok()) << read.status() << text;
    ExpectEqual(problem, *read);
    ASSERT_EQ(WriteProblem(*read), text);
  }
}

TEST(ProblemJson, NumbersStandForNamesThatDoNotTellApart) {
  PlacementProblem problem = *ReadProblem(kFull, "full.json");
  problem.items[ItemId(1)].name = "a";
  problem.items[ItemId(2)].name = "";
  problem.devices[DeviceId(1)].name = "cpu";
  const std::string text = WriteProblem(problem);
  EXPECT_THAT(text, HasSubstr("\"together\": [\n    [0, 1]"));
  const absl::StatusOr<PlacementProblem> read = ReadProblem(text, "p.json");
  ASSERT_TRUE(read.ok()) << read.status() << text;
  ExpectEqual(problem, *read);
  EXPECT_THAT(std::string(ReadProblem(Replace(text, "[\n    [0, 1]", "[\n    [\"a\", 1]"), "p.json")
                              .status()
                              .message()),
              HasSubstr("p.json: together[0][0]: more than one item is called 'a'"));
}

TEST(ProblemJson, SaysWhatIsWrongAndWhere) {
  const auto complaint = [](const std::string& from, const std::string& to) {
    return std::string(ReadProblem(Replace(kFull, from, to), "p.json").status().message());
  };
  const struct {
    const char *from, *to, *message;
  } cases[] = {
      {"allot.problem/1", "allot.problem/9", "p.json: schema: is 'allot.problem/9'"},
      {"allot.problem/1", "allot.target/1", "this version reads 'allot.problem/1'"},
      {"\"devices\"", "\"devics\"", "p.json: devices: there must be at least one device"},
      {"\"contiguous\"", "\"contigous\"", "unknown key 'contigous'; did you mean 'contiguous'?"},
      {"\"throughput\"", "\"speed\"", "objective: is 'speed'; it must be 'latency'"},
      {"\"blocking\"", "\"blocked\"", "communication: is 'blocked'"},
      {"\"contiguous\": true", "\"execution\": \"fast\"", "execution: is 'fast'"},
      {"\"contiguous\": true", "\"execution\": \"calls\"", "calls are for latency"},
      {"\"contiguous\": true", "\"calls_per_device\": 0", "calls_per_device: must lie"},
      {"\"contiguous\": true", "\"contiguous\": 1", "contiguous: expected true or false"},
      {"\"16GiB\"", "\"16GiBB\"", "devices[0].memory: cannot read '16GiBB'"},
      {"\"16GiB\"", "-1", "devices[0].memory: must not be negative"},
      {"\"16GiB\"", "1.5", "devices[0].memory: must be an integer or a text with a unit"},
      {"\"max_parts\": 3", "\"max_parts\": 0",
       "devices[1].max_parts: must be positive; leave it out to allow any number"},
      {"\"2us\"", "\"2 weeks\"", "devices[0].part_cost: cannot read '2 weeks'; write it"},
      {"\"2us\"", "2.5", "must be an integer of picoseconds or a text like \"1.5us\", not 2.5"},
      {"\"note\": \"no limit\"", "\"pool\": true", "only a problem of calls can have a pool"},
      {"\"channels\": 2", "\"channels\": -2", "channels: must lie between 0"},
      {"[1, 0]", "[1, 2]", "routes[0].channels[1]: must be the number of a channel"},
      {"[1, 0]", "[1, 1]", "routes[0].channels: names number 1 twice"},
      {"\"to\": 0}", "\"to\": 1}", "routes[1].to: a device needs no route to itself"},
      {"{\"from\": \"gpu\", \"to\": 0}", "{\"from\": \"cpu\", \"to\": 1}",
       "routes[1].to: there is already a route from 'cpu' to 'gpu'"},
      {"\"to\": 0}", "\"to\": 2}", "routes[1].to: there is no device 2; they count"},
      {"\"to\": 0}", "\"to\": \"cpo\"}", "there is no device 'cpo'; did you mean 'cpu'?"},
      {"\"to\": 0}", "\"to\": []}", "expected the name or the number of a device, not array"},
      {", \"to\": 0}", "}", "routes[1]: key 'to' is missing"},
      {"\"bandwidth\": 1000000000", "\"latency\": 0", "key 'bandwidth' is missing"},
      {"1000000000", "0", "segments[1].bandwidth: must be positive"},
      {"[1500, \"0.5ns\"]", "[1500]", "items[0].time: has 1 entries, but there are 2"},
      {"[1500, \"0.5ns\"]", "7", "items[0].time: expected an array with an entry for each"},
      {"\"time\": [1500, \"0.5ns\"], ", "", "items[0]: key 'time' is missing"},
      {"1500", "-1", "items[0].time[0]: must not be negative"},
      {"1500", "99999999999999999999", "items[0].time[0]: must be an integer of picosec"},
      {"[null, \"3ms\"]", "[null, null]", "item 1 'b': no device can run it"},
      {"[\"c\", \"b\"]", "[\"c\", \"c\"]", "flows[0].to: names number 2 twice"},
      {"[\"c\", \"b\"]", "\"c\"", "flows[0].to: expected an array of items, not string"},
      {"[\"c\", \"b\"]", "[\"c\", \"bb\"]", "flows[0].to[1]: there is no item 'bb'"},
      {", \"to\": [\"c\", \"b\"]", "", "flows[0]: key 'to' is missing"},
      {"[\"c\", \"b\"]", "[\"a\", \"b\"]", "item 0 'a' feeds itself"},
      {"{\"from\": \"c\", \"to\": []", "{\"from\": \"c\", \"to\": [\"a\"]", "cycle of flows"},
      {"[[0, \"1us\"], [7, 0]]", "[[0, \"1us\"]]", "flows[1].time: has 1 entries"},
      {"[[0, \"1us\"], [7, 0]]", "[[0, \"1us\"], [7]]", "flows[1].time[1]: has 1 entries"},
      {"[7, 0]", "[7, null]", "flows[1].time[1][1]: must be an integer of picoseconds"},
      {"\"bytes\": \"4KiB\"", "\"time\": [[0, 0], [0, 0]], \"staging\": [0, 0]",
       "flows[0].staging: a flow has either 'time' or 'staging'"},
      {"[\"1us\", 2]", "[2]", "flows[2].staging: has 1 entries"},
      {", \"items\": [\"c\", 0]", "", "shared[0]: key 'items' is missing"},
      {"[[\"a\", \"b\"], [\"b\", \"c\"]]", "[\"a\"]", "together[0]: expected an array of"},
      {"[[\"a\", \"b\"], [\"b\", \"c\"]]", "{}", "together: expected an array, not object"},
  };
  for (const auto& each : cases) {
    const std::string message = complaint(each.from, each.to);
    EXPECT_THAT(message, HasSubstr(each.message)) << each.to;
    EXPECT_EQ(message.substr(0, 6), "p.json") << message;
    // What else is wrong, or follows from it, stands in lines of its own.
    const size_t end = message.find('\n');
    if (end != std::string::npos) {
      EXPECT_EQ(message.substr(end, 15), "\nerror: p.json:") << message;
    }
  }
}

TEST(ProblemJson, RefusesWhatIsNoProblem) {
  const auto complaint = [](const char* text, const char* format) {
    ProblemOptions options;
    options.format = format;
    return std::string(ReadProblem(text, "p.json", options).status().message());
  };
  EXPECT_THAT(complaint("", ""), HasSubstr("p.json: line 1, column 1"));
  EXPECT_THAT(complaint("[1]", ""), HasSubstr("p.json: a problem is a JSON object, not array"));
  EXPECT_THAT(complaint("{\"nodes\": []}", ""),
              HasSubstr("p.json: is in no known format (allot, "));
  EXPECT_THAT(complaint("{}", "dnn-partitionin"),
              HasSubstr("no problem format 'dnn-partitionin', did you mean 'dnn-partitioning'?"));
  EXPECT_THAT(complaint("{}", "allot"), HasSubstr("p.json: key 'schema' is missing"));
}

// Random damage: either one clear error, or a problem whose text is a fixed point.
TEST(ProblemJson, SurvivesDamagedText) {
  Random random(7);
  int accepted = 0;
  for (int round = 0; round < 5000; ++round) {
    const std::string text = testing::DamagedJson(kFull, "a", random);
    const absl::StatusOr<PlacementProblem> problem = ReadProblem(text, "p.json");
    if (!problem.ok()) {
      EXPECT_EQ(problem.status().message().substr(0, 6), "p.json");
      continue;
    }
    ++accepted;
    const std::string printed = WriteProblem(*problem);
    const absl::StatusOr<PlacementProblem> again = ReadProblem(printed, "again.json");
    ASSERT_TRUE(again.ok()) << again.status() << printed;
    ASSERT_EQ(WriteProblem(*again), printed);
  }
  EXPECT_GT(accepted, 100);
}

}  // namespace
}  // namespace allot
