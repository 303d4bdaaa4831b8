#include "mlir_import/foreign_operators.h"

#include <algorithm>
#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"

#include "ir/text/keys.h"
#include "support/status.h"

namespace allot {
namespace {

using ir::text::Argument;
using ir::text::Attr;
using ir::text::Dictionary;
using ir::text::ErrorSite;
using ir::text::IntegerAttr;
using ir::text::NamedAttr;
using ir::text::Op;
using ir::text::Region;
using ir::text::StringAttr;
using ir::text::Use;

constexpr absl::string_view kTorchAttribute = "torch.onnx.";
// onnx-mlir keeps no operator set: its operators are those of the newest one that it knows, older
// ones have a number in their names. This is the newest one whose schemas libonnx 1.12 has.
constexpr int64_t kOnnxMlirOpset = 17;
constexpr int64_t kIrVersion = 8;

bool IsReturn(absl::string_view name) {
  return name == "func.return" || name == "util.return" || name == ir::text::kReturnOp;
}
bool IsYield(absl::string_view name) {
  return name == "torch.operator_terminator" || name == ir::text::kYieldOp;
}

const std::string* TextOf(const Attr* attr) {
  return attr == nullptr ? nullptr : attr->If<std::string>();
}

class Translator {
 public:
  Translator(MlirForm form, const ErrorSite& error) : form_(form), error_(error) {}

  absl::StatusOr<Op> Run(Op function) {
    Op graph;
    graph.name = std::string(ir::text::kGraphOp);
    graph.offset = function.offset;
    graph.location = function.location;
    if (const std::string* name = TextOf(function.FindAttr("sym_name"))) {
      Set(graph.properties, "sym_name", StringAttr(*name));
    }
    ALLOT_RETURN_IF_ERROR(SetVersions(function, graph));
    if (function.regions.size() != 1) return error_(function.offset, "a function has one body");
    Region body = std::move(function.regions[0]);
    ALLOT_RETURN_IF_ERROR(NameArguments(function, body.arguments));
    ALLOT_RETURN_IF_ERROR(TranslateOps(body, /*main=*/true));
    graph.regions.push_back(std::move(body));
    return graph;
  }

 private:
  absl::Status SetVersions(const Op& function, Op& graph) const {
    Dictionary opset;
    int64_t ir_version = kIrVersion;
    const auto number = [&](absl::string_view name, int64_t& out) {
      return ir::text::ReadInteger(error_, function.FindAttr(name), name, out);
    };
    if (form_ == MlirForm::kTorch) {
      int64_t version = 0;
      ALLOT_RETURN_IF_ERROR(number("torch.onnx_meta.opset_version", version));
      ALLOT_RETURN_IF_ERROR(number("torch.onnx_meta.ir_version", ir_version));
      if (version == 0) {
        return error_(function.offset,
                      "the function does not say its operator set: "
                      "torch.onnx_meta.opset_version = 17 : si64");
      }
      Set(opset, ir::text::kDefaultDomain, IntegerAttr(version));
      for (const absl::string_view name : {"producer_name", "producer_version"}) {
        const std::string* text = TextOf(function.FindAttr(absl::StrCat("torch.onnx_meta.", name)));
        if (text != nullptr && !text->empty()) Set(graph.attributes, name, StringAttr(*text));
      }
      const Attr* others = function.FindAttr("torch.onnx_meta.opset_versions");
      const auto* domains = others == nullptr ? nullptr : others->If<Dictionary>();
      for (const NamedAttr& entry : domains == nullptr ? Dictionary() : *domains) {
        if (Find(opset, entry.name) == nullptr) Set(opset, entry.name, entry.value);
      }
    } else {
      Set(opset, ir::text::kDefaultDomain, IntegerAttr(kOnnxMlirOpset));
    }
    Set(graph.attributes, "ir_version", IntegerAttr(ir_version));
    Set(graph.attributes, "opset", Attr{std::move(opset)});
    return absl::OkStatus();
  }

  // onnx-mlir keeps names and symbols of inputs: {onnx.name = "x", onnx.dim_params = "0:N,1:S"}.
  absl::Status NameArguments(const Op& function, std::vector<Argument>& arguments) {
    const Attr* all = function.FindAttr("arg_attrs");
    const auto* attributes = all == nullptr ? nullptr : all->If<ir::text::Array>();
    for (size_t i = 0; attributes != nullptr && i < attributes->size(); ++i) {
      const auto* entries = (*attributes)[i].If<Dictionary>();
      if (i >= arguments.size() || entries == nullptr) continue;
      Argument& argument = arguments[i];
      const std::string* name = TextOf(Find(*entries, "onnx.name"));
      if (name != nullptr && !name->empty()) argument.location = *name;
      const Attr* params = Find(*entries, "onnx.dim_params");
      if (TextOf(params) == nullptr) continue;
      ALLOT_RETURN_IF_ERROR(SetSymbols(*params, argument.type));
      argument_types_[argument.name] = argument.type;
    }
    return absl::OkStatus();
  }

