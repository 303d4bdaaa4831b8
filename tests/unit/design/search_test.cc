// Hardware search on small questions: against trying everything, interrupted, by several threads.
#include "design/search/search.h"

#include <algorithm>
#include <cmath>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"

#include "design/report/checkpoint.h"
#include "design/report/design_page.h"
#include "design/report/result_json.h"
#include "design/search/published_rule.h"
#include "target/hardware/space_json.h"
#include "target/target_json.h"
#include "tests/models/random_pipelines.h"

namespace allot::design {
namespace {

using ::testing::HasSubstr;

constexpr char kSpace[] = R"({
  "schema": "allot.space/1", "name": "small", "tensor_cores": [4, 1], "vector_cores": [2, 1], "width": [64, 16],
  "depth": [32], "buffer_mb": [4, 1], "link": "2GB/s",
  "rates": {"clock_hz": 1e9, "buffer_words_per_cycle": 128, "memory_words_per_cycle": 32},
  "area": {"multiplier": 700, "lane": 700, "core_buffer": {"1": 6000, "8": 22000, "32": 60000},
           "shared_buffer": {"1": 2000000, "4": 6000000}}
})";

Operation Product(const std::string& name, int64_t m, int64_t n, int64_t k,
                  std::vector<int32_t> sources) {
  Operation operation;
  operation.name = name, operation.op_type = "MatMul";
  operation.products = {{1, m, n, k}};
  operation.weighted = true;
  operation.elements = m * n, operation.read = m * k, operation.weights = n * k;
  operation.sources = std::move(sources);
  return operation;
}

Operation Elementwise(const std::string& name, int64_t elements, double cycles,
                      std::vector<int32_t> sources) {
  Operation operation;
  operation.name = name, operation.op_type = "Relu";
  operation.elements = operation.read = elements;
  operation.forward = cycles, operation.backward = 2 * cycles;
  operation.sources = std::move(sources);
  return operation;
}

// Two layers of a feed-forward network between an input and a head of other sizes.
LayerGraph SmallChain(int64_t width) {
  LayerGraph chain;
  chain.name = absl::StrCat("small-", width);
  Block first, middle, last;
  first.operations = {Elementwise("norm", 64 * width, 9, {})};
  middle.operations = {
      Product("up", 64, 4 * width, width, {}), Elementwise("act", 64 * 4 * width, 12, {0}),
      Product("down", 64, width, 4 * width, {1}), Elementwise("add", 64 * width, 1, {2})};
  last.operations = {Product("head", 64, 300, width, {})};
  for (Block* block : {&first, &middle, &last}) AssignSplitRoles(*block);
  chain.blocks = {first, middle, last};
  chain.block_of = {0, 1, 1, 2};
  chain.edges = {{0, 1, 64 * width}, {1, 2, 64 * width}, {2, 3, 64 * width}};
  return chain;
}

// Two encoders of one and of two layers beside each other, which a head reads.
LayerGraph TwoEncoders(int64_t width) {
  LayerGraph model = SmallChain(width);
  model.name = "two-encoders";
  model.block_of = {1, 1, 1, 2};
  model.edges = {{0, 3, 64 * width}, {1, 2, 640 * width}, {2, 3, 32 * width}};
  return model;
}

Question SmallQuestion(std::vector<int64_t> widths = {256}) {
  Question question;
  question.space = *hardware::ParseSpace(kSpace, "s.json");
  question.configurations = *hardware::Enumerate(question.space);
  for (const int64_t width : widths) question.models.push_back(SmallChain(width));
  question.weights.assign(question.models.size(), 1);
  question.devices = 6;
  question.batch = 12;
  question.microbatches = {1, 2};
  question.memories_gib = {1, 2};
  question.tensor_widths = {1, 2};
  question.rank = 3;
  return question;
}

// The problem that placing a chain is, for some times of its blocks.
pipelines::Problem ProblemOf(const Question& q, const ModelPlans& model,
                             const std::vector<Ticks>& times, size_t microbatch, size_t memory,
                             bool recompute) {
  const LayerGraph& chain = model.layers();
  pipelines::Problem problem;
  problem.devices = q.devices;
  problem.memory = q.memories_gib[memory] << 30;
  problem.microbatches = q.batch / q.microbatches[microbatch];
  problem.recompute = recompute;
  for (size_t i = 0; i < chain.num_layers(); ++i) {
    problem.names.push_back(absl::StrCat(i));
  }
  for (const LayerEdge& edge : chain.edges) problem.edges.emplace_back(edge.from, edge.to);
  for (size_t t = 0; t < q.tensor_widths.size(); ++t) {
    pipelines::Width& width = problem.widths.emplace_back();
    width.devices = q.tensor_widths[t];
    for (const int32_t b : chain.block_of) {
      const Block& block = chain.blocks[static_cast<size_t>(b)];
      const BlockMemory kept = MemoryOf(block, {q.microbatches[microbatch], q.tensor_widths[t]});
      const double weights = 2 * kept.weights.value();
      pipelines::Layer& layer = width.layers.emplace_back();
      const auto at = static_cast<size_t>(b);
      layer.forward = times[model.tasks().Index(at, microbatch, t, Direction::kForward)];
      layer.backward = times[model.tasks().Index(at, microbatch, t, Direction::kBackward)];
      layer.state = std::llround(2 * weights);
      layer.activations = std::llround(2 * kept.results.value());
      layer.split = block.split && width.devices > 1;
      layer.update = ToTicks(hardware::ByteCount(4 * weights) / q.space.link);
    }
    for (const LayerEdge& edge : chain.edges) {
      const double bytes = 2.0 * static_cast<double>(edge.elements * q.microbatches[microbatch]);
      width.transfers.push_back(
          {ToTicks(hardware::ByteCount(bytes) / q.space.link), std::llround(bytes)});
    }
  }
  return problem;
}

