// The kind rows: values against counting, divisions against trying everything, rules, texts.
#include <map>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"

#include "placement/kinds/kind.h"
#include "placement/kinds/rows/format.h"
#include "placement/kinds/rows/model/evaluate.h"
#include "placement/kinds/rows/model/limits.h"
#include "placement/kinds/rows/model/verify.h"
#include "placement/kinds/rows/search/baselines.h"
#include "placement/kinds/rows/search/divide.h"
#include "placement/kinds/rows/search/phase.h"
#include "placement/kinds/rows/search/phase_state.h"
#include "placement/kinds/rows/solvers.h"
#include "support/random.h"
#include "tests/models/random_rows.h"

namespace allot {
namespace {

using rows::Division;
using rows::Problem;
using ::testing::HasSubstr;

ResultOf<Division> Ask(const Problem& problem, const std::string& solver, uint64_t seed = 1) {
  SolveLimits limits;
  limits.seed = seed;
  const auto made = MakeSolver(rows::Solvers(), SolverChoice{solver, ""}, rows::kName);
  EXPECT_TRUE(made.ok()) << made.status();
  const auto result = (*made)->Solve(problem, limits);
  EXPECT_TRUE(result.ok()) << result.status();
  return *result;
}

// Any division, whether it keeps limits or not.
Division Drawn(const Problem& problem, uint64_t seed) {
  Random random(seed);
  Division division;
  for (const rows::Tensor& tensor : problem.tensors) {
    std::vector<int32_t>& part_of = division.emplace_back();
    for (int32_t i = 0; i < tensor.neurons; ++i) {
      part_of.push_back(static_cast<int32_t>(random.Below(problem.parts)));
    }
  }
  return division;
}

// A layer of Graph Challenge's form: 4 points, 16 copies of each.
Problem Copies(int32_t parts, int32_t layers) {
  Problem problem;
  problem.parts = parts;
  problem.tensors.push_back({.name = "x", .neurons = 64});
  for (int32_t l = 0; l < layers; ++l) {
    std::vector<int64_t> begin = {0};
    std::vector<int32_t> columns;
    for (int32_t j = 0; j < 64; ++j) {
      for (int32_t i = 0; i < 64; ++i) {
        const int32_t distance = (i - j + 64) % 4;
        if (distance == 0 || distance == 1 + l % 2) columns.push_back(i);
      }
      begin.push_back(static_cast<int64_t>(columns.size()));
    }
    rows::Tensor tensor = {.name = absl::StrCat("layer", l), .neurons = 64};
    tensor.sources.push_back(rows::SourceOfRows(l, begin, columns));
    problem.tensors.push_back(std::move(tensor));
  }
  return problem;
}

TEST(Rows, ValuesAreThoseOfCountingEachNonzero) {
  for (uint64_t seed = 0; seed < 500; ++seed) {
    SCOPED_TRACE(seed);
    testing::RandomRowsOptions options;
    options.parts = static_cast<int32_t>(1 + seed % 5);
    options.layers = 4;
    options.unlike = seed % 2 == 1;
    Problem problem = testing::RandomRows(seed, options);
    problem.imbalance = 1000 * rows::kMillion;  // anything goes
    ASSERT_TRUE(rows::Check(problem).ok()) << rows::Check(problem);
    const Division division = Drawn(problem, seed);
    // Who sends which neuron to whom.
    std::set<std::vector<int32_t>> sent;
    std::set<std::vector<int32_t>> pairs;
    int64_t cost = 0, words = 0;
    for (size_t t = 0; t < problem.tensors.size(); ++t) {
      for (const rows::Source& source : problem.tensors[t].sources) {
        for (size_t row = 0; row < division[t].size(); ++row) {
          for (const int32_t column : source.Row(row)) {
            const auto input = static_cast<size_t>(source.input);
            const int32_t from = division[input][static_cast<size_t>(column)];
            const int32_t to = division[t][row];
            if (from == to || !sent.insert({source.input, column, to}).second) continue;
            pairs.insert({source.input, from, to});
            words += problem.tensors[input].words;
            cost += problem.tensors[input].words * problem.LinkCost(from, to);
          }
        }
      }
    }
    const auto verified = rows::Verify(problem, division);
    ASSERT_TRUE(verified.ok()) << verified.status();
    EXPECT_EQ(*verified, cost);
    const rows::Traffic traffic = rows::TrafficOf(problem, division);
    EXPECT_EQ(traffic.cost, cost);
    EXPECT_EQ(traffic.words, words);
    EXPECT_EQ(traffic.messages, static_cast<int64_t>(pairs.size()));
  }
}

// What a search believes of a move is what the whole then costs.
TEST(Rows, PhasesKnowWhatMovesChange) {
  for (uint64_t seed = 0; seed < 300; ++seed) {
    SCOPED_TRACE(seed);
    testing::RandomRowsOptions options;
    options.parts = static_cast<int32_t>(2 + seed % 3);
    options.layers = 4, options.most_neurons = 8;
    options.unlike = seed % 2 == 1;
    const Problem problem = testing::RandomRows(seed, options);
    Division division = Drawn(problem, seed);
    rows::PlaceInputs(problem, division);
    for (size_t t = 2; t < problem.tensors.size(); ++t) {
      const rows::Tensor& tensor = problem.tensors[t];
      // Inputs of the network are placed anew; a layer that reads none knows all.
      bool reads_input = false;
      for (const rows::Source& source : tensor.sources) reads_input |= source.input == 0;
      if (reads_input) continue;
      const rows::Phase phase = rows::PhaseOf(problem, division, t, rows::StructureOf(tensor),
                                              rows::LimitsOf(problem, tensor).most);
      rows::PhaseState state(phase, division[t]);
      const int64_t before = rows::Evaluate(problem, division), start = state.cost();
      Random random(seed);
      for (int move = 0; move < 10; ++move) {
        const auto v = static_cast<size_t>(random.Below(tensor.neurons));
        const auto w = static_cast<size_t>(random.Below(tensor.neurons));
        if (state.part_of()[v] != state.part_of()[w]) {
          const int64_t expected = state.cost() + state.SwapCost(v, w);
          const int32_t part = state.part_of()[v];
          state.Move(v, state.part_of()[w]);
          state.Move(w, part);
          EXPECT_EQ(state.cost(), expected);
        }
        state.Move(v, static_cast<int32_t>(random.Below(problem.parts)));
        division[t] = state.part_of();
        EXPECT_EQ(state.cost() - start, rows::Evaluate(problem, division) - before);
      }
    }
  }
}

TEST(Rows, DivisionsAreNearlyThoseOfTryingEverything) {
  int64_t found = 0, best = 0, equal = 0, count = 0;
  for (uint64_t seed = 0; seed < 60; ++seed) {
    SCOPED_TRACE(seed);
    testing::RandomRowsOptions options;
    options.parts = static_cast<int32_t>(2 + seed % 2);
    options.unlike = seed % 3 == 1;
    const Problem problem = testing::RandomRows(seed, options);
    const ResultOf<Division> optimum = Ask(problem, "exhaustive");
    const ResultOf<Division> divided = Ask(problem, "multilevel");
    ASSERT_TRUE(optimum.best.has_value());  // limits are what can be packed
    ASSERT_TRUE(divided.best.has_value());
    const auto value = rows::Verify(problem, *divided.best);
    ASSERT_TRUE(value.ok()) << value.status();
    const int64_t least = *rows::Verify(problem, *optimum.best);
    ASSERT_GE(*value, least);
    found += *value, best += least, equal += *value == least, ++count;
  }
  EXPECT_LE(found * 100, best * 110);
  EXPECT_GE(equal * 100, count * 75);
}

TEST(Rows, EverySolverKeepsTheLimits) {
  for (uint64_t seed = 0; seed < 60; ++seed) {
    SCOPED_TRACE(seed);
    testing::RandomRowsOptions options;
    options.parts = static_cast<int32_t>(2 + seed % 7);
    options.layers = 3, options.most_neurons = 40;
    options.unlike = seed % 2 == 1;
    const Problem problem = testing::RandomRows(seed, options);
    for (const char* const solver : {"multilevel", "cyclic", "contiguous", "random"}) {
      const ResultOf<Division> result = Ask(problem, solver);
      ASSERT_TRUE(result.best.has_value());
      const auto value = rows::Verify(problem, *result.best);
      EXPECT_TRUE(value.ok()) << solver << ": " << value.status();
    }
  }
}

TEST(Rows, CopiesOfNeuronsStayTogether) {
  const Problem problem = Copies(4, 6);
  const ResultOf<Division> result = Ask(problem, "multilevel");
  const int64_t words = rows::Evaluate(problem, *result.best);
  const rows::Baselines baselines = rows::BaselinesOf(problem);
  EXPECT_LT(words * 2, baselines.random_words);
  EXPECT_LE(words, baselines.cyclic_words);
  EXPECT_NEAR(static_cast<double>(baselines.random_words), rows::ExpectedRandomWords(problem),
              0.02 * rows::ExpectedRandomWords(problem));
}

TEST(Rows, TheSameSeedGivesTheSameDivision) {
  const Problem problem = Copies(8, 4);
  EXPECT_EQ(*Ask(problem, "multilevel", 5).best, *Ask(problem, "multilevel", 5).best);
}

TEST(Rows, LimitsAreTheSmallestThatCanBe) {
  Problem problem = Copies(48, 1);  // 64 rows: two in some parts
  const rows::PartLimits limits = rows::LimitsOf(problem, problem.tensors[1]);
  EXPECT_EQ(limits.imbalance, 500'000);
  EXPECT_EQ(limits.most[0], 64);
  problem.parts = 4;
  EXPECT_EQ(rows::LimitsOf(problem, problem.tensors[1]).imbalance, 30'000);
  problem.speeds = {1, 1, 1, 5};
  EXPECT_EQ(rows::LimitsOf(problem, problem.tensors[1]).most[3], 2048 * 5 / 8 * 103 / 100);
}

constexpr char kTwo[] = R"({"schema": "allot.rows/1", "parts": 2, "imbalance": 0,
  "inputs": [{"name": "x", "neurons": 4}],
  "layers": [{"name": "a", "neurons": 4, "sources": [{"input": "x", "patterns": [[0, 1], [2, 3]],
                                                      "pattern_of": [0, 1, 0, 1]}]},
             {"name": "b", "neurons": 2, "words": 3,
              "sources": [{"input": "a", "patterns": [[0, 2], [1, 3]]}]}]})";

std::unique_ptr<ProblemInstance> Read(const std::string& text,
                                      const ProblemOptions& question = {}) {
  auto problem = ReadProblemOfAnyKind(BuiltinKinds(), text, "p.json", question);
  EXPECT_TRUE(problem.ok()) << problem.status();
  return *std::move(problem);
}

std::string ErrorOf(absl::string_view text, const ProblemOptions& question = {}) {
  return std::string(
      ReadProblemOfAnyKind(BuiltinKinds(), text, "p.json", question).status().message());
}

TEST(Rows, AnswersAndPlansAreReadAndJudged) {
  const auto problem = Read(kTwo);
  const auto result = problem->Ask({"multilevel", ""}, SolveLimits());
  ASSERT_TRUE(result.ok()) << result.status();
  EXPECT_EQ(result->value, 0);
  EXPECT_EQ(*result->answer->Find("words"), Json(0));
  EXPECT_EQ(problem->Judge(*result->answer, "p").value(), Json(Json::Object{{"objective", 0}}));
  const auto judge = [&](absl::string_view plan) {
    const auto value = problem->Judge(*ParseJson(plan), "plan.json");
    return value.ok() ? PrintJsonCompact(*value) : std::string(value.status().message());
  };
  const std::string good =
      R"({"tensor": "a", "owner": [0, 1, 1, 0]}, {"tensor": "b", "owner": [0, 1]})";
  // Both parts read all four inputs; of "a" neurons 2 and 3 are sent.
  EXPECT_EQ(judge(absl::StrCat("[", good, "]")), R"({"objective": 6})");
  EXPECT_EQ(judge(absl::StrCat(R"({"rows": {"tensors": [)", good, "]}}")), R"({"objective": 6})");
  EXPECT_EQ(judge(R"([{"tensor": "a", "owner": [0, 0, 1, 0]}, {"tensor": "b", "owner": [0, 1]}])"),
            "part 0 takes 6 of the weight of 'a', more than 4");
  EXPECT_EQ(judge(R"([{"tensor": "a", "owner": [0, 2, 1, 0]}])"),
            "plan.json: tensors[0]: owner[1]: must be a part from 0 to 1");
  EXPECT_EQ(judge(R"([{"tensor": "a", "owner": [0]}])"),
            "plan.json: tensors[0]: owner: 'a' has 4 neurons, not 1");
  EXPECT_EQ(judge(R"([{"tensor": "c", "owner": [0]}])"),
            "plan.json: tensors[0]: the problem has no tensor 'c'");
  EXPECT_EQ(judge(R"([{"tensor": "a", "owner": [0, 1, 0, 1]}])"),
            "plan.json: has no owners for 'b'");
  EXPECT_EQ(judge(R"({"placement": 1})"), "plan.json: tensors: must be an array, not object");
}

// All of an input is where it arrives, and is sent from there.
TEST(Rows, InputsMayHaveAHome) {
  constexpr char kHome[] = R"({"schema": "allot.rows/1", "parts": 2, "imbalance": 0,
    "inputs": [{"name": "x", "neurons": 4, "words": 10, "home": 1}],
    "layers": [{"name": "a", "neurons": 4, "sources": [{"input": "x", "patterns": [[0, 1], [2, 3]],
                                                        "pattern_of": [0, 1, 0, 1]}]}]})";
  const auto problem = Read(kHome);
  EXPECT_THAT(problem->Print(), HasSubstr("\"home\": 1"));
  // Whoever is in part 0 needs two of the four, wherever these are read.
  for (const char* const solver : {"multilevel", "exhaustive", "cyclic"}) {
    const auto result = problem->Ask({solver, ""}, SolveLimits());
    ASSERT_TRUE(result.ok()) << result.status();
    EXPECT_EQ(result->value, 20) << solver;
  }
  const auto judge = [&](absl::string_view inputs) {
    const auto value = problem->Judge(
        *ParseJson(absl::StrCat(R"({"tensors": [{"tensor": "a", "owner": [0, 1, 0, 1]}], )",
                                R"("inputs": [{"tensor": "x", "owner": )", inputs, "}]}")),
        "p");
    return value.ok() ? PrintJsonCompact(*value) : std::string(value.status().message());
  };
  EXPECT_EQ(judge("[1, 1, 1, 1]"), R"({"objective": 20})");
  EXPECT_EQ(judge("[1, 0, 1, 1]"), "neuron 1 of 'x' is in part 0, but all of it is in part 1");
  const std::string text = kHome;
  const size_t at = text.find("\"home\": 1") + 8;
  EXPECT_THAT(ErrorOf(text.substr(0, at) + "2" + text.substr(at + 1)),
              HasSubstr("'x': home: must be a part from 0 to 1, of an input"));
  EXPECT_THAT(ErrorOf(text.substr(0, at) + "-1" + text.substr(at + 1)), HasSubstr("home"));
}

