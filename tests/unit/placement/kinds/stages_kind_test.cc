// What is asked of pipelines and how it is written: files of ours and of others, plans, and the
// rules that a plan may break.
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"

#include "placement/kinds/kind.h"
#include "placement/kinds/stages/problem/verify.h"
#include "placement/kinds/stages/value/variant_choice.h"
#include "support/random.h"

namespace allot {
namespace {

using ::testing::HasSubstr;

constexpr char kProblem[] = R"({
  "schema": "allot.stages/1", "rule": "piper", "devices": 5, "memory": 1000, "bandwidth": 1000, "samples": 6,
  "layers": [
    {"name": "in", "variants": [{"name": "keep", "time": "1s", "memory_per_sample": 100},
                                {"name": "recompute", "time": "1.5s", "memory_per_sample": 10},
                                {"name": "split", "width": 2, "time": "0.6s", "sync_after": [{"layer": "a", "bytes": 50}]}]},
    {"name": "a", "time": "2s", "backward_time": "0.5s", "parameters": 300},
    {"name": "b", "time": "3s", "memory": 500},
    {"name": "out", "time": "1s"}],
  "edges": [{"from": "in", "to": "a", "bytes": 100}, {"from": "in", "to": "b"}, {"from": "a", "to": "out"},
            {"from": "b", "to": "out", "bytes": 20}],
  "together": [["a", "b"]]
})";

constexpr char kPlan[] = R"({"stages": [
  {"layers": ["in"], "devices": {"device": 2}, "tensor_width": 2, "replicas": 1, "variants": ["split"]},
  {"layers": ["a", "b", "out"], "devices": {"device": 3}, "tensor_width": 1, "replicas": 3}]})";

std::unique_ptr<ProblemInstance> Read(const std::string& text,
                                      const ProblemOptions& question = {}) {
  auto problem = ReadProblemOfAnyKind(BuiltinKinds(), text, "p", question);
  EXPECT_TRUE(problem.ok()) << problem.status();
  return *std::move(problem);
}

std::string ReadError(const std::string& text, const ProblemOptions& question = {}) {
  return std::string(ReadProblemOfAnyKind(BuiltinKinds(), text, "p", question).status().message());
}

absl::StatusOr<Json> Judge(const std::string& plan) {
  return Read(kProblem)->Judge(*ParseJson(plan), "plan");
}

// kPlan with one thing changed.
std::string Wrong(const std::string& from, const std::string& to) {
  const std::string plan = absl::StrReplaceAll(kPlan, {{from, to}});
  EXPECT_NE(plan, kPlan);
  return std::string(Judge(plan).status().message());
}

TEST(StagesKind, AJudgedPlanIsWorthWhatTheFormulaSays) {
  const absl::StatusOr<Json> judged = Judge(kPlan);
  ASSERT_TRUE(judged.ok()) << judged.status();
  // The first stage: 0.6 s, 100 bytes to a and what is gathered there, both ways: 0.9 s. The
  // second: 6.5 s and 0.2 s of transfers and 4 * 2 * 300 / 6 bytes of parameters, shared by three.
  EXPECT_NEAR(*judged->Find("objective")->If<double>(), (6.5 + 0.2 + 0.4) / 3, 1e-12);
  EXPECT_NEAR(
      *Judge(absl::StrReplaceAll(kPlan, {{"\"replicas\": 3", "\"replicas\": 1"}, {": 3}", ": 1}"}}))
           ->Find("objective")
           ->If<double>(),
      6.7, 1e-12);
  EXPECT_TRUE(Judge(PrintJson(*ParseJson(kPlan)->Find("stages"))).ok());  // the list alone
}

TEST(StagesKind, EachRuleThatAPlanBreaksIsNamed) {
  EXPECT_THAT(Wrong(R"("a", "b", "out")", R"("a", "b")"),
              HasSubstr("layer 3 (out) is in no stage"));
  EXPECT_THAT(Wrong(R"("a", "b", "out")", R"("a", "b", "b", "out")"),
              HasSubstr("layer 2 is in stage 1 and in stage 1"));
  EXPECT_THAT(
      Wrong(
          R"({"layers": ["in"])",
          R"({"layers": [], "tensor_width": 1, "replicas": 1, "variants": []}, {"layers": ["in"])"),
      HasSubstr("stage 0 has no layer"));
  EXPECT_THAT(Wrong(R"("replicas": 3)", R"("replicas": 4)"), HasSubstr("replicas times"));
  EXPECT_THAT(
      Wrong(R"("devices": {"device": 3}, "tensor_width": 1, "replicas": 3)", R"("replicas": 4)"),
      HasSubstr("divisibility: the 4 replicas of stage 1 do not divide the 6 samples"));
  EXPECT_THAT(
      Wrong(R"("devices": {"device": 3}, "tensor_width": 1, "replicas": 3)", R"("replicas": 6)"),
      HasSubstr("devices: the stages need more than the 5 there are"));
  EXPECT_THAT(Wrong(R"("replicas": 1)", R"("replicas": 0)"), HasSubstr("replicas"));
  EXPECT_THAT(Wrong(R"("split")", R"("fold")"),
              HasSubstr("variants[0]: is no variant of the layer"));
  EXPECT_THAT(Wrong(R"("devices": {"device": 3}, "tensor_width": 1, "replicas": 3)",
                    R"("tensor_width": 2)"),
              HasSubstr("tensor width: layer 1 (a) cannot run on 2 devices"));
  EXPECT_THAT(Wrong(R"(["in"])", R"(["nobody"])"), HasSubstr("there is no layer 'nobody'"));
  EXPECT_THAT(std::string(Judge("{}").status().message()), HasSubstr("stages"));
  EXPECT_THAT(std::string(Judge("3").status().message()), HasSubstr("a plan is an object"));
}

