// Types and attributes around the operators of others' forms: what has a meaning as ONNX is read,
// the rest kept as it is spelled.
#include <algorithm>
#include <optional>
#include <string>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"

#include "ir/text/parse_types.h"
#include "support/status.h"

namespace allot::ir::text {
namespace {

// Aliases of aliases can stand for exponentially much; a real text stays far below this.
constexpr size_t kMaxExpanded = 2'000'000;

}  // namespace

absl::StatusOr<std::string> TypeParser::ReadVerbatim() {
  const auto ends = [](absl::string_view rest) {
    if (rest[0] == ',' || rest[0] == '\n') return true;
    // "loc(...)" and what comes behind a signature are no part of it.
    for (const absl::string_view next : {" loc(", " {", " //", " attributes"}) {
      if (absl::StartsWith(rest, next)) return true;
    }
    return false;
  };
  ALLOT_ASSIGN_OR_RETURN(const absl::string_view text,
                         reader_.TakeBalanced("an attribute or a type", ends));
  return std::string(text);
}

template <typename Result, typename Read>
absl::StatusOr<std::optional<Result>> TypeParser::ReadAliased(absl::string_view sigil, Read read) {
  if (aliases_ == nullptr || aliases_->empty() || !reader_.Next(sigil)) {
    return std::optional<Result>();
  }
  const size_t start = reader_.Position();
  reader_.Consume(sigil);
  const std::string name = absl::StrCat(sigil, reader_.TakeWord());
  const size_t end = start + name.size();
  const auto found = aliases_->find(name);
  if (found == aliases_->end()) {
    reader_.Seek(start);
    return std::optional<Result>();
  }
  if (++expanded_ > kMaxExpanded) return reader_.Error(start, "aliases stand for too much");
  reader_.Seek(found->second);
  ALLOT_ASSIGN_OR_RETURN(Result result, read());
  reader_.Seek(end);
  return std::optional<Result>(std::move(result));
}

absl::StatusOr<ValueType> TypeParser::ReadForeignValueType() {
  if (reader_.Consume("none") || reader_.Consume("!torch.none")) return ValueType();
  ALLOT_ASSIGN_OR_RETURN(std::optional<Type> aliased,
                         ReadAliased<Type>("!", [&] { return ReadType(); }));
  if (aliased.has_value()) return ValueType(*std::move(aliased));
  const size_t start = reader_.Position();
  absl::StatusOr<Type> type = ReadType();
  if (type.ok()) return ValueType(*std::move(type));
  // A type of others, which no value of a model has.
  reader_.Seek(start);
  ALLOT_RETURN_IF_ERROR(ReadVerbatim().status());
  return ValueType(Type::Unknown());
}

absl::StatusOr<Type> TypeParser::ReadForeignType() {
  ALLOT_ASSIGN_OR_RETURN(std::optional<Type> aliased,
                         ReadAliased<Type>("!", [&] { return ReadType(); }));
  if (aliased.has_value()) return *std::move(aliased);
  if (reader_.Consume("!torch.vtensor") || reader_.Consume("!torch.tensor")) {
    return ReadTorchTensor();
  }
  if (reader_.Consume("!torch.list") || reader_.Consume("!torch.optional")) {
    ALLOT_RETURN_IF_ERROR(reader_.Expect("<"));
    ALLOT_ASSIGN_OR_RETURN(Type element, ReadType());
    ALLOT_RETURN_IF_ERROR(reader_.Expect(">"));
    return Type::Sequence(std::move(element));
  }
  ALLOT_RETURN_IF_ERROR(ReadVerbatim().status());
  return Type::Unknown();
}

// Behind "!torch.vtensor": nothing, or <[2,?],f32>, <*,f32>, <[2],unk>.
absl::StatusOr<Type> TypeParser::ReadTorchTensor() {
  if (!reader_.ConsumeAdjacent("<")) {
    return Type::Tensor(ElementType::kUndefined, std::nullopt);
  }
  std::optional<Shape> shape;
  if (!reader_.Consume("*")) {
    shape.emplace();
    ALLOT_RETURN_IF_ERROR(reader_.Expect("["));
    while (!reader_.Consume("]")) {
      if (reader_.Consume("?")) {
        shape->push_back(Dim::Unknown());
      } else {
        reader_.Position();
        ALLOT_ASSIGN_OR_RETURN(const int64_t size, reader_.ReadDigits());
        if (size < 0) return reader_.ErrorHere("expected a size or '?'");
        shape->push_back(Dim::Known(size));
      }
      if (!reader_.Consume(",") && !reader_.Next("]")) return reader_.ErrorHere("expected ']'");
    }
  }
  ALLOT_RETURN_IF_ERROR(reader_.Expect(","));
  ElementType element = ElementType::kUndefined;
  if (!reader_.Consume("unk")) {
    ALLOT_ASSIGN_OR_RETURN(element, ReadElement());
  }
  if (reader_.Consume(",")) ALLOT_RETURN_IF_ERROR(ReadVerbatim().status());  // sparse encodings
  ALLOT_RETURN_IF_ERROR(reader_.Expect(">"));
  return Type::Tensor(element, std::move(shape));
}

absl::StatusOr<Attr> TypeParser::ReadForeignAttr() {
  ALLOT_ASSIGN_OR_RETURN(std::optional<Attr> aliased,
                         ReadAliased<Attr>("#", [&] { return ReadAttr(); }));
  if (aliased.has_value()) return *std::move(aliased);
  const size_t start = reader_.Position();
  absl::StatusOr<Attr> own = ReadOwnAttr();
  if (own.ok()) {
    // Strings may have a type.
    if (reader_.Consume(":")) ALLOT_RETURN_IF_ERROR(ReadVerbatim().status());
    return own;
  }
  reader_.Seek(start);
  Attr attr;
  attr.offset = start;
  Verbatim verbatim;
  if (reader_.Next("dense")) verbatim.why = std::string(own.status().message());
  ALLOT_ASSIGN_OR_RETURN(verbatim.text, ReadVerbatim());
  attr.value = std::move(verbatim);
  return attr;
}

absl::StatusOr<ValueType> ParseValueType(absl::string_view text, Dialects dialects) {
  TextReader reader(text, "type");
  TypeParser parser(reader, dialects);
  ALLOT_ASSIGN_OR_RETURN(ValueType type, parser.ReadValueType());
  if (!reader.AtEnd()) return reader.ErrorHere("expected the end of the type");
  return type;
}

absl::StatusOr<Attr> ParseAttr(absl::string_view text, Dialects dialects) {
  TextReader reader(text, "attribute");
  TypeParser parser(reader, dialects);
  ALLOT_ASSIGN_OR_RETURN(Attr attr, parser.ReadAttr());
  if (!reader.AtEnd()) return reader.ErrorHere("expected the end of the attribute");
  return attr;
}

}  // namespace allot::ir::text
