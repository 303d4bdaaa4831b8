// How a plan trains, as JSON: a member of plan.json, of the report's page and of `allot --json`.
#pragma once

#include "ir/module.h"
#include "ir/plan.h"
#include "support/json.h"
#include "target/target.h"

namespace allot {

// The plan must train. Stages name their first and last operators in the model's order of running.
Json::Object TrainingJson(const ir::Module& module, const Target& target, const ir::Plan& plan);

// The schedule: [kind, stage, microbatch, start, end], kinds as in TrainingStepName(), times in
// microseconds.
Json::Array TrainingSteps(const ir::Training& training);

}  // namespace allot
