#include "onnx_import/import_graph.h"

#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <utility>

#include "onnx_import/node_order.h"
#include "onnx_import/onnx_types.h"
#include "support/status.h"

namespace allot {
namespace {

using google::protobuf::RepeatedPtrField;
using onnx::GraphProto;
using onnx::NodeProto;
using onnx::ValueInfoProto;

// A value of the enclosing graph, as a body sees it.
struct Capture {
  std::string_view used_as;  // the name that the body's nodes write
  std::string name;          // the value's name in the enclosing graph
  ir::Type type;
};

// Names that are visible at some point: those of one graph, and of the graphs around it.
struct Scope {
  const Scope* outer = nullptr;
  std::unordered_map<std::string_view, ir::ValueId> values;

  bool VisibleOutside(std::string_view name) const {
    for (const Scope* scope = outer; scope != nullptr; scope = scope->outer) {
      if (scope->values.count(name) > 0) return true;
    }
    return false;
  }
};

class GraphImporter {
 public:
  GraphImporter(GraphProto* proto, std::string place, const Scope* outer, ImportState& state,
                ir::Graph* graph)
      : proto_(*proto), place_(std::move(place)), state_(state), graph_(*graph) {
    scope_.outer = outer;
  }

  absl::Status Run(absl::Span<const Capture> captures) {
    graph_.name = proto_.name();
    graph_.doc = proto_.doc_string();
    IndexTypes();
    for (const Capture& capture : captures) captured_names_.insert(capture.name);
    ALLOT_RETURN_IF_ERROR(AddInputs());
    AddCaptures(captures);
    ALLOT_RETURN_IF_ERROR(AddInitializers());
    ALLOT_RETURN_IF_ERROR(AddNodes());
    ALLOT_RETURN_IF_ERROR(SetOutputs());
    ReportShadowing();
    ReportTwins();
    for (const auto& annotation : proto_.quantization_annotation()) {
      graph_.quantization_annotations.push_back(annotation.SerializePartialAsString());
    }
    graph_.unknown_fields = CarriedFields(
        proto_, {GraphProto::kNodeFieldNumber, GraphProto::kNameFieldNumber,
                 GraphProto::kInitializerFieldNumber, GraphProto::kSparseInitializerFieldNumber,
                 GraphProto::kDocStringFieldNumber, GraphProto::kInputFieldNumber,
                 GraphProto::kOutputFieldNumber, GraphProto::kValueInfoFieldNumber,
                 GraphProto::kQuantizationAnnotationFieldNumber});
    return absl::OkStatus();
  }

 private:
  void IndexTypes() {
    for (const ValueInfoProto& info : proto_.value_info()) {
      if (!info.name().empty()) declared_.emplace(info.name(), &info);
    }
    for (const ValueInfoProto& info : proto_.output()) output_info_.emplace(info.name(), &info);
    for (const auto& tensor : proto_.initializer()) ++initializer_count_[tensor.name()];
    for (const auto& tensor : proto_.sparse_initializer()) {
      ++initializer_count_[tensor.values().name()];
    }
  }

  // --- names ---

  // Makes `name` refer to the value. `what`: "graph input", ...
  absl::Status Define(std::string_view name, ir::ValueId value, absl::string_view what) {
    if (name.empty()) return InputError(what, " without a name; every value needs one");
    if (!scope_.values.emplace(name, value).second) {
      return InputError(what, " '", std::string(name),
                        "': another value of the graph has the same name; names of values must be "
                        "unique");
    }
    if (scope_.VisibleOutside(name)) {
      ++num_shadowing_;
      if (first_shadowing_.empty()) first_shadowing_ = std::string(name);
    }
    return absl::OkStatus();
  }

  // The name that a value of this graph gets: its own, unless another body of the same node takes
  // a value of that name from outside. (ONNX forbids such models; they still have one meaning.)
  std::string NameFor(const std::string& name) const {
    if (captured_names_.count(name) == 0) return name;
    for (int i = 1;; ++i) {
      std::string other = absl::StrCat(name, "_", i);
      if (captured_names_.count(other) == 0 && defined_names().count(other) == 0) return other;
    }
  }

