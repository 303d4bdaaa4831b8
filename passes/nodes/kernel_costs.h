// What a kernel costs: nodes that a runtime runs as one are read, computed and written as one.
#pragma once

#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/types/span.h"

#include "ir/module.h"
#include "ir/plan.h"
#include "passes/nodes/scenario_works.h"
#include "support/id.h"
#include "target/cost_model.h"

namespace allot {

using KernelNodes = std::vector<ir::NodeId>;  // ascending, never empty

class KernelCosts {
 public:
  // The arguments must outlive the result; needs plan.features, value_bytes and kernel_of. With
  // `scenarios`, the times are sums over a round of these, and what is in the plan says only what
  // kernels are.
  KernelCosts(const ir::Graph& graph, const ir::Plan& plan, const CostModel& cost_model,
              const Target& target, const std::vector<WeightedWork>& scenarios = {});

  // The kernels among `nodes` (ascending), in an order in which they can run. A kernel that lies
  // only partly in `nodes` counts with what lies there. O(n log n + m).
  std::vector<KernelNodes> Kernels(absl::Span<const ir::NodeId> nodes) const;

  // Sorts kernels into an order in which they can run, the one that ends first among the ready; by
  // their ends alone if they depend on each other.
  void SortToRun(std::vector<KernelNodes>& kernels) const;

  // The features of the whole: flops, weights and launches add up, and tensors that live only
  // inside the kernel are neither read nor written.
  OpFeatures Fuse(const KernelNodes& kernel) const;

  // On each of `devices`, in their order; at most kMaxPicos. What travels with the kernel is part
  // of it, so each kernel pays for copies of its own: a DequantizeLinear as fused into it where one
  // that nothing else uses would be, all else node by node. Ask only of devices that can run the
  // kernel. Errors are the cost model's, with node and device named before them.
  absl::StatusOr<std::vector<Picos>> Times(const KernelNodes& kernel,
                                           absl::Span<const DeviceId> devices) const;

 private:
  absl::StatusOr<std::vector<Picos>> TimesOfRound(const KernelNodes& kernel,
                                                  absl::Span<const DeviceId> devices) const;
  // The kernel and those of `travellers` that are fused into it, which are taken out there.
  KernelNodes WithOwnDequantize(const KernelNodes& kernel,
                                std::vector<ir::NodeId>& travellers) const;

  const ir::Graph* graph_;
  const ir::Plan* plan_;
  const CostModel* cost_model_;
  const Target* target_;
  // Of each scenario the plan with its work, and its weight.
  std::vector<std::pair<ir::Plan, int64_t>> scenarios_;
};

}  // namespace allot
