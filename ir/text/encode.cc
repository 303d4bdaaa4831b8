#include "ir/text/encode.h"

#include <algorithm>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "absl/container/flat_hash_set.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"

#include "ir/text/encode_attributes.h"
#include "ir/text/keys.h"
#include "ir/text/plan_attributes.h"

namespace allot::ir::text {
namespace {

// Names that are unique in one top-level op: MLIR lets no nested name hide an outer one.
class SsaNames {
 public:
  // Close to `name`, which may be any text.
  std::string Like(absl::string_view name) {
    std::string stem;
    for (const char c : name) {
      stem += absl::ascii_isalnum(c) || c == '_' || c == '.' || c == '$' || c == '-' ? c : '_';
    }
    if (stem.empty() || absl::ascii_isdigit(stem[0])) stem.insert(0, "_");
    if (taken_.insert(stem).second) return stem;
    int& next = next_suffix_[stem];
    std::string unique;
    do {
      unique = absl::StrCat(stem, "_", next++);
    } while (!taken_.insert(unique).second);
    return unique;
  }
  std::string Number() { return absl::StrCat(next_number_++); }

 private:
  absl::flat_hash_set<std::string> taken_;
  absl::flat_hash_map<std::string, int> next_suffix_;
  int next_number_ = 0;
};

// Whether "onnx.<domain>.<op_type>" says it all: not for names with a point, nor for our own ops.
bool HasPlainSpelling(const Node& node) {
  if (node.op_type.empty() || absl::StrContains(node.op_type, '.') ||
      absl::StrContains(node.op_type, '\0') || absl::StrContains(node.domain, '\0')) {
    return false;
  }
  if (!node.domain.empty()) return true;
  const std::string name = absl::StrCat(kOpPrefix, node.op_type);
  for (const absl::string_view own : {kGraphOp, kFunctionOp, kReturnOp, kYieldOp, kNoValueOp,
                                      kInitializerOp, kInputOp, kCapturesOp, kCustomOp}) {
    if (name == own) return false;
  }
  return true;
}

// A dictionary where one can hold the pairs as they are; otherwise (names unsorted, repeated or
// empty) a list of pairs.
template <typename Value, typename ToAttr>
Attr PairsAttr(const std::vector<std::pair<std::string, Value>>& pairs, ToAttr to_attr) {
  bool fits = true;
  for (size_t i = 0; i < pairs.size(); ++i) {
    fits = fits && !pairs[i].first.empty() && (i == 0 || pairs[i - 1].first < pairs[i].first);
  }
  if (fits) {
    Dictionary dictionary;
    for (const auto& [name, value] : pairs) dictionary.push_back({name, to_attr(value)});
    return Attr{std::move(dictionary)};
  }
  Array list;
  for (const auto& [name, value] : pairs) {
    list.push_back(Attr{Array{StringAttr(name), to_attr(value)}});
  }
  return Attr{std::move(list)};
}

Attr OpsetsAttr(std::vector<OpsetImport> imports) {
  // Dictionaries name the domain "" "ai.onnx"; a domain that is spelled so itself forces the list.
  const bool literal = std::any_of(imports.begin(), imports.end(), [](const OpsetImport& import) {
    return import.first == kDefaultDomain;
  });
  std::vector<OpsetImport> named = imports;
  for (OpsetImport& import : named) {
    if (import.first.empty()) import.first = std::string(kDefaultDomain);
  }
  const auto version = [](int64_t number) { return IntegerAttr(number); };
  if (!literal) {
    Attr attr = PairsAttr(named, version);
    if (attr.If<Dictionary>() != nullptr) return attr;
  }
  Array list;
  for (const auto& [domain, number] : imports) {
    list.push_back(Attr{Array{StringAttr(domain), version(number)}});
  }
  return Attr{std::move(list)};
}

void SetGraphDetails(const Graph& graph, Dictionary& attributes) {
  SetText(attributes, "doc", graph.doc);
  SetHex(attributes, "unknown_fields", graph.unknown_fields);
  if (graph.quantization_annotations.empty()) return;
  Array annotations;
  for (const std::string& annotation : graph.quantization_annotations) {
    annotations.push_back(StringAttr(HexOf(annotation)));
  }
  Set(attributes, "quantization_annotations", Attr{std::move(annotations)});
}

// What is said of values beside their types; names are the caller's.
void SetValueDetails(const Graph& graph, const std::vector<ValueId>& values,
                     Dictionary& attributes) {
  Integers declared;
  std::vector<std::string> docs;
  std::vector<std::string> unknown_fields;
  for (size_t i = 0; i < values.size(); ++i) {
    const Value& value = graph.value(values[i]);
    if (value.declared) declared.push_back(static_cast<int64_t>(i));
    docs.push_back(value.doc);
    unknown_fields.push_back(HexOf(value.unknown_fields));
  }
  if (!values.empty() && declared.size() == values.size()) {
    Set(attributes, kDeclared, Attr{Unit()});
  } else if (!declared.empty()) {
    Set(attributes, kDeclared, Attr{std::move(declared)});
  }
  SetTexts(attributes, kOutputDocs, std::move(docs));
  SetTexts(attributes, kOutputUnknown, std::move(unknown_fields));
}

// How a value is written where it is used.
struct Spelling {
  Use use;
  const Type* type = nullptr;
};

class Encoder {
 public:
  Encoder(const Module& module, const PrintOptions& options)
      : module_(module), options_(options), attributes_(module.constants, options) {}