  const std::unordered_set<std::string_view>& defined_names() const {
    if (defined_names_.empty()) {
      for (const auto& input : proto_.input()) defined_names_.insert(input.name());
      for (const auto& [name, count] : initializer_count_) defined_names_.insert(name);
      for (const NodeProto& node : proto_.node()) {
        for (const std::string& output : node.output()) defined_names_.insert(output);
      }
    }
    return defined_names_;
  }

  void ReportShadowing() const {
    if (num_shadowing_ == 0) return;
    Warn(
        absl::StrCat("value '", first_shadowing_, "'",
                     num_shadowing_ > 1 ? absl::StrCat(" (and ", num_shadowing_ - 1, " more)") : "",
                     " hides a value of the same name outside, which ONNX forbids; the inner one "
                     "is used"));
  }

  void ReportTwins() const {
    std::unordered_map<std::string_view, int> uses;
    int twins = 0;
    std::string_view first;
    for (const NodeProto& node : proto_.node()) {
      if (node.name().empty() || ++uses[node.name()] != 2) continue;
      ++twins;
      if (first.empty()) first = node.name();
    }
    if (twins == 0) return;
    Warn(absl::StrCat("two nodes are named '", std::string(first), "'",
                      twins > 1 ? absl::StrCat(" (and so for ", twins - 1, " more names)") : "",
                      ": ONNX Runtime refuses a model, and a part, that holds both; give them "
                      "names of their own"));
  }

  // --- types ---

  // `stated` are messages about the same value, the more binding first.
  ir::Type TypeFrom(const std::string& name, std::initializer_list<const ValueInfoProto*> stated) {
    ir::Type type;
    for (const ValueInfoProto* info : stated) {
      if (info == nullptr || !info->has_type()) continue;
      NoteDroppedFields(*info);
      const ir::Type other = TypeFromOnnx(info->type());
      if (type.kind == ir::Type::Kind::kUnknown && type.denotation.empty()) {
        type = other;
      } else if (std::optional<ir::Type> both = ir::Meet(type, other)) {
        type = *std::move(both);
      } else {
        Warn(absl::StrCat("value '", name,
                          "' is declared with two types that exclude each other; "
                          "the one among the outputs is used"));
      }
    }
    return type;
  }

  void NoteDroppedFields(const ValueInfoProto& info) {
    if (info.type().value_case() == onnx::TypeProto::VALUE_NOT_SET) return;
    if (HasUnknownFields(info.type())) {
      Warn(absl::StrCat("the type of value '", info.name(),
                        "' has fields newer than this version, which are not carried"));
    }
  }

  void Warn(absl::string_view message) const { state_.Warn(absl::StrCat(place_, message)); }

  const ValueInfoProto* Declared(std::string_view name) const {
    const auto found = declared_.find(name);
    return found == declared_.end() ? nullptr : found->second;
  }
  const ValueInfoProto* OutputInfo(std::string_view name) const {
    const auto found = output_info_.find(name);
    return found == output_info_.end() ? nullptr : found->second;
  }

  // Doc string and further fields; the first message that has some wins.
  void SetTexts(ir::ValueId id, std::initializer_list<const ValueInfoProto*> stated) {
    ir::Value& value = graph_.mutable_value(id);
    for (const ValueInfoProto* info : stated) {
      if (info == nullptr) continue;
      if (value.doc.empty()) value.doc = info->doc_string();
      if (value.unknown_fields.empty()) {
        value.unknown_fields = CarriedFields(
            *info, {ValueInfoProto::kNameFieldNumber, ValueInfoProto::kTypeFieldNumber,
                    ValueInfoProto::kDocStringFieldNumber});
      }
    }
  }

  // --- constants ---

  struct Initializer {
    const std::string* name;
    ir::ConstantId constant;
    ir::Type type;
  };

