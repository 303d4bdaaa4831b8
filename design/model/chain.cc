#include "design/model/chain.h"

#include <algorithm>
#include <map>
#include <set>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"

#include "ir/repeated_blocks.h"
#include "operators/counting/lane_cycles.h"
#include "operators/features/op_features.h"
#include "operators/features/shape_work.h"
#include "operators/inference/type_inference.h"
#include "support/status.h"

namespace allot::design {
namespace {

using ir::NodeId;
using ir::ValueId;

bool MixesFeatures(const Operation& operation) {
  const absl::string_view type = operation.op_type;
  return type.find("Normalization") != type.npos || type.substr(0, 6) == "Reduce" ||
         type.find("GlobalAveragePool") != type.npos || type == "LpNormalization";
}

class ChainReader {
 public:
  ChainReader(const ir::Module& module, const Operators& operators, const ConcreteTypes& types,
              const IdVector<NodeId, OpFeatures>& features)
      : module_(module),
        graph_(module.graph),
        operators_(operators),
        types_(types.inferred.main().types),
        features_(features),
        nodes_(graph_.nodes()),
        shape_work_(FindShapeWork(module, graph_, &types_, operators)) {
    constant_.resize(graph_.value_id_bound());
    for (const ValueId value : graph_.initializers()) constant_[value] = true;
    for (size_t place = 0; place < nodes_.size(); ++place) {
      const ir::Node& node = graph_.node(nodes_[place]);
      const bool constant =
          std::all_of(node.operands.begin(), node.operands.end(),
                      [&](ValueId value) { return !value.valid() || constant_[value]; }) &&
          node.captures.empty();
      place_of_.emplace(nodes_[place], place);
      for (const ValueId result : node.results) constant_[result] = constant;
    }
  }

  absl::StatusOr<Chain> Read() {
    FindLayers();
    std::map<size_t, int32_t> block_of_class;
    std::vector<Layer> kept;
    for (const Layer& layer : layers_) {
      const auto known =
          layer.like == kNone ? block_of_class.end() : block_of_class.find(layer.like);
      int32_t number = -1;
      if (known != block_of_class.end()) {
        number = known->second;
      } else {
        ALLOT_ASSIGN_OR_RETURN(Block block, ReadBlock(layer));
        if (block.operations.empty() && block.tables == 0) continue;  // nothing but views
        number = static_cast<int32_t>(chain_.blocks.size());
        AssignSplitRoles(block);
        chain_.blocks.push_back(std::move(block));
        if (layer.like != kNone) block_of_class.emplace(layer.like, number);
      }
      chain_.block_of.push_back(number);
      chain_.first_node.push_back(layer.begin);
      kept.push_back(layer);
    }
    if (kept.empty()) return InputError("has no operators that take time");
    CountCrossing(kept);
    return std::move(chain_);
  }

 private:
  static constexpr size_t kNone = static_cast<size_t>(-1);
  // Nodes at places begin to end; of repetitions, which are alike.
  struct Layer {
    size_t begin = 0, end = 0, like = kNone;
  };

  int64_t ElementsOf(ValueId value) const {
    if (!value.valid() || value.index() >= static_cast<int64_t>(types_.size())) return 0;
    const ir::Type& type = types_[value];
    const ir::Type& known = type.kind != ir::Type::Kind::kUnknown ? type : graph_.value(value).type;
    if (!known.is_static()) return 0;
    return ir::NumElements(*known.shape).value_or(0);
  }

  bool IsData(ValueId value) const { return value.valid() && !constant_[value]; }

  // By place p: the data that is made before node p and read by it or later ones.
  std::vector<std::pair<int64_t, int64_t>> CrossingBefore() const {
    std::vector<int64_t> values(nodes_.size() + 2), elements(nodes_.size() + 2);
    for (size_t place = 0; place < nodes_.size(); ++place) {
      for (const ValueId result : graph_.node(nodes_[place]).results) {
        if (!IsData(result) || shape_work_[nodes_[place]]) continue;
        size_t last = 0;
        for (const NodeId user : graph_.users(result)) last = std::max(last, place_of_.at(user));
        if (last <= place) continue;
        const int64_t count = ElementsOf(result);
        values[place + 1] += 1, values[last + 1] -= 1;
        elements[place + 1] += count, elements[last + 1] -= count;
      }
    }
    std::vector<std::pair<int64_t, int64_t>> crossing;
    int64_t number = 0, sum = 0;
    for (size_t place = 0; place <= nodes_.size(); ++place) {
      number += values[place], sum += elements[place];
      crossing.emplace_back(number, sum);
    }
    return crossing;
  }

