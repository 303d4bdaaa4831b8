#include "passes/problem/training_chain.h"

#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include "absl/strings/str_cat.h"

#include "operators/features/training_roles.h"
#include "operators/features/training_work.h"
#include "operators/inference/type_inference.h"
#include "passes/nodes/constant_uses.h"
#include "passes/problem/cluster_problem.h"
#include "support/status.h"
#include "target/name_pattern.h"

namespace allot {
namespace {

class ChainMaker {
 public:
  ChainMaker(const ir::Module& module, const ir::Plan& plan, const BuiltProblem& built,
             const TrainingOptions& options, const PassContext& context)
      : module_(module),
        graph_(module.graph),
        plan_(plan),
        built_(built),
        options_(options),
        context_(context) {}

  absl::StatusOr<TrainingChain> Make() {
    if (!context_.scenarios.empty()) {
      return InputError("scenarios are uses of inference; plan training without --scenario");
    }
    if (const TrainingRoles roles = FindTrainingRoles(graph_); roles.trains()) {
      return InputError("has its backward pass already (", roles.backward, " nodes, and ",
                        roles.optimizer, " of an optimizer): plan it as it is, without ",
                        "--workload=training; passes of an operator stay together");
    }
    ALLOT_RETURN_IF_ERROR(FindWork());
    ALLOT_RETURN_IF_ERROR(SortClusters());
    cell_of_.resize(result_.order.size());
    for (size_t i = 0; i < result_.order.size(); ++i) {
      cell_of_[result_.order[i]] = static_cast<int32_t>(i);
    }
    TrainedChain& chain = result_.chain;
    static_cast<Machine&>(chain) = built_.problem;
    chain.microbatches = options_.microbatches;
    chain.recompute = options_.recompute;
    chain.copies = built_.problem.communication == Communication::kBlocking;
    for (const Device& device : context_.target->devices) {
      chain.memory_bandwidth.Add(device.memory_bandwidth);
    }
    for (const ItemId item : result_.order) ALLOT_RETURN_IF_ERROR(AddCell(item));
    AddCuts();
    AddParameters();
    AddKept();
    if (result_.parameters == 0) {
      return InputError(
          "has nothing to train: no weights in floating point from which what it gives out has a ",
          "gradient", options_.freeze.empty() ? "" : ", or all of them match --freeze");
    }
    return std::move(result_);
  }

 private:
  absl::Status FindWork() {
    ALLOT_ASSIGN_OR_RETURN(const NamePattern frozen, NamePattern::Parse(options_.freeze),
                           "freeze=", options_.freeze, ": ");
    const bool any = !options_.freeze.empty();
    bool matched = false;
    const ConcreteTypes types =
        InferConcreteTypes(module_, context_.schemas, context_.dims, *context_.operators);
    ALLOT_ASSIGN_OR_RETURN(work_, TrainingWorkOf(module_, types.inferred, *context_.operators,
                                                 plan_.features, [&](const std::string& name) {
                                                   const bool match = any && frozen.Matches(name);
                                                   matched = matched || match;
                                                   return match;
                                                 }));
    if (any && !matched) {
      return InputError("freeze=", options_.freeze,
                        " matches no weight; the expression must match a weight's whole name");
    }
    return absl::OkStatus();
  }

  // In topological order; layer by layer where they are to stay whole.
  absl::Status SortClusters() {
    result_.order = built_.graph.topological;
    if (!options_.whole_layers) return absl::OkStatus();
    ALLOT_ASSIGN_OR_RETURN(const auto blocks, Analysis<ClusterBlocks>(module_, plan_, context_));
    if (blocks->num_blocks == 0) {
      return InputError("has no layers to keep whole: nothing that repeats at least four times ",
                        "makes up half of it; plan without --whole-layers");
    }
    block_of_ = blocks->block_of;
    std::stable_sort(result_.order.begin(), result_.order.end(),
                     [&](ItemId a, ItemId b) { return block_of_[a] < block_of_[b]; });
    return absl::OkStatus();
  }

