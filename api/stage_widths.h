// Among how many devices each block of a model is divided: chosen before any is.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "absl/status/statusor.h"

#include "api/compile_options.h"
#include "api/placement_setup.h"
#include "ir/module.h"
#include "passes/pipeline/pipeline.h"
#include "support/units.h"

namespace allot {

struct StageWidths {
  std::string
      ranges;  // as `widths` of split-operators; empty: no block is worth dividing, or nothing fits
  std::string text;     // "40 blocks whole, 41 on 2 devices each"
  bool uniform = true;  // one width for all
  Picos value = 0;      // of the plan, as sums over blocks have it
};

// The widths of the best chain of ranges (placement/blocks/choose_widths.h) for the module as it is
// read. Of each distinct block one is divided into 2, 4, 8, ... slices by split-operators, as far
// as there are so many equal devices near each other, and costed by the cost model, once for each
// kind of device. nullopt where the model is no chain of blocks
// (passes/coarsening/chain_of_blocks.h), where it has no room whatever the widths, or where no
// devices are alike. Errors are those of the passes. Linear in the nodes, for each width.
absl::StatusOr<std::optional<StageWidths>> ChooseStageWidths(const ir::Module& module,
                                                             const std::string& shown,
                                                             const CompileOptions& options,
                                                             const PlacementSetup& setup,
                                                             const RunOptions& run);

}  // namespace allot
