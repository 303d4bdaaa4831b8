#include "ir/text/decode_graph.h"

#include <algorithm>
#include <initializer_list>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"

#include "ir/text/keys.h"
#include "ir/text/plan_attributes.h"
#include "support/status.h"

namespace allot::ir::text {
namespace {

std::string TypeText(const ValueType& type) {
  std::string text;
  if (!type.has_value()) return "none";
  PrintType(*type, text);
  return text;
}

bool IsTerminator(const Op& op) { return op.name == kReturnOp || op.name == kYieldOp; }

// Attributes and properties together, in `merged` if there are properties: our own text has none on
// these ops.
absl::StatusOr<const Dictionary*> EntriesOf(const ErrorSite& error, const Op& op,
                                            Dictionary& merged) {
  if (op.properties.empty()) return &op.attributes;
  merged = op.attributes;
  merged.insert(merged.end(), op.properties.begin(), op.properties.end());
  std::stable_sort(merged.begin(), merged.end(),
                   [](const NamedAttr& a, const NamedAttr& b) { return a.name < b.name; });
  const auto twin =
      std::adjacent_find(merged.begin(), merged.end(),
                         [](const NamedAttr& a, const NamedAttr& b) { return a.name == b.name; });
  if (twin != merged.end()) {
    return error(twin->value.offset, absl::StrCat("attribute '", twin->name, "' is given twice"));
  }
  return &merged;
}

// For ops of our own: no attributes but these, and no regions.
absl::Status CheckOwnOp(const ErrorSite& error, const Op& op, const Dictionary& entries,
                        std::initializer_list<absl::string_view> known) {
  if (!op.regions.empty()) return error(op.offset, absl::StrCat(op.name, " has no regions"));
  for (const NamedAttr& entry : entries) {
    if (std::find(known.begin(), known.end(), entry.name) == known.end()) {
      return error(entry.value.offset,
                   absl::StrCat(op.name, " has no attribute '", entry.name, "'"));
    }
  }
  return absl::OkStatus();
}

// Of a node: ONNX's attributes, those of nodes in this form, and a plan's in the main graph.
absl::Status CheckNodeEntries(const ErrorSite& error, const Dictionary& entries, bool plan) {
  for (const NamedAttr& entry : entries) {
    const absl::string_view name = entry.name;
    if (AttributeDecoder::IsAttribute(name) || name == kNodeName) continue;
    if (IsPlanAttribute(name)) {
      if (plan) continue;
      return error(entry.value.offset, "only nodes of the main graph are placed");
    }
    const std::initializer_list<absl::string_view> known = {
        kDomain,           kOpType,  kOverload, kDoc,      kUnknownFields, kAttributeDocs,
        kAttributeUnknown, kTensors, kOutputs,  kDeclared, kOutputDocs,    kOutputUnknown};
    if (std::find(known.begin(), known.end(), name) == known.end()) {
      return error(entry.value.offset, absl::StrCat("there is no attribute '", name,
                                                    "'; an attribute of ONNX with "
                                                    "such a name is written '",
                                                    kAttributePrefix, name, "'"));
    }
  }
  return absl::OkStatus();
}

// Operator, name and texts of a node.
absl::Status DecodeIdentity(const ErrorSite& error, const Op& op, const Dictionary& entries,
                            Node& node) {
  absl::string_view name = op.name;
  if (!absl::ConsumePrefix(&name, kOpPrefix) || name.empty()) {
    return error(op.offset,
                 absl::StrCat("'", op.name, "' is no operator; they start with '", kOpPrefix, "'"));
  }
  if (op.name == kCustomOp) {
    const Attr* op_type = Find(entries, kOpType);
    if (op_type == nullptr) return error(op.offset, absl::StrCat("'", kOpType, "' is missing"));
    ALLOT_RETURN_IF_ERROR(ReadText(error, op_type, kOpType, node.op_type));
    ALLOT_RETURN_IF_ERROR(ReadText(error, Find(entries, kDomain), kDomain, node.domain));
  } else {
    const size_t point = name.rfind('.');
    node.op_type = std::string(point == name.npos ? name : name.substr(point + 1));
    node.domain = std::string(point == name.npos ? absl::string_view() : name.substr(0, point));
    if (node.op_type.empty()) return error(op.offset, "the name of the operator is empty");
    for (const absl::string_view key : {kOpType, kDomain}) {
      if (const Attr* attr = Find(entries, key)) {
        return error(attr->offset, absl::StrCat("'", key, "' goes with '", kCustomOp, "' only"));
      }
    }
  }
  ALLOT_RETURN_IF_ERROR(ReadText(error, Find(entries, kNodeName), kNodeName, node.name));
  ALLOT_RETURN_IF_ERROR(ReadText(error, Find(entries, kOverload), kOverload, node.overload));
  ALLOT_RETURN_IF_ERROR(ReadText(error, Find(entries, kDoc), kDoc, node.doc));
  return ReadHex(error, Find(entries, kUnknownFields), kUnknownFields, node.unknown_fields);
}

// Which attribute each body belongs to, where the text does not say.
absl::Status NameBodies(const ErrorSite& error, const Op& op, Node& node) {
  for (const auto& [name, attribute] : node.attributes) {
    if (attribute.If<RegionIndex>() != nullptr) return absl::OkStatus();
  }
  const auto set = [&](const char* name, int32_t region) {
    node.attributes[name].value = RegionIndex{region};
  };
  if (op.regions.size() == 2 && node.Is("If")) {
    set("then_branch", 0);
    set("else_branch", 1);
  } else if (op.regions.size() == 1) {
    set("body", 0);
  } else if (!op.regions.empty()) {
    return error(op.offset, "say which attribute each region is: then_branch = #onnx.region<0>");
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<Graph> GraphDecoder::Run(const Op& owner, std::vector<const Op*>* nodes) {
  names_.clear();
  levels_.clear();
  if (owner.regions.size() != 1) return error_(owner.offset, "expected one region");
  Graph graph;
  ALLOT_RETURN_IF_ERROR(DecodeRegion(owner.regions[0], owner.offset, {}, graph, nodes));
  return graph;
}

absl::Status GraphDecoder::DecodeRegion(const Region& region, size_t offset,
                                        const std::vector<ValueId>& captures, Graph& graph,
                                        std::vector<const Op*>* nodes) {
  levels_.emplace_back();
  const size_t level = levels_.size() - 1;
  levels_[level].graph = &graph;
  for (const Argument& argument : region.arguments) {
    const ValueId value = graph.AddInput(argument.location.value_or(argument.name), argument.type);
    ALLOT_RETURN_IF_ERROR(Define(argument.name, argument.offset, {level, false, {value}}));
  }
  for (const ValueId outer : captures) {
    const Value& value = levels_[level - 1].graph->value(outer);
    levels_[level].capture_of[outer] = graph.AddCapture(value.name, value.type);
  }
  // Initializers come before all results in the numbering, wherever they stand.
  for (const Op& op : region.ops) {
    if (op.name == kInitializerOp) ALLOT_RETURN_IF_ERROR(DecodeInitializer(op));
  }
  if (region.ops.empty() || !IsTerminator(region.ops.back())) {
    return error_(
        region.ops.empty() ? offset : region.ops.back().offset,
        absl::StrCat("a graph ends with \"", kReturnOp, "\", a body with \"", kYieldOp, "\""));
  }
  for (const Op& op : region.ops) {
    if (op.name == kInitializerOp) continue;
    if (op.name == kNoValueOp) {
      ALLOT_RETURN_IF_ERROR(DecodeNoValue(op));
    } else if (op.name == kInputOp) {
      ALLOT_RETURN_IF_ERROR(DecodeInputDetails(op));
    } else if (op.name == kCapturesOp) {
      // Its uses have been seen: FreeUses.
      ALLOT_RETURN_IF_ERROR(CheckOwnOp(error_, op, op.attributes, {}));
      ALLOT_RETURN_IF_ERROR(ResolveOperands(op).status());
    } else if (IsTerminator(op)) {
      if (&op != &region.ops.back()) return error_(op.offset, "nothing may follow the outputs");
      ALLOT_RETURN_IF_ERROR(DecodeTerminator(op));
    } else {
      ALLOT_RETURN_IF_ERROR(DecodeNode(op, nodes));
    }
  }
  for (const std::string& name : levels_[level].defined) names_.erase(name);
  levels_.pop_back();
  return absl::OkStatus();
}

absl::Status GraphDecoder::DecodeInitializer(const Op& op) {
  Dictionary merged;
  ALLOT_ASSIGN_OR_RETURN(const Dictionary* found, EntriesOf(error_, op, merged));
  const Dictionary& entries = *found;
  ALLOT_RETURN_IF_ERROR(CheckOwnOp(
      error_, op, entries, {kValue, kTensors, kOutputs, kDeclared, kOutputDocs, kOutputUnknown}));
  ALLOT_ASSIGN_OR_RETURN(std::vector<Graph::Result> results, ResultsOf(op));
  if (results.size() != 1 || !op.operands.empty()) {
    return error_(op.offset, "an initializer has one result and no operands");
  }
  const Attr* value = Find(entries, kValue);
  if (value == nullptr) return error_(op.offset, "an initializer needs a 'value'");
  ALLOT_ASSIGN_OR_RETURN(const ConstantId constant,
                         attributes_.ReadConstantValue(entries, *value, results[0].name));
  const ValueId id = levels_.back().graph->AddInitializer(std::move(results[0].name),
                                                          std::move(results[0].type), constant);
  ALLOT_RETURN_IF_ERROR(ReadValueDetails(entries, {id}));
  return Define(op, {id});
}

absl::Status GraphDecoder::DecodeInputDetails(const Op& op) {
  Dictionary merged;
  ALLOT_ASSIGN_OR_RETURN(const Dictionary* found, EntriesOf(error_, op, merged));
  const Dictionary& entries = *found;
  ALLOT_RETURN_IF_ERROR(
      CheckOwnOp(error_, op, entries, {kValue, kTensors, kDeclared, kOutputDocs, kOutputUnknown}));
  ALLOT_ASSIGN_OR_RETURN(const std::vector<ValueId> operands, ResolveOperands(op));
  Graph& graph = *levels_.back().graph;
  if (operands.size() != 1 || !operands[0].valid() || !op.result_types.empty() ||
      graph.value(operands[0]).origin != Value::Origin::kInput) {
    return error_(op.offset, absl::StrCat(kInputOp, " speaks of one input and has no results"));
  }
  if (const Attr* value = Find(entries, kValue)) {
    ALLOT_ASSIGN_OR_RETURN(
        graph.mutable_value(operands[0]).constant,
        attributes_.ReadConstantValue(entries, *value, graph.value(operands[0]).name));
  }
  return ReadValueDetails(entries, operands);
}

absl::Status GraphDecoder::DecodeNoValue(const Op& op) {
  ALLOT_RETURN_IF_ERROR(CheckOwnOp(error_, op, op.attributes, {kValue}));
  if (op.results.size() != 1 || op.result_types != std::vector<ValueType>(1) ||
      !op.operands.empty()) {
    return error_(op.offset, absl::StrCat(kNoValueOp, " has one result, of type none"));
  }
  return Define(op.results[0].name, op.results[0].offset, {levels_.size() - 1, true, {}});
}

absl::Status GraphDecoder::DecodeTerminator(const Op& op) {
  Dictionary merged;
  ALLOT_ASSIGN_OR_RETURN(const Dictionary* found, EntriesOf(error_, op, merged));
  const Dictionary& entries = *found;
  ALLOT_RETURN_IF_ERROR(CheckOwnOp(error_, op, entries,
                                   {"name", "doc", "unknown_fields", "quantization_annotations"}));
  ALLOT_ASSIGN_OR_RETURN(std::vector<ValueId> outputs, ResolveOperands(op));
  if (!op.result_types.empty()) return error_(op.offset, absl::StrCat(op.name, " has no results"));
  for (size_t i = 0; i < outputs.size(); ++i) {
    if (!outputs[i].valid()) return error_(op.operands[i].offset, "an output must have a value");
  }
  Graph& graph = *levels_.back().graph;
  graph.SetOutputs(std::move(outputs));
  ALLOT_RETURN_IF_ERROR(ReadText(error_, Find(entries, "name"), "name", graph.name));
  return ReadGraphDetails(error_, entries, graph);
}

absl::Status GraphDecoder::DecodeNode(const Op& op, std::vector<const Op*>* nodes) {
  Dictionary merged;
  ALLOT_ASSIGN_OR_RETURN(const Dictionary* found, EntriesOf(error_, op, merged));
  const Dictionary& entries = *found;
  ALLOT_RETURN_IF_ERROR(CheckNodeEntries(error_, entries, nodes != nullptr && levels_.size() == 1));
  Node node;
  ALLOT_RETURN_IF_ERROR(DecodeIdentity(error_, op, entries, node));
  ALLOT_ASSIGN_OR_RETURN(node.attributes, attributes_.ReadAttributes(entries));
  ALLOT_ASSIGN_OR_RETURN(node.operands, ResolveOperands(op));
  ALLOT_RETURN_IF_ERROR(NameBodies(error_, op, node));
  ALLOT_RETURN_IF_ERROR(DecodeBodies(op, node));
  if (op.location.has_value()) node.location = *op.location;
  ALLOT_ASSIGN_OR_RETURN(const std::vector<Graph::Result> results, ResultsOf(op));
  Graph& graph = *levels_.back().graph;
  const NodeId id = graph.AddNode(std::move(node), results);
  if (nodes != nullptr && levels_.size() == 1) nodes->push_back(&op);
  const std::vector<ValueId> values = graph.node(id).results;
  ALLOT_RETURN_IF_ERROR(ReadValueDetails(entries, values));
  return Define(op, values);
}

absl::Status GraphDecoder::DecodeBodies(const Op& op, Node& node) {
  const size_t level = levels_.size() - 1;
  for (const Use& use : FreeUses(op.regions)) {
    ALLOT_ASSIGN_OR_RETURN(const ValueId outer, Resolve(use, level));
    node.captures.push_back(outer);
  }
  for (const Region& region : op.regions) {
    Graph body;
    ALLOT_RETURN_IF_ERROR(DecodeRegion(region, op.offset, node.captures, body, nullptr));
    node.regions.push_back(std::move(body));
  }
  return absl::OkStatus();
}

absl::StatusOr<std::vector<Graph::Result>> GraphDecoder::ResultsOf(const Op& op) const {
  std::vector<Graph::Result> results;
  for (const ValueType& type : op.result_types) {
    if (!type.has_value()) return error_(op.offset, "a result of an operator cannot be none");
    results.push_back({"", *type});
  }
  if (const Attr* outputs = op.FindAttr(kOutputs)) {
    ALLOT_ASSIGN_OR_RETURN(std::vector<std::string> names, StringsOf(error_, *outputs, kOutputs));
    if (names.size() != results.size()) {
      return error_(outputs->offset, absl::StrCat("there are ", names.size(), " names for ",
                                                  results.size(), " results"));
    }
    for (size_t i = 0; i < names.size(); ++i) results[i].name = std::move(names[i]);
    return results;
  }
  // Text written by hand: values are called what the text calls them.
  size_t next = 0;
  for (const Definition& definition : op.results) {
    for (int32_t i = 0; i < definition.count; ++i) {
      results[next++].name =
          definition.count == 1 ? definition.name : absl::StrCat(definition.name, "#", i);
    }
  }
  return results;
}

absl::Status GraphDecoder::Define(const Op& op, const std::vector<ValueId>& values) {
  auto next = values.begin();
  for (const Definition& definition : op.results) {
    Binding binding{levels_.size() - 1, false, {next, next + definition.count}};
    next += definition.count;
    ALLOT_RETURN_IF_ERROR(Define(definition.name, definition.offset, std::move(binding)));
  }
  return absl::OkStatus();
}

absl::Status GraphDecoder::Define(const std::string& name, size_t offset, Binding binding) {
  if (!names_.emplace(name, std::move(binding)).second) {
    return error_(offset, absl::StrCat("%", name, " is defined already"));
  }
  levels_.back().defined.push_back(name);
  return absl::OkStatus();
}

absl::StatusOr<ValueId> GraphDecoder::Resolve(const Use& use, size_t level) const {
  const auto found = names_.find(use.name);
  if (found == names_.end()) {
    return error_(use.offset, absl::StrCat("%", use.name, " is used before it is defined"));
  }
  const Binding& binding = found->second;
  if (binding.absent) return ValueId();
  if (static_cast<size_t>(use.result) >= binding.values.size()) {
    return error_(use.offset,
                  absl::StrCat("%", use.name, " has only ", binding.values.size(), " results"));
  }
  // Down from where it is defined, through the captures of each body on the way.
  ValueId value = binding.values[static_cast<size_t>(use.result)];
  for (size_t i = binding.level + 1; i <= level; ++i) {
    const auto capture = levels_[i].capture_of.find(value);
    if (capture == levels_[i].capture_of.end()) {
      return error_(use.offset, absl::StrCat("%", use.name, " is used before it is defined"));
    }
    value = capture->second;
  }
  return value;
}

absl::StatusOr<std::vector<ValueId>> GraphDecoder::ResolveOperands(const Op& op) const {
  std::vector<ValueId> operands;
  operands.reserve(op.operands.size());
  for (size_t i = 0; i < op.operands.size(); ++i) {
    ALLOT_ASSIGN_OR_RETURN(const ValueId value, Resolve(op.operands[i], levels_.size() - 1));
    const ValueType& stated = op.operand_types[i];
    const Type* type = value.valid() ? &levels_.back().graph->value(value).type : nullptr;
    if (stated.has_value() != (type != nullptr) || (type != nullptr && *stated != *type)) {
      return error_(op.operands[i].offset,
                    absl::StrCat("%", op.operands[i].name, " is ",
                                 TypeText(type == nullptr ? ValueType() : ValueType(*type)),
                                 ", but the op says ", TypeText(stated)));
    }
    operands.push_back(value);
  }
  return operands;
}

std::vector<Use> GraphDecoder::FreeUses(const std::vector<Region>& regions) const {
  std::vector<Use> uses;
  absl::flat_hash_set<std::string> seen;
  for (const Region& region : regions) CollectFreeUses(region, seen, uses);
  return uses;
}

// What a region defines itself is not in names_ yet, and no inner name may hide an outer one.
void GraphDecoder::CollectFreeUses(const Region& region, absl::flat_hash_set<std::string>& seen,
                                   std::vector<Use>& out) const {
  for (const Op& op : region.ops) {
    for (const Use& use : op.operands) {
      const auto found = names_.find(use.name);
      if (found == names_.end() || found->second.absent) continue;
      if (seen.insert(absl::StrCat(use.name, "#", use.result)).second) out.push_back(use);
    }
    for (const Region& inner : op.regions) CollectFreeUses(inner, seen, out);
  }
}

absl::Status GraphDecoder::ReadValueDetails(const Dictionary& entries,
                                            const std::vector<ValueId>& values) {
  Graph& graph = *levels_.back().graph;
  if (const Attr* declared = Find(entries, kDeclared)) {
    const auto* which = declared->If<Integers>();
    if (which == nullptr && declared->If<Unit>() == nullptr) {
      return error_(declared->offset, absl::StrCat("'", kDeclared,
                                                   "' has no value or is an array "
                                                   "of results"));
    }
    for (size_t i = 0; which == nullptr && i < values.size(); ++i) {
      graph.mutable_value(values[i]).declared = true;
    }
    for (size_t i = 0; which != nullptr && i < which->size(); ++i) {
      const int64_t index = (*which)[i];
      if (index < 0 || static_cast<uint64_t>(index) >= values.size()) {
        return error_(declared->offset, absl::StrCat("there is no result #", index));
      }
      graph.mutable_value(values[static_cast<size_t>(index)]).declared = true;
    }
  }
  const auto texts = [&](absl::string_view key, const auto& store) -> absl::Status {
    const Attr* attr = Find(entries, key);
    if (attr == nullptr) return absl::OkStatus();
    const auto* list = attr->If<Array>();
    if (list == nullptr || list->size() != values.size()) {
      return error_(attr->offset,
                    absl::StrCat("'", key, "' must be a list of ", values.size(), " strings"));
    }
    for (size_t i = 0; i < values.size(); ++i) {
      ALLOT_RETURN_IF_ERROR(store((*list)[i], graph.mutable_value(values[i])));
    }
    return absl::OkStatus();
  };
  ALLOT_RETURN_IF_ERROR(texts(kOutputDocs, [&](const Attr& attr, Value& value) {
    return ReadText(error_, &attr, kOutputDocs, value.doc);
  }));
  return texts(kOutputUnknown, [&](const Attr& attr, Value& value) {
    return ReadHex(error_, &attr, kOutputUnknown, value.unknown_fields);
  });
}

absl::Status ReadGraphDetails(const ErrorSite& error, const Dictionary& entries, Graph& graph) {
  ALLOT_RETURN_IF_ERROR(ReadText(error, Find(entries, "doc"), "doc", graph.doc));
  ALLOT_RETURN_IF_ERROR(
      ReadHex(error, Find(entries, "unknown_fields"), "unknown_fields", graph.unknown_fields));
  constexpr absl::string_view kAnnotations = "quantization_annotations";
  const Attr* annotations = Find(entries, kAnnotations);
  if (annotations == nullptr) return absl::OkStatus();
  const auto* list = annotations->If<Array>();
  if (list == nullptr) {
    return error(annotations->offset, absl::StrCat("'", kAnnotations, "' must be a list"));
  }
  for (const Attr& annotation : *list) {
    ALLOT_RETURN_IF_ERROR(
        ReadHex(error, &annotation, kAnnotations, graph.quantization_annotations.emplace_back()));
  }
  return absl::OkStatus();
}

}  // namespace allot::ir::text
