// Types and attributes of the text form.
#pragma once

#include "absl/status/statusor.h"

#include "ir/text/syntax.h"
#include "ir/text/text_reader.h"

namespace allot::ir::text {

// Types, attributes and regions nested deeper than this are refused: parsing is recursive, and the
// text may be hostile.
inline constexpr int kMaxNesting = 128;

class TypeParser {
 public:
  explicit TypeParser(TextReader& reader) : reader_(reader) {}

  // nullopt for `none`.
  absl::StatusOr<ValueType> ReadValueType();
  absl::StatusOr<Type> ReadType();
  absl::StatusOr<Attr> ReadAttr();
  // With its braces.
  absl::StatusOr<Dictionary> ReadDictionary();

 private:
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
  int depth_ = 0;
};

}  // namespace allot::ir::text
