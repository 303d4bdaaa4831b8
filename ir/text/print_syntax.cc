// Tree -> text, spelled so that stock mlir-opt reads it too.
#include <bit>
#include <charconv>
#include <cmath>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"

#include "ir/text/syntax.h"

namespace allot::ir::text {
namespace {

void PrintString(absl::string_view text, std::string& out) {
  out += '"';
  for (const char c : text) {
    if (absl::ascii_isprint(static_cast<unsigned char>(c)) && c != '"' && c != '\\') {
      out += c;
    } else if (c == '\\') {
      out += "\\\\";
    } else {
      out += '\\';
      for (const char digit : HexOf(absl::string_view(&c, 1))) out += absl::ascii_toupper(digit);
    }
  }
  out += '"';
}

bool IsBareName(absl::string_view name) {
  if (name.empty() || !(absl::ascii_isalpha(name[0]) || name[0] == '_')) return false;
  for (const char c : name) {
    if (!absl::ascii_isalnum(c) && c != '_' && c != '$' && c != '.') return false;
  }
  return true;
}

void PrintName(absl::string_view name, std::string& out) {
  if (IsBareName(name)) {
    out.append(name.data(), name.size());
  } else {
    PrintString(name, out);
  }
}

// The shortest decimal that reads back equal, with the point that MLIR demands; infinities and
// NaNs as their bits.
void PrintFloat(float number, std::string& out) {
  if (!std::isfinite(number)) {
    out += "0x";
    const auto bits = std::bit_cast<uint32_t>(number);
    for (int shift = 28; shift >= 0; shift -= 4) out += "0123456789ABCDEF"[(bits >> shift) & 15];
    return;
  }
  char buffer[40];
  const std::to_chars_result end = std::to_chars(buffer, buffer + sizeof buffer, number);
  const absl::string_view digits(buffer, static_cast<size_t>(end.ptr - buffer));
  const size_t mantissa = std::min(digits.find('e'), digits.size());
  absl::StrAppend(&out, digits.substr(0, mantissa));
  if (digits.find('.') == digits.npos) out += ".0";
  absl::StrAppend(&out, digits.substr(mantissa));
}

void PrintElement(ElementType type, std::string& out) {
  const absl::string_view name = MlirName(type);
  if (type != ElementType::kUndefined && name == MlirName(ElementType::kUndefined)) {
    absl::StrAppend(&out, "!onnx.element<", static_cast<int32_t>(type), ">");
  } else {
    absl::StrAppend(&out, name);
  }
}

// `, "denotation"` as the last parameter of a type of our own.
void PrintDenotation(const Type& type, std::string& out) {
  if (type.denotation.empty()) return;
  out += ", ";
  PrintString(type.denotation, out);
}

template <typename Text>
Attr StringsAttr(const Shape& shape, Text text) {
  Array strings;
  for (const Dim& dim : shape) strings.push_back(StringAttr(text(dim)));
  return Attr{std::move(strings)};
}

void PrintTensor(const Type& type, std::string& out) {
  if (!type.shape.has_value()) {
    if (!type.denotation.empty()) {
      // MLIR's unranked tensors have no room for it.
      out += "!onnx.tensor<";
      PrintElement(type.element, out);
      PrintDenotation(type, out);
      out += '>';
      return;
    }
    out += "tensor<*x";
    PrintElement(type.element, out);
    out += '>';
    return;
  }
  out += "tensor<";
  bool symbols = false;
  bool denotations = false;
  bool hints = false;
  for (const Dim& dim : *type.shape) {
    if (dim.known()) {
      absl::StrAppend(&out, dim.size);
    } else {
      out += '?';
    }
    out += 'x';
    symbols = symbols || !dim.symbol.empty();
    denotations = denotations || !dim.denotation.empty();
    hints = hints || dim.hint >= 0;
  }
  PrintElement(type.element, out);
  Dictionary encoding;
  if (!type.denotation.empty()) Set(encoding, "denotation", StringAttr(type.denotation));
  if (denotations) {
    Set(encoding, "dim_denotations",
        StringsAttr(*type.shape, [](const Dim& dim) { return dim.denotation; }));
  }
  if (hints) {
    Integers sizes;
    for (const Dim& dim : *type.shape) sizes.push_back(dim.hint);
    Set(encoding, "dim_hints", Attr{std::move(sizes)});
  }
  if (symbols) {
    Set(encoding, "dim_params",
        StringsAttr(*type.shape, [](const Dim& dim) { return dim.symbol; }));
  }
  if (!encoding.empty()) {
    out += ", ";
    PrintAttr(Attr{std::move(encoding)}, out);
  }
  out += '>';
}

void PrintTypes(const std::vector<ValueType>& types, std::string& out) {
  for (size_t i = 0; i < types.size(); ++i) {
    if (i > 0) out += ", ";
    if (types[i].has_value()) {
      PrintType(*types[i], out);
    } else {
      out += "none";
    }
  }
}

void PrintDictionary(const Dictionary& dictionary, std::string& out) {
  out += '{';
  for (size_t i = 0; i < dictionary.size(); ++i) {
    if (i > 0) out += ", ";
    PrintName(dictionary[i].name, out);
    if (dictionary[i].value.If<Unit>() != nullptr) continue;
    out += " = ";
    PrintAttr(dictionary[i].value, out);
  }
  out += '}';
}

class Printer {
 public:
  explicit Printer(std::string& out) : out_(out) {}

