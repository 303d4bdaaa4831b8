// What repeats in a model, for those who read a plan: 32 x a layer.
#pragma once

#include <string>
#include <vector>

#include "ir/graph.h"
#include "support/json.h"

namespace allot {

// "32 x 63 nodes (layer0/norm to layer0/add)", for each repetition of a twentieth of all nodes or
// more; none unless half of the nodes are in blocks, as chance repeats a few operators in any
// model.
std::vector<std::string> RepetitionLines(const ir::Graph& graph);

// [{"count", "nodes", "first", "last", "blocks"}]: what repeats, with the names of the first and
// the last node of its first block, and what repeats within that.
Json RepetitionJson(const ir::Graph& graph);

}  // namespace allot
