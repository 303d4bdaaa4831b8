#include "passes/nodes/travellers.h"

#include <algorithm>
#include <set>

#include "ir/travel.h"
#include "operators/features/constant_work.h"
#include "operators/operators.h"
#include "support/status.h"

namespace allot {
namespace {

// The placed nodes that use a node, directly or through travellers.
struct Uses {
  ir::NodeId first;
  bool several = false;       // there are more than the first
  std::vector<bool> devices;  // by device: whether any of them can run there
};

class TravellerFinder {
 public:
  TravellerFinder(const ir::Module& module, const ir::Plan& plan,
                  const DeviceConstraints& constraints, const CostModel& cost_model,
                  const Target& target)
      : graph_(module.graph),
        plan_(plan),
        constraints_(constraints),
        cost_model_(cost_model),
        target_(target),
        nodes_(module.graph.nodes()),
        candidate_(FindConstantWork(module).constant),
        travels_(module.graph.node_id_bound()),
        stays_(module.graph.node_id_bound(), false) {}

  absl::StatusOr<IdVector<ir::NodeId, bool>> Run() {
    ALLOT_RETURN_IF_ERROR(AddFreeWork());
    do {
      travels_ = IdVector<ir::NodeId, bool>(graph_.node_id_bound(), false);
      uses_ = IdVector<ir::NodeId, Uses>(graph_.node_id_bound());
      for (auto id = nodes_.rbegin(); id != nodes_.rend(); ++id) {
        if (candidate_[*id]) Decide(*id);
      }
    } while (KeepWhatLacksOperands());
    return std::move(travels_);
  }

 private:
  // Adds what takes no time on small inputs to the candidates.
  absl::Status AddFreeWork() {
    for (const ir::NodeId id : nodes_) {
      const ir::Node& node = graph_.node(id);
      if (candidate_[id] || BuiltinOperators().Find(node.domain, node.op_type) == nullptr) continue;
      if (!ir::MayTravel(graph_, id, candidate_) || !IsSmall(node)) continue;
      ALLOT_ASSIGN_OR_RETURN(candidate_[id], IsFree(id));
    }
    return absl::OkStatus();
  }

  // Whether all results, and all inputs of the model that the node reads, are small tensors.
  bool IsSmall(const ir::Node& node) const {
    const auto is_small = [this](ir::ValueId value) {
      const Bytes bytes = plan_.value_bytes[value];
      return bytes > 0 && bytes <= kSmallTensor;
    };
    return std::all_of(node.operands.begin(), node.operands.end(),
                       [&](ir::ValueId operand) {
                         return !operand.valid() || graph_.value(operand).constant.valid() ||
                                graph_.value(operand).producer.valid() || is_small(operand);
                       }) &&
           std::all_of(node.results.begin(), node.results.end(), is_small);
  }

  absl::StatusOr<bool> IsFree(ir::NodeId id) const {
    const OpFeatures& features = plan_.features[id];
    for (const DeviceId device : target_.devices.ids()) {
      if (!constraints_.Allowed(id, device)) continue;
      ALLOT_ASSIGN_OR_RETURN(
          const Picos time, cost_model_.OpTime(features, target_.devices[device]), "cost of node '",
          features.name, "' (", features.op_type, ") on ", target_.devices[device].name, ": ");
      if (time > 0) return false;
    }
    return true;
  }

  // All users have been decided on.
  void Decide(ir::NodeId id) {
    const ir::Node& node = graph_.node(id);
    Uses& uses = uses_[id];
    bool is_output = false;
    for (const ir::ValueId result : node.results) {
      is_output = is_output || graph_.IsOutput(result);
      for (const ir::NodeId user : graph_.users(result)) {
        if (candidate_[user]) {
          Add(uses_[user], uses);
        } else {
          Add({user, false, constraints_.Devices(user)}, uses);
        }
      }
    }
    if (node.Is("Constant")) {
      travels_[id] = uses.first.valid() || !is_output;
      return;
    }
    const std::vector<bool>& allowed = constraints_.Devices(id);
    const bool covers = CoversAll(allowed, uses.devices);
    travels_[id] = uses.several && covers && !stays_[id];
    // What stays is to join its only user, and counts as that, wherever it may run.
    const bool joins = uses.first.valid() && !uses.several && covers;
    if (!travels_[id]) uses = {joins ? uses.first : id, false, allowed};
  }

  static void Add(const Uses& more, Uses& uses) {
    if (!more.first.valid()) return;
    uses.several = uses.several || more.several || (uses.first.valid() && uses.first != more.first);
    if (!uses.first.valid()) uses.first = more.first;
    uses.devices.resize(more.devices.size(), false);
    for (size_t d = 0; d < more.devices.size(); ++d) {
      uses.devices[d] = uses.devices[d] || more.devices[d];
    }
  }

  static bool CoversAll(const std::vector<bool>& allowed, const std::vector<bool>& wanted) {
    for (size_t d = 0; d < wanted.size(); ++d) {
      if (wanted[d] && !allowed[d]) return false;
    }
    return true;
  }

  // What travels needs all that it uses to travel, too. Returns whether that keeps anything.
  bool KeepWhatLacksOperands() {
    bool any = false;
    for (const ir::NodeId id : nodes_) {
      if (!travels_[id] || ir::MayTravel(graph_, id, travels_)) continue;
      travels_[id] = false;
      stays_[id] = any = true;
    }
    return any;
  }

  const ir::Graph& graph_;
  const ir::Plan& plan_;
  const DeviceConstraints& constraints_;
  const CostModel& cost_model_;
  const Target& target_;
  const std::vector<ir::NodeId> nodes_;
  IdVector<ir::NodeId, bool> candidate_;  // may travel if all that it uses does
  IdVector<ir::NodeId, bool> travels_;
  IdVector<ir::NodeId, bool> stays_;  // it uses something that does
  IdVector<ir::NodeId, Uses> uses_;   // of candidates
};

}  // namespace

absl::StatusOr<IdVector<ir::NodeId, bool>> FindTravellers(const ir::Module& module,
                                                          const ir::Plan& plan,
                                                          const DeviceConstraints& constraints,
                                                          const CostModel& cost_model,
                                                          const Target& target) {
  return TravellerFinder(module, plan, constraints, cost_model, target).Run();
}

IdVector<ir::NodeId, bool> PlacedNodes(const ir::Plan& plan) {
  IdVector<ir::NodeId, bool> placed;
  for (const ir::KernelId kernel : plan.kernel_of) placed.Add(kernel.valid());
  return placed;
}

std::vector<ir::NodeId> TravellersOf(const ir::Graph& graph, const ir::Plan& plan,
                                     absl::Span<const ir::NodeId> nodes) {
  std::set<ir::NodeId> found;
  std::vector<ir::NodeId> pending(nodes.begin(), nodes.end());
  while (!pending.empty()) {
    const ir::Node& node = graph.node(pending.back());
    pending.pop_back();
    for (const std::vector<ir::ValueId>* values : {&node.operands, &node.captures}) {
      for (const ir::ValueId value : *values) {
        if (!value.valid()) continue;
        const ir::NodeId producer = graph.value(value).producer;
        if (!producer.valid() || plan.kernel_of[producer].valid() ||
            graph.node(producer).Is("Constant")) {
          continue;
        }
        if (found.insert(producer).second) pending.push_back(producer);
      }
    }
  }
  return {found.begin(), found.end()};
}

}  // namespace allot
