// Which devices the slices of divided operators may be placed on.
#pragma once

#include <string>
#include <vector>

#include "ir/module.h"
#include "target/target.h"

namespace allot {

// Rules as --pin takes them, one list for each way of placing the slices that is worth planning:
// slices of one number, of all operators of a block, are on one device, those of another number on
// another. A way takes one or more sets of devices, each of as many as the widest block has slices:
// equal devices of one host where there are enough, those with the most memory first; else the
// devices with the most memory. Blocks are dealt out in runs, in order, so that each set holds
// about the same weights: pipelines of sets. Ways whose slices alone do not fit are left out; if
// none fits, the one of most sets is there, so that planning says what is lacking. Empty if nothing
// is divided, or into more slices than there are devices.
std::vector<std::vector<std::string>> SlicePlacements(const ir::Module& module,
                                                      const Target& target);

}  // namespace allot
