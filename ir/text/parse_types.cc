#include "ir/text/parse_types.h"

#include <algorithm>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"

#include "support/status.h"

namespace allot::ir::text {
namespace {

// Counts nesting while it lives.
class Nested {
 public:
  explicit Nested(int& depth) : depth_(depth) { ++depth_; }
  ~Nested() { --depth_; }
  Nested(const Nested&) = delete;
  Nested& operator=(const Nested&) = delete;

 private:
  int& depth_;
};

// "i64", "si8", "ui32", "index".
bool IsIntegerType(absl::string_view word) {
  if (word == "index") return true;
  if (!absl::ConsumePrefix(&word, "i") && !absl::ConsumePrefix(&word, "si") &&
      !absl::ConsumePrefix(&word, "ui")) {
    return false;
  }
  return !word.empty() && std::all_of(word.begin(), word.end(), absl::ascii_isdigit);
}

bool IsFloatType(absl::string_view word) { return word == "f32" || word == "f64"; }

}  // namespace

absl::StatusOr<ValueType> TypeParser::ReadValueType() {
  if (any_) return ReadForeignValueType();
  if (reader_.Consume("none")) return ValueType();
  ALLOT_ASSIGN_OR_RETURN(Type type, ReadType());
  return ValueType(std::move(type));
}

absl::StatusOr<Type> TypeParser::ReadType() {
  const Nested nested(depth_);
  if (depth_ > kMaxNesting) return reader_.ErrorHere("nested too deeply");
  if (reader_.Consume("tensor")) return ReadTensor();
  if (reader_.Consume("!onnx.")) return ReadOwnType();
  if (any_) return ReadForeignType();
  return reader_.ErrorHere("expected a type: tensor<...>, !onnx.seq<...>, ...");
}

absl::StatusOr<ElementType> TypeParser::ReadElement() {
  const size_t start = reader_.Position();
  std::string name;
  if (reader_.Consume("!onnx.")) {
    name = absl::StrCat("!onnx.", reader_.TakeWord());
    if (name == "!onnx.element") {
      ALLOT_RETURN_IF_ERROR(reader_.Expect("<"));
      ALLOT_ASSIGN_OR_RETURN(const TextReader::Number number, reader_.ReadNumber());
      ALLOT_ASSIGN_OR_RETURN(const int64_t value, IntegerOf(reader_, number));
      ALLOT_RETURN_IF_ERROR(reader_.Expect(">"));
      if (value != static_cast<int32_t>(value)) {
        return reader_.Error(start, "number of an element type is too large");
      }
      return static_cast<ElementType>(value);
    }
  } else if (reader_.Consume("complex")) {
    ALLOT_RETURN_IF_ERROR(reader_.Expect("<"));
    name = absl::StrCat("complex<", reader_.TakeWord(), ">");
    ALLOT_RETURN_IF_ERROR(reader_.Expect(">"));
  } else {
    name = std::string(reader_.TakeWord());
    // Signed integers are ONNX's only ones, so that our own form says no more than "i64".
    if (any_ && name.size() > 2 && name[0] == 's' && name[1] == 'i') name.erase(0, 1);
  }
  if (any_ && name == "!onnx.String") name = "!onnx.string";  // onnx-mlir
  const std::optional<ElementType> element = ElementTypeFromMlirName(name);
  if (!element.has_value()) {
    return reader_.Error(start, absl::StrCat("'", name, "' is no element type"));
  }
  return *element;
}

// Behind "tensor".
absl::StatusOr<Type> TypeParser::ReadTensor() {
  ALLOT_RETURN_IF_ERROR(reader_.Expect("<"));
  std::optional<Shape> shape;
  if (reader_.Consume("*")) {
    if (!reader_.ConsumeAdjacent("x")) return reader_.ErrorHere("expected 'x'");
  } else {
    shape.emplace();
    while (true) {
      reader_.Position();
      if (reader_.ConsumeAdjacent("?")) {
        shape->push_back(Dim::Unknown());
      } else {
        ALLOT_ASSIGN_OR_RETURN(const int64_t size, reader_.ReadDigits());
        if (size < 0) break;
        shape->push_back(Dim::Known(size));
      }
      if (!reader_.ConsumeAdjacent("x"))
        return reader_.ErrorHere("expected 'x' behind a dimension");
    }
  }
  ALLOT_ASSIGN_OR_RETURN(const ElementType element, ReadElement());
  Type type = Type::Tensor(element, std::move(shape));
  if (reader_.Consume(",")) {
    const size_t offset = reader_.Position();
    ALLOT_ASSIGN_OR_RETURN(const Dictionary encoding, ReadDictionary());
    ALLOT_RETURN_IF_ERROR(ApplyEncoding(encoding, offset, type));
  }
  ALLOT_RETURN_IF_ERROR(reader_.Expect(">"));
  return type;
}

absl::Status TypeParser::ApplyEncoding(const Dictionary& encoding, size_t offset, Type& type) {
  if (!type.shape.has_value()) {
    return reader_.Error(offset, "a tensor of unknown rank has no encoding");
  }
  for (const NamedAttr& entry : encoding) {
    if (entry.name == "denotation" && entry.value.If<std::string>() != nullptr) {
      type.denotation = *entry.value.If<std::string>();
      continue;
    }
    if (entry.name == "dim_hints") {
      ALLOT_RETURN_IF_ERROR(ApplyHints(entry.value, type));
      continue;
    }
    const bool symbols = entry.name == "dim_params";
    const auto* strings = entry.value.If<Array>();
    if ((!symbols && entry.name != "dim_denotations") || strings == nullptr ||
        strings->size() != type.shape->size()) {
      return reader_.Error(entry.value.offset,
                           "expected denotation = \"...\", dim_params or dim_denotations = [...] "
                           "with one string for each dimension, or dim_hints = array<i64: ...>");
    }
    for (size_t i = 0; i < strings->size(); ++i) {
      const auto* text = (*strings)[i].If<std::string>();
      if (text == nullptr) return reader_.Error((*strings)[i].offset, "expected a string");
      Dim& dim = (*type.shape)[i];
      if (symbols && !text->empty() && dim.known()) {
        return reader_.Error((*strings)[i].offset, "this dimension is a number already");
      }
      (symbols ? dim.symbol : dim.denotation) = *text;
    }
  }
  return absl::OkStatus();
}

// Sizes that the model states; -1 where it states none.
absl::Status TypeParser::ApplyHints(const Attr& value, Type& type) {
  const auto* sizes = value.If<Integers>();
  if (sizes == nullptr || sizes->size() != type.shape->size()) {
    return reader_.Error(value.offset,
                         "expected dim_hints = array<i64: ...> with one number for each dimension");
  }
  for (size_t i = 0; i < sizes->size(); ++i) {
    Dim& dim = (*type.shape)[i];
    if ((*sizes)[i] < -1) return reader_.Error(value.offset, "a hint is -1 or a size");
    if ((*sizes)[i] >= 0 && dim.known()) {
      return reader_.Error(value.offset, "a dimension that is a number has no hint");
    }
    dim.hint = (*sizes)[i];
  }
  return absl::OkStatus();
}

absl::Status TypeParser::ReadDenotation(Type& type) {
  if (!reader_.Consume(",")) return absl::OkStatus();
  ALLOT_ASSIGN_OR_RETURN(type.denotation, reader_.ReadString());
  return absl::OkStatus();
}

// Behind "!onnx.".
absl::StatusOr<Type> TypeParser::ReadOwnType() {
  const size_t start = reader_.Position();
  const absl::string_view name = reader_.TakeWord();
  Type type;
  if (name == "unknown") {
    if (!reader_.Consume("<")) return type;
    ALLOT_ASSIGN_OR_RETURN(type.denotation, reader_.ReadString());
    ALLOT_RETURN_IF_ERROR(reader_.Expect(">"));
    return type;
  }
  ALLOT_RETURN_IF_ERROR(reader_.Expect("<"));
  if (name == "tensor") {
    ALLOT_ASSIGN_OR_RETURN(const ElementType element, ReadElement());
    type = Type::Tensor(element, std::nullopt);
  } else if (name == "sparse") {
    ALLOT_ASSIGN_OR_RETURN(type, ReadType());
    if (!type.is_tensor()) return reader_.Error(start, "expected a tensor type in sparse<...>");
    type.kind = Type::Kind::kSparseTensor;
  } else if (name == "seq" || name == "opt") {
    ALLOT_ASSIGN_OR_RETURN(Type parameter, ReadType());
    type =
        name == "seq" ? Type::Sequence(std::move(parameter)) : Type::Optional(std::move(parameter));
  } else if (name == "map") {
    type.kind = Type::Kind::kMap;
    ALLOT_ASSIGN_OR_RETURN(type.element, ReadElement());
    ALLOT_RETURN_IF_ERROR(reader_.Expect(","));
    ALLOT_ASSIGN_OR_RETURN(Type parameter, ReadType());
    type.parameters.push_back(std::move(parameter));
  } else if (name == "opaque") {
    type.kind = Type::Kind::kOpaque;
    ALLOT_ASSIGN_OR_RETURN(const std::string hex, reader_.ReadString());
    std::optional<std::string> bytes = BytesOfHex(hex);
    if (!bytes.has_value()) return reader_.Error(start, "expected hexadecimal digits");
    type.opaque = *std::move(bytes);
  } else {
    return reader_.Error(start, absl::StrCat("there is no type !onnx.", name));
  }
  ALLOT_RETURN_IF_ERROR(ReadDenotation(type));
  ALLOT_RETURN_IF_ERROR(reader_.Expect(">"));
  return type;
}

absl::StatusOr<Dictionary> TypeParser::ReadDictionary() {
  Dictionary dictionary;
  ALLOT_RETURN_IF_ERROR(reader_.Expect("{"));
  if (reader_.Consume("}")) return dictionary;
  do {
    const size_t offset = reader_.Position();
    NamedAttr entry;
    entry.begin = offset;
    if (reader_.Next("\"")) {
      ALLOT_ASSIGN_OR_RETURN(entry.name, reader_.ReadString());
    } else {
      entry.name = std::string(reader_.TakeWord());
    }
    if (entry.name.empty()) return reader_.Error(offset, "expected the name of an attribute");
    if (reader_.Consume("=")) {
      ALLOT_ASSIGN_OR_RETURN(entry.value, ReadAttr());
    } else {
      entry.value.offset = offset;
    }
    entry.end = reader_.End();
    dictionary.push_back(std::move(entry));
  } while (reader_.Consume(","));
  ALLOT_RETURN_IF_ERROR(reader_.Expect("}"));
  std::stable_sort(dictionary.begin(), dictionary.end(),
                   [](const NamedAttr& a, const NamedAttr& b) { return a.name < b.name; });
  const auto twin =
      std::adjacent_find(dictionary.begin(), dictionary.end(),
                         [](const NamedAttr& a, const NamedAttr& b) { return a.name == b.name; });
  if (twin != dictionary.end()) {
    return reader_.Error(std::next(twin)->value.offset,
                         absl::StrCat("attribute '", twin->name, "' is given twice"));
  }
  return dictionary;
}

absl::Status TypeParser::ReadAttrs(absl::string_view end, Array& out) {
  if (reader_.Consume(end)) return absl::OkStatus();
  do {
    ALLOT_ASSIGN_OR_RETURN(Attr attr, ReadAttr());
    out.push_back(std::move(attr));
  } while (reader_.Consume(","));
  return reader_.Expect(end);
}

absl::StatusOr<Attr> TypeParser::ReadAttr() {
  const Nested nested(depth_);
  if (depth_ > kMaxNesting) return reader_.ErrorHere("nested too deeply");
  return any_ ? ReadForeignAttr() : ReadOwnAttr();
}

absl::StatusOr<Attr> TypeParser::ReadOwnAttr() {
  const size_t start = reader_.Position();
  Attr attr;
  if (reader_.Next("\"")) {
    ALLOT_ASSIGN_OR_RETURN(attr.value, reader_.ReadString());
  } else if (reader_.AtNumber()) {
    ALLOT_ASSIGN_OR_RETURN(attr, ReadNumberAttr());
  } else if (reader_.Consume("[")) {
    Array elements;
    ALLOT_RETURN_IF_ERROR(ReadAttrs("]", elements));
    attr.value = std::move(elements);
  } else if (reader_.Next("{")) {
    ALLOT_ASSIGN_OR_RETURN(attr.value, ReadDictionary());
  } else if (reader_.Consume("true")) {
    attr.value = true;
  } else if (reader_.Consume("false")) {
    attr.value = false;
  } else if (reader_.Consume("unit")) {
    attr.value = Unit();
  } else if (reader_.Consume("array")) {
    ALLOT_ASSIGN_OR_RETURN(attr, ReadDenseArray());
  } else if (reader_.Consume("dense")) {
    ALLOT_ASSIGN_OR_RETURN(attr, ReadDense());
  } else if (reader_.Consume("dense_resource")) {
    ALLOT_ASSIGN_OR_RETURN(attr, ReadResource());
  } else if (reader_.Consume("#onnx.")) {
    ALLOT_ASSIGN_OR_RETURN(attr, ReadDialectAttr());
  } else {
    return reader_.ErrorHere("expected an attribute");
  }
  attr.offset = start;
  return attr;
}

absl::StatusOr<Attr> TypeParser::ReadNumberAttr() {
  Attr attr;
  ALLOT_ASSIGN_OR_RETURN(const TextReader::Number number, reader_.ReadNumber());
  bool floating = number.floating;
  if (reader_.Consume(":")) {
    const size_t offset = reader_.Position();
    const absl::string_view type = reader_.TakeWord();
    if (IsFloatType(type)) {
      floating = true;
    } else if (!IsIntegerType(type) || floating) {
      return reader_.Error(offset, "expected the type of a number, as i64, si64 or f32");
    }
  }
  if (floating) {
    ALLOT_ASSIGN_OR_RETURN(attr.value, FloatOf(reader_, number));
  } else {
    ALLOT_ASSIGN_OR_RETURN(const int64_t value, IntegerOf(reader_, number));
    attr.value = Integer{value, Integer::Form::kI64};
  }
  return attr;
}

// Behind "array".
absl::StatusOr<Attr> TypeParser::ReadDenseArray() {
  Attr attr;
  ALLOT_RETURN_IF_ERROR(reader_.Expect("<"));
  const size_t offset = reader_.Position();
  const absl::string_view type = reader_.TakeWord();
  const bool floating = type == "f32";
  if (!floating && type != "i64") return reader_.Error(offset, "expected i64 or f32");
  Integers integers;
  Floats floats;
  if (reader_.Consume(":")) {
    do {
      ALLOT_ASSIGN_OR_RETURN(const TextReader::Number number, reader_.ReadNumber());
      if (floating) {
        ALLOT_ASSIGN_OR_RETURN(const float value, FloatOf(reader_, number));
        floats.push_back(value);
      } else {
        ALLOT_ASSIGN_OR_RETURN(const int64_t value, IntegerOf(reader_, number));
        integers.push_back(value);
      }
    } while (reader_.Consume(","));
  }
  ALLOT_RETURN_IF_ERROR(reader_.Expect(">"));
  if (floating) {
    attr.value = std::move(floats);
  } else {
    attr.value = std::move(integers);
  }
  return attr;
}

// Behind "dense_resource".
absl::StatusOr<Attr> TypeParser::ReadResource() {
  Attr attr;
  Resource resource;
  ALLOT_RETURN_IF_ERROR(reader_.Expect("<"));
  if (reader_.Next("\"")) {
    ALLOT_ASSIGN_OR_RETURN(resource.blob, reader_.ReadString());
  } else {
    resource.blob = std::string(reader_.TakeWord());
  }
  if (resource.blob.empty()) return reader_.ErrorHere("expected the name of a resource");
  ALLOT_RETURN_IF_ERROR(reader_.Expect(">"));
  ALLOT_RETURN_IF_ERROR(reader_.Expect(":"));
  ALLOT_ASSIGN_OR_RETURN(resource.type, ReadType());
  attr.value = std::move(resource);
  return attr;
}

// Behind "#onnx.".
absl::StatusOr<Attr> TypeParser::ReadDialectAttr() {
  Attr attr;
  DialectAttr own;
  own.name = std::string(reader_.TakeWord());
  ALLOT_RETURN_IF_ERROR(reader_.Expect("<"));
  ALLOT_RETURN_IF_ERROR(ReadAttrs(">", own.arguments));
  if (reader_.Consume(":")) {
    ALLOT_ASSIGN_OR_RETURN(own.type, ReadType());
  }
  attr.value = std::move(own);
  return attr;
}

}  // namespace allot::ir::text
