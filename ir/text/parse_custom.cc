// The few operators that others print in a form of their own, and what is skipped around functions.
#include <algorithm>
#include <array>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"

#include "ir/text/document_parser.h"
#include "support/status.h"

namespace allot::ir::text {
namespace {

constexpr std::array<absl::string_view, 6> kReturns = {"return",      "func.return",
                                                       "util.return", "onnx.Return",
                                                       "onnx.Yield",  "torch.operator_terminator"};

}  // namespace

Dialects DialectsOf(absl::string_view text) {
  const bool own =
      absl::StrContains(text, "\"onnx.graph\"") || absl::StrContains(text, "\"onnx.function\"");
  const bool functions =
      absl::StrContains(text, "func.func") || absl::StrContains(text, "util.func");
  return own || !functions ? Dialects::kOwn : Dialects::kAny;
}

absl::StatusOr<bool> DocumentParser::ReadCustomOp(Op& op) {
  for (const absl::string_view name : kReturns) {
    if (!reader_.Consume(name)) continue;
    op.name = name == "return" ? "func.return" : std::string(name);
    ALLOT_RETURN_IF_ERROR(ReadReturn(op));
    return true;
  }
  for (const char* name : {"func.func", "util.func"}) {
    if (!reader_.Consume(name)) continue;
    op.name = name;
    ALLOT_RETURN_IF_ERROR(ReadFunction(op));
    return true;
  }
  if (reader_.Consume("torch.operator")) {
    op.name = "torch.operator";
    ALLOT_RETURN_IF_ERROR(ReadTorchOperator(op));
    return true;
  }
  if (reader_.Consume("torch.constant.none")) {
    op.name = "torch.constant.none";
    op.result_types.emplace_back();
    ALLOT_RETURN_IF_ERROR(ReadTrailingLocation(op));
    return true;
  }
  if (reader_.Consume("onnx.Constant")) {
    op.name = "onnx.Constant";
    ALLOT_RETURN_IF_ERROR(ReadOnnxConstant(op));
    return true;
  }
  return false;
}

// Behind "func.func": visibility, "@name(parameters) -> results attributes {...} {...}".
absl::Status DocumentParser::ReadFunction(Op& op) {
  if (!reader_.Consume("private") && !reader_.Consume("public")) reader_.Consume("nested");
  ALLOT_RETURN_IF_ERROR(reader_.Expect("@"));
  std::string name;
  if (reader_.Next("\"")) {
    ALLOT_ASSIGN_OR_RETURN(name, reader_.ReadString());
  } else {
    ALLOT_ASSIGN_OR_RETURN(name, reader_.ReadSuffix("the name of the function"));
  }
  Set(op.properties, "sym_name", StringAttr(name));
  Region body;
  ALLOT_RETURN_IF_ERROR(ReadParameters(op, body));
  if (reader_.Consume("->")) ALLOT_RETURN_IF_ERROR(ReadResultTypes(op));
  if (reader_.Consume("attributes")) {
    ALLOT_ASSIGN_OR_RETURN(op.attributes, types_.ReadDictionary());
  }
  if (reader_.Next("{")) {  // else it is declared only
    const bool planned = std::exchange(in_function_, true);
    ALLOT_ASSIGN_OR_RETURN(Region read, ReadRegion());
    in_function_ = planned;
    body.ops = std::move(read.ops);
    op.regions.push_back(std::move(body));
  }
  return ReadTrailingLocation(op);
}

absl::Status DocumentParser::ReadParameters(Op& op, Region& body) {
  ALLOT_RETURN_IF_ERROR(reader_.Expect("("));
  Array attributes;
  while (!reader_.Consume(")")) {
    Argument argument;
    argument.offset = reader_.Position();
    if (reader_.Consume("%")) {  // those of declarations are types alone
      ALLOT_ASSIGN_OR_RETURN(argument.name, reader_.ReadSuffix("the name of a value"));
      ALLOT_RETURN_IF_ERROR(reader_.Expect(":"));
    }
    ALLOT_ASSIGN_OR_RETURN(const ValueType type, types_.ReadValueType());
    argument.type = type.value_or(Type::Unknown());
    Dictionary entries;
    if (reader_.Next("{")) {
      ALLOT_ASSIGN_OR_RETURN(entries, types_.ReadDictionary());
    }
    if (reader_.Next("loc")) {
      ALLOT_ASSIGN_OR_RETURN(const Location location, ReadLocation());
      if (!location.name.empty()) argument.location = location.name;
    }
    attributes.push_back(Attr{std::move(entries), argument.offset});
    body.arguments.push_back(std::move(argument));
    if (!reader_.Consume(",") && !reader_.Next(")")) return reader_.Expect(")");
  }
  Set(op.properties, "arg_attrs", Attr{std::move(attributes)});
  return absl::OkStatus();
}

absl::Status DocumentParser::ReadResultTypes(Op& op) {
  Array attributes;
  if (!reader_.Consume("(")) return types_.ReadValueType().status();
  while (!reader_.Consume(")")) {
    const size_t offset = reader_.Position();
    ALLOT_RETURN_IF_ERROR(types_.ReadValueType().status());
    Dictionary entries;
    if (reader_.Next("{")) {
      ALLOT_ASSIGN_OR_RETURN(entries, types_.ReadDictionary());
    }
    attributes.push_back(Attr{std::move(entries), offset});
    if (!reader_.Consume(",") && !reader_.Next(")")) return reader_.Expect(")");
  }
  Set(op.properties, "res_attrs", Attr{std::move(attributes)});
  return absl::OkStatus();
}

absl::Status DocumentParser::ReadReturn(Op& op) {
  if (reader_.Next("{")) {
    ALLOT_ASSIGN_OR_RETURN(op.attributes, types_.ReadDictionary());
  }
  if (!reader_.Next("%")) return ReadTrailingLocation(op);
  do {
    ALLOT_ASSIGN_OR_RETURN(Use use, ReadUse());
    op.operands.push_back(std::move(use));
  } while (reader_.Consume(","));
  if (reader_.Next("{")) {
    ALLOT_ASSIGN_OR_RETURN(op.attributes, types_.ReadDictionary());
  }
  ALLOT_RETURN_IF_ERROR(reader_.Expect(":"));
  for (size_t i = 0; i < op.operands.size(); ++i) {
    if (i > 0) ALLOT_RETURN_IF_ERROR(reader_.Expect(","));
    ALLOT_ASSIGN_OR_RETURN(ValueType type, types_.ReadValueType());
    op.operand_types.push_back(std::move(type));
  }
  return ReadTrailingLocation(op);
}

// Behind "torch.operator": "\"onnx.If\"(%a) {...} : (types) -> types {region}, {region}".
absl::Status DocumentParser::ReadTorchOperator(Op& op) {
  ALLOT_ASSIGN_OR_RETURN(std::string name, reader_.ReadString());
  Set(op.properties, "name", StringAttr(name));
  ALLOT_RETURN_IF_ERROR(reader_.Expect("("));
  ALLOT_RETURN_IF_ERROR(ReadUses(op.operands));
  ALLOT_RETURN_IF_ERROR(ReadAttributes(op));
  ALLOT_RETURN_IF_ERROR(ReadSignature(op));
  if (reader_.Next("{")) {
    do {
      ALLOT_ASSIGN_OR_RETURN(Region region, ReadRegion());
      op.regions.push_back(std::move(region));
    } while (reader_.Consume(","));
  }
  return ReadTrailingLocation(op);
}

// Behind "onnx.Constant": attributes, perhaps the value by itself, and a type unless it has one.
absl::Status DocumentParser::ReadOnnxConstant(Op& op) {
  const auto dictionary = [&]() -> absl::Status {
    if (!reader_.Next("{")) return absl::OkStatus();
    ALLOT_ASSIGN_OR_RETURN(Dictionary entries, types_.ReadDictionary());
    for (NamedAttr& entry : entries) Set(op.attributes, entry.name, std::move(entry.value));
    return absl::OkStatus();
  };
  ALLOT_RETURN_IF_ERROR(dictionary());
  ValueType type;
  if (reader_.Next("dense") || reader_.Next("dense_resource") || reader_.Next("#")) {
    ALLOT_ASSIGN_OR_RETURN(Attr value, types_.ReadAttr());
    if (const auto* elements = value.If<Elements>()) type = elements->type;
    if (const auto* resource = value.If<Resource>()) type = resource->type;
    Set(op.attributes, "value", std::move(value));
  }
  ALLOT_RETURN_IF_ERROR(dictionary());
  if (reader_.Consume(":")) {
    ALLOT_ASSIGN_OR_RETURN(type, types_.ReadValueType());
  }
  op.result_types.push_back(std::move(type));
  return ReadTrailingLocation(op);
}

absl::StatusOr<bool> DocumentParser::SkipForeignOp() {
  const absl::string_view rest = reader_.Rest();
  // What may hold a model, or end what holds one; results of operations out here nobody uses.
  for (const absl::string_view known : {"module", "builtin.module", "func.func", "util.func"}) {
    if (reader_.Next(known)) return false;
  }
  if (rest.empty() || absl::StartsWith(rest, "\"") || absl::StartsWith(rest, "}") ||
      absl::StartsWith(rest, "%")) {
    return false;
  }
  ALLOT_RETURN_IF_ERROR(reader_
                            .TakeBalanced("an operation",
                                          [](absl::string_view text) {
                                            return text[0] == '\n' || absl::StartsWith(text, "//");
                                          })
                            .status());
  return true;
}

}  // namespace allot::ir::text
