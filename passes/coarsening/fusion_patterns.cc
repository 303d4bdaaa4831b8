#include "passes/coarsening/fusion_patterns.h"

#include <algorithm>
#include <set>
#include <vector>

#include "absl/strings/match.h"

namespace allot {
namespace {

// Between a value and the node where all its uses meet again, at most so many nodes are looked at.
constexpr size_t kMaxDiamond = 8;

class KernelFuser {
 public:
  KernelFuser(const ir::Graph& graph, const ir::Plan& plan,
              const IdVector<ir::NodeId, bool>& placed, const DeviceConstraints& constraints,
              const NodeGroups& uncuttable)
      : graph_(graph),
        plan_(plan),
        placed_(placed),
        constraints_(constraints),
        fused_(graph.node_id_bound()),
        kernels_(graph.node_id_bound()) {
    for (const ir::NodeId node : placed.ids()) {
      // What is taken already can join no kernel.
      fused_[node] = !placed[node] || uncuttable.Size(node) > 1 ||
                     !graph.node(node).regions.empty() || IsConstantOnlyRoot(node);
    }
  }

  NodeGroups Run() {
    const std::vector<ir::NodeId> nodes = graph_.nodes();
    for (const ir::NodeId node : nodes) {
      if (!fused_[node] && Family(node) == OpFamily::kMatrix) FuseEpilogue(node);
    }
    for (const ir::NodeId node : nodes) {
      if (!fused_[node]) FuseQuantized(node);
    }
    for (auto node = nodes.rbegin(); node != nodes.rend(); ++node) {
      if (!fused_[*node]) JoinUsers(*node);
    }
    return std::move(kernels_);
  }

 private:
  OpFamily Family(ir::NodeId node) const { return plan_.features[node].family; }

  // Nodes without operands make tensors from nothing; they are no work at run time.
  bool IsConstantOnlyRoot(ir::NodeId node) const { return graph_.node(node).operands.empty(); }

  bool IsElementwise(ir::NodeId id) const {
    const ir::Node& node = graph_.node(id);
    const OpFeatures& features = plan_.features[id];
    if (features.integer_shape_work || node.Is("DequantizeLinear")) return false;
    return features.family == OpFamily::kElementwise || node.Is("BatchNormalization") ||
           node.Is("QuantizeLinear");
  }

  // Reductions over axes; pooling and normalizations are kernels of their own.
  bool IsReduction(ir::NodeId id) const {
    const ir::Node& node = graph_.node(id);
    return !plan_.features[id].integer_shape_work && node.domain.empty() &&
           (absl::StartsWith(node.op_type, "Reduce") || node.Is("Softmax") ||
            node.Is("LogSoftmax"));
  }

  // The only result that anyone uses; invalid if there are several or none.
  ir::ValueId OnlyResult(ir::NodeId node) const {
    ir::ValueId only;
    for (const ir::ValueId result : graph_.node(node).results) {
      if (graph_.users(result).empty() && !graph_.IsOutput(result)) continue;
      if (only.valid()) return ir::ValueId();
      only = result;
    }
    return only;
  }

  // A result that only nodes use, or invalid.
  ir::ValueId InnerResult(ir::NodeId node) const {
    const ir::ValueId result = OnlyResult(node);
    return result.valid() && !graph_.IsOutput(result) ? result : ir::ValueId();
  }

  bool CanJoin(ir::NodeId node, ir::NodeId kernel) const {
    return !fused_[node] && constraints_.ClassOf(node) == constraints_.ClassOf(kernel);
  }

  void Commit(const std::vector<ir::NodeId>& kernel) {
    for (const ir::NodeId node : kernel) {
      fused_[node] = true;
      kernels_.Merge(kernel.front(), node);
    }
  }

  // Tensors that the nodes read from elsewhere, constants aside.
  size_t OutsideOperands(const std::vector<ir::NodeId>& nodes,
                         const std::vector<ir::NodeId>& kernel) const {
    std::set<ir::ValueId> outside;
    for (const ir::NodeId node : nodes) {
      for (const ir::ValueId operand : graph_.node(node).operands) {
        if (!operand.valid() || graph_.value(operand).constant.valid()) continue;
        const ir::NodeId producer = graph_.value(operand).producer;
        if (producer.valid() && !placed_[producer]) continue;
        if (!Contains(nodes, producer) && !Contains(kernel, producer)) outside.insert(operand);
      }
    }
    return outside.size();
  }

  static bool Contains(const std::vector<ir::NodeId>& nodes, ir::NodeId node) {
    return std::find(nodes.begin(), nodes.end(), node) != nodes.end();
  }

