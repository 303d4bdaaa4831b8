// The rules of chips: what the constraint solver reaches, what the verifier refuses, and that
// values and bounds are what trying everything says.
#include <map>
#include <set>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"

#include "placement/kinds/chips/formats/chips_json.h"
#include "placement/kinds/chips/model/compiled.h"
#include "placement/kinds/chips/model/copies.h"
#include "placement/kinds/chips/model/evaluate.h"
#include "placement/kinds/chips/model/verify.h"
#include "placement/kinds/chips/rules/repair.h"
#include "placement/kinds/chips/search/bounds.h"
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

TEST(ChipsRules, SampleReachesExactlyTheValidAssignments) {
  int64_t sets = 0, largest = 0;
  for (uint64_t seed = 0; seed < 70; ++seed) {
    testing::RandomChipsOptions options;
    options.nodes = 2 + static_cast<int32_t>(seed % 7);
    options.chips = options.nodes == 8 ? 3 : 2 + static_cast<int32_t>(seed % 3);
    options.percent_edges = 20 + static_cast<int32_t>(seed * 7 % 50);
    const Problem problem = testing::RandomChips(seed, options);
    const std::map<Assignment, Picos> valid = ValidAssignments(problem);
    const Compiled compiled(problem);
    const RuleGraph rules(compiled);
    Repair repair(rules);
    Random random(seed);
    const ChipWeights even(static_cast<size_t>(compiled.size() * problem.chips), 1.0);
    std::set<Assignment> reached;
    // Each comes with a probability of one in chips^nodes at least, mostly of one in so many.
    const size_t most = 400 * valid.size() + 1'000;
    for (size_t i = 0; i < most && reached.size() < valid.size(); ++i) {
      const Assignment sample = repair.Sample(even, random);
      ASSERT_EQ(valid.count(sample), 1u) << "seed " << seed;
      reached.insert(sample);
    }
    EXPECT_EQ(reached.size(), valid.size()) << "seed " << seed;
    EXPECT_EQ(repair.counts().sliced, 0);
    sets += static_cast<int64_t>(valid.size());
    largest = std::max(largest, static_cast<int64_t>(valid.size()));
  }
  EXPECT_GT(sets, 1'000);
  EXPECT_GT(largest, 50);
}

TEST(ChipsRules, FixKeepsWhatIsValidAndRepairsTheRest) {
  for (uint64_t seed = 100; seed < 140; ++seed) {
    testing::RandomChipsOptions options;
    options.nodes = 7;
    options.chips = 2 + static_cast<int32_t>(seed % 3);
    options.topology = seed % 2 == 0 ? Topology::kTwoWayRing : Topology::kGrid;
    const Problem problem = testing::RandomChips(seed, options);
    const std::map<Assignment, Picos> valid = ValidAssignments(problem);
    const Compiled compiled(problem);
    const RuleGraph rules(compiled);
    Repair repair(rules);
    Random random(seed);
    for (const auto& [chips, value] : valid) {
      ASSERT_EQ(repair.Fix(chips, random), chips) << "seed " << seed;
      ASSERT_EQ(Bottleneck(compiled, chips), value) << "seed " << seed;
    }
    for (int i = 0; i < 200; ++i) {
      Assignment candidate;
      for (int32_t v = 0; v < compiled.size(); ++v) {
        candidate.push_back(static_cast<int32_t>(random.Below(problem.chips)));
      }
      ASSERT_EQ(valid.count(repair.Fix(candidate, random)), 1u) << "seed " << seed;
    }
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
    const ChipsBound bound = BoundOf(compiled);
    if (valid.empty()) {
      ++infeasible;
      continue;
    }
    ASSERT_FALSE(bound.infeasible) << "seed " << seed;
    ASSERT_LE(bound.value, optimum) << "seed " << seed;
    Workshop workshop(compiled);
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
