// Text -> tree: ops and regions of MLIR's generic form, as we and mlir-opt print it.
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"

#include "ir/text/document_parser.h"
#include "support/status.h"

namespace allot::ir::text {

absl::StatusOr<Document> DocumentParser::Run() {
  ALLOT_RETURN_IF_ERROR(ReadAliases());
  reader_.Seek(0);
  Document document;
  while (!reader_.AtEnd()) {
    if (reader_.Next("{-#")) {
      ALLOT_RETURN_IF_ERROR(ReadResources(document));
    } else if (AtAlias()) {
      ALLOT_RETURN_IF_ERROR(ReadAlias());
    } else {
      if (any_) {
        ALLOT_ASSIGN_OR_RETURN(const bool skipped, SkipForeignOp());
        if (skipped) continue;
      }
      ALLOT_ASSIGN_OR_RETURN(Op op, ReadOp());
      document.ops.push_back(std::move(op));
    }
  }
  return document;
}

absl::StatusOr<Op> DocumentParser::ReadOp() {
  if (reader_.Next("module") || (any_ && reader_.Next("builtin.module"))) return ReadModule();
  Op op;
  op.offset = reader_.Position();
  if (reader_.Next("%")) ALLOT_RETURN_IF_ERROR(ReadDefinitions(op.results));
  if (!reader_.Next("\"")) {
    if (any_) {
      ALLOT_ASSIGN_OR_RETURN(const bool known, ReadCustomOp(op));
      if (known) return op;
    }
    return reader_.ErrorHere("expected an op in generic form: \"onnx.Relu\"(...)");
  }
  ALLOT_ASSIGN_OR_RETURN(op.name, reader_.ReadString());
  ALLOT_RETURN_IF_ERROR(reader_.Expect("("));
  ALLOT_RETURN_IF_ERROR(ReadUses(op.operands));
  const bool planned = in_function_;
  in_function_ = in_function_ || op.name == "func.func" || op.name == "onnx.graph";
  if (reader_.Next("[")) return reader_.ErrorHere("successors have no meaning here");
  if (reader_.Consume("<")) {
    ALLOT_ASSIGN_OR_RETURN(op.properties, types_.ReadDictionary());
    ALLOT_RETURN_IF_ERROR(reader_.Expect(">"));
  }
  if (reader_.Consume("(")) {
    do {
      ALLOT_ASSIGN_OR_RETURN(Region region, ReadRegion());
      op.regions.push_back(std::move(region));
    } while (reader_.Consume(","));
    ALLOT_RETURN_IF_ERROR(reader_.Expect(")"));
  }
  in_function_ = planned;
  ALLOT_RETURN_IF_ERROR(ReadAttributes(op));
  ALLOT_RETURN_IF_ERROR(ReadSignature(op));
  ALLOT_RETURN_IF_ERROR(ReadTrailingLocation(op));
  return op;
}

absl::Status DocumentParser::ReadAttributes(Op& op) {
  op.attributes_begin = op.attributes_end = reader_.End();
  if (!reader_.Next("{")) return absl::OkStatus();
  op.attributes_begin = reader_.Position();
  ALLOT_ASSIGN_OR_RETURN(op.attributes, types_.ReadDictionary());
  op.attributes_end = reader_.End();
  return absl::OkStatus();
}

absl::Status DocumentParser::ReadTrailingLocation(Op& op) {
  if (!reader_.Next("loc")) return absl::OkStatus();
  ALLOT_ASSIGN_OR_RETURN(op.location, ReadLocation());
  return absl::OkStatus();
}

// "module attributes {...} {...}", how mlir-opt prints "builtin.module".
absl::StatusOr<Op> DocumentParser::ReadModule() {
  Op op;
  op.offset = reader_.Position();
  op.name = "builtin.module";
  if (!reader_.Consume("module")) reader_.Consume("builtin.module");
  if (reader_.Consume("@")) {
    if (reader_.Next("\"")) {
      ALLOT_RETURN_IF_ERROR(reader_.ReadString().status());
    } else {
      ALLOT_RETURN_IF_ERROR(reader_.ReadSuffix("the name of the module").status());
    }
  }
  if (reader_.Consume("attributes")) {
    ALLOT_ASSIGN_OR_RETURN(op.attributes, types_.ReadDictionary());
  }
  ALLOT_ASSIGN_OR_RETURN(Region region, ReadRegion());
  op.regions.push_back(std::move(region));
  ALLOT_RETURN_IF_ERROR(ReadTrailingLocation(op));
  return op;
}

absl::Status DocumentParser::ReadDefinitions(std::vector<Definition>& out) {
  do {
    Definition definition;
    definition.offset = reader_.Position();
    ALLOT_RETURN_IF_ERROR(reader_.Expect("%"));
    ALLOT_ASSIGN_OR_RETURN(definition.name, reader_.ReadSuffix("the name of a value"));
    if (reader_.Consume(":")) {
      ALLOT_ASSIGN_OR_RETURN(const int64_t count, ReadCount());
      if (count < 1 || count > (1 << 20)) {
        return reader_.Error(definition.offset, "wrong number of results");
      }
      definition.count = static_cast<int32_t>(count);
    }
    out.push_back(std::move(definition));
  } while (reader_.Consume(","));
  return reader_.Expect("=");
}

// Behind "(".
absl::Status DocumentParser::ReadUses(std::vector<Use>& out) {
  if (reader_.Consume(")")) return absl::OkStatus();
  do {
    ALLOT_ASSIGN_OR_RETURN(Use use, ReadUse());
    out.push_back(std::move(use));
  } while (reader_.Consume(","));
  return reader_.Expect(")");
}

absl::StatusOr<Use> DocumentParser::ReadUse() {
  Use use;
  use.offset = reader_.Position();
  ALLOT_RETURN_IF_ERROR(reader_.Expect("%"));
  ALLOT_ASSIGN_OR_RETURN(use.name, reader_.ReadSuffix("the name of a value"));
  if (reader_.ConsumeAdjacent("#")) {
    ALLOT_ASSIGN_OR_RETURN(const int64_t result, reader_.ReadDigits());
    if (result < 0 || result > (1 << 20)) {
      return reader_.Error(use.offset, "wrong number of a result");
    }
    use.result = static_cast<int32_t>(result);
  }
  return use;
}

// ": (types) -> types".
absl::Status DocumentParser::ReadSignature(Op& op) {
  ALLOT_RETURN_IF_ERROR(reader_.Expect(":"));
  const size_t offset = reader_.Position();
  ALLOT_RETURN_IF_ERROR(ReadTypes(op.operand_types));
  if (op.operand_types.size() != op.operands.size()) {
    return reader_.Error(offset, absl::StrCat("there are ", op.operands.size(), " operands but ",
                                              op.operand_types.size(), " types"));
  }
  ALLOT_RETURN_IF_ERROR(reader_.Expect("->"));
  const size_t results_offset = reader_.Position();
  if (reader_.Next("(")) {
    ALLOT_RETURN_IF_ERROR(ReadTypes(op.result_types));
  } else {
    ALLOT_ASSIGN_OR_RETURN(ValueType type, types_.ReadValueType());
    op.result_types.push_back(std::move(type));
  }
  size_t results = 0;
  for (const Definition& definition : op.results) {
    results += static_cast<size_t>(definition.count);
  }
  // Results that nothing uses need no names.
  if (results != op.result_types.size() && !op.results.empty()) {
    return reader_.Error(results_offset, absl::StrCat("there are ", results, " results but ",
                                                      op.result_types.size(), " types"));
  }
  return absl::OkStatus();
}

absl::Status DocumentParser::ReadTypes(std::vector<ValueType>& out) {
  ALLOT_RETURN_IF_ERROR(reader_.Expect("("));
  if (reader_.Consume(")")) return absl::OkStatus();
  do {
    ALLOT_ASSIGN_OR_RETURN(ValueType type, types_.ReadValueType());
    out.push_back(std::move(type));
  } while (reader_.Consume(","));
  return reader_.Expect(")");
}

absl::StatusOr<Region> DocumentParser::ReadRegion() {
  if (region_depth_ >= kMaxNesting) return reader_.ErrorHere("nested too deeply");
  ++region_depth_;
  Region region;
  ALLOT_RETURN_IF_ERROR(reader_.Expect("{"));
  if (reader_.Consume("^")) {
    ALLOT_RETURN_IF_ERROR(reader_.ReadSuffix("the name of a block").status());
    if (reader_.Consume("(")) ALLOT_RETURN_IF_ERROR(ReadArguments(region.arguments));
    ALLOT_RETURN_IF_ERROR(reader_.Expect(":"));
  }
  while (!reader_.Consume("}")) {
    if (reader_.Next("^")) return reader_.ErrorHere("a region has one block");
    if (any_ && !in_function_) {
      ALLOT_ASSIGN_OR_RETURN(const bool skipped, SkipForeignOp());
      if (skipped) continue;
    }
    ALLOT_ASSIGN_OR_RETURN(Op op, ReadOp());
    region.ops.push_back(std::move(op));
  }
  --region_depth_;
  return region;
}

// Behind "(".
absl::Status DocumentParser::ReadArguments(std::vector<Argument>& out) {
  if (reader_.Consume(")")) return absl::OkStatus();
  do {
    Argument argument;
    argument.offset = reader_.Position();
    ALLOT_RETURN_IF_ERROR(reader_.Expect("%"));
    ALLOT_ASSIGN_OR_RETURN(argument.name, reader_.ReadSuffix("the name of a value"));
    ALLOT_RETURN_IF_ERROR(reader_.Expect(":"));
    ALLOT_ASSIGN_OR_RETURN(const ValueType type, types_.ReadValueType());
    if (!type.has_value()) return reader_.Error(argument.offset, "an argument has a value");
    argument.type = *type;
    if (reader_.Next("loc")) {
      ALLOT_ASSIGN_OR_RETURN(const Location location, ReadLocation());
      if (!location.name.empty()) argument.location = location.name;
    }
    out.push_back(std::move(argument));
  } while (reader_.Consume(","));
  return reader_.Expect(")");
}

absl::StatusOr<Document> ParseDocument(absl::string_view text, absl::string_view file_name,
                                       Dialects dialects) {
  return DocumentParser(text, file_name, dialects).Run();
}

}  // namespace allot::ir::text
