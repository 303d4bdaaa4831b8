// Cuts the graph along part boundaries.
//
// A node that is placed goes to its part; a node that travels is copied to each part that needs a
// result of it. What a part uses and does not compute is one of: a model input, an initializer
// (copied; with the input of the same name if a caller may override it), or a tensor that another
// part computes, which becomes an output there and an input here under its own name. Parts from
// which no model output follows are left out: nobody could ask them for anything. Inputs keep the
// type that their tensor has in the whole graph, but for what open_boundary.h says.
#include <algorithm>
#include <limits>
#include <map>
#include <set>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "ir/travel.h"
#include "lowering/bundle.h"
#include "lowering/open_boundary.h"
#include "lowering/output_names.h"
#include "lowering/piece_flow.h"
#include "lowering/quantization_annotation.h"
#include "lowering/verify_bundle.h"
#include "support/status.h"

namespace allot {
namespace {

using ir::Graph;
using ir::Module;
using ir::Node;
using ir::NodeId;
using ir::PartId;
using ir::Plan;
using ir::Value;
using ir::ValueId;

std::string NodeText(const Graph& graph, NodeId id) {
  const Node& node = graph.node(id);
  return node.name.empty() ? absl::StrCat(node.op_type, " node #", id.index())
                           : absl::StrCat(node.op_type, " node '", node.name, "'");
}

// What one piece consists of, in terms of the whole graph.
struct Share {
  PartId part;
  DeviceId device;
  std::vector<NodeId> nodes;     // ascending
  std::vector<ValueId> outside;  // used or given here but not computed here, each once
  std::vector<ValueId> outputs;  // model outputs in model order, then what other pieces need
  std::vector<std::string> quantization_annotations;
};

// Names pieces of all lanes, one after the other. What two lanes cut out alike is one file.
class PieceNames {
 public:
  PieceNames(const Module& module, const Target& target)
      : stem_(FileStem(module)), labels_(DeviceLabels(target)) {}

  void Give(const Share& share, Piece& piece) {
    piece.id = absl::StrCat("p", count_);
    const auto [known, added] = files_.try_emplace(
        std::tuple(share.nodes, share.outside, share.outputs, share.quantization_annotations));
    if (added) known->second = PieceFileName(stem_, count_, labels_[share.device]);
    piece.file = known->second;
    ++count_;
  }

 private:
  const std::string stem_;
  const IdVector<DeviceId, std::string> labels_;
  std::map<std::tuple<std::vector<NodeId>, std::vector<ValueId>, std::vector<ValueId>,
                      std::vector<std::string>>,
           std::string>
      files_;
  size_t count_ = 0;
};

class Extractor {
 public:
  Extractor(const Module& module, const Target& target, const Plan& plan, const IdleBodies& idle)
      : module_(module), graph_(module.graph), target_(target), plan_(plan), idle_(idle) {}

  absl::StatusOr<Bundle> Run(PieceNames& names) {
    ALLOT_RETURN_IF_ERROR(AssignPlacedNodes());
    ALLOT_RETURN_IF_ERROR(SendTravellers());
    GiveModelOutputs();
    ListNodes();
    CollectOutside();
    DropDeadPieces();
    AddQuantizationAnnotations();
    ListOutputs();
    Bundle bundle;
    for (ValueId id : graph_.inputs()) {
      const Value& value = graph_.value(id);
      if (!value.constant.valid()) bundle.inputs.push_back(value.name);
    }
    for (ValueId id : graph_.outputs()) bundle.outputs.push_back(graph_.value(id).name);
    for (const Share& share : shares_) {
      bundle.pieces.push_back(MakePiece(share));
      names.Give(share, bundle.pieces.back());
    }
    bundle.transfers = ListTransfers();
    ALLOT_RETURN_IF_ERROR(VerifyBundle(bundle));
    return bundle;
  }

 private:
  static constexpr size_t kNone = std::numeric_limits<size_t>::max();