TEST(StagesKind, OrderColocationAndMemoryAreVerified) {
  const auto wrong = [](const std::string& stages) {
    return std::string(Judge(absl::StrCat("{\"stages\": [", stages, "]}")).status().message());
  };
  EXPECT_THAT(wrong(R"({"layers": ["a", "b", "out"]}, {"layers": ["in"], "variants": ["keep"]})"),
              HasSubstr("contiguity: layer 0 is in stage 1, but layer 1"));
  EXPECT_THAT(
      wrong(
          R"({"layers": ["in"], "variants": ["keep"]}, {"layers": ["a"]}, {"layers": ["b", "out"]})"),
      HasSubstr("colocation: layers 1 and 2 belong together, but are in stages 1 and 2"));
  // In flight: 1 of the stage itself and 3 behind it: 400 bytes; with everything in one, 600.
  const std::string fits =
      R"({"layers": ["in"], "variants": ["keep"]}, {"layers": ["a", "b", "out"], "replicas": 3})";
  EXPECT_EQ(wrong(fits), "");
  ProblemOptions question;
  question.flags = {{"memory", "399"}};
  EXPECT_THAT(
      std::string(Read(kProblem, question)
                      ->Judge(*ParseJson(absl::StrCat("{\"stages\": [", fits, "]}")), "plan")
                      .status()
                      .message()),
      testing::AllOf(HasSubstr("memory: stage"), HasSubstr("of a device with 399")));
}

TEST(StagesKind, WhatIsPrintedReadsBackTheSame) {
  const std::string text = Read(kProblem)->Print();
  EXPECT_EQ(Read(text)->Print(), text);
  EXPECT_THAT(text, HasSubstr("\"ticks_per_second\": 100000000000000"));
}

TEST(StagesKind, AnAnswerIsJudgedAsItWasFound) {
  const auto problem = Read(kProblem);
  const absl::StatusOr<KindResult> result = problem->Ask({"pipeline", ""}, SolveLimits());
  ASSERT_TRUE(result.ok()) << result.status();
  ASSERT_EQ(result->termination, Termination::kOptimal);
  EXPECT_EQ(*problem->Judge(*result->answer, "plan")->Find("objective"),
            problem->Objective(result->value));
}

constexpr char kProfile[] =
    "node1 -- Input0 -- forward_compute_time=635.9, backward_compute_time=0.0, "
    "activation_size=10.0, parameter_size=0.0\n"
    "node2 -- Conv2d(3, 64, kernel_size=(11, 11)) -- forward_compute_time=20.25, "
    "backward_compute_time=10.000, "
    "activation_size=[100.0; 28.0], parameter_size=5000000.000\n"
    "node3 -- Linear(in_features=1) -- forward_compute_time=4.000, backward_compute_time=6.000, "
    "activation_size=8.0, "
    "parameter_size=0.0 -- stage_id=1\n"
    "node4 -- __getitem__(1) -- forward_compute_time=1.000, backward_compute_time=6.000, "
    "activation_size=8.0, parameter_size=0.0\n"
    "\tnode1 -- node2\n"
    "\tnode2 -- node3\n"
    "\tnode2 -- node4\n";

TEST(StagesKind, ReadsProfilesOfPipeDream) {
  ProblemOptions question;
  question.flags = {{"devices", "2"}, {"bandwidth", "1GB/s"}};
  const auto problem = Read(kProfile, question);
  EXPECT_EQ(problem->kind(), "stages");
  const std::string text = problem->Print();
  EXPECT_THAT(text, Not(HasSubstr("node1")));  // inputs take no part,
  EXPECT_THAT(text, Not(HasSubstr("node4")));  // nor what nobody reads
  const absl::StatusOr<KindResult> result = problem->Ask({"pipeline", ""}, SolveLimits());
  ASSERT_TRUE(result.ok()) << result.status();
  // Both on one stage of two: (40.25 + 4 * 5 / 2) / 2; two stages: 30.25.
  EXPECT_NEAR(*problem->Objective(result->value).If<double>(), 0.025125, 1e-12);
  EXPECT_EQ(Read(kProfile)->Print().find("\"devices\": 4") != std::string::npos, true);
}

