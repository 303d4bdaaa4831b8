#include "passes/splitting/divide_block.h"

#include <algorithm>
#include <map>
#include <memory>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"

#include "ir/constant_view.h"
#include "ir/node_name.h"
#include "passes/splitting/shape_entries.h"
#include "passes/splitting/slice_name.h"
#include "support/status.h"

namespace allot {
namespace {

using ir::ElementType;
using ir::NodeId;
using ir::Type;
using ir::ValueId;

ir::Constant IntegersConstant(const std::vector<int64_t>& elements) {
  std::string bytes;
  for (const int64_t element : elements) {
    for (int i = 0; i < 8; ++i) {
      bytes.push_back(static_cast<char>((static_cast<uint64_t>(element) >> (8 * i)) & 0xff));
    }
  }
  ir::Constant constant;
  constant.element = ElementType::kInt64;
  constant.dims = {static_cast<int64_t>(elements.size())};
  constant.storage = ir::InlineBytes{std::make_shared<const std::string>(std::move(bytes))};
  return constant;
}

// The type of a slice of so many indexes along the axis.
Type Sliced(Type type, int32_t axis, int64_t size) {
  if (type.shape.has_value() && static_cast<size_t>(axis) < type.shape->size()) {
    (*type.shape)[static_cast<size_t>(axis)] = ir::Dim::Known(size);
  }
  return type;
}

class Divider {
 public:
  Divider(const DividedBlock& block, const DivideOptions& options, ir::Module& module,
          ValueNamesInUse& names)
      : block_(block), options_(options), module_(module), graph_(module.graph), names_(names) {
    for (int64_t part = 0; part < options.parts; ++part) {
      runs_.push_back(RunOfPart(block.units, options.parts, part));
    }
  }

  absl::Status Run() {
    if (options_.split_state) states_ = StatesOf(module_, block_);
    for (const auto& [node, way] : block_.ways) ALLOT_RETURN_IF_ERROR(Divide(node, way));
    for (const auto& [node, way] : block_.ways) ALLOT_RETURN_IF_ERROR(Join(node, way));
    for (auto way = block_.ways.rbegin(); way != block_.ways.rend(); ++way) {
      graph_.Erase(way->first);
    }
    return FinishStates();
  }

 private:
  using Pieces = std::vector<ValueId>;  // by part
  size_t parts() const { return static_cast<size_t>(options_.parts); }
  SliceOf SliceAt(size_t part) const { return {options_.block, static_cast<int64_t>(part)}; }

  // --- new values and nodes ---
  ValueId AddIntegers(const std::string& name, const std::vector<int64_t>& elements) {
    ir::Constant constant = IntegersConstant(elements);
    const Type type = constant.type();
    constant.name = names_.Fresh(name);
    const std::string unique = constant.name;
    return graph_.AddInitializer(unique, type, module_.constants.Add(std::move(constant)));
  }

  ValueId AddOp(const std::string& op, const std::string& node_name, std::vector<ValueId> operands,
                const std::string& result, Type type, ir::AttributeMap attributes = {}) {
    ir::Node node;
    node.op_type = op;
    node.name = node_name;
    node.operands = std::move(operands);
    node.attributes = std::move(attributes);
    const NodeId id = graph_.AddNode(std::move(node), {{names_.Fresh(result), std::move(type)}});
    return graph_.node(id).results[0];
  }

  static ir::AttributeMap Axis(int32_t axis) {
    ir::AttributeMap attributes;
    attributes["axis"].value = int64_t{axis};
    return attributes;
  }

  // --- slices of what the block takes from outside ---
  Pieces SliceConstants(ValueId value, const ir::Constant& whole, const SplitShare& share) {
    Pieces pieces;
    for (size_t part = 0; part < parts(); ++part) {
      absl::StatusOr<ir::Constant> slice = ir::SliceConstant(
          whole, static_cast<size_t>(share.axis), RunsOfPart(share, block_.units, runs_[part]));
      if (!slice.ok()) return {};  // elements of a few bits that do not fill bytes, for one
      const std::string name = names_.Fresh(SliceName(graph_.value(value).name, SliceAt(part)));
      slice->name = name;
      const Type type = slice->type();
      pieces.push_back(graph_.AddInitializer(name, type, module_.constants.Add(*std::move(slice))));
    }
    return pieces;
  }

