#include "passes/coarsening/absorption.h"

#include <algorithm>
#include <map>
#include <set>
#include <utility>
#include <vector>

namespace allot {
namespace {

class Absorber {
 public:
  Absorber(const ir::Graph& graph, const ir::Plan& plan, const IdVector<ir::NodeId, bool>& placed,
           const DeviceConstraints& constraints, NodeGroups& groups)
      : graph_(graph),
        plan_(plan),
        placed_(placed),
        groups_(groups),
        constant_only_(ConstantOnlyNodes(graph)),
        members_(graph.node_id_bound()),
        allowed_(graph.node_id_bound()),
        together_(graph.node_id_bound()),
        position_(graph.node_id_bound(), -1) {
    const NodeGrouping numbered = Number(graph, placed, groups);
    order_.resize(numbered.num_groups);
    for (const ir::NodeId node : placed.ids()) {
      if (!placed[node]) continue;
      const ir::NodeId group = groups.Find(node);
      members_[group].push_back(node);
      Restrict(allowed_[group], constraints.Devices(node));
      together_[group] = together_[group] || constraints.IsKeptTogether(node);
      position_[group] = numbered.group_of[node].index();
      order_[static_cast<size_t>(position_[group])] = group;
    }
  }

  int64_t Run() {
    // Forwards: what shrinks its operand belongs where the operand is.
    for (const ir::NodeId group : order_) {
      if (groups_.Find(group) == group) JoinProducer(group);
    }
    // Backwards: the rest goes with its only consumer, if there is just one.
    for (auto group = order_.rbegin(); group != order_.rend(); ++group) {
      if (groups_.Find(*group) == *group) JoinConsumer(*group);
    }
    return absorbed_;
  }

 private:
  struct Surroundings {
    std::map<ir::NodeId, Bytes> predecessors;  // groups, with what comes from them
    std::set<ir::NodeId> successors;
    Bytes in = 0, out = 0;  // distinct tensors that come from, and go to, other groups
    bool sole_user = true;  // nobody else uses what comes in
  };

  bool IsFree(ir::NodeId group) const {
    return std::all_of(members_[group].begin(), members_[group].end(), [this](ir::NodeId node) {
      const OpFeatures& features = plan_.features[node];
      return features.family == OpFamily::kNone || features.integer_shape_work;
    });
  }
  bool IsShapeWork(ir::NodeId group) const {
    return std::all_of(members_[group].begin(), members_[group].end(),
                       [this](ir::NodeId node) { return plan_.features[node].integer_shape_work; });
  }
  bool IsConstantOnly(ir::NodeId group) const {
    return std::all_of(members_[group].begin(), members_[group].end(),
                       [this](ir::NodeId node) { return constant_only_[node]; });
  }

  Surroundings Look(ir::NodeId group) const {
    Surroundings around;
    std::set<ir::ValueId> counted;
    for (const ir::NodeId id : members_[group]) {
      const ir::Node& node = graph_.node(id);
      for (const std::vector<ir::ValueId>* values : {&node.operands, &node.captures}) {
        for (const ir::ValueId value : *values) {
          if (!value.valid()) continue;
          const ir::NodeId producer = graph_.value(value).producer;
          if (!producer.valid() || !placed_[producer]) continue;
          const ir::NodeId from = groups_.Find(producer);
          if (from == group || !counted.insert(value).second) continue;
          Bytes& from_there = around.predecessors[from];
          from_there = SaturatingAdd(from_there, plan_.value_bytes[value]);
          around.in = SaturatingAdd(around.in, plan_.value_bytes[value]);
          for (const ir::NodeId user : graph_.users(value)) {
            if (placed_[user] && groups_.Find(user) != group) around.sole_user = false;
          }
        }
      }
      for (const ir::ValueId result : node.results) {
        bool leaves = graph_.IsOutput(result);
        for (const ir::NodeId user : graph_.users(result)) {
          if (!placed_[user] || groups_.Find(user) == group) continue;
          around.successors.insert(groups_.Find(user));
          leaves = true;
        }
        if (leaves) around.out = SaturatingAdd(around.out, plan_.value_bytes[result]);
      }
    }
    return around;
  }

