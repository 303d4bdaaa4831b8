#include "ir/text/decode_attributes.h"

#include <algorithm>
#include <limits>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"

#include "ir/constant_view.h"
#include "ir/text/keys.h"
#include "support/status.h"

namespace allot::ir::text {
namespace {

bool IsOwn(const Attr& attr, absl::string_view name) {
  const auto* own = attr.If<DialectAttr>();
  return own != nullptr && own->name == name;
}

// Whether the attribute is a constant's value.
bool IsConstant(const Attr& attr) {
  return attr.If<Resource>() != nullptr || attr.If<Elements>() != nullptr || IsOwn(attr, kEmpty) ||
         IsOwn(attr, kExternal) || IsOwn(attr, kModelFile) || IsOwn(attr, kView) ||
         IsOwn(attr, kTensorProto) || IsOwn(attr, kSparseTensorProto);
}

absl::Status ReadTensorType(const ErrorSite& error, const Attr& attr,
                            const std::optional<Type>& type, Constant& constant) {
  if (!type.has_value() || !type->is_tensor() || !type->shape.has_value()) {
    return error(attr.offset, "expected ': tensor<...>' with all dimensions behind a constant");
  }
  constant.element = type->element;
  for (const Dim& dim : *type->shape) {
    if (!dim.known()) return error(attr.offset, "a constant has only known dimensions");
    constant.dims.push_back(dim.size);
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status ReadText(const ErrorSite& error, const Attr* attr, absl::string_view name,
                      std::string& out) {
  if (attr == nullptr) return absl::OkStatus();
  const auto* text = attr->If<std::string>();
  if (text == nullptr) return error(attr->offset, absl::StrCat("'", name, "' must be a string"));
  out = *text;
  return absl::OkStatus();
}

absl::Status ReadHex(const ErrorSite& error, const Attr* attr, absl::string_view name,
                     std::string& out) {
  if (attr == nullptr) return absl::OkStatus();
  const auto* text = attr->If<std::string>();
  std::optional<std::string> bytes = text == nullptr ? std::nullopt : BytesOfHex(*text);
  if (!bytes.has_value()) {
    return error(attr->offset, absl::StrCat("'", name, "' must be a string of hexadecimal digits"));
  }
  out = *std::move(bytes);
  return absl::OkStatus();
}

absl::Status ReadInteger(const ErrorSite& error, const Attr* attr, absl::string_view name,
                         int64_t& out) {
  if (attr == nullptr) return absl::OkStatus();
  const auto* integer = attr->If<Integer>();
  if (integer == nullptr) {
    return error(attr->offset, absl::StrCat("'", name, "' must be an integer"));
  }
  out = integer->value;
  return absl::OkStatus();
}

absl::StatusOr<std::vector<std::string>> StringsOf(const ErrorSite& error, const Attr& attr,
                                                   absl::string_view name) {
  const auto* array = attr.If<Array>();
  std::vector<std::string> strings;
  for (size_t i = 0; array != nullptr && i < array->size(); ++i) {
    const auto* text = (*array)[i].If<std::string>();
    if (text == nullptr) array = nullptr;
    if (text != nullptr) strings.push_back(*text);
  }
  if (array == nullptr) {
    return error(attr.offset, absl::StrCat("'", name, "' must be a list of strings"));
  }
  return strings;
}

AttributeDecoder::AttributeDecoder(const ErrorSite& error, const std::vector<Blob>& blobs,
                                   ConstantPool& pool)
    : error_(error), pool_(pool) {
  for (const Blob& blob : blobs) blobs_.emplace(blob.name, blob.bytes);
}

bool AttributeDecoder::IsAttribute(absl::string_view name) {
  if (absl::StartsWith(name, kAttributePrefix)) return true;
  return name != kNodeName && !absl::StartsWith(name, kMetaPrefix) &&
         !absl::StartsWith(name, kPlacePrefix) && !absl::StartsWith(name, kCostPrefix);
}

absl::StatusOr<AttributeMap> AttributeDecoder::ReadAttributes(const Dictionary& entries) {
  const auto details_of = [&](absl::string_view name) -> absl::StatusOr<const Dictionary*> {
    const Attr* attr = Find(entries, name);
    if (attr == nullptr) return nullptr;
    const auto* details = attr->If<Dictionary>();
    if (details == nullptr) {
      return error_(attr->offset, absl::StrCat("'", name, "' must be a dictionary"));
    }
    for (const NamedAttr& detail : *details) {
      if (!IsAttribute(detail.name) || Find(entries, detail.name) == nullptr) {
        return error_(detail.value.offset,
                      absl::StrCat("there is no attribute '", detail.name, "' here"));
      }
    }
    return details;
  };
  ALLOT_ASSIGN_OR_RETURN(const Dictionary* docs, details_of(kAttributeDocs));
  ALLOT_ASSIGN_OR_RETURN(const Dictionary* unknown_fields, details_of(kAttributeUnknown));
  ALLOT_RETURN_IF_ERROR(details_of(kTensors).status());
  AttributeMap attributes;
  for (const NamedAttr& entry : entries) {
    if (!IsAttribute(entry.name)) continue;
    absl::string_view name = entry.name;
    absl::ConsumePrefix(&name, kAttributePrefix);
    Attribute attribute;
    if (IsConstant(entry.value)) {
      ALLOT_ASSIGN_OR_RETURN(Constant constant, ConstantOf(entry.value));
      ALLOT_RETURN_IF_ERROR(ApplyTensorDetails(entries, entry.name, constant));
      attribute.value = pool_.Add(std::move(constant));
    } else {
      ALLOT_ASSIGN_OR_RETURN(attribute.value, ValueOf(entry.value));
    }
    if (docs != nullptr) {
      ALLOT_RETURN_IF_ERROR(ReadText(error_, Find(*docs, entry.name), entry.name, attribute.doc));
    }
    if (unknown_fields != nullptr) {
      ALLOT_RETURN_IF_ERROR(
          ReadHex(error_, Find(*unknown_fields, entry.name), entry.name, attribute.unknown_fields));
    }
    if (!attributes.emplace(std::string(name), std::move(attribute)).second) {
      return error_(entry.value.offset, absl::StrCat("attribute '", name, "' is given twice"));
    }
  }
  return attributes;
}

absl::StatusOr<ConstantId> AttributeDecoder::ReadConstantValue(const Dictionary& entries,
                                                               const Attr& value,
                                                               absl::string_view usual_name) {
  ALLOT_ASSIGN_OR_RETURN(Constant constant, ConstantOf(value));
  constant.name = std::string(usual_name);
  ALLOT_RETURN_IF_ERROR(ApplyTensorDetails(entries, kValue, constant));
  return pool_.Add(std::move(constant));
}

absl::Status AttributeDecoder::ApplyTensorDetails(const Dictionary& entries, absl::string_view key,
                                                  Constant& constant) {
  const Attr* tensors = Find(entries, kTensors);
  if (tensors == nullptr) return absl::OkStatus();
  const auto* by_key = tensors->If<Dictionary>();
  const Attr* found = by_key == nullptr ? nullptr : Find(*by_key, key);
  if (by_key != nullptr && found == nullptr) return absl::OkStatus();
  const auto* details = found == nullptr ? nullptr : found->If<Dictionary>();
  if (details == nullptr) {
    return error_(tensors->offset,
                  absl::StrCat("'", kTensors, "' must be a dictionary of dictionaries"));
  }
  for (const NamedAttr& detail : *details) {
    if (detail.name != "name" && detail.name != "doc" && detail.name != "unknown_fields") {
      return error_(detail.value.offset, absl::StrCat("constants have no '", detail.name, "'"));
    }
  }
  ALLOT_RETURN_IF_ERROR(ReadText(error_, Find(*details, "name"), "name", constant.name));
  ALLOT_RETURN_IF_ERROR(ReadText(error_, Find(*details, "doc"), "doc", constant.doc));
  return ReadHex(error_, Find(*details, "unknown_fields"), "unknown_fields",
                 constant.unknown_fields);
}

absl::StatusOr<Constant> AttributeDecoder::ConstantOf(const Attr& attr) {
  Constant constant;
  if (const auto* resource = attr.If<Resource>()) {
    ALLOT_RETURN_IF_ERROR(ReadTensorType(error_, attr, resource->type, constant));
    const auto blob = blobs_.find(resource->blob);
    if (blob == blobs_.end()) {
      return error_(attr.offset,
                    resource->blob == kElidedBlob
                        ? "this constant was left out when the text was printed, so the text "
                          "cannot be read back; print it without a limit on elements"
                        : absl::StrCat("there is no resource '", resource->blob, "'"));
    }
    constant.storage = InlineBytes{blob->second};
    return constant;
  }
  if (const auto* elements = attr.If<Elements>()) {
    ALLOT_RETURN_IF_ERROR(ReadTensorType(error_, attr, elements->type, constant));
    constant.storage = InlineBytes{elements->bytes};
    return constant;
  }
  const auto* verbatim = attr.If<Verbatim>();
  if (verbatim != nullptr && !verbatim->why.empty()) {
    return absl::InvalidArgumentError(verbatim->why);
  }
  const auto* own = attr.If<DialectAttr>();
  if (own == nullptr || !IsConstant(attr)) {
    return error_(attr.offset,
                  "expected a constant: dense_resource<...>, dense<...>, #onnx.external<...>, "
                  "#onnx.model_file<...>, #onnx.view<...> or #onnx.tensor_proto<...>");
  }
  ALLOT_RETURN_IF_ERROR(ReadTensorType(error_, attr, own->type, constant));
  if (own->name == kEmpty) {
    if (!own->arguments.empty()) return error_(attr.offset, "#onnx.empty<> has no arguments");
    constant.storage = InlineBytes{std::make_shared<const std::string>()};
    return constant;
  }
  if (own->name == kExternal || own->name == kModelFile) {
    ALLOT_ASSIGN_OR_RETURN(constant.storage, FileOf(attr, *own));
    return constant;
  }
  if (own->name == kView) {
    ALLOT_ASSIGN_OR_RETURN(constant.storage, ViewOf(attr, *own, constant));
    return constant;
  }
  const auto* hex = own->arguments.size() == 1 ? own->arguments[0].If<std::string>() : nullptr;
  std::optional<std::string> bytes = hex == nullptr ? std::nullopt : BytesOfHex(*hex);
  if (!bytes.has_value()) {
    return error_(attr.offset, "expected one string of hexadecimal digits");
  }
  constant.storage = OpaqueTensor{std::make_shared<const std::string>(*std::move(bytes)),
                                  own->name == kSparseTensorProto};
  return constant;
}

absl::StatusOr<FileBytes> AttributeDecoder::FileOf(const Attr& attr, const DialectAttr& own) {
  FileBytes file;
  file.home = own.name == kModelFile ? FileBytes::Home::kModelFile : FileBytes::Home::kExternalFile;
  const Array& arguments = own.arguments;
  bool good = arguments.size() >= 3 && arguments.size() % 2 == 1 &&
              arguments[0].If<std::string>() != nullptr && arguments[1].If<Integer>() != nullptr &&
              arguments[2].If<Integer>() != nullptr;
  for (size_t i = 3; good && i < arguments.size(); ++i) {
    good = arguments[i].If<std::string>() != nullptr;
  }
  if (!good) {
    return error_(attr.offset, absl::StrCat("expected #onnx.", own.name,
                                            "<\"file\", offset, length, \"key\", \"value\", ...>"));
  }
  file.location = *arguments[0].If<std::string>();
  file.offset = arguments[1].If<Integer>()->value;
  file.length = arguments[2].If<Integer>()->value;
  if (file.offset < 0 || file.length < -1) {
    return error_(attr.offset, "offset and length must not be negative");
  }
  for (size_t i = 3; i < arguments.size(); i += 2) {
    file.other.emplace_back(*arguments[i].If<std::string>(), *arguments[i + 1].If<std::string>());
  }
  return file;
}

absl::StatusOr<FileView> AttributeDecoder::ViewOf(const Attr& attr, const DialectAttr& own,
                                                  const Constant& constant) {
  const auto* whole = own.arguments.empty() ? nullptr : own.arguments[0].If<DialectAttr>();
  if (whole == nullptr || (whole->name != kModelFile && whole->name != kExternal)) {
    return error_(attr.offset,
                  "expected #onnx.view<#onnx.model_file<...> : tensor<...>, a list of begin and "
                  "end of runs for each dimension>");
  }
  FileView view;
  ALLOT_ASSIGN_OR_RETURN(view.whole, FileOf(own.arguments[0], *whole));
  Constant of;
  ALLOT_RETURN_IF_ERROR(ReadTensorType(error_, own.arguments[0], whole->type, of));
  if (of.element != constant.element) {
    return error_(attr.offset, "a view and what it is of have the same type of elements");
  }
  view.whole_dims = std::move(of.dims);
  for (size_t i = 1; i < own.arguments.size(); ++i) {
    const auto* ends = own.arguments[i].If<Integers>();
    if (ends == nullptr || ends->size() % 2 != 0) {
      return error_(attr.offset, "runs are array<i64: begin, end, ...>");
    }
    std::vector<IndexRun>& runs = view.kept.emplace_back();
    for (size_t at = 0; at < ends->size(); at += 2) runs.push_back({(*ends)[at], (*ends)[at + 1]});
  }
  if (const std::string fault = FaultOfView(view, constant); !fault.empty()) {
    return error_(attr.offset, absl::StrCat("this constant ", fault));
  }
  return view;
}

absl::StatusOr<AttributeValue> AttributeDecoder::ValueOf(const Attr& attr) {
  if (const auto* integer = attr.If<Integer>()) return AttributeValue(integer->value);
  if (const auto* truth = attr.If<bool>()) return AttributeValue(int64_t{*truth});
  if (const auto* number = attr.If<float>()) return AttributeValue(*number);
  if (const auto* text = attr.If<std::string>()) return AttributeValue(*text);
  if (const auto* integers = attr.If<Integers>()) return AttributeValue(*integers);
  if (const auto* floats = attr.If<Floats>()) return AttributeValue(*floats);
  if (const auto* array = attr.If<Array>()) return ListOf(attr, *array);
  if (const auto* own = attr.If<DialectAttr>()) return OwnValueOf(attr, *own);
  if (const auto* verbatim = attr.If<Verbatim>()) {
    return error_(attr.offset, absl::StrCat("'", verbatim->text, "' is no attribute of ONNX"));
  }
  return error_(attr.offset, attr.If<Unit>() != nullptr
                                 ? "an attribute of an operator needs a value"
                                 : "an attribute of an operator cannot be a dictionary");
}

// [1, 2] and [1.0, 2.0] are what people write for array<...>; [] is a list of strings.
absl::StatusOr<AttributeValue> AttributeDecoder::ListOf(const Attr& attr, const Array& elements) {
  std::vector<std::string> texts;
  std::vector<int64_t> integers;
  std::vector<float> floats;
  for (const Attr& element : elements) {
    if (const auto* text = element.If<std::string>()) texts.push_back(*text);
    if (const auto* integer = element.If<Integer>()) integers.push_back(integer->value);
    if (const auto* number = element.If<float>()) floats.push_back(*number);
  }
  if (texts.size() == elements.size()) return AttributeValue(std::move(texts));
  if (integers.size() == elements.size()) return AttributeValue(std::move(integers));
  if (floats.size() == elements.size()) return AttributeValue(std::move(floats));
  return error_(attr.offset, "a list holds only strings, only integers or only floats");
}

absl::StatusOr<AttributeValue> AttributeDecoder::OwnValueOf(const Attr& attr,
                                                            const DialectAttr& own) {
  const Array& arguments = own.arguments;
  const auto* text = arguments.empty() ? nullptr : arguments[0].If<std::string>();
  const auto* number = arguments.empty() ? nullptr : arguments.back().If<Integer>();
  const auto fits = [&] { return number->value == static_cast<int32_t>(number->value); };
  if (own.name == kRegion && arguments.size() == 1 && number != nullptr && fits()) {
    return AttributeValue(RegionIndex{static_cast<int32_t>(number->value)});
  }
  if (own.name == kReference && arguments.size() == 2 && text != nullptr && number != nullptr &&
      fits()) {
    return AttributeValue(AttributeReference{*text, static_cast<int32_t>(number->value)});
  }
  if (own.name == kProto && arguments.size() == 1 && text != nullptr) {
    if (std::optional<std::string> bytes = BytesOfHex(*text)) {
      return AttributeValue(OpaqueAttribute{*std::move(bytes)});
    }
  }
  return error_(attr.offset,
                "expected #onnx.region<0>, #onnx.ref<\"name\", type> or #onnx.proto<\"hex\">");
}

}  // namespace allot::ir::text