  absl::StatusOr<std::vector<Initializer>> ReadInitializers() {
    std::vector<Initializer> read;
    const auto add = [&](const std::string& name,
                         absl::StatusOr<ir::Constant> constant) -> absl::Status {
      ALLOT_RETURN_IF_ERROR(constant.status());
      ir::Type type = ir::Type::Tensor(constant->element, ir::Shape());
      for (int64_t dim : constant->dims) type.shape->push_back(ir::Dim::Known(dim));
      const ir::ConstantId id = state_.module.constants.Add(*std::move(constant));
      ALLOT_RETURN_IF_ERROR(FinishConstants(static_cast<size_t>(id.index()), state_));
      read.push_back({&name, id, std::move(type)});
      return absl::OkStatus();
    };
    for (auto& tensor : *proto_.mutable_initializer()) {
      ALLOT_RETURN_IF_ERROR(add(tensor.name(), ConstantFromOnnx(&tensor)), "initializer '",
                            tensor.name(), "': ");
    }
    for (const auto& tensor : proto_.sparse_initializer()) {
      ALLOT_RETURN_IF_ERROR(add(tensor.values().name(), SparseConstantFromOnnx(tensor)),
                            "sparse initializer '", tensor.values().name(), "': ");
    }
    return read;
  }

  // --- values ---

  absl::Status AddInputs() {
    ALLOT_ASSIGN_OR_RETURN(initializers_, ReadInitializers());
    std::unordered_map<std::string_view, const Initializer*> default_of;
    for (const Initializer& initializer : initializers_) {
      default_of.emplace(*initializer.name, &initializer);
    }
    for (const ValueInfoProto& input : proto_.input()) {
      const auto found = default_of.find(input.name());
      const Initializer* given = found == default_of.end() ? nullptr : found->second;
      // Of an input that callers may override, the declared type binds, not that of the default.
      ir::Type type = TypeFrom(input.name(), {&input});
      if (type.kind == ir::Type::Kind::kUnknown)
        type = TypeFrom(input.name(), {Declared(input.name())});
      if (type.kind == ir::Type::Kind::kUnknown && given != nullptr) type = given->type;
      const ir::ValueId id = graph_.AddInput(NameFor(input.name()), std::move(type),
                                             given == nullptr ? ir::ConstantId() : given->constant);
      ALLOT_RETURN_IF_ERROR(Define(input.name(), id, "graph input"));
      SetTexts(id, {&input, Declared(input.name())});
    }
    return absl::OkStatus();
  }

  void AddCaptures(absl::Span<const Capture> captures) {
    const std::vector<std::string_view>& free = state_.free_names.OfGraph(proto_);
    const std::unordered_set<std::string_view> used(free.begin(), free.end());
    for (const Capture& capture : captures) {
      const ir::ValueId id = graph_.AddCapture(capture.name, capture.type);
      // Another body of the node may use what this one defines itself.
      if (used.count(capture.used_as) > 0) scope_.values.emplace(capture.used_as, id);
    }
  }

  absl::Status AddInitializers() {
    for (const Initializer& initializer : initializers_) {
      const std::string& name = *initializer.name;
      if (initializer_count_[name] > 1) {
        return InputError("initializer '", name,
                          "' is defined twice; names of values must be "
                          "unique");
      }
      const auto found = scope_.values.find(name);
      if (found != scope_.values.end() &&
          graph_.value(found->second).constant == initializer.constant) {
        continue;  // also a graph input
      }
      const ir::ValueId id =
          graph_.AddInitializer(NameFor(name), initializer.type, initializer.constant);
      ALLOT_RETURN_IF_ERROR(Define(name, id, "initializer"));
      graph_.mutable_value(id).declared = Declared(name) != nullptr;
      SetTexts(id, {Declared(name)});
    }
    return absl::OkStatus();
  }

  // --- nodes ---

  absl::Status AddNodes() {
    ALLOT_ASSIGN_OR_RETURN(const std::vector<int> order,
                           NodeOrder(proto_.node(), state_.free_names));
    size_t num_values = graph_.value_id_bound();
    for (const NodeProto& node : proto_.node()) {
      num_values += static_cast<size_t>(node.output_size());
    }
    graph_.Reserve(order.size(), num_values);
    bool moved = false;
    for (size_t i = 0; i < order.size(); ++i) moved = moved || order[i] != static_cast<int>(i);
    if (moved) {
      state_.diagnostics.Note(state_.where,
                              OneLine(absl::StrCat(place_,
                                                   "the nodes are not sorted, as ONNX demands; "
                                                   "they are sorted now")));
    }
    for (int index : order) {
      NodeProto& node = *proto_.mutable_node(index);
      ALLOT_RETURN_IF_ERROR(AddNode(node, index), DescribeNode(node, index), ": ");
    }
    return absl::OkStatus();
  }