  bool MayCut(size_t cell) const {
    return block_of_.empty() || cell == 0 ||
           block_of_[result_.order[cell]] != block_of_[result_.order[cell - 1]];
  }

  absl::Status AddCell(ItemId item) {
    const PlacementProblem::Item& from = built_.problem.items[item];
    TrainedChain::Cell cell;
    cell.name = from.name;
    cell.forward = from.time;
    cell.backward.resize(from.time.size());
    cell.working = from.workspace;
    for (const DeviceId device : cell.backward.ids()) {
      if (!cell.forward[device].has_value()) continue;
      Picos sum = 0;
      for (const ir::NodeId node : built_.nodes[item]) {
        ALLOT_ASSIGN_OR_RETURN(const Picos time,
                               BackwardTime(node, context_.target->devices[device]));
        sum = std::min(kMaxPicos, SaturatingAdd(sum, time));
      }
      cell.backward[device] = sum;
    }
    for (const ir::NodeId node : built_.nodes[item]) {
      cell.working = std::max(cell.working, GradientsOf(node));
    }
    result_.chain.cells.push_back(std::move(cell));
    return absl::OkStatus();
  }

  absl::StatusOr<Picos> BackwardTime(ir::NodeId node, const Device& device) const {
    const OpFeatures& backward = work_.backward[node];
    if (backward.family == OpFamily::kNone) return 0;
    const CostModel& costs = *context_.cost_model;
    ALLOT_ASSIGN_OR_RETURN(Picos time, costs.OpTime(backward, device), "backward pass of '",
                           plan_.features[node].name, "' on ", device.name, ": ");
    // Under a name that no table has, the model speaks.
    OpFeatures unmeasured = plan_.features[node];
    unmeasured.name = backward.name;
    ALLOT_ASSIGN_OR_RETURN(const Picos said, costs.OpTime(unmeasured, device));
    ALLOT_ASSIGN_OR_RETURN(const Picos known, costs.OpTime(plan_.features[node], device));
    if (said > 0 && known != said) {
      const Int128 scaled = static_cast<Int128>(time) * known / said;
      time = scaled > kMaxPicos ? kMaxPicos : static_cast<Picos>(scaled);
    }
    return time;
  }

  // The gradients that are there while the node runs backward, but for those of weights.
  Bytes GradientsOf(ir::NodeId id) const {
    if (work_.backward[id].family == OpFamily::kNone) return 0;
    const ir::Node& node = graph_.node(id);
    std::set<ir::ValueId> values(node.results.begin(), node.results.end());
    for (const ir::ValueId operand : node.operands) {
      if (!operand.valid() || !work_.has_gradient[operand]) continue;
      if (graph_.value(operand).producer.valid()) values.insert(operand);
    }
    Bytes sum = 0;
    for (const ir::ValueId value : values) {
      sum = SaturatingAdd(sum, plan_.value_bytes[value]);
    }
    return sum;
  }

