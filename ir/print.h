// The text form: MLIR's generic syntax. See docs/ir.md.
#pragma once

#include <cstdint>
#include <string>

#include "ir/module.h"
#include "ir/plan.h"

namespace allot::ir {

struct PrintOptions {
  bool locations = false;          // loc(...) behind nodes
  int64_t elide_larger_than = -1;  // bytes; constants in memory beyond it print as elided; -1: none
  int64_t elide_more_elements = -1;  // the same by the number of elements
  const Plan* plan = nullptr;        // printed as place.* and cost.* attributes of the main graph
  const Target* target = nullptr;    // names devices; required with a plan that places
};

// Always the same text for equal modules. parse(print(m)) == m unless something was elided.
std::string Print(const Module& module, const PrintOptions& options = {});
// The op of one node of the main graph as it stands in that text, without its indent. Linear in the
// module.
std::string PrintNode(const Module& module, NodeId node, const PrintOptions& options = {});

}  // namespace allot::ir
