// Plans as JSON: in the form of our answers, and in the forms in which Sailor's planners and
// measurements have published theirs.
#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"

#include "placement/kinds/training/model/problem.h"
#include "support/json.h"

namespace allot {

// {"micro_batch", "replicas", "micro_batches", "stages": [{"layers": [0, 1], "devices":
// {"A100-40@us-central1-a": 8}, "tensor_width", "replicas", "groups"}]}. A stage of one width has
// it as `tensor_width`, others have null there. `groups` are the replicas in their order.
Json TrainingPlanJson(const TrainingProblem& problem, const TrainingPlan& plan);

// Reads that, where `groups` may be left out of stages of one pool, and these: `pipeline_list` of
// one pipeline (layers_per_stage, tmp_per_stage, mbs); `pipelines`, the same with other names;
// uniform plans as P, D, T, mbs, gpu_type, zone. Other members are ignored: a whole result is a
// plan. Errors say where; rules are left to VerifyTraining(). Published lists of layers have wrong
// numbers in them: such a list is as many layers as it is long, from where the stage before ends,
// if each is in all sizes and times like the one that is written, and `notes`, unless it is null,
// gets a sentence.
absl::StatusOr<TrainingPlan> ParseTrainingPlan(const TrainingProblem& problem, const Json& json,
                                               const std::string& file,
                                               std::vector<std::string>* notes = nullptr);

}  // namespace allot
