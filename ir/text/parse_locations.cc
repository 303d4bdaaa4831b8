// loc(...), and the aliases that mlir-opt prints for it.
#include <utility>

#include "absl/strings/str_cat.h"

#include "ir/text/document_parser.h"
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

}  // namespace

absl::Status DocumentParser::ReadAliases() {
  for (size_t line = 0; line < text_.size();) {
    if (text_[line] == '#' || (any_ && text_[line] == '!')) {
      reader_.Seek(line);
      if (AtAlias()) ALLOT_RETURN_IF_ERROR(ReadAlias());
    }
    const size_t newline = text_.find('\n', line);
    line = newline == text_.npos ? text_.size() : newline + 1;
  }
  return absl::OkStatus();
}

bool DocumentParser::AtAlias() {
  const size_t start = reader_.Position();
  const bool alias = (reader_.Consume("#") || (any_ && reader_.Consume("!"))) &&
                     !reader_.TakeWord().empty() && reader_.Consume("=");
  reader_.Seek(start);
  return alias;
}

absl::Status DocumentParser::ReadAlias() {
  const bool type = reader_.Consume("!");
  if (!type) ALLOT_RETURN_IF_ERROR(reader_.Expect("#"));
  const std::string name(reader_.TakeWord());
  ALLOT_RETURN_IF_ERROR(reader_.Expect("="));
  if (any_ && (type || !reader_.Next("loc"))) {
    alias_offsets_[absl::StrCat(type ? "!" : "#", name)] = reader_.Position();
    return types_.ReadVerbatim().status();
  }
  if (!reader_.Next("loc")) return reader_.ErrorHere("only locations may have aliases");
  ALLOT_ASSIGN_OR_RETURN(Location location, ReadLocation());
  const size_t size = SizeOf(location);
  aliases_[name] = {std::move(location), size};
  return absl::OkStatus();
}

// "loc(...)".
absl::StatusOr<Location> DocumentParser::ReadLocation() {
  ALLOT_RETURN_IF_ERROR(reader_.Expect("loc"));
  ALLOT_RETURN_IF_ERROR(reader_.Expect("("));
  ALLOT_ASSIGN_OR_RETURN(Location location, ReadLocationBody(0));
  ALLOT_RETURN_IF_ERROR(reader_.Expect(")"));
  return location;
}

absl::StatusOr<Location> DocumentParser::ReadLocationBody(int depth) {
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

absl::StatusOr<Location> DocumentParser::ReadFused(int depth) {
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

absl::StatusOr<int64_t> DocumentParser::ReadCount() {
  ALLOT_ASSIGN_OR_RETURN(const TextReader::Number number, reader_.ReadNumber());
  return IntegerOf(reader_, number);
}

}  // namespace allot::ir::text
