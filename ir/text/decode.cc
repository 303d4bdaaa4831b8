#include "ir/text/decode.h"

#include <algorithm>
#include <initializer_list>
#include <utility>

#include "absl/strings/str_cat.h"

#include "ir/text/decode_graph.h"
#include "ir/text/keys.h"
#include "ir/text/plan_attributes.h"
#include "support/status.h"

namespace allot::ir::text {
namespace {

class Decoder {
 public:
  Decoder(const Document& document, const Target* target, const ErrorSite& error)
      : document_(document),
        target_(target),
        error_(error),
        attributes_(error, document.blobs, parsed_.module.constants) {}

  absl::StatusOr<ParsedModule> Run() {
    ALLOT_RETURN_IF_ERROR(DecodeOps(document_.ops));
    if (!has_graph_) {
      return error_(0, absl::StrCat("there is no \"", kGraphOp, "\" op, so there is no model"));
    }
    return std::move(parsed_);
  }

 private:
  absl::Status DecodeOps(const std::vector<Op>& ops) {
    for (const Op& op : ops) {
      if (op.name == kModuleOp) {
        for (const Region& region : op.regions) ALLOT_RETURN_IF_ERROR(DecodeOps(region.ops));
      } else if (op.name == kFunctionOp) {
        ALLOT_RETURN_IF_ERROR(DecodeFunction(op));
      } else if (op.name == kGraphOp) {
        if (has_graph_) return error_(op.offset, "a model has one main graph");
        has_graph_ = true;
        ALLOT_RETURN_IF_ERROR(DecodeMain(op));
      } else {
        return error_(op.offset, absl::StrCat("expected \"", kGraphOp, "\" or \"", kFunctionOp,
                                              "\", not \"", op.name, "\""));
      }
    }
    return absl::OkStatus();
  }

  absl::Status CheckNames(const Op& op, std::initializer_list<absl::string_view> known) const {
    if (!op.operands.empty() || !op.result_types.empty()) {
      return error_(op.offset, absl::StrCat(op.name, " has no operands and no results"));
    }
    for (const Dictionary* dictionary : {&op.properties, &op.attributes}) {
      for (const NamedAttr& entry : *dictionary) {
        if (op.name == kGraphOp && IsPlanAttribute(entry.name)) continue;
        if (std::find(known.begin(), known.end(), entry.name) != known.end()) continue;
        return error_(entry.value.offset,
                      absl::StrCat(op.name, " has no attribute '", entry.name, "'"));
      }
    }
    return absl::OkStatus();
  }

  absl::Status Text(const Op& op, absl::string_view name, std::string& out) const {
    return ReadText(error_, op.FindAttr(name), name, out);
  }
  absl::Status Hex(const Op& op, absl::string_view name, std::string& out) const {
    return ReadHex(error_, op.FindAttr(name), name, out);
  }
  absl::Status Number(const Op& op, absl::string_view name, int64_t& out) const {
    return ReadInteger(error_, op.FindAttr(name), name, out);
  }

  // {name = value, ...} or [["name", value], ...].
  template <typename Value, typename Read>
  absl::Status Pairs(const Op& op, absl::string_view name, const Read& read,
                     std::vector<std::pair<std::string, Value>>& out) const {
    const Attr* attr = op.FindAttr(name);
    if (attr == nullptr) return absl::OkStatus();
    if (const auto* dictionary = attr->If<Dictionary>()) {
      for (const NamedAttr& entry : *dictionary) {
        out.emplace_back(entry.name, Value());
        ALLOT_RETURN_IF_ERROR(read(error_, &entry.value, name, out.back().second));
      }
      return absl::OkStatus();
    }
    const auto* list = attr->If<Array>();
    const Array none;
    for (const Attr& element : list == nullptr ? none : *list) {
      const auto* pair = element.If<Array>();
      if (pair == nullptr || pair->size() != 2) {
        list = nullptr;
        break;
      }
      out.emplace_back();
      ALLOT_RETURN_IF_ERROR(ReadText(error_, &(*pair)[0], name, out.back().first));
      ALLOT_RETURN_IF_ERROR(read(error_, &(*pair)[1], name, out.back().second));
    }
    if (list != nullptr) return absl::OkStatus();
    return error_(attr->offset,
                  absl::StrCat("'", name, "' must be a dictionary or a list of pairs"));
  }