  template <typename Visit>
  static void ForEachUse(const Node& node, const Visit& visit) {
    for (ValueId id : node.operands) {
      if (id.valid()) visit(id);
    }
    for (ValueId id : node.captures) visit(id);
  }

  absl::Status AssignPlacedNodes() {
    IdVector<PartId, bool> used(plan_.parts.size(), false);
    IdVector<NodeId, bool> travels(graph_.node_id_bound(), false);
    for (NodeId id : graph_.nodes()) {
      const PartId part = plan_.PartOf(id);
      if (!part.valid()) {
        const bool placed = !plan_.cluster_of.Contains(id) || plan_.cluster_of[id].valid();
        travels[id] = !placed && ir::MayTravel(graph_, id, travels);
        if (travels[id]) continue;
        return InputError(NodeText(graph_, id),
                          " is in no part; the pipeline must place every node and form parts "
                          "before files can be written");
      }
      if (!plan_.parts.Contains(part) || !target_.devices.Contains(plan_.parts[part].device)) {
        return InputError(NodeText(graph_, id), " is in part ", part.index(),
                          ", which the plan does not describe");
      }
      used[part] = true;
    }
    IdVector<PartId, size_t> piece_of(plan_.parts.size(), kNone);
    for (PartId part : plan_.parts.ids()) {
      if (!used[part]) continue;
      piece_of[part] = shares_.size();
      shares_.emplace_back();
      shares_.back().part = part;
      shares_.back().device = plan_.parts[part].device;
    }
    home_.resize(graph_.node_id_bound(), kNone);
    for (NodeId id : graph_.nodes()) {
      if (const PartId part = plan_.PartOf(id); part.valid()) home_[id] = piece_of[part];
    }
    return absl::OkStatus();
  }

  // Fills sent_to_: from the last node to the first, so that all users of a travelling node are
  // known when it is reached.
  absl::Status SendTravellers() {
    sent_to_.resize(graph_.node_id_bound());
    const std::vector<NodeId> nodes = graph_.nodes();
    for (auto it = nodes.rbegin(); it != nodes.rend(); ++it) {
      std::vector<size_t>& pieces = sent_to_[*it];
      if (home_[*it] != kNone) pieces = {home_[*it]};
      std::sort(pieces.begin(), pieces.end());
      pieces.erase(std::unique(pieces.begin(), pieces.end()), pieces.end());
      bool ordered = true;
      ForEachUse(graph_.node(*it), [&](ValueId used) {
        const Value& value = graph_.value(used);
        if (value.origin != Value::Origin::kResult) return;
        ordered = ordered && value.producer < *it;
        if (home_[value.producer] != kNone || !ordered) return;
        std::vector<size_t>& theirs = sent_to_[value.producer];
        theirs.insert(theirs.end(), sent_to_[*it].begin(), sent_to_[*it].end());
      });
      if (!ordered) {
        return InputError(NodeText(graph_, *it), " comes before a node whose result it uses");
      }
    }
    return absl::OkStatus();
  }

  // The piece for outputs that no piece has at hand: that of the first node, whose device is
  // planned to have room for them.
  size_t AnyPiece() {
    if (any_piece_ != kNone) return any_piece_;
    for (const NodeId id : graph_.nodes()) {
      if (home_[id] != kNone) return any_piece_ = home_[id];
    }
    shares_.emplace_back();
    shares_.back().device = DeviceId(0);
    return any_piece_ = 0;
  }

  // The travelling node and what it needs go to `piece` too.
  void SendTo(NodeId traveller, size_t piece) {
    std::vector<NodeId> pending = {traveller};
    while (!pending.empty()) {
      const NodeId id = pending.back();
      pending.pop_back();
      std::vector<size_t>& pieces = sent_to_[id];
      const auto place = std::lower_bound(pieces.begin(), pieces.end(), piece);
      if (place != pieces.end() && *place == piece) continue;
      pieces.insert(place, piece);
      ForEachUse(graph_.node(id), [&](ValueId used) {
        const Value& value = graph_.value(used);
        if (value.origin == Value::Origin::kResult && home_[value.producer] == kNone) {
          pending.push_back(value.producer);
        }
      });
    }
  }

