// What divided blocks move between devices.
#pragma once

#include <cstdint>
#include <vector>

#include "operators/op_view.h"
#include "passes/splitting/divided_block.h"

namespace allot {

struct PlannedBlock {
  DividedBlock block;
  int64_t parts = 2;
  bool split_state = false;
};

// The elements that change device at one inference where each slice is on a device of its own, and
// all that is whole on that of slice 0: once for each device that gets a tensor. Weights move none;
// they are where they are used. `types` are those of the run; unknown sizes count 0. Saturates.
int64_t MovedWords(const ir::Module& module, const ValueTypes& types,
                   const std::vector<PlannedBlock>& blocks);

}  // namespace allot
