// Problems of layers over servers: their JSON form, and what placements are worth.
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"

#include "placement/kinds/kind.h"
#include "placement/kinds/layer_flow/format.h"
#include "placement/kinds/layer_flow/value/evaluate.h"
#include "placement/kinds/layer_flow/value/problem.h"
#include "placement/kinds/layer_flow/value/verify.h"
#include "tests/models/random_layer_flow.h"

namespace allot {
namespace {

using ::testing::HasSubstr;

// Two fast servers in a row, and a slow one that holds what the second does.
constexpr char kSmall[] = R"({
  "layers": 4,
  "servers": [{"throughput": [90, 40.5]}, {"throughput": [30, 25, 10]}, {"throughput": [20, 8.25]}],
  "links": [
    {"from": "source", "to": 0, "capacity": 100},
    {"from": 0, "to": 1, "capacity": 24.5},
    {"from": 0, "to": 2, "capacity": 100},
    {"from": 1, "to": 2, "capacity": 100},
    {"from": 1, "to": "sink", "capacity": 100},
    {"from": 2, "to": "sink", "capacity": 6}
  ],
  "published": {"value": 30.5, "placement": [[0, 2], [2, 2], [2, 2]], "solver": "by hand"}
})";

absl::StatusOr<std::unique_ptr<ProblemInstance>> Read(absl::string_view text,
                                                      const ProblemOptions& question = {}) {
  return ReadProblemOfAnyKind(BuiltinKinds(), text, "p.json", question);
}

std::string Error(absl::string_view text, const ProblemOptions& question = {}) {
  return std::string(Read(text, question).status().message());
}

Json Placement(const std::vector<std::pair<int, int>>& intervals) {
  Json::Array array;
  for (const auto& [first, layers] : intervals) array.push_back(Json::Array{first, layers});
  return Json::Object{{"placement", std::move(array)}};
}

double Judged(const ProblemInstance& problem, const Json& plan) {
  const absl::StatusOr<Json> judged = problem.Judge(plan, "plan.json");
  EXPECT_TRUE(judged.ok()) << judged.status();
  return judged.ok() ? *judged->Find("objective")->If<double>() : -1;
}

TEST(LayerFlowFormat, KnowsTheShapeOfPublishedInstances) {
  const auto problem = Read(kSmall);
  ASSERT_TRUE(problem.ok()) << problem.status();
  EXPECT_EQ((*problem)->kind(), "layer-flow");
  const std::string printed = (*problem)->Print();
  EXPECT_THAT(printed, HasSubstr(R"("schema": "allot.layer-flow/1")"));
  EXPECT_THAT(printed, HasSubstr("24.5"));
  EXPECT_EQ((*Read(printed))->Print(), printed);
}

