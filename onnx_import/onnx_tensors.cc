// TensorProto and SparseTensorProto <-> ir::Constant.
#include <bit>
#include <limits>
#include <utility>

#include "absl/strings/numbers.h"
#include "onnx_import/onnx_types.h"
#include "onnx_import/weight_ranges.h"
#include "support/status.h"
#include "support/units.h"

namespace allot {

using ir::ElementType;
using onnx::TensorProto;

namespace {

// Where ONNX keeps the elements of a type when they are not in raw_data.
enum class TypedField { kFloat, kInt32, kInt64, kDouble, kUint64 };

TypedField TypedFieldOf(ElementType type) {
  switch (type) {
    case ElementType::kFloat:
    case ElementType::kComplex64:
      return TypedField::kFloat;
    case ElementType::kDouble:
    case ElementType::kComplex128:
      return TypedField::kDouble;
    case ElementType::kInt64:
      return TypedField::kInt64;
    case ElementType::kUint32:
    case ElementType::kUint64:
      return TypedField::kUint64;
    default:
      return TypedField::kInt32;
  }
}

template <typename Number>
void AppendLittleEndian(Number number, size_t bytes, std::string& out) {
  for (size_t i = 0; i < bytes; ++i) {
    out.push_back(static_cast<char>((number >> (8 * i)) & 0xff));
  }
}

// Bytes that one entry of int32_data stands for: a number, or a byte of several small ones.
size_t Int32EntryBytes(ElementType type) {
  switch (type) {
    case ElementType::kInt32:
      return 4;
    case ElementType::kInt16:
    case ElementType::kUint16:
    case ElementType::kFloat16:
    case ElementType::kBfloat16:
      return 2;
    default:
      return 1;
  }
}

bool HasTypedData(const TensorProto& tensor) {
  return tensor.float_data_size() > 0 || tensor.int32_data_size() > 0 ||
         tensor.int64_data_size() > 0 || tensor.double_data_size() > 0 ||
         tensor.uint64_data_size() > 0;
}

std::string PackTypedData(const TensorProto& tensor, ElementType type) {
  std::string bytes;
  switch (TypedFieldOf(type)) {
    case TypedField::kFloat:
      bytes.reserve(4 * static_cast<size_t>(tensor.float_data_size()));
      for (float entry : tensor.float_data()) {
        AppendLittleEndian(std::bit_cast<uint32_t>(entry), 4, bytes);
      }
      break;
    case TypedField::kDouble:
      bytes.reserve(8 * static_cast<size_t>(tensor.double_data_size()));
      for (double entry : tensor.double_data()) {
        AppendLittleEndian(std::bit_cast<uint64_t>(entry), 8, bytes);
      }
      break;
    case TypedField::kInt32: {
      const size_t width = Int32EntryBytes(type);
      bytes.reserve(width * static_cast<size_t>(tensor.int32_data_size()));
      for (int32_t entry : tensor.int32_data()) {
        AppendLittleEndian(static_cast<uint32_t>(entry), width, bytes);
      }
      break;
    }
    case TypedField::kInt64:
      bytes.reserve(8 * static_cast<size_t>(tensor.int64_data_size()));
      for (int64_t entry : tensor.int64_data()) {
        AppendLittleEndian(static_cast<uint64_t>(entry), 8, bytes);
      }
      break;
    case TypedField::kUint64: {
      const size_t width = type == ElementType::kUint32 ? 4 : 8;
      bytes.reserve(width * static_cast<size_t>(tensor.uint64_data_size()));
      for (uint64_t entry : tensor.uint64_data()) AppendLittleEndian(entry, width, bytes);
      break;
    }
  }
  return bytes;
}

// The packed size of the elements, or an error if the dimensions make no sense.
absl::StatusOr<int64_t> ExpectedBytes(ElementType element, const std::vector<int64_t>& dims) {
  int64_t count = 1;
  for (int64_t dim : dims) {
    if (dim < 0) return InputError("dimension ", dim, " is negative");
    count = SaturatingMultiply(count, dim);
  }
  for (int64_t dim : dims) {
    if (dim == 0) count = 0;
  }
  const int64_t bytes = ir::PackedBytes(element, count);
  if (bytes == std::numeric_limits<int64_t>::max()) {
    return InputError("the dimensions multiply to more than 2^63 bytes");
  }
  return bytes;
}

absl::StatusOr<int64_t> ParseFileNumber(const std::string& key, const std::string& text) {
  int64_t number = 0;
  if (!absl::SimpleAtoi(text, &number) || number < 0) {
    return InputError("external data has ", key, " '", text, "', which is no size in bytes");
  }
  return number;
}

absl::StatusOr<ir::FileBytes> ReadExternalData(const TensorProto& tensor, int64_t expected) {
  ir::FileBytes file;
  file.home = ir::FileBytes::Home::kExternalFile;
  for (const auto& entry : tensor.external_data()) {
    if (entry.key() == "location") {
      file.location = entry.value();
    } else if (entry.key() == "offset") {
      ALLOT_ASSIGN_OR_RETURN(file.offset, ParseFileNumber("offset", entry.value()));
    } else if (entry.key() == "length") {
      ALLOT_ASSIGN_OR_RETURN(file.length, ParseFileNumber("length", entry.value()));
    } else {
      file.other.emplace_back(entry.key(), entry.value());
    }
  }
  if (file.location.empty()) {
    return InputError("its data is external, but no entry 'location' names the file");
  }
  if (file.length == 0) file.length = -1;  // runtimes take it for none
  if (file.length >= 0 && file.length < expected) {
    return InputError("external data of ", file.length, " bytes, but the tensor needs ", expected);
  }
  return file;
}

void WriteExternalData(const ir::FileBytes& file, TensorProto* out) {
  const auto add = [out](const std::string& key, const std::string& value) {
    auto* entry = out->add_external_data();
    entry->set_key(key);
    entry->set_value(value);
  };
  out->set_data_location(TensorProto::EXTERNAL);
  add("location", file.location);
  if (file.offset != 0) add("offset", absl::StrCat(file.offset));
  if (file.length >= 0) add("length", absl::StrCat(file.length));
  for (const auto& [key, value] : file.other) add(key, value);
}

absl::StatusOr<ir::Constant> ReadHead(const TensorProto& tensor) {
  const int32_t type = tensor.data_type();
  if (type == TensorProto::UNDEFINED) return InputError("the tensor has no element type");
  if (type < 0 || type > static_cast<int32_t>(ElementType::kInt2)) {
    return InputError("element type ", type,
                      " is not known to this version; convert the tensor to a known type");
  }
  ir::Constant constant;
  constant.name = tensor.name();
  constant.element = static_cast<ElementType>(type);
  constant.dims.assign(tensor.dims().begin(), tensor.dims().end());
  constant.doc = tensor.doc_string();
  return constant;
}

// Strings have one home only, since their sizes differ.
absl::Status CheckStrings(const TensorProto& tensor, const ir::Constant& constant) {
  if (tensor.data_location() == TensorProto::EXTERNAL || !tensor.raw_data().empty()) {
    return InputError("strings lie in string_data only, neither raw nor in another file");
  }
  int64_t expected = 1;
  for (const int64_t dim : constant.dims) expected = SaturatingMultiply(expected, dim);
  if (tensor.string_data_size() == expected) return absl::OkStatus();
  return InputError("the tensor has ", tensor.string_data_size(),
                    " strings, but its dimensions need ", expected);
}

}  // namespace

absl::StatusOr<ir::Constant> ConstantFromOnnx(TensorProto* tensor) {
  ALLOT_ASSIGN_OR_RETURN(ir::Constant constant, ReadHead(*tensor));
  ALLOT_ASSIGN_OR_RETURN(const int64_t expected, ExpectedBytes(constant.element, constant.dims));

  if (constant.element == ElementType::kString && !tensor->has_segment()) {
    ALLOT_RETURN_IF_ERROR(CheckStrings(*tensor, constant));
  }
  if (constant.element == ElementType::kString || tensor->has_segment()) {
    TensorProto rest = *tensor;
    rest.clear_name();
    rest.clear_doc_string();
    auto proto = std::make_shared<std::string>();
    rest.SerializePartialToString(proto.get());
    constant.storage = ir::OpaqueTensor{std::move(proto), /*sparse=*/false};
    return constant;
  }

  std::optional<WeightRange> range = TakeWeightRange(tensor);
  const bool in_message = !tensor->raw_data().empty() || HasTypedData(*tensor);
  const int homes = (range.has_value() ? 1 : 0) + (!tensor->raw_data().empty() ? 1 : 0) +
                    (HasTypedData(*tensor) ? 1 : 0) +
                    (tensor->data_location() == TensorProto::EXTERNAL ? 1 : 0);
  if (homes > 1) return InputError("the tensor states its data twice, in different fields");

  if (tensor->data_location() == TensorProto::EXTERNAL) {
    ALLOT_ASSIGN_OR_RETURN(ir::FileBytes file, ReadExternalData(*tensor, expected));
    constant.storage = std::move(file);
  } else {
    std::string bytes;
    if (in_message) {
      bytes = tensor->raw_data().empty() ? PackTypedData(*tensor, constant.element)
                                         : std::move(*tensor->mutable_raw_data());
    }
    const int64_t size = range.has_value() ? range->length : static_cast<int64_t>(bytes.size());
    if (size != expected) {
      return InputError("the tensor has ", size,
                        " bytes of data, but its type and dimensions need ", expected);
    }
    if (range.has_value()) {
      ir::FileBytes file;
      file.home = ir::FileBytes::Home::kModelFile;
      file.offset = range->offset;
      file.length = range->length;
      constant.storage = std::move(file);
    } else {
      constant.storage = ir::InlineBytes{std::make_shared<const std::string>(std::move(bytes))};
    }
  }
  constant.unknown_fields = CarriedFields(
      *tensor, {TensorProto::kDimsFieldNumber, TensorProto::kDataTypeFieldNumber,
                TensorProto::kNameFieldNumber, TensorProto::kDocStringFieldNumber,
                TensorProto::kRawDataFieldNumber, TensorProto::kFloatDataFieldNumber,
                TensorProto::kInt32DataFieldNumber, TensorProto::kInt64DataFieldNumber,
                TensorProto::kDoubleDataFieldNumber, TensorProto::kUint64DataFieldNumber,
                TensorProto::kExternalDataFieldNumber, TensorProto::kDataLocationFieldNumber});
  return constant;
}

absl::StatusOr<ir::Constant> SparseConstantFromOnnx(const onnx::SparseTensorProto& tensor) {
  ALLOT_ASSIGN_OR_RETURN(ir::Constant constant, ReadHead(tensor.values()));
  constant.dims.assign(tensor.dims().begin(), tensor.dims().end());
  ALLOT_RETURN_IF_ERROR(ExpectedBytes(constant.element, constant.dims).status());
  constant.doc.clear();  // stays inside the message
  auto proto = std::make_shared<std::string>();
  tensor.SerializePartialToString(proto.get());
  constant.storage = ir::OpaqueTensor{std::move(proto), /*sparse=*/true};
  return constant;
}

absl::Status ConstantToOnnx(const ir::Constant& constant, TensorProto* out) {
  out->Clear();
  if (const auto* opaque = std::get_if<ir::OpaqueTensor>(&constant.storage)) {
    if (opaque->sparse || opaque->proto == nullptr ||
        !out->ParsePartialFromString(*opaque->proto)) {
      return InputError("tensor '", constant.name, "' is carried as bytes that are no TensorProto");
    }
    if (!constant.name.empty()) out->set_name(constant.name);
    if (!constant.doc.empty()) out->set_doc_string(constant.doc);
    return absl::OkStatus();
  }
  out->mutable_dims()->Add(constant.dims.begin(), constant.dims.end());
  out->set_data_type(static_cast<int32_t>(constant.element));
  if (!constant.name.empty()) out->set_name(constant.name);
  if (!constant.doc.empty()) out->set_doc_string(constant.doc);
  if (const auto* memory = std::get_if<ir::InlineBytes>(&constant.storage)) {
    out->set_raw_data(memory->bytes == nullptr ? std::string() : *memory->bytes);
  } else if (const auto* file = std::get_if<ir::FileBytes>(&constant.storage)) {
    WriteExternalData(*file, out);
  }
  if (!MergeCarriedFields(constant.unknown_fields, out)) {
    return InputError("tensor '", constant.name, "' carries bytes that are no fields of a tensor");
  }
  return absl::OkStatus();
}

absl::Status SparseConstantToOnnx(const ir::Constant& constant, onnx::SparseTensorProto* out) {
  const auto* opaque = std::get_if<ir::OpaqueTensor>(&constant.storage);
  if (opaque == nullptr || !opaque->sparse || opaque->proto == nullptr ||
      !out->ParsePartialFromString(*opaque->proto)) {
    return InputError("tensor '", constant.name,
                      "' is carried as bytes that are no SparseTensorProto");
  }
  if (!constant.name.empty()) out->mutable_values()->set_name(constant.name);
  return absl::OkStatus();
}

}  // namespace allot
