#include "operators/features/op_features.h"

#include <algorithm>
#include <tuple>
#include <utility>

#include "ir/node_name.h"
#include "ir/verify.h"
#include "operators/features/constant_work.h"
#include "operators/features/shape_work.h"
#include "operators/op_dtype.h"
#include "support/status.h"

namespace allot {
namespace {

IdVector<ir::NodeId, bool> ShapeWorkOfMain(const ir::Module& module, const InferredTypes& types,
                                           const Operators& operators) {
  return FindShapeWork(module, module.graph, types.graphs.empty() ? nullptr : &types.main().types,
                       operators);
}

Bytes Times(int64_t count, Bytes bytes) { return SaturatingMultiply(count, bytes); }

}  // namespace

OpFeatureAnalysis::OpFeatureAnalysis(const ir::Module& module, const InferredTypes& types,
                                     const Operators& operators)
    : module_(module),
      types_(types),
      operators_(operators),
      functions_(module),
      shape_work_(ShapeWorkOfMain(module, types, operators)),
      folded_(FindConstantWork(module).folded),
      body_work_(types.graphs.size()) {}

OpFeatures OpFeatureAnalysis::Of(ir::NodeId node) {
  const GraphTypes* types = types_.graphs.empty() ? nullptr : &types_.main();
  OpFeatures features = WorkOf({&module_.graph, types, 0}, node).features;
  if (folded_[node]) {
    features.family = OpFamily::kNone;
    features.flops = features.read = features.written = features.weights = 0;
  }
  features.integer_shape_work = shape_work_[node];
  return features;
}

OpView OpFeatureAnalysis::ViewOf(const Scope& scope, const ir::Node& node) const {
  return OpView(module_, *scope.graph, node, scope.types == nullptr ? nullptr : &scope.types->types,
                scope.types == nullptr ? nullptr : &scope.types->arguments);
}

OpFeatureAnalysis::Work OpFeatureAnalysis::WorkOf(const Scope& scope, ir::NodeId id) {
  const ir::Node& node = scope.graph->node(id);
  const OpView view = ViewOf(scope, node);
  const Operator* op = operators_.Find(node.domain, node.op_type);
  const bool is_call = op == nullptr && functions_.Find(node) >= 0;
  Work work;
  OpFeatures& features = work.features;
  features.name = ir::NameOrPlace(node);
  features.op_type = node.op_type;
  features.domain = node.domain == "ai.onnx" ? "" : node.domain;
  features.dtype = ArithmeticType(op, view);
  // Bodies that only modify what a known operator does leave it in its family.
  const bool is_control = is_call || (!node.regions.empty() && op == nullptr);
  features.family = is_control ? OpFamily::kControl : op == nullptr ? OpFamily::kOther : op->family;
  CountTraffic(view, op != nullptr && op->looks_up, work);
  if (features.family == OpFamily::kControl) {
    AddControl(scope, id, is_call, work);
  } else if (op != nullptr) {
    if (op->work != nullptr) {
      const absl::StatusOr<OpWork> counted = op->work(view);
      if (counted.ok()) features.flops = Flops(*counted);
      if (status_.ok()) status_ = WithContext(counted.status(), ir::Describe(node) + ": ");
    }
    AddModifiers(scope, id, work);
  }
  for (const ir::ConstantId constant : work.constants) {
    features.weights = SaturatingAdd(features.weights, module_.constants[constant].bytes());
  }
  return work;
}

// Fills read, written and constants.
void OpFeatureAnalysis::CountTraffic(const OpView& view, bool touched_only, Work& work) const {
  const ir::Node& node = view.node();
  if (node.Is("Constant")) return;  // its users pay for it
  OpFeatures& features = work.features;
  for (const ir::ValueId result : node.results) {
    if (!result.valid() || view.graph().value(result).name.empty()) continue;
    features.written = SaturatingAdd(features.written, view.BytesOf(result));
  }
  std::set<ir::ValueId> seen;
  std::vector<ir::ValueId> operands = node.operands;
  operands.insert(operands.end(), node.captures.begin(), node.captures.end());
  for (const ir::ValueId operand : operands) {
    if (!operand.valid() || !seen.insert(operand).second) continue;
    Bytes bytes = view.BytesOf(operand);
    const ir::ConstantId constant = view.ConstantOf(operand);
    if (module_.constants.Contains(constant)) {
      work.constants.insert(constant);
      bytes = module_.constants[constant].bytes();
      // Of other families Traffic() adds the weights as a whole.
      if (features.family != OpFamily::kMovement && features.family != OpFamily::kControl) continue;
    }
    if (touched_only) bytes = std::min(bytes, features.written);
    features.read = SaturatingAdd(features.read, bytes);
  }
}

std::optional<int64_t> OpFeatureAnalysis::IterationsOf(InstanceId instance) const {
  if (!types_.graphs.Contains(instance)) return std::nullopt;
  return types_.graphs[instance].iterations;
}

// The arithmetic of bodies that modify what the operator does; their tensors stay inside it.
void OpFeatureAnalysis::AddModifiers(const Scope& scope, ir::NodeId id, Work& work) {
  const ir::Node& node = scope.graph->node(id);
  if (node.regions.empty() || scope.types == nullptr || scope.depth >= kMaxNesting) return;
  const auto found = scope.types->bodies.find(id);
  if (found == scope.types->bodies.end()) return;
  for (size_t i = 0; i < node.regions.size() && i < found->second.size(); ++i) {
    if (!types_.graphs.Contains(found->second[i])) continue;
    const BodyWork& body = InstanceWork(found->second[i], node.regions[i], scope.depth + 1);
    work.constants.insert(body.constants.begin(), body.constants.end());
    work.features.flops = SaturatingAdd(work.features.flops, body.flops);
  }
}

// Replaces the traffic across the node's boundary by that inside its bodies.
void OpFeatureAnalysis::AddControl(const Scope& scope, ir::NodeId id, bool is_call, Work& work) {
  const ir::Node& node = scope.graph->node(id);
  OpFeatures& features = work.features;
  if (scope.depth >= kMaxNesting) return;
  std::vector<InstanceId> instances;
  if (scope.types != nullptr) {
    const auto found = scope.types->bodies.find(id);
    if (found != scope.types->bodies.end()) instances = found->second;
  }
  instances.resize(is_call ? 1 : node.regions.size());
  if (instances.empty()) return;  // control flow without a body: broken, or unlike any we know

  // What runs each time: all bodies, one after the other, or one of two branches.
  std::vector<std::pair<const BodyWork*, int64_t>> runs;
  std::vector<BodyWork> untyped;  // of bodies that type inference did not look into
  untyped.reserve(instances.size());
  const bool repeats =
      node.op_type == "Loop" || node.op_type == "Scan" || node.op_type == "SequenceMap";
  for (size_t i = 0; i < instances.size(); ++i) {
    const InstanceId instance = instances[i];
    const bool typed = types_.graphs.Contains(instance);
    const int64_t trips = IterationsOf(instance).value_or(repeats ? kGuessedTrips : 1);
    const BodyWork* body = nullptr;
    if (is_call) {
      const size_t function = static_cast<size_t>(functions_.Find(node));
      if (!typed) return;  // nothing is known inside, and nesting may be exponential
      body = &InstanceWork(instance, module_.functions[function].body, scope.depth + 1);
    } else if (typed) {
      body = &InstanceWork(instance, node.regions[i], scope.depth + 1);
    } else {
      untyped.push_back(SumOf({&node.regions[i], nullptr, scope.depth + 1}));
      body = &untyped.back();
    }
    work.constants.insert(body->constants.begin(), body->constants.end());
    runs.emplace_back(body, std::max<int64_t>(0, trips));
  }
  if (node.op_type == "If" && runs.size() > 1) {
    const auto cost = [](const std::pair<const BodyWork*, int64_t>& run) {
      const BodyWork& body = *run.first;
      return std::tuple(Times(run.second, body.flops),
                        Times(run.second, SaturatingAdd(body.moved_in, body.moved_out)),
                        Times(run.second, body.launches));
    };
    runs = {*std::max_element(runs.begin(), runs.end(),
                              [&cost](const auto& a, const auto& b) { return cost(a) < cost(b); })};
  }
  features.read = features.written = features.launches = 0;
  std::map<std::string, int64_t> flops_by_dtype;
  for (const auto& [body, trips] : runs) {
    features.flops = SaturatingAdd(features.flops, Times(trips, body->flops));
    features.read = SaturatingAdd(features.read, Times(trips, body->moved_in));
    features.written = SaturatingAdd(features.written, Times(trips, body->moved_out));
    features.launches = SaturatingAdd(features.launches, Times(trips, body->launches));
    for (const auto& [dtype, flops] : body->flops_by_dtype) {
      int64_t& sum = flops_by_dtype[dtype];
      sum = SaturatingAdd(sum, Times(trips, flops));
    }
  }
  features.launches = std::max<int64_t>(1, features.launches);
  int64_t most = 0;
  features.dtype = "float32";
  for (const auto& [dtype, flops] : flops_by_dtype) {
    if (flops > most) std::tie(features.dtype, most) = std::tie(dtype, flops);
  }
}

const OpFeatureAnalysis::BodyWork& OpFeatureAnalysis::InstanceWork(InstanceId instance,
                                                                   const ir::Graph& graph,
                                                                   int depth) {
  if (!body_work_[instance].has_value()) {
    // Entered first, so that a function that calls itself ends here.
    body_work_[instance] = BodyWork();
    body_work_[instance] = SumOf({&graph, &types_.graphs[instance], depth});
  }
  return *body_work_[instance];
}

OpFeatureAnalysis::BodyWork OpFeatureAnalysis::SumOf(const Scope& scope) {
  BodyWork sum;
  for (const ir::NodeId id : scope.graph->nodes()) {
    const Work work = WorkOf(scope, id);
    const OpFeatures& features = work.features;
    sum.constants.insert(work.constants.begin(), work.constants.end());
    if (features.family == OpFamily::kNone) continue;
    sum.flops = SaturatingAdd(sum.flops, features.flops);
    sum.moved_out = SaturatingAdd(sum.moved_out, features.written);
    sum.moved_in = SaturatingAdd(sum.moved_in, Traffic(features) - features.written);
    sum.launches = SaturatingAdd(sum.launches, features.launches);
    int64_t& of_dtype = sum.flops_by_dtype[features.dtype];
    of_dtype = SaturatingAdd(of_dtype, features.flops);
  }
  return sum;
}

absl::StatusOr<IdVector<ir::NodeId, OpFeatures>> FeaturesOfGraph(const ir::Module& module,
                                                                 const InferredTypes& types,
                                                                 const Operators& operators) {
  OpFeatureAnalysis analysis(module, types, operators);
  IdVector<ir::NodeId, OpFeatures> features(module.graph.node_id_bound());
  for (const ir::NodeId node : module.graph.nodes()) features[node] = analysis.Of(node);
  ALLOT_RETURN_IF_ERROR(analysis.status());
  return features;
}

OpFeatures FeaturesOf(const ir::Module& module, ir::NodeId node, const InferredTypes& types) {
  return OpFeatureAnalysis(module, types, BuiltinOperators()).Of(node);
}

}  // namespace allot
