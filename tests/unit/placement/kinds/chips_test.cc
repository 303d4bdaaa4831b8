// The rules of chips: what the constraint solver reaches, what the verifier refuses, and that
// values and bounds are what trying everything says.
#include <map>
#include <set>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"

#include "placement/kinds/chips/bounds/bounds.h"
#include "placement/kinds/chips/formats/chips_json.h"
#include "placement/kinds/chips/model/compiled.h"
#include "placement/kinds/chips/model/copies.h"
#include "placement/kinds/chips/model/evaluate.h"
#include "placement/kinds/chips/model/verify.h"
#include "placement/kinds/chips/rules/repair.h"
#include "placement/kinds/chips/search/search.h"
#include "placement/kinds/kind.h"
#include "tests/models/random_chips.h"

namespace allot::chips {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

// Every assignment of compiled nodes that the verifier accepts, with its value.
std::map<Assignment, Picos> ValidAssignments(const Problem& problem) {
  const Compiled compiled(problem);
  std::map<Assignment, Picos> valid;
  Assignment chips(static_cast<size_t>(compiled.size()));
  while (true) {
    const absl::StatusOr<Picos> value = Verify(problem, compiled.Expand(chips));
    if (value.ok()) valid.emplace(chips, *value);
    size_t v = 0;
    while (v < chips.size() && ++chips[v] == problem.chips) chips[v++] = 0;
    if (v == chips.size()) return valid;
  }
}

ChipWeights Even(const RuleGraph& rules) {
  return ChipWeights(static_cast<size_t>(rules.size() * rules.chips()), 1.0);
}

// Weights under which nothing but this assignment can be drawn.
ChipWeights Only(const RuleGraph& rules, const Assignment& chips) {
  ChipWeights weights(static_cast<size_t>(rules.size() * rules.chips()));
  for (size_t v = 0; v < chips.size(); ++v) {
    weights[v * static_cast<size_t>(rules.chips()) + static_cast<size_t>(chips[v])] = 1;
  }
  return weights;
}

// Of one problem: what is drawn is valid, each valid assignment can be drawn, for it is when its
// chips are those of positive weight, and to fix one changes nothing. Returns how many there are.
size_t CheckSampleAndFix(const Problem& problem, uint64_t seed, int draws) {
  const std::map<Assignment, Picos> valid = ValidAssignments(problem);
  const Compiled compiled(problem);
  const RuleGraph rules(compiled);
  Repair repair(rules);
  Random random(seed);
  const auto is_valid = [&](const Assignment& chips) { return valid.count(chips) == 1; };
  for (const auto& [chips, value] : valid) {
    EXPECT_EQ(repair.Sample(Only(rules, chips), random), chips) << "seed " << seed;
    EXPECT_EQ(repair.Fix(chips, random), chips) << "seed " << seed;
    EXPECT_EQ(Bottleneck(compiled, chips), value) << "seed " << seed;
  }
  const ChipWeights even = Even(rules);
  Assignment candidate(static_cast<size_t>(compiled.size()));
  for (int i = 0; i < draws; ++i) {
    EXPECT_TRUE(is_valid(repair.Sample(even, random))) << "seed " << seed;
    for (int32_t& chip : candidate) chip = static_cast<int32_t>(random.Below(problem.chips));
    EXPECT_TRUE(is_valid(repair.Sample(Only(rules, candidate), random))) << "seed " << seed;
    EXPECT_TRUE(is_valid(repair.Fix(candidate, random))) << "seed " << seed;
  }
  EXPECT_EQ(repair.counts().sliced, 0) << "seed " << seed;
  return valid.size();
}

// All graphs of up to five nodes, numbered in an order that edges follow.
TEST(ChipsRules, OfAllSmallGraphsExactlyTheValidAssignmentsAreReached) {
  size_t graphs = 0, valid = 0;
  for (int32_t nodes = 1; nodes <= 5; ++nodes) {
    const int32_t pairs = nodes * (nodes - 1) / 2;
    for (uint64_t edges = 0; edges < uint64_t{1} << pairs; ++edges) {
      Problem problem;
      uint64_t rest = edges;
      for (int32_t v = 0; v < nodes; ++v) {
        Node& node = problem.nodes.emplace_back();
        node.name = absl::StrCat("n", v);
        node.work = v + 1;
        for (int32_t u = 0; u < v; ++u, rest >>= 1) {
          if ((rest & 1) != 0) node.reads.push_back(u);
        }
      }
      // All numbers of chips of the smaller ones.
      for (problem.chips = nodes < 5 ? 1 : 4; problem.chips <= 4; ++problem.chips) {
        valid += CheckSampleAndFix(problem, edges, 5);
        ++graphs;
      }
    }
  }
  EXPECT_EQ(graphs, 4 * (1 + 2 + 8 + 64) + 1024u);
  EXPECT_GT(valid, 10'000u);
}

TEST(ChipsRules, OfLargerGraphsExactlyTheValidAssignmentsAreReached) {
  size_t valid = 0, largest = 0;
  for (uint64_t seed = 0; seed < 90; ++seed) {
    testing::RandomChipsOptions options;
    options.nodes = 6 + static_cast<int32_t>(seed % 3);
    options.chips = 2 + static_cast<int32_t>(seed / 3 % 3);
    options.percent_edges = 10 + static_cast<int32_t>(seed * 7 % 60);
    options.topology = static_cast<Topology>(seed % 3);
    const size_t found = CheckSampleAndFix(testing::RandomChips(seed, options), seed, 100);
    valid += found;
    largest = std::max(largest, found);
  }
  EXPECT_GT(valid, 10'000u);
  EXPECT_GT(largest, 1'000u);
}

// By chance alone, as a search draws.
TEST(ChipsRules, EvenWeightsReachAllValidAssignments) {
  for (uint64_t seed = 0; seed < 40; ++seed) {
    testing::RandomChipsOptions options;
    options.nodes = 2 + static_cast<int32_t>(seed % 6);
    options.chips = 2 + static_cast<int32_t>(seed % 3);
    options.percent_edges = 20 + static_cast<int32_t>(seed * 7 % 50);
    const Problem problem = testing::RandomChips(seed, options);
    const std::map<Assignment, Picos> valid = ValidAssignments(problem);
    const Compiled compiled(problem);
    const RuleGraph rules(compiled);
    Repair repair(rules);
    Random random(seed);
    std::set<Assignment> reached;
    // Each comes with a probability of one in chips^nodes at least, mostly of one in so many.
    const size_t most = 400 * valid.size() + 1'000;
    for (size_t i = 0; i < most && reached.size() < valid.size(); ++i) {
      reached.insert(repair.Sample(Even(rules), random));
    }
    EXPECT_EQ(reached.size(), valid.size()) << "seed " << seed;
  }
}

TEST(ChipsSearch, ValuesBoundsAndMemoryAreThoseOfTryingEverything) {
  int proved = 0, infeasible = 0;
  for (uint64_t seed = 0; seed < 150; ++seed) {
    testing::RandomChipsOptions options;
    options.nodes = 7;
    options.chips = 2 + static_cast<int32_t>(seed % 3);
    options.percent_edges = 15 + static_cast<int32_t>(seed % 5) * 12;
    options.copies = seed % 2 == 0;
    options.memory = seed % 3 == 0;
    options.topology = static_cast<Topology>(seed % 3);
    const Problem problem = testing::RandomChips(seed, options);
    ASSERT_TRUE(Check(problem).ok()) << Check(problem);
    const std::map<Assignment, Picos> valid = ValidAssignments(problem);
    const Compiled compiled(problem);
    Picos optimum = kDoesNotFit;
    for (const auto& [chips, value] : valid) {
      optimum = std::min(optimum, value);
      ASSERT_EQ(Worth(compiled, chips), value) << "seed " << seed;
    }
    Workshop workshop(compiled);
    const ChipsBound bound = BoundOf(workshop.rules);
    if (valid.empty()) {
      ++infeasible;
      continue;
    }
    ASSERT_FALSE(bound.infeasible) << "seed " << seed;
    ASSERT_LE(bound.value, optimum) << "seed " << seed;
    workshop.bound = bound.value;
    std::vector<Finder> finders;
    finders.push_back({MakeSlicesProposer(workshop), 1});
    finders.push_back({MakeAnnealingProposer(workshop, AnnealingStart::kBalanced, 100), 1});
    finders.push_back({MakeRandomProposer(workshop), 1});
    SearchLimits limits;
    limits.steps = 2'000'000;
    limits.evaluations = 2'000;
    const SearchResult found = Search(workshop, finders, limits);
    ASSERT_TRUE(found.best.has_value()) << "seed " << seed;
    EXPECT_EQ(found.best->value, optimum) << "seed " << seed;
    if (bound.value == optimum) ++proved;
  }
  EXPECT_GT(proved, 50);
  EXPECT_GT(infeasible, 0);
}

// Blocks one after another, each of single nodes between its input and the sum that reads it too.
Problem Residuals(int32_t chips, int blocks, const std::vector<Picos>& inside) {
  Problem problem;
  problem.chips = chips;
  problem.nodes.push_back({"in", 1, 1, 0, 0, false, {}});
  int32_t at = 0;
  for (int b = 0; b < blocks; ++b) {
    int32_t last = at;
    for (const Picos work : inside) {
      problem.nodes.push_back({absl::StrCat(problem.nodes.size()), work, 1, 0, 0, false, {last}});
      last = static_cast<int32_t>(problem.nodes.size()) - 1;
    }
    problem.nodes.push_back({absl::StrCat(problem.nodes.size()), 1, 1, 0, 0, false, {at, last}});
    at = static_cast<int32_t>(problem.nodes.size()) - 1;
  }
  return problem;
}

TEST(ChipsBounds, AnEdgeKeepsWhatIsInsideOnTwoChips) {
  // Four nodes of 10 inside one edge: no third chip can help. So 1 + 20 before the cut, 20 + 1.
  const auto bound = [](const Problem& problem) {
    const Compiled compiled(problem);
    return BoundOf(RuleGraph(compiled));
  };
  const ChipsBound one = bound(Residuals(6, 1, {10, 10, 10, 10}));
  EXPECT_EQ(one.value, 21);
  EXPECT_EQ(one.name, "triangle");
  // What is inside is closed downwards: 7 and 9 before the cut, or 7 alone, with the input.
  EXPECT_EQ(bound(Residuals(6, 1, {7, 9, 3})).value, 13);
  // A chip between two blocks has the end of one and the beginning of the next.
  for (const auto& [chips, blocks] : {std::pair(3, 2), std::pair(4, 2), std::pair(4, 3)}) {
    const Problem problem = Residuals(chips, blocks, {4, 6});
    Picos optimum = kDoesNotFit;
    for (const auto& [assignment, value] : ValidAssignments(problem)) {
      optimum = std::min(optimum, value);
    }
    EXPECT_EQ(bound(problem).value, optimum) << chips << " chips, " << blocks << " blocks";
  }
}

// a -> b -> c, and a -> c; d by itself.
Problem Triangle() {
  Problem problem;
  problem.chips = 4;
  problem.nodes = {{"a", 5, 10, 1, 100, false, {}},
                   {"b", 6, 20, 2, 200, false, {0}},
                   {"c", 7, 0, 0, 300, false, {0, 1}},
                   {"d", 1, 0, 0, 0, false, {}}};
  return problem;
}

TEST(ChipsRules, EachBrokenRuleIsNamed) {
  Problem problem = Triangle();
  const auto broken = [&](const Assignment& chips) {
    return std::string(Verify(problem, chips).status().message());
  };
  EXPECT_EQ(*Verify(problem, {0, 0, 1, 1}), 11);
  EXPECT_EQ(*Verify(problem, {0, 1, 1, 0}), 13);
  EXPECT_THAT(broken({1, 0, 1, 0}), StartsWith("order: node 'b' on chip 0 reads 'a'"));
  EXPECT_THAT(broken({0, 0, 2, 0}), StartsWith("prefix: chip 1 is skipped"));
  EXPECT_THAT(broken({0, 1, 2, 0}), StartsWith("triangle: there is an edge from chip 0 to chip 2"));
  EXPECT_THAT(broken({0, 0, 4, 0}), StartsWith("chips: node 'c' is on chip 4 of 4"));
  EXPECT_THAT(broken({0, 0}), StartsWith("chips: there are chips for 2 nodes"));
  // At b: weights of a and b, and the outputs of both, which chip 1 reads.
  problem.memory = 330;
  EXPECT_TRUE(Verify(problem, {0, 0, 1, 0}).ok());
  problem.memory = 329;
  EXPECT_THAT(broken({0, 0, 1, 0}), StartsWith("memory: chip 0 holds 330 bytes at node 'b'"));
}

TEST(ChipsRules, CopiesCountOnEachChipThatReadsThem) {
  Problem problem = Triangle();
  problem.nodes[0].work = 1;
  MarkCopies({1, 1'000}, problem);
  EXPECT_TRUE(problem.nodes[0].copied);
  EXPECT_FALSE(problem.nodes[3].copied);         // nothing reads it
  EXPECT_EQ(*Verify(problem, {0, 0, 1, 1}), 9);  // c, d and a copy of a
  EXPECT_EQ(*Verify(problem, {0, 0, 2, 1}), 8);
}

TEST(ChipsFormat, AllErrorsSayWhere) {
  const auto error = [](const std::string& text, const std::string& chips = "") {
    ProblemOptions question;
    if (!chips.empty()) question.flags["chips"] = chips;
    return std::string(
        ReadProblemOfAnyKind(BuiltinKinds(), text, "p.json", question).status().message());
  };
  const auto with = [&](const std::string& nodes, const std::string& more = "") {
    return error(absl::StrCat(R"({"schema": "allot.chips/1", "chips": 3, )", more, R"("nodes": [)",
                              nodes, "]}"));
  };
  EXPECT_EQ(with(R"({"name": "a", "work": "1us"})"), "");
  EXPECT_THAT(with(R"({"name": "a"})"), HasSubstr("nodes[0]: key 'work' is missing"));
  EXPECT_THAT(with(R"({"name": "a", "work": "1 hour"})"), HasSubstr("p.json: nodes[0].work"));
  EXPECT_THAT(with(R"({"name": "a", "work": -1})"), HasSubstr("work must not be negative"));
  EXPECT_THAT(with(R"({"name": "a", "work": 9000000000000000000})"),
              HasSubstr("work is too large"));
  EXPECT_THAT(with(R"({"name": "a", "work": 1, "output": 5})"), HasSubstr("has an output, but"));
  EXPECT_THAT(with(R"({"name": "a", "work": 1, "reads": ["b"]})"),
              HasSubstr("there is no node 'b'"));
  EXPECT_THAT(with(R"({"name": "a", "work": 1, "reads": ["a"]})"), HasSubstr("lies on a cycle"));
  EXPECT_THAT(with(R"({"name": "a", "work": 1}, {"name": "a", "work": 1})"),
              HasSubstr("nodes[1].name: there are two nodes 'a'"));
  EXPECT_THAT(with(""), HasSubstr("there must be at least one node"));
  EXPECT_THAT(with(R"({"name": "a", "work": 1})", R"("ring": "round", )"),
              HasSubstr("p.json: ring"));
  EXPECT_THAT(with(R"({"name": "a", "work": 1})", R"("ring": "grid:2", )"), HasSubstr("2 columns"));
  EXPECT_THAT(with(R"({"name": "a", "work": 1})", R"("memory": -5, )"), HasSubstr("negative"));
  EXPECT_THAT(error(R"({"schema": "allot.chips/1", "chips": 65, "nodes": []})"),
              HasSubstr("must be from 1 to 64"));
  EXPECT_THAT(error(R"({"nodes": [{"id": 0, "fpgaLatency": 1}], "edges": []})", "0"),
              HasSubstr("--chips: there can be 1 to 64 chips, not 0"));
  EXPECT_THAT(error(R"({"nodes": [{"id": 0, "fpgaLatency": 1, "isBackwardNode": true}],
                        "edges": [{"sourceId": 0, "destId": 3, "cost": 1}]})",
                    "2"),
              AllOf(HasSubstr("isBackwardNode"), HasSubstr("there is no node 3")));
}

TEST(ChipsFormat, PlansAreJudged) {
  const std::string text = PrintProblem(Triangle());
  auto problem = ReadProblemOfAnyKind(BuiltinKinds(), text, "p.json");
  ASSERT_TRUE(problem.ok()) << problem.status();
  const auto judge = [&](const std::string& plan) {
    const absl::StatusOr<Json> judged = (*problem)->Judge(*ParseJson(plan), "plan.json");
    return judged.ok() ? PrintJsonCompact(*judged) : std::string(judged.status().message());
  };
  EXPECT_EQ(judge(R"({"chips": [["a", "b"], ["c", "d"]]})"), R"({"objective": 1.1e-08})");
  EXPECT_EQ(judge(R"([0, 0, 1, 1])"), R"({"objective": 1.1e-08})");
  EXPECT_THAT(judge(R"([["a"], ["b"], ["c", "d"]])"), StartsWith("triangle:"));
  EXPECT_THAT(judge(R"([["a"], ["b"], ["c", "d", "a"]])"), HasSubstr("node 'a' is on chip 0 too"));
  EXPECT_THAT(judge(R"([["a", "c", "d"]])"), HasSubstr("node 'b' is on no chip"));
  EXPECT_THAT(judge(R"([["x"]])"), HasSubstr("there is no node \"x\""));
  EXPECT_THAT(judge(R"([0, 0, 9, 0])"), HasSubstr("chips[2]: must be a chip from 0 to 3"));
  EXPECT_THAT(judge(R"({})"), HasSubstr("expected {\"chips\""));
}

}  // namespace
}  // namespace allot::chips