  bool TakesTime(NodeId id) const {
    const OpFamily family = features_[id].family;
    if (shape_work_[id] || family == OpFamily::kNone || family == OpFamily::kMovement) return false;
    const ir::Node& node = graph_.node(id);
    return std::any_of(node.results.begin(), node.results.end(),
                       [&](ValueId value) { return IsData(value); });
  }

  // What lies between repetitions, cut where one value crosses, once there is a product in it.
  void CutBetween(size_t begin, size_t end) {
    size_t from = begin;
    bool product = false;
    for (size_t place = begin; place < end; ++place) {
      const bool matrix = features_[nodes_[place]].family == OpFamily::kMatrix;
      if (place > from && crossing_[place].first == 1 && product && matrix) {
        layers_.push_back({from, place, kNone});
        from = place;
        product = false;
      }
      product = product || matrix;
    }
    if (from < end) layers_.push_back({from, end, kNone});
  }

  void FindLayers() {
    crossing_ = CrossingBefore();
    size_t done = 0;
    for (const ir::RepeatedBlock& repeated : ir::FindRepeatedBlocks(graph_)) {
      // Pieces without a product are no layers.
      bool product = false;
      for (size_t place = repeated.begin; place < repeated.begin + repeated.nodes; ++place) {
        product = product || features_[nodes_[place]].family == OpFamily::kMatrix;
      }
      if (!product) continue;
      CutBetween(done, repeated.begin);
      for (size_t i = 0; i < repeated.count; ++i) {
        const size_t begin = repeated.begin + i * repeated.nodes;
        layers_.push_back({begin, begin + repeated.nodes, repeated.begin});
      }
      done = repeated.end();
    }
    CutBetween(done, nodes_.size());
  }

  absl::StatusOr<Block> ReadBlock(const Layer& layer) {
    Block block;
    block.name = graph_.node(nodes_[layer.begin]).name;
    // By value: the operations of the block that its data comes from.
    std::map<ValueId, std::vector<int32_t>> makers;
    const auto makers_of = [&](ValueId value) -> std::vector<int32_t> {
      const auto at = makers.find(value);
      return at == makers.end() ? std::vector<int32_t>() : at->second;
    };
    for (size_t place = layer.begin; place < layer.end; ++place) {
      const NodeId id = nodes_[place];
      const ir::Node& node = graph_.node(id);
      std::set<int32_t> sources;
      for (const ValueId operand : node.operands) {
        if (!IsData(operand)) continue;
        const std::vector<int32_t> made = makers_of(operand);
        sources.insert(made.begin(), made.end());
      }
      std::vector<int32_t> makes(sources.begin(), sources.end());
      if (TakesTime(id)) {
        ALLOT_ASSIGN_OR_RETURN(Operation operation, ReadOperation(id));
        operation.sources = makes;
        if (!operation.products.empty() && !operation.weighted && node.operands.size() > 1 &&
            IsData(node.operands[1])) {
          operation.second_sources = makers_of(node.operands[1]);
        }
        makes = {static_cast<int32_t>(block.operations.size())};
        block.operations.push_back(std::move(operation));
      }
      if (features_[id].family == OpFamily::kMovement) {
        for (const ValueId operand : node.operands) {
          if (operand.valid() && constant_[operand]) {
            block.tables = SaturatingAdd(block.tables, ElementsOf(operand));
          }
        }
      }
      for (const ValueId result : node.results) makers[result] = makes;
    }
    return block;
  }

