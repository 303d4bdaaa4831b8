// Text -> tree: ops, regions, locations and resources of MLIR's generic form, as we and mlir-opt
// print it.
#include <map>
#include <set>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"

#include "ir/text/parse_types.h"
#include "ir/text/syntax.h"
#include "ir/text/text_reader.h"
#include "support/status.h"

namespace allot::ir::text {
namespace {

// Aliases of aliases can stand for exponentially much; a real text stays far below this.
constexpr size_t kMaxExpandedLocations = 2'000'000;

size_t SizeOf(const Location& location) {
  size_t size = 1;
  for (const Location& part : location.fused) size += SizeOf(part);
  return size;
}

class Parser {
 public:
  Parser(absl::string_view text, absl::string_view file_name)
      : text_(text), reader_(text, file_name), types_(reader_) {}

  absl::StatusOr<Document> Run() {
    ALLOT_RETURN_IF_ERROR(ReadLocationAliases());
    reader_.Seek(0);
    Document document;
    while (!reader_.AtEnd()) {
      if (reader_.Next("{-#")) {
        ALLOT_RETURN_IF_ERROR(ReadResources(document));
      } else if (AtAlias()) {
        ALLOT_RETURN_IF_ERROR(ReadAlias());
      } else {
        ALLOT_ASSIGN_OR_RETURN(Op op, ReadOp());
        document.ops.push_back(std::move(op));
      }
    }
    return document;
  }

 private:
  // --- locations ---

  // mlir-opt prints locations as "#loc3 = loc(...)" on lines of their own, before or behind their
  // uses; so they are read first.
  absl::Status ReadLocationAliases() {
    for (size_t line = 0; line < text_.size();) {
      if (text_[line] == '#') {
        reader_.Seek(line);
        if (AtAlias()) ALLOT_RETURN_IF_ERROR(ReadAlias());
      }
      const size_t newline = text_.find('\n', line);
      line = newline == text_.npos ? text_.size() : newline + 1;
    }
    return absl::OkStatus();
  }

  // "#word =", without consuming it.
  bool AtAlias() {
    const size_t start = reader_.Position();
    const bool alias = reader_.Consume("#") && !reader_.TakeWord().empty() && reader_.Consume("=");
    reader_.Seek(start);
    return alias;
  }

  absl::Status ReadAlias() {
    ALLOT_RETURN_IF_ERROR(reader_.Expect("#"));
    const std::string name(reader_.TakeWord());
    ALLOT_RETURN_IF_ERROR(reader_.Expect("="));
    if (!reader_.Next("loc")) return reader_.ErrorHere("only locations may have aliases");
    ALLOT_ASSIGN_OR_RETURN(Location location, ReadLocation());
    const size_t size = SizeOf(location);
    aliases_[name] = {std::move(location), size};
    return absl::OkStatus();
  }

  // "loc(...)".
  absl::StatusOr<Location> ReadLocation() {
    ALLOT_RETURN_IF_ERROR(reader_.Expect("loc"));
    ALLOT_RETURN_IF_ERROR(reader_.Expect("("));
    ALLOT_ASSIGN_OR_RETURN(Location location, ReadLocationBody(0));
    ALLOT_RETURN_IF_ERROR(reader_.Expect(")"));
    return location;
  }