TEST(StagesKind, SaysWhatIsWrongWithAProfile) {
  const auto wrong = [](absl::string_view from, absl::string_view to) {
    return ReadError(absl::StrReplaceAll(kProfile, {{from, to}}));
  };
  EXPECT_THAT(wrong("forward_compute_time=4.000", "forward_compute_time=-4"),
              HasSubstr("p:3: forward_compute_time: '-4' must be a number"));
  EXPECT_THAT(wrong("forward_compute_time=4.000", "forward_compute_time=nan"), HasSubstr("p:3: "));
  EXPECT_THAT(wrong("forward_compute_time=4.000, ", ""),
              HasSubstr("p:3: forward_compute_time is missing"));
  EXPECT_THAT(wrong("\tnode2 -- node3", "\tnode2 -- node9"),
              HasSubstr("p:6: there is no node 'node9'"));
  EXPECT_THAT(wrong("node3 -- Linear(in_features=1) -- ", "node3 "), HasSubstr("p:3: "));
  EXPECT_THAT(wrong("node4 -- __", "node3 -- __"), HasSubstr("p:4: node 'node3' is there twice"));
  EXPECT_THAT(wrong("\tnode1 -- node2", "\tnode3 -- node2"), HasSubstr("the edges have a cycle"));
}

constexpr char kPiper[] =
    R"({"maxDevices": 4, "maxMemoryPerDevice": 1000.5, "bandwidth": 1e3, "mbsInBatch": 4, "extra": 1,
 "nodes": [
  {"id": 1, "name": "x", "TMPCs": {"1": [{"id": "vanilla", "timePerSample": 2.0, "parameterSize": 0.0,
     "memoryUsageA": 10.25, "memoryUsageB": 0.0, "syncTimeFw": {"0": 10.0}, "syncTimeBw": {}}]}},
  {"id": 0, "name": "x", "TMPCs": {"1": [{"id": "vanilla", "timePerSample": 1.0, "parameterSize": 0.0,
     "memoryUsageA": 10.0, "memoryUsageB": 0.0, "syncTimeFw": {}, "syncTimeBw": {"1": 0.0}}]}}],
 "edges": [{"sourceId": 0, "destId": 1, "communicationCost": 100.0}]})";

TEST(StagesKind, ReadsInputsOfPiper) {
  const auto problem = Read(kPiper);
  EXPECT_EQ(problem->kind(), "stages");
  EXPECT_EQ(Read(problem->Print())->Print(), problem->Print());
  const absl::StatusOr<KindResult> result = problem->Ask({"pipeline", ""}, SolveLimits());
  ASSERT_TRUE(result.ok()) << result.status();
  EXPECT_NEAR(*problem->Objective(result->value).If<double>(), 0.75, 1e-12);  // all on each of four
  // In stages the tensor goes over both boundaries, and what is gathered over one.
  const absl::StatusOr<Json> judged =
      problem->Judge(*ParseJson(R"({"stages": [{"layers": [0]}, {"layers": [1]}]})"), "plan");
  ASSERT_TRUE(judged.ok()) << judged.status();
  EXPECT_NEAR(*judged->Find("objective")->If<double>(), 2 + 0.2 + 0.02, 1e-12);
}

TEST(StagesKind, SaysWhatIsWrongWithAnInputOfPiper) {
  const auto wrong = [](absl::string_view from, absl::string_view to) {
    return ReadError(absl::StrReplaceAll(kPiper, {{from, to}}));
  };
  EXPECT_THAT(wrong("\"timePerSample\": 2.0", "\"timePerSample\": -2.0"),
              HasSubstr("timePerSample"));
  EXPECT_THAT(wrong("\"timePerSample\": 2.0, ", ""), HasSubstr("timePerSample"));
  EXPECT_THAT(wrong("\"destId\": 1", "\"destId\": 7"),
              HasSubstr("edges[0].destId: 7 is the id of no node"));
  EXPECT_THAT(wrong("\"id\": 0", "\"id\": 1"), HasSubstr("1 is there twice"));
  EXPECT_THAT(wrong("\"1\": [{", "\"0\": [{"), HasSubstr("must be a number of devices"));
  EXPECT_THAT(wrong("\"maxDevices\": 4", "\"maxDevices\": 0"), HasSubstr("maxDevices"));
  EXPECT_THAT(wrong("1e3", "1e30"), HasSubstr("bandwidth"));
  EXPECT_THAT(wrong("\"destId\": 1", "\"destId\": 0"), HasSubstr("to itself"));
  EXPECT_THAT(wrong("\"parameterSize\": 0.0", "\"parameterSize\": 1e17"),
              HasSubstr("parameterSize"));
}