  Pieces SplitAtRunTime(ValueId value, const SplitShare& share) {
    const std::string name = graph_.value(value).name;
    const Type type = graph_.value(value).type;
    std::vector<int64_t> sizes;
    for (const UnitRun& run : runs_) {
      int64_t size = 0;
      for (const int64_t segment : share.segments) size += ShareOf(segment, block_.units, run);
      sizes.push_back(size);
    }
    Pieces pieces;
    if (share.segments.size() > 1) {  // of every segment a run: by its indexes
      for (size_t part = 0; part < parts(); ++part) {
        std::vector<int64_t> indexes;
        for (const ir::IndexRun& run : RunsOfPart(share, block_.units, runs_[part])) {
          for (int64_t i = run.begin; i < run.end; ++i) indexes.push_back(i);
        }
        const ValueId which = AddIntegers(SliceName(name + "/indexes", SliceAt(part)), indexes);
        pieces.push_back(AddOp("Gather", SliceName(name + "/cut", SliceAt(0)), {value, which},
                               SliceName(name, SliceAt(part)),
                               Sliced(type, share.axis, sizes[part]), Axis(share.axis)));
      }
      return pieces;
    }
    ir::Node node;
    node.op_type = "Split";
    node.name = SliceName(name + "/split", SliceAt(0));
    node.attributes = Axis(share.axis);
    node.operands = {value};
    if (module_.OpsetVersion("") >= 13) {
      node.operands.push_back(AddIntegers(SliceName(name + "/sizes", SliceAt(0)), sizes));
    } else {
      node.attributes["split"].value = sizes;
    }
    std::vector<ir::Graph::Result> results;
    for (size_t part = 0; part < parts(); ++part) {
      results.push_back(
          {names_.Fresh(SliceName(name, SliceAt(part))), Sliced(type, share.axis, sizes[part])});
    }
    const NodeId id = graph_.AddNode(std::move(node), results);
    return graph_.node(id).results;
  }

  bool IsStateInput(ValueId value) const {
    return std::any_of(states_.begin(), states_.end(),
                       [&](const BlockState& state) { return state.input == value; });
  }

  Pieces SplitInput(ValueId value, const SplitShare& share) {
    Pieces pieces;
    for (size_t part = 0; part < parts(); ++part) {
      const int64_t size = ShareOf(share.segments[0], block_.units, runs_[part]);
      const std::string name = graph_.value(value).name;
      const Type type = Sliced(graph_.value(value).type, share.axis, size);
      pieces.push_back(graph_.AddInput(names_.Fresh(absl::StrCat(name, "/slice", part)), type));
    }
    own_inputs_.emplace_back(value, share);
    return pieces;
  }

  const Pieces& PiecesOf(ValueId value, const SplitShare& share) {
    const auto key = std::tuple(value, share.axis, share.segments);
    if (const auto known = outside_.find(key); known != outside_.end()) return known->second;
    const ir::Value& of = graph_.value(value);
    Pieces pieces;
    if (of.origin == ir::Value::Origin::kInitializer) {
      const ir::Constant whole = module_.constants[of.constant];
      pieces = SliceConstants(value, whole, share);
    } else if (IsConstant(graph_, value)) {
      const auto* tensor =
          ir::FindAttribute<ir::ConstantId>(graph_.node(of.producer).attributes, "value");
      if (tensor != nullptr) {
        const ir::Constant whole = module_.constants[*tensor];
        pieces = SliceConstants(value, whole, share);
      }
    } else if (IsStateInput(value)) {
      pieces = SplitInput(value, share);
    }
    if (pieces.empty()) pieces = SplitAtRunTime(value, share);
    return outside_.emplace(key, std::move(pieces)).first->second;
  }

  // --- sizes that nodes state ---
  // The operand with the sizes, as part `part` needs it.
  ValueId Resized(ValueId value, const std::vector<const SplitSize*>& sizes, size_t part) {
    const std::string name = SliceName(graph_.value(value).name, SliceAt(part));
    const auto entries = ShapeEntries(module_, value);
    const auto constant = ConstantIntegers(module_, value);
    std::vector<int64_t> elements(entries.size(), 0);
    bool changes = false;
    for (size_t i = 0; constant.has_value() && i < elements.size(); ++i) elements[i] = *entries[i];
    for (const SplitSize* size : sizes) {
      const auto index = static_cast<size_t>(size->index);
      // -1 and 0 are worked out where the node runs.
      if (index >= entries.size() || entries[index].value_or(-1) <= 0) continue;
      const int64_t share = ShareOf(size->whole, block_.units, runs_[part]);
      elements[index] = constant.has_value() ? share : share - size->whole;
      changes = changes || share != size->whole;
    }
    if (!changes) return value;
    if (constant.has_value()) return AddIntegers(name, elements);
    const Type type = graph_.value(value).type;
    const ValueId less = AddIntegers(name + "/change", elements);
    return AddOp("Add", SliceName(graph_.value(value).name + "/resize", SliceAt(part)),
                 {value, less}, name, type);
  }

