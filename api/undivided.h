// What a divided model is compared with: the same model as it was before Allot divided it.
#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"

#include "api/compile_options.h"
#include "api/placement_setup.h"
#include "ir/module.h"
#include "ir/plan.h"
#include "passes/pipeline/pipeline.h"

namespace allot {

// Whether passes of the pipeline divide operators or rows, if they find any.
bool MayDivide(const Pipeline& pipeline);

// Whether operators or rows of the module were divided.
bool IsDivided(const ir::Module& module);

// What one would do by hand with `module` as it was read: each device alone, the best chain of
// ranges and, for a stream, whole copies. Without the passes of the pipeline that divide, and
// without the rules that say where slices and rows go; those of the user hold. Reports nothing.
// Errors are those of the passes. Time as of ranges: quadratic in the clusters.
absl::StatusOr<std::vector<ir::Baseline>> UndividedBaselines(ir::Module module,
                                                             const std::string& shown,
                                                             const CompileOptions& options,
                                                             const PlacementSetup& setup);

}  // namespace allot