  Document Run() {
    Op top;
    top.name = std::string(kModuleOp);
    Region body;
    for (const Function& function : module_.functions) body.ops.push_back(FunctionOp(function));
    body.ops.push_back(MainOp());
    top.regions.push_back(std::move(body));
    Document document;
    document.ops.push_back(std::move(top));
    document.blobs = std::move(attributes_).TakeBlobs();
    return document;
  }

 private:
  // One graph while its region is being written.
  struct Scope {
    explicit Scope(const Graph& of)
        : graph(of), spelling(of.value_id_bound()), unused_capture(of.value_id_bound(), -1) {}
    const Graph& graph;
    IdVector<ValueId, Spelling> spelling;
    IdVector<ValueId, int32_t> unused_capture;  // the index of a capture not used yet, else -1
    std::vector<int32_t> captures_by_use;
  };

  Op MainOp() {
    Op op;
    op.name = std::string(kGraphOp);
    Set(op.properties, "sym_name", StringAttr(module_.graph.name));
    op.regions.push_back(TopRegion(module_.graph));
    Dictionary& attributes = op.attributes;
    Set(attributes, "ir_version", IntegerAttr(module_.ir_version));
    Set(attributes, "opset", OpsetsAttr(module_.opset_imports));
    SetText(attributes, "producer_name", module_.producer_name);
    SetText(attributes, "producer_version", module_.producer_version);
    SetText(attributes, "model_domain", module_.domain);
    SetText(attributes, "model_doc", module_.doc);
    SetText(attributes, "source_file", module_.source_file);
    SetHex(attributes, "model_unknown_fields", module_.unknown_fields);
    if (module_.model_version != 0) {
      Set(attributes, "model_version", IntegerAttr(module_.model_version));
    }
    if (!module_.metadata.empty()) {
      Set(attributes, "metadata",
          PairsAttr(module_.metadata, [](const std::string& value) { return StringAttr(value); }));
    }
    if (!module_.state.empty()) {
      Set(attributes, "state",
          PairsAttr(module_.state, [](const std::string& output) { return StringAttr(output); }));
    }
    SetGraphDetails(module_.graph, attributes);
    if (options_.plan != nullptr) {
      SetGraphPlan(*options_.plan, module_.graph, options_.target, attributes);
    }
    return op;
  }

  Op FunctionOp(const Function& function) {
    Op op;
    op.name = std::string(kFunctionOp);
    Set(op.properties, "name", StringAttr(function.name));
    SetText(op.properties, "domain", function.domain);
    SetText(op.properties, "overload", function.overload);
    op.regions.push_back(TopRegion(function.body));
    if (!function.attributes.empty()) {
      Array names;
      for (const std::string& name : function.attributes) names.push_back(StringAttr(name));
      Set(op.attributes, "attributes", Attr{std::move(names)});
    }
    if (!function.attribute_defaults.empty()) {
      Dictionary defaults;
      attributes_.SetAttributes(function.attribute_defaults, defaults);
      Set(op.attributes, "defaults", Attr{std::move(defaults)});
    }
    Set(op.attributes, "opset", OpsetsAttr(function.opset_imports));
    SetText(op.attributes, "doc", function.doc);
    SetHex(op.attributes, "unknown_fields", function.unknown_fields);
    return op;
  }

