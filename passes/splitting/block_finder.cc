#include "passes/splitting/block_finder.h"

#include <algorithm>
#include <numeric>
#include <utility>

#include "passes/splitting/shape_entries.h"

namespace allot {
namespace {

// Longer chains of operators between two products are in no model; recursion stays shallow.
constexpr int kMaxDepth = 500;

// The way such that its result `result` is divided as `share` says: as it is, or with the segments
// of the share where each index of the axis is a unit of its own.
std::optional<SplitAxis> WithShare(const SplitAxis& way, size_t result, const SplitShare& share) {
  const SplitShare& own = way.results[result];
  if (way.sums || own.axis != share.axis) return std::nullopt;
  if (own == share) return way;
  if (own.segments.size() != 1 || own.segments[0] != way.units || !way.sizes.empty()) {
    return std::nullopt;
  }
  SplitAxis adapted = way;
  int64_t units = 0, size = 0;
  for (const int64_t segment : share.segments) {
    units = std::gcd(units, segment);
    size += segment;
  }
  if (size != way.units || units < 2) return std::nullopt;
  adapted.units = units;
  for (std::vector<SplitShare>* shares : {&adapted.operands, &adapted.results}) {
    for (SplitShare& each : *shares) {
      if (each.whole()) continue;
      if (each.segments != own.segments) return std::nullopt;
      each.segments = share.segments;
    }
  }
  return adapted;
}

bool IsSizesOperand(const SplitAxis& way, size_t operand) {
  return std::any_of(way.sizes.begin(), way.sizes.end(), [&](const SplitSize& size) {
    return size.operand == static_cast<int32_t>(operand);
  });
}

// Kinds by what they tell of a block.
int RankOfKind(SplitKind kind) {
  switch (kind) {
    case SplitKind::kHeads:
      return 4;
    case SplitKind::kExperts:
      return 3;
    case SplitKind::kBatch:
      return 2;
    case SplitKind::kColumns:
      return 1;
    default:
      return 0;
  }
}

}  // namespace

BlockFinder::BlockFinder(const ir::Module& module, const Operators& operators)
    : module_(module),
      graph_(module.graph),
      operators_(operators),
      constant_(FindConstantWork(module)) {}

bool BlockFinder::SizesCanChange(const ir::Node& node, const SplitAxis& way) const {
  for (const SplitSize& size : way.sizes) {
    if (size.operand < 0) continue;
    const auto entries = ShapeEntries(module_, node.operands[static_cast<size_t>(size.operand)]);
    const auto index = static_cast<size_t>(size.index);
    if (index >= entries.size() || !entries[index].has_value()) return false;
    if (*entries[index] > 0 && *entries[index] != size.whole) return false;
  }
  return true;
}

const std::vector<SplitAxis>& BlockFinder::WaysOf(ir::NodeId id) {
  const auto [found, is_new] = ways_.try_emplace(id);
  if (!is_new) return found->second;
  const ir::Node& node = graph_.node(id);
  const Operator* op = operators_.Find(node.domain, node.op_type);
  if (op == nullptr || op->split == nullptr || !node.regions.empty()) return found->second;
  for (SplitAxis& way : op->split(OpView(module_, graph_, node, nullptr, nullptr))) {
    if (SizesCanChange(node, way)) found->second.push_back(std::move(way));
  }
  return found->second;
}

BlockFinder::Origin BlockFinder::OriginOf(ir::NodeId id, const SplitAxis& way, int depth) {
  const ir::Node& node = graph_.node(id);
  bool divided = false, constant = false, cut = false, whole = false;
  for (size_t i = 0; i < node.operands.size(); ++i) {
    if (!node.operands[i].valid()) continue;
    if (way.operands[i].whole()) {
      whole = whole || (!IsConstant(graph_, node.operands[i]) && !IsSizesOperand(way, i));
      continue;
    }
    const Origin origin = Reach(node.operands[i], way.operands[i], depth + 1).origin;
    divided = divided || origin == Origin::kDivided;
    constant = constant || origin == Origin::kConstant;
    cut = cut || origin == Origin::kCut;
  }
  if (divided || (constant && whole)) return Origin::kDivided;
  return constant && !cut ? Origin::kConstant : Origin::kCut;
}

BlockFinder::Reached BlockFinder::ReachProducer(ir::NodeId producer, size_t result,
                                                const SplitShare& share, int depth) {
  if (depth > kMaxDepth || (taken_ != nullptr && (*taken_)[producer])) return {};
  for (const SplitAxis& way : WaysOf(producer)) {
    std::optional<SplitAxis> adapted = WithShare(way, result, share);
    if (!adapted.has_value()) continue;
    const Origin origin = OriginOf(producer, *adapted, depth);
    if (origin != Origin::kCut) return {origin, std::move(adapted)};
  }
  return {};
}

const BlockFinder::Reached& BlockFinder::Reach(ir::ValueId id, const SplitShare& share, int depth) {
  const Key key(id, share.axis, share.segments);
  if (const auto known = reached_.find(key); known != reached_.end()) return known->second;
  Reached reached;
  const ir::Value& value = graph_.value(id);
  if (IsConstant(graph_, id) || value.constant.valid()) {
    reached.origin = Origin::kConstant;
  } else if (value.producer.valid()) {
    reached = ReachProducer(value.producer, static_cast<size_t>(value.result_index), share, depth);
    // What a runtime computes once, when it loads the model, is as good as a weight.
    if (reached.origin == Origin::kCut && constant_.constant[value.producer]) {
      reached.origin = Origin::kConstant;
    }
  }
  return reached_.emplace(key, std::move(reached)).first->second;
}

bool BlockFinder::CollectOperands(ir::NodeId id, const SplitAxis& way, DividedBlock& block) {
  const ir::Node& node = graph_.node(id);
  for (size_t i = 0; i < node.operands.size(); ++i) {
    if (!node.operands[i].valid() || way.operands[i].whole()) continue;
    if (!Collect(node.operands[i], way.operands[i], block)) return false;
  }
  return true;
}

bool BlockFinder::Collect(ir::ValueId value, const SplitShare& share, DividedBlock& block) {
  const ir::NodeId producer = graph_.value(value).producer;
  if (const auto there = block.ways.find(producer); producer.valid() && there != block.ways.end()) {
    const auto result = static_cast<size_t>(graph_.value(value).result_index);
    return there->second.results[result] == share;
  }
  const Reached& reached = Reach(value, share, 0);
  if (!reached.way.has_value()) return true;
  block.ways.emplace(producer, *reached.way);
  return CollectOperands(producer, *reached.way, block);
}

DividedBlock BlockFinder::Alone(ir::NodeId id, const SplitAxis& way,
                                const IdVector<ir::NodeId, bool>& taken) {
  Start(taken);
  DividedBlock block;
  block.kind = way.kind;
  block.units = way.units;
  block.ways.emplace(id, way);
  const std::vector<ir::ValueId>& operands = graph_.node(id).operands;
  for (size_t i = 0; i < operands.size(); ++i) {
    if (!operands[i].valid() || way.operands[i].whole()) continue;
    if (Reach(operands[i], way.operands[i], 0).origin != Origin::kConstant) continue;
    if (!Collect(operands[i], way.operands[i], block)) break;
  }
  for (const auto& [node, each] : block.ways) block.units = std::gcd(block.units, each.units);
  return block;
}

void BlockFinder::Start(const IdVector<ir::NodeId, bool>& taken) {
  taken_ = &taken;
  reached_.clear();
}

std::optional<DividedBlock> BlockFinder::EndingWith(ir::NodeId last, const SplitAxis& way,
                                                    const IdVector<ir::NodeId, bool>& taken) {
  Start(taken);
  if (OriginOf(last, way, 0) != Origin::kDivided) return std::nullopt;
  // Products of two computed matrices would divide, too: scores along the width of a head.
  const std::vector<ir::ValueId>& operands = graph_.node(last).operands;
  bool weights = false;
  for (size_t i = 0; i < operands.size(); ++i) {
    weights = weights || (operands[i].valid() && !way.operands[i].whole() &&
                          Reach(operands[i], way.operands[i], 0).origin == Origin::kConstant);
  }
  if (!weights) return std::nullopt;
  DividedBlock block;
  block.kind = way.kind;
  block.units = way.units;
  block.ways.emplace(last, way);
  if (!CollectOperands(last, way, block)) return std::nullopt;
  bool opened = false;
  for (const auto& [node, each] : block.ways) {
    block.units = std::gcd(block.units, each.units);
    if (node == last) continue;
    opened = opened || each.kind == SplitKind::kColumns || each.kind == SplitKind::kHeads;
    if (RankOfKind(each.kind) > RankOfKind(block.kind)) block.kind = each.kind;
  }
  if (!opened) return std::nullopt;
  if (block.kind == SplitKind::kBatch) block.kind = SplitKind::kHeads;  // products stacked by head
  return block;
}

}  // namespace allot
