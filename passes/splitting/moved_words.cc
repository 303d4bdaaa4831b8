#include "passes/splitting/moved_words.h"

#include <algorithm>
#include <set>
#include <tuple>

#include "operators/features/constant_work.h"
#include "support/units.h"

namespace allot {
namespace {

class Counter {
 public:
  Counter(const ir::Module& module, const ValueTypes& types)
      : module_(module), graph_(module.graph), types_(types), constant_(FindConstantWork(module)) {}

  void Add(const PlannedBlock& planned) {
    stay_.clear();
    for (const BlockState& state :
         planned.split_state ? StatesOf(module_, planned.block) : std::vector<BlockState>()) {
      stay_.insert({state.input, state.output});
    }
    for (const auto& [node, way] : planned.block.ways) {
      AddOperands(planned, node, way);
      AddResults(planned, node, way);
    }
  }
  int64_t words() const { return words_; }

 private:
  int64_t ElementsOf(ir::ValueId value) const {
    if (!types_.Contains(value) || !types_[value].is_static()) return 0;
    return ir::NumElements(*types_[value].shape).value_or(0);
  }

  // What all slices but the first take of the value.
  int64_t ElementsElsewhere(const PlannedBlock& planned, ir::ValueId value,
                            const SplitShare& share) const {
    int64_t whole = 0, elsewhere = 0;
    for (const int64_t segment : share.segments) {
      whole += segment;
      for (int64_t part = 1; part < planned.parts; ++part) {
        elsewhere += ShareOf(segment, planned.block.units,
                             RunOfPart(planned.block.units, planned.parts, part));
      }
    }
    return whole == 0 ? 0 : SaturatingMultiply(ElementsOf(value) / whole, elsewhere);
  }

  bool IsEverywhere(ir::ValueId value) const {
    const ir::NodeId producer = graph_.value(value).producer;
    return IsConstant(graph_, value) || graph_.value(value).constant.valid() ||
           (producer.valid() && constant_.constant[producer]);
  }

  void AddOperands(const PlannedBlock& planned, ir::NodeId node, const SplitAxis& way) {
    const std::vector<ir::ValueId>& operands = graph_.node(node).operands;
    for (size_t i = 0; i < operands.size(); ++i) {
      const ir::ValueId value = operands[i];
      if (!value.valid() || IsEverywhere(value) || static_cast<int32_t>(i) == way.first_only) {
        continue;
      }
      if (way.operands[i].whole()) {
        for (int64_t part = 1; part < planned.parts; ++part) {
          if (sent_whole_.emplace(value, part).second) {
            words_ = SaturatingAdd(words_, ElementsOf(value));
          }
        }
        continue;
      }
      const ir::NodeId producer = graph_.value(value).producer;
      if (producer.valid() && planned.block.Contains(producer)) continue;
      if (stay_.count(value) > 0) continue;
      // Every block makes slices of its own.
      const auto key = std::tuple(value, way.operands[i].axis, way.operands[i].segments, &planned);
      if (!sent_slices_.insert(key).second) continue;
      words_ = SaturatingAdd(words_, ElementsElsewhere(planned, value, way.operands[i]));
    }
  }

  void AddResults(const PlannedBlock& planned, ir::NodeId node, const SplitAxis& way) {
    if (constant_.constant[node]) return;
    const std::vector<ir::ValueId>& results = graph_.node(node).results;
    for (size_t i = 0; i < results.size(); ++i) {
      if (!LeavesBlock(graph_, planned.block, results[i])) continue;
      if (way.sums) {
        const int64_t parts = planned.parts - 1;
        words_ = SaturatingAdd(words_, SaturatingMultiply(parts, ElementsOf(results[i])));
      } else if (!way.results[i].whole() && stay_.count(results[i]) == 0) {
        words_ = SaturatingAdd(words_, ElementsElsewhere(planned, results[i], way.results[i]));
      }
    }
  }

  const ir::Module& module_;
  const ir::Graph& graph_;
  const ValueTypes& types_;
  const ConstantWork constant_;
  std::set<ir::ValueId> stay_;  // states of the block at hand
  std::set<std::pair<ir::ValueId, int64_t>> sent_whole_;
  std::set<std::tuple<ir::ValueId, int32_t, std::vector<int64_t>, const PlannedBlock*>>
      sent_slices_;
  int64_t words_ = 0;
};

}  // namespace

int64_t MovedWords(const ir::Module& module, const ValueTypes& types,
                   const std::vector<PlannedBlock>& blocks) {
  Counter counter(module, types);
  for (const PlannedBlock& block : blocks) counter.Add(block);
  return counter.words();
}

}  // namespace allot