  // The region of the main graph or of a function, with %none in front if any level needs it.
  Region TopRegion(const Graph& graph) {
    names_ = SsaNames();
    none_ = names_.Like("none");
    none_used_ = false;
    std::vector<int32_t> no_captures;
    Region region = GraphRegion(graph, {}, kReturnOp, no_captures);
    if (none_used_) {
      Op none;
      none.name = std::string(kNoValueOp);
      none.results.push_back({none_});
      none.result_types.push_back(std::nullopt);
      Set(none.attributes, kValue, Attr{Unit()});
      region.ops.insert(region.ops.begin(), std::move(none));
    }
    return region;
  }

  // `outer` spells the captures; `captures_by_use` receives their indices in order of first use.
  Region GraphRegion(const Graph& graph, const std::vector<Spelling>& outer,
                     absl::string_view terminator, std::vector<int32_t>& captures_by_use) {
    Region region;
    Scope scope(graph);
    for (size_t i = 0; i < graph.captures().size() && i < outer.size(); ++i) {
      scope.spelling[graph.captures()[i]] = outer[i];
      scope.unused_capture[graph.captures()[i]] = static_cast<int32_t>(i);
    }
    for (const ValueId input : graph.inputs()) {
      const Value& value = graph.value(input);
      Argument argument{names_.Like(value.name), value.type, std::nullopt};
      if (!value.name.empty()) argument.location = value.name;
      scope.spelling[input] = {{argument.name}, &value.type};
      region.arguments.push_back(std::move(argument));
    }
    for (const ValueId input : graph.inputs()) AddInputOp(scope, input, region);
    for (const ValueId value : graph.initializers()) AddInitializerOp(scope, value, region);
    // Results are named before any is used: a graph in the middle of an edit may have users first.
    const std::vector<NodeId> nodes = graph.nodes();
    for (const NodeId node : nodes) {
      const std::vector<ValueId>& results = graph.node(node).results;
      if (results.empty()) continue;
      const std::string name = names_.Number();
      for (size_t i = 0; i < results.size(); ++i) {
        scope.spelling[results[i]] = {{name, static_cast<int32_t>(i)},
                                      &graph.value(results[i]).type};
      }
    }
    for (const NodeId node : nodes) region.ops.push_back(NodeOp(scope, node));
    Op end;
    end.name = std::string(terminator);
    for (const ValueId output : graph.outputs()) AddOperand(scope, output, end);
    if (&graph != &module_.graph) {
      SetText(end.attributes, "name", graph.name);
      SetGraphDetails(graph, end.attributes);
    }
    region.ops.push_back(std::move(end));
    captures_by_use = std::move(scope.captures_by_use);
    return region;
  }

  // Nothing for most inputs: name and type stand in the block's header.
  void AddInputOp(Scope& scope, ValueId input, Region& region) {
    const Value& value = scope.graph.value(input);
    Op op;
    op.name = std::string(kInputOp);
    SetValueDetails(scope.graph, {input}, op.attributes);
    if (value.constant.valid()) {
      attributes_.SetConstantValue(value.constant, value.name, op.attributes);
    }
    if (op.attributes.empty()) return;
    AddOperand(scope, input, op);
    region.ops.push_back(std::move(op));
  }

  void AddInitializerOp(Scope& scope, ValueId id, Region& region) {
    const Value& value = scope.graph.value(id);
    Op op;
    op.name = std::string(kInitializerOp);
    op.results.push_back({names_.Like(value.name)});
    op.result_types.push_back(value.type);
    scope.spelling[id] = {{op.results[0].name}, &value.type};
    Set(op.attributes, kOutputs, Attr{Array{StringAttr(value.name)}});
    SetValueDetails(scope.graph, {id}, op.attributes);
    if (value.constant.valid()) {
      attributes_.SetConstantValue(value.constant, value.name, op.attributes);
    }
    region.ops.push_back(std::move(op));
  }