TEST(LayerFlowFormat, SaysEverythingThatIsWrong) {
  const auto with = [](absl::string_view from, absl::string_view to) {
    return Error(absl::StrReplaceAll(kSmall, {{from, to}}));
  };
  EXPECT_THAT(with("[90, 40.5]", "[90, -1]"),
              HasSubstr("p.json: servers[0].throughput[1]: must be tokens/s, 0 or more"));
  EXPECT_THAT(with("[90, 40.5]", "[]"), HasSubstr("servers[0].throughput: is empty"));
  EXPECT_THAT(with("[90, 40.5]", "7"), HasSubstr("servers[0].throughput: must be an array"));
  EXPECT_THAT(with("[90, 40.5]", "[9e9]"), HasSubstr("more than 4000000000 tokens/s"));
  EXPECT_THAT(with("\"layers\": 4", "\"layers\": 0"), HasSubstr("layers: must be 1 to"));
  EXPECT_THAT(with("\"layers\": 4", "\"layers\": 99999999999"), HasSubstr("layers: must be 1 to"));
  EXPECT_THAT(with("\"to\": 0", "\"to\": 3"), HasSubstr("links[0].to: there is no server 3"));
  EXPECT_THAT(with("\"to\": 0", "\"to\": \"sink\""), HasSubstr("links[0]: leads from source"));
  EXPECT_THAT(with("\"to\": 0", "\"to\": \"source\""),
              HasSubstr("links[0].to: must be the number"));
  EXPECT_THAT(with("{\"from\": 1, \"to\": 2", "{\"from\": 2, \"to\": 2"),
              HasSubstr("links[3]: leads from a server to itself"));
  EXPECT_THAT(with("{\"from\": 0, \"to\": 2", "{\"from\": 0, \"to\": 1"),
              HasSubstr("links[2]: stands there twice"));
  EXPECT_THAT(with("\"capacity\": 6", "\"capacity\": \"6\""), HasSubstr("links[5].capacity"));
  EXPECT_THAT(with("\"capacity\": 6", "\"capacitance\": 6"), HasSubstr("links[5].capacity"));
  // What says that it is ours is read strictly.
  EXPECT_THAT(
      with("{\n  \"layers\"", "{\"schema\": \"allot.layer-flow/1\", \"layer\": 2, \"layers\""),
      HasSubstr("layer"));
  // All of them.
  const std::string both = with("[30, 25, 10]", "[30, null, \"x\"]");
  EXPECT_THAT(both, HasSubstr("servers[1].throughput[1]"));
  EXPECT_THAT(both, HasSubstr("servers[1].throughput[2]"));
  ProblemOptions question;
  question.flags[std::string(kRoundTripFlag)] = "0";
  EXPECT_THAT(Error(kSmall, question), HasSubstr("--max-round-trip: expected how many servers"));
}

TEST(LayerFlowValue, IsTheMostThatGetsThrough) {
  const auto problem = *Read(kSmall);
  // 24.5 by the link to server 1, 6 by that from server 2.
  EXPECT_EQ(Judged(*problem, Placement({{0, 2}, {2, 2}, {2, 2}})), 30.5);
  EXPECT_EQ(Judged(*problem, Placement({{0, 2}, {2, 1}, {3, 1}})), 6);
  EXPECT_EQ(Judged(*problem, Placement({{0, 1}, {1, 3}, {0, 1}})), 10);
  EXPECT_EQ(Judged(*problem, Placement({{0, 1}, {2, 2}, {3, 1}})), 0);
  EXPECT_EQ(Judged(*problem, *ParseJson(kSmall)), 30.5);
  EXPECT_EQ(Judged(*problem, *ParseJson("[[0, 2], [2, 2], [0, 1]]")), 24.5);
}

TEST(LayerFlowValue, NamesTheRuleThatAPlanBreaks) {
  const auto problem = *Read(kSmall);
  const auto wrong = [&](const Json& plan) {
    return std::string(problem->Judge(plan, "plan.json").status().message());
  };
  EXPECT_EQ(wrong(Placement({{0, 2}, {2, 2}})),
            "placement: has intervals for 2 servers, but there are 3");
  EXPECT_EQ(wrong(Placement({{0, 2}, {2, 2}, {2, 0}})),
            "placement[2]: every server holds at least one layer, not 0");
  EXPECT_EQ(wrong(Placement({{0, 3}, {2, 2}, {2, 2}})),
            "placement[0]: server 0 holds at most 2 layers, not 3");
  EXPECT_EQ(wrong(Placement({{0, 2}, {3, 2}, {2, 2}})),
            "placement[1]: the interval from layer 3 to 5 is not within the 4 layers");
  EXPECT_EQ(wrong(Placement({{-1, 2}, {2, 2}, {2, 2}})),
            "placement[0]: the interval from layer -1 to 1 is not within the 4 layers");
  EXPECT_THAT(wrong(*ParseJson("[[0, 2], [2, 2], [2, 2, 2]]")),
              HasSubstr("plan.json[2]: must be [first layer, layers]"));
  EXPECT_THAT(wrong(*ParseJson("[[0, 2], [2, 2], [1e300, 2]]")), HasSubstr("plan.json[2]"));
  EXPECT_THAT(wrong(*ParseJson(R"({"plan": 1})")), HasSubstr("plan.json: has no placement"));
  EXPECT_THAT(wrong(Json(int64_t{3})), HasSubstr("plan.json: must be an array"));
}