  absl::Status AddNode(NodeProto& proto, int index) {
    ir::Node node;
    node.name = proto.name();
    node.domain = DomainFromOnnx(proto.domain());
    node.op_type = proto.op_type();
    if (node.op_type.empty()) return InputError("the node names no operator");
    if (auto overload = BytesOfField(proto, kNodeOverload); !overload.empty()) {
      node.overload = overload.back();
    }
    node.doc = proto.doc_string();
    node.location.name = node.name;
    node.location.file = state_.module.source_file;
    node.location.index = index;
    if (state_.called.emplace(node.domain, node.op_type, node.overload).second) {
      state_.calls.push_back({node.domain, node.op_type, node.overload,
                              absl::StrCat(place_, DescribeNode(proto, index))});
    }

    for (const std::string& input : proto.input()) {
      if (input.empty()) {
        node.operands.emplace_back();
        continue;
      }
      const auto found = scope_.values.find(input);
      if (found == scope_.values.end()) {
        return InputError("its input '", input,
                          "' is defined nowhere: no node, input or initializer has that name");
      }
      node.operands.push_back(found->second);
    }
    ALLOT_RETURN_IF_ERROR(ReadAttributes(proto, index, node));
    node.unknown_fields =
        CarriedFields(proto, {NodeProto::kInputFieldNumber, NodeProto::kOutputFieldNumber,
                              NodeProto::kNameFieldNumber, NodeProto::kOpTypeFieldNumber,
                              NodeProto::kDomainFieldNumber, NodeProto::kAttributeFieldNumber,
                              NodeProto::kDocStringFieldNumber, kNodeOverload});

    std::vector<ir::Graph::Result> results;
    for (const std::string& output : proto.output()) {
      if (output.empty()) {
        results.emplace_back();
        continue;
      }
      results.push_back(
          {NameFor(output), TypeFrom(output, {OutputInfo(output), Declared(output)})});
    }
    const ir::NodeId id = graph_.AddNode(std::move(node), results);
    for (int i = 0; i < proto.output_size(); ++i) {
      const std::string& output = proto.output(i);
      if (output.empty()) continue;
      const ir::ValueId value = graph_.node(id).results[static_cast<size_t>(i)];
      ALLOT_RETURN_IF_ERROR(Define(output, value, "its result"));
      graph_.mutable_value(value).declared = Declared(output) != nullptr;
      SetTexts(value, {OutputInfo(output), Declared(output)});
    }
    return absl::OkStatus();
  }

  absl::Status ReadAttributes(NodeProto& proto, int index, ir::Node& node) {
    std::vector<Capture> captures;
    for (std::string_view name : state_.free_names.OfBodies(proto)) {
      // What is not found here is reported at the node that uses it.
      const auto found = scope_.values.find(name);
      if (found == scope_.values.end()) continue;
      const ir::Value& value = graph_.value(found->second);
      node.captures.push_back(found->second);
      captures.push_back({name, value.name, value.type});
    }
    for (auto& attribute : *proto.mutable_attribute()) {
      const std::string name = attribute.name();
      if (name.empty()) return InputError("an attribute has no name");
      if (node.attributes.count(name) > 0) return InputError("attribute '", name, "' occurs twice");
      ALLOT_ASSIGN_OR_RETURN(ir::Attribute read,
                             IsBody(attribute)
                                 ? ReadBody(attribute, DescribeNode(proto, index), captures, node)
                                 : ReadAttribute(attribute),
                             "attribute '", name, "': ");
      node.attributes.emplace(name, std::move(read));
    }
    return absl::OkStatus();
  }

  absl::StatusOr<ir::Attribute> ReadAttribute(onnx::AttributeProto& proto) {
    if (AttributeTypeOf(proto) == onnx::AttributeProto::GRAPHS) {
      return InputError("lists of graphs are not supported; no operator of ONNX has one");
    }
    if (const std::string& name = proto.ref_attr_name(); !name.empty()) {
      if (state_.function_attributes == nullptr) {
        return InputError("it refers to the attribute '", name,
                          "' of a function, but the node is not in a function");
      }
      if (state_.function_attributes->count(name) == 0) {
        return InputError("it refers to '", name,
                          "', which the function has no attribute of; "
                          "declare it in the function");
      }
    }
    const size_t first = state_.module.constants.size();
    ALLOT_ASSIGN_OR_RETURN(ir::Attribute attribute,
                           AttributeFromOnnx(&proto, &state_.module.constants));
    ALLOT_RETURN_IF_ERROR(FinishConstants(first, state_));
    return attribute;
  }

