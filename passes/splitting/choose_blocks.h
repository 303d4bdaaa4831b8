// Which blocks of a model are divided, and why others are not.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "operators/operators.h"
#include "passes/splitting/moved_words.h"
#include "passes/splitting/split_request.h"

namespace allot {

struct SplitPlan {
  std::vector<PlannedBlock> blocks;  // in the order in which they end
  // Why something that was asked for stays whole: where, and what.
  std::vector<std::pair<std::string, std::string>> remarks;
};

struct SplitChoice {
  std::vector<SplitRequest> requests;  // one by one, earlier ones first
  // Then every block that is left into so many parts: pairs of products (queries, keys, values and
  // what attention ends with; the two or three of a feed-forward), and by columns what has larger
  // weights than any of these; 1: none.
  int64_t width = 1;
  // Not empty: blocks that end, and large weights that are read, within a range are divided as it
  // says, in the place of `width`.
  std::vector<RangeWidth> widths;
  bool split_state = false;
};

// Nodes must be in topological order and types inferred. O(nodes of the blocks * ways of each).
SplitPlan ChooseBlocks(const ir::Module& module, const Operators& operators,
                       const SplitChoice& choice);

}  // namespace allot
