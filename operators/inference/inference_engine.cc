#include "operators/inference/inference_engine.h"

#include <algorithm>
#include <bit>
#include <utility>

#include "absl/strings/str_cat.h"
#include "ir/verify.h"
#include "operators/attribute_key.h"
#include "operators/rules/shape_arithmetic.h"
#include "support/status.h"

namespace allot {
namespace {

using ir::Dim;
using ir::ElementType;
using ir::NodeId;
using ir::Type;
using ir::ValueId;

// Function bodies and loops are visited again; this many visits per node of the module, and a floor
// for small modules, bound hostile nesting of calls.
constexpr int64_t kVisitsPerNode = 16;
constexpr int64_t kLeastVisits = 200'000;

int64_t CountNodes(const ir::Graph& graph) {
  int64_t count = 0;
  for (const NodeId id : graph.nodes()) {
    ++count;
    for (const ir::Graph& body : graph.node(id).regions) count += CountNodes(body);
  }
  return count;
}

// Ranks and nesting beyond these are no tensors that anybody uses, but could grow without bound
// from one operator to the next.
constexpr size_t kMaxRank = 256;
constexpr int kMaxContainers = 8;

bool IsReasonable(const Type& type, int depth = 0) {
  if (depth > kMaxContainers || (type.shape && type.shape->size() > kMaxRank)) return false;
  for (const Type& parameter : type.parameters) {
    if (!IsReasonable(parameter, depth + 1)) return false;
  }
  return true;
}

// Types that rules make carry no denotations and hints: what a dimension means, an operator does
// not keep, and nothing certain follows from a guess.
void DropNotes(Type& type) {
  type.denotation.clear();
  if (type.shape) {
    for (Dim& dim : *type.shape) {
      dim.denotation.clear();
      dim.hint = -1;
    }
  }
  for (Type& parameter : type.parameters) DropNotes(parameter);
}

std::string TypeText(const Type& type) {
  if (!type.is_tensor()) return type.kind == Type::Kind::kUnknown ? "?" : "non-tensor";
  return absl::StrCat(ir::DtypeName(type.element), type.shape ? ShapeText(*type.shape) : "[...]");
}

bool IsTyped(const Type& type) {
  return type.kind != Type::Kind::kUnknown &&
         !(type.is_tensor() && type.element == ElementType::kUndefined);
}

// Sizes that are no more than a guess: costs may use them, files may not.
void OpenDims(Type& type) {
  if (type.shape) {
    for (Dim& dim : *type.shape) {
      if (dim.known()) dim.hint = std::exchange(dim.size, -1);
    }
  }
  for (Type& parameter : type.parameters) OpenDims(parameter);
}

void AppendKey(std::string& key, const Type& type) {
  absl::StrAppend(&key, static_cast<int>(type.kind), ",", static_cast<int>(type.element));
  if (type.shape) {
    for (const Dim& dim : *type.shape) {
      absl::StrAppend(&key, "|", dim.size, dim.symbol.size(), dim.symbol);
    }
  } else {
    key += "~";
  }
  for (const Type& parameter : type.parameters) AppendKey(key, parameter);
  absl::StrAppend(&key, type.opaque.size(), type.opaque, ";");
}

}  // namespace

InferenceEngine::InferenceEngine(const ir::Module& module, const Operators& operators,
                                 const ir::OperatorSchemas* schemas, const DimBindings* dims,
                                 Diagnostics* diagnostics)
    : module_(module),
      operators_(operators),
      schemas_(schemas),
      dims_(dims),
      diagnostics_(diagnostics),
      functions_(module) {}

absl::Status InferenceEngine::Run() {
  int64_t nodes = CountNodes(module_.graph);
  for (const ir::Function& function : module_.functions) nodes += CountNodes(function.body);
  work_left_ = nodes * kVisitsPerNode + kLeastVisits;
  for (const ValueId input : module_.graph.inputs()) {
    const Type& type = module_.graph.value(input).type;
    open_inputs_ = open_inputs_ || !type.is_static();
    if (!type.shape) continue;
    for (const Dim& dim : *type.shape) {
      if (!dim.symbol.empty()) input_symbols_.insert(dim.symbol);
    }
  }
  graphs_.Add({});  // the place of the main graph
  ALLOT_ASSIGN_OR_RETURN(
      const Outcome outcome,
      Walk({module_.graph, module_.opset_imports, nullptr, 0, false, std::nullopt, {}, {}}));
  // The main graph was finished last.
  std::swap(graphs_[InstanceId(0)], graphs_[outcome.instance]);
  graphs_.resize(graphs_.size() - 1);
  if (diagnostics_ == nullptr) return absl::OkStatus();
  if (mismatches_ > 0) {
    const std::string more = mismatches_ > 1
                                 ? absl::StrCat(" (so also of ", mismatches_ - 1,
                                                mismatches_ == 2 ? " more value)" : " more values)")
                                 : "";
    diagnostics_->Warning("", absl::StrCat(first_mismatch_, "; the computed type is used", more));
  }
  if (out_of_work_) {
    diagnostics_->Warning("", absl::StrCat("bodies and functions nest too deep or call each other "
                                           "too often: some were not looked into for types"));
  }
  return absl::OkStatus();
}

InferredTypes InferenceEngine::TakeTypes() {
  InferredTypes types;
  types.graphs = std::move(graphs_);
  for (const auto& [op, count] : untyped_) types.untyped_ops.push_back({op, count});
  types.untyped_behind = untyped_behind_;
  return types;
}

void InferenceEngine::BindDims(Type& type) {
  if (type.shape) {
    for (Dim& dim : *type.shape) {
      if (dim.known()) continue;
      if (dim.symbol.empty()) {
        if (dim.hint >= 0) dim = Dim::Known(dim.hint);
        continue;
      }
      const auto bound = dims_->symbols.find(dim.symbol);
      if (bound != dims_->symbols.end()) {
        dim = Dim::Known(std::max<int64_t>(bound->second, 0));
      } else if (input_symbols_.count(dim.symbol) > 0) {
        defaulted_.insert(dim.symbol);
        dim = Dim::Known(std::max<int64_t>(dims_->fallback, 0));
      } else if (dim.hint >= 0) {
        dim = Dim::Known(dim.hint);
      }
    }
  }
  for (Type& parameter : type.parameters) BindDims(parameter);
}

Type InferenceEngine::Declared(const Type& type) {
  Type declared = type;
  if (dims_ != nullptr) BindDims(declared);
  return declared;
}

void InferenceEngine::CloseDims(Type& type) {
  if (type.shape) {
    for (Dim& dim : *type.shape) {
      if (dim.known()) continue;
      if (dim.symbol.empty()) {
        ++unknown_dims_;
      } else {
        defaulted_.insert(dim.symbol);
      }
      dim = Dim::Known(std::max<int64_t>(dims_->fallback, 0));
    }
  }
  for (Type& parameter : type.parameters) CloseDims(parameter);
}

int64_t InferenceEngine::OpsetVersion(const std::vector<ir::OpsetImport>& imports,
                                      const std::string& domain) const {
  const std::string& wanted = domain == "ai.onnx" ? std::string() : domain;
  for (const auto* list : {&imports, &module_.opset_imports}) {
    for (const ir::OpsetImport& import : *list) {
      const bool onnx = import.first.empty() || import.first == "ai.onnx";
      if (import.first == wanted || (onnx && wanted.empty())) return import.second;
    }
  }
  return 0;
}

absl::StatusOr<InferenceEngine::Outcome> InferenceEngine::Walk(Invocation invocation) {
  const ir::Graph& graph = invocation.graph;
  Frame frame{graph,
              invocation.imports,
              invocation.arguments,
              invocation.depth,
              invocation.tolerant,
              {},
              {},
              {}};
  frame.types.resize(graph.value_id_bound());
  frame.values.resize(graph.value_id_bound());
  frame.result.types.resize(graph.value_id_bound());
  frame.result.iterations = invocation.iterations;
  if (invocation.arguments != nullptr) frame.result.arguments = *invocation.arguments;

  const auto take = [&](ValueId id, std::vector<Known>& given, size_t i) {
    if (i < given.size()) {
      Settle(frame, id, std::move(given[i].type), std::move(given[i].value), Stated::kGuess);
    } else {
      const bool inner = invocation.depth > 0 && open_inputs_;
      Settle(frame, id, Type::Unknown(), std::nullopt, inner ? Stated::kGuess : Stated::kHolds);
    }
  };
  for (size_t i = 0; i < graph.inputs().size(); ++i) {
    const ValueId input = graph.inputs()[i];
    const ir::ConstantId default_value = graph.value(input).constant;
    // Before IR version 4 all initializers had to be inputs, and runtimes do not let callers
    // override them. From then on a default is good for costs only.
    const bool stands = module_.ir_version < 4 || dims_ != nullptr;
    if (stands && module_.constants.Contains(default_value)) {
      const ir::Constant& constant = module_.constants[default_value];
      Settle(frame, input, Type::Tensor(constant.element, KnownShape(constant.dims)),
             ValueOfConstant(constant), Stated::kHolds);
    } else {
      take(input, invocation.inputs, i);
    }
  }
  for (size_t i = 0; i < graph.captures().size(); ++i) {
    take(graph.captures()[i], invocation.captures, i);
  }
  for (const ValueId id : graph.initializers()) {
    const ir::ConstantId constant_id = graph.value(id).constant;
    if (!module_.constants.Contains(constant_id)) {
      Settle(frame, id, Type::Unknown(), std::nullopt, Stated::kHolds);
      continue;
    }
    const ir::Constant& constant = module_.constants[constant_id];
    // Stored sparsely or not, operators see a tensor.
    Settle(frame, id, Type::Tensor(constant.element, KnownShape(constant.dims)),
           ValueOfConstant(constant), Stated::kHolds);
  }
  for (const NodeId id : graph.nodes()) {
    if (invocation.depth > 0 && --work_left_ < 0) {
      out_of_work_ = true;
      return Outcome();
    }
    ALLOT_RETURN_IF_ERROR(Visit(frame, id));
  }

  Outcome outcome;
  for (const ValueId id : graph.outputs()) {
    outcome.outputs.push_back({frame.types[id], frame.values[id]});
  }
  outcome.unfit = frame.unfit;
  outcome.instance = graphs_.Add(std::move(frame.result));
  return outcome;
}

Type InferenceEngine::Certain(const Type& declared, const Type& inferred, Stated stated,
                              bool& contradicts) const {
  if (inferred.kind == Type::Kind::kUnknown) {
    Type certain = declared;
    if (stated == Stated::kGuess) OpenDims(certain);
    return certain;
  }
  Type certain = inferred;
  certain.denotation = declared.denotation;
  if (declared.kind == Type::Kind::kUnknown) return certain;
  if (declared.kind != inferred.kind || declared.opaque != inferred.opaque ||
      declared.parameters.size() != inferred.parameters.size()) {
    contradicts = true;
    return certain;
  }
  if (inferred.element == ElementType::kUndefined) {
    certain.element = declared.element;
  } else if (declared.element != ElementType::kUndefined && declared.element != inferred.element) {
    contradicts = true;
  }
  for (size_t i = 0; i < inferred.parameters.size(); ++i) {
    certain.parameters[i] =
        Certain(declared.parameters[i], inferred.parameters[i], stated, contradicts);
  }
  if (!declared.shape) return certain;
  if (!inferred.shape) {
    certain.shape = declared.shape;
    if (stated == Stated::kGuess) OpenDims(certain);
    return certain;
  }
  if (declared.shape->size() != inferred.shape->size()) {
    contradicts = true;
    return certain;
  }
  for (size_t i = 0; i < certain.shape->size(); ++i) {
    const Dim& told = (*declared.shape)[i];
    Dim& dim = (*certain.shape)[i];
    dim.denotation = told.denotation;
    if (dim.known()) {
      contradicts = contradicts || (told.known() && told.size != dim.size);
      continue;
    }
    if (!told.symbol.empty()) dim.symbol = told.symbol;
    // A size that callers choose is no other one, whatever the model states of one example.
    const bool chosen = input_symbols_.count(dim.symbol) > 0;
    contradicts = contradicts || (chosen && told.known());
    if (!chosen) dim.hint = told.known() ? told.size : told.hint;
  }
  return certain;
}

void InferenceEngine::Settle(Frame& frame, ValueId id, Type inferred,
                             std::optional<PartialValue> value, Stated stated) {
  const ir::Value& described = frame.graph.value(id);
  if (!IsReasonable(inferred)) inferred = Type::Unknown();
  DropNotes(inferred);
  // Elements known means dimensions known.
  if (value && inferred.is_tensor()) {
    const std::optional<Type> met =
        ir::Meet(inferred, Type::Tensor(inferred.element, KnownShape(value->dims)));
    if (met) {
      inferred = *met;
    } else {
      value.reset();
    }
  }
  const Type declared = Declared(described.type);
  Type working, shown;
  if (dims_ == nullptr) {
    bool contradicts = false;
    working = shown = Certain(declared, inferred, stated, contradicts);
    if (contradicts && mismatches_++ == 0) {
      first_mismatch_ = absl::StrCat("value '", described.name, "' is declared ",
                                     TypeText(declared), " but computed as ", TypeText(inferred));
    }
  } else {
    // What follows from the sizes given beats what is declared for others.
    std::optional<Type> met = ir::Meet(inferred, declared);
    working = met ? *std::move(met) : IsTyped(inferred) ? inferred : declared;
    CloseDims(working);
    shown = working;
  }
  if (value && value->AnyKnown()) {
    if (described.origin == ir::Value::Origin::kResult && RangeOf(working.element)) {
      if (std::optional<std::vector<int64_t>> integers = value->Integers()) {
        frame.result.integers[id] = {working.element, value->dims, *std::move(integers)};
      }
    }
    frame.values[id] = std::move(value);
  }
  DropNotes(working);
  frame.types[id] = std::move(working);
  frame.result.types[id] = std::move(shown);
}

absl::Status InferenceEngine::Contradiction(Frame& frame, const ir::Node& node,
                                            const absl::Status& why) {
  if (frame.tolerant) {
    frame.unfit = true;
    return absl::OkStatus();
  }
  std::string operands;
  for (const ValueId operand : node.operands) {
    absl::StrAppend(&operands, operands.empty() ? "" : ", ",
                    operand.valid() ? TypeText(frame.types[operand]) : "none");
  }
  absl::Status error = InputError(ir::Describe(node), " on (", operands, "): ", why.message());
  if (dims_ == nullptr) return error;
  if (misfit_.empty()) misfit_ = std::string(error.message());
  return absl::OkStatus();
}

int64_t InferenceEngine::UntypedSoFar() const {
  int64_t sum = untyped_behind_;
  for (const auto& [op, count] : untyped_) sum += count;
  return sum;
}

void InferenceEngine::CountUntyped(const Frame& frame, NodeId node_id, int64_t counted) {
  if (frame.unfit) return;
  const ir::Node& node = frame.graph.node(node_id);
  int64_t untyped = 0;
  for (const ValueId result : node.results) {
    const bool used = !frame.graph.value(result).name.empty();
    if (used && !IsTyped(frame.result.types[result])) ++untyped;
  }
  if (untyped == 0) return;
  // Of control flow and calls, what is inside is to blame, if there is anything. The insides of
  // equal calls were counted at the first one.
  if (frame.result.bodies.count(node_id) > 0 &&
      (node.regions.empty() || UntypedSoFar() > counted)) {
    untyped_behind_ += untyped;
    return;
  }
  for (const ValueId operand : node.operands) {
    if (operand.valid() && !IsTyped(frame.result.types[operand])) {
      untyped_behind_ += untyped;
      return;
    }
  }
  untyped_[node.domain.empty() ? node.op_type : absl::StrCat(node.domain, ".", node.op_type)] +=
      untyped;
}

absl::Status InferenceEngine::Visit(Frame& frame, NodeId id) {
  const ir::Node& node = frame.graph.node(id);
  // Inside a function: attributes that refer to its own are resolved, or go.
  ir::AttributeMap resolved;
  bool refers = false;
  for (const auto& [name, attribute] : node.attributes) {
    refers = refers || attribute.If<ir::AttributeReference>() != nullptr;
  }
  if (refers) {
    for (const auto& [name, attribute] : node.attributes) {
      const auto* reference = attribute.If<ir::AttributeReference>();
      if (reference == nullptr) {
        resolved[name] = attribute;
      } else if (frame.arguments != nullptr) {
        const auto argument = frame.arguments->find(reference->name);
        if (argument != frame.arguments->end()) resolved[name] = argument->second;
      }
    }
  }
  const ir::AttributeMap& attributes = refers ? resolved : node.attributes;

  std::vector<RuleContext::Operand> operands;
  operands.reserve(node.operands.size());
  for (const ValueId operand : node.operands) {
    if (!operand.valid()) {
      operands.push_back({});
      continue;
    }
    const std::optional<PartialValue>& value = frame.values[operand];
    operands.push_back({&frame.types[operand], value ? &*value : nullptr});
  }
  const int64_t opset = OpsetVersion(frame.imports, node.domain);
  RuleContext context(module_, node, attributes, opset, std::move(operands), symbols_);

  const int32_t function = functions_.Find(node);
  // A function of the model is what the model says of it.
  const Operator* op = function >= 0 ? nullptr : operators_.Find(node.domain, node.op_type);
  const bool has_rule = op != nullptr && op->shape != nullptr;
  const int64_t counted = node.regions.empty() ? 0 : UntypedSoFar();
  // Of an operator that nobody knows, the model's word is all that there is. It holds if no input
  // of the model can change the sizes.
  bool unknown = false;
  if (!node.regions.empty() || function >= 0) {
    absl::StatusOr<Results> results =
        function >= 0 ? VisitCall(frame, id, module_.functions[static_cast<size_t>(function)],
                                  function, attributes)
                      : VisitBodies(frame, id, attributes);
    if (!results.ok()) return results.status();
    for (size_t i = 0; i < results->size() && i < node.results.size(); ++i) {
      context.SetType(i, std::move((*results)[i].type));
      if ((*results)[i].value) context.SetValue(i, *std::move((*results)[i].value));
    }
  }
  // Control flow has no rule; operators whose bodies only modify what they do have one.
  if (has_rule) {
    if (absl::Status status = op->shape(context); !status.ok()) {
      ALLOT_RETURN_IF_ERROR(Contradiction(frame, node, status));
    }
  }
  const bool ask = has_rule ? context.left_to_schemas() : node.regions.empty() && function < 0;
  if (ask && schemas_ != nullptr) {
    std::vector<ir::OperatorSchemas::Operand> described(node.operands.size());
    for (size_t i = 0; i < node.operands.size(); ++i) {
      described[i].present = context.Has(i);
      described[i].type = context.type(i);
      // The library's rules read shapes and axes, which are of these types.
      const bool read =
          context.element(i) == ElementType::kInt64 || context.element(i) == ElementType::kInt32;
      described[i].integers = read ? context.Integers(i) : std::nullopt;
      if (described[i].integers) described[i].integer_dims = context.value(i)->dims;
    }
    ir::Node copy;
    if (refers) {
      copy = node;
      copy.attributes = resolved;
    }
    absl::StatusOr<std::optional<std::vector<Type>>> types =
        schemas_->InferTypes(module_, refers ? copy : node, opset, described);
    if (!types.ok()) {
      ALLOT_RETURN_IF_ERROR(Contradiction(frame, node, types.status()));
    } else if (types->has_value()) {
      for (size_t i = 0; i < (*types)->size(); ++i) context.SetType(i, std::move((**types)[i]));
    } else {
      unknown = true;
    }
  } else {
    unknown = true;
  }
  const Stated stated = unknown && !open_inputs_ ? Stated::kHolds : Stated::kGuess;
  if (has_rule && op->value != nullptr) op->value(context);
  for (size_t i = 0; i < node.results.size(); ++i) {
    Settle(frame, node.results[i], std::move(context.results()[i]), std::move(context.values()[i]),
           stated);
  }
  if (dims_ == nullptr) CountUntyped(frame, id, counted);
  return absl::OkStatus();
}

InferenceEngine::Known InferenceEngine::OperandOf(const Frame& frame, const ir::Node& node,
                                                  size_t i) const {
  if (i >= node.operands.size() || !node.operands[i].valid()) return {};
  return {frame.types[node.operands[i]], frame.values[node.operands[i]]};
}

absl::StatusOr<InferenceEngine::Results> InferenceEngine::VisitCall(
    Frame& frame, NodeId id, const ir::Function& function, int32_t function_index,
    const ir::AttributeMap& attributes) {
  const ir::Node& node = frame.graph.node(id);
  if (frame.depth >= kMaxNesting || work_left_ <= 0) {
    out_of_work_ = true;
    return Results();
  }
  ir::AttributeMap arguments = function.attribute_defaults;
  for (const auto& [name, attribute] : attributes) arguments[name] = attribute;
  std::vector<Known> inputs;
  std::string key = absl::StrCat(function_index, frame.tolerant ? "t" : "s", ":");
  for (size_t i = 0; i < function.body.inputs().size(); ++i) {
    inputs.push_back(OperandOf(frame, node, i));
    AppendKey(key, inputs.back().type);
    if (!inputs.back().value) continue;
    for (const Scalar& element : inputs.back().value->elements) {
      const uint64_t real = std::bit_cast<uint64_t>(element.real());
      absl::StrAppend(&key, static_cast<int>(element.kind()), ",", element.integer(), ",", real);
    }
  }
  for (const auto& [name, attribute] : arguments) {
    absl::StrAppend(&key, name.size(), ":", name);
    AppendAttributeKey(attribute, {}, key);
  }
  const auto known = calls_.find(key);
  if (known != calls_.end()) {
    frame.result.bodies[id] = {known->second.instance};
    return known->second.outputs;
  }
  ALLOT_ASSIGN_OR_RETURN(Outcome outcome,
                         Walk({function.body,
                               function.opset_imports,
                               &arguments,
                               frame.depth + 1,
                               frame.tolerant,
                               int64_t{1},
                               std::move(inputs),
                               {}}),
                         "in the function called by ", ir::Describe(node), ": ");
  if (!outcome.instance.valid()) return Results();
  frame.result.bodies[id] = {outcome.instance};
  calls_[key] = outcome;
  return outcome.outputs;
}

}  // namespace allot