  void PrintOp(const Op& op, size_t indent) {
    out_.append(indent, ' ');
    for (size_t i = 0; i < op.results.size(); ++i) {
      absl::StrAppend(&out_, i > 0 ? ", %" : "%", op.results[i].name);
      if (op.results[i].count != 1) absl::StrAppend(&out_, ":", op.results[i].count);
    }
    if (!op.results.empty()) out_ += " = ";
    PrintString(op.name, out_);
    out_ += '(';
    for (size_t i = 0; i < op.operands.size(); ++i) {
      absl::StrAppend(&out_, i > 0 ? ", %" : "%", op.operands[i].name);
      if (op.operands[i].result != 0) absl::StrAppend(&out_, "#", op.operands[i].result);
    }
    out_ += ')';
    if (!op.properties.empty()) {
      out_ += " <";
      PrintDictionary(op.properties, out_);
      out_ += '>';
    }
    for (size_t i = 0; i < op.regions.size(); ++i) {
      out_ += i == 0 ? " (" : ", ";
      PrintRegion(op.regions[i], indent);
    }
    if (!op.regions.empty()) out_ += ')';
    if (!op.attributes.empty()) {
      out_ += ' ';
      PrintDictionary(op.attributes, out_);
    }
    out_ += " : (";
    PrintTypes(op.operand_types, out_);
    out_ += ") -> ";
    const bool alone = op.result_types.size() == 1;
    if (!alone) out_ += '(';
    PrintTypes(op.result_types, out_);
    if (!alone) out_ += ')';
    if (op.location.has_value()) {
      out_ += " loc(";
      PrintLocation(*op.location, out_);
      out_ += ')';
    }
    out_ += '\n';
  }

 private:
  void PrintRegion(const Region& region, size_t indent) {
    out_ += "{\n";
    if (!region.arguments.empty()) {
      out_.append(indent, ' ');
      out_ += "^bb0(";
      for (size_t i = 0; i < region.arguments.size(); ++i) {
        const Argument& argument = region.arguments[i];
        absl::StrAppend(&out_, i > 0 ? ", %" : "%", argument.name, ": ");
        PrintType(argument.type, out_);
        if (!argument.location.has_value()) continue;
        out_ += " loc(";
        PrintString(*argument.location, out_);
        out_ += ')';
      }
      out_ += "):\n";
    }
    for (const Op& op : region.ops) PrintOp(op, indent + 2);
    out_.append(indent, ' ');
    out_ += '}';
  }

