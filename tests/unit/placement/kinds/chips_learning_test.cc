// What learns: gradients against differences, weights as files, and that the same comes out again.
#include <cmath>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"

#include "placement/kinds/chips/learning/features.h"
#include "placement/kinds/chips/learning/graph_net.h"
#include "placement/kinds/chips/learning/proposer_weights.h"
#include "placement/kinds/chips/model/verify.h"
#include "placement/kinds/chips/search/chips_search.h"
#include "placement/kinds/chips/search/learned.h"
#include "placement/kinds/chips/search/orders.h"
#include "placement/kinds/chips/training/pretrain.h"
#include "support/graph/topo_order.h"

namespace allot::chips {
namespace {

using ::testing::HasSubstr;

MadeModel Encoder() { return MakeModel(Family::kTransformer, 7); }

TEST(ChipsNetwork, GradientsAreThoseOfDifferences) {
  const MadeModel model = MakeModel(Family::kBranches, 3);
  const Compiled compiled(model.problem);
  Random random(5);
  const std::vector<double> features = FeaturesOf(compiled, LateSources(compiled, 0, random));
  GraphNet net(kFeatures.size());
  net.Initialize(random);
  // Also where Initialize() leaves zeros.
  for (double& parameter : net.parameters()) parameter += 0.1 * (random.Unit() - 0.5);
  std::vector<double> slopes(static_cast<size_t>(compiled.size()));
  for (double& slope : slopes) slope = random.Unit() - 0.5;
  const auto value = [&] {
    const GraphNet::Run run = net.Forward(compiled.graph(), features);
    double sum = 0;
    for (size_t v = 0; v < slopes.size(); ++v) sum += slopes[v] * run.outputs[v];
    return sum;
  };
  const std::vector<double> gradient =
      net.Backward(compiled.graph(), features, net.Forward(compiled.graph(), features), slopes);
  ASSERT_EQ(gradient.size(), net.parameters().size());
  constexpr double kStep = 1e-6;
  double largest = 0;
  for (size_t i = 0; i < gradient.size(); ++i) {
    const double before = net.parameters()[i];
    net.parameters()[i] = before + kStep;
    const double above = value();
    net.parameters()[i] = before - kStep;
    const double below = value();
    net.parameters()[i] = before;
    const double difference = (above - below) / (2 * kStep);
    ASSERT_NEAR(gradient[i], difference, 1e-4 * (1 + std::abs(difference))) << "parameter " << i;
    largest = std::max(largest, std::abs(difference));
  }
  EXPECT_GT(largest, 0.1);
}

TEST(ChipsNetwork, AdamFindsAMinimum) {
  std::vector<double> x = {3, -2};
  Adam adam(2);
  for (int i = 0; i < 4'000; ++i) adam.Step({2 * (x[0] - 1), 20 * (x[1] - 5)}, 0.01, x);
  EXPECT_NEAR(x[0], 1, 1e-3);
  EXPECT_NEAR(x[1], 5, 1e-3);
}

TEST(ChipsWeights, ReadBackAndRefuseOthers) {
  const ProposerWeights& shipped = ShippedWeights();
  ASSERT_EQ(shipped.parameters.size(), GraphNet(kFeatures.size()).parameters().size());
  const std::string text = PrintProposerWeights(shipped);
  const absl::StatusOr<ProposerWeights> again = ReadProposerWeights(text, "w.json");
  ASSERT_TRUE(again.ok()) << again.status();
  EXPECT_EQ(PrintProposerWeights(*again), text);
  const auto error = [&](const std::string& from, const std::string& to) {
    const std::string changed = absl::StrReplaceAll(text, {{from, to}});
    EXPECT_NE(changed, text);
    return std::string(ReadProposerWeights(changed, "w.json").status().message());
  };
  EXPECT_THAT(error("allot.proposer/1", "allot.proposer/2"), HasSubstr("w.json: schema: must be"));
  EXPECT_THAT(error("\"depth\"", "\"width\""), HasSubstr("other features"));
  EXPECT_THAT(error("\"layers\": 3", "\"layers\": 4"), HasSubstr("other features or sizes"));
  EXPECT_THAT(error("\"spread\": ", "\"spread\": -"), HasSubstr("spread: must be above 0"));
  EXPECT_THAT(error("\"parameters\": [", "\"parameters\": [1, "), HasSubstr("parameters: must be"));
  EXPECT_THAT(ReadProposerWeights("[]", "w.json").status().message(), HasSubstr("not array"));
  EXPECT_THAT(ReadProposerWeights("{", "w.json").status().message(), HasSubstr("w.json: "));
}

SearchResult RunLearned(const Problem& problem, LearnedUse use, const ProposerWeights* weights,
                        int64_t evaluations) {
  const Compiled compiled(problem);
  Workshop workshop(compiled);
  std::vector<Finder> finders;
  finders.push_back({MakeLearnedProposer(workshop, use, weights), 1});
  SearchLimits limits;
  limits.steps = int64_t{1} << 40;
  limits.evaluations = evaluations;
  return Search(workshop, finders, limits);
}

TEST(ChipsLearned, LearnsAndDoesSoAgain) {
  const MadeModel model = Encoder();
  for (const LearnedUse use : {LearnedUse::kChips, LearnedUse::kOrder}) {
    const SearchResult first = RunLearned(model.problem, use, nullptr, 200);
    const SearchResult again = RunLearned(model.problem, use, nullptr, 200);
    ASSERT_TRUE(first.best.has_value());
    EXPECT_EQ(first.history, again.history);
    EXPECT_EQ(first.best->chips, again.best->chips);
    if (use == LearnedUse::kChips) {
      EXPECT_LT(first.history.back(), first.history.front());
    }
  }
}

TEST(ChipsLearned, ShippedWeightsProposeBetterThanChance) {
  int better = 0, models = 0;
  for (const MadeModel& model : MadeCorpus(500'000, 2)) {
    const Compiled compiled(model.problem);
    Workshop workshop(compiled);
    const std::unique_ptr<Proposer> random = MakeRandomProposer(workshop);
    const std::optional<Assignment> drawn = random->Propose(nullptr);
    const SearchResult learned =
        RunLearned(model.problem, LearnedUse::kChips, &ShippedWeights(), 1);
    ASSERT_TRUE(drawn.has_value() && learned.best.has_value());
    ++models;
    if (learned.best->value < Worth(compiled, *drawn)) ++better;
  }
  EXPECT_GE(better, models - 1) << "of " << models;
}

TEST(ChipsLearned, PretrainingImprovesAndIsRepeatable) {
  PretrainOptions options;
  options.rounds = 100;
  std::vector<double> scores;
  options.progress = [&](int64_t, double score) { scores.push_back(score); };
  const std::vector<MadeModel> models = MadeCorpus(1, 1), held_out = MadeCorpus(99, 1);
  const Pretrained first = Pretrain(models, held_out, options);
  const Pretrained again = Pretrain(models, held_out, options);
  EXPECT_EQ(PrintProposerWeights(first.weights), PrintProposerWeights(again.weights));
  ASSERT_EQ(scores.size(), 4u);
  EXPECT_GT(first.score, scores.front());
  EXPECT_EQ(first.scores.size(), models.size() + held_out.size());
}

TEST(ChipsModels, OfEachFamilyAreProblems) {
  for (const MadeModel& model : MadeCorpus(42, 3)) {
    EXPECT_TRUE(Check(model.problem).ok()) << model.name << ": " << Check(model.problem);
    EXPECT_EQ(MadeCorpus(42, 3).size(), 15u);
  }
}

TEST(ChipsOrders, AreTopological) {
  for (const MadeModel& model : MadeCorpus(77, 1)) {
    const Compiled compiled(model.problem);
    Random random(3);
    std::vector<double> keys;
    for (int32_t v = 0; v < compiled.size(); ++v) keys.push_back(random.Unit());
    for (const std::vector<int32_t>& order :
         {LateSources(compiled, 0, random), LateSources(compiled, 1, random),
          BranchByBranch(compiled), ByKeys(compiled, keys)}) {
      ASSERT_EQ(order.size(), static_cast<size_t>(compiled.size()));
      const std::vector<int32_t> position = Positions(order);
      for (int32_t v = 0; v < compiled.size(); ++v) {
        for (const int32_t w : compiled.graph().successors(v)) {
          ASSERT_LT(position[static_cast<size_t>(v)], position[static_cast<size_t>(w)]);
        }
      }
      // Its slices keep the rules and are worth what is said.
      Workshop workshop(compiled);
      const std::optional<Cutting> cut = workshop.slicer.Cut(order, kDoesNotFit, 0);
      ASSERT_TRUE(cut.has_value());
      const absl::StatusOr<Picos> value = Verify(model.problem, compiled.Expand(cut->chips));
      ASSERT_TRUE(value.ok()) << value.status();
      EXPECT_EQ(*value, cut->value);
    }
  }
}

}  // namespace
}  // namespace allot::chips
