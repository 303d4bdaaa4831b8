#include "operators/features/training_work.h"

#include <algorithm>
#include <set>
#include <string>
#include <utility>

#include "ir/node_name.h"
#include "ir/verify.h"
#include "operators/backward_default.h"
#include "operators/features/constant_work.h"
#include "operators/op_view.h"
#include "support/status.h"

namespace allot {
namespace {

using ir::ConstantId;
using ir::NodeId;
using ir::ValueId;

class TrainingAnalysis {
 public:
  TrainingAnalysis(const ir::Module& module, const InferredTypes& types, const Operators& operators,
                   const IdVector<NodeId, OpFeatures>& features)
      : module_(module),
        graph_(module.graph),
        types_(types.main().types),
        operators_(operators),
        features_(features),
        constant_(FindConstantWork(module).constant),
        nodes_(graph_.nodes()),
        wants_(graph_.value_id_bound(), false),
        reaches_(graph_.value_id_bound(), false),
        storage_(graph_.value_id_bound()) {
    work_.trained.resize(module.constants.size());
    work_.has_gradient.resize(graph_.value_id_bound());
    work_.backward.resize(graph_.node_id_bound());
    work_.keeps.resize(graph_.node_id_bound());
    work_.keeps_more.resize(graph_.node_id_bound());
  }

  absl::StatusOr<TrainingWork> Run(const std::function<bool(const std::string&)>& frozen) {
    FindCandidates(frozen);
    SpreadForward();
    SpreadBackward();
    for (const NodeId node : nodes_) ALLOT_RETURN_IF_ERROR(Differentiate(node));
    return std::move(work_);
  }

 private:
  OpView ViewOf(const ir::Node& node) const {
    return OpView(module_, graph_, node, &types_, nullptr);
  }

  ConstantId ConstantOf(ValueId value) const {
    const ir::Value& of = graph_.value(value);
    if (of.constant.valid() || !of.producer.valid()) return of.constant;
    const ir::Node& producer = graph_.node(of.producer);
    if (!producer.Is("Constant")) return ConstantId();
    const auto* constant = ir::FindAttribute<ConstantId>(producer.attributes, "value");
    return constant == nullptr ? ConstantId() : *constant;
  }

  // Whether the value is added to what a Softmax takes, and used for nothing else.
  bool IsMask(ValueId value) const {
    const absl::Span<const NodeId> users = graph_.users(value);
    if (users.empty()) return false;
    return std::all_of(users.begin(), users.end(), [&](NodeId user) {
      const ir::Node& add = graph_.node(user);
      if (!add.Is("Add") && !add.Is("Sub") && !add.Is("Where")) return false;
      const absl::Span<const NodeId> readers = graph_.users(add.results[0]);
      return !readers.empty() && std::all_of(readers.begin(), readers.end(), [&](NodeId reader) {
        return graph_.node(reader).Is("Softmax");
      });
    });
  }

  void FindCandidates(const std::function<bool(const std::string&)>& frozen) {
    for (size_t i = 0; i < graph_.value_id_bound(); ++i) {
      const ValueId value(i);
      storage_[value] = value;
      const ConstantId constant = ConstantOf(value);
      if (!constant.valid() || graph_.users(value).empty()) continue;
      const ir::Constant& of = module_.constants[constant];
      const ir::Type& type = ir::Type::Tensor(of.element, ir::Shape());
      int64_t elements = 1;
      for (const int64_t dim : of.dims) elements = SaturatingMultiply(elements, dim);
      wants_[value] = IsDifferentiable(type) && elements > 1 && !IsMask(value) &&
                      !frozen(graph_.value(value).name);
    }
  }

  // The operands, and behind them the captures, that could get a gradient.
  std::vector<bool> Slots(const ir::Node& node) const {
    const std::vector<bool> all(node.operands.size(), true);
    const Operator* const record = operators_.Find(node.domain, node.op_type);
    const OpView view = ViewOf(node);
    const bool ruled = record != nullptr && record->backward != nullptr;
    std::vector<bool> slots =
        (ruled ? record->backward(view, all, OpWork()) : DefaultBackward(view, all, 0)).gradients;
    slots.resize(node.operands.size());
    for (const ValueId capture : node.captures) {
      slots.push_back(capture.valid() && IsDifferentiable(view.TypeOf(capture)));
    }
    return slots;
  }

  static ValueId Used(const ir::Node& node, size_t slot) {
    return slot < node.operands.size() ? node.operands[slot]
                                       : node.captures[slot - node.operands.size()];
  }

  void SpreadForward() {
    slots_.resize(graph_.node_id_bound());
    for (const NodeId id : nodes_) {
      if (features_[id].integer_shape_work) continue;
      const ir::Node& node = graph_.node(id);
      slots_[id] = Slots(node);
      bool wants = false;
      for (size_t i = 0; i < slots_[id].size(); ++i) {
        const ValueId used = Used(node, i);
        wants = wants || (slots_[id][i] && used.valid() && wants_[used]);
      }
      if (!wants) continue;
      const OpView view = ViewOf(node);
      for (const ValueId result : node.results) {
        wants_[result] = IsDifferentiable(view.TypeOf(result));
      }
    }
  }

  void SpreadBackward() {
    for (const ValueId output : graph_.outputs()) reaches_[output] = true;
    for (auto id = nodes_.rbegin(); id != nodes_.rend(); ++id) {
      const ir::Node& node = graph_.node(*id);
      const bool reaches = std::any_of(
          node.results.begin(), node.results.end(),
          [&](ValueId value) { return value.valid() && reaches_[value] && wants_[value]; });
      if (!reaches) continue;
      for (size_t i = 0; i < slots_[*id].size(); ++i) {
        const ValueId used = Used(node, i);
        if (slots_[*id][i] && used.valid()) reaches_[used] = true;
      }
    }
  }

