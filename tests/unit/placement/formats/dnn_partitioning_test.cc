// The format of msr-fiddle/dnn-partitioning: what an instance becomes, and what is refused.
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "placement/formats/problem_json.h"
#include "placement/value/evaluate.h"
#include "support/random.h"
#include "tests/models/damaged_json.h"

namespace allot {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

// 10 feeds 20 and -3, both feed 7; 20 runs on CPUs only, 10 and 7 share a colour.
constexpr char kSmall[] = R"({
  "maxSizePerFPGA": 100.5, "maxFPGAs": 2, "maxCPUs": 1.0,
  "nodes": [
    {"id": 10, "name": "x", "supportedOnFpga": 1, "cpuLatency": 8, "fpgaLatency": 1.5,
     "isBackwardNode": 0, "colorClass": 4, "size": 40.25, "layerId": 1},
    {"id": 20, "supportedOnFpga": false, "cpuLatency": 0.0000000015, "colorClass": null},
    {"id": -3, "supportedOnFpga": true, "cpuLatency": 6, "fpgaLatency": 2, "colorClass": 5,
     "size": 60.25},
    {"id": 7, "supportedOnFpga": 1, "cpuLatency": 5, "fpgaLatency": 0.5, "isBackwardNode": true,
     "colorClass": 4, "size": 0}
  ],
  "edges": [
    {"sourceId": 20, "destId": 7, "cost": 0.25},
    {"sourceId": 10, "destId": -3, "cost": 3, "size": 17},
    {"sourceId": 10, "destId": 20, "cost": 3.0},
    {"sourceId": 10, "destId": -3, "cost": 3},
    {"sourceId": -3, "destId": 7, "cost": 1}
  ]
})";

std::string Replace(std::string text, const std::string& from, const std::string& to) {
  const size_t at = text.find(from);
  EXPECT_NE(at, std::string::npos) << from;
  return text.replace(at, from.size(), to);
}

PlacementProblem Read(const std::string& text, const ProblemOptions& options = {}) {
  absl::StatusOr<PlacementProblem> problem = ReadProblem(text, "d.json", options);
  EXPECT_TRUE(problem.ok()) << problem.status();
  return problem.ok() ? *std::move(problem) : PlacementProblem();
}