  void JoinProducer(ir::NodeId group) {
    if (!IsFree(group)) return;
    const Surroundings around = Look(group);
    if (around.predecessors.size() != 1) return;
    const bool shrinks = around.out < around.in;
    const bool passes_on = around.sole_user && around.out <= around.in;
    // Of a size that others use too, a view for one consumer is left to that: if they are
    // elsewhere, the size goes there once, instead of every view of it.
    const bool is_view =
        !around.sole_user && around.out == around.in && around.successors.size() == 1;
    if (shrinks || passes_on || (IsShapeWork(group) && !is_view)) {
      TryMerge(group, around.predecessors.begin()->first);
    }
  }

  void JoinConsumer(ir::NodeId group) {
    const bool is_free = IsFree(group);
    if (!is_free && !IsConstantOnly(group)) return;
    const Surroundings around = Look(group);
    if (around.successors.size() == 1) {
      if (TryMerge(group, *around.successors.begin())) return;
    }
    if (!is_free || around.predecessors.empty()) return;
    const auto last = std::max_element(
        around.predecessors.begin(), around.predecessors.end(),
        [this](const auto& a, const auto& b) { return position_[a.first] < position_[b.first]; });
    // Shape arithmetic on several tensors goes where the last of them is ready. Data goes along
    // only if that is where nearly all of it comes from, and if it does not cross twice.
    const bool follows_its_data = around.out <= around.in && last->second >= around.in / 8 * 7 &&
                                  (around.sole_user || around.out < around.in);
    if (IsShapeWork(group) || follows_its_data) TryMerge(group, last->first);
  }

  static void Restrict(std::vector<bool>& allowed, const std::vector<bool>& devices) {
    if (allowed.empty()) {
      allowed = devices;
      return;
    }
    for (size_t i = 0; i < devices.size(); ++i) allowed[i] = allowed[i] && devices[i];
  }

  // Merges `group` into `into`, its last predecessor or its first successor.
  bool TryMerge(ir::NodeId group, ir::NodeId into) {
    for (size_t i = 0; i < allowed_[into].size(); ++i) {
      if (allowed_[into][i] && !allowed_[group][i]) return false;
    }
    // What it is kept with may need the devices that it would lose.
    if (together_[group] && allowed_[group] != allowed_[into]) return false;
    std::vector<bool> allowed = allowed_[into];
    const int32_t position = position_[into];
    groups_.Merge(group, into);
    const ir::NodeId merged = groups_.Find(into);
    const ir::NodeId other = merged == into ? group : into;
    position_[merged] = position;
    allowed_[merged] = std::move(allowed);
    together_[merged] = together_[group] || together_[into];
    std::vector<ir::NodeId>& target = members_[merged];
    std::vector<ir::NodeId>& source = members_[other];
    if (target.size() < source.size()) std::swap(target, source);
    target.insert(target.end(), source.begin(), source.end());
    source.clear();
    ++absorbed_;
    return true;
  }

  const ir::Graph& graph_;
  const ir::Plan& plan_;
  const IdVector<ir::NodeId, bool>& placed_;
  NodeGroups& groups_;
  const IdVector<ir::NodeId, bool> constant_only_;
  IdVector<ir::NodeId, std::vector<ir::NodeId>> members_;  // by representative
  IdVector<ir::NodeId, std::vector<bool>> allowed_;        // by representative, by device
  IdVector<ir::NodeId, bool> together_;     // by representative: by a rule, with others
  IdVector<ir::NodeId, int32_t> position_;  // by representative
  std::vector<ir::NodeId> order_;
  int64_t absorbed_ = 0;
};

}  // namespace

IdVector<ir::NodeId, bool> ConstantOnlyNodes(const ir::Graph& graph) {
  IdVector<ir::NodeId, bool> constant_only(graph.node_id_bound());
  const auto is_constant = [&](ir::ValueId id) {
    if (!id.valid()) return true;
    const ir::Value& value = graph.value(id);
    return value.origin == ir::Value::Origin::kInitializer ||
           (value.producer.valid() && constant_only[value.producer]);
  };
  for (const ir::NodeId id : graph.nodes()) {
    const ir::Node& node = graph.node(id);
    constant_only[id] = std::all_of(node.operands.begin(), node.operands.end(), is_constant) &&
                        std::all_of(node.captures.begin(), node.captures.end(), is_constant);
  }
  return constant_only;
}

int64_t AbsorbFreeNodes(const ir::Graph& graph, const ir::Plan& plan,
                        const IdVector<ir::NodeId, bool>& placed,
                        const DeviceConstraints& constraints, NodeGroups& groups) {
  return Absorber(graph, plan, placed, constraints, groups).Run();
}

}  // namespace allot
