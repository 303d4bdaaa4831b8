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

// The different ways in which the block divides what is not made in it.
std::vector<SplitShare> SharesOf(const ir::Graph& graph, const DividedBlock& block,
                                 ir::ValueId value) {
  std::vector<SplitShare> shares;
  for (const ir::NodeId user : graph.users(value)) {
    const auto way = block.ways.find(user);
    if (way == block.ways.end()) continue;
    const std::vector<ir::ValueId>& operands = graph.node(user).operands;
    for (size_t i = 0; i < operands.size(); ++i) {
      const SplitShare& share = way->second.operands[i];
      if (operands[i] != value || share.whole()) continue;
      if (std::count(shares.begin(), shares.end(), share) == 0) shares.push_back(share);
    }
  }
  return shares;
}

}  // namespace

bool LeavesBlock(const ir::Graph& graph, const DividedBlock& block, ir::ValueId value) {
  return graph.IsOutput(value) || !AllTakeSlices(graph, block, value);
}

std::vector<BlockState> StatesOf(const ir::Module& module, const DividedBlock& block) {
  const ir::Graph& graph = module.graph;
  std::map<std::string, ir::ValueId> inputs, outputs;
  if (module.state.empty()) return {};
  for (const ir::ValueId input : graph.inputs()) inputs[graph.value(input).name] = input;
  for (const ir::ValueId output : graph.outputs()) outputs[graph.value(output).name] = output;
  std::vector<BlockState> states;
  for (size_t i = 0; i < module.state.size(); ++i) {
    const auto input = inputs.find(module.state[i].first);
    const auto output = outputs.find(module.state[i].second);
    if (input == inputs.end() || output == outputs.end() || graph.IsOutput(input->second)) continue;
    const ir::Value& made = graph.value(output->second);
    const auto way = made.producer.valid() ? block.ways.find(made.producer) : block.ways.end();
    if (way == block.ways.end() || way->second.sums) continue;
    const SplitShare& share = way->second.results[static_cast<size_t>(made.result_index)];
    if (share.segments.size() != 1 ||
        SharesOf(graph, block, input->second) != std::vector<SplitShare>{share}) {
      continue;
    }
    if (!AllTakeSlices(graph, block, input->second) ||
        !AllTakeSlices(graph, block, output->second)) {
      continue;
    }
    states.push_back({input->second, output->second, i});
  }
  return states;
}

bool IsConstant(const ir::Graph& graph, ir::ValueId value) {
  const ir::Value& of = graph.value(value);
  if (of.origin == ir::Value::Origin::kInitializer) return true;
  return of.producer.valid() && graph.node(of.producer).Is("Constant");
}

}  // namespace allot