void ExpectTheBestOfEverything(const Question& question) {
  const HardwareSearch search(question);
  double best = 0;
  int decided = 0;
  for (size_t i = 0; i < question.configurations.size(); ++i) {
    const HardwareSearch::Times times = search.Schedule(i);
    for (size_t mb = 0; mb < question.microbatches.size(); ++mb) {
      for (size_t memory = 0; memory < question.memories_gib.size(); ++memory) {
        for (const bool recompute : {false, true}) {
          const pipelines::Problem problem =
              ProblemOf(question, search.models()[0], times.lengths[0], mb, memory, recompute);
          ASSERT_TRUE(pipelines::Check(problem).ok());
          const std::optional<int64_t> ticks = testing::BestOfAllPlans(problem);
          ModelPlans::Workspace workspace;
          const PlanChoice plan =
              search.models()[0].Best(times.lengths[0], mb, memory, recompute, workspace);
          ASSERT_EQ(plan.samples_per_s > 0, ticks.has_value());
          if (!ticks.has_value()) continue;
          ++decided;
          const double rate = 12 * kTicksPerSecond / static_cast<double>(*ticks);
          // Sums of updates are rounded for each layer, or for all of a stage.
          EXPECT_NEAR(plan.samples_per_s, rate, 1e-6 * rate);
          best = std::max(best, rate);
        }
      }
    }
  }
  EXPECT_GT(decided, 50);
  const absl::StatusOr<SearchResult> result = search.Run({});
  ASSERT_TRUE(result.ok());
  EXPECT_NEAR(result->outcomes.at(result->ranking[0]).value, best, 1e-6 * best);
  EXPECT_GE(result->bound, result->outcomes.at(result->ranking[0]).value);
}

TEST(HardwareSearch, TheWholeChoiceIsThatOfTryingEverything) {
  ExpectTheBestOfEverything(SmallQuestion());
}

TEST(HardwareSearch, SoItIsOfBranches) {
  Question question = SmallQuestion();
  question.models = {TwoEncoders(256)};
  ExpectTheBestOfEverything(question);
}

TEST(HardwareSearch, AStageCanBeABranch) {
  Question question = SmallQuestion();
  question.models = {TwoEncoders(1024)};
  question.microbatches = {1};
  question.recompute = {false};
  question.tensor_widths = {1};
  question.devices = 2;
  question.batch = 64;
  const HardwareSearch search(question);
  const HardwareSearch::Times times = search.Schedule(0);
  ModelPlans::Workspace workspace;
  std::vector<PlannedStage> stages;
  search.models()[0].Best(times.lengths[0], 0, 1, false, workspace, &stages);
  ASSERT_EQ(stages.size(), 2u);
  // The order of the layers has one before three; beside each other two and two are possible.
  std::vector<int32_t> all;
  for (const PlannedStage& stage : stages) {
    EXPECT_EQ(stage.layers.size(), 2u);
    all.insert(all.end(), stage.layers.begin(), stage.layers.end());
  }
  EXPECT_EQ(stages[0].layers, (std::vector<int32_t>{1, 2}));
}

std::string Bytes(const Question& question, const SearchHooks& hooks = {}) {
  const HardwareSearch search(question);
  const absl::StatusOr<SearchResult> result = search.Run(hooks);
  EXPECT_TRUE(result.ok());
  const std::optional<RuleOutcome> rule = FollowPublishedRule(search);
  return PrintJson(ResultJson({search, *result, rule})) + DesignPage({search, *result, rule});
}

TEST(HardwareSearch, ThreadsChangeNothing) {
  Question question = SmallQuestion({128, 256});
  const std::string one = Bytes(question);
  question.threads = 3;
  EXPECT_EQ(Bytes(question), one);
}