  // The nodes from the result of `tail` to where all its uses have met in one node, that node last;
  // empty if they do not meet soon, or if something on the way is not elementwise.
  std::vector<ir::NodeId> NextStep(ir::NodeId tail) const {
    const ir::ValueId result = InnerResult(tail);
    if (!result.valid()) return {};
    const absl::Span<const ir::NodeId> users = graph_.users(result);
    std::set<ir::NodeId> frontier(users.begin(), users.end());
    std::vector<ir::NodeId> step;
    while (!frontier.empty()) {
      const ir::NodeId node = *frontier.begin();
      frontier.erase(frontier.begin());
      if (!CanJoin(node, tail) || !IsElementwise(node) || !OnlyResult(node).valid()) return {};
      step.push_back(node);
      if (frontier.empty()) return step;
      const ir::ValueId inner = InnerResult(node);
      if (!inner.valid() || step.size() >= kMaxDiamond) return {};
      const absl::Span<const ir::NodeId> next = graph_.users(inner);
      frontier.insert(next.begin(), next.end());
    }
    return {};
  }

  // Pattern 1. At most one tensor joins from elsewhere: the residual.
  void FuseEpilogue(ir::NodeId anchor) {
    std::vector<ir::NodeId> kernel = {anchor};
    size_t residuals = 0;
    while (!graph_.node(kernel.back()).Is("QuantizeLinear")) {
      const std::vector<ir::NodeId> step = NextStep(kernel.back());
      if (step.empty() || kernel.size() + step.size() > kMaxKernelNodes) break;
      residuals += OutsideOperands(step, kernel);
      if (residuals > 1) break;
      kernel.insert(kernel.end(), step.begin(), step.end());
    }
    AddDequantize(kernel);
    Commit(kernel);
  }

  // DequantizeLinear nodes that feed only the kernel.
  void AddDequantize(std::vector<ir::NodeId>& kernel) const {
    const std::vector<ir::NodeId> members = kernel;
    for (const ir::NodeId member : members) {
      for (const ir::ValueId operand : graph_.node(member).operands) {
        if (!operand.valid()) continue;
        const ir::NodeId producer = graph_.value(operand).producer;
        if (!producer.valid() || !graph_.node(producer).Is("DequantizeLinear") ||
            !CanJoin(producer, member) || Contains(kernel, producer)) {
          continue;
        }
        const ir::ValueId result = InnerResult(producer);
        if (!result.valid()) continue;
        const absl::Span<const ir::NodeId> users = graph_.users(result);
        if (std::all_of(users.begin(), users.end(),
                        [&](ir::NodeId user) { return Contains(members, user); })) {
          kernel.push_back(producer);
        }
      }
    }
  }

  // The kernel gets a copy of its own of a DequantizeLinear that travels.
  bool ReadsTravellingDequantize(ir::NodeId node) const {
    const std::vector<ir::ValueId>& operands = graph_.node(node).operands;
    return std::any_of(operands.begin(), operands.end(), [this](ir::ValueId operand) {
      if (!operand.valid()) return false;
      const ir::NodeId producer = graph_.value(operand).producer;
      return producer.valid() && !placed_[producer] && graph_.node(producer).Is("DequantizeLinear");
    });
  }

  // Pattern 2, for operators other than matrix ones: at least one operand is dequantized for this
  // node alone, and its result is quantized at once.
  void FuseQuantized(ir::NodeId node) {
    if (graph_.node(node).Is("QuantizeLinear") || graph_.node(node).Is("DequantizeLinear")) return;
    const ir::ValueId result = InnerResult(node);
    if (!result.valid() || graph_.users(result).size() != 1) return;
    const ir::NodeId quantize = graph_.users(result)[0];
    if (!graph_.node(quantize).Is("QuantizeLinear") || !CanJoin(quantize, node)) return;
    std::vector<ir::NodeId> kernel = {node};
    AddDequantize(kernel);
    if (kernel.size() == 1 && !ReadsTravellingDequantize(node)) return;
    kernel.push_back(quantize);
    Commit(kernel);
  }

  // Pattern 3, from the end backwards: a node joins the kernel that all its users are in.
  void JoinUsers(ir::NodeId node) {
    if (!IsElementwise(node) && !IsReduction(node)) return;
    const ir::ValueId result = InnerResult(node);
    if (!result.valid() || graph_.users(result).empty()) return;
    const ir::NodeId kernel = kernels_.Find(graph_.users(result)[0]);
    for (const ir::NodeId user : graph_.users(result)) {
      if (kernels_.Find(user) != kernel || !CanJoin(user, node)) return;
      if (!IsElementwise(user) && !IsReduction(user)) return;
    }
    if (static_cast<size_t>(kernels_.Size(kernel)) < kMaxKernelNodes) kernels_.Merge(kernel, node);
  }

  const ir::Graph& graph_;
  const ir::Plan& plan_;
  const IdVector<ir::NodeId, bool>& placed_;
  const DeviceConstraints& constraints_;
  IdVector<ir::NodeId, bool> fused_;  // by patterns 1 and 2, or never to be
  NodeGroups kernels_;
};

}  // namespace

NodeGroups FuseKernels(const ir::Graph& graph, const ir::Plan& plan,
                       const IdVector<ir::NodeId, bool>& placed,
                       const DeviceConstraints& constraints, const NodeGroups& uncuttable) {
  return KernelFuser(graph, plan, placed, constraints, uncuttable).Run();
}

}  // namespace allot
