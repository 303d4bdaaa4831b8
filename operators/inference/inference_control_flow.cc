// Bodies: what flows into If, Loop, Scan and SequenceMap and out again.
#include <algorithm>
#include <limits>

#include "operators/inference/inference_engine.h"
#include "operators/rules/shape_arithmetic.h"
#include "support/status.h"

namespace allot {
namespace {

using ir::Dim;
using ir::ElementType;
using ir::NodeId;
using ir::Shape;
using ir::Type;

// The body that attribute `name` names; nullopt if there is none.
std::optional<size_t> BodyIndex(const ir::Node& node, const ir::AttributeMap& attributes,
                                const char* name) {
  const auto* region = ir::FindAttribute<ir::RegionIndex>(attributes, name);
  if (region == nullptr || region->index < 0 ||
      static_cast<size_t>(region->index) >= node.regions.size()) {
    return std::nullopt;
  }
  return static_cast<size_t>(region->index);
}

Type Stacked(const Type& type, const Dim& count, std::optional<size_t> axis) {
  if (!type.is_tensor()) return Type::Unknown();
  Type stacked = type;
  if (!stacked.shape) return stacked;
  if (!axis || *axis > stacked.shape->size()) {
    stacked.shape = std::nullopt;
  } else {
    stacked.shape->insert(stacked.shape->begin() + static_cast<ptrdiff_t>(*axis), count);
  }
  return stacked;
}

// The largest trip count that is taken for a real one: exporters write "for ever" as the largest
// integer.
constexpr int64_t kMostIterations = std::numeric_limits<int32_t>::max();

}  // namespace

absl::StatusOr<InferenceEngine::Outcome> InferenceEngine::WalkBody(
    Frame& frame, NodeId id, size_t body, std::vector<Known> inputs,
    std::optional<int64_t> iterations, bool tolerant) {
  const ir::Node& node = frame.graph.node(id);
  if (frame.depth >= kMaxNesting || work_left_ <= 0) {
    out_of_work_ = true;
    return Outcome();
  }
  std::vector<Known> captures;
  for (const ir::ValueId captured : node.captures) {
    captures.push_back({frame.types[captured], frame.values[captured]});
  }
  return Walk({node.regions[body], frame.imports, frame.arguments, frame.depth + 1,
               frame.tolerant || tolerant, iterations, std::move(inputs), std::move(captures)});
}

absl::StatusOr<InferenceEngine::Results> InferenceEngine::VisitBodies(
    Frame& frame, NodeId id, const ir::AttributeMap& attributes) {
  const ir::Node& node = frame.graph.node(id);
  frame.result.bodies[id].resize(node.regions.size());
  if (node.domain.empty() || node.domain == "ai.onnx") {
    if (node.op_type == "If") return VisitIf(frame, id, attributes);
    if (const std::optional<size_t> body = BodyIndex(node, attributes, "body")) {
      if (node.op_type == "Loop") return VisitLoop(frame, id, *body);
      if (node.op_type == "Scan") {
        return OpsetVersion(frame.imports, node.domain) < 9
                   ? VisitBatchedScan(frame, id, attributes, *body)
                   : VisitScan(frame, id, attributes, *body);
      }
      if (node.op_type == "SequenceMap") return VisitSequenceMap(frame, id, *body);
    }
  }
  if (node.domain == "ai.onnx.preview" && node.op_type == "FlexAttention") {
    ALLOT_RETURN_IF_ERROR(VisitModifiers(frame, id, attributes));
    return Results();
  }
  // An operator that is not known: its bodies may get anything.
  for (size_t i = 0; i < node.regions.size(); ++i) {
    ALLOT_ASSIGN_OR_RETURN(const Outcome outcome,
                           WalkBody(frame, id, i, {}, std::nullopt, /*tolerant=*/true));
    frame.result.bodies[id][i] = outcome.instance;
  }
  return Results();
}

absl::StatusOr<InferenceEngine::Results> InferenceEngine::VisitIf(
    Frame& frame, NodeId id, const ir::AttributeMap& attributes) {
  const ir::Node& node = frame.graph.node(id);
  const Known condition = OperandOf(frame, node, 0);
  std::optional<bool> taken;
  if (condition.value && !condition.value->elements.empty() &&
      condition.value->elements[0].is_integer()) {
    taken = condition.value->elements[0].integer() != 0;
  }
  std::vector<Outcome> outcomes;
  for (const bool branch : {true, false}) {
    const std::optional<size_t> body =
        BodyIndex(node, attributes, branch ? "then_branch" : "else_branch");
    if (!body) return Results();
    // Exporters write branches that only fit when they are taken.
    std::optional<int64_t> iterations;
    if (taken) iterations = *taken == branch ? 1 : 0;
    ALLOT_ASSIGN_OR_RETURN(Outcome outcome,
                           WalkBody(frame, id, *body, {}, iterations, taken != branch));
    frame.result.bodies[id][*body] = outcome.instance;
    outcomes.push_back(std::move(outcome));
  }
  if (taken) return std::move(outcomes[*taken ? 0 : 1].outputs);
  Results results;
  const std::vector<Known>&yes = outcomes[0].outputs, &no = outcomes[1].outputs;
  if (!outcomes[0].instance.valid() || !outcomes[1].instance.valid()) return results;
  // A branch that cannot run is not taken.
  if (outcomes[0].unfit != outcomes[1].unfit) {
    return std::move(outcomes[outcomes[0].unfit ? 1 : 0].outputs);
  }
  for (size_t i = 0; i < yes.size() && i < no.size(); ++i) {
    Known joined{JoinTypes(yes[i].type, no[i].type), std::nullopt};
    // For costs, one branch is a better guess than nothing.
    if (dims_ != nullptr) {
      joined.type = yes[i].type.kind == Type::Kind::kUnknown ? no[i].type : yes[i].type;
    }
    if (yes[i].value && no[i].value) joined.value = JoinValues(*yes[i].value, *no[i].value);
    results.push_back(std::move(joined));
  }
  return results;
}

namespace {

// What a carried value is in any iteration, when it went in as `in` and came out as `out`. A Loop
// may take an optional and give what is in it: it went in empty, and never comes out so.
Type Carried(const Type& in, const Type& out) {
  if (in.kind == Type::Kind::kOptional && out.kind != Type::Kind::kOptional &&
      in.parameters.size() == 1) {
    return Type::Optional(JoinTypes(in.parameters[0], out));
  }
  return JoinTypes(in, out);
}

}  // namespace

absl::StatusOr<InferenceEngine::Outcome> InferenceEngine::WalkRepeated(
    Frame& frame, NodeId id, size_t body, std::vector<Known> inputs, size_t first_carried,
    size_t num_carried, size_t first_output, std::optional<int64_t> iterations, bool tolerant) {
  for (int attempt = 0;; ++attempt) {
    const auto untyped = untyped_;
    const auto counts = std::make_tuple(untyped_behind_, first_mismatch_, mismatches_);
    ALLOT_ASSIGN_OR_RETURN(Outcome outcome,
                           WalkBody(frame, id, body, inputs, iterations, tolerant));
    // With sizes given, the first iteration stands for all.
    if (!outcome.instance.valid() || dims_ != nullptr) return outcome;
    bool stable = true;
    for (size_t i = 0; i < num_carried; ++i) {
      Type& in = inputs[first_carried + i].type;
      if (first_output + i >= outcome.outputs.size()) break;
      Type joined = Carried(in, outcome.outputs[first_output + i].type);
      if (joined == in) continue;
      stable = false;
      // Dimensions that still move after the first correction: leave the shape open altogether.
      if (attempt > 0)
        joined = joined.is_tensor() ? Type::Tensor(joined.element, std::nullopt) : Type::Unknown();
      in = std::move(joined);
    }
    constexpr int kLastAttempt = 3;
    if (stable || attempt == kLastAttempt) {
      if (!stable) {
        for (Known& output : outcome.outputs) output = Known();
      }
      return outcome;
    }
    // This walk does not count.
    untyped_ = untyped;
    std::tie(untyped_behind_, first_mismatch_, mismatches_) = counts;
    graphs_[outcome.instance] = GraphTypes();
  }
}

absl::StatusOr<InferenceEngine::Results> InferenceEngine::VisitLoop(Frame& frame, NodeId id,
                                                                    size_t body) {
  const ir::Node& node = frame.graph.node(id);
  const Known trips = OperandOf(frame, node, 0);
  const Known condition = OperandOf(frame, node, 1);
  const bool has_trips = !node.operands.empty() && node.operands[0].valid();
  const bool has_condition = node.operands.size() > 1 && node.operands[1].valid();
  const size_t num_carried = node.operands.size() > 2 ? node.operands.size() - 2 : 0;
  const auto is_true = [](const Known& known) {
    return known.value && known.value->elements.size() == 1 && known.value->elements[0].Is(1);
  };

  std::optional<int64_t> trip_count;
  if (trips.value && trips.value->elements.size() == 1 && trips.value->elements[0].is_integer()) {
    trip_count = std::max<int64_t>(trips.value->elements[0].integer(), 0);
  }
  const bool for_ever = trip_count && *trip_count > kMostIterations;
  if (for_ever) trip_count.reset();

  std::vector<Known> inputs;
  inputs.push_back({Type::Tensor(ElementType::kInt64, Shape{}), std::nullopt});
  Known goes_on{Type::Tensor(ElementType::kBool, Shape{}), std::nullopt};
  // Whenever the body runs, the condition was true.
  if (has_condition) goes_on.value = PartialValue::Scalar0(Scalar::Integer(1));
  inputs.push_back(std::move(goes_on));
  for (size_t i = 0; i < num_carried; ++i) {
    Known carried = OperandOf(frame, node, i + 2);
    carried.value.reset();  // of the first iteration only
    inputs.push_back(std::move(carried));
  }
  const bool makes_a_trip = (trip_count ? *trip_count > 0 : for_ever || !has_trips) &&
                            (!has_condition || is_true(condition));
  ALLOT_ASSIGN_OR_RETURN(Outcome outcome, WalkRepeated(frame, id, body, std::move(inputs), 2,
                                                       num_carried, 1, trip_count, !makes_a_trip));
  frame.result.bodies[id][body] = outcome.instance;
  if (!outcome.instance.valid() || outcome.outputs.empty()) return Results();

  const bool all_trips =
      trip_count && (!has_condition || is_true(condition)) && is_true(outcome.outputs[0]);
  // For costs the bound on the trips is the best guess there is.
  const Dim count =
      trip_count && (all_trips || dims_ != nullptr) ? Dim::Known(*trip_count) : Dim::Unknown();
  Results results;
  for (size_t i = 1; i < outcome.outputs.size(); ++i) {
    Known& output = outcome.outputs[i];
    output.value.reset();
    if (i <= num_carried) {
      // No iteration at all gives the initial value.
      if (dims_ == nullptr) {
        Type carried = Carried(OperandOf(frame, node, i + 1).type, output.type);
        const bool filled =
            carried.kind == Type::Kind::kOptional && output.type.kind != Type::Kind::kOptional;
        output.type = filled ? Type(carried.parameters[0]) : std::move(carried);
      }
      results.push_back(std::move(output));
    } else {
      results.push_back({Stacked(output.type, count, 0), std::nullopt});
    }
  }
  return results;
}

namespace {

// Other than a Loop, a Scan must keep the shapes of its states: what is known of one iteration
// holds for all.
Type ScanState(const Type& out, const Type& initial) {
  const std::optional<Type> met = ir::Meet(initial, out);
  return met ? *met : JoinTypes(out, initial);
}

}  // namespace

absl::StatusOr<InferenceEngine::Results> InferenceEngine::VisitScan(
    Frame& frame, NodeId id, const ir::AttributeMap& attributes, size_t body) {
  const ir::Node& node = frame.graph.node(id);
  const auto* num_scanned = ir::FindAttribute<int64_t>(attributes, "num_scan_inputs");
  if (num_scanned == nullptr || *num_scanned < 1 ||
      *num_scanned > static_cast<int64_t>(node.operands.size())) {
    return Results();
  }
  const size_t scanned = static_cast<size_t>(*num_scanned);
  const size_t states = node.operands.size() - scanned;
  const auto axis_of = [&attributes](const char* name, size_t i, size_t rank) {
    const auto* axes = ir::FindAttribute<std::vector<int64_t>>(attributes, name);
    return ResolveAxis(axes != nullptr && i < axes->size() ? (*axes)[i] : 0, rank);
  };
  std::vector<Known> inputs;
  for (size_t i = 0; i < states; ++i) {
    inputs.push_back({OperandOf(frame, node, i).type, std::nullopt});
  }
  Dim length = Dim::Unknown();
  for (size_t i = 0; i < scanned; ++i) {
    Type type = OperandOf(frame, node, states + i).type;
    if (type.is_tensor() && type.shape) {
      const std::optional<size_t> axis = axis_of("scan_input_axes", i, type.shape->size());
      if (axis) {
        const absl::StatusOr<Dim> same = UnifyDims(length, (*type.shape)[*axis]);
        if (!same.ok()) {
          ALLOT_RETURN_IF_ERROR(Contradiction(frame, node, same.status()));
        } else {
          length = *same;
        }
        type.shape->erase(type.shape->begin() + static_cast<ptrdiff_t>(*axis));
      } else {
        type.shape = std::nullopt;
      }
    }
    inputs.push_back({std::move(type), std::nullopt});
  }
  const std::optional<int64_t> iterations =
      length.known() ? std::optional<int64_t>(length.size) : std::nullopt;
  ALLOT_ASSIGN_OR_RETURN(Outcome outcome,
                         WalkRepeated(frame, id, body, std::move(inputs), 0, states, 0, iterations,
                                      /*tolerant=*/iterations.value_or(0) < 1));
  frame.result.bodies[id][body] = outcome.instance;
  Results results;
  for (size_t i = 0; i < outcome.outputs.size(); ++i) {
    Known& output = outcome.outputs[i];
    output.value.reset();
    if (i < states) {
      if (dims_ == nullptr) output.type = ScanState(output.type, OperandOf(frame, node, i).type);
      results.push_back(std::move(output));
      continue;
    }
    const size_t rank = output.type.shape ? output.type.shape->size() + 1 : 1;
    results.push_back({Stacked(output.type, length, axis_of("scan_output_axes", i - states, rank)),
                       std::nullopt});
  }
  return results;
}

// Opset 8: the operands are the lengths of the sequences (may be absent), the states and what is
// scanned, all batched; the body sees one step of one sequence.
absl::StatusOr<InferenceEngine::Results> InferenceEngine::VisitBatchedScan(
    Frame& frame, NodeId id, const ir::AttributeMap& attributes, size_t body) {
  const ir::Node& node = frame.graph.node(id);
  const auto* num_scanned = ir::FindAttribute<int64_t>(attributes, "num_scan_inputs");
  if (num_scanned == nullptr || *num_scanned < 1 ||
      *num_scanned >= static_cast<int64_t>(node.operands.size())) {
    return Results();
  }
  const size_t scanned = static_cast<size_t>(*num_scanned);
  const size_t states = node.operands.size() - 1 - scanned;
  Dim batch, length;
  const auto take = [&](Type& type, Dim& into) -> absl::Status {
    if (!type.is_tensor() || !type.shape) return absl::OkStatus();
    if (type.shape->empty()) {
      type.shape = std::nullopt;
      return absl::OkStatus();
    }
    const absl::StatusOr<Dim> same = UnifyDims(into, type.shape->front());
    type.shape->erase(type.shape->begin());
    if (!same.ok()) return Contradiction(frame, node, same.status());
    into = *same;
    return absl::OkStatus();
  };
  std::vector<Known> inputs;
  for (size_t i = 0; i < states + scanned; ++i) {
    Type type = OperandOf(frame, node, i + 1).type;
    ALLOT_RETURN_IF_ERROR(take(type, batch));
    if (i >= states) ALLOT_RETURN_IF_ERROR(take(type, length));
    inputs.push_back({std::move(type), std::nullopt});
  }
  const Dim steps = MultiplyDims(batch, length);
  const std::optional<int64_t> iterations =
      steps.known() ? std::optional<int64_t>(steps.size) : std::nullopt;
  const std::vector<Known> first = inputs;
  ALLOT_ASSIGN_OR_RETURN(Outcome outcome,
                         WalkRepeated(frame, id, body, std::move(inputs), 0, states, 0, iterations,
                                      /*tolerant=*/iterations.value_or(0) < 1));
  frame.result.bodies[id][body] = outcome.instance;
  Results results;
  for (size_t i = 0; i < outcome.outputs.size(); ++i) {
    Type type = std::move(outcome.outputs[i].type);
    if (i < states) {
      if (dims_ == nullptr) type = ScanState(type, first[i].type);
    } else {
      type = Stacked(type, length, 0);
    }
    results.push_back({Stacked(type, batch, 0), std::nullopt});
  }
  return results;
}

// The bodies of FlexAttention turn scores, or probabilities, into others of the same type.
absl::Status InferenceEngine::VisitModifiers(Frame& frame, NodeId id,
                                             const ir::AttributeMap& attributes) {
  const ir::Node& node = frame.graph.node(id);
  const Type query = OperandOf(frame, node, 0).type, key = OperandOf(frame, node, 1).type;
  Type scores = Type::Tensor(
      query.element == ElementType::kDouble ? ElementType::kDouble : ElementType::kFloat,
      UnknownShape(4));
  if (const auto* precision = ir::FindAttribute<int64_t>(attributes, "softmax_precision")) {
    scores.element = static_cast<ElementType>(*precision);
  }
  if (query.shape && query.shape->size() == 4) {
    for (const size_t i : {0, 1, 2}) (*scores.shape)[i] = (*query.shape)[i];
  }
  if (key.shape && key.shape->size() == 4) (*scores.shape)[3] = (*key.shape)[2];
  for (size_t i = 0; i < node.regions.size(); ++i) {
    ALLOT_ASSIGN_OR_RETURN(const Outcome outcome, WalkBody(frame, id, i, {{scores, std::nullopt}},
                                                           int64_t{1}, /*tolerant=*/false));
    frame.result.bodies[id][i] = outcome.instance;
  }
  return absl::OkStatus();
}

absl::StatusOr<InferenceEngine::Results> InferenceEngine::VisitSequenceMap(Frame& frame, NodeId id,
                                                                           size_t body) {
  const ir::Node& node = frame.graph.node(id);
  std::vector<Known> inputs;
  for (size_t i = 0; i < node.operands.size(); ++i) {
    Type type = OperandOf(frame, node, i).type;
    // The first operand is a sequence; further ones may be, or stay the same for all elements.
    if (type.kind == Type::Kind::kSequence && type.parameters.size() == 1) {
      const Type element = type.parameters[0];
      type = element;
    }
    inputs.push_back({std::move(type), std::nullopt});
  }
  // The sequence may be empty.
  ALLOT_ASSIGN_OR_RETURN(Outcome outcome, WalkBody(frame, id, body, std::move(inputs), std::nullopt,
                                                   /*tolerant=*/true));
  frame.result.bodies[id][body] = outcome.instance;
  Results results;
  for (Known& output : outcome.outputs) {
    results.push_back({Type::Sequence(std::move(output.type)), std::nullopt});
  }
  return results;
}

}  // namespace allot
