// How a plan trains as an attribute, and back.
#pragma once

#include "absl/status/statusor.h"

#include "ir/text/plan_fields.h"
#include "ir/text/syntax.h"
#include "ir/training.h"

namespace allot::ir::text {

// `target` names the devices.
Attr TrainingAttr(const Training& training, const Target& target);
absl::StatusOr<Training> DecodeTraining(const Attr& attr, const PlanFields& fields);

}  // namespace allot::ir::text