TEST(Rows, WhatOnlyFollowsCostsNoRuleAWord) {
  Problem problem = Copies(4, 1);
  rows::Tensor follower = {.name = "follower", .neurons = 64};
  std::vector<int64_t> begin = {0};
  std::vector<int32_t> columns;
  for (int32_t i = 0; i < 64; ++i) columns.push_back(i), begin.push_back(i + 1);
  follower.sources.push_back(rows::SourceOfRows(1, begin, columns));
  follower.sources[0].work = 0;
  problem.tensors.push_back(follower);
  ASSERT_TRUE(rows::OnlyFollows(problem.tensors[2]));
  EXPECT_FALSE(rows::OnlyFollows(problem.tensors[1]));
  const Problem alone = Copies(4, 1);
  EXPECT_EQ(rows::BroadcastWords(problem), rows::BroadcastWords(alone));
  EXPECT_EQ(rows::ExpectedRandomWords(problem), rows::ExpectedRandomWords(alone));
  EXPECT_EQ(rows::BaselinesOf(problem).random_words, rows::BaselinesOf(alone).random_words);
  EXPECT_EQ(rows::Evaluate(problem, *Ask(problem, "multilevel").best),
            rows::Evaluate(alone, *Ask(alone, "multilevel").best));
}

TEST(Rows, FlagsReplaceWhatTheFileSays) {
  ProblemOptions question;
  question.flags = {{"parts", "4"}, {"imbalance", "0.5"}};
  EXPECT_THAT(Read(kTwo, question)->Print(),
              ::testing::AllOf(HasSubstr("\"parts\": 4"), HasSubstr("\"imbalance\": 0.5")));
  question.flags = {{"parts", "0"}};
  EXPECT_EQ(ErrorOf(kTwo, question), "--parts=0: must be from 1 to 1024");
  question.flags = {{"imbalance", "nan"}};
  EXPECT_THAT(ErrorOf(kTwo, question), HasSubstr("--imbalance=nan"));
}

