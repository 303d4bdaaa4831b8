// Which configuration of a space is best for models: every one is decided, by its best plans or by
// a bound that is proved to be below what is known.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "design/search/model_plans.h"
#include "design/search/question.h"

namespace allot::design {

// What has been found out of a configuration.
struct Outcome {
  double value = 0;               // of the objective, for all models; 0: some model fits nowhere
  double watts = 0;               // of a device, running the models one after another; 0: not known
  std::vector<PlanChoice> plans;  // by model

  friend bool operator==(const Outcome&, const Outcome&) = default;
};

// What the published rule finds (published_rule.h).
struct RuleOutcome {
  size_t configuration = 0;
  Outcome outcome;
  int64_t explored = 0;  // configurations, over all of its runs
};

struct SearchResult {
  std::map<size_t, Outcome> outcomes;  // of those that were planned, by configuration
  std::vector<size_t> ranking;         // the best ones first
  // Those that no other beats in area and objective (and watts, if there is a model of power), by
  // ascending area.
  std::vector<size_t> front;
  double bound = 0;      // no configuration has a larger value, whatever its blocks' schedules
  int64_t plans = 0;     // of all configurations and models
  int64_t computed = 0;  // of them, plans that were computed; the others are excluded by a bound
};

// How a search is watched and continued.
struct SearchHooks {
  // What an earlier, interrupted search has found out.
  std::map<size_t, Outcome> known;
  // After some configurations have been decided, in an order that depends on the question alone.
  std::function<absl::Status(const std::vector<size_t>&, const std::map<size_t, Outcome>&)> found;
  // Configurations decided, of how many, the best value.
  std::function<void(int64_t, int64_t, double)> progress;
};

// The rest of what is asked of several models in one number.
double Combine(const Question& question, const std::vector<PlanChoice>& plans, double watts,
               hardware::Area area);

class HardwareSearch {
 public:
  // The question must outlive it.
  explicit HardwareSearch(const Question& question);

  const Question& question() const { return question_; }
  const std::vector<ModelPlans>& models() const { return models_; }

  // The same bytes for any number of threads, and whatever is known. Errors are those of the hooks.
  absl::StatusOr<SearchResult> Run(const SearchHooks& hooks) const;

  // By unit of each model's tasks, scheduled; and the latencies of the tasks.
  struct Times {
    std::vector<std::vector<Ticks>> lengths;
    std::vector<std::vector<std::vector<TaskLatency>>> latencies;
  };
  Times Schedule(size_t configuration) const;

  // The best of all memories, microbatches and recomputations, for each model.
  Outcome Decide(size_t configuration, std::vector<ModelPlans::Workspace>& workspaces) const;

  // Watts of a device that runs this plan.
  double WattsOf(const ModelPlans& model, size_t configuration, const PlanChoice& plan) const;

 private:
  std::vector<double> Bounds() const;
  void Rank(SearchResult& result) const;

  const Question& question_;
  std::vector<ModelPlans> models_;
};

}  // namespace allot::design