  bool IsConstant(ValueId value) const {
    const ir::Value& of = graph_.value(value);
    return of.constant.valid() || (of.producer.valid() && constant_[of.producer]);
  }

  absl::Status Differentiate(NodeId id) {
    const ir::Node& node = graph_.node(id);
    const OpFeatures& forward = features_[id];
    OpFeatures& backward = work_.backward[id];
    backward = OpFeatures();
    backward.name = absl::StrCat(forward.name, "/backward");
    backward.op_type = forward.op_type;
    backward.domain = forward.domain;
    backward.dtype = forward.dtype;
    backward.family = OpFamily::kNone;
    if (slots_[id].empty()) return absl::OkStatus();
    const bool reaches = std::any_of(node.results.begin(), node.results.end(), [&](ValueId value) {
      return value.valid() && reaches_[value] && wants_[value];
    });
    std::vector<bool> wanted(node.operands.size());
    bool captured = false;
    for (size_t i = 0; i < slots_[id].size() && reaches; ++i) {
      const ValueId used = Used(node, i);
      const bool gets = slots_[id][i] && used.valid() && wants_[used];
      if (i < wanted.size()) wanted[i] = gets;
      if (!gets) continue;
      work_.has_gradient[used] = true;
      captured = captured || i >= wanted.size();
      if (const ConstantId constant = ConstantOf(used); constant.valid()) {
        work_.trained[constant] = true;
      }
    }
    const OpView view = ViewOf(node);
    const Operator* const record = operators_.Find(node.domain, node.op_type);
    Backward rule;
    if (record != nullptr && record->backward != nullptr) {
      OpWork work;
      if (record->work != nullptr) {
        ALLOT_ASSIGN_OR_RETURN(work, record->work(view), ir::Describe(node), ": ");
      }
      rule = record->backward(view, wanted, work);
    } else {
      rule = DefaultBackward(view, wanted, forward.flops);
    }
    if (rule.view && !node.operands.empty() && node.operands[0].valid()) {
      storage_[node.results[0]] = storage_[node.operands[0]];
    }
    // What is computed of constants alone is computed once, and its gradient is that of a constant.
    if ((!rule.any() && !captured) || constant_[id] || forward.family == OpFamily::kNone) {
      return absl::OkStatus();
    }
    backward.family = forward.family;
    backward.flops =
        captured && !rule.any() ? SaturatingMultiply(2, forward.flops) : Flops(rule.work);
    backward.launches =
        std::max<int64_t>({1, static_cast<int64_t>(rule.work.products.size()), forward.launches});
    Keep(id, view, rule);
    CountTraffic(id, view, rule);
    return absl::OkStatus();
  }

  void Keep(NodeId id, const OpView& view, const Backward& rule) {
    const ir::Node& node = view.node();
    std::set<ValueId> kept;
    const auto keep = [&](ValueId value) {
      if (value.valid() && !IsConstant(value)) kept.insert(storage_[value]);
    };
    for (size_t i = 0; i < node.operands.size(); ++i) {
      if (rule.keeps_operands[i]) keep(node.operands[i]);
    }
    for (size_t i = 0; i < node.results.size(); ++i) {
      if (rule.keeps_results[i] && !graph_.users(node.results[i]).empty()) keep(node.results[i]);
    }
    work_.keeps[id].assign(kept.begin(), kept.end());
    work_.keeps_more[id] = rule.keeps_more;
  }

  // Gradients of results and what was kept are read, gradients of operands are written.
  void CountTraffic(NodeId id, const OpView& view, const Backward& rule) {
    const ir::Node& node = view.node();
    OpFeatures& backward = work_.backward[id];
    Bytes results = 0;
    for (const ValueId result : node.results) {
      if (wants_[result] && reaches_[result]) {
        results = SaturatingAdd(results, view.BytesOf(result));
      }
    }
    backward.read = SaturatingAdd(results, rule.keeps_more);
    for (const ValueId value : work_.keeps[id]) {
      backward.read = SaturatingAdd(backward.read, view.BytesOf(value));
    }
    const Operator* const record = operators_.Find(node.domain, node.op_type);
    for (size_t i = 0; i < node.operands.size(); ++i) {
      const ValueId operand = node.operands[i];
      if (!operand.valid()) continue;
      if (rule.keeps_operands[i] && IsConstant(operand)) {
        backward.weights = SaturatingAdd(backward.weights, view.BytesOf(operand));
      }
      if (!rule.gradients[i]) continue;
      Bytes written = view.BytesOf(operand);
      // Of a table only the rows that were read get a gradient.
      if (record != nullptr && record->looks_up) written = std::min(written, results);
      backward.written = SaturatingAdd(backward.written, written);
    }
  }

  const ir::Module& module_;
  const ir::Graph& graph_;
  const ValueTypes& types_;
  const Operators& operators_;
  const IdVector<NodeId, OpFeatures>& features_;
  const IdVector<NodeId, bool> constant_;
  const std::vector<NodeId> nodes_;
  IdVector<ValueId, bool> wants_;    // something that is trained is before it
  IdVector<ValueId, bool> reaches_;  // what the model gives out depends on it
  IdVector<ValueId, ValueId> storage_;
  IdVector<NodeId, std::vector<bool>> slots_;
  TrainingWork work_;
};

}  // namespace

absl::StatusOr<TrainingWork> TrainingWorkOf(
    const ir::Module& module, const InferredTypes& types, const Operators& operators,
    const IdVector<NodeId, OpFeatures>& features,
    const std::function<bool(const std::string& name)>& frozen) {
  return TrainingAnalysis(module, types, operators, features).Run(frozen);
}

}  // namespace allot
