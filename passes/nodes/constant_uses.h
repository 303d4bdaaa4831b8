// Which groups of nodes need which constants in memory.
#pragma once

#include <utility>
#include <vector>

#include "ir/module.h"
#include "placement/problem/problem.h"
#include "support/id.h"

namespace allot {

// Every constant of the module that some group uses, ascending, with the groups that do, ascending:
// through operands, attributes, captures, bodies and called functions, and through nodes with an
// invalid group, which travel with their users. Of one that the model only gives out, the group of
// the first node does. Linear but for sorting.
std::vector<std::pair<ir::ConstantId, std::vector<ItemId>>> ConstantUses(
    const ir::Module& module, const IdVector<ir::NodeId, ItemId>& group_of);

}  // namespace allot
