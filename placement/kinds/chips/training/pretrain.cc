#include "placement/kinds/chips/training/pretrain.h"

#include <algorithm>
#include <memory>
#include <utility>

#include "absl/strings/str_cat.h"

#include "placement/kinds/chips/bounds/bounds.h"
#include "placement/kinds/chips/learning/features.h"
#include "placement/kinds/chips/search/learned.h"
#include "placement/kinds/chips/search/search.h"

namespace allot::chips {
namespace {

constexpr int64_t kTeacherTurns = 300;
constexpr int64_t kRoundsBetweenScores = 100;
// Of the first draws for a model that was not seen.
constexpr double kSpread = 0.05;
// Of the averaged weights, in each round.
constexpr double kKept = 0.99;
constexpr double kFirstRate = 0.004, kLastRate = 0.0005;

// A model with all that a search of it needs.
class Lesson {
 public:
  Lesson(const MadeModel& model, uint64_t seed)
      : name_(model.name), compiled_(model.problem), workshop_(compiled_) {
    workshop_.bound = BoundOf(workshop_.rules).value;
    workshop_.random = Random(seed);
    std::vector<Finder> finders;
    finders.push_back({MakeSlicesProposer(workshop_), 1});
    SearchLimits limits;
    limits.steps = int64_t{1} << 40;
    limits.evaluations = kTeacherTurns;
    teacher_ = Search(workshop_, finders, limits).best;
    for (const LearnedUse use : {LearnedUse::kChips, LearnedUse::kOrder}) {
      uses_.push_back(std::make_unique<LearnedBatches>(workshop_, use, nullptr));
      if (teacher_.has_value()) uses_.back()->Show(*teacher_);
    }
  }

  const std::string& name() const { return name_; }

  // One batch of draws; at least what is best so far is learned from.
  void Learn(LearnedUse use, double rate, PositionPolicy::Learned& learned) {
    LearnedBatches& batches = *uses_[use == LearnedUse::kChips ? 0 : 1];
    batches.policy().Exchange(learned);
    batches.set_rate(rate);
    do {
      if (const std::optional<Assignment> chips = batches.Next()) {
        batches.Learn(*chips, Worth(compiled_, *chips));
      }
    } while (!batches.at_start());
    batches.policy().Exchange(learned);
  }

  // bound / value of the first proposal, repaired.
  double Score(PositionPolicy::Learned& learned) {
    workshop_.random = Random(1);
    LearnedBatches batches(workshop_, LearnedUse::kChips, nullptr);
    batches.policy().Exchange(learned);
    const std::optional<Assignment> chips = batches.Next();
    batches.policy().Exchange(learned);
    const Picos value = chips.has_value() ? Worth(compiled_, *chips) : kDoesNotFit;
    return static_cast<double>(workshop_.bound) / static_cast<double>(std::max<Picos>(value, 1));
  }

 private:
  const std::string name_;
  const Compiled compiled_;
  Workshop workshop_;
  std::optional<Cutting> teacher_;
  std::vector<std::unique_ptr<LearnedBatches>> uses_;
};

}  // namespace

Pretrained Pretrain(const std::vector<MadeModel>& models, const std::vector<MadeModel>& held_out,
                    const PretrainOptions& options) {
  Random random(options.seed);
  std::vector<std::unique_ptr<Lesson>> lessons, exams;
  for (const MadeModel& model : models) {
    lessons.push_back(std::make_unique<Lesson>(model, random.Next()));
  }
  for (const MadeModel& model : held_out) {
    exams.push_back(std::make_unique<Lesson>(model, random.Next()));
  }
  GraphNet net(kFeatures.size());
  net.Initialize(random);
  const size_t parameters = net.parameters().size();
  PositionPolicy::Learned learned{std::move(net), Adam(parameters), 0.1, 0};
  // Weights averaged over the last rounds are better than those of any (Polyak and Juditsky, 1992).
  std::vector<double> averaged = learned.net.parameters();
  Pretrained best;
  for (int64_t round = 0; round <= options.rounds; ++round) {
    const bool last = round == options.rounds || (options.stop && options.stop());
    if (round % kRoundsBetweenScores == 0 || last) {
      std::swap(averaged, learned.net.parameters());
      double score = 0;
      for (const auto& exam : exams) score += exam->Score(learned);
      std::swap(averaged, learned.net.parameters());
      score /= static_cast<double>(std::max<size_t>(exams.size(), 1));
      if (options.progress) options.progress(round, score);
      if (round == 0 || score > best.score) {
        best.score = score;
        best.weights.parameters = averaged;
        best.weights.levelling = std::clamp(learned.levelling, 0.0, 1.0);
      }
    }
    if (last || lessons.empty()) break;
    const double done = static_cast<double>(round) / static_cast<double>(options.rounds);
    const auto which = static_cast<size_t>(random.Below(static_cast<int64_t>(lessons.size())));
    lessons[which]->Learn(round % 2 == 0 ? LearnedUse::kChips : LearnedUse::kOrder,
                          kFirstRate + (kLastRate - kFirstRate) * done, learned);
    learned.spread = std::clamp(learned.spread, 0.01, 0.2);
    const double kept =
        std::min(kKept, static_cast<double>(round) / static_cast<double>(round + 10));
    for (size_t i = 0; i < averaged.size(); ++i) {
      averaged[i] += (1 - kept) * (learned.net.parameters()[i] - averaged[i]);
    }
  }
  best.weights.spread = kSpread;
  best.weights.trained_on =
      absl::StrCat(models.size(), " models, seed ", options.seed, ", ", options.rounds, " rounds");
  learned.net.parameters() = best.weights.parameters;
  learned.levelling = best.weights.levelling;
  for (const std::vector<std::unique_ptr<Lesson>>* group : {&exams, &lessons}) {
    for (const auto& each : *group) best.scores.emplace_back(each->name(), each->Score(learned));
  }
  return best;
}

std::vector<MadeModel> MadeCorpus(uint64_t first_seed, int64_t of_each) {
  std::vector<MadeModel> models;
  for (int64_t i = 0; i < of_each; ++i) {
    for (int family = 0; family < kNumFamilies; ++family) {
      models.push_back(
          MakeModel(static_cast<Family>(family), first_seed + static_cast<uint64_t>(i)));
    }
  }
  return models;
}

}  // namespace allot::chips