  absl::Status SetSymbols(const Attr& params, ir::Type& type) const {
    const std::vector<std::string> pieces =
        absl::StrSplit(*TextOf(&params), ',', absl::SkipEmpty());
    for (const std::string& piece : pieces) {
      const size_t colon = piece.find(':');
      size_t dim = 0;
      if (colon == piece.npos || !absl::SimpleAtoi(piece.substr(0, colon), &dim) ||
          !type.shape.has_value() || dim >= type.shape->size()) {
        return error_(params.offset, "expected onnx.dim_params = \"DIMENSION:NAME,...\"");
      }
      ir::Dim& at = (*type.shape)[dim];
      if (!at.known()) at.symbol = piece.substr(colon + 1);
    }
    return absl::OkStatus();
  }

  absl::Status TranslateOps(Region& region, bool main) {
    std::vector<Op> ops;
    // torch-mlir writes initializers first and nodes behind them; onnx-mlir does not tell apart.
    bool initializers = main;
    for (Op& op : region.ops) {
      for (size_t i = 0; i < op.operands.size() && i < op.operand_types.size(); ++i) {
        const auto found = argument_types_.find(op.operands[i].name);
        if (found != argument_types_.end()) op.operand_types[i] = found->second;
      }
      if (op.name == "onnx.EntryPoint" || op.name == "onnx.DimGroup") continue;
      ALLOT_RETURN_IF_ERROR(Translate(op));
      const bool constant = op.name == "onnx.Constant" && Find(op.attributes, "value") != nullptr;
      if (form_ == MlirForm::kTorch && !constant) initializers = false;
      if (main && constant && (initializers || form_ == MlirForm::kOnnxMlir)) {
        op.name = std::string(ir::text::kInitializerOp);
        op.attributes.erase(std::remove_if(op.attributes.begin(), op.attributes.end(),
                                           [](const NamedAttr& entry) {
                                             return entry.name != ir::text::kValue &&
                                                    entry.name != ir::text::kOutputs;
                                           }),
                            op.attributes.end());
      }
      for (size_t i = 0; i < op.regions.size(); ++i) {
        Region& inner = op.regions[i];
        ALLOT_RETURN_IF_ERROR(TranslateOps(inner, false));
        // ONNX wants a name of every graph.
        if (!inner.ops.empty() && inner.ops.back().name == ir::text::kYieldOp) {
          Set(inner.ops.back().attributes, "name",
              StringAttr(absl::StrCat(absl::StripPrefix(op.name, ir::text::kOpPrefix), "_", i)));
        }
      }
      ops.push_back(std::move(op));
    }
    region.ops = std::move(ops);
    return absl::OkStatus();
  }

  absl::Status Translate(Op& op) {
    if (IsReturn(op.name) || IsYield(op.name)) {
      op.name = std::string(IsReturn(op.name) ? ir::text::kReturnOp : ir::text::kYieldOp);
      op.attributes.clear();
      op.properties.clear();
      return absl::OkStatus();
    }
    if (op.name == "torch.constant.none") op.name = std::string(ir::text::kNoValueOp);
    if (op.name == ir::text::kNoValueOp) {
      op.attributes.clear();
      op.properties.clear();
      return absl::OkStatus();
    }
    if (form_ == MlirForm::kTorch) {
      ALLOT_RETURN_IF_ERROR(TranslateTorch(op));
    } else {
      ALLOT_RETURN_IF_ERROR(TranslateOnnxMlir(op));
    }
    NameResults(op);
    return absl::OkStatus();
  }

  absl::Status TranslateTorch(Op& op) const {
    const std::string* name = TextOf(op.FindAttr("name"));
    if (op.name != kTorchOperator || name == nullptr || !absl::StartsWith(*name, "onnx.")) {
      return error_(op.offset, absl::StrCat("'", op.name, "' is no operator of ONNX: expected ",
                                            "torch.operator \"onnx.NAME\""));
    }
    op.name = *name;
    Dictionary attributes;
    for (NamedAttr& entry : op.attributes) {
      absl::string_view attribute = entry.name;
      if (!absl::ConsumePrefix(&attribute, kTorchAttribute)) continue;
      Set(attributes, attribute, std::move(entry.value));
    }
    op.attributes = std::move(attributes);
    op.properties.clear();
    if (op.location.has_value() && !op.location->name.empty()) {
      Set(op.attributes, ir::text::kNodeName, StringAttr(op.location->name));
    }
    NameTorchRegions(op);
    return absl::OkStatus();
  }