TEST(LayerFlowValue, CountsOnlyLinksWhoseRoutesAreShortEnough) {
  ProblemOptions question;
  question.flags[std::string(kRoundTripFlag)] = "2";
  const auto problem = *Read(kSmall, question);
  EXPECT_EQ(Judged(*problem, Placement({{0, 2}, {2, 2}, {2, 2}})), 30.5);
  EXPECT_EQ(Judged(*problem, Placement({{0, 2}, {2, 1}, {3, 1}})), 0);  // passes three
}

TEST(LayerFlowValue, TokensOnTheirWayOccupyTheCache) {
  // Two servers in a row for 0.1 s each: a query holds 10 entries for 0.2 s, so 40 entries are 20
  // tokens per second, and 70 are 35.
  constexpr char kText[] = R"({
    "schema": "allot.layer-flow/1", "layers": 2, "kv_per_query": 10, "hop_seconds": 0.1,
    "servers": [{"throughput": [90, 9], "kv_capacity": [40, 20]},
                {"throughput": [30, 25], "kv_capacity": [70, 20]}],
    "links": [{"from": "source", "to": 0, "capacity": 100}, {"from": 0, "to": 1, "capacity": 100},
              {"from": 1, "to": "sink", "capacity": 100}, {"from": "source", "to": 1, "capacity": 5},
              {"from": 0, "to": "sink", "capacity": 100}]})";
  const auto problem = Read(kText);
  ASSERT_TRUE(problem.ok()) << problem.status();
  EXPECT_EQ(Judged(**problem, Placement({{0, 1}, {1, 1}})), 20);
  // Each alone, and one passage: 20 entries are 20 tokens per second.
  EXPECT_EQ(Judged(**problem, Placement({{0, 2}, {0, 2}})), 14);
  EXPECT_EQ((*Read((*problem)->Print()))->Print(), (*problem)->Print());
  EXPECT_THAT(Error(absl::StrReplaceAll(kText, {{"[40, 20]", "[40]"}})),
              HasSubstr("servers[0].kv_capacity: has 1 entries, not 2"));
  EXPECT_THAT(Error(absl::StrReplaceAll(kText, {{"\"kv_per_query\": 10, ", ""}})),
              HasSubstr("kv_per_query"));
  EXPECT_THAT(Error(absl::StrReplaceAll(kText, {{"0.1", "-0.1"}})), HasSubstr("hop_seconds"));
}

TEST(LayerFlowValue, TwoWaysOfCountingAgree) {
  int with_flow = 0, cut_short = 0;
  for (uint64_t seed = 0; seed < 3000; ++seed) {
    testing::RandomLayerFlowOptions options;
    options.servers = 2 + static_cast<int32_t>(seed % 9);
    options.layers = 2 + static_cast<int32_t>(seed % 7);
    options.max_round_trip = seed % 3 == 0 ? 1 + static_cast<int32_t>(seed % 5) : 0;
    options.kv = seed % 4 == 0;
    const LayerFlowProblem problem = testing::RandomLayerFlow(seed, options);
    ASSERT_TRUE(CheckLayerFlow(problem).ok()) << CheckLayerFlow(problem);
    const LayerPlacement placement = testing::RandomLayerPlacement(problem, seed);
    FlowEvaluator evaluator(problem);
    const int64_t rate = evaluator.Rate(placement);
    const absl::StatusOr<VerifiedFlow> verified = VerifyLayerFlow(problem, placement);
    ASSERT_TRUE(verified.ok()) << verified.status();
    EXPECT_EQ(rate, verified->rate) << seed;
    EXPECT_EQ(evaluator.depth(), verified->depth) << seed;
    with_flow += rate > 0;
    LayerFlowProblem free = problem;
    free.max_round_trip = 0;
    cut_short += FlowEvaluator(free).Rate(placement) > rate && !problem.kv.has_value();
  }
  EXPECT_GT(with_flow, 500);
  EXPECT_GT(cut_short, 20);
}

}  // namespace
}  // namespace allot
