// What the report page is told of a plan: one JSON document, in columns so that it stays small.
#pragma once

#include "lowering/emitter.h"
#include "support/json.h"

namespace allot {

// Nodes, clusters, parts and devices are referred to by index; nodes that travel with their users
// are left out. Times are microseconds. Linear in nodes, edges and clusters.
Json PageData(const EmitInput& input);

}  // namespace allot