  void AddCuts() {
    const size_t n = result_.order.size();
    std::vector<Bytes> forward(n + 1, 0), backward(n + 1, 0);
    std::vector<int32_t> forbidden(n + 1, 0);
    const PlacementProblem& problem = built_.problem;
    for (const FlowId flow : problem.flows.ids()) {
      const PlacementProblem::Flow& of = problem.flows[flow];
      const auto first = static_cast<size_t>(cell_of_[of.from]);
      size_t last = first;
      for (const ItemId to : of.to) last = std::max(last, static_cast<size_t>(cell_of_[to]));
      forward[first + 1] += of.bytes;
      forward[last + 1] -= of.bytes;
      if (!work_.has_gradient[built_.values[flow]]) continue;
      backward[first + 1] += of.bytes;
      backward[last + 1] -= of.bytes;
    }
    for (const std::vector<ItemId>& group : problem.together) {
      size_t first = n, last = 0;
      for (const ItemId item : group) {
        first = std::min(first, static_cast<size_t>(cell_of_[item]));
        last = std::max(last, static_cast<size_t>(cell_of_[item]));
      }
      if (first >= last) continue;
      ++forbidden[first + 1];
      --forbidden[last + 1];
    }
    Bytes there = 0, back = 0;
    int32_t not_here = 0;
    for (size_t i = 0; i < n; ++i) {
      there += forward[i];
      back += backward[i];
      not_here += forbidden[i];
      result_.chain.cuts.push_back({not_here == 0 && MayCut(i), there, back});
    }
    Bytes given = 0;
    for (const ir::ValueId input : graph_.inputs()) {
      if (graph_.value(input).constant.valid()) continue;
      given = SaturatingAdd(given, plan_.value_bytes[input]);
    }
    if (n > 0) result_.chain.cuts[0] = {true, given, 0};
  }

  void AddParameters() {
    IdVector<ir::NodeId, ItemId> group_of(plan_.cluster_of.size());
    for (const ir::NodeId node : plan_.cluster_of.ids()) {
      if (plan_.cluster_of[node].valid()) group_of[node] = ItemId(plan_.cluster_of[node].index());
    }
    for (const auto& [constant, items] : ConstantUses(module_, group_of)) {
      const ir::Constant& of = module_.constants[constant];
      TrainedChain::Parameter parameter;
      parameter.weights = of.bytes();
      for (const ItemId item : items) parameter.cells.push_back(cell_of_[item]);
      std::sort(parameter.cells.begin(), parameter.cells.end());
      if (work_.trained[constant]) {
        int64_t elements = 1;
        for (const int64_t dim : of.dims) elements = SaturatingMultiply(elements, dim);
        result_.parameters = SaturatingAdd(result_.parameters, elements);
        parameter.gradient = parameter.weights;
        const int64_t moments = options_.optimizer == Optimizer::kAdam ? 2 : 0;
        const int64_t copies = ir::BitWidth(of.element) < 32 ? 1 : 0;
        parameter.state = SaturatingMultiply(4 * (moments + copies), elements);
        // Weights and state are read and written, gradients read.
        parameter.updated =
            SaturatingAdd(parameter.gradient,
                          SaturatingMultiply(2, SaturatingAdd(parameter.weights, parameter.state)));
      }
      result_.chain.parameters.push_back(std::move(parameter));
    }
  }

  void AddKept() {
    std::map<ir::ValueId, std::set<int32_t>> readers;
    for (const ItemId item : built_.nodes.ids()) {
      Bytes more = 0;
      for (const ir::NodeId node : built_.nodes[item]) {
        for (const ir::ValueId value : work_.keeps[node]) readers[value].insert(cell_of_[item]);
        more = SaturatingAdd(more, work_.keeps_more[node]);
      }
      if (more > 0) result_.chain.kept.push_back({more, {cell_of_[item]}});
    }
    for (const auto& [value, cells] : readers) {
      if (plan_.value_bytes[value] == 0) continue;
      result_.chain.kept.push_back({plan_.value_bytes[value], {cells.begin(), cells.end()}});
    }
  }

  const ir::Module& module_;
  const ir::Graph& graph_;
  const ir::Plan& plan_;
  const BuiltProblem& built_;
  const TrainingOptions& options_;
  const PassContext& context_;
  TrainingWork work_;
  IdVector<ItemId, int32_t> cell_of_;
  IdVector<ItemId, int32_t> block_of_;  // empty: cuts may be anywhere
  TrainingChain result_;
};

}  // namespace

absl::StatusOr<TrainingChain> MakeTrainingChain(const ir::Module& module, const ir::Plan& plan,
                                                const BuiltProblem& built,
                                                const TrainingOptions& options,
                                                const PassContext& context) {
  return ChainMaker(module, plan, built, options, context).Make();
}

}  // namespace allot
