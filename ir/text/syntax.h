// MLIR's generic form as a tree, with no meaning attached: what the text says, op by op. Printing
// goes Module -> tree -> text and parsing text -> tree -> Module, so that both directions share one
// picture of the form.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

#include "ir/graph.h"
#include "ir/parse.h"
#include "ir/type.h"

namespace allot::ir::text {

// An attribute that is there and says nothing more: {declared}.
struct Unit {};
struct Integer {
  enum class Form { kBare, kI64, kSi64 };  // 1, 1 : i64, 1 : si64; all the same when read
  int64_t value = 0;
  Form form = Form::kI64;
};
// dense_resource<blob> : type
struct Resource {
  std::string blob;
  Type type;
};
// dense<...> : type. The elements as ONNX packs them.
struct Elements {
  Type type;
  std::shared_ptr<const std::string> bytes;
};
// What has no meaning here, as it is spelled: #map, @main, affine_map<...>, i64.
struct Verbatim {
  std::string text;
  std::string why;  // of elements that could not be read: the error; else empty
};
struct Attr;
struct NamedAttr;
// #onnx.name<argument, ...> : type
struct DialectAttr {
  std::string name;
  std::vector<Attr> arguments;
  std::optional<Type> type;
};
using Array = std::vector<Attr>;            // [a, b]
using Integers = std::vector<int64_t>;      // array<i64: 1, 2>
using Floats = std::vector<float>;          // array<f32: 1.0>
using Dictionary = std::vector<NamedAttr>;  // {a = 1, b}; sorted by name, each name once

struct Attr {
  std::variant<Unit, bool, Integer, float, std::string, Array, Integers, Floats, Dictionary,
               Resource, DialectAttr, Elements, Verbatim>
      value;
  size_t offset = 0;  // where in the text it stands

  template <typename T>
  const T* If() const {
    return std::get_if<T>(&value);
  }
};
struct NamedAttr {
  std::string name;
  Attr value;
  size_t begin = 0, end = 0;  // in the text
};

inline Attr IntegerAttr(int64_t value, Integer::Form form = Integer::Form::kI64) {
  return Attr{Integer{value, form}};
}
inline Attr StringAttr(absl::string_view text) { return Attr{std::string(text)}; }
// Inserts in order. For small dictionaries: linear.
void Set(Dictionary& dictionary, absl::string_view name, Attr value);
// nullptr if absent.
const Attr* Find(const Dictionary& dictionary, absl::string_view name);

// "%conv" or "%split#1".
struct Use {
  std::string name;  // without %
  int32_t result = 0;
  size_t offset = 0;
};
// "%split:2" in front of "=".
struct Definition {
  std::string name;
  int32_t count = 1;
  size_t offset = 0;
};
struct Argument {
  std::string name;
  Type type;
  std::optional<std::string> location;  // the name in loc("x")
  size_t offset = 0;
};

struct Op;
struct Region {
  std::vector<Argument> arguments;
  std::vector<Op> ops;
};
// `none`, the type of absent operands, is nullopt.
using ValueType = std::optional<Type>;

struct Op {
  std::string name;
  std::vector<Definition> results;
  std::vector<Use> operands;
  Dictionary properties;  // <{...}>; readers look at both dictionaries
  std::vector<Region> regions;
  Dictionary attributes;
  std::vector<ValueType> operand_types;
  std::vector<ValueType> result_types;
  std::optional<Location> location;
  size_t offset = 0;
  // In the text: the attributes with their braces, or where they would stand.
  size_t attributes_begin = 0, attributes_end = 0;

  // In attributes, then in properties.
  const Attr* FindAttr(absl::string_view attr) const;
};

struct Blob {
  std::string name;
  uint32_t alignment = 1;
  std::shared_ptr<const std::string> bytes;
};

struct Document {
  std::vector<Op> ops;
  std::vector<Blob> blobs;
  std::vector<ExternalResource> external_resources;
};

// --- to text ---
std::string PrintDocument(const Document& document);
void PrintType(const Type& type, std::string& out);
void PrintAttr(const Attr& attr, std::string& out);
// As inside loc(...).
void PrintLocation(const Location& location, std::string& out);
std::string HexOf(absl::string_view bytes);
// nullopt unless pairs of hexadecimal digits.
std::optional<std::string> BytesOfHex(absl::string_view hex);

// --- from text ---
// Whose operators, types and attributes a text may hold: only those of our own form; or also what
// others print around theirs, which stays as it is spelled, and a few operators in a form of their
// own (parse_custom.cc).
enum class Dialects { kOwn, kAny };
// kOwn for a text with a graph or function in our form.
Dialects DialectsOf(absl::string_view text);
// Reads until the end of the text. Errors are "file:line:column: message", line and caret.
absl::StatusOr<Document> ParseDocument(absl::string_view text, absl::string_view file_name,
                                       Dialects dialects = Dialects::kOwn);
// A type by itself; nullopt for `none`. Errors are without a place.
absl::StatusOr<ValueType> ParseValueType(absl::string_view text, Dialects dialects);
// An attribute by itself.
absl::StatusOr<Attr> ParseAttr(absl::string_view text, Dialects dialects);
// The error form of everything that concerns a place in a text.
absl::Status ErrorAt(absl::string_view text, absl::string_view file_name, size_t offset,
                     absl::string_view message);

}  // namespace allot::ir::text
