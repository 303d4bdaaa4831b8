#include "passes/nodes/kernel_costs.h"

#include <algorithm>
#include <set>
#include <utility>

#include "absl/container/flat_hash_map.h"

#include "passes/nodes/travellers.h"
#include "support/graph/topo_order.h"
#include "support/status.h"

namespace allot {
namespace {

bool Contains(const KernelNodes& kernel, ir::NodeId node) {
  return std::binary_search(kernel.begin(), kernel.end(), node);
}

// The node that says what a kernel is: the one with most arithmetic, the first on ties.
ir::NodeId Dominant(const ir::Plan& plan, const KernelNodes& kernel) {
  ir::NodeId best = kernel.front();
  const auto weight = [&plan](ir::NodeId node) {
    const OpFeatures& features = plan.features[node];
    return std::make_pair(features.family == OpFamily::kMatrix ? 2
                          : features.family == OpFamily::kNone ? 0
                                                               : 1,
                          features.flops);
  };
  for (const ir::NodeId node : kernel) {
    if (weight(node) > weight(best)) best = node;
  }
  return best;
}

}  // namespace

KernelCosts::KernelCosts(const ir::Graph& graph, const ir::Plan& plan, const CostModel& cost_model,
                         const Target& target, const std::vector<WeightedWork>& scenarios)
    : graph_(&graph), plan_(&plan), cost_model_(&cost_model), target_(&target) {
  for (const auto& [work, weight] : scenarios) {
    ir::Plan sized;
    sized.features = work.features;
    sized.value_bytes = work.value_bytes;
    sized.kernel_of = plan.kernel_of;
    scenarios_.emplace_back(std::move(sized), weight);
  }
}

std::vector<KernelNodes> KernelCosts::Kernels(absl::Span<const ir::NodeId> nodes) const {
  absl::flat_hash_map<ir::KernelId, size_t> index_of;
  std::vector<KernelNodes> kernels;
  for (const ir::NodeId node : nodes) {
    const auto [entry, is_new] = index_of.try_emplace(plan_->kernel_of[node], kernels.size());
    if (is_new) kernels.emplace_back();
    kernels[entry->second].push_back(node);
  }
  SortToRun(kernels);
  return kernels;
}

void KernelCosts::SortToRun(std::vector<KernelNodes>& kernels) const {
  const auto ends_before = [](const KernelNodes& a, const KernelNodes& b) {
    return a.back() < b.back();
  };
  std::sort(kernels.begin(), kernels.end(), ends_before);
  // Where all that a kernel computes leaves it at its last node, as it does with patterns, that is
  // an order to run in. A measured kernel may give something away before its end.
  absl::flat_hash_map<ir::NodeId, size_t> kernel_of;
  for (size_t k = 0; k < kernels.size(); ++k) {
    if (kernels[k].size() == 1) continue;
    for (const ir::NodeId node : kernels[k]) kernel_of.emplace(node, k);
  }
  if (kernel_of.empty()) return;
  for (size_t k = 0; k < kernels.size(); ++k) kernel_of.emplace(kernels[k].front(), k);
  std::vector<std::vector<size_t>> later(kernels.size());
  for (size_t k = 0; k < kernels.size(); ++k) {
    for (const ir::NodeId node : kernels[k]) {
      for (const ir::ValueId result : graph_->node(node).results) {
        for (const ir::NodeId user : graph_->users(result)) {
          const auto found = kernel_of.find(user);
          if (found == kernel_of.end() || found->second == k) continue;
          later[k].push_back(found->second);
        }
      }
    }
  }
  const std::vector<size_t> order = SortTopologically(later.size(), SuccessorsIn(later)).order;
  if (order.size() < kernels.size()) return;
  std::vector<KernelNodes> sorted;
  for (const size_t k : order) sorted.push_back(std::move(kernels[k]));
  kernels = std::move(sorted);
}

OpFeatures KernelCosts::Fuse(const KernelNodes& kernel) const {
  OpFeatures fused = plan_->features[Dominant(*plan_, kernel)];
  if (kernel.size() == 1) return fused;
  fused.flops = fused.read = fused.written = fused.weights = fused.launches = 0;
  fused.integer_shape_work = true;
  std::set<ir::ValueId> read_before;  // tensors from outside
  for (const ir::NodeId node : kernel) {
    const OpFeatures& features = plan_->features[node];
    fused.flops = SaturatingAdd(fused.flops, features.flops);
    fused.weights = SaturatingAdd(fused.weights, features.weights);
    fused.launches = std::max(fused.launches, features.launches);
    fused.integer_shape_work = fused.integer_shape_work && features.integer_shape_work;

    Bytes kept = 0;  // read from registers, or read once for several nodes
    std::vector<ir::ValueId> operands = graph_->node(node).operands;
    std::sort(operands.begin(), operands.end());
    operands.erase(std::unique(operands.begin(), operands.end()), operands.end());
    for (const ir::ValueId operand : operands) {
      if (!operand.valid() || graph_->value(operand).constant.valid()) continue;
      const ir::NodeId producer = graph_->value(operand).producer;
      if (producer.valid() && graph_->node(producer).Is("Constant")) continue;
      const bool inside = producer.valid() && Contains(kernel, producer);
      const bool again = read_before.count(operand) > 0;
      if (inside || again) kept = SaturatingAdd(kept, plan_->value_bytes[operand]);
      if (!inside && !again) read_before.insert(operand);
    }
    fused.read = SaturatingAdd(fused.read, std::max<Bytes>(0, features.read - kept));

    Bytes unwritten = 0;
    for (const ir::ValueId result : graph_->node(node).results) {
      // Whoever else uses a node that travels has a copy of its own.
      if (!plan_->kernel_of[node].valid()) {
        unwritten = SaturatingAdd(unwritten, plan_->value_bytes[result]);
        continue;
      }
      const absl::Span<const ir::NodeId> users = graph_->users(result);
      if (users.empty() || graph_->IsOutput(result)) continue;
      const bool inside = std::all_of(users.begin(), users.end(), [&kernel](ir::NodeId user) {
        return Contains(kernel, user);
      });
      if (inside) unwritten = SaturatingAdd(unwritten, plan_->value_bytes[result]);
    }
    fused.written = SaturatingAdd(fused.written, std::max<Bytes>(0, features.written - unwritten));
  }
  return fused;
}

// Does what AddDequantize() of coarsening/fusion_patterns.cc does with nodes that do not travel.
KernelNodes KernelCosts::WithOwnDequantize(const KernelNodes& kernel,
                                           std::vector<ir::NodeId>& travellers) const {
  const bool quantizes = kernel.size() > 1 && graph_->node(kernel.back()).Is("QuantizeLinear");
  const bool absorbs =
      quantizes || plan_->features[Dominant(*plan_, kernel)].family == OpFamily::kMatrix;
  if (travellers.empty() || !absorbs) return kernel;
  KernelNodes whole = kernel;
  const auto joins = [&](ir::NodeId traveller) {
    if (!graph_->node(traveller).Is("DequantizeLinear")) return false;
    const absl::Span<const ir::NodeId> users = graph_->users(graph_->node(traveller).results[0]);
    return std::any_of(users.begin(), users.end(),
                       [&](ir::NodeId user) { return Contains(kernel, user); });
  };
  const auto rest = std::stable_partition(travellers.begin(), travellers.end(),
                                          [&](ir::NodeId node) { return !joins(node); });
  whole.insert(whole.end(), rest, travellers.end());
  travellers.erase(rest, travellers.end());
  std::sort(whole.begin(), whole.end());
  return whole;
}

absl::StatusOr<std::vector<Picos>> KernelCosts::TimesOfRound(
    const KernelNodes& kernel, absl::Span<const DeviceId> devices) const {
  std::vector<Picos> sums(devices.size(), 0);
  for (const auto& [plan, weight] : scenarios_) {
    const KernelCosts alone(*graph_, plan, *cost_model_, *target_);
    ALLOT_ASSIGN_OR_RETURN(const std::vector<Picos> times, alone.Times(kernel, devices));
    for (size_t i = 0; i < sums.size(); ++i) {
      sums[i] = std::min(kMaxPicos, SaturatingAdd(sums[i], SaturatingMultiply(times[i], weight)));
    }
  }
  return sums;
}

absl::StatusOr<std::vector<Picos>> KernelCosts::Times(const KernelNodes& kernel,
                                                      absl::Span<const DeviceId> devices) const {
  if (!scenarios_.empty()) return TimesOfRound(kernel, devices);
  std::vector<ir::NodeId> travellers = TravellersOf(*graph_, *plan_, kernel);
  const KernelNodes whole = WithOwnDequantize(kernel, travellers);
  std::vector<Picos> times;
  std::vector<const OpFeatures*> ops;
  for (const ir::NodeId node : whole) ops.push_back(&plan_->features[node]);
  const OpFeatures fused = Fuse(whole);
  for (const DeviceId id : devices) {
    const Device& device = target_->devices[id];
    ALLOT_ASSIGN_OR_RETURN(Picos time,
                           whole.size() == 1 ? cost_model_->OpTime(*ops[0], device)
                                             : cost_model_->FusedTime(ops, fused, device),
                           "cost of node '", fused.name, "' (", fused.op_type, ") on ", device.name,
                           ": ");
    for (const ir::NodeId traveller : travellers) {
      const OpFeatures& features = plan_->features[traveller];
      ALLOT_ASSIGN_OR_RETURN(const Picos more, cost_model_->OpTime(features, device),
                             "cost of node '", features.name, "' (", features.op_type, ") on ",
                             device.name, ": ");
      time = SaturatingAdd(time, more);
    }
    times.push_back(std::min(kMaxPicos, time));
  }
  return times;
}

}  // namespace allot
