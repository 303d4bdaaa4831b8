#include "passes/splitting/divided_block.h"

#include <algorithm>

namespace allot {

UnitRun RunOfPart(int64_t units, int64_t parts, int64_t part) {
  const int64_t each = units / parts, more = units % parts;
  const int64_t begin = part * each + std::min(part, more);
  return {begin, begin + each + (part < more ? 1 : 0)};
}

int64_t ShareOf(int64_t whole, int64_t units, UnitRun run) {
  return whole / units * (run.end - run.begin);
}

std::vector<ir::IndexRun> RunsOfPart(const SplitShare& share, int64_t units, UnitRun run) {
  std::vector<ir::IndexRun> runs;
  int64_t begin = 0;
  for (const int64_t segment : share.segments) {
    const int64_t unit = segment / units;
    runs.push_back({begin + run.begin * unit, begin + run.end * unit});
    begin += segment;
  }
  return runs;
}

namespace {

// Whether `user` takes the value in slices only.
bool TakesSlices(const ir::Graph& graph, const DividedBlock& block, ir::NodeId user,
                 ir::ValueId value) {
  const auto way = block.ways.find(user);
  if (way == block.ways.end()) return false;
  const std::vector<ir::ValueId>& operands = graph.node(user).operands;
  for (size_t i = 0; i < operands.size(); ++i) {
    if (operands[i] == value && way->second.operands[i].whole()) return false;
  }
  return true;
}

// Whether the node needs the type of its operand only, as a division can tell it.
bool IsPlainShape(const ir::Graph& graph, ir::NodeId node) {
  return graph.node(node).Is("Shape") && graph.node(node).attributes.empty();
}

bool AllTakeSlices(const ir::Graph& graph, const DividedBlock& block, ir::ValueId value) {
  const auto users = graph.users(value);
  return std::all_of(users.begin(), users.end(), [&](ir::NodeId user) {
    return IsPlainShape(graph, user) || TakesSlices(graph, block, user, value);
  });
}

}  // namespace

bool LeavesBlock(const ir::Graph& graph, const DividedBlock& block, ir::ValueId value) {
  return graph.IsOutput(value) || !AllTakeSlices(graph, block, value);
}

bool IsOwnInput(const ir::Graph& graph, const DividedBlock& block, ir::ValueId value) {
  const ir::Value& input = graph.value(value);
  return input.origin == ir::Value::Origin::kInput && !input.constant.valid() &&
         !graph.IsOutput(value) && AllTakeSlices(graph, block, value);
}

bool IsOwnOutput(const ir::Graph& graph, const DividedBlock& block, ir::ValueId value) {
  return graph.IsOutput(value) && AllTakeSlices(graph, block, value);
}

bool IsConstant(const ir::Graph& graph, ir::ValueId value) {
  const ir::Value& of = graph.value(value);
  if (of.origin == ir::Value::Origin::kInitializer) return true;
  return of.producer.valid() && graph.node(of.producer).Is("Constant");
}

}  // namespace allot