  // Regions stand in the order of the names of their attributes.
  static void NameTorchRegions(Op& op) {
    if (op.regions.size() != 2 || op.name != "onnx.If") return;
    const auto region = [](int64_t index) {
      ir::text::DialectAttr attr;
      attr.name = std::string(ir::text::kRegion);
      attr.arguments.push_back(IntegerAttr(index));
      return Attr{std::move(attr)};
    };
    Set(op.attributes, "else_branch", region(0));
    Set(op.attributes, "then_branch", region(1));
  }

  absl::Status TranslateOnnxMlir(Op& op) const {
    if (!absl::StartsWith(op.name, ir::text::kOpPrefix)) {
      return error_(op.offset, absl::StrCat("'", op.name, "' is no operator of ONNX"));
    }
    // "onnx.SqueezeV11": the operator before the change of that set.
    const size_t version = op.name.rfind('V');
    int64_t number = 0;
    if (version != op.name.npos && version + 1 < op.name.size() && version > 0 &&
        absl::ascii_islower(op.name[version - 1]) &&
        absl::SimpleAtoi(op.name.substr(version + 1), &number)) {
      op.name.resize(version);
    }
    Dictionary attributes;
    for (Dictionary* from : {&op.properties, &op.attributes}) {
      for (NamedAttr& entry : *from) {
        if (entry.name == "device" || entry.name == "placement") continue;  // of a plan
        if (entry.name != ir::text::kNodeName &&
            !ir::text::AttributeDecoder::IsAttribute(entry.name)) {
          continue;
        }
        ALLOT_RETURN_IF_ERROR(TranslateElementType(entry));
        // onnx-mlir's own, which say what ONNX says otherwise.
        const bool counts =
            entry.name == "operandSegmentSizes" || entry.name == "resultSegmentSizes";
        if (!counts) Set(attributes, entry.name, std::move(entry.value));
      }
    }
    op.properties.clear();
    op.attributes = std::move(attributes);
    if (op.name == "onnx.Custom") Rename(op);
    return absl::OkStatus();
  }

  // to = f32: the number that ONNX gives the type.
  static absl::Status TranslateElementType(NamedAttr& entry) {
    const auto* verbatim = entry.value.If<ir::text::Verbatim>();
    if (verbatim == nullptr) return absl::OkStatus();
    std::string name = verbatim->text;
    if (absl::StartsWith(name, "si")) name.erase(0, 1);
    if (name == "!onnx.String") name = "!onnx.string";
    const std::optional<ir::ElementType> element = ir::ElementTypeFromMlirName(name);
    if (!element.has_value()) return absl::OkStatus();
    const size_t offset = entry.value.offset;
    entry.value = IntegerAttr(static_cast<int64_t>(*element));
    entry.value.offset = offset;
    return absl::OkStatus();
  }

  // {function_name = "Gelu", domain_name = "com.microsoft"}.
  static void Rename(Op& op) {
    Dictionary attributes;
    for (NamedAttr& entry : op.attributes) {
      std::string name = entry.name;
      if (name == "function_name") name = std::string(ir::text::kOpType);
      if (name == "domain_name") name = std::string(ir::text::kDomain);
      if (name == "shape_infer_pattern" || name == "inputs_for_infer" ||
          name == "output_element_type") {
        continue;
      }
      Set(attributes, name, std::move(entry.value));
    }
    op.attributes = std::move(attributes);
  }

  // Values are called what the text calls them. An optional result that is absent has type none
  // there and no name here.
  static void NameResults(Op& op) {
    ir::text::Array names;
    for (const ir::text::Definition& definition : op.results) {
      for (int32_t i = 0; i < definition.count; ++i) {
        names.push_back(StringAttr(definition.count == 1 ? definition.name
                                                         : absl::StrCat(definition.name, "#", i)));
      }
    }
    names.resize(op.result_types.size(), StringAttr(""));
    for (size_t i = 0; i < op.result_types.size(); ++i) {
      if (op.result_types[i].has_value()) continue;
      op.result_types[i] = ir::Type::Unknown();
      names[i] = StringAttr("");
    }
    if (!names.empty()) Set(op.attributes, ir::text::kOutputs, Attr{std::move(names)});
  }

  const MlirForm form_;
  const ErrorSite& error_;
  std::map<std::string, ir::Type> argument_types_;  // of those that have symbols
};

}  // namespace

absl::StatusOr<Op> GraphOfFunction(Op function, MlirForm form, const ErrorSite& error) {
  return Translator(form, error).Run(std::move(function));
}

}  // namespace allot
