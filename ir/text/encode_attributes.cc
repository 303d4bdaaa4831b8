#include "ir/text/encode_attributes.h"

#include <algorithm>
#include <bit>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"

#include "ir/text/keys.h"

namespace allot::ir::text {
namespace {

// Names that the text form uses itself go under a prefix; so does the empty name, which MLIR does
// not allow.
std::string AttributeKey(const std::string& name) {
  const bool taken = name.empty() || name == kNodeName || absl::StartsWith(name, kMetaPrefix) ||
                     absl::StartsWith(name, kPlacePrefix) || absl::StartsWith(name, kCostPrefix);
  return taken ? absl::StrCat(kAttributePrefix, name) : name;
}

Attr StringsAttr(const std::vector<std::string>& strings) {
  Array array;
  for (const std::string& string : strings) array.push_back(StringAttr(string));
  return Attr{std::move(array)};
}

Attr BareInteger(int64_t value) { return IntegerAttr(value, Integer::Form::kBare); }

DialectAttr FileAttr(const FileBytes& file) {
  DialectAttr attr;
  attr.name = std::string(file.home == FileBytes::Home::kModelFile ? kModelFile : kExternal);
  attr.arguments = {StringAttr(file.location), BareInteger(file.offset), BareInteger(file.length)};
  for (const auto& [key, value] : file.other) {
    attr.arguments.push_back(StringAttr(key));
    attr.arguments.push_back(StringAttr(value));
  }
  return attr;
}

// #onnx.view<FILE : tensor<of the whole>, a list of begin, end, ... for each dimension>
DialectAttr ViewAttr(const FileView& view, ElementType element) {
  DialectAttr whole = FileAttr(view.whole);
  Shape shape;
  for (const int64_t dim : view.whole_dims) shape.push_back(Dim::Known(dim));
  whole.type = Type::Tensor(element, std::move(shape));
  DialectAttr attr;
  attr.name = std::string(kView);
  attr.arguments.push_back(Attr{std::move(whole)});
  for (const std::vector<IndexRun>& runs : view.kept) {
    Integers ends;
    for (const IndexRun& run : runs) ends.insert(ends.end(), {run.begin, run.end});
    attr.arguments.push_back(Attr{std::move(ends)});
  }
  return attr;
}

// What the plain spelling of a constant does not say.
Dictionary TensorDetails(const Constant& constant, absl::string_view usual_name) {
  Dictionary details;
  if (constant.name != usual_name) Set(details, "name", StringAttr(constant.name));
  SetText(details, "doc", constant.doc);
  SetHex(details, "unknown_fields", constant.unknown_fields);
  return details;
}

}  // namespace

void SetText(Dictionary& dictionary, absl::string_view name, absl::string_view text) {
  if (!text.empty()) Set(dictionary, name, StringAttr(text));
}

void SetHex(Dictionary& dictionary, absl::string_view name, absl::string_view bytes) {
  if (!bytes.empty()) Set(dictionary, name, StringAttr(HexOf(bytes)));
}

void SetTexts(Dictionary& dictionary, absl::string_view name, std::vector<std::string> texts) {
  const bool silent =
      std::all_of(texts.begin(), texts.end(), [](const std::string& text) { return text.empty(); });
  if (!silent) Set(dictionary, name, StringsAttr(texts));
}

std::string AttributeEncoder::BlobOf(const Constant& constant,
                                     const std::shared_ptr<const std::string>& bytes) {
  if (elide_larger_than_ >= 0 && bytes->size() > static_cast<uint64_t>(elide_larger_than_)) {
    return std::string(kElidedBlob);
  }
  const int width = BitWidth(constant.element);
  const int64_t elements = width == 0 ? 0 : static_cast<int64_t>(bytes->size()) * 8 / width;
  if (elide_more_elements_ >= 0 && elements > elide_more_elements_) {
    return std::string(kElidedBlob);
  }
  const auto alignment =
      std::bit_floor(static_cast<uint32_t>(std::clamp(BitWidth(constant.element) / 8, 1, 8)));
  const auto key = std::pair(alignment, absl::string_view(*bytes));
  const auto [found, added] = blob_index_.try_emplace(key, blobs_.size());
  if (added) blobs_.push_back({absl::StrCat("blob", blobs_.size()), alignment, bytes});
  return blobs_[found->second].name;
}

Attr AttributeEncoder::ConstantAttr(const Constant& constant) {
  Shape shape;
  for (const int64_t dim : constant.dims) shape.push_back(Dim::Known(dim));
  Type type = Type::Tensor(constant.element, std::move(shape));
  const auto* inlined = std::get_if<InlineBytes>(&constant.storage);
  if (inlined != nullptr && inlined->bytes != nullptr && !inlined->bytes->empty()) {
    return Attr{Resource{BlobOf(constant, inlined->bytes), std::move(type)}};
  }
  DialectAttr attr;
  if (inlined != nullptr) {
    attr.name = std::string(kEmpty);
  } else if (const auto* file = std::get_if<FileBytes>(&constant.storage)) {
    attr = FileAttr(*file);
  } else if (const auto* view = std::get_if<FileView>(&constant.storage)) {
    attr = ViewAttr(*view, constant.element);
  } else {
    const auto& opaque = std::get<OpaqueTensor>(constant.storage);
    attr.name = std::string(opaque.sparse ? kSparseTensorProto : kTensorProto);
    attr.arguments = {StringAttr(opaque.proto == nullptr ? std::string() : HexOf(*opaque.proto))};
  }
  attr.type = std::move(type);
  return Attr{std::move(attr)};
}

Attr AttributeEncoder::ValueAttr(const AttributeValue& value) {
  if (const auto* integer = std::get_if<int64_t>(&value)) {
    return IntegerAttr(*integer, Integer::Form::kSi64);
  }
  if (const auto* number = std::get_if<float>(&value)) return Attr{*number};
  if (const auto* text = std::get_if<std::string>(&value)) return StringAttr(*text);
  if (const auto* integers = std::get_if<std::vector<int64_t>>(&value)) return Attr{*integers};
  if (const auto* numbers = std::get_if<std::vector<float>>(&value)) return Attr{*numbers};
  if (const auto* texts = std::get_if<std::vector<std::string>>(&value)) {
    return StringsAttr(*texts);
  }
  if (const auto* constant = std::get_if<ConstantId>(&value)) return ConstantAttr(pool_[*constant]);
  DialectAttr attr;
  if (const auto* region = std::get_if<RegionIndex>(&value)) {
    attr.name = std::string(kRegion);
    attr.arguments = {BareInteger(region->index)};
  } else if (const auto* reference = std::get_if<AttributeReference>(&value)) {
    attr.name = std::string(kReference);
    attr.arguments = {StringAttr(reference->name), BareInteger(reference->type)};
  } else {
    attr.name = std::string(kProto);
    attr.arguments = {StringAttr(HexOf(std::get<OpaqueAttribute>(value).proto))};
  }
  return Attr{std::move(attr)};
}

void AttributeEncoder::SetAttributes(const AttributeMap& attributes, Dictionary& out) {
  Dictionary docs;
  Dictionary unknown_fields;
  Dictionary tensors;
  for (const auto& [name, attribute] : attributes) {
    const std::string key = AttributeKey(name);
    Set(out, key, ValueAttr(attribute.value));
    SetText(docs, key, attribute.doc);
    SetHex(unknown_fields, key, attribute.unknown_fields);
    if (const auto* constant = attribute.If<ConstantId>()) {
      Dictionary details = TensorDetails(pool_[*constant], "");
      if (!details.empty()) Set(tensors, key, Attr{std::move(details)});
    }
  }
  if (!docs.empty()) Set(out, kAttributeDocs, Attr{std::move(docs)});
  if (!unknown_fields.empty()) Set(out, kAttributeUnknown, Attr{std::move(unknown_fields)});
  if (!tensors.empty()) Set(out, kTensors, Attr{std::move(tensors)});
}

void AttributeEncoder::SetConstantValue(ConstantId constant, absl::string_view usual_name,
                                        Dictionary& out) {
  Set(out, kValue, ConstantAttr(pool_[constant]));
  Dictionary details = TensorDetails(pool_[constant], usual_name);
  if (details.empty()) return;
  Dictionary tensors;
  Set(tensors, kValue, Attr{std::move(details)});
  Set(out, kTensors, Attr{std::move(tensors)});
}

}  // namespace allot::ir::text
