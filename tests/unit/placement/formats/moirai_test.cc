// The format of moirai-placement/moirai: what an instance becomes, and what is refused.
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "placement/formats/problem_json.h"
#include "placement/value/evaluate.h"

namespace allot {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

// Two edges between the same operators.
constexpr char kSmall[] = R"({
  "source": "written by hand", "units": {"time": "ms", "memory": "none"},
  "devices": [{"name": "d0"}, {}],
  "ops": [{"id": 5, "time": [1, 0.5]}, {"id": 2, "time": [null, 4]}, {"id": 9, "time": [3, 3]}],
  "edges": [
    {"from": 5, "to": 2, "time": [[9, 0.25], [0.125, 9]]},
    {"from": 5, "to": 2, "time": [[0, 1], [1, 0]]},
    {"from": 5, "to": 9, "time": [[0, 2], [2, 0]]}
  ]
})";

std::string Replace(std::string text, const std::string& from, const std::string& to) {
  const size_t at = text.find(from);
  EXPECT_NE(at, std::string::npos) << from;
  return text.replace(at, from.size(), to);
}

TEST(Moirai, EveryEdgeIsATransferOfItsOwn) {
  const absl::StatusOr<PlacementProblem> problem = ReadProblem(kSmall, "m.json");
  ASSERT_TRUE(problem.ok()) << problem.status();
  EXPECT_EQ(problem->objective, PlacementObjective::kLatency);
  EXPECT_EQ(problem->communication, Communication::kDelay);
  EXPECT_TRUE(problem->routes.empty());
  EXPECT_EQ(problem->devices[DeviceId(0)].name, "d0");
  EXPECT_EQ(problem->devices[DeviceId(1)].name, "d1");
  EXPECT_EQ(problem->items[ItemId(0)].name, "5");
  EXPECT_THAT(problem->items[ItemId(1)].time.raw(), ElementsAre(std::nullopt, 4'000'000'000));
  ASSERT_EQ(problem->flows.size(), 3u);
  EXPECT_THAT(problem->flows[FlowId(1)].to, ElementsAre(ItemId(1)));
  EXPECT_EQ(problem->TransferTime(FlowId(0), DeviceId(0), DeviceId(1)), 250'000'000);
  EXPECT_EQ(problem->TransferTime(FlowId(0), DeviceId(0), DeviceId(0)), 0)
      << "what stays takes no time";
}

TEST(Moirai, LinksQueueWhatLeavesAndWhatEntersADevice) {
  ProblemOptions options;
  options.communication = Communication::kLink;
  const absl::StatusOr<PlacementProblem> problem = ReadProblem(kSmall, "m.json", options);
  ASSERT_TRUE(problem.ok()) << problem.status();
  EXPECT_EQ(problem->num_channels, 4u);
  EXPECT_THAT(problem->Channels(DeviceId(0), DeviceId(1)), ElementsAre(ChannelId(0), ChannelId(3)));
  EXPECT_THAT(problem->Channels(DeviceId(1), DeviceId(0)), ElementsAre(ChannelId(1), ChannelId(2)));
  const ProblemGraph graph = BuildGraph(*problem);
  Solution solution{Placement(3, DeviceId(1)), graph.topological};
  solution.device_of[ItemId(0)] = DeviceId(0);
  // Three transfers of 0.25, 1 and 2 ms one after the other; 4 ms and 3 ms of work behind them.
  EXPECT_EQ(Evaluate(*problem, graph, solution).objective, 9'250'000'000);
}

TEST(Moirai, SaysWhatIsWrongAndWhere) {
  const struct {
    const char *from, *to, *message;
  } cases[] = {
      {"\"ms\"", "\"s\"", "m.json: units.time: times in 's' cannot be read; give them in ms"},
      {"[{\"name\": \"d0\"}, {}]", "[]", "devices: there must be at least one device"},
      {"[{\"name\": \"d0\"}, {}]", "[{}, {}, {}]", "ops[0].time: has 2 entries, but there"},
      {"\"id\": 2", "\"id\": 5", "ops[1].id: operator 5 is already ops[0]"},
      {"\"id\": 2,", "", "ops[1]: key 'id' is missing"},
      {"[1, 0.5]", "[1, -0.5]", "ops[0].time[1]: must lie between 0"},
      {"\"time\": [1, 0.5]", "\"tim\": 1", "ops[0].time: expected an array with an entry"},
      {"[null, 4]", "[null, null]", "item 1 '2': no device can run it"},
      {"\"to\": 9", "\"to\": 8", "edges[2].to: there is no operator 8"},
      {"\"to\": 9", "\"to\": 5", "edges[2].to: operator 5 feeds itself"},
      {"[[0, 2], [2, 0]]", "[[0, 2]]", "edges[2].time: has 1 entries"},
      {"[[0, 2], [2, 0]]", "[[0, 2], [2]]", "edges[2].time[1]: has 1 entries"},
      {"[[0, 2], [2, 0]]", "[[0, null], [2, 0]]", "edges[2].time[0][1]: expected millisec"},
      {"\"from\": 5, \"to\": 9", "\"from\": 2, \"to\": 5", "cycle of flows"},
  };
  for (const auto& each : cases) {
    const std::string message(
        ReadProblem(Replace(kSmall, each.from, each.to), "m.json").status().message());
    EXPECT_THAT(message, HasSubstr(each.message)) << each.to;
    EXPECT_EQ(message.substr(0, 6), "m.json");
  }
  ProblemOptions options;
  options.calls_per_device = 1;
  EXPECT_THAT(std::string(ReadProblem(kSmall, "m.json", options).status().message()),
              HasSubstr("knows no calls"));
}

}  // namespace
}  // namespace allot