  // Which piece gives each model output; kNone for model inputs that are passed through.
  void GiveModelOutputs() {
    giver_.resize(graph_.value_id_bound(), kNone);
    for (ValueId id : graph_.outputs()) {
      const Value& value = graph_.value(id);
      if (giver_[id] != kNone) continue;
      if (value.origin == Value::Origin::kResult) {
        if (sent_to_[value.producer].empty()) SendTo(value.producer, AnyPiece());
        giver_[id] = sent_to_[value.producer].front();
      } else if (value.constant.valid()) {
        size_t first = kNone;
        for (NodeId user : graph_.users(id)) {
          if (!sent_to_[user].empty()) first = std::min(first, sent_to_[user].front());
        }
        giver_[id] = first != kNone ? first : AnyPiece();
      }
    }
  }

  void ListNodes() {
    for (NodeId id : graph_.nodes()) {
      for (size_t piece : sent_to_[id]) shares_[piece].nodes.push_back(id);
    }
  }

  bool ComputedIn(size_t piece, ValueId id) const {
    const Value& value = graph_.value(id);
    if (value.origin != Value::Origin::kResult) return false;
    const std::vector<size_t>& pieces = sent_to_[value.producer];
    return std::binary_search(pieces.begin(), pieces.end(), piece);
  }

  // Model inputs in model order, initializers in model order, then tensors of other parts in the
  // order of their computation.
  void SortOutside(std::vector<ValueId>& values) const {
    std::sort(values.begin(), values.end(), [this](ValueId a, ValueId b) {
      return std::pair(rank_[a], a) < std::pair(rank_[b], b);
    });
  }

  void CollectOutside() {
    rank_.resize(graph_.value_id_bound(), std::numeric_limits<size_t>::max());
    size_t rank = 0;
    for (ValueId id : graph_.inputs()) rank_[id] = rank++;
    for (ValueId id : graph_.initializers()) rank_[id] = rank++;
    last_seen_.resize(graph_.value_id_bound(), kNone);
    for (size_t p = 0; p < shares_.size(); ++p) {
      for (NodeId node : shares_[p].nodes) {
        ForEachUse(graph_.node(node), [&](ValueId id) { AddOutside(p, id); });
      }
    }
    for (ValueId id : graph_.outputs()) {
      if (giver_[id] == kNone) continue;
      std::vector<ValueId>& outside = shares_[giver_[id]].outside;
      if (!ComputedIn(giver_[id], id) &&
          std::find(outside.begin(), outside.end(), id) == outside.end()) {
        outside.push_back(id);
      }
    }
  }

  void AddOutside(size_t piece, ValueId id) {
    if (last_seen_[id] == piece || ComputedIn(piece, id)) return;
    last_seen_[id] = piece;
    shares_[piece].outside.push_back(id);
  }

  void DropDeadPieces() {
    std::vector<bool> live(shares_.size(), false);
    std::vector<size_t> pending;
    const auto reach = [&](size_t piece) {
      if (piece == kNone || live[piece]) return;
      live[piece] = true;
      pending.push_back(piece);
    };
    for (ValueId id : graph_.outputs()) reach(giver_[id]);
    while (!pending.empty()) {
      const size_t piece = pending.back();
      pending.pop_back();
      for (ValueId id : shares_[piece].outside) {
        const Value& value = graph_.value(id);
        if (value.origin == Value::Origin::kResult) reach(home_[value.producer]);
      }
    }
    std::vector<size_t> renumbered(shares_.size(), kNone);
    size_t num_live = 0;
    for (size_t p = 0; p < shares_.size(); ++p) {
      if (!live[p]) continue;
      renumbered[p] = num_live;
      if (num_live != p) shares_[num_live] = std::move(shares_[p]);
      ++num_live;
    }
    shares_.resize(num_live);
    for (NodeId id : home_.ids()) {
      if (home_[id] != kNone) home_[id] = renumbered[home_[id]];
      std::vector<size_t> kept;
      for (size_t piece : sent_to_[id]) {
        if (renumbered[piece] != kNone) kept.push_back(renumbered[piece]);
      }
      sent_to_[id] = std::move(kept);
    }
    for (ValueId id : graph_.outputs()) {
      if (giver_[id] != kNone) giver_[id] = renumbered[giver_[id]];
    }
  }

