// Reads a text from left to right: the lexical level of MLIR's syntax. Spaces and // comments
// before a token are skipped.
#pragma once

#include <cstdint>
#include <string>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace allot::ir::text {

// Brackets, types, attributes and regions nested deeper than this are refused: parsing is
// recursive, and the text may be hostile.
inline constexpr int kMaxNesting = 128;

class TextReader {
 public:
  TextReader(absl::string_view text, absl::string_view file_name)
      : text_(text), file_name_(file_name) {}

  // The offset of the next token.
  size_t Position();
  bool AtEnd() { return Position() == text_.size(); }
  // The rest of the text from the next token on.
  absl::string_view Rest() { return text_.substr(Position()); }
  // Whether the next token starts with `token`; Consume also skips it. Words must be whole: "loc"
  // is not the start of "location".
  bool Next(absl::string_view token);
  bool Consume(absl::string_view token);
  // Like Consume, but the token must follow without a space.
  bool ConsumeAdjacent(absl::string_view token);
  absl::Status Expect(absl::string_view token);

  // "Conv", "onnx_node_name", "value.0": [A-Za-z_][A-Za-z0-9_$.]*; empty if there is none.
  absl::string_view TakeWord();
  // What may follow % and ^: also digits in front and hyphens.
  absl::StatusOr<std::string> ReadSuffix(absl::string_view what);
  // Adjacent digits only, without a sign: "12" of "12x3"; -1 if there is none, an error if too
  // large.
  absl::StatusOr<int64_t> ReadDigits();
  // A string in quotes, with MLIR's escapes.
  absl::StatusOr<std::string> ReadString();
  // A number as it is spelled: "-1", "0x7F800000", "-1.5e+03".
  struct Number {
    absl::string_view spelling;
    bool hexadecimal = false;
    bool floating = false;
    size_t offset = 0;
  };
  absl::StatusOr<Number> ReadNumber();
  bool AtNumber();

  // The text from the next token on up to where `ends` holds of what follows, outside of strings
  // and of brackets that were opened on the way, or to a bracket that closes one opened before.
  // `what` stands there: an error if nothing does.
  absl::StatusOr<absl::string_view> TakeBalanced(absl::string_view what,
                                                 absl::FunctionRef<bool(absl::string_view)> ends);

  void Seek(size_t offset) { at_ = offset; }
  // Behind the last token that was read.
  size_t End() const { return at_; }
  absl::Status ErrorHere(absl::string_view message) { return Error(Position(), message); }
  absl::Status Error(size_t offset, absl::string_view message) const;

 private:
  void SkipSpace();

  absl::string_view text_;
  absl::string_view file_name_;
  size_t at_ = 0;
};

// Decimal or hexadecimal, with sign; an error beyond 64 bits. Hexadecimal ones may have the top
// bit.
absl::StatusOr<int64_t> IntegerOf(const TextReader& reader, const TextReader::Number& number);
// Decimal, or hexadecimal for the bits of a float.
absl::StatusOr<float> FloatOf(const TextReader& reader, const TextReader::Number& number);
// Decimal only.
absl::StatusOr<double> DoubleOf(const TextReader& reader, const TextReader::Number& number);

}  // namespace allot::ir::text
