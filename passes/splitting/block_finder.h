// Finds what can be divided together: backwards from where it ends, through operators whose
// operands divide as their results do, to products whose columns are the axis.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <tuple>
#include <vector>

#include "operators/features/constant_work.h"
#include "operators/operators.h"
#include "passes/splitting/divided_block.h"

namespace allot {

class BlockFinder {
 public:
  // The arguments must outlive the finder; the module must not change while it is used.
  BlockFinder(const ir::Module& module, const Operators& operators);

  // How the node divides: by the rule of its operator, as far as sizes that its operands state can
  // be changed. Known from the second time on.
  const std::vector<SplitAxis>& WaysOf(ir::NodeId node);

  // The block that ends with `last`, divided by `way`: all operators from products by columns to
  // it, which multiplies by weights. nullopt if nothing but the node itself would be divided, or if
  // one of its values would have to be divided in two ways. Nodes in `taken` are of other blocks.
  // O(nodes of the block * ways).
  std::optional<DividedBlock> EndingWith(ir::NodeId last, const SplitAxis& way,
                                         const IdVector<ir::NodeId, bool>& taken);

  // The node alone, with what prepares weights for it (dequantizes, transposes them).
  DividedBlock Alone(ir::NodeId node, const SplitAxis& way,
                     const IdVector<ir::NodeId, bool>& taken);

 private:
  // What leads to a value that is to be divided.
  enum class Origin {
    kCut,       // something that has to be computed whole
    kConstant,  // weights alone
    kDivided,   // products with weights
  };
  struct Reached {
    Origin origin = Origin::kCut;
    std::optional<SplitAxis> way;  // of its producer, unless it is cut or a constant itself
  };
  using Key = std::tuple<ir::ValueId, int32_t, std::vector<int64_t>>;

  // Forgets what was reached among other nodes that are taken.
  void Start(const IdVector<ir::NodeId, bool>& taken);
  const Reached& Reach(ir::ValueId value, const SplitShare& share, int depth);
  Reached ReachProducer(ir::NodeId producer, size_t result, const SplitShare& share, int depth);
  Origin OriginOf(ir::NodeId node, const SplitAxis& way, int depth);
  bool SizesCanChange(const ir::Node& node, const SplitAxis& way) const;
  // Takes the producers of the value into the block. False if one is there in another way.
  bool Collect(ir::ValueId value, const SplitShare& share, DividedBlock& block);
  bool CollectOperands(ir::NodeId node, const SplitAxis& way, DividedBlock& block);

  const ir::Module& module_;
  const ir::Graph& graph_;
  const Operators& operators_;
  const ConstantWork constant_;
  const IdVector<ir::NodeId, bool>* taken_ = nullptr;
  std::map<ir::NodeId, std::vector<SplitAxis>> ways_;
  std::map<Key, Reached> reached_;
};

}  // namespace allot