  void ResizeAttributes(const SplitAxis& way, size_t part, ir::AttributeMap& attributes) {
    for (const SplitSize& size : way.sizes) {
      if (size.operand >= 0) continue;
      const int64_t share = ShareOf(size.whole, block_.units, runs_[part]);
      ir::AttributeValue& value = attributes[size.attribute].value;
      if (auto* number = std::get_if<int64_t>(&value)) *number = share;
      auto* list = std::get_if<std::vector<int64_t>>(&value);
      if (list == nullptr || static_cast<size_t>(size.index) >= list->size()) continue;
      int64_t& element = (*list)[static_cast<size_t>(size.index)];
      if (element > 0) element = share;
    }
  }

  // --- the slices themselves ---
  absl::Status Divide(NodeId id, const SplitAxis& way) {
    std::vector<Pieces> made(graph_.node(id).results.size());
    for (size_t part = 0; part < parts(); ++part) {
      ir::Node slice = graph_.node(id);
      slice.name = SliceName(ir::NameOrPlace(slice), SliceAt(part));
      for (size_t i = 0; i < slice.operands.size(); ++i) {
        ALLOT_ASSIGN_OR_RETURN(slice.operands[i], OperandFor(graph_.node(id), way, i, part));
      }
      if (way.first_only >= 0 && part > 0) DropSummand(way, slice);
      ResizeAttributes(way, part, slice.attributes);
      std::vector<ir::Graph::Result> results;
      for (size_t i = 0; i < made.size(); ++i) {
        const ir::Value& whole = graph_.value(graph_.node(id).results[i]);
        const SplitShare& share = way.results[i];
        int64_t size = 0;
        for (const int64_t segment : share.segments) {
          size += ShareOf(segment, block_.units, runs_[part]);
        }
        results.push_back({whole.name.empty() ? std::string()
                                              : names_.Fresh(SliceName(whole.name, SliceAt(part))),
                           share.whole() ? whole.type : Sliced(whole.type, share.axis, size)});
      }
      const NodeId added = graph_.AddNode(std::move(slice), results);
      for (size_t i = 0; i < made.size(); ++i) made[i].push_back(graph_.node(added).results[i]);
    }
    for (size_t i = 0; i < made.size(); ++i) pieces_[graph_.node(id).results[i]] = made[i];
    return absl::OkStatus();
  }

  absl::StatusOr<ValueId> OperandFor(const ir::Node& node, const SplitAxis& way, size_t i,
                                     size_t part) {
    const ValueId value = node.operands[i];
    if (!value.valid()) return value;
    std::vector<const SplitSize*> sizes;
    for (const SplitSize& size : way.sizes) {
      if (size.operand == static_cast<int32_t>(i)) sizes.push_back(&size);
    }
    if (!sizes.empty()) return Resized(value, sizes, part);
    if (way.operands[i].whole()) return value;
    if (const auto inside = pieces_.find(value); inside != pieces_.end()) {
      const ir::NodeId producer = graph_.value(value).producer;
      const auto result = static_cast<size_t>(graph_.value(value).result_index);
      // What is summed or whole in the block is needed joined; finding a block excludes that.
      if (block_.ways.at(producer).results[result] != way.operands[i]) {
        return absl::InternalError("a value of the block is divided in two ways");
      }
      return inside->second[part];
    }
    return PiecesOf(value, way.operands[i])[part];
  }

  // What a product is added to is added once.
  void DropSummand(const SplitAxis& way, ir::Node& slice) {
    const auto index = static_cast<size_t>(way.first_only);
    constexpr int64_t kOptionalSummand = 11;
    if (slice.Is("Gemm") && module_.OpsetVersion("") < kOptionalSummand) {
      slice.attributes["beta"].value = 0.0f;
      return;
    }
    slice.operands[index] = ValueId();
    while (!slice.operands.empty() && !slice.operands.back().valid()) slice.operands.pop_back();
  }

