#include "lowering/verify_bundle.h"

#include <algorithm>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "ir/travel.h"
#include "support/graph/topo_order.h"
#include "support/status.h"

namespace allot {
namespace {

struct Boundary {
  size_t piece = 0;
  const ir::Value* value = nullptr;
};

// What every piece must look like by itself: its lists are those of its graph.
absl::Status CheckLists(const Piece& piece) {
  if (piece.outputs.empty()) {
    return absl::InternalError(absl::StrCat("part ", piece.id, " has no outputs"));
  }
  std::vector<std::string> inputs, outputs;
  for (ir::ValueId id : piece.graph.inputs()) {
    const ir::Value& value = piece.graph.value(id);
    if (!value.constant.valid()) inputs.push_back(value.name);
  }
  for (ir::ValueId id : piece.graph.outputs()) outputs.push_back(piece.graph.value(id).name);
  if (inputs != piece.inputs || outputs != piece.outputs) {
    return absl::InternalError(
        absl::StrCat("part ", piece.id, ": its graph has other inputs or outputs than it states"));
  }
  if (!piece.graph.captures().empty()) {
    return absl::InternalError(absl::StrCat("part ", piece.id, " captures values"));
  }
  return absl::OkStatus();
}

absl::Status CheckAcyclic(const Bundle& bundle, const std::map<std::string, Boundary>& producers) {
  std::vector<std::set<size_t>> users(bundle.pieces.size());
  for (size_t p = 0; p < bundle.pieces.size(); ++p) {
    for (const std::string& name : bundle.pieces[p].inputs) {
      const auto producer = producers.find(name);
      if (producer == producers.end()) continue;
      users[producer->second.piece].insert(p);
    }
  }
  const TopologicalSort<size_t> sort =
      SortTopologically(users.size(), SuccessorsIn(users), LastFirst<size_t>());
  if (sort.order.size() == users.size()) return absl::OkStatus();
  std::string names;
  for (size_t p = 0; p < users.size(); ++p) {
    if (sort.missing[p] > 0)
      absl::StrAppend(&names, names.empty() ? "" : ", ", bundle.pieces[p].id);
  }
  return InputError("the parts wait for each other in a cycle: ", names);
}

// The nodes that a piece may have in common with others: those that it computes by itself, without
// what others send.
IdVector<ir::NodeId, bool> Repeatable(const ir::Graph& graph,
                                      const std::set<std::string>& model_inputs) {
  IdVector<ir::NodeId, bool> repeatable(graph.node_id_bound(), false);
  for (ir::NodeId id : graph.nodes()) {
    const std::vector<ir::ValueId>& operands = graph.node(id).operands;
    const bool sent = std::any_of(operands.begin(), operands.end(), [&](ir::ValueId operand) {
      if (!operand.valid()) return false;
      const ir::Value& value = graph.value(operand);
      return value.origin == ir::Value::Origin::kInput && !value.constant.valid() &&
             model_inputs.count(value.name) == 0;
    });
    repeatable[id] = !sent && ir::MayTravel(graph, id, repeatable);
  }
  return repeatable;
}

absl::Status CheckComputedOnce(const Bundle& bundle, const std::set<std::string>& model_inputs) {
  struct Place {
    const Piece* piece = nullptr;
    bool repeatable = false;
  };
  std::map<std::string, Place> computed_in;
  for (const Piece& piece : bundle.pieces) {
    const IdVector<ir::NodeId, bool> repeatable = Repeatable(piece.graph, model_inputs);
    for (ir::NodeId id : piece.graph.nodes()) {
      for (ir::ValueId result : piece.graph.node(id).results) {
        const std::string& name = piece.graph.value(result).name;
        if (name.empty()) continue;
        const auto [other, inserted] = computed_in.insert({name, {&piece, repeatable[id]}});
        if (inserted || (repeatable[id] && other->second.repeatable)) continue;
        return absl::InternalError(absl::StrCat("tensor '", name, "' is computed in part ",
                                                other->second.piece->id, " and part ", piece.id));
      }
    }
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status VerifyBundle(const Bundle& bundle) {
  std::map<std::string, Boundary> producers;
  for (size_t p = 0; p < bundle.pieces.size(); ++p) {
    const Piece& piece = bundle.pieces[p];
    ALLOT_RETURN_IF_ERROR(CheckLists(piece));
    for (ir::ValueId id : piece.graph.outputs()) {
      const ir::Value& value = piece.graph.value(id);
      const auto [old, inserted] = producers.insert({value.name, {p, &value}});
      if (!inserted) {
        return InputError("tensor '", value.name, "' is produced by part ",
                          bundle.pieces[old->second.piece].id, " and part ", piece.id);
      }
    }
  }
  const std::set<std::string> model_inputs(bundle.inputs.begin(), bundle.inputs.end());
  for (const std::string& name : bundle.inputs) {
    if (producers.count(name) > 0) {
      return InputError("model input '", name, "' is also produced by a part");
    }
  }
  for (const std::string& name : bundle.outputs) {
    if (producers.count(name) == 0 && model_inputs.count(name) == 0) {
      return InputError("no part produces the model output '", name, "'");
    }
  }
  for (const Piece& piece : bundle.pieces) {
    for (ir::ValueId id : piece.graph.inputs()) {
      const ir::Value& value = piece.graph.value(id);
      if (value.constant.valid() || model_inputs.count(value.name) > 0) continue;
      const auto producer = producers.find(value.name);
      if (producer == producers.end()) {
        return InputError("part ", piece.id, " needs tensor '", value.name,
                          "', which nothing produces");
      }
      const ir::Value& produced = *producer->second.value;
      if (!value.type.is_ranked_tensor()) {
        return InputError("tensor '", value.name, "' passes from part ",
                          bundle.pieces[producer->second.piece].id, " to part ", piece.id,
                          " but is no tensor of known element type and rank; keep its users on the "
                          "device that computes it, or state its shape in the model");
      }
      // The taking end may leave sizes open.
      if (ir::Meet(produced.type, value.type) != produced.type) {
        return absl::InternalError(
            absl::StrCat("tensor '", value.name, "' has two types at its ends"));
      }
    }
  }
  ALLOT_RETURN_IF_ERROR(CheckComputedOnce(bundle, model_inputs));
  return CheckAcyclic(bundle, producers);
}

}  // namespace allot
