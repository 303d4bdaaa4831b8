// Rewrites a block into slices: plain operators of ONNX, with explicit splits of what comes from
// outside and explicit sums or concatenations of what leaves.
#pragma once

#include <cstdint>
#include <set>
#include <string>

#include "absl/status/status.h"

#include "ir/module.h"
#include "passes/splitting/divided_block.h"

namespace allot {

struct DivideOptions {
  int64_t parts = 2;  // at least 2, at most the units of the block
  int64_t block = 0;  // its number, which names of slices say
  // States of the model that live in the block (caches of attention) become one for each slice,
  // "NAME/slice0", and stay with their heads: its inputs and outputs change. Else states are split
  // and joined inside.
  bool split_state = false;
};

// Names of values that are taken; made once for a graph.
class ValueNamesInUse {
 public:
  explicit ValueNamesInUse(const ir::Graph& graph);
  // `wanted`, or that with a number behind it.
  std::string Fresh(const std::string& wanted);

 private:
  std::set<std::string> names_;
};

// Replaces the nodes of the block. Weights in initializers become views; slices of other values are
// cut by Split or Gather nodes, which belong to slice 0. Of a value of the block that something
// else uses, the slices are joined under its name; its shape is made from that of the first slice.
// The graph is to be compacted afterwards. Linear in the nodes of the block times parts.
absl::Status DivideBlock(const DividedBlock& block, const DivideOptions& options,
                         ir::Module& module, ValueNamesInUse& names);

}  // namespace allot
