// The chips that each node may still be on, narrowed by the rules after every decision and restored
// when one is taken back. Narrowing never takes a chip that some valid assignment has which keeps
// the decisions; when every node is decided, the order, prefix and triangle rules hold.
#pragma once

#include <cstdint>
#include <utility>
#include <vector>

#include "placement/kinds/chips/rules/chip_graph.h"
#include "placement/kinds/chips/rules/rule_graph.h"

namespace allot::chips {

class Domains {
 public:
  // `rules` must outlive this. May already be in conflict, if nothing fits the memory.
  explicit Domains(const RuleGraph& rules);

  uint64_t of(int32_t v) const { return domain_[static_cast<size_t>(v)]; }
  bool IsDecided(int32_t v) const { return (of(v) & (of(v) - 1)) == 0; }
  // Of a decided node.
  int32_t chip(int32_t v) const { return __builtin_ctzll(of(v)); }
  Assignment Decided() const;

  // Begins a level and decides. false: a conflict, Undo() it.
  bool Decide(int32_t v, int32_t chip);
  // Within the level: v is not on the chip. false: a conflict.
  bool Exclude(int32_t v, int32_t chip);
  // Takes back everything since the last level began.
  void Undo();
  size_t level() const { return levels_.size(); }
  // The node whose domain became empty last, -1 if it was something else.
  int32_t failed() const { return failed_; }
  // Changes of domains so far: what all this costs.
  int64_t steps() const { return steps_; }

 private:
  // The rules, one by one; each narrows and returns false on a conflict.
  bool Narrow(int32_t v, uint64_t to) { return (of(v) & ~to) == 0 || Change(v, of(v) & to); }
  bool Change(int32_t v, uint64_t after);
  bool Propagate();
  bool NarrowNeighbours(int32_t v);
  bool NarrowInside(int32_t v);
  bool NarrowAround(int32_t v);
  bool AddChipEdges(int32_t v);
  bool AddChipEdge(int32_t from, int32_t to);
  bool KeepPrefix();
  bool FillGaps();
  bool AddWeights(int32_t v);

  struct Level {
    size_t trail = 0;
    bool graph_saved = false;
  };

  const RuleGraph& rules_;
  std::vector<uint64_t> domain_;
  std::vector<int32_t> support_;  // by chip: nodes that may be on it
  std::vector<Bytes> weights_;    // by chip: of nodes decided to be there
  ChipGraph graph_;
  int32_t used_ = -1;  // every chip up to this one is needed

  // Where neighbours may be of a node that has these chips left; no node has none.
  struct Near {
    uint64_t domain = 0, after = 0, before = 0;
  };
  Near near_;

  struct Gap {
    uint64_t chips = 0;
    int32_t nodes = 0;  // that can be there
  };
  std::vector<Gap> gaps_;

  std::vector<std::pair<int32_t, uint64_t>> trail_;  // domains before they changed
  std::vector<Level> levels_;
  std::vector<ChipGraph> saved_;  // before a level first changed it
  std::vector<int32_t> used_before_;

  std::vector<int32_t> changed_;
  std::vector<bool> is_changed_;
  bool graph_changed_ = false;
  int32_t failed_ = -1;
  int64_t steps_ = 0;
};

}  // namespace allot::chips