TEST(Rows, SayWhatIsWrongWithAFile) {
  const auto with = [](absl::string_view parts, absl::string_view rest,
                       absl::string_view patterns) {
    return absl::StrCat(R"({"schema": "allot.rows/1", "parts": )", parts, rest,
                        R"(, "inputs": [{"name": "x", "neurons": 2}], "layers": [{"name": "a", )",
                        R"("neurons": 2, "sources": [{"input": "x", )", patterns, "}]}]}");
  };
  const std::string fine = R"("patterns": [[0], [0, 1]])";
  EXPECT_EQ(ErrorOf(with("2", "", fine)), "");
  EXPECT_THAT(ErrorOf(with("0", "", fine)), HasSubstr("parts: must be from 1 to 1024"));
  EXPECT_THAT(ErrorOf(with("5000000000", "", fine)), HasSubstr("parts"));
  EXPECT_THAT(ErrorOf(with("2", R"(, "imbalance": -1)", fine)), HasSubstr("imbalance: must be"));
  EXPECT_THAT(ErrorOf(with("2", R"(, "speeds": [1])", fine)), HasSubstr("1 speeds for 2 parts"));
  EXPECT_THAT(ErrorOf(with("2", R"(, "links": [[0, 1]])", fine)), HasSubstr("links: must have"));
  EXPECT_THAT(ErrorOf(with("2", R"(, "links": [[0, 0], [1, 0]])", fine)),
              HasSubstr("links[0][1]: must be from 1"));
  EXPECT_THAT(ErrorOf(with("2", "", R"("patterns": [[0], [1, 0]])")),
              HasSubstr("'a': pattern 1: columns must ascend, but 0 follows 1"));
  EXPECT_THAT(ErrorOf(with("2", "", R"("patterns": [[0], [2]])")),
              HasSubstr("'a': pattern 1: there is no column 2; 'x' has 2 neurons"));
  EXPECT_THAT(ErrorOf(with("2", "", R"("patterns": [[0], [-1]])")), HasSubstr("-1 is no number"));
  EXPECT_THAT(ErrorOf(with("2", "", R"("patterns": [[0]])")),
              HasSubstr("has 1 rows for 2 neurons"));
  EXPECT_THAT(ErrorOf(with("2", "", R"("patterns": [[0]], "pattern_of": [0, 1])")),
              HasSubstr("row 1: there is no pattern 1"));
  EXPECT_THAT(ErrorOf(with("2", "", R"("patterns": [[0], ["x"]])")), HasSubstr("whole number"));
  EXPECT_THAT(ErrorOf(with("2", "", R"("patterns": 3)")), HasSubstr("patterns"));
  EXPECT_THAT(ErrorOf(with("2", "", fine + R"(, "work": 99999999999)")), HasSubstr("work must be"));
  EXPECT_THAT(ErrorOf(R"({"schema": "allot.rows/1", "parts": 2})"), HasSubstr("has no tensor"));
  EXPECT_THAT(ErrorOf(R"({"schema": "allot.rows/1", "parts": 2, "layers": [{"name": "a",
      "neurons": 1, "sources": [{"input": "b", "patterns": [[]]}]}]})"),
              HasSubstr("there is no 'b' before it"));
}

}  // namespace
}  // namespace allot
