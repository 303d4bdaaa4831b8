#include "design/model/layer_graph.h"

#include <algorithm>
#include <limits>
#include <map>
#include <set>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"

#include "design/model/branches.h"
#include "ir/repeated_blocks.h"
#include "operators/counting/lane_cycles.h"
#include "operators/features/op_features.h"
#include "operators/features/shape_work.h"
#include "operators/inference/type_inference.h"
#include "placement/kinds/stages/value/downsets.h"
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

class LayerReader {
 public:
  LayerReader(const ir::Module& module, const Operators& operators, const ConcreteTypes& types,
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

  absl::StatusOr<LayerGraph> Read() {
    FindLayers();
    DivideStretches();
    std::map<size_t, int32_t> block_of_class;
    model_.layer_of.assign(nodes_.size(), 0);
    for (const Layer& layer : layers_) {
      const auto known =
          layer.like == kNone ? block_of_class.end() : block_of_class.find(layer.like);
      int32_t number = -1;
      bool has_work = true;
      if (known != block_of_class.end()) {
        number = known->second;
      } else {
        ALLOT_ASSIGN_OR_RETURN(Block block, ReadBlock(layer));
        has_work = !block.operations.empty() || block.tables > 0;
        if (has_work) {
          number = static_cast<int32_t>(model_.blocks.size());
          AssignSplitRoles(block);
          model_.blocks.push_back(std::move(block));
          if (layer.like != kNone) block_of_class.emplace(layer.like, number);
        }
      }
      // What is nothing but views goes with the layer before it.
      if (has_work) model_.block_of.push_back(number);
      const auto at = static_cast<int32_t>(model_.num_layers()) - 1;
      for (const size_t place : layer.places) model_.layer_of[place] = std::max(at, 0);
    }
    if (model_.block_of.empty()) return InputError("has no operators that take time");
    FindEdges();
    return std::move(model_);
  }

 private:
  static constexpr size_t kNone = static_cast<size_t>(-1);
  // Nodes at these places, ascending; of repetitions, which are alike.
  struct Layer {
    std::vector<size_t> places;
    size_t like = kNone;
    std::vector<size_t> after;  // layers that come before it, whether it reads them or not
  };

  static Layer Between(size_t begin, size_t end, size_t like) {
    Layer layer{{}, like, {}};
    for (size_t place = begin; place < end; ++place) layer.places.push_back(place);
    return layer;
  }

  int64_t ElementsOf(ValueId value) const {
    if (!value.valid() || value.index() >= static_cast<int64_t>(types_.size())) return 0;
    const ir::Type& type = types_[value];
    const ir::Type& known = type.kind != ir::Type::Kind::kUnknown ? type : graph_.value(value).type;
    if (!known.is_static()) return 0;
    return ir::NumElements(*known.shape).value_or(0);
  }

  bool IsData(ValueId value) const { return value.valid() && !constant_[value]; }

  // By place p: how many values of data are made before node p and read by it or later ones.
  std::vector<int64_t> CrossingBefore() const {
    std::vector<int64_t> change(nodes_.size() + 2);
    for (size_t place = 0; place < nodes_.size(); ++place) {
      for (const ValueId result : graph_.node(nodes_[place]).results) {
        if (!IsData(result) || shape_work_[nodes_[place]]) continue;
        size_t last = 0;
        for (const NodeId user : graph_.users(result)) last = std::max(last, place_of_.at(user));
        if (last > place) change[place + 1] += 1, change[last + 1] -= 1;
      }
    }
    std::vector<int64_t> crossing;
    int64_t number = 0;
    for (size_t place = 0; place <= nodes_.size(); ++place) {
      number += change[place];
      crossing.push_back(number);
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
      if (place > from && crossing_[place] == 1 && product && matrix) {
        layers_.push_back(Between(from, place, kNone));
        from = place;
        product = false;
      }
      product = product || matrix;
    }
    if (from < end) layers_.push_back(Between(from, end, kNone));
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
        layers_.push_back(Between(begin, begin + repeated.nodes, repeated.begin));
      }
      done = repeated.end();
    }
    CutBetween(done, nodes_.size());
  }

  // The places of nodes that read data that node `id` makes; none of work on shapes.
  std::set<size_t> UsersOf(NodeId id) const {
    std::set<size_t> places;
    if (shape_work_[id]) return places;
    for (const ValueId result : graph_.node(id).results) {
      if (!IsData(result)) continue;
      for (const NodeId user : graph_.users(result)) places.insert(place_of_.at(user));
    }
    return places;
  }

  Stretch StretchOf(const Layer& layer) const {
    const size_t n = layer.places.size(), begin = layer.places.front();
    Stretch stretch{std::vector<std::vector<int32_t>>(n), std::vector<bool>(n),
                    std::vector<int64_t>(n)};
    for (size_t i = 0; i < n; ++i) {
      const NodeId id = nodes_[layer.places[i]];
      stretch.product[i] = features_[id].family == OpFamily::kMatrix;
      stretch.work[i] = std::max<int64_t>(features_[id].flops, 0);
      for (const size_t user : UsersOf(id)) {
        if (user < begin + n) stretch.before[user - begin].push_back(static_cast<int32_t>(i));
      }
    }
    return stretch;
  }

  static size_t CountCuts(const Branches& branches) {
    BlockGraph blocks;
    blocks.layers.resize(branches.size);
    blocks.before.resize(branches.size);
    for (const auto& [from, to] : branches.edges) {
      blocks.before[static_cast<size_t>(to)].push_back(from);
    }
    const AllDownsets all = FindAllDownsets(blocks, kMostCuts);
    return all.complete ? all.sets.size() : kMostCuts + 1;
  }

  // Of what lies between repetitions, if it matters and has several branches; those with most work
  // first.
  void DivideStretches() {
    constexpr int64_t kSmallest = 64;   // of all work, a part of so many is let be
    constexpr size_t kMostPieces = 32;  // of what cannot be cut in any order
    int64_t all = 0;
    std::vector<std::pair<int64_t, size_t>> by_work;  // negative, layer
    for (size_t at = 0; at < layers_.size(); ++at) {
      int64_t work = 0, products = 0;
      for (const size_t place : layers_[at].places) {
        const OpFeatures& features = features_[nodes_[place]];
        work = SaturatingAdd(work, std::max<int64_t>(features.flops, 0));
        products += features.family == OpFamily::kMatrix ? 1 : 0;
      }
      all = SaturatingAdd(all, work);
      if (layers_[at].like == kNone && products > 1) by_work.emplace_back(-work, at);
    }
    std::sort(by_work.begin(), by_work.end());
    std::map<size_t, Branches> divided;  // by layer
    size_t cuts = layers_.size() + 1;
    for (const auto& [work, at] : by_work) {
      if (-work < all / kSmallest) break;
      const Stretch stretch = StretchOf(layers_[at]);
      Branches branches = FindBranches(stretch);
      if (branches.size < 2 || cuts + 1 >= kMostCuts) continue;
      const size_t room = kMostCuts - cuts;
      size_t more = CountCuts(branches) - 2;
      if (more > room) {
        branches = InOneOrder(stretch, branches, std::min(room, kMostPieces));
        NoteOneOrder(absl::StrCat("the branches from '",
                                  graph_.node(nodes_[layers_[at].places.front()]).name, "' on"));
        more = branches.size - 1;
      }
      cuts += more;
      divided.emplace(at, std::move(branches));
    }
    if (!divided.empty()) TakeApart(divided);
  }

  void TakeApart(const std::map<size_t, Branches>& divided) {
    std::vector<Layer> layers;
    for (size_t at = 0; at < layers_.size(); ++at) {
      const auto found = divided.find(at);
      if (found == divided.end()) {
        layers.push_back(std::move(layers_[at]));
        continue;
      }
      const Branches& branches = found->second;
      const size_t first = layers.size();
      layers.resize(first + branches.size);
      for (size_t i = 0; i < branches.branch_of.size(); ++i) {
        layers[first + static_cast<size_t>(branches.branch_of[i])].places.push_back(
            layers_[at].places[i]);
      }
      for (const auto& [from, to] : branches.edges) {
        layers[first + static_cast<size_t>(to)].after.push_back(first + static_cast<size_t>(from));
      }
    }
    layers_ = std::move(layers);
  }

  absl::StatusOr<Block> ReadBlock(const Layer& layer) {
    Block block;
    block.name = graph_.node(nodes_[layer.places.front()]).name;
    // By value: the operations of the block that its data comes from.
    std::map<ValueId, std::vector<int32_t>> makers;
    const auto makers_of = [&](ValueId value) -> std::vector<int32_t> {
      const auto at = makers.find(value);
      return at == makers.end() ? std::vector<int32_t>() : at->second;
    };
    for (const size_t place : layer.places) {
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

  // What is read, each value once by a layer, and the order of pieces.
  void FindEdges() {
    std::map<std::pair<int32_t, int32_t>, int64_t> elements;
    std::vector<Int128> crossing(model_.num_layers() + 1);  // as it changes from cut to cut
    const auto layer_of = [&](size_t place) { return model_.layer_of[place]; };
    for (size_t place = 0; place < nodes_.size(); ++place) {
      if (shape_work_[nodes_[place]]) continue;
      for (const ValueId result : graph_.node(nodes_[place]).results) {
        if (!IsData(result)) continue;
        std::set<int32_t> readers;
        for (const NodeId user : graph_.users(result)) readers.insert(layer_of(place_of_.at(user)));
        readers.erase(layer_of(place));
        if (readers.empty()) continue;
        crossing[static_cast<size_t>(layer_of(place))] += ElementsOf(result);
        crossing[static_cast<size_t>(*readers.rbegin())] -= ElementsOf(result);
        for (const int32_t reader : readers) {
          int64_t& sum = elements[{layer_of(place), reader}];
          sum = SaturatingAdd(sum, ElementsOf(result));
        }
      }
    }
    for (const Layer& layer : layers_) {
      for (const size_t earlier : layer.after) {
        const int32_t from = layer_of(layers_[earlier].places.front());
        const int32_t to = layer_of(layer.places.front());
        if (from != to) elements.emplace(std::pair(from, to), 0);
      }
    }
    for (const auto& [ends, sum] : elements) {
      model_.edges.push_back({ends.first, ends.second, sum});
    }
    if (model_.num_layers() >= kMostCuts) {
      MakeChain(crossing);
    } else {
      KeepFewCuts();
    }
  }

  // Of many layers: each hands on what later ones read.
  void MakeChain(const std::vector<Int128>& crossing) {
    model_.edges.clear();
    constexpr Int128 kMost = std::numeric_limits<int64_t>::max();
    Int128 sum = 0;
    for (size_t layer = 0; layer + 1 < model_.num_layers(); ++layer) {
      sum += crossing[layer];
      const auto from = static_cast<int32_t>(layer);
      model_.edges.push_back({from, from + 1, static_cast<int64_t>(std::min(sum, kMost))});
    }
  }

  void NoteOneOrder(absl::string_view what) {
    model_.notes.push_back(absl::StrCat(what, " can be cut in too many ways", kOneOrder));
  }
  static constexpr absl::string_view kOneOrder =
      ": they are cut one after another, in the order of the file";

  // Where branches are repetitions the cuts of stretches are not all.
  void KeepFewCuts() {
    Branches all;
    all.size = model_.num_layers();
    for (const LayerEdge& edge : model_.edges) all.edges.emplace_back(edge.from, edge.to);
    if (model_.is_chain() || CountCuts(all) <= kMostCuts) return;
    for (size_t layer = 1; layer < all.size; ++layer) {
      const LayerEdge next{static_cast<int32_t>(layer) - 1, static_cast<int32_t>(layer), 0};
      const bool known =
          std::binary_search(all.edges.begin(), all.edges.end(), std::pair(next.from, next.to));
      if (!known) model_.edges.push_back(next);
    }
    std::sort(model_.edges.begin(), model_.edges.end(), [](const LayerEdge& a, const LayerEdge& b) {
      return std::pair(a.from, a.to) < std::pair(b.from, b.to);
    });
    NoteOneOrder("its branches");
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
  std::vector<int64_t> crossing_;  // values, before a place
  std::vector<Layer> layers_;
  LayerGraph model_;
};

}  // namespace

absl::StatusOr<LayerGraph> ReadLayers(const ir::Module& module, const std::string& name,
                                      const ir::OperatorSchemas* schemas, const DimBindings& dims,
                                      const Operators& operators) {
  const ConcreteTypes types = InferConcreteTypes(module, schemas, dims, operators);
  if (!types.misfit.empty())
    return InputError(name, ": cannot run with these sizes: ", types.misfit);
  ALLOT_ASSIGN_OR_RETURN(const auto features, FeaturesOfGraph(module, types.inferred, operators),
                         name, ": ");
  ALLOT_ASSIGN_OR_RETURN(LayerGraph model, LayerReader(module, operators, types, features).Read(),
                         name, ": ");
  model.name = name;
  if (!types.defaulted.empty()) {
    model.notes.push_back(absl::StrCat("sizes that nobody gave count as ", dims.fallback, ": ",
                                       absl::StrJoin(types.defaulted, ", "), "; --dim=NAME=SIZE"));
  }
  return model;
}

}  // namespace allot::design