  absl::StatusOr<Location> ReadLocationBody(int depth) {
    if (depth > kMaxNesting) return reader_.ErrorHere("nested too deeply");
    if (reader_.Consume("unknown")) return Location();
    if (reader_.Next("#")) {
      const size_t offset = reader_.Position();
      reader_.Consume("#");
      const auto found = aliases_.find(std::string(reader_.TakeWord()));
      if (found == aliases_.end()) return reader_.Error(offset, "unknown location alias");
      expanded_ += found->second.size;
      if (expanded_ > kMaxExpandedLocations) {
        return reader_.Error(offset, "location aliases stand for too much");
      }
      return found->second.location;
    }
    if (reader_.Consume("callsite")) {
      ALLOT_RETURN_IF_ERROR(reader_.Expect("("));
      ALLOT_ASSIGN_OR_RETURN(Location callee, ReadLocationBody(depth + 1));
      ALLOT_RETURN_IF_ERROR(reader_.Expect("at"));
      ALLOT_ASSIGN_OR_RETURN(const Location caller, ReadLocationBody(depth + 1));
      ALLOT_RETURN_IF_ERROR(reader_.Expect(")"));
      return callee;  // where the op stands, not who called
    }
    if (reader_.Consume("fused")) return ReadFused(depth);
    if (!reader_.Next("\"")) return reader_.ErrorHere("expected a location");
    Location location;
    ALLOT_ASSIGN_OR_RETURN(std::string text, reader_.ReadString());
    if (reader_.Consume(":")) {
      ALLOT_ASSIGN_OR_RETURN(location.index, ReadCount());
      ALLOT_RETURN_IF_ERROR(reader_.Expect(":"));
      ALLOT_RETURN_IF_ERROR(ReadCount().status());
      location.file = std::move(text);
      return location;
    }
    if (reader_.Consume("(")) {
      ALLOT_ASSIGN_OR_RETURN(location, ReadLocationBody(depth + 1));
      ALLOT_RETURN_IF_ERROR(reader_.Expect(")"));
    }
    location.name = std::move(text);
    return location;
  }

  absl::StatusOr<Location> ReadFused(int depth) {
    Location location;
    if (reader_.Consume("<")) {
      ALLOT_RETURN_IF_ERROR(types_.ReadAttr().status());
      ALLOT_RETURN_IF_ERROR(reader_.Expect(">"));
    }
    ALLOT_RETURN_IF_ERROR(reader_.Expect("["));
    if (reader_.Consume("]")) return location;
    do {
      ALLOT_ASSIGN_OR_RETURN(Location part, ReadLocationBody(depth + 1));
      location.fused.push_back(std::move(part));
    } while (reader_.Consume(","));
    ALLOT_RETURN_IF_ERROR(reader_.Expect("]"));
    return location;
  }

  absl::StatusOr<int64_t> ReadCount() {
    ALLOT_ASSIGN_OR_RETURN(const TextReader::Number number, reader_.ReadNumber());
    return IntegerOf(reader_, number);
  }

  // --- ops ---

  absl::StatusOr<Op> ReadOp() {
    if (reader_.Next("module")) return ReadModule();
    Op op;
    op.offset = reader_.Position();
    if (reader_.Next("%")) ALLOT_RETURN_IF_ERROR(ReadDefinitions(op.results));
    if (!reader_.Next("\"")) {
      return reader_.ErrorHere("expected an op in generic form: \"onnx.Relu\"(...)");
    }
    ALLOT_ASSIGN_OR_RETURN(op.name, reader_.ReadString());
    ALLOT_RETURN_IF_ERROR(reader_.Expect("("));
    ALLOT_RETURN_IF_ERROR(ReadUses(op.operands));
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
    if (reader_.Next("{")) {
      ALLOT_ASSIGN_OR_RETURN(op.attributes, types_.ReadDictionary());
    }
    ALLOT_RETURN_IF_ERROR(ReadSignature(op));
    if (reader_.Next("loc")) {
      ALLOT_ASSIGN_OR_RETURN(op.location, ReadLocation());
    }
    return op;
  }

  // "module attributes {...} {...}", how mlir-opt prints "builtin.module".
  absl::StatusOr<Op> ReadModule() {
    Op op;
    op.offset = reader_.Position();
    op.name = "builtin.module";
    reader_.Consume("module");
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
    if (reader_.Next("loc")) {
      ALLOT_ASSIGN_OR_RETURN(op.location, ReadLocation());
    }
    return op;
  }