  static void Touch(Scope& scope, ValueId value) {
    const int32_t capture = std::exchange(scope.unused_capture[value], -1);
    if (capture >= 0) scope.captures_by_use.push_back(capture);
  }

  void AddOperand(Scope& scope, ValueId value, Op& op) {
    if (!value.valid()) {
      none_used_ = true;
      op.operands.push_back({none_});
      op.operand_types.push_back(std::nullopt);
      return;
    }
    Touch(scope, value);
    const Spelling& spelling = scope.spelling[value];
    op.operands.push_back(spelling.use);
    op.operand_types.push_back(spelling.type == nullptr ? scope.graph.value(value).type
                                                        : *spelling.type);
  }

  Op NodeOp(Scope& scope, NodeId id) {
    const Graph& graph = scope.graph;
    const Node& node = graph.node(id);
    Op op;
    SetOpName(node, op);
    SetText(op.attributes, kNodeName, node.name);
    SetText(op.attributes, kOverload, node.overload);
    SetText(op.attributes, kDoc, node.doc);
    SetHex(op.attributes, kUnknownFields, node.unknown_fields);
    attributes_.SetAttributes(node.attributes, op.attributes);
    for (const ValueId operand : node.operands) AddOperand(scope, operand, op);
    AddBodies(scope, node, op);
    if (!node.results.empty()) {
      op.results.push_back(
          {scope.spelling[node.results[0]].use.name, static_cast<int32_t>(node.results.size())});
      Array names;
      for (const ValueId result : node.results) {
        names.push_back(StringAttr(graph.value(result).name));
        op.result_types.push_back(graph.value(result).type);
      }
      Set(op.attributes, kOutputs, Attr{std::move(names)});
      SetValueDetails(graph, node.results, op.attributes);
    }
    if (options_.locations && node.location != Location()) op.location = node.location;
    if (options_.plan != nullptr && &graph == &module_.graph) {
      SetNodePlan(*options_.plan, graph, options_.target, id, op.attributes);
    }
    return op;
  }

  static void SetOpName(const Node& node, Op& op) {
    if (!HasPlainSpelling(node)) {
      op.name = std::string(kCustomOp);
      SetText(op.attributes, kDomain, node.domain);
      Set(op.attributes, kOpType, StringAttr(node.op_type));
    } else {
      op.name = absl::StrCat(kOpPrefix, node.domain, node.domain.empty() ? "" : ".", node.op_type);
    }
  }

  // The bodies use outer values by name, which gives the captures back when read, in order of
  // first use. Where that is not their order, an op that only uses them all comes first.
  void AddBodies(Scope& scope, const Node& node, Op& op) {
    std::vector<Spelling> captures;
    for (const ValueId capture : node.captures) captures.push_back(scope.spelling[capture]);
    std::vector<int32_t> by_use;
    std::vector<bool> seen(captures.size(), false);
    for (const Graph& body : node.regions) {
      std::vector<int32_t> of_body;
      op.regions.push_back(GraphRegion(body, captures, kYieldOp, of_body));
      for (const int32_t capture : of_body) {
        if (!seen[static_cast<size_t>(capture)]) by_use.push_back(capture);
        seen[static_cast<size_t>(capture)] = true;
      }
    }
    bool in_order =
        by_use.size() == captures.size() && std::is_sorted(by_use.begin(), by_use.end());
    if (!in_order && !op.regions.empty()) {
      Op list;
      list.name = std::string(kCapturesOp);
      for (const ValueId capture : node.captures) AddOperand(scope, capture, list);
      std::vector<Op>& ops = op.regions[0].ops;
      ops.insert(ops.begin(), std::move(list));
    }
    for (const ValueId capture : node.captures) {
      if (capture.valid()) Touch(scope, capture);
    }
  }

  const Module& module_;
  const PrintOptions& options_;
  AttributeEncoder attributes_;
  SsaNames names_;
  std::string none_;
  bool none_used_ = false;
};

}  // namespace

Document Encode(const Module& module, const PrintOptions& options) {
  return Encoder(module, options).Run();
}

}  // namespace allot::ir::text
