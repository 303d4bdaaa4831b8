// Types and attributes of the text form.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"

#include "ir/text/syntax.h"
#include "ir/text/text_reader.h"

namespace allot::ir::text {

// What "#name = ..." and "!name = ..." stand for: where in the text it begins, by name with sigil.
using AliasOffsets = std::map<std::string, size_t>;

class TypeParser {
 public:
  // `aliases` must outlive it; only other people's text has them.
  explicit TypeParser(TextReader& reader, Dialects dialects = Dialects::kOwn,
                      const AliasOffsets* aliases = nullptr)
      : reader_(reader), any_(dialects == Dialects::kAny), aliases_(aliases) {}

  // nullopt for `none`.
  absl::StatusOr<ValueType> ReadValueType();
  absl::StatusOr<Type> ReadType();
  absl::StatusOr<Attr> ReadAttr();
  // With its braces.
  absl::StatusOr<Dictionary> ReadDictionary();
  // Skips an attribute or type of whatever spelling, and returns it: up to what must follow one.
  absl::StatusOr<std::string> ReadVerbatim();

 private:
  absl::StatusOr<Attr> ReadOwnAttr();
  absl::StatusOr<Attr> ReadDense();
  // --- parse_foreign.cc: what only Dialects::kAny has ---
  absl::StatusOr<ValueType> ReadForeignValueType();
  absl::StatusOr<Type> ReadForeignType();
  absl::StatusOr<Type> ReadTorchTensor();
  absl::StatusOr<Attr> ReadForeignAttr();
  // Reads what the alias at the next token stands for by `read`; nullopt if there is no such alias.
  template <typename Result, typename Read>
  absl::StatusOr<std::optional<Result>> ReadAliased(absl::string_view sigil, Read read);

  absl::StatusOr<Type> ReadTensor();
  absl::StatusOr<Type> ReadOwnType();
  absl::StatusOr<ElementType> ReadElement();
  absl::Status ApplyEncoding(const Dictionary& encoding, size_t offset, Type& type);
  absl::Status ApplyHints(const Attr& value, Type& type);
  absl::Status ReadDenotation(Type& type);

  absl::StatusOr<Attr> ReadNumberAttr();
  absl::StatusOr<Attr> ReadDenseArray();
  absl::StatusOr<Attr> ReadResource();
  absl::StatusOr<Attr> ReadDialectAttr();
  absl::Status ReadAttrs(absl::string_view end, Array& out);

  TextReader& reader_;
  const bool any_;
  const AliasOffsets* aliases_;
  size_t expanded_ = 0;  // how often aliases have been read
  int depth_ = 0;
};

// The elements of a tensor as they are spelled in dense<...>, packed. An error says what is wrong.
struct SpelledElement {
  TextReader::Number number;  // if it is one
  std::optional<bool> truth;  // if it is one
};
absl::StatusOr<std::string> PackElements(const TextReader& reader, const Type& type,
                                         const std::vector<SpelledElement>& elements);

}  // namespace allot::ir::text