  absl::StatusOr<ir::Attribute> ReadBody(onnx::AttributeProto& proto, const std::string& owner,
                                         const std::vector<Capture>& captures, ir::Node& node) {
    ir::Attribute attribute;
    attribute.value = ir::RegionIndex{static_cast<int32_t>(node.regions.size())};
    attribute.doc = proto.doc_string();
    using onnx::AttributeProto;
    ir::Graph& body = node.regions.emplace_back();
    ALLOT_RETURN_IF_ERROR(GraphImporter(proto.mutable_g(),
                                        absl::StrCat(place_, owner, ": ", proto.name(), ": "),
                                        &scope_, state_, &body)
                              .Run(captures));
    attribute.unknown_fields =
        CarriedFields(proto, {AttributeProto::kNameFieldNumber, AttributeProto::kTypeFieldNumber,
                              AttributeProto::kDocStringFieldNumber, AttributeProto::kGFieldNumber,
                              AttributeProto::kRefAttrNameFieldNumber});
    return attribute;
  }

  // --- outputs ---

  absl::Status SetOutputs() {
    std::vector<ir::ValueId> outputs;
    for (const ValueInfoProto& output : proto_.output()) {
      if (output.name().empty()) return InputError("graph output without a name");
      const auto found = scope_.values.find(output.name());
      if (found == scope_.values.end()) {
        return InputError("graph output '", output.name(),
                          "' is defined nowhere: no node, input or initializer has that name");
      }
      outputs.push_back(found->second);
      RefineFromOutput(found->second, output);
    }
    graph_.SetOutputs(std::move(outputs));
    return absl::OkStatus();
  }

  // Results have the type of their output entry already; inputs and the like may learn from it.
  void RefineFromOutput(ir::ValueId id, const ValueInfoProto& output) {
    ir::Value& value = graph_.mutable_value(id);
    if (value.origin == ir::Value::Origin::kResult) return;
    SetTexts(id, {&output});
    if (!output.has_type() || value.constant.valid()) return;
    if (std::optional<ir::Type> both = ir::Meet(value.type, TypeFromOnnx(output.type()))) {
      value.type = *std::move(both);
    } else {
      Warn(absl::StrCat("graph output '", output.name(),
                        "' is declared with another type than the value that it is; the latter is "
                        "used"));
    }
  }

  GraphProto& proto_;
  const std::string place_;
  ImportState& state_;
  ir::Graph& graph_;
  Scope scope_;
  std::unordered_map<std::string_view, const ValueInfoProto*> declared_;
  std::unordered_map<std::string_view, const ValueInfoProto*> output_info_;
  std::unordered_map<std::string_view, int> initializer_count_;
  std::vector<Initializer> initializers_;
  std::unordered_set<std::string> captured_names_;
  mutable std::unordered_set<std::string_view> defined_names_;
  int num_shadowing_ = 0;
  std::string first_shadowing_;
};

}  // namespace

absl::Status FinishConstants(size_t first, ImportState& state) {
  ir::ConstantPool& constants = state.module.constants;
  for (size_t i = first; i < constants.size(); ++i) {
    ir::Constant& constant = constants[ir::ConstantId(i)];
    auto* file = std::get_if<ir::FileBytes>(&constant.storage);
    if (file == nullptr) continue;
    if (file->home == ir::FileBytes::Home::kModelFile) {
      file->location = state.module.source_file;
    } else {
      ALLOT_RETURN_IF_ERROR(state.external_data.Check(constant));
    }
  }
  return absl::OkStatus();
}

absl::Status ImportGraph(GraphProto* proto, const std::string& place, ImportState& state,
                         ir::Graph* graph) {
  return GraphImporter(proto, place, nullptr, state, graph).Run({});
}

}  // namespace allot