  absl::StatusOr<Operation> ReadOperation(NodeId id) {
    const ir::Node& node = graph_.node(id);
    Operation operation;
    operation.name = node.name.empty() ? absl::StrCat(node.op_type, " ", id.index()) : node.name;
    operation.op_type = node.op_type;
    for (const ValueId result : node.results) {
      if (!graph_.users(result).empty() || graph_.IsOutput(result)) {
        operation.elements = SaturatingAdd(operation.elements, ElementsOf(result));
      }
    }
    std::set<ValueId> read;
    for (const ValueId operand : node.operands) {
      if (!operand.valid() || !read.insert(operand).second) continue;
      int64_t& sum = constant_[operand] ? operation.weights : operation.read;
      sum = SaturatingAdd(sum, ElementsOf(operand));
    }
    OpWork work;
    const Operator* const record = operators_.Find(node.domain, node.op_type);
    if (record != nullptr && record->work) {
      const OpView view(module_, graph_, node, &types_, nullptr);
      ALLOT_ASSIGN_OR_RETURN(work, record->work(view), operation.name, ": ");
    } else {
      work.other_operations = features_[id].flops;
    }
    for (const Extents& product : work.products) {
      if (std::min({product.batch, product.m, product.n, product.k}) > 0) {
        operation.products.push_back(product);
      }
    }
    operation.weighted = !operation.products.empty() && operation.weights > 0;
    const auto elements = static_cast<double>(std::max<int64_t>(1, operation.elements));
    const double each = static_cast<double>(work.other_operations) / elements;
    if (operation.products.empty()) {
      // Of a reduction the elements that count are those it reads.
      if (operation.read > operation.elements && features_[id].family == OpFamily::kReduction) {
        operation.elements = operation.read;
        const LaneCycles cycles = LaneCyclesOf(
            node.op_type, static_cast<double>(work.other_operations) /
                              static_cast<double>(std::max<int64_t>(1, operation.read)));
        operation.forward = cycles.forward, operation.backward = cycles.backward;
      } else {
        const LaneCycles cycles = LaneCyclesOf(node.op_type, each);
        operation.forward = cycles.forward, operation.backward = cycles.backward;
      }
    } else if (work.other_operations > 0) {
      operation.forward = each, operation.backward = each;
    }
    operation.mixes = MixesFeatures(operation);
    operation.softmax = node.op_type == "Softmax" || node.op_type == "LogSoftmax";
    return operation;
  }

  void CountCrossing(const std::vector<Layer>& layers) {
    for (size_t i = 0; i + 1 < layers.size(); ++i) {
      chain_.crossing.push_back(crossing_[layers[i + 1].begin].second);
    }
  }

  const ir::Module& module_;
  const ir::Graph& graph_;
  const Operators& operators_;
  const ValueTypes& types_;
  const IdVector<NodeId, OpFeatures>& features_;
  const std::vector<NodeId> nodes_;
  const IdVector<NodeId, bool> shape_work_;
  IdVector<ValueId, bool> constant_;  // the same at every inference
  std::map<NodeId, size_t> place_of_;
  std::vector<std::pair<int64_t, int64_t>> crossing_;  // values and their elements, before a place
  std::vector<Layer> layers_;
  Chain chain_;
};

}  // namespace

absl::StatusOr<Chain> ReadChain(const ir::Module& module, const std::string& name,
                                const ir::OperatorSchemas* schemas, const DimBindings& dims,
                                const Operators& operators) {
  const ConcreteTypes types = InferConcreteTypes(module, schemas, dims, operators);
  if (!types.misfit.empty())
    return InputError(name, ": cannot run with these sizes: ", types.misfit);
  ALLOT_ASSIGN_OR_RETURN(const auto features, FeaturesOfGraph(module, types.inferred, operators),
                         name, ": ");
  ALLOT_ASSIGN_OR_RETURN(Chain chain, ChainReader(module, operators, types, features).Read(), name,
                         ": ");
  chain.name = name;
  if (!types.defaulted.empty()) {
    chain.notes.push_back(absl::StrCat("sizes that nobody gave count as ", dims.fallback, ": ",
                                       absl::StrJoin(types.defaulted, ", "), "; --dim=NAME=SIZE"));
  }
  return chain;
}

}  // namespace allot::design