  absl::Status ReadDefinitions(std::vector<Definition>& out) {
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
  absl::Status ReadUses(std::vector<Use>& out) {
    if (reader_.Consume(")")) return absl::OkStatus();
    do {
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
      out.push_back(std::move(use));
    } while (reader_.Consume(","));
    return reader_.Expect(")");
  }

  // ": (types) -> types".
  absl::Status ReadSignature(Op& op) {
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

  absl::Status ReadTypes(std::vector<ValueType>& out) {
    ALLOT_RETURN_IF_ERROR(reader_.Expect("("));
    if (reader_.Consume(")")) return absl::OkStatus();
    do {
      ALLOT_ASSIGN_OR_RETURN(ValueType type, types_.ReadValueType());
      out.push_back(std::move(type));
    } while (reader_.Consume(","));
    return reader_.Expect(")");
  }

  absl::StatusOr<Region> ReadRegion() {
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
      ALLOT_ASSIGN_OR_RETURN(Op op, ReadOp());
      region.ops.push_back(std::move(op));
    }
    --region_depth_;
    return region;
  }

  // Behind "(".
  absl::Status ReadArguments(std::vector<Argument>& out) {
    if (reader_.Consume(")")) return absl::OkStatus();
    do {
      Argument argument;
      argument.offset = reader_.Position();
      ALLOT_RETURN_IF_ERROR(reader_.Expect("%"));
      ALLOT_ASSIGN_OR_RETURN(argument.name, reader_.ReadSuffix("the name of a value"));
      ALLOT_RETURN_IF_ERROR(reader_.Expect(":"));
      ALLOT_ASSIGN_OR_RETURN(argument.type, types_.ReadType());
      if (reader_.Next("loc")) {
        ALLOT_ASSIGN_OR_RETURN(const Location location, ReadLocation());
        if (!location.name.empty()) argument.location = location.name;
      }
      out.push_back(std::move(argument));
    } while (reader_.Consume(","));
    return reader_.Expect(")");
  }

  // --- resources ---

  // "{-# dialect_resources: { builtin: { name: "0x..." } } #-}", and external_resources; other
  // sections are skipped.
  absl::Status ReadResources(Document& document) {
    ALLOT_RETURN_IF_ERROR(reader_.Expect("{-#"));
    while (!reader_.Consume("#-}")) {
      if (reader_.Next("external_resources")) {
        ALLOT_RETURN_IF_ERROR(ReadExternalResources(document.external_resources));
      } else {
        const bool ours = reader_.Next("dialect_resources");
        ALLOT_RETURN_IF_ERROR(ReadResourceGroup(ours ? 0 : 2, document.blobs));
      }
      reader_.Consume(",");
    }
    return absl::OkStatus();
  }

  // "external_resources: { group: { key: "value", key: true } }".
  absl::Status ReadExternalResources(std::vector<ExternalResource>& out) {
    reader_.Consume("external_resources");
    ALLOT_RETURN_IF_ERROR(reader_.Expect(":"));
    ALLOT_RETURN_IF_ERROR(reader_.Expect("{"));
    while (!reader_.Consume("}")) {
      ALLOT_ASSIGN_OR_RETURN(const std::string group, ReadKey("a group of resources"));
      ALLOT_RETURN_IF_ERROR(reader_.Expect("{"));
      while (!reader_.Consume("}")) {
        ExternalResource resource;
        resource.group = group;
        ALLOT_ASSIGN_OR_RETURN(resource.key, ReadKey("a resource"));
        if (reader_.Consume("true")) {
          resource.value = "true";
        } else if (reader_.Consume("false")) {
          resource.value = "false";
        } else if (reader_.Next("{")) {
          ALLOT_RETURN_IF_ERROR(SkipValue(0));
        } else {
          ALLOT_ASSIGN_OR_RETURN(resource.value, reader_.ReadString());
        }
        out.push_back(std::move(resource));
        if (!reader_.Consume(",") && !reader_.Next("}")) return reader_.Expect("}");
      }
      if (!reader_.Consume(",") && !reader_.Next("}")) return reader_.Expect("}");
    }
    return absl::OkStatus();
  }

  // "name:", in quotes or not.
  absl::StatusOr<std::string> ReadKey(absl::string_view what) {
    std::string key;
    if (reader_.Next("\"")) {
      ALLOT_ASSIGN_OR_RETURN(key, reader_.ReadString());
    } else {
      key = std::string(reader_.TakeWord());
    }
    if (key.empty()) return reader_.ErrorHere(absl::StrCat("expected the name of ", what));
    ALLOT_RETURN_IF_ERROR(reader_.Expect(":"));
    return key;
  }

  // "name: { ... }" at `level` 0 (dialects) and 1 (their resources); level 2 is skipped.
  absl::Status ReadResourceGroup(int level, std::vector<Blob>& blobs) {
    const absl::string_view name = reader_.TakeWord();
    if (name.empty()) return reader_.ErrorHere("expected the name of a section");
    ALLOT_RETURN_IF_ERROR(reader_.Expect(":"));
    ALLOT_RETURN_IF_ERROR(reader_.Expect("{"));
    while (!reader_.Consume("}")) {
      if (level == 0) {
        ALLOT_RETURN_IF_ERROR(ReadResourceGroup(reader_.Next("builtin") ? 1 : 2, blobs));
      } else {
        ALLOT_RETURN_IF_ERROR(ReadResource(level, blobs));
      }
      if (!reader_.Consume(",") && !reader_.Next("}")) return reader_.Expect("}");
    }
    return absl::OkStatus();
  }

  absl::Status ReadResource(int level, std::vector<Blob>& blobs) {
    Blob blob;
    const size_t offset = reader_.Position();
    ALLOT_ASSIGN_OR_RETURN(blob.name, ReadKey("a resource"));
    if (level == 2) return SkipValue(0);
    const size_t value_offset = reader_.Position();
    ALLOT_ASSIGN_OR_RETURN(const std::string value, reader_.ReadString());
    absl::string_view hex = value;
    std::optional<std::string> bytes;
    if (absl::ConsumePrefix(&hex, "0x")) bytes = BytesOfHex(hex);
    if (!bytes.has_value() || bytes->size() < 4) {
      return reader_.Error(value_offset,
                           "expected \"0x\", four bytes of alignment and the bytes of a constant");
    }
    if (!blob_names_.insert(blob.name).second) {
      return reader_.Error(offset, absl::StrCat("resource '", blob.name, "' is given twice"));
    }
    blob.alignment = 0;
    for (size_t i = 4; i-- > 0;) {
      blob.alignment = blob.alignment << 8 | static_cast<unsigned char>((*bytes)[i]);
    }
    blob.bytes = std::make_shared<const std::string>(bytes->substr(4));
    blobs.push_back(std::move(blob));
    return absl::OkStatus();
  }

  // A string, a truth value or a group of them.
  absl::Status SkipValue(int depth) {
    if (depth > kMaxNesting) return reader_.ErrorHere("nested too deeply");
    if (reader_.Next("\"")) return reader_.ReadString().status();
    if (reader_.Consume("true") || reader_.Consume("false")) return absl::OkStatus();
    ALLOT_RETURN_IF_ERROR(reader_.Expect("{"));
    while (!reader_.Consume("}")) {
      if (reader_.TakeWord().empty()) return reader_.ErrorHere("expected a name");
      ALLOT_RETURN_IF_ERROR(reader_.Expect(":"));
      ALLOT_RETURN_IF_ERROR(SkipValue(depth + 1));
      if (!reader_.Consume(",") && !reader_.Next("}")) return reader_.Expect("}");
    }
    return absl::OkStatus();
  }

  struct Alias {
    Location location;
    size_t size = 0;
  };

  absl::string_view text_;
  TextReader reader_;
  TypeParser types_;
  std::map<std::string, Alias> aliases_;
  size_t expanded_ = 0;  // locations that aliases have stood for so far
  std::set<std::string> blob_names_;
  int region_depth_ = 0;
};

}  // namespace

absl::StatusOr<Document> ParseDocument(absl::string_view text, absl::string_view file_name) {
  return Parser(text, file_name).Run();
}

}  // namespace allot::ir::text