  // --- what leaves the block ---
  // Shape nodes of a divided value: that of the first slice, with the size of the axis changed.
  void ReplaceShapes(ValueId value, const SplitShare& share) {
    const std::vector<NodeId> users(graph_.users(value).begin(), graph_.users(value).end());
    for (const NodeId user : users) {
      const ir::Node& node = graph_.node(user);
      if (!node.Is("Shape") || !node.attributes.empty()) continue;
      ReplaceShape(user, pieces_.at(value)[0], share);
    }
  }

  void ReplaceShape(NodeId user, ValueId piece, const SplitShare& share) {
    const ValueId old = graph_.node(user).results[0];
    const Type piece_type = graph_.value(piece).type, type = graph_.value(old).type;
    std::vector<int64_t> change(piece_type.shape->size(), 0);
    int64_t rest = 0;
    for (const int64_t segment : share.segments) {
      rest += segment - ShareOf(segment, block_.units, runs_[0]);
    }
    change[static_cast<size_t>(share.axis)] = rest;
    const std::string name = graph_.value(old).name, node_name = graph_.node(user).name;
    // Where the slice is: a cache must not travel for its size.
    const ValueId shape =
        AddOp("Shape", SliceName(node_name, SliceAt(0)), {piece}, name + "/first", type);
    const ValueId more = AddIntegers(name + "/change", change);
    TakeOver(old, AddOp("Add", node_name + "/whole", {shape, more}, name, type));
    graph_.Erase(user);
  }

  // `with` is from now on what `of` was, under its name.
  void TakeOver(ValueId of, ValueId with) {
    const std::string name = graph_.value(of).name;
    graph_.Rename(of, names_.Fresh(name + "/divided"));
    graph_.Rename(with, name);
    graph_.mutable_value(with).declared = graph_.value(of).declared;
    graph_.mutable_value(with).doc = graph_.value(of).doc;
    graph_.ReplaceUses(of, with);
  }

  // The slices as outputs of the model, in the place of the value.
  bool SplitOutput(ValueId value) {
    const bool stays = std::any_of(states_.begin(), states_.end(),
                                   [&](const BlockState& state) { return state.output == value; });
    if (!stays) return false;
    std::vector<ValueId> outputs;
    for (const ValueId output : graph_.outputs()) {
      if (output != value) {
        outputs.push_back(output);
        continue;
      }
      const Pieces& pieces = pieces_.at(value);
      for (size_t part = 0; part < pieces.size(); ++part) {
        const std::string name = absl::StrCat(graph_.value(value).name, "/slice", part);
        graph_.Rename(pieces[part], names_.Fresh(name));
        outputs.push_back(pieces[part]);
      }
    }
    graph_.SetOutputs(std::move(outputs));
    return true;
  }

  absl::Status Join(NodeId id, const SplitAxis& way) {
    const std::vector<ValueId> results = graph_.node(id).results;
    const std::string node_name = ir::NameOrPlace(graph_.node(id));
    for (size_t i = 0; i < results.size(); ++i) {
      const SplitShare& share = way.results[i];
      const ValueId value = results[i];
      if (!share.whole()) ReplaceShapes(value, share);
      if (!LeavesBlock(graph_, block_, value)) continue;
      if (!share.whole() && !way.sums && SplitOutput(value)) continue;
      TakeOver(value, JoinedOf(value, share, way.sums, node_name));
    }
    return absl::OkStatus();
  }

  ValueId JoinedOf(ValueId value, const SplitShare& share, bool sums,
                   const std::string& node_name) {
    const Pieces pieces = pieces_.at(value);
    const Type type = graph_.value(value).type;
    const std::string name = graph_.value(value).name;
    if (sums) return SumOf(pieces, type, name, node_name + "/sum");
    if (share.whole()) return AddOp("Identity", node_name + "/first", {pieces[0]}, name, type);
    const ValueId joined =
        AddOp("Concat", node_name + "/join", pieces, name, type, Axis(share.axis));
    if (share.segments.size() == 1) return joined;
    // Slices stand one behind the other, each with a run of every segment: back into their order.
    std::vector<int64_t> place(static_cast<size_t>(SumOfSegments(share)), 0);
    int64_t at = 0;
    for (size_t part = 0; part < parts(); ++part) {
      for (const ir::IndexRun& run : RunsOfPart(share, block_.units, runs_[part])) {
        for (int64_t i = run.begin; i < run.end; ++i) place[static_cast<size_t>(i)] = at++;
      }
    }
    const ValueId order = AddIntegers(name + "/order", place);
    return AddOp("Gather", node_name + "/order", {joined, order}, name, type, Axis(share.axis));
  }

