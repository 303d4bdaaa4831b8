// The summary of a plan from its attribute.
#pragma once

#include "absl/status/statusor.h"

#include "ir/plan.h"
#include "ir/text/plan_fields.h"
#include "ir/text/syntax.h"

namespace allot::ir::text {

absl::StatusOr<Summary> DecodeSummary(const Attr& attr, const PlanFields& fields);

}  // namespace allot::ir::text