TEST(DnnPartitioning, ThroughputHasBlockingDevicesAndStagedFlows) {
  const PlacementProblem problem = Read(kSmall);
  EXPECT_EQ(problem.objective, PlacementObjective::kThroughput);
  EXPECT_EQ(problem.communication, Communication::kBlocking);
  EXPECT_EQ(problem.execution, Execution::kItems);
  EXPECT_FALSE(problem.contiguous);
  ASSERT_EQ(problem.devices.size(), 3u);
  EXPECT_EQ(problem.devices[DeviceId(0)].name, "fpga0");
  EXPECT_EQ(problem.devices[DeviceId(1)].name, "fpga1");
  EXPECT_EQ(problem.devices[DeviceId(2)].name, "cpu0");
  EXPECT_FALSE(problem.devices[DeviceId(2)].pool);
  EXPECT_TRUE(problem.routes.empty());
  ASSERT_EQ(problem.items.size(), 4u);
  EXPECT_EQ(problem.items[ItemId(0)].name, "10");
  EXPECT_EQ(problem.items[ItemId(2)].name, "-3");
  EXPECT_THAT(problem.items[ItemId(0)].time.raw(),
              ElementsAre(1'500'000'000, 1'500'000'000, 8'000'000'000));
  EXPECT_THAT(problem.items[ItemId(1)].time.raw(), ElementsAre(std::nullopt, std::nullopt, 2))
      << "1.5 ps round to the nearest";
  EXPECT_FALSE(problem.items[ItemId(0)].backward);
  EXPECT_TRUE(problem.items[ItemId(3)].backward);
  // One flow per node that is read, in the order of the nodes; double edges count once.
  ASSERT_EQ(problem.flows.size(), 3u);
  EXPECT_EQ(problem.flows[FlowId(0)].from, ItemId(0));
  EXPECT_THAT(problem.flows[FlowId(0)].to, ElementsAre(ItemId(1), ItemId(2)));
  EXPECT_THAT(problem.flows[FlowId(0)].staging.raw(), ElementsAre(3'000'000'000, 3'000'000'000, 0));
  EXPECT_EQ(problem.flows[FlowId(0)].bytes, 0) << "tensors take no memory there";
  EXPECT_THAT(problem.together, ElementsAre(ElementsAre(ItemId(0), ItemId(3))));
}

TEST(DnnPartitioning, WhatFitsExactlyStillFitsAfterRounding) {
  // 40.25 + 60.25 is exactly the memory.
  PlacementProblem problem = Read(kSmall);
  EXPECT_EQ(problem.items[ItemId(0)].memory, 41);
  EXPECT_EQ(problem.items[ItemId(2)].memory, 61);
  const ProblemGraph graph = BuildGraph(problem);
  Solution solution{Placement(4, DeviceId(0)), graph.topological};
  solution.device_of[ItemId(1)] = DeviceId(2);
  EXPECT_TRUE(Evaluate(problem, graph, solution).feasible);
  problem = Read(Replace(kSmall, "60.25", "63.25"));
  EXPECT_FALSE(Evaluate(problem, graph, solution).feasible);
  // On CPUs anything fits.
  problem = Read(Replace(kSmall, "60.25", "1e17"));
  solution.device_of = Placement(4, DeviceId(2));
  EXPECT_TRUE(Evaluate(problem, graph, solution).feasible);
}

TEST(DnnPartitioning, LoadsAreThoseOfTheSource) {
  const PlacementProblem problem = Read(kSmall);
  const ProblemGraph graph = BuildGraph(problem);
  Solution solution{Placement(4, DeviceId(0)), graph.topological};
  solution.device_of[ItemId(1)] = DeviceId(2);
  solution.device_of[ItemId(2)] = DeviceId(1);
  const Score score = Evaluate(problem, graph, solution);
  EXPECT_TRUE(score.feasible);
  // 10 and 7, storing 10's output once, loading those of 20 and -3.
  EXPECT_EQ(score.load[DeviceId(0)], 2'000'000'000 + 3'000'000'000 + 250'000'000 + 1'000'000'000);
  // -3, loading 10's output and storing its own.
  EXPECT_EQ(score.load[DeviceId(1)], 2'000'000'000 + 3'000'000'000 + 1'000'000'000);
  EXPECT_EQ(score.load[DeviceId(2)], 2);
  EXPECT_EQ(score.objective, score.load[DeviceId(0)]);
}

TEST(DnnPartitioning, LatencyRunsInCallsBesideOnePool) {
  ProblemOptions options;
  options.objective = PlacementObjective::kLatency;
  PlacementProblem problem = Read(kSmall, options);
  EXPECT_EQ(problem.execution, Execution::kCalls);
  EXPECT_EQ(problem.calls_per_device, 1);
  ASSERT_EQ(problem.devices.size(), 3u);
  EXPECT_EQ(problem.devices[DeviceId(2)].name, "cpu");
  EXPECT_TRUE(problem.devices[DeviceId(2)].pool);
  options.calls_per_device = 2;
  options.contiguous = true;
  problem = Read(kSmall, options);
  EXPECT_EQ(problem.calls_per_device, 2);
  // Everything on the pool: the longest path.
  const ProblemGraph graph = BuildGraph(problem);
  const Solution solution{Placement(4, DeviceId(2)), graph.topological};
  EXPECT_EQ(Evaluate(problem, graph, solution).objective, 19'000'000'000);
}

TEST(DnnPartitioning, SaysWhatIsWrongAndWhere) {
  const struct {
    const char *from, *to, *message;
  } cases[] = {
      {"\"maxFPGAs\": 2, ", "", "d.json: key 'maxFPGAs' is missing"},
      {"\"maxFPGAs\": 2", "\"maxFPGAs\": 1e9", "maxFPGAs: must be a whole number from 0"},
      {"\"maxCPUs\": 1.0", "\"maxCPUs\": 1.5", "maxCPUs: must be a whole number"},
      {"100.5", "-1", "maxSizePerFPGA: must lie between 0 and 2^60 bytes"},
      {"\"id\": 20", "\"id\": 10", "nodes[1].id: node 10 is already nodes[0]"},
      {"\"id\": 20", "\"id\": \"b\"", "nodes[1].id: expected an integer, not string"},
      {"\"supportedOnFpga\": false, ", "", "nodes[1]: key 'supportedOnFpga' is missing"},
      {"\"supportedOnFpga\": false", "\"supportedOnFpga\": 2",
       "nodes[1].supportedOnFpga: must be true, false, 0 or 1"},
      {"\"fpgaLatency\": 1.5,", "", "nodes[0]: key 'fpgaLatency' is missing"},
      {"\"cpuLatency\": 8", "\"cpuLatency\": -8", "nodes[0].cpuLatency: must lie between 0"},
      {"\"cpuLatency\": 8", "\"cpuLatency\": \"8\"", "expected milliseconds, not string"},
      {"40.25", "-40", "nodes[0].size: must lie between"},
      {"\"colorClass\": 5", "\"colorClass\": 5.5", "nodes[2].colorClass: expected an int"},
      {"\"sourceId\": 20", "\"sourceId\": 21", "edges[0].sourceId: there is no node 21"},
      {"\"destId\": 7", "\"destId\": 20", "edges[0].destId: node 20 feeds itself"},
      {", \"cost\": 0.25", "", "edges[0]: key 'cost' is missing"},
      {"\"cost\": 3.0", "\"cost\": 4",
       "edges[2].cost: the output of node 10 costs 4 ms here and 3 ms at an earlier edge"},
      {"{\"sourceId\": -3, \"destId\": 7", "{\"sourceId\": -3, \"destId\": 10", "cycle of flows"},
      {"\"maxCPUs\": 1.0", "\"maxCPUs\": 0", "d.json: item 1 '20': no device can run it"},
  };
  for (const auto& each : cases) {
    const std::string message(
        ReadProblem(Replace(kSmall, each.from, each.to), "d.json").status().message());
    EXPECT_THAT(message, HasSubstr(each.message)) << each.to;
    EXPECT_EQ(message.substr(0, 6), "d.json");
  }
  ProblemOptions options;
  options.calls_per_device = 2;
  EXPECT_THAT(std::string(ReadProblem(kSmall, "d.json", options).status().message()),
              HasSubstr("no calls for throughput"));
  EXPECT_THAT(std::string(ReadProblem("{\"maxFPGAs\": 1}", "d.json").status().message()),
              HasSubstr("'maxCPUs' is missing"));
}

TEST(DnnPartitioning, SurvivesDamagedText) {
  Random random(11);
  int accepted = 0;
  for (int round = 0; round < 3000; ++round) {
    const std::string text = testing::DamagedJson(kSmall, "n", random);
    ProblemOptions options;
    if (random.Below(2) == 0) options.objective = PlacementObjective::kLatency;
    const absl::StatusOr<PlacementProblem> problem = ReadProblem(text, "d.json", options);
    if (!problem.ok()) {
      EXPECT_EQ(problem.status().message().substr(0, 6), "d.json");
      continue;
    }
    ++accepted;
    const std::string printed = WriteProblem(*problem);
    const absl::StatusOr<PlacementProblem> again = ReadProblem(printed, "again.json");
    ASSERT_TRUE(again.ok()) << again.status() << printed;
    ASSERT_EQ(WriteProblem(*again), printed);
  }
  EXPECT_GT(accepted, 200);
}

}  // namespace
}  // namespace allot