TEST(StagesKind, SaysWhatIsWrongWithAFileOrAFlag) {
  const auto wrong = [](absl::string_view from, absl::string_view to) {
    return ReadError(absl::StrReplaceAll(kProblem, {{from, to}}));
  };
  EXPECT_THAT(wrong("\"piper\"", "\"gpipe\""), HasSubstr("rule: must be pipedream or piper"));
  EXPECT_THAT(wrong("\"3s\"", "\"3h\""), HasSubstr("layers[2].time: '3h' must be a time"));
  EXPECT_THAT(wrong("\"to\": \"b\"", "\"to\": \"c\""),
              HasSubstr("edges[1].to: there is no layer 'c'"));
  EXPECT_THAT(wrong("\"samples\"", "\"sample\""), HasSubstr("samples"));
  EXPECT_THAT(wrong("\"to\": \"b\"", "\"to\": \"in\""), HasSubstr("to itself"));
  EXPECT_THAT(wrong("[\"a\", \"b\"]", "[\"a\", \"z\"]"),
              HasSubstr("together[0]: there is no layer 'z'"));
  EXPECT_THAT(wrong("\"width\": 2", "\"width\": 0"), HasSubstr("widths must be positive"));
  EXPECT_THAT(wrong("\"memory\": 500", "\"memory\": -500"),
              HasSubstr("layers[2].memory: must be 0 to"));
  EXPECT_THAT(wrong("\"samples\": 6", "\"samples\": 6, \"ticks_per_second\": 0"),
              HasSubstr("ticks_per_second"));
  ProblemOptions question;
  for (const auto& [flag, text] : {std::pair("devices", "x"),
                                   {"devices", "0"},
                                   {"devices", "99999999"},
                                   {"memory", "-1"},
                                   {"memory", "9999PB"},
                                   {"bandwidth", "0"}}) {
    question.flags = {{flag, text}};
    EXPECT_THAT(ReadError(kProblem, question), HasSubstr(flag)) << text;
  }
}

TEST(StagesKind, TimesOfAnySizeKeepTheirDigits) {
  for (const char* const time : {"1e-9s", "3s", "100000s"}) {
    ProblemOptions question;
    question.flags = {{"devices", "1000"}};
    const std::string text =
        absl::StrReplaceAll(kProblem, {{"\"3s\"", absl::StrCat("\"", time, "\"")}});
    EXPECT_EQ(ReadError(text, question), "") << time;
  }
  EXPECT_THAT(
      ReadError(absl::StrReplaceAll(
          kProblem, {{"\"3s\"", "1e18"}, {"\"samples\"", "\"ticks_per_second\": 1, \"samples\""}})),
      HasSubstr("too large"));
}

TEST(VariantChoice, IsTheBestOfAllChoices) {
  for (uint64_t seed = 0; seed < 400; ++seed) {
    Random random(seed);
    std::vector<std::vector<VariantOption>> options(static_cast<size_t>(random.Between(1, 7)));
    for (auto& layer : options) {
      layer.resize(static_cast<size_t>(random.Between(1, 3)));
      for (VariantOption& option : layer) option = {random.Below(30), random.Below(40)};
    }
    const int64_t memory = random.Below(120);
    int64_t best = -1;
    const auto extend = [&](const auto& self, size_t i, int64_t cost, int64_t used) -> void {
      if (i == options.size()) {
        if (used <= memory && (best < 0 || cost < best)) best = cost;
        return;
      }
      for (const VariantOption& option : options[i]) {
        self(self, i + 1, cost + option.cost, used + option.memory);
      }
    };
    extend(extend, 0, 0, 0);
    const VariantChoice choice = ChooseVariants(options, memory, 1000);
    ASSERT_EQ(choice.possible, best >= 0) << seed;
    if (best < 0) continue;
    int64_t cost = 0, used = 0;
    for (size_t i = 0; i < options.size(); ++i) {
      const VariantOption& option = options[i][static_cast<size_t>(choice.option[i])];
      cost += option.cost;
      used += option.memory;
    }
    EXPECT_EQ(cost, best) << seed;
    EXPECT_EQ(choice.cost, best) << seed;
    EXPECT_EQ(choice.lower, best) << seed;
    EXPECT_LE(used, memory) << seed;
    // Cut short: still a choice that fits, and a bound.
    const VariantChoice rough = ChooseVariants(options, memory, 0);
    EXPECT_LE(rough.lower, best);
    EXPECT_GE(rough.cost, best);
  }
}

}  // namespace
}  // namespace allot