TEST(HardwareSearch, WhatWasInterruptedGoesOnToTheSameBytes) {
  const Question question = SmallQuestion({128, 256});
  std::string written = CheckpointHeader(question);
  SearchHooks hooks;
  hooks.found = [&](const std::vector<size_t>& chunk, const std::map<size_t, Outcome>& outcomes) {
    for (const size_t i : chunk) written += CheckpointLine(i, outcomes.at(i));
    return absl::OkStatus();
  };
  const std::string whole = Bytes(question, hooks);
  // Killed anywhere, in the middle of a line too.
  for (const size_t kept :
       {size_t{10}, written.size() / 3, written.size() / 2, written.size() - 1, written.size()}) {
    const auto known = ReadCheckpoint(written.substr(0, kept), "search.jsonl", question);
    ASSERT_TRUE(known.ok()) << known.status();
    SearchHooks again;
    again.known = *known;
    EXPECT_EQ(Bytes(question, again), whole);
  }
  Question other = question;
  other.devices = 7;
  EXPECT_THAT(ReadCheckpoint(written, "search.jsonl", other).status().message(),
              HasSubstr("asked something else"));
}

TEST(HardwareSearch, SeveralModelsAreCombinedAsAsked) {
  Question question = SmallQuestion({128, 256});
  const std::vector<PlanChoice> plans = {{.samples_per_s = 10}, {.samples_per_s = 4}};
  EXPECT_EQ(Combine(question, plans, 0, hardware::Area(2e6)), 7);
  question.weights = {1, 3};
  EXPECT_EQ(Combine(question, plans, 0, hardware::Area(2e6)), 5.5);
  question.combination = Combination::kWorst;
  EXPECT_EQ(Combine(question, plans, 0, hardware::Area(2e6)), 4);
  question.per = PerUnit::kArea;
  EXPECT_EQ(Combine(question, plans, 0, hardware::Area(2e6)), 2);
  question.per = PerUnit::kWatt;
  EXPECT_EQ(Combine(question, plans, 8, hardware::Area(2e6)), 0.5);
  EXPECT_EQ(Combine(question, {{.samples_per_s = 10}, {}}, 8, hardware::Area(2e6)), 0);
}

TEST(HardwareSearch, LatencyIsThatOfTheFewestTransfers) {
  Question question = SmallQuestion();
  question.objective = Objective::kLatency;
  question.recompute = {false};
  const HardwareSearch search(question);
  std::vector<ModelPlans::Workspace> workspaces(1);
  const Outcome outcome = search.Decide(0, workspaces);
  // All of it fits a device.
  EXPECT_EQ(outcome.plans[0].pipeline, 1);
  EXPECT_GT(outcome.value, 0);
  EXPECT_NEAR(outcome.plans[0].seconds * outcome.value,
              static_cast<double>(outcome.plans[0].microbatch), 1e-9);
}

TEST(HardwareSearch, TheChosenMachineIsATargetThatReads) {
  const Question question = SmallQuestion();
  const HardwareSearch search(question);
  const absl::StatusOr<SearchResult> result = search.Run({});
  ASSERT_TRUE(result.ok());
  const std::optional<RuleOutcome> none;
  const std::string text = TargetText({search, *result, none});
  const auto target = ParseTarget(text, "target.json");
  ASSERT_TRUE(target.ok()) << target.status();
}

TEST(SplitRoles, AColumnProductAndTheRowsOfTheNext) {
  const LayerGraph chain = SmallChain(64);
  const Block& block = chain.blocks[1];
  EXPECT_TRUE(block.split);
  EXPECT_EQ(block.operations[0].role, SplitRole::kColumns);
  EXPECT_EQ(block.operations[1].role, SplitRole::kWithin);
  EXPECT_EQ(block.operations[2].role, SplitRole::kRows);
  EXPECT_EQ(block.operations[3].role, SplitRole::kWhole);
  EXPECT_FALSE(chain.blocks[2].split);
  // What sums over features between them must see all of them.
  Block mixed = block;
  mixed.operations[1].mixes = true;
  mixed.split = false;
  AssignSplitRoles(mixed);
  EXPECT_FALSE(mixed.split);
}

TEST(Tasks, BackwardHasBothProductsAndTheCollectives) {
  const Block block = SmallChain(64).blocks[1];
  const TaskGraph forward = MakeTasks(block, Direction::kForward, {2, 4});
  // up with act, down, what adds it up, add.
  ASSERT_EQ(forward.tasks.size(), 4u);
  EXPECT_EQ(forward.tasks[0].products[0], (Extents{1, 128, 64, 64}));
  EXPECT_EQ(forward.tasks[0].vectors[0].elements, 128 * 64);
  EXPECT_EQ(forward.tasks[1].products[0], (Extents{1, 128, 64, 64}));
  EXPECT_EQ(forward.tasks[2].exchanged.value(), 128 * 64);
  const TaskGraph backward = MakeTasks(block, Direction::kBackward, {2, 4});
  int products = 0, collectives = 0;
  for (const Task& task : backward.tasks) {
    products += !task.products.empty();
    collectives += task.Collective();
  }
  EXPECT_EQ(products, 4);
  EXPECT_EQ(collectives, 1);
  // Undivided: up with act, down with add.
  EXPECT_EQ(MakeTasks(block, Direction::kForward, {1, 1}).tasks.size(), 2u);
}

}  // namespace
}  // namespace allot::design
