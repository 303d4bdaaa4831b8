#include "placement/kinds/training/judge.h"

#include <algorithm>
#include <cmath>

#include "placement/kinds/training/model/costs.h"
#include "placement/kinds/training/model/evaluate.h"
#include "placement/kinds/training/model/verify.h"
#include "support/status.h"

namespace allot {
namespace {

Json::Array Seconds(const std::vector<Picos>& times) {
  Json::Array array;
  for (const Picos time : times) array.emplace_back(TrainingSeconds(time));
  return array;
}

// A positive number that the plan says; 0 if it says none.
double Said(const Json& json, absl::string_view key) {
  const Json* const member = json.Find(key);
  if (member == nullptr) return 0;
  const auto* const whole = member->If<int64_t>();
  const auto* const real = member->If<double>();
  const double value = whole != nullptr ? static_cast<double>(*whole) : real != nullptr ? *real : 0;
  return std::isfinite(value) && value > 0 ? value : 0;
}

double Percent(double predicted, double measured) { return 100 * (predicted / measured - 1); }

absl::StatusOr<Picos> ValueBy(TrainingCost cost, TrainingProblem problem,
                              const TrainingPlan& plan) {
  problem.cost = cost;
  return VerifyTraining(problem, plan);
}

}  // namespace

double TrainingSeconds(Picos time) { return static_cast<double>(time) / 1e12; }

Bytes ExpectedMemory(const TrainingProblem& problem, const TrainingPlan& plan, size_t stage) {
  const TrainingPlan::Stage& each = plan.stages[stage];
  const int64_t at_once = plan.micro_batch * ReplicasOf(each);
  const int64_t turns = (problem.global_batch + at_once - 1) / at_once;
  const auto after = static_cast<int64_t>(plan.stages.size() - stage);
  Bytes most = 0;
  for (const TrainingPlan::Group& group : each.groups) {
    most = std::max(most, StageBytes(problem, *FindFootprint(problem, group.width), each.first,
                                     each.last, plan.micro_batch, std::min(turns, after)));
  }
  return most + kMeasuredRuntimeBytes;
}

absl::StatusOr<Json> JudgeTraining(const TrainingProblem& problem, const TrainingPlan& plan,
                                   const Json& json, const std::vector<std::string>& notes) {
  ALLOT_ASSIGN_OR_RETURN(const Picos value, VerifyTraining(problem, plan));
  ALLOT_ASSIGN_OR_RETURN(const Picos sailor, ValueBy(TrainingCost::kSailor, problem, plan));
  ALLOT_ASSIGN_OR_RETURN(const Picos own, ValueBy(TrainingCost::kOwn, problem, plan));
  const IterationTimes times = TrainingTables(problem).Times(plan);
  Json::Array memory;
  Bytes most = 0;
  for (size_t i = 0; i < plan.stages.size(); ++i) {
    const Bytes bytes = ExpectedMemory(problem, plan, i);
    memory.emplace_back(bytes);
    most = std::max(most, bytes);
  }
  Json::Object result = {{"objective", TrainingSeconds(value)},
                         {"cost", std::string(TrainingCostName(problem.cost))},
                         {"sailor_s", TrainingSeconds(sailor)},
                         {"own_s", TrainingSeconds(own)},
                         {"micro_batches", times.micro_batches},
                         {"compute_s", Seconds(times.compute)},
                         {"transfer_s", Seconds(times.transfer)},
                         {"update_s", TrainingSeconds(times.update)},
                         {"all_reduce_s", TrainingSeconds(times.all_reduce)},
                         {"memory_bytes", std::move(memory)},
                         {"max_memory_bytes", most}};
  if (const double real = Said(json, "real"); real > 0) {
    result.push_back({"real_s", real});
    result.push_back({"sailor_error_percent", Percent(TrainingSeconds(sailor), real)});
    result.push_back({"own_error_percent", Percent(TrainingSeconds(own), real)});
  }
  if (const double real = Said(json, "max_mem"); real > 0) {
    result.push_back({"real_memory_bytes", real});
    result.push_back({"memory_error_percent", Percent(static_cast<double>(most), real)});
  }
  if (!notes.empty()) result.push_back({"notes", Json::Array(notes.begin(), notes.end())});
  return result;
}

}  // namespace allot