  absl::Status Opsets(const Op& op, std::vector<OpsetImport>& out) const {
    ALLOT_RETURN_IF_ERROR(Pairs(op, "opset", ReadInteger, out));
    const Attr* attr = op.FindAttr("opset");
    if (attr == nullptr || attr->If<Dictionary>() == nullptr) return absl::OkStatus();
    for (OpsetImport& import : out) {
      if (import.first == kDefaultDomain) import.first.clear();
    }
    return absl::OkStatus();
  }

  absl::Status DecodeMain(const Op& op) {
    Module& module = parsed_.module;
    ALLOT_RETURN_IF_ERROR(CheckNames(
        op, {"sym_name", "ir_version", "opset", "producer_name", "producer_version", "model_domain",
             "model_doc", "model_version", "model_unknown_fields", "metadata", "state",
             "source_file", "doc", "unknown_fields", "quantization_annotations"}));
    ALLOT_RETURN_IF_ERROR(Number(op, "ir_version", module.ir_version));
    ALLOT_RETURN_IF_ERROR(Opsets(op, module.opset_imports));
    ALLOT_RETURN_IF_ERROR(Text(op, "producer_name", module.producer_name));
    ALLOT_RETURN_IF_ERROR(Text(op, "producer_version", module.producer_version));
    ALLOT_RETURN_IF_ERROR(Text(op, "model_domain", module.domain));
    ALLOT_RETURN_IF_ERROR(Text(op, "model_doc", module.doc));
    ALLOT_RETURN_IF_ERROR(Number(op, "model_version", module.model_version));
    ALLOT_RETURN_IF_ERROR(Hex(op, "model_unknown_fields", module.unknown_fields));
    ALLOT_RETURN_IF_ERROR(Pairs(op, "metadata", ReadText, module.metadata));
    ALLOT_RETURN_IF_ERROR(Pairs(op, "state", ReadText, module.state));
    ALLOT_RETURN_IF_ERROR(Text(op, "source_file", module.source_file));
    std::vector<const Op*> nodes;
    ALLOT_ASSIGN_OR_RETURN(module.graph, GraphDecoder(error_, attributes_).Run(op, &nodes));
    for (const Op* node : nodes) parsed_.node_offsets.push_back(node->offset);
    ALLOT_RETURN_IF_ERROR(Text(op, "sym_name", module.graph.name));
    ALLOT_RETURN_IF_ERROR(ReadGraphDetails(error_, op.attributes, module.graph));
    ALLOT_ASSIGN_OR_RETURN(parsed_.plan, DecodePlan(op, nodes, module.graph, target_, error_));
    return absl::OkStatus();
  }

  absl::Status DecodeFunction(const Op& op) {
    Function function;
    ALLOT_RETURN_IF_ERROR(CheckNames(op, {"name", "domain", "overload", "attributes", "defaults",
                                          "opset", "doc", "unknown_fields"}));
    if (op.FindAttr("name") == nullptr) return error_(op.offset, "a function needs a 'name'");
    ALLOT_RETURN_IF_ERROR(Text(op, "name", function.name));
    ALLOT_RETURN_IF_ERROR(Text(op, "domain", function.domain));
    ALLOT_RETURN_IF_ERROR(Text(op, "overload", function.overload));
    ALLOT_RETURN_IF_ERROR(Text(op, "doc", function.doc));
    ALLOT_RETURN_IF_ERROR(Hex(op, "unknown_fields", function.unknown_fields));
    ALLOT_RETURN_IF_ERROR(Opsets(op, function.opset_imports));
    if (const Attr* names = op.FindAttr("attributes")) {
      ALLOT_ASSIGN_OR_RETURN(function.attributes, StringsOf(error_, *names, "attributes"));
    }
    if (const Attr* defaults = op.FindAttr("defaults")) {
      const auto* entries = defaults->If<Dictionary>();
      if (entries == nullptr) return error_(defaults->offset, "'defaults' must be a dictionary");
      ALLOT_ASSIGN_OR_RETURN(function.attribute_defaults, attributes_.ReadAttributes(*entries));
    }
    ALLOT_ASSIGN_OR_RETURN(function.body, GraphDecoder(error_, attributes_).Run(op, nullptr));
    parsed_.module.functions.push_back(std::move(function));
    return absl::OkStatus();
  }

  const Document& document_;
  const Target* target_;
  const ErrorSite& error_;
  ParsedModule parsed_;
  AttributeDecoder attributes_;
  bool has_graph_ = false;
};

}  // namespace

absl::StatusOr<ParsedModule> Decode(const Document& document, const Target* target,
                                    const ErrorSite& error) {
  return Decoder(document, target, error).Run();
}

}  // namespace allot::ir::text