  std::string& out_;
};

void PrintBlobs(const std::vector<Blob>& blobs, std::string& out) {
  out += "\n{-#\n  dialect_resources: {\n    builtin: {\n";
  for (size_t i = 0; i < blobs.size(); ++i) {
    const Blob& blob = blobs[i];
    // MLIR wants the alignment in front, as four bytes, little endian.
    std::string alignment;
    for (int shift = 0; shift < 32; shift += 8) {
      alignment += static_cast<char>((blob.alignment >> shift) & 0xff);
    }
    absl::StrAppend(&out, "      ", blob.name, ": \"0x", HexOf(alignment), HexOf(*blob.bytes), "\"",
                    i + 1 < blobs.size() ? ",\n" : "\n");
  }
  out += "    }\n  }\n#-}\n";
}

}  // namespace

void PrintType(const Type& type, std::string& out) {
  switch (type.kind) {
    case Type::Kind::kUnknown:
      out += "!onnx.unknown";
      if (type.denotation.empty()) return;
      out += '<';
      PrintString(type.denotation, out);
      break;
    case Type::Kind::kTensor:
      PrintTensor(type, out);
      return;
    case Type::Kind::kSparseTensor:
      out += "!onnx.sparse<";
      PrintTensor(type, out);
      break;
    case Type::Kind::kSequence:
    case Type::Kind::kOptional:
      out += type.kind == Type::Kind::kSequence ? "!onnx.seq<" : "!onnx.opt<";
      PrintType(type.parameters.empty() ? Type() : type.parameters[0], out);
      PrintDenotation(type, out);
      break;
    case Type::Kind::kMap:
      out += "!onnx.map<";
      PrintElement(type.element, out);
      out += ", ";
      PrintType(type.parameters.empty() ? Type() : type.parameters[0], out);
      PrintDenotation(type, out);
      break;
    case Type::Kind::kOpaque:
      absl::StrAppend(&out, "!onnx.opaque<\"", HexOf(type.opaque), "\"");
      PrintDenotation(type, out);
      break;
  }
  out += '>';
}

void PrintAttr(const Attr& attr, std::string& out) {
  if (attr.If<Unit>() != nullptr) {
    out += "unit";
  } else if (const auto* truth = attr.If<bool>()) {
    out += *truth ? "true" : "false";
  } else if (const auto* integer = attr.If<Integer>()) {
    absl::StrAppend(&out, integer->value);
    if (integer->form == Integer::Form::kI64) out += " : i64";
    if (integer->form == Integer::Form::kSi64) out += " : si64";
  } else if (const auto* number = attr.If<float>()) {
    PrintFloat(*number, out);
    out += " : f32";
  } else if (const auto* text = attr.If<std::string>()) {
    PrintString(*text, out);
  } else if (const auto* array = attr.If<Array>()) {
    out += '[';
    for (size_t i = 0; i < array->size(); ++i) {
      if (i > 0) out += ", ";
      PrintAttr((*array)[i], out);
    }
    out += ']';
  } else if (const auto* integers = attr.If<Integers>()) {
    out += "array<i64";
    for (size_t i = 0; i < integers->size(); ++i) {
      absl::StrAppend(&out, i == 0 ? ": " : ", ", (*integers)[i]);
    }
    out += '>';
  } else if (const auto* floats = attr.If<Floats>()) {
    out += "array<f32";
    for (size_t i = 0; i < floats->size(); ++i) {
      out += i == 0 ? ": " : ", ";
      PrintFloat((*floats)[i], out);
    }
    out += '>';
  } else if (const auto* dictionary = attr.If<Dictionary>()) {
    PrintDictionary(*dictionary, out);
  } else if (const auto* resource = attr.If<Resource>()) {
    absl::StrAppend(&out, "dense_resource<", resource->blob, "> : ");
    PrintType(resource->type, out);
  } else if (const auto* elements = attr.If<Elements>()) {
    if (elements->bytes->empty()) {
      out += "dense<> : ";
    } else {
      absl::StrAppend(&out, "dense<\"0x", HexOf(*elements->bytes), "\"> : ");
    }
    PrintType(elements->type, out);
  } else if (const auto* verbatim = attr.If<Verbatim>()) {
    out += verbatim->text;
  } else if (const auto* own = attr.If<DialectAttr>()) {
    absl::StrAppend(&out, "#onnx.", own->name, "<");
    for (size_t i = 0; i < own->arguments.size(); ++i) {
      if (i > 0) out += ", ";
      PrintAttr(own->arguments[i], out);
    }
    out += '>';
    if (own->type.has_value()) {
      out += " : ";
      PrintType(*own->type, out);
    }
  }
}

void PrintLocation(const Location& location, std::string& out) {
  std::string inner;
  if (!location.fused.empty()) {
    inner = "fused[";
    for (size_t i = 0; i < location.fused.size(); ++i) {
      if (i > 0) inner += ", ";
      PrintLocation(location.fused[i], inner);
    }
    inner += ']';
  } else if (!location.file.empty() || location.index != 0) {
    PrintString(location.file, inner);
    absl::StrAppend(&inner, ":", location.index, ":0");
  }
  if (location.name.empty()) {
    out += inner.empty() ? "unknown" : inner;
    return;
  }
  PrintString(location.name, out);
  if (!inner.empty()) absl::StrAppend(&out, "(", inner, ")");
}

std::string PrintDocument(const Document& document) {
  std::string out;
  Printer printer(out);
  for (const Op& op : document.ops) printer.PrintOp(op, 0);
  if (!document.blobs.empty()) PrintBlobs(document.blobs, out);
  return out;
}

}  // namespace allot::ir::text