  // An annotation goes wherever its tensor is, and takes the initializers that it names along.
  void AddQuantizationAnnotations() {
    if (graph_.quantization_annotations.empty()) return;
    std::map<std::string, ValueId> by_name;
    for (size_t i = 0; i < graph_.value_id_bound(); ++i) {
      const ValueId id(i);
      const Value& value = graph_.value(id);
      if (value.origin == Value::Origin::kResult && !graph_.alive(value.producer)) continue;
      if (!value.name.empty()) by_name[value.name] = id;
    }
    for (size_t p = 0; p < shares_.size(); ++p) {
      std::vector<ValueId>& outside = shares_[p].outside;
      const auto is_here = [&](ValueId id) {
        return ComputedIn(p, id) || std::find(outside.begin(), outside.end(), id) != outside.end();
      };
      for (const std::string& proto : graph_.quantization_annotations) {
        const QuantizationAnnotation annotation = ParseQuantizationAnnotation(proto);
        const auto tensor = by_name.find(annotation.tensor);
        if (tensor == by_name.end() || !is_here(tensor->second)) continue;
        shares_[p].quantization_annotations.push_back(proto);
        for (const std::string& name : annotation.parameters) {
          const auto parameter = by_name.find(name);
          if (parameter == by_name.end() || is_here(parameter->second)) continue;
          if (graph_.value(parameter->second).constant.valid()) {
            outside.push_back(parameter->second);
          }
        }
      }
    }
  }

  void ListOutputs() {
    users_.resize(graph_.value_id_bound());
    for (size_t p = 0; p < shares_.size(); ++p) {
      SortOutside(shares_[p].outside);
      for (ValueId id : shares_[p].outside) {
        const Value& value = graph_.value(id);
        if (value.origin == Value::Origin::kResult) users_[id].push_back(p);
      }
    }
    IdVector<ValueId, bool> listed(graph_.value_id_bound(), false);
    for (ValueId id : graph_.outputs()) {
      if (giver_[id] == kNone || listed[id]) continue;
      listed[id] = true;
      shares_[giver_[id]].outputs.push_back(id);
    }
    for (ValueId id : users_.ids()) {
      if (users_[id].empty() || listed[id]) continue;
      shares_[home_[graph_.value(id).producer]].outputs.push_back(id);
    }
  }

  Piece MakePiece(const Share& share) const {
    Piece piece;
    piece.part = share.part;
    piece.device = share.device;
    Graph& graph = piece.graph;
    graph.name = graph_.name;
    graph.doc = graph_.doc;
    graph.unknown_fields = graph_.unknown_fields;
    graph.quantization_annotations = share.quantization_annotations;

    std::map<ValueId, ValueId> here;  // ids of the whole graph to ids of the piece
    const auto carry = [&](ValueId from, ValueId to) {
      const Value& source = graph_.value(from);
      Value& copy = graph.mutable_value(to);
      copy.doc = source.doc;
      copy.unknown_fields = source.unknown_fields;
      copy.declared = source.declared;
      here[from] = to;
    };
    const std::set<ValueId> open = idle_.WhatTheyDependOn(share.nodes);
    for (ValueId id : share.outside) {
      const Value& value = graph_.value(id);
      if (value.origin == Value::Origin::kResult && open.count(id) > 0) {
        carry(id, graph.AddInput(value.name, WithOpenSizes(value.type), value.constant));
        piece.inputs.push_back(value.name);
        continue;
      }
      if (value.origin == Value::Origin::kInitializer) {
        carry(id, graph.AddInitializer(value.name, value.type, value.constant));
        continue;
      }
      carry(id, graph.AddInput(value.name, value.type, value.constant));
      if (!value.constant.valid()) piece.inputs.push_back(value.name);
    }
    for (NodeId id : share.nodes) {
      Node copy = graph_.node(id);
      std::vector<Graph::Result> results;
      for (ValueId result : copy.results) {
        results.push_back({graph_.value(result).name, graph_.value(result).type});
      }
      const std::vector<ValueId> old_results = std::move(copy.results);
      copy.results.clear();
      for (ValueId& operand : copy.operands) {
        if (operand.valid()) operand = here.at(operand);
      }
      for (ValueId& capture : copy.captures) capture = here.at(capture);
      const NodeId added = graph.AddNode(std::move(copy), results);
      for (size_t i = 0; i < old_results.size(); ++i) {
        carry(old_results[i], graph.node(added).results[i]);
      }
    }
    std::vector<ValueId> outputs;
    for (ValueId id : share.outputs) {
      outputs.push_back(here.at(id));
      piece.outputs.push_back(graph_.value(id).name);
    }
    graph.SetOutputs(std::move(outputs));
    return piece;
  }