  static int64_t SumOfSegments(const SplitShare& share) {
    int64_t sum = 0;
    for (const int64_t segment : share.segments) sum += segment;
    return sum;
  }

  // ONNX adds any number of floating point tensors at once, others in pairs.
  ValueId SumOf(const Pieces& pieces, const Type& type, const std::string& name,
                const std::string& node_name) {
    const bool floating =
        type.element == ElementType::kFloat || type.element == ElementType::kFloat16 ||
        type.element == ElementType::kDouble ||
        (type.element == ElementType::kBfloat16 && module_.OpsetVersion("") >= 13);
    if (floating) return AddOp("Sum", node_name, pieces, name, type);
    ValueId sum = pieces[0];
    for (size_t part = 1; part < pieces.size(); ++part) {
      sum = AddOp("Add", absl::StrCat(node_name, part), {sum, pieces[part]}, name, type);
    }
    return sum;
  }

  // States that are there in slices now.
  absl::Status FinishStates() {
    std::vector<std::pair<std::string, std::string>> sliced;
    for (size_t i = 0; i < module_.state.size(); ++i) {
      const auto state = std::find_if(states_.begin(), states_.end(),
                                      [&](const BlockState& each) { return each.index == i; });
      if (state == states_.end()) {
        sliced.push_back(module_.state[i]);
        continue;
      }
      const auto input = std::find_if(own_inputs_.begin(), own_inputs_.end(),
                                      [&](const auto& own) { return own.first == state->input; });
      if (input == own_inputs_.end()) return absl::InternalError("a state is not divided");
      const auto& [value, share] = *input;
      const Pieces& taken = outside_.at(std::tuple(value, share.axis, share.segments));
      const Pieces& made = pieces_.at(state->output);
      for (size_t part = 0; part < parts(); ++part) {
        sliced.emplace_back(graph_.value(taken[part]).name, graph_.value(made[part]).name);
      }
    }
    module_.state = std::move(sliced);
    return EraseInputs();
  }

  absl::Status EraseInputs() {
    for (const auto& [input, share] : own_inputs_) {
      const std::vector<NodeId> users(graph_.users(input).begin(), graph_.users(input).end());
      const auto key = std::tuple(input, share.axis, share.segments);
      for (const NodeId user : users) {
        if (!graph_.node(user).Is("Shape") || !graph_.node(user).attributes.empty()) {
          return absl::InternalError("an input of the model is divided and used whole");
        }
        ReplaceShape(user, outside_.at(key)[0], share);
      }
      graph_.EraseInput(input);
    }
    return absl::OkStatus();
  }

  const DividedBlock& block_;
  const DivideOptions options_;
  ir::Module& module_;
  ir::Graph& graph_;
  ValueNamesInUse& names_;
  std::vector<UnitRun> runs_;
  std::map<ValueId, Pieces> pieces_;  // of values of the block
  std::map<std::tuple<ValueId, int32_t, std::vector<int64_t>>, Pieces> outside_;
  std::vector<BlockState> states_;
  std::vector<std::pair<ValueId, SplitShare>> own_inputs_;
};

}  // namespace

ValueNamesInUse::ValueNamesInUse(const ir::Graph& graph) {
  for (size_t i = 0; i < graph.value_id_bound(); ++i)
    names_.insert(graph.value(ir::ValueId(i)).name);
}

std::string ValueNamesInUse::Fresh(const std::string& wanted) {
  if (names_.insert(wanted).second) return wanted;
  for (int64_t i = 1;; ++i) {
    std::string fresh = absl::StrCat(wanted, "_", i);
    if (names_.insert(fresh).second) return fresh;
  }
}

absl::Status DivideBlock(const DividedBlock& block, const DivideOptions& options,
                         ir::Module& module, ValueNamesInUse& names) {
  return Divider(block, options, module, names).Run();
}

}  // namespace allot
