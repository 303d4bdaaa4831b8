#include "ir/training.h"

#include <algorithm>
#include <set>
#include <utility>

#include "absl/strings/str_cat.h"

namespace allot::ir {

Bytes TrainingStage::Memory() const {
  Bytes sum = 0;
  for (const Bytes bytes : {weights, gradients, optimizer, activations, working}) {
    sum = SaturatingAdd(sum, bytes);
  }
  return sum;
}

absl::string_view TrainingStepName(TrainingStep::Kind kind) {
  switch (kind) {
    case TrainingStep::Kind::kForward:
      return "forward";
    case TrainingStep::Kind::kBackward:
      return "backward";
    case TrainingStep::Kind::kUpdate:
      return "update";
    case TrainingStep::Kind::kActivation:
      return "activation";
    case TrainingStep::Kind::kGradient:
      return "gradient";
  }
  return "forward";
}

int64_t Training::BubblePermille() const {
  if (iteration <= 0 || stages.empty()) return 0;
  Int128 busy = 0;
  for (const TrainingStep& step : steps) {
    const bool computes =
        step.kind != TrainingStep::Kind::kActivation && step.kind != TrainingStep::Kind::kGradient;
    if (computes) busy += step.end - step.start;
  }
  const Int128 all = static_cast<Int128>(iteration) * static_cast<int64_t>(stages.size());
  return static_cast<int64_t>((all - busy) * 1000 / all);
}

void VerifyTraining(const Training& training, const std::vector<DeviceId>& devices_of_parts,
                    Diagnostics& diagnostics) {
  const auto error = [&](auto... text) {
    diagnostics.Error("plan", absl::StrCat("training: ", text...));
  };
  if (training.stages.size() != devices_of_parts.size()) {
    error("has ", training.stages.size(), " stages for ", devices_of_parts.size(), " parts");
    return;
  }
  if (training.microbatches < 1) error("has ", training.microbatches, " microbatches");
  for (const int64_t number :
       {training.parameters, training.period, training.iteration, training.period_bound,
        training.iteration_bound, training.any_period_bound, training.any_iteration_bound}) {
    if (number < 0) error("a number is negative");
  }
  if (std::max(training.iteration_bound, training.any_iteration_bound) > training.iteration) {
    error("an iteration is shorter than its bound");
  }
  std::set<DeviceId> used;
  for (size_t i = 0; i < training.stages.size(); ++i) {
    const TrainingStage& stage = training.stages[i];
    if (stage.device != devices_of_parts[i]) error("stage ", i, " is not where part ", i, " is");
    if (!used.insert(stage.device).second) error("stage ", i, " shares its device");
    const int64_t least =
        std::min({stage.forward, stage.backward, stage.update, stage.weights, stage.gradients,
                  stage.optimizer, stage.kept, stage.activations, stage.working, stage.in_flight});
    if (least < 0) error("stage ", i, " has a negative number");
  }
  for (const TrainingStep& step : training.steps) {
    const bool known = step.stage >= 0 &&
                       static_cast<size_t>(step.stage) < training.stages.size() &&
                       step.microbatch >= 0 && step.microbatch < training.microbatches;
    if (known && step.start >= 0 && step.end >= step.start && step.end <= training.iteration) {
      continue;
    }
    error("a step makes no sense");
    return;
  }
}

}  // namespace allot::ir