  std::vector<PieceTransfer> ListTransfers() const {
    std::vector<PieceTransfer> transfers;
    for (ValueId id : users_.ids()) {
      if (users_[id].empty()) continue;
      PieceTransfer transfer;
      transfer.tensor = graph_.value(id).name;
      transfer.from = home_[graph_.value(id).producer];
      transfer.bytes = ValueBytes(graph_, plan_, id);
      for (size_t user : users_[id]) {
        if (shares_[user].device != shares_[transfer.from].device) transfer.to.push_back(user);
      }
      if (!transfer.to.empty()) transfers.push_back(std::move(transfer));
    }
    return transfers;
  }

  const Module& module_;
  const Graph& graph_;
  const Target& target_;
  const Plan& plan_;
  const IdleBodies& idle_;
  std::vector<Share> shares_;
  IdVector<NodeId, size_t> home_;                  // of placed nodes; kNone for travelling ones
  IdVector<NodeId, std::vector<size_t>> sent_to_;  // the pieces that hold the node, ascending
  IdVector<ValueId, size_t> giver_;                // of model outputs
  size_t any_piece_ = kNone;                       // see AnyPiece()
  IdVector<ValueId, size_t> rank_;
  IdVector<ValueId, size_t> last_seen_;
  IdVector<ValueId, std::vector<size_t>> users_;  // pieces that take the value as input, ascending
};

}  // namespace

absl::StatusOr<Bundle> Extract(const Module& module, const Target& target, const Plan& plan) {
  if (target.devices.empty()) return InputError("the target has no devices");
  for (ValueId id : module.graph.outputs()) {
    if (module.graph.value(id).origin == Value::Origin::kCapture) {
      return InputError("the main graph gives the captured value '", module.graph.value(id).name,
                        "' as output");
    }
  }
  PieceNames names(module, target);
  const IdleBodies idle(module);
  ALLOT_ASSIGN_OR_RETURN(Bundle bundle, Extractor(module, target, plan, idle).Run(names));
  for (size_t lane = 1; lane < plan.num_lanes(); ++lane) {
    const Plan view = ir::LaneView(plan, lane);
    ALLOT_ASSIGN_OR_RETURN(Bundle further, Extractor(module, target, view, idle).Run(names),
                           "lane ", lane, ": ");
    bundle.lanes.push_back(std::move(further));
  }
  return bundle;
}

std::vector<const Piece*> PiecesWithFiles(const Bundle& bundle) {
  std::vector<const Piece*> pieces;
  std::set<std::string> files;
  const auto add = [&](const Bundle& lane) {
    for (const Piece& piece : lane.pieces) {
      if (files.insert(piece.file).second) pieces.push_back(&piece);
    }
  };
  add(bundle);
  for (const Bundle& lane : bundle.lanes) add(lane);
  return pieces;
}

}  // namespace allot
