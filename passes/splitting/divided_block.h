// Operators that are divided together, along one axis that runs through them.
#pragma once

#include <map>
#include <vector>

#include "ir/module.h"
#include "operators/split_axis.h"

namespace allot {

// A block as one finds it in models: products by columns, what follows them, and one product by
// rows that ends it, the results of which are added. Between them nothing is joined.
struct DividedBlock {
  SplitKind kind = SplitKind::kElements;  // of its axis: kHeads if attention is in it
  // The axis is so many equal units; parts take runs of them.
  int64_t units = 0;
  // How each of its nodes divides, in topological order.
  std::map<ir::NodeId, SplitAxis> ways;

  bool Contains(ir::NodeId node) const { return ways.count(node) > 0; }
};

// The part [first, last) of `units` that part `part` of `parts` takes; sizes differ by one at most,
// the larger ones first.
struct UnitRun {
  int64_t begin = 0, end = 0;
};
UnitRun RunOfPart(int64_t units, int64_t parts, int64_t part);

// The indexes along share.axis that the part takes.
std::vector<ir::IndexRun> RunsOfPart(const SplitShare& share, int64_t units, UnitRun run);

// `whole` indexes of the axis in units, of which the part takes its share.
int64_t ShareOf(int64_t whole, int64_t units, UnitRun run);

// Whether something uses the value of the block as it is whole: a node outside, one in the block
// that needs all of it, or the model's caller. Shape nodes do not: they need its type.
bool LeavesBlock(const ir::Graph& graph, const DividedBlock& block, ir::ValueId value);

// A state of the model (Module::state) that lives in the block: all that use the input, and the
// output otherwise, are slices, divided along the same axis.
struct BlockState {
  ir::ValueId input, output;
  size_t index = 0;  // in Module::state
};
std::vector<BlockState> StatesOf(const ir::Module& module, const DividedBlock& block);

// Whether the value is the model's own: an initializer that nobody may override, or what a Constant
// node makes.
bool IsConstant(const ir::Graph& graph, ir::ValueId value);

}  // namespace allot
