// Planning models whose operators are divided.
#pragma once

#include <optional>

#include "absl/status/statusor.h"

#include "api/compilation.h"
#include "api/compile_options.h"
#include "api/prepared_model.h"
#include "passes/pipeline/pipeline.h"
#include "support/diagnostics.h"
#include "target/target.h"

namespace allot {

// The best plan over all ways of placing the slices (slice_placement.h), by the objective; ties go
// to the way that takes fewer devices. nullopt if nothing is divided, or rules of the options say
// where slices go: then there is no choice. An error is that of the last way, if none has a plan.
absl::StatusOr<std::optional<Compilation>> PlanSlices(const PreparedModel& model,
                                                      const CompileOptions& options,
                                                      const Target& target,
                                                      Diagnostics& diagnostics,
                                                      const RunOptions& run);

}  // namespace allot
