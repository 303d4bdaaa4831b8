#include "ir/text/training_text.h"

#include <array>
#include <string>
#include <utility>
#include <vector>

#include "ir/text/encode_attributes.h"
#include "ir/text/plan_keys.h"
#include "support/status.h"

namespace allot::ir::text {
namespace {

constexpr std::array<std::pair<absl::string_view, int64_t Training::*>, 8> kNumbers = {{
    {"microbatches", &Training::microbatches},
    {"parameters", &Training::parameters},
    {"period_ps", &Training::period},
    {"iteration_ps", &Training::iteration},
    {"period_bound_ps", &Training::period_bound},
    {"iteration_bound_ps", &Training::iteration_bound},
    {"any_period_bound_ps", &Training::any_period_bound},
    {"any_iteration_bound_ps", &Training::any_iteration_bound},
}};

constexpr std::array<std::pair<absl::string_view, int64_t TrainingStage::*>, 10> kOfStage = {{
    {"forward_ps", &TrainingStage::forward},
    {"backward_ps", &TrainingStage::backward},
    {"update_ps", &TrainingStage::update},
    {"weights", &TrainingStage::weights},
    {"gradients", &TrainingStage::gradients},
    {"optimizer", &TrainingStage::optimizer},
    {"kept", &TrainingStage::kept},
    {"activations", &TrainingStage::activations},
    {"working", &TrainingStage::working},
    {"in_flight", &TrainingStage::in_flight},
}};

constexpr int64_t kNumKinds = 5;

absl::Status ReadStages(const PlanFields& fields, const Dictionary& in, Training& training) {
  std::vector<absl::string_view> known = {"device", "recomputes"};
  for (const auto& [name, field] : kOfStage) known.push_back(name);
  ALLOT_ASSIGN_OR_RETURN(const std::vector<const Attr*> entries,
                         fields.Entries(Find(in, "stages"), "stages", known));
  for (const Attr* entry : entries) {
    const Dictionary& of = *entry->If<Dictionary>();
    TrainingStage stage;
    ALLOT_RETURN_IF_ERROR(fields.ReadDeviceOf(of, *entry, "device", stage.device));
    for (const auto& [name, field] : kOfStage) {
      ALLOT_RETURN_IF_ERROR(fields.ReadInteger(of, *entry, name, stage.*field));
    }
    if (const Attr* recomputes = Find(of, "recomputes")) {
      if (recomputes->If<Unit>() == nullptr) {
        return fields.Wrong(*recomputes, "recomputes", "without a value");
      }
      stage.recomputes = true;
    }
    training.stages.push_back(stage);
  }
  return absl::OkStatus();
}

absl::Status ReadSteps(const PlanFields& fields, const Dictionary& in, Training& training) {
  const Attr* attr = Find(in, "steps");
  if (attr == nullptr) return absl::OkStatus();
  constexpr absl::string_view kExpected =
      "a list of array<i64: kind, stage, microbatch, start, end>";
  const auto* steps = attr->If<Array>();
  if (steps == nullptr) return fields.Wrong(*attr, "steps", kExpected);
  for (const Attr& step : *steps) {
    const auto* numbers = step.If<Integers>();
    if (numbers == nullptr || numbers->size() != 5 || (*numbers)[0] < 0 ||
        (*numbers)[0] >= kNumKinds) {
      return fields.Wrong(step, "steps", kExpected);
    }
    training.steps.push_back({static_cast<TrainingStep::Kind>((*numbers)[0]), (*numbers)[1],
                              (*numbers)[2], (*numbers)[3], (*numbers)[4]});
  }
  return absl::OkStatus();
}

}  // namespace

Attr TrainingAttr(const Training& training, const Target& target) {
  Dictionary out;
  SetText(out, "optimizer", training.optimizer);
  SetText(out, "recompute", training.recompute);
  for (const auto& [name, field] : kNumbers) Set(out, name, IntegerAttr(training.*field));
  Array stages, steps;
  for (const TrainingStage& stage : training.stages) {
    Dictionary entry;
    Set(entry, "device", StringAttr(target.devices[stage.device].name));
    for (const auto& [name, field] : kOfStage) Set(entry, name, IntegerAttr(stage.*field));
    if (stage.recomputes) Set(entry, "recomputes", Attr{Unit()});
    stages.push_back(Attr{std::move(entry)});
  }
  for (const TrainingStep& step : training.steps) {
    steps.push_back(Attr{Integers{static_cast<int64_t>(step.kind), step.stage, step.microbatch,
                                  step.start, step.end}});
  }
  Set(out, "stages", Attr{std::move(stages)});
  if (!steps.empty()) Set(out, "steps", Attr{std::move(steps)});
  return Attr{std::move(out)};
}

absl::StatusOr<Training> DecodeTraining(const Attr& attr, const PlanFields& fields) {
  const auto* in = attr.If<Dictionary>();
  if (in == nullptr) return fields.Wrong(attr, kTraining, "a dictionary");
  std::vector<absl::string_view> known = {"optimizer", "recompute", "stages", "steps"};
  for (const auto& [name, field] : kNumbers) known.push_back(name);
  ALLOT_RETURN_IF_ERROR(fields.OnlyNames(*in, kTraining, known));
  Training training;
  ALLOT_RETURN_IF_ERROR(fields.ReadString(*in, "optimizer", training.optimizer));
  ALLOT_RETURN_IF_ERROR(fields.ReadString(*in, "recompute", training.recompute));
  for (const auto& [name, field] : kNumbers) {
    ALLOT_RETURN_IF_ERROR(fields.ReadInteger(*in, attr, name, training.*field));
  }
  ALLOT_RETURN_IF_ERROR(ReadStages(fields, *in, training));
  ALLOT_RETURN_IF_ERROR(ReadSteps(fields, *in, training));
  return training;
}

}  // namespace allot::ir::text
